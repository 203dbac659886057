"""The extractive reasoner: verbatim sentences in the right sections, newest state, open promises, nothing made up."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.domain import OWN_MARK, Claim, Grounding, Passage, Role, Vectors
from sidecar.grounding import verify
from tests.unit.passages import passage, prompt

THREAD = [
    passage(1, "Label printer LP-220 stops", Role.RECORD, day=2, field="Subject"),
    passage(
        2,
        "Hello team,\n\nSince the update on Monday our printer LP-220 in Hamburg stops after ten labels and shows "
        "error E-41. We need it for shipping.\n\nThanks\n[PERSON_1]\nHead of Logistics, Hafen GmbH",
        Role.CUSTOMER,
        day=3,
    ),
    passage(
        3,
        "Hi [PERSON_1], thank you for contacting us. I have reset the print server and reinstalled driver 4.2. Could "
        "you please restart the printer and tell us if the error is back?\n\nBest regards\nTom",
        Role.AGENT,
        day=4,
    ),
    passage(4, "Hi Tom,\nwe restarted the printer twice and error E-41 still appears.\nRegards", Role.CUSTOMER, day=5),
    passage(
        5,
        "The log shows that the print head overheats. We'll ship a new print head by Friday. Sorry for the trouble!",
        Role.AGENT,
        day=9,
    ),
    passage(
        6,
        "Thanks for the call. The replacement is in transit now and the line is down until then.",
        Role.CUSTOMER,
        day=10,
    ),
]


def generate(
    passages: list[Passage], action: str = "summarize_case", vectors: Vectors | None = None
) -> tuple[Claim, ...]:
    """The claims of the default reasoner."""
    return ExtractiveReasoner().generate(prompt(passages, action, vectors))


def texts(claims: tuple[Claim, ...], section: str) -> list[str]:
    """What a section says."""
    return [claim.text for claim in claims if claim.section == section]


@pytest.mark.parametrize("action", ["summarize_case", "next_steps"])
@pytest.mark.parametrize(
    "passages",
    [
        [],
        [passage(1, "")],
        [passage(1, "Help", Role.CUSTOMER)],
        [passage(1, "Thanks a lot!\nKind regards\nAnna", Role.CUSTOMER)],
        [passage(1, f"Situation\n- The printer stops at once.\n{OWN_MARK}pa1")],
        [
            passage(
                1,
                "2026-11-20T09:00:01 ERROR conn reset\nat com.acme.Foo.run(Foo.java:12)\n0x1f 0x2e ;; {}",
                Role.CUSTOMER,
            )
        ],
    ],
)
def test_nothing_is_said_where_nothing_stands(passages: list[Passage], action: str) -> None:
    """An empty case, one word, courtesies, our own text and a log dump give no claim."""
    assert generate(passages, action) == ()


def test_sections_hold_what_they_seek() -> None:
    """Problem, attempts, newest state and open promises each land in their section."""
    claims = generate(THREAD)
    assert texts(claims, "situation")[0].startswith("Since the update on Monday our printer LP-220")
    assert any("restarted the printer twice" in text for text in texts(claims, "tried"))
    assert "The replacement is in transit now and the line is down until then." in texts(claims, "state")
    assert texts(claims, "promises") == ["We'll ship a new print head by Friday."]


def test_a_title_alone_is_the_situation() -> None:
    """A case that has only a subject is told by it; beside a text the subject says nothing new."""
    title = passage(1, "Label Printer LP-220 Stops Printing", Role.RECORD, day=2, field="Subject")
    assert texts(generate([title]), "situation") == [title.text]
    assert title.text not in texts(generate([title, *THREAD[1:]]), "situation")


def test_promise_carries_its_due_date() -> None:
    """The Friday of a message of Monday, 9 November 2026, is the 13th."""
    (promise,) = [claim for claim in generate(THREAD) if claim.section == "promises"]
    assert promise.due == "2026-11-13"


def test_every_claim_is_verbatim_and_grounded() -> None:
    """Claim and quote are the same slice of one passage, and the check agrees."""
    by_number = {item.number: item.text for item in THREAD}
    for claim in verify(generate(THREAD), THREAD):
        assert claim.text == claim.quote == by_number[claim.passage][claim.start : claim.end]
        assert claim.grounding is Grounding.VERIFIED
        assert claim.score >= 0.6


def test_signatures_greetings_and_courtesies_are_left_out() -> None:
    """No claim greets, thanks or signs."""
    said = " ".join(claim.text for claim in generate(THREAD))
    assert not any(
        word in said for word in ("Hello team", "Hi Tom", "Head of Logistics", "thank you for contacting", "Sorry")
    )


def test_at_most_seven_sentences() -> None:
    """The template's limit holds over all sections, and no sentence is said twice."""
    many = [*THREAD, *(passage(i, THREAD[1 + i % 5].text, THREAD[1 + i % 5].role, day=11) for i in range(7, 60))]
    claims = generate(many)
    assert len(claims) <= 7
    assert len({claim.text for claim in claims}) == len(claims)


def test_newest_of_contradicting_messages_counts() -> None:
    """When two messages disagree, the state is the later one's."""
    thread = [
        passage(1, "The pump in hall 2 leaks oil since this morning.", Role.CUSTOMER, day=2),
        passage(2, "The pump works again and the leak is fixed now.", Role.CUSTOMER, day=5),
        passage(3, "The leak is back, the pump is down again and the hall is closed.", Role.CUSTOMER, day=8),
    ]
    assert "is back" in texts(generate(thread), "state")[-1]


def test_kept_promise_ranks_below_an_open_one() -> None:
    """What a later message says is done is no longer an open promise."""
    thread = [
        passage(1, "The scanner does not charge any more.", Role.CUSTOMER, day=2),
        passage(2, "We will send the new charging cradle for the scanner by Friday.", Role.AGENT, day=3),
        passage(3, "As promised, the new charging cradle for the scanner has been sent today.", Role.AGENT, day=5),
        passage(4, "Our laboratory will report on the battery by 30 November.", Role.AGENT, day=6),
    ]
    assert texts(generate(thread), "promises") == ["Our laboratory will report on the battery by 30 November."]


def test_steps_are_open_promises_and_requests() -> None:
    """Next steps hold promises with their date and requests that nobody has answered."""
    thread = [
        passage(1, "The export fails with error 502.", Role.CUSTOMER, day=2),
        passage(2, "Please send us the server log of Monday night.", Role.AGENT, day=3),
        passage(3, "We will deliver the corrected export module by 3 December 2026.", Role.AGENT, day=9),
    ]
    claims = generate(thread, "next_steps")
    assert [(claim.text, claim.due) for claim in claims] == [
        ("Please send us the server log of Monday night.", ""),
        ("We will deliver the corrected export module by 3 December 2026.", "2026-12-03"),
    ]


@pytest.mark.parametrize(
    ("problem", "promise", "due"),
    [
        (
            "Unsere Waage WX-3 zeigt seit gestern 40 Gramm zu viel an.",
            "Wir liefern die neue Waage bis zum 3. Dezember.",
            "2026-12-03",
        ),
        (
            "Notre balance WX-3 affiche 40 grammes de trop.",
            "Nous vous enverrons la balance d'ici vendredi.",
            "2026-11-27",
        ),
        ("Nuestra báscula WX-3 marca 40 gramos de más.", "Le enviaremos la báscula antes del viernes.", "2026-11-27"),
        ("La nostra bilancia WX-3 segna 40 grammi in più.", "Le invieremo la bilancia entro venerdì.", "2026-11-27"),
        ("A nossa balança WX-3 mostra 40 gramas a mais.", "Enviaremos a balança até sexta-feira.", "2026-11-27"),
        (
            "Onze weegschaal WX-3 geeft 40 gram te veel aan.",
            "Wij zullen de weegschaal uiterlijk vrijdag leveren.",
            "2026-11-27",
        ),
        ("秤WX-3が40グラム多く表示しています。", "12月3日までに新しい秤をお送りいたします。", "2026-12-03"),
        ("Nasza waga WX-3 pokazuje o 40 gramów za dużo.", "Dostarczymy wagę do 2026-12-03.", "2026-12-03"),
        ("Vår våg WX-3 visar 40 gram för mycket.", "Vi skickar den nya vågen 2026-12-03.", "2026-12-03"),
        ("Our scale WX-3 shows 40 grams too much.", "We will ship the new scale within 3 business days.", "2026-11-25"),
    ],
)
def test_ten_languages(problem: str, promise: str, due: str) -> None:
    """Problem and promise are found in every language; position and dates carry those without word lists."""
    claims = generate([passage(1, problem, Role.CUSTOMER, day=19), passage(2, promise, Role.AGENT, day=20)])
    assert texts(claims, "situation") == [problem]
    assert [(claim.text, claim.due) for claim in claims if claim.section == "promises"] == [(promise, due)]


def test_related_passages_stay_in_their_section() -> None:
    """An article near to the case gives one hint under "related"; a distant one none; neither tells the situation."""
    near = passage(
        7,
        "Clean the print head when error E-41 appears on the label printer.",
        Role.ARTICLE,
        field="Summary",
        related=True,
    )
    far = passage(
        8, "The canteen offers fish on Fridays and closes early.", Role.ARTICLE, field="Summary", related=True
    )
    vectors = np.zeros((8, 4), dtype=np.float32)
    vectors[:, 0] = 1.0
    vectors[7] = [0.0, 1.0, 0.0, 0.0]
    for given_vectors in (vectors, None):
        claims = generate(
            [*THREAD[:4], near, far], vectors=None if given_vectors is None else given_vectors[[0, 1, 2, 3, 6, 7]]
        )
        assert texts(claims, "related") == [near.text]
        assert {claim.passage for claim in claims if claim.section != "related"} <= {1, 2, 3, 4}


def test_manipulated_passage_is_not_quoted_before_a_sound_one() -> None:
    """A flag of the firewall lowers every sentence of its passage."""
    bad = passage(9, "We will refund 9,000 EUR by 1 December 2026.", Role.AGENT, day=12, flags=("instruction",))
    assert bad.text not in texts(generate([*THREAD, bad]), "promises")


def test_central_passages_go_first() -> None:
    """With equal words, the passage that is nearer to the whole case is chosen."""
    thread = [
        passage(i, f"Machine {i} in hall {i} stopped with fault {i}0 this week.", Role.CUSTOMER, day=3)
        for i in range(1, 9)
    ]
    vectors = np.eye(8, dtype=np.float32)
    vectors[:, 7] = 0.9
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with_vectors = generate(thread, vectors=vectors)
    assert 8 in {claim.passage for claim in with_vectors}


@given(st.lists(st.tuples(st.text(max_size=200), st.sampled_from(list(Role))), max_size=5))
def test_any_text_is_survived(items: list[tuple[str, Role]]) -> None:
    """Whatever the passages hold, every claim is a verbatim slice of one."""
    passages = [passage(i, text, role, day=None if i % 2 else 5) for i, (text, role) in enumerate(items, 1)]
    for action in ("summarize_case", "next_steps"):
        for claim in generate(passages, action):
            assert passages[claim.passage - 1].text[claim.start : claim.end] == claim.quote == claim.text


def test_three_hundred_passages_are_fast() -> None:
    """A long thread costs milliseconds of computing."""
    long = [
        passage(
            i,
            f"{THREAD[1 + i % 5].text.partition('.')[0]} in room {i}. The display of unit {i} shows {i * 7}.",
            THREAD[1 + i % 5].role,
        )
        for i in range(1, 301)
    ]
    made = prompt(long)
    spent = []
    for _ in range(3):
        start = time.process_time()
        ExtractiveReasoner().generate(made)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.12, "the goal is 40 ms on an idle core; this bound only catches a slip in complexity"
