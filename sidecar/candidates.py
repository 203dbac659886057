"""Candidates: the sentences of a prompt's passages that a draft could quote, with what is known of each. Pure.

Prose only: greetings are cut off, courtesies, signatures, log lines and tables are left out. Nothing is ever reworded:
`text` is a verbatim slice of its passage.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

import numpy as np

from connectors.interfaces import RecordRef
from sidecar import dates
from sidecar.cues import Cues, cues
from sidecar.domain import OWN_MARK, TITLE_FIELDS, Passage, Role, Vectors
from sidecar.text import sentences
from sidecar.words import content, language, spaceless, tokens

MAX_CHARS: Final = 400
"""A longer sentence is a list or a paste; nobody reads it in a summary."""
SENTENCES_PER_PASSAGE: Final = 40
CHARS_PER_WORD: Final = 3
"""For scripts without spaces."""
_FEW_WORDS: Final = 4
_MIN_WORDS: Final = 3
_MIN_CHARS_SPACELESS: Final = 6
_LABEL_WORDS: Final = 5
_MIN_LETTERS: Final = 0.6
_MIN_LETTERS_SPACELESS: Final = 0.4
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
    r"|olá|bom dia|boa tarde|prezad[oa]s?|beste|geachte|goedemorgen)\b[^,.!:;?\n]{0,60}(?:[,!:]\s*|$))+",
    re.IGNORECASE,
)
_COURTESY_LEAD: Final = re.compile(
    r"^(?:(?:many )?thanks|thank you|vielen dank|danke|merci|gracias|grazie|obrigad[oa]|bedankt)[^,.!;?\n]{0,60}[,!.]"
    r"\s+(?=\S)",
    re.IGNORECASE,
)
_JAPANESE_GRAMMAR: Final = re.compile(r"[\u3041-\u3096]{2}.*(?<!\u69d8)(?<!\u6bbf)$", re.DOTALL)
"""A Japanese sentence has hiragana and does not end in a form of address; a name or a firm alone is none."""
_HAN_ONLY: Final = re.compile(r"^[^\u3040-\u30ff]*[\u3002\uff01\uff1f\u0e00-\u0e7f]")
_PLACEHOLDER: Final = re.compile(r"\[[A-Z_]{2,20}_\d{1,6}\]")
_DIGIT: Final = re.compile(r"\d")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_CLOSING: Final = re.compile(
    r"^[ \t]*(?:(?:with )?(?:kind|best|warm|many)? ?(?:regards|wishes|thanks)|cheers|sincerely|yours|thank you|thanks"
    r"|mit (?:freundlichen|besten|herzlichen)|(?:freundliche|viele|schöne|beste|herzliche|liebe) grüße|danke|gruß"
    r"|(?:bien )?cordialement|salutations|bien à vous|merci|(?:un )?(?:cordial )?saludos?|atentamente|gracias|cordiali"
    r"|(?:distinti )?saluti|atenciosamente|obrigad[oa]|met vriendelijke|groeten|敬具)\b[^\n.!?]{0,40}$"
    r"|^[^\n]{0,20}(?:よろしくお願い)[^\n]{0,20}$",
    re.IGNORECASE | re.MULTILINE,
)
"""The line that closes a letter: below it stand a signature and disclaimers."""
_LEAST_BEFORE_CLOSING: Final = 20
_POLITE_ONLY: Final = 14
"""A sentence of at most so many words that carries a courtesy and no other cue says nothing."""
_LINKS_OF_NAMES: Final = frozenset({"und", "and", "et", "y", "de", "der", "von", "van", "|", "/", "\u00b7", "&"})
_MOST_NAMES: Final = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence: passage.text[start:end] == text.

    `words` are its content words, `codes` those with digits (figures, order numbers), `count` counts all words. `turn`
    is the place of its message in the thread, 0 (first) to 1 (newest); `place` its place inside the message, 0 to 1;
    `central` how near its passage stands to what the whole case speaks of, 0 to 1; `topic` the share of its content
    words that other messages use too.
    """

    passage: Passage
    text: str
    start: int
    end: int
    words: frozenset[str]
    codes: frozenset[str]
    count: int
    cues: Cues
    turn: float
    central: float
    place: float = 0.0
    topic: float = 0.0

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
        return self.text.rstrip("\"') ").endswith(("?", "\uff1f"))


def candidates(passages: Sequence[Passage], vectors: Vectors | None) -> list[Candidate]:
    """The quotable sentences of `passages`, in the order of the thread. `vectors` is aligned with `passages` or None.

    A message that repeats the case's own description (the e-mail that opened it) counts once.

    Args:
        passages: of one record and its thread, or related ones; not a mix, since `turn` is relative to all.
        vectors: shape (len(passages), dimension), unit length.
    """
    order = sorted(range(len(passages)), key=lambda i: _moment(passages[i]))
    turns = _turns([passages[i] for i in order])
    central = centrality(vectors, len(passages))
    found: list[Candidate] = []
    for turn, i in zip(turns, order, strict=True):
        found += _of_passage(passages[i], turn, float(central[i]))
    told = {c.text for c in found if c.passage.role is Role.RECORD}
    return _in_context([c for c in found if c.passage.role is Role.RECORD or c.text not in told])


def _in_context(found: Sequence[Candidate]) -> list[Candidate]:
    """The same with `place` and `topic`, which depend on the whole message and the whole thread."""
    records: dict[str, set[RecordRef]] = {}
    messages: dict[tuple[RecordRef, str], list[Candidate]] = {}
    for candidate in found:
        messages.setdefault((candidate.passage.key.ref, candidate.passage.key.field), []).append(candidate)
        for word in candidate.words:
            records.setdefault(word, set()).add(candidate.passage.key.ref)
    return [
        replace(
            candidate,
            place=position / max(1, len(message) - 1),
            topic=sum(len(records[word]) > 1 for word in candidate.words) / max(_FEW_WORDS, len(candidate.words)),
        )
        for message in messages.values()
        for position, candidate in enumerate(message)
    ]


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
    if OWN_MARK in text or _is_label(passage):
        return []
    closing = _CLOSING.search(text, _LEAST_BEFORE_CLOSING)
    body = text[: closing.start()] if closing else text
    found: list[Candidate] = []
    for start, end in (_trimmed(text, *span) for span in sentences(body)):
        sentence = text[start:end]
        if len(found) >= SENTENCES_PER_PASSAGE or not _prose(sentence, title=passage.key.field in TITLE_FIELDS):
            continue
        words = tokens(_PLACEHOLDER.sub(" ", sentence))
        marks = cues(sentence, words)
        count = max(len(words), len(sentence) // CHARS_PER_WORD) if spaceless(sentence) else len(words)
        if _small_talk(marks, count):
            continue
        meaning = content(words)
        codes = frozenset(word for word in meaning if not word.isalpha() and _DIGIT.search(word))
        found.append(Candidate(passage, sentence, start, end, meaning, codes, count, marks, turn, central))
    return found


def _is_label(passage: Passage) -> bool:
    """A picklist value, a number, a name or the subject of a reply: not something that somebody says."""
    if passage.key.field in TITLE_FIELDS:
        return passage.role is not Role.RECORD
    if passage.role is not Role.RECORD:
        return False
    return len(passage.text.split()) <= _LABEL_WORDS and not passage.text.rstrip().endswith((".", "!", "?", "\u3002"))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without white space, bullets, a greeting and a leading courtesy."""
    while start < end and text[end - 1].isspace():
        end -= 1
    for lead in (_BULLET, _GREETING, _COURTESY_LEAD):
        while start < end and text[start].isspace():
            start += 1
        match = lead.match(text[start:end])
        if match:
            start += match.end()
    return start, end


def _prose(sentence: str, *, title: bool) -> bool:
    if len(sentence) > MAX_CHARS or _LOG.match(sentence):
        return False
    letters = sum(map(str.isalpha, sentence)) + sentence.count(" ")
    dense = spaceless(sentence)
    if letters < (_MIN_LETTERS_SPACELESS if dense else _MIN_LETTERS) * len(sentence):
        return False
    if dense:
        return len(sentence) >= _MIN_CHARS_SPACELESS and bool(
            _JAPANESE_GRAMMAR.search(sentence) or _HAN_ONLY.search(sentence)
        )
    words = sentence.split()
    return (
        len(words) >= _MIN_WORDS
        and len(_SYMBOLS_OF_CODE.findall(sentence)) <= len(words) // 6
        and (title or not _names_only(words))
    )


def _names_only(words: Sequence[str]) -> bool:
    """A line of capitalised words and no stop: a name, a title, a firm."""
    if len(words) > _MOST_NAMES or words[-1].endswith((".", "!", "?")):
        return False
    return all(word[0].isupper() or word[0] == "[" or word in _LINKS_OF_NAMES for word in words)


def _small_talk(marks: Cues, count: int) -> bool:
    substance = marks.problem or marks.attempt or marks.done or marks.state
    return bool(marks.polite) and count <= _POLITE_ONLY and not substance
