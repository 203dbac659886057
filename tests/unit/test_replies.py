"""Mails as programs write them: what the sender wrote stays, what she quotes and signs with goes."""

from collections import Counter
from html import unescape
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.data import build
from sidecar.replies import own_words
from sidecar.sanitise import clean, is_html
from tests.unit.firewall_world import SUPPORT, admit_file, world

OWN = "The pump still leaks."
OLD = "Did you change the seal?"
TABLE = [
    ("gmail en", f"{OWN}\n\nOn Mon, 23 Nov 2026 at 09:00, Jo Ray <jo@x.example> wrote:\n\n> {OLD}\n>\n> Jo"),
    ("gmail en, wrapped", f"{OWN}\n\nOn Mon, 23 Nov 2026 at 09:00, Jo Ray\n<jo@x.example> wrote:\n> {OLD}"),
    ("gmail de", f"{OWN}\n\nAm Mo., 23. Nov. 2026 um 09:00 Uhr schrieb Jo Ray <jo@x.example>:\n\n> {OLD}"),
    ("gmail fr", f"{OWN}\n\nLe lun. 23 nov. 2026 à 09:00, Jo Ray <jo@x.example> a écrit :\n\n> {OLD}"),
    ("gmail es", f"{OWN}\n\nEl lun, 23 nov 2026 a las 9:00, Jo Ray (<jo@x.example>) escribió:\n\n> {OLD}"),
    ("gmail ja", f"{OWN}\n\n2026年11月23日(月) 9:00 Jo Ray <jo@x.example>:\n\n> {OLD}"),
    ("generator ja", f"{OWN}\n\n2026-11-23 9:00 Jo Ray <jo@x.example>:\n\n> {OLD}"),
    ("apple en", f"{OWN}\n\n> On 23 Nov 2026, at 09:00, Jo Ray <jo@x.example> wrote:\n> \n> {OLD}"),
    ("apple de", f"{OWN}\n\nAm 23.11.2026 um 09:00 schrieb Jo Ray <jo@x.example>:\n\n{OLD}"),
    (
        "outlook en",
        f"{OWN}\n\nFrom: Jo Ray <jo@x.example>\nSent: Monday, 23 November 2026 09:00\nTo: Me\nSubject: P\n\n{OLD}",
    ),
    ("outlook de", f"{OWN}\n\nVon: Jo Ray\nGesendet: Montag, 23. November 2026\nAn: Mich\nBetreff: P\n\n{OLD}"),
    ("outlook fr", f"{OWN}\n\nDe : Jo Ray\nEnvoyé : lundi 23 novembre 2026\nÀ : Moi\nObjet : P\n\n{OLD}"),
    ("outlook es", f"{OWN}\n\nDe: Jo Ray\nEnviado: lunes, 23 de noviembre\nPara: Mi\nAsunto: P\n\n{OLD}"),
    ("outlook ja", f"{OWN}\n\n差出人: Jo Ray\n送信日時: 2026年11月23日\n宛先: Me\n件名: P\n\n{OLD}"),
    ("outlook bold", f"{OWN}\n\n*From:* Jo Ray\n*Sent:* Monday\n*To:* Me\n*Subject:* P\n\n{OLD}"),
    ("outlook rule", f"{OWN}\n\n________________________________\nFrom: Jo Ray\nSent: Monday\nTo: Me\n\n{OLD}"),
    ("old outlook en", f"{OWN}\n\n-----Original Message-----\nFrom: Jo Ray\nSent: Monday\n\n{OLD}"),
    ("old outlook de", f"{OWN}\n\n-----Ursprüngliche Nachricht-----\nVon: Jo Ray\n\n{OLD}"),
    ("old outlook fr", f"{OWN}\n\n-----Message d'origine-----\nDe : Jo Ray\n\n{OLD}"),
    ("old outlook es", f"{OWN}\n\n-----Mensaje original-----\nDe: Jo Ray\n\n{OLD}"),
    ("old outlook ja", f"{OWN}\n\n-----元のメッセージ-----\n差出人: Jo Ray\n\n{OLD}"),
    ("bottom posting", f"On Mon, 23 Nov 2026 at 09:00, Jo Ray <jo@x.example> wrote:\n> {OLD}\n\n{OWN}"),
    ("inline answers", f"> {OLD}\n{OWN}\n> And the valve?"),
    ("signature mark", f"{OWN}\n-- \nJo Ray\nHead of Pumps"),
    ("regards", f"{OWN}\n\nBest regards\nJo Ray\nHead of Pumps\nTel. 020 7946 0123"),
    ("many thanks", f"{OWN}\n\nMany thanks and best wishes\nJo Ray\nPumps Ltd"),
    ("kind regards,", f"{OWN}\n\nKind regards,\n\nJo"),
    ("german", f"{OWN}\n\nMit freundlichen Grüßen\nJo Ray\nLeiterin Pumpen"),
    ("german thanks", f"{OWN}\n\nVielen Dank und viele Grüße\nJo"),
    ("french", f"{OWN}\n\nCordialement,\nJo Ray"),
    ("french long", f"{OWN}\n\nMeilleures salutations\nJo Ray"),
    ("spanish", f"{OWN}\n\nUn cordial saludo,\nJo Ray"),
    ("spanish, waiting", f"{OWN}\n\nQuedo a la espera de su respuesta.\nJo Ray\nPaseo de la Ribera 5, 50015 Zaragoza"),
    ("japanese", f"{OWN}\n\nどうぞよろしくお願いいたします。\nレイ ジョー"),
    ("japanese, as ever", f"{OWN}\n\n引き続きよろしくお願いいたします。\nレイ ジョー"),
    ("iphone", f"{OWN}\n\nSent from my iPhone"),
    ("android", f"{OWN}\n\nGet Outlook for Android"),
    ("iphone de", f"{OWN}\n\nVon meinem iPhone gesendet"),
    ("mobile fr", f"{OWN}\n\nEnvoyé depuis mon mobile"),
    ("mobile es", f"{OWN}\n\nEnviado desde mi iPhone"),
    ("mobile ja", f"{OWN}\n\nスマートフォンから送信"),
    ("outlook, html", f"{OWN}\n\nFrom: Jo Ray\n\nSent: Monday\n\nTo: Me\n\nSubject: P\n\n{OLD}"),
    ("outlook above older marks", f"{OWN}\n\n-----Original Message-----\nFrom: Jo\nTo: Me\n\n{OLD}\n> And the valve?"),
    ("date only", f"{OWN}\n\nOn 23 Nov 2026 at 09:00, Jo Ray wrote:\n> {OLD}"),
    ("address only", f"{OWN}\n\njo@x.example schrieb:\n\n> {OLD}"),
    ("inline below", f"On 23 Nov 2026, Jo <jo@x.example> wrote:\n> {OLD}\n{OWN}\n> And the valve?\n-- \nJo"),
    ("forward", f"---------- Forwarded message ---------\nFrom: Jo\nTo: Me\nSubject: P\n\n{OWN}\n\nBest regards\nJo"),
    ("forward, apple", f"Begin forwarded message:\n\nFrom: Jo\nSubject: P\nDate: 1 May\nTo: Me\n\n{OWN}"),
    ("forward, marked", f"Begin forwarded message:\n\n> From: Jo\n> Subject: P\n> Date: 1 May\n>\n> {OWN}"),
    ("forward de", f"Anfang der weitergeleiteten Nachricht:\n\nVon: Jo\nBetreff: P\nDatum: 1. Mai\n\n{OWN}"),
    ("forward fr", f"---------- Message transféré ---------\nDe : Jo\nDate : 1 mai\nObjet : P\n\n{OWN}"),
    ("forward ja", f"---------- 転送メッセージ ---------\n差出人: Jo\n件名: P\n宛先: Me\n\n{OWN}"),
    ("disclaimer", f"{OWN}\n\nThis message may contain confidential information. Please delete it."),
    ("disclaimer de", f"{OWN}\n\nDiese E-Mail kann vertrauliche Informationen enthalten."),
]
KEPT = [
    "Am Montag schrieb ich Ihnen:\nDie Pumpe ist defekt.",
    "Thanks\nfor the seal, it fits.",
    "Dear team,\nbest regards from Leeds! The pump leaks.",
    "I wrote on Monday that the pump leaks.",
    "The log said: On error it wrote: nothing at all.",
    "From: hall 3\nThe pump leaks there.",
    "Merci de vérifier la pompe.",
    "The value is > 5 and < 7.",
    "- first the pump\n- then the valve",
    "Thanks for asking. The pump leaks.",
    "Am Montag schrieb ich Ihnen: Die Pumpe ist defekt.",
    "Hallo,\nAm Montag schrieb ich Ihnen:\nDie Pumpe ist defekt.\nBitte helfen.",
    "Bonjour,\nLe technicien a écrit :\nLa pompe fuit.",
    "Hola,\nEl técnico escribió:\nLa bomba pierde agua.",
    "On Monday at 09:00 the controller wrote:\nERROR 5",
    "See the log:\n____________________\nERROR 5\n____________________\nPlease help",
    "Hello\nFrom: hall 3\nTo: hall 4\nSubject: pump\nThe crate was moved.",
    "Hi\nThanks\nThe pump leaks badly.",
    "Part 1 works.\n--\nPart 2 leaks at the valve.",
    "Sent from my desk to yours last week: three pumps of which two leak.",
    "Best regards",
    "Sent from my iPhone",
    "-- \nJo Ray",
    "-----Original Message-----",
    "| pump | leaks |\n| valve | works |",
    "This message is confidential: the pump leaks.\nPlease keep it so.",
]
LEAST = 0.995
"""Share of the sandbox's fact sentences that must reach a reasoner."""


@pytest.mark.parametrize("text", [text for _, text in TABLE], ids=[name for name, _ in TABLE])
def test_own_words_stay_and_the_rest_goes(text: str) -> None:
    """Exactly the sender's own sentence is left."""
    assert own_words(text) == OWN


@pytest.mark.parametrize("text", KEPT)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Nothing that only resembles a quotation or a signature is cut."""
    assert own_words(text) == text


def test_only_quotation_has_no_words() -> None:
    """A message of quoted lines, with or without the line that says whose they are, is empty."""
    assert own_words(f"> {OLD}\n>\n> Jo") == ""
    assert own_words(f"On 23 Nov 2026, Jo <jo@x.example> wrote:\n\n> {OLD}") == ""


def test_what_stands_beside_a_quotation_is_kept() -> None:
    """A sentence just above the attribution, and a postscript under the name, are the sender's."""
    assert (
        own_words(f"On Monday it leaked.\nOn 23 Nov 2026, Jo <jo@x.example> wrote:\n> {OLD}") == "On Monday it leaked."
    )
    assert own_words(f"{OWN}\nBest regards\nJo Ray\n\nPS: The valve, too.") == f"{OWN}\n\nPS: The valve, too."


LINES = st.lists(
    st.sampled_from(
        [
            *(
                OWN,
                OLD,
                "",
                f"> {OLD}",
                ">",
                "-- ",
                "Best regards",
                "Jo Ray",
                "Sent from my iPhone",
                "____________________",
            ),
            *("From: Jo <jo@x.example>", "Sent: Monday", "To: Me", "-----Original Message-----", "Danke", "PS: no"),
            *("On 23 Nov 2026, Jo <jo@x.example> wrote:", "Jo schrieb:", "2026年11月23日 9:00 Jo <jo@x.example>:"),
        ]
    ),
    max_size=12,
)


@given(st.one_of(st.text(), LINES.map("\n".join)))
def test_no_message_is_lost(text: str) -> None:
    """Every text has one answer; it is empty only if each line is quoted or says whose words follow."""
    own = own_words(text)
    assert own == own_words(text)
    lines = [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith(">")]
    assert own or all(line.rstrip().endswith(":") for line in lines)


def test_facts_survive_in_the_field_they_stand_in() -> None:
    """Of one org's facts in messages, nearly all are in the sender's own words of just that field."""
    orgs, truth = build(7)
    org = next(iter(truth.cases.values())).org
    texts = {(row["Id"], name): value for _, rows in orgs for _, row in rows for name, value in row.items()}
    survived: Counter[bool] = Counter()
    for fact in (fact for story in truth.cases.values() if story.org == org for fact in story.facts):
        raw = str(texts[fact.place.record_id, fact.place.field])
        own = own_words(clean(raw, html=is_html(fact.place.field, raw)).text)
        survived[" ".join(unescape(fact.text).split()) in " ".join(own.split())] += 1
    assert survived.total() > 500
    assert survived[True] >= LEAST * survived.total(), survived


def test_a_forwarded_message_is_kept() -> None:
    """Who forwards without a word of her own says what she forwards."""
    assert own_words(f"---------- Forwarded message ---------\nFrom: Jo\nTo: Me\nSubject: P\n\n{OLD}") == OLD
    assert own_words(f"From: Jo\nSent: Monday\nTo: Me\n\n{OLD}") == OLD
    assert own_words(f"> {OLD}") == ""


@pytest.mark.parametrize("line", ["a", "br", "> a", "From: a", "On a wrote"])
def test_a_message_of_very_many_lines_takes_no_time(line: str) -> None:
    """Time is linear in the number of lines: a mail of 100,000 short ones must not stop the service."""
    started = process_time()
    own_words(f"{line}\n" * 100_000)
    assert process_time() - started < 5


@pytest.mark.parametrize("seed", [7, 11])
def test_facts_survive(seed: int) -> None:
    """Nearly every sentence that a case's facts rest on stands in a passage; seed 11 was not looked at for tuning."""
    survived: Counter[bool] = Counter()
    for case_id, story in world(seed).truth.cases.items():
        admitted = admit_file(world(seed).files[case_id])
        shown = " ".join(admitted.placeholders.restore(passage.text, SUPPORT.restore) for passage in admitted.passages)
        told = " ".join(shown.split())
        survived.update(" ".join(fact.text.split()) in told for fact in story.facts)
    assert survived[True] + survived[False] > 2_000
    assert survived[True] >= LEAST * survived.total(), survived
