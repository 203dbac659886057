"""Candidates: the sentences of a prompt's passages that a draft could quote, with what is known of each. Pure.

Nothing is ever reworded: `text` is a verbatim slice of its passage. A text that holds a conversation ("Amanda: …") is
read turn by turn, and a fragment ("Forty degrees, as always.") is quoted with what the same person says around it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from connectors.interfaces import RecordRef
from sidecar import dates
from sidecar.candidates.pieces import Piece, count_words, is_talk, joined, moment, own, split
from sidecar.candidates.prose import prose, small_talk, trimmed
from sidecar.cues import Cues, cues
from sidecar.domain import OWN_MARK, TITLE_FIELDS, Passage, Role, Vectors
from sidecar.words import content, language, tokens

MOST: Final = 1500
"""Candidates of one thread: of a longer one its beginning and its end."""
_FEW_WORDS: Final = 4
_PLACEHOLDER: Final = re.compile(r"\[[A-Z_]{2,20}_\d{1,6}\]")
_DIGIT: Final = re.compile(r"\d")
_QUESTION: Final = ("?", "\uff1f")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence: passage.text[start:end] == text.

    `words` are its content words, `codes` those with digits (figures, order numbers), `count` counts all words. `role`
    is who says it, from the transcript or else the passage's. `turn` is the place of its message (of its turn, in a
    transcript) in the thread, 0 (first) to 1 (newest), and `number` counts these; `place` its place inside the message,
    0 to 1; `central` how near its passage stands to what the whole case speaks of, 0 to 1; `topic` the share of its
    content words that other messages use too; `fresh` the share that nobody has used before; `reply` says that a
    question of somebody else stands right before it. `labelled`: it begins with the speaker's label.
    `due` is the day by which it promises or asks something, as YYYY-MM-DD, or "".
    `who` tells speakers apart: the label, the role, or else the author.
    """

    passage: Passage
    text: str
    start: int
    end: int
    words: frozenset[str]
    codes: frozenset[str]
    count: int
    cues: Cues
    role: Role
    turn: float
    number: int
    central: float
    talk: bool = False
    labelled: bool = False
    who: str = ""
    due: str = ""
    place: float = 0.0
    topic: float = 0.0
    fresh: float = 1.0
    reply: bool = False

    @property
    def specific(self) -> float:
        """How much it says: length, and numbers, codes and names, 0 to 1."""
        return 0.5 * min(1.0, self.count / 16) + 0.25 * min(2, len(self.codes))

    @property
    def title(self) -> bool:
        """Stands in a field that names the record."""
        return self.passage.key.field in TITLE_FIELDS

    @property
    def resolution(self) -> bool:
        """Stands in the record's own field for how it ended."""
        return self.passage.role is Role.RECORD and self.passage.key.field.startswith("Resolution")

    @property
    def question(self) -> bool:
        """Ends with a question mark."""
        return self.text.rstrip("\"') ").endswith(_QUESTION)


def candidates(passages: Sequence[Passage], vectors: Vectors | None) -> list[Candidate]:
    """The quotable sentences of `passages`, in the order of the thread. `vectors` is aligned with `passages` or None.

    A message that repeats the case's own description (the e-mail that opened it) counts once.

    Args:
        passages: of one record and its thread, or related ones; not a mix, since `turn` is relative to all.
        vectors: shape (len(passages), dimension), unit length.
    """
    usable = [i for i, passage in enumerate(passages) if OWN_MARK not in passage.text]
    order = sorted(usable, key=lambda i: moment(passages[i]))
    near = centrality(vectors, len(passages))
    central = {passages[i].number: float(near[i]) for i in order}
    talk = is_talk([passages[i] for i in order])
    pieces = split([passages[i] for i in order])
    said: dict[tuple[RecordRef, int], int] = {}
    for piece in pieces:
        said.setdefault((piece.passage.key.ref, piece.turn.number if piece.turn else -1), len(said))
    last = max(1, len(said) - 1)
    found: list[Candidate] = []
    for piece in joined(pieces, talk=talk):
        number = said[piece.passage.key.ref, piece.turn.number if piece.turn else -1]
        candidate = _candidate(piece, number, last, central[piece.passage.number], talk=talk)
        if candidate is not None:
            found.append(candidate)
    told = {c.text for c in found if own(c.passage)}
    kept = [c for c in found if own(c.passage) or c.text not in told]
    return _in_context(kept if len(kept) <= MOST else kept[: MOST // 3] + kept[-2 * MOST // 3 :])


def centrality(vectors: Vectors | None, count: int) -> Vectors:
    """Cosine of each row to the centroid of all, scaled to 0..1; all 0.5 without vectors. Shape (count,)."""
    if vectors is None or count == 0 or vectors.shape[0] != count:
        return np.full(count, 0.5, dtype=np.float32)
    centroid = vectors.mean(axis=0)
    cosine: Vectors = np.nan_to_num(vectors @ (centroid / (np.linalg.norm(centroid) or 1.0)))
    low, high = float(cosine.min()), float(cosine.max())
    return (cosine - low) / (high - low) if high > low else np.full(count, 0.5, dtype=np.float32)


def _candidate(piece: Piece, number: int, last: int, central: float, *, talk: bool) -> Candidate | None:
    """What a piece says, or None when it is nothing to quote."""
    passage, skip = piece.passage, piece.turn.skip - piece.turn.label if piece.turn and piece.turn.skip else 0
    talk = talk or piece.turn is not None
    start, end = piece.start, piece.end
    if skip and passage.text[start] == "@":  # the name of an account says nothing
        start, skip = start + skip, 0
    if not skip:
        start, end = trimmed(passage.text, start, end)
    sentence = passage.text[start + skip : end].strip()
    if not prose(sentence, title=passage.key.field in TITLE_FIELDS, talk=talk):
        return None
    words = tokens(_PLACEHOLDER.sub(" ", sentence))
    marks = cues(sentence, words)
    count = count_words(sentence, words)
    if not count or (small_talk(marks, count) and not talk):
        return None
    meaning = content(words)
    role = _role(piece)
    agent = role is Role.AGENT
    return Candidate(
        passage,
        passage.text[start:end],
        start,
        end,
        meaning,
        frozenset(word for word in meaning if not word.isalpha() and _DIGIT.search(word)),
        count,
        marks,
        role,
        number / last,
        number,
        central,
        talk=talk,
        labelled=skip > 0,
        who=_who(piece),
        due=_due(sentence, passage) if marks.promise or marks.request or marks.first_person or agent else "",
    )


def _role(piece: Piece) -> Role:
    """Who says it. In a transcript whose labels do not tell, everybody may have a problem to report."""
    if piece.turn is None or not piece.turn.who:
        return piece.passage.role
    return piece.turn.role or Role.CUSTOMER


def _due(sentence: str, passage: Passage) -> str:
    guess = language(tokens(passage.text)) if "/" in sentence else ""
    return dates.due(sentence, passage.when.date() if passage.when else None, language=guess)


def _who(piece: Piece) -> str:
    """What tells speakers apart: the label, the side in a case's correspondence, or else the name."""
    if piece.turn and piece.turn.who:
        return piece.turn.who
    passage = piece.passage
    return passage.role.value if passage.role is not Role.RECORD else passage.author


def _in_context(found: Sequence[Candidate]) -> list[Candidate]:
    """The same with what depends on the whole message and the whole thread."""
    spoken: dict[str, set[int]] = {}
    messages: dict[tuple[int, str], list[Candidate]] = {}
    for candidate in found:
        messages.setdefault((candidate.number, candidate.passage.key.field), []).append(candidate)
        for word in candidate.words:
            spoken.setdefault(word, set()).add(candidate.number)
    known: set[str] = set()
    asked: Candidate | None = None
    result: list[Candidate] = []
    for message in messages.values():
        for position, candidate in enumerate(message):
            size = max(_FEW_WORDS, len(candidate.words))
            result.append(
                replace(
                    candidate,
                    place=position / max(1, len(message) - 1),
                    topic=sum(len(spoken[word]) > 1 for word in candidate.words) / size,
                    fresh=len(candidate.words - known) / size,
                    reply=asked is not None and position == 0 and asked.who != candidate.who,
                )
            )
            known |= candidate.words
        asked = message[-1] if message[-1].question else None
    return result
