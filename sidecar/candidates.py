"""Candidates: the sentences of a prompt's passages that a draft could quote, with what is known of each. Pure.

Prose only: greetings are cut off, courtesies, signatures, log lines and tables are left out. Nothing is ever reworded:
`text` is a verbatim slice of its passage.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import numpy as np

from sidecar import dates
from sidecar.cues import Cues, cues
from sidecar.domain import OWN_MARK, Passage, Role, Vectors
from sidecar.text import sentences
from sidecar.words import content, language, spaceless, tokens

MAX_CHARS: Final = 400
"""A longer sentence is a list or a paste; nobody reads it in a summary."""
SENTENCES_PER_PASSAGE: Final = 40
_MIN_WORDS: Final = 3
_MIN_CHARS_SPACELESS: Final = 6
_MIN_LETTERS: Final = 0.6
_SYMBOLS_OF_CODE: Final = re.compile(r"[{}<>|\\=;_#]|::|->|/\w+/|\w\.\w+\.\w+|0x[0-9a-f]+", re.IGNORECASE)
_LOG: Final = re.compile(
    r"^\s*(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d|\[?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE)\b[\]: ]"
    r"|at [\w.$]+\(|Traceback|File \"|[A-Z][\w-]+: \S+@|>)"
)
_BULLET: Final = re.compile(r"^(?:[-*\u2022\u00b7\u2013]\s+|\(?\d{1,2}[.)]\s+)+")
_GREETING: Final = re.compile(
    r"^(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings"
    r"|hallo|guten (?:tag|morgen|abend)|moin|liebe[rs]?|sehr geehrte[rs]?|grüß gott|bonjour|bonsoir|cher|chère|madame"
    r"|monsieur|hola|buenos días|buenas tardes|buenas|estimad[oa]s?|querid[oa]s?|ciao|buongiorno|gentile"
    r"|olá|bom dia|boa tarde|prezad[oa]s?|beste|geachte|goedemorgen)\b[^,.!:;?\n]{0,60}[,!:]\s*)+",
    re.IGNORECASE,
)
_COURTESY_LEAD: Final = re.compile(
    r"^(?:(?:many )?thanks|thank you|vielen dank|danke|merci|gracias|grazie|obrigad[oa]|bedankt)[^,.!;?\n]{0,60}[,!.]"
    r"\s+(?=\S)",
    re.IGNORECASE,
)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_POLITE_ONLY: Final = 14
"""A sentence of at most so many words that carries a courtesy and no other cue says nothing."""
_NAMES_ONLY: Final = re.compile(r"^(?:(?:\[[A-Z_]+\d*\]|[A-ZÀ-Þ][\w'.-]*|und|and|et|y|de|der|von|\||,|/|·)\s*){1,8}$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence: passage.text[start:end] == text.

    `words` are its content words, `count` counts all words. `turn` is the place of its message in the thread, 0 (first)
    to 1 (newest); `place` its place inside the message, 0 to 1; `central` how near its passage stands to what the whole
    case speaks of, 0 to 1.
    """

    passage: Passage
    text: str
    start: int
    end: int
    words: frozenset[str]
    count: int
    cues: Cues
    turn: float
    place: float
    central: float

    @property
    def due(self) -> str:
        """The day by which it promises or asks something, as YYYY-MM-DD, or ""."""
        guess = language(tokens(self.passage.text)) if "/" in self.text else ""
        return dates.due(self.text, self.written, language=guess)

    @property
    def written(self) -> date | None:
        """The day of its message."""
        return self.passage.when.date() if self.passage.when else None

    @property
    def question(self) -> bool:
        """Ends with a question mark."""
        return self.text.rstrip("\"') ").endswith(("?", "\uff1f"))


def candidates(passages: Sequence[Passage], vectors: Vectors | None) -> list[Candidate]:
    """The quotable sentences of `passages`, in the order of the thread. `vectors` is aligned with `passages` or None.

    Args:
        passages: of one record and its thread, or related ones; not a mix, since `turn` is relative to all.
        vectors: shape (len(passages), dimension), unit length.
    """
    order = sorted(range(len(passages)), key=lambda i: _moment(passages[i]))
    turns = _turns([passages[i] for i in order])
    central = centrality(vectors, len(passages))
    found = []
    for turn, i in zip(turns, order, strict=True):
        found += _of_passage(passages[i], turn, float(central[i]))
    return found


def centrality(vectors: Vectors | None, count: int) -> Vectors:
    """Cosine of each row to the centroid of all, scaled to 0..1; all 0.5 without vectors. Shape (count,)."""
    if vectors is None or count == 0 or vectors.shape[0] != count:
        return np.full(count, 0.5, dtype=np.float32)
    centroid = vectors.mean(axis=0)
    cosine: Vectors = np.nan_to_num(vectors @ (centroid / (np.linalg.norm(centroid) or 1.0)))
    low, high = float(cosine.min()), float(cosine.max())
    return (cosine - low) / (high - low) if high > low else np.full(count, 0.5, dtype=np.float32)


def _moment(passage: Passage) -> tuple[bool, datetime, int]:
    """The case's own fields open the thread, except a resolution; then messages by time, then by number."""
    opens = passage.role is Role.RECORD and not passage.key.field.startswith("Resolution")
    when = passage.when or _EARLIEST
    return (not opens, when if when.tzinfo else when.replace(tzinfo=UTC), passage.number)


def _turns(passages: Sequence[Passage]) -> list[float]:
    """Place of each passage's record in the thread, 0 to 1; passages of one record share it."""
    seen: dict[object, int] = {}
    for passage in passages:
        seen.setdefault(passage.key.ref, len(seen))
    last = max(1, len(seen) - 1)
    return [seen[passage.key.ref] / last for passage in passages]


def _of_passage(passage: Passage, turn: float, central: float) -> list[Candidate]:
    text = passage.text
    if OWN_MARK in text:
        return []
    trimmed = (_trimmed(text, start, end) for start, end in sentences(text))
    spans = [(start, end) for start, end in trimmed if _prose(text[start:end])]
    found = []
    for position, (start, end) in enumerate(spans[:SENTENCES_PER_PASSAGE]):
        sentence = text[start:end]
        words = tokens(sentence)
        marks = cues(sentence, words)
        if _small_talk(marks, len(words)):
            continue
        place = position / max(1, len(spans) - 1)
        found.append(Candidate(passage, sentence, start, end, content(words), len(words), marks, turn, place, central))
    return found


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without white space, bullets, a greeting and a leading courtesy."""
    while start < end and text[end - 1].isspace():
        end -= 1
    for lead in (_BULLET, _GREETING, _COURTESY_LEAD):
        while start < end and text[start].isspace():
            start += 1
        match = lead.match(text[start:end])
        if match and match.end() < end - start:
            start += match.end()
    return start, end


def _prose(sentence: str) -> bool:
    if len(sentence) > MAX_CHARS or _LOG.match(sentence):
        return False
    letters = sum(map(str.isalpha, sentence)) + sentence.count(" ")
    if letters < _MIN_LETTERS * len(sentence):
        return False
    if spaceless(sentence):
        return len(sentence) >= _MIN_CHARS_SPACELESS
    words = sentence.split()
    return (
        len(words) >= _MIN_WORDS
        and len(_SYMBOLS_OF_CODE.findall(sentence)) <= len(words) // 6
        and not _NAMES_ONLY.match(sentence)
    )


def _small_talk(marks: Cues, count: int) -> bool:
    substance = marks.problem or marks.attempt or marks.done or marks.state
    return bool(marks.polite) and count <= _POLITE_ONLY and not substance
