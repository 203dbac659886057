"""Mails as programs write them: what the sender wrote stays, what she quotes and signs with goes."""

from collections import Counter
from time import process_time

import pytest

from sidecar.replies import own_words
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
    ("japanese", f"{OWN}\n\nどうぞよろしくお願いいたします。\nレイ ジョー"),
    ("iphone", f"{OWN}\n\nSent from my iPhone"),
    ("android", f"{OWN}\n\nGet Outlook for Android"),
    ("iphone de", f"{OWN}\n\nVon meinem iPhone gesendet"),
    ("mobile fr", f"{OWN}\n\nEnvoyé depuis mon mobile"),
    ("mobile es", f"{OWN}\n\nEnviado desde mi iPhone"),
    ("mobile ja", f"{OWN}\n\nスマートフォンから送信"),
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
