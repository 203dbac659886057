"""Transcripts: texts in which every turn begins with who says it ("Amanda: I baked cookies"). Pure.

A chat, a phone call or a visit often comes as one text. A text counts as a transcript when labels come back, or when
each of its two lines has one of its own; the lines of a form ("Name: … Phone: …") and of a log are none.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sidecar.domain import Role
from sidecar.text import LABEL
from sidecar.words import words

_NOBODY: Final = words("""
    note notes error errors warning warn info debug fatal trace ps nb re fw fwd aw wg tr subject betreff objet
    asunto from von de to an sent date datum cc bcc time status result step steps update edit summary http https
    file line code id version product order phone tel fax email mail address name hinweis achtung attention nota
    problem question frage
""")
"""Words that stand before a colon and are no speaker."""
_CUSTOMERS: Final = words("""
    customer client caller user visitor guest patient member buyer tenant passenger applicant student kunde kundin
    patientin anrufer anruferin gast mieter cliente paciente paziente usuario utente klant 顧客 患者 お客様
""")
_AGENTS: Final = words("""
    agent support doctor doc dr physician nurse clinician therapist pharmacist advisor adviser representative rep
    operator assistant bot helpdesk service staff clerk receptionist technician engineer manager teacher interviewer
    arzt ärztin berater beraterin mitarbeiter mitarbeiterin techniker médecin docteur conseiller agente asesor
    médico doctora técnico medico dottore medewerker 担当者 医師
""")
_LEAST: Final = 0.5
"""Share of the turns' own lines that carry a label at least."""
_PAIR: Final = 2


@dataclass(frozen=True, slots=True)
class Turn:
    """Who says a sentence.

    `number` counts the turns of one text from 0. The label begins `label` characters behind the sentence's start and
    the words `skip` characters behind it. `role` is None when the label does not tell.
    """

    number: int
    who: str
    role: Role | None
    label: int = 0
    skip: int = 0


def turns(sentences: Sequence[str]) -> list[Turn] | None:
    """For each sentence of a text, in order, the turn that it belongs to; None when the text is no transcript.

    What stands before the first label belongs to nobody ("").
    """
    labels = [LABEL.match(sentence) for sentence in sentences]
    names = [_name(match["who"]) if match else "" for match in labels]
    counts = Counter(name for name in names if name and name not in _NOBODY)
    speakers = {
        name for name, count in counts.items() if count > 1 or len(counts) <= _PAIR or counts.total() > 2 * len(counts)
    }
    labelled = [name in speakers for name in names]
    if sum(labelled) < _PAIR or not _alternates(names, labelled):
        return None
    roles = _roles(speakers)
    found: list[Turn] = []
    number, who = 0, ""
    for match, name, starts in zip(labels, names, labelled, strict=True):
        if match and starts:
            number += bool(found)
            who = name
            found.append(Turn(number, who, roles.get(who), match.start("who"), match.end()))
        else:
            found.append(Turn(number, who, roles.get(who)))
    return found


def _name(label: str) -> str:
    return label.strip("#@ .").casefold()


def _alternates(names: Sequence[str], labelled: Sequence[bool]) -> bool:
    """Whether the labels are those of people who talk: one comes back, or each of two lines has its own."""
    spoken = [name for name, starts in zip(names, labelled, strict=True) if starts]
    distinct = len(set(spoken))
    if distinct < _PAIR:
        return False
    if len(spoken) > distinct:
        return labelled[0] or sum(labelled) >= _LEAST * len(labelled)
    return (
        distinct == _PAIR and labelled[0] and len(names) <= 2 * _PAIR and all(len(name.split()) == 1 for name in spoken)
    )


def _roles(speakers: set[str]) -> dict[str, Role]:
    """By their labels; of two speakers the other one has the other role."""
    known: dict[str, Role] = {}
    for name in speakers:
        parts = set(name.replace(".", " ").split())
        if parts & _CUSTOMERS:
            known[name] = Role.CUSTOMER
        elif parts & _AGENTS:
            known[name] = Role.AGENT
    if len(speakers) == _PAIR and len(known) == 1:
        ((name, role),) = known.items()
        other = Role.AGENT if role is Role.CUSTOMER else Role.CUSTOMER
        known |= dict.fromkeys(speakers - {name}, other)
    return known
