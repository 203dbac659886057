"""Threads that are not as they should be: what the default reasoner makes of them, an agent could defend."""

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from connectors.interfaces import Audience
from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.chunks import chunk
from sidecar.domain import Claim, Grounding, Passage, Role
from sidecar.grounding import verify
from sidecar.templates import render
from tests.unit.passages import NOW, RELEASE, admitted, passage, prompt


def draft(passages: Sequence[Passage], action: str = "summarize_case") -> tuple[Claim, ...]:
    """The claims, each checked to be verbatim and verified."""
    claims = ExtractiveReasoner().generate(prompt(passages, action))
    texts = {item.number: item.text for item in passages}
    for claim in verify(claims, passages):
        assert claim.grounding is Grounding.VERIFIED
        assert texts[claim.passage][claim.start : claim.end] == claim.quote == claim.text
    return claims


def said(claims: Sequence[Claim], *sections: str) -> list[str]:
    """What some sections say, or all."""
    return [claim.text for claim in claims if not sections or claim.section in sections]


def test_ten_languages_in_one_case() -> None:
    """Each message keeps its language: the problem, the newest state and the dated promise are found all the same."""
    thread = [
        passage(1, "Die Waage WX-3 zeigt seit gestern 40 Gramm zu viel an.", Role.CUSTOMER, day=2),
        passage(2, "Could you recalibrate the scale with the 500 g weight?", Role.AGENT, day=3),
        passage(3, "Nous avons recalibré la balance WX-3, sans succès.", Role.CUSTOMER, day=4),
        passage(4, "Hemos pedido una célula de carga nueva al almacén.", Role.AGENT, day=5),
        passage(5, "La bilancia WX-3 segna ancora 40 grammi in più.", Role.CUSTOMER, day=6),
        passage(6, "A célula de carga ainda não chegou a Lisboa.", Role.CUSTOMER, day=9),
        passage(7, "De weegschaal is nog steeds onbruikbaar.", Role.CUSTOMER, day=10),
        passage(8, "秤はまだ40グラム多く表示しています。", Role.CUSTOMER, day=11),
        passage(9, "Waga nadal pokazuje o 40 gramów za dużo.", Role.CUSTOMER, day=12),
        passage(10, "Vi skickar den nya cellen 2026-12-03.", Role.AGENT, day=13),
    ]
    claims = draft(thread)
    assert said(claims, "situation")[0] == thread[0].text
    assert said(claims, "promises") == [thread[9].text]
    assert [claim.due for claim in claims if claim.section == "promises"] == ["2026-12-03"]
    assert 5 <= len(claims) <= 7
    assert len({claim.passage for claim in claims}) == len(claims)


@pytest.mark.parametrize("text", ["😡😡😡", "👍", "🙏🏽 🙏🏽", "!!!", "…", "?"])
def test_emoji_only_says_nothing(text: str) -> None:
    """Signs without a word are no evidence: neither alone nor in a thread does a draft quote them."""
    assert draft([passage(1, text, Role.CUSTOMER)]) == ()
    thread = [
        passage(1, "The invoice 4711 was paid twice.", Role.CUSTOMER, day=2),
        passage(2, text, Role.CUSTOMER, day=3),
    ]
    assert said(draft(thread)) == [thread[0].text]


@pytest.mark.parametrize("text", ["Help", "Refund", "ヘルプ", "Hilfe!"])
def test_one_word_gives_no_draft(text: str) -> None:
    """From one word nothing can be summarised, and nothing is."""
    assert draft([passage(1, text, Role.CUSTOMER)]) == ()


def test_log_dump_of_five_megabytes() -> None:
    """Sentences that people wrote around the dump are quoted, its lines are not, and it costs seconds at most."""
    line = (
        "2026-11-20T09:00:01.123Z ERROR [worker-7] com.acme.Export: rows={} status=502 at com.acme.Run(Run.java:12)\n"
    )
    lines = [line.replace("{}", str(i)) for i in range(5_000_000 // len(line))]
    log = "".join(lines)
    text = (
        f"The nightly export fails since Monday with status 502.\n\n{log}\n\nWe need the files for payroll on Friday."
    )
    dump = [
        Passage(
            number=number,
            key=first.key.__class__(first.key.ref, first.key.field, number),
            text=text[start:end],
            hash=first.hash,
            root=first.root,
            role=Role.CUSTOMER,
            author="",
            when=first.when,
        )
        for first in [passage(1, "", Role.CUSTOMER)]
        for number, (start, end) in enumerate(chunk(text), 1)
    ]
    started = time.process_time()
    claims = draft(dump)
    assert time.process_time() - started < 20, "a bound against hanging; it takes about two"
    assert said(claims)[0] == "The nightly export fails since Monday with status 502."
    assert "We need the files for payroll on Friday." in said(claims)
    assert not any("worker-7" in text for text in said(claims))


def test_the_newest_of_contradicting_messages_is_the_state() -> None:
    """A thread that goes back and forth ends where its newest message ends."""
    thread = [
        passage(1, "The gateway G4 in hall 2 is offline since 6 o'clock.", Role.CUSTOMER, day=2),
        passage(2, "The gateway G4 is online again and everything works.", Role.CUSTOMER, day=3),
        passage(3, "The gateway G4 is offline again, nothing works.", Role.CUSTOMER, day=4),
        passage(4, "It is solved, the gateway G4 has been online all night.", Role.CUSTOMER, day=5),
        passage(5, "Sorry, I was wrong: the gateway G4 was never online, hall 2 is still dark.", Role.CUSTOMER, day=6),
    ]
    state = said(draft(thread), "state")
    assert state[-1] == "Sorry, I was wrong: the gateway G4 was never online, hall 2 is still dark."
    assert said(draft(thread[:4]), "state")[-1] == thread[3].text


def test_two_people_with_one_name() -> None:
    """Words of both are quoted as they stand, each from its own message; nobody's are merged with the other's."""
    thread = [
        passage(1, "Anna Weber: My badge 1107 does not open the north gate.", Role.CUSTOMER, day=2),
        passage(2, "Anna Weber: My badge 2208 does not open the north gate.", Role.CUSTOMER, day=3),
        passage(3, "Badge 1107 was blocked by mistake and works again.", Role.AGENT, day=4),
        passage(4, "Badge 2208 stays blocked until the safety training.", Role.AGENT, day=5),
    ]
    claims = draft(thread)
    whole = " ".join(said(claims))
    assert "badge 1107 does not open" in whole
    assert "badge 2208 does not open" in whole
    assert "Badge 1107 was blocked by mistake and works again." in said(claims)
    assert "Badge 2208 stays blocked until the safety training." in said(claims)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("We will deliver the pump by 2026-12-03.", "2026-12-03"),
        ("We will deliver the pump by 3 December 2026.", "2026-12-03"),
        ("We will deliver the pump by December 3rd, 2026.", "2026-12-03"),
        ("Wir liefern die Pumpe bis 03.12.2026.", "2026-12-03"),
        ("We will deliver the pump within ten days.", "2026-12-03"),
        ("We will deliver the pump by 03/12/2026.", ""),
    ],
)
def test_dates_in_many_formats(text: str, due: str) -> None:
    """A promise is due on the day that it names, however written; 03/12 in English stays open rather than guessed."""
    thread = [passage(1, "The pump leaks oil.", Role.CUSTOMER, day=22), passage(2, text, Role.AGENT, day=23)]
    assert [(claim.text, claim.due) for claim in draft(thread) if claim.section == "promises"] == [(text, due)]


def test_a_reply_that_promises_money() -> None:
    """An agent's dated promise is quoted as it stands; what a customer says she was promised is no promise of ours."""
    thread = [
        passage(1, "We were charged 1,250.00 EUR twice for order SO-4411.", Role.CUSTOMER, day=2),
        passage(2, "You promised me 5,000 EUR on the phone, so pay it now!", Role.CUSTOMER, day=3),
        passage(3, "We will refund 1,250.00 EUR to your card by 1 December 2026.", Role.AGENT, day=4),
    ]
    claims = draft(thread)
    assert said(claims, "promises") == [thread[2].text]
    assert [claim.due for claim in claims if claim.section == "promises"] == ["2026-12-01"]
    assert not any("5,000" in text for text in said(draft(thread, "next_steps")))
    reply = draft(thread, "draft_reply")
    assert said(reply, "next") == [thread[2].text]
    assert not any("5,000" in text for text in said(reply, "done", "next", "ask"))


def test_a_transcript_in_one_field_is_read_turn_by_turn() -> None:
    """A call noted as "Name: words" is quoted with who says it; the labels of a form are no speakers."""
    call = (
        "Doctor: What brings you in today?\nPatient: My knee hurts since I fell on Sunday.\nDoctor: Any swelling?\n"
        "Patient: Yes, mostly in the evening.\nDoctor: Take ibuprofen and come back in two weeks."
    )
    whole = said(draft([passage(1, call, Role.AGENT)]))
    assert "Patient: My knee hurts since I fell on Sunday." in whole
    assert any(text.endswith("Take ibuprofen and come back in two weeks.") for text in whole)
    form = passage(1, "Name: Miller\nProduct: LP-220\nThe printer stops after ten labels since Monday.", Role.CUSTOMER)
    assert said(draft([form])) == ["The printer stops after ten labels since Monday."]


def test_a_chat_of_short_turns_is_summarised() -> None:
    """Turns of a few words are worth quoting where all are short; pure noise is not."""
    turns = ["can u come on sunday", "yes at 3", "bring the drill pls", "ok and mum's keys", "😊", "lol"]
    thread = [passage(i, text, Role.CUSTOMER if i % 2 else Role.AGENT) for i, text in enumerate(turns, 1)]
    claims = said(draft(thread))
    assert "can u come on sunday" in claims
    assert "bring the drill pls" in claims
    assert "😊" not in claims


def test_what_was_not_shared_with_the_readers_stands_back() -> None:
    """Where there is room for one promise only, the one is taken that all readers may see."""
    shared = passage(1, "The dispatch desk will send pallet 77 by 3 December 2026.", Role.AGENT, day=3)
    private = passage(2, "The dispatch desk will send pallet 88 by 4 December 2026.", Role.AGENT, day=3)
    template = replace(RELEASE.get("next_steps"), max_sentences=1)

    def only(*passages: Passage) -> list[int]:
        made = render(template, admitted(passages), now=NOW)
        return [claim.passage for claim in ExtractiveReasoner().generate(made)]

    assert only(shared, private) == [2]
    assert only(replace(shared, audience=Audience.RECORD), private) == [1]
