"""Pieces: the sentences of a thread before they are judged, in order, with who says them. Pure.

Also tells talk (a chat, a call, a visit) from letters, and joins the fragments of talk to what stands around them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Final

from sidecar.candidates.prose import greets, letter
from sidecar.candidates.speakers import Turn, turns
from sidecar.domain import TITLE_FIELDS, Passage, Role
from sidecar.text import sentences
from sidecar.words import spaceless

SENTENCES_PER_PASSAGE: Final = 40
CHARS_PER_WORD: Final = 3
"""For scripts without spaces."""
TALK: Final = 30
"""Words of a message, on average, up to which a thread without greetings is talk."""
CHAT: Final = 10
"""The same however long the pauses: nobody writes letters of so few words."""
PAUSE: Final = timedelta(minutes=10)
"""Between one turn of talk and the next, mostly."""
FRAGMENT: Final = 5
"""A piece of talk with fewer words is no sentence of its own."""
JOINED: Final = 24
"""Most words of a fragment and its neighbour together."""
_LABEL_WORDS: Final = 5
_PAIR: Final = 2
_NOTES: Final = 4
_LETTERS: Final = 0.3
"""Share of messages that greet from which a thread is one of letters."""
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of a passage before it is judged."""

    passage: Passage
    start: int
    end: int
    turn: Turn | None = None

    @property
    def text(self) -> str:
        """Its words."""
        return self.passage.text[self.start : self.end]


def moment(passage: Passage) -> tuple[bool, datetime, int]:
    """The case's own fields open the thread, except a resolution; then messages by time, then by number."""
    opens = own(passage) and not passage.key.field.startswith("Resolution")
    return (not opens, _utc(passage.when or _EARLIEST), passage.number)


def _utc(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def split(passages: Sequence[Passage]) -> list[Piece]:
    """The sentences of passages in the order of the thread."""
    messages = [_pieces(message) for message in _messages(passages)]
    return [piece for message in _labelled(messages) for piece in message]


def _messages(passages: Sequence[Passage]) -> Iterator[list[Passage]]:
    """The passages of one field of one record together."""
    for _, group in groupby(passages, key=lambda passage: (passage.key.ref, passage.key.field)):
        yield list(group)


def is_talk(passages: Sequence[Passage]) -> bool:
    """Whether people talk here, in short turns one right after the other, rather than write letters.

    A text of many short pieces that nobody answers counts as well: notes of a talk.
    """
    thread = [passage for passage in passages if not own(passage)] or passages
    alone = len({passage.key.ref for passage in thread}) < _PAIR
    words: dict[object, int] = {}
    when: dict[object, datetime] = {}
    greeting: set[object] = set()
    for passage in thread:
        turn = passage.number if alone else passage.key.ref
        words[turn] = words.get(turn, 0) + count_words(passage.text, passage.text.split())
        if passage.when:
            when[turn] = _utc(passage.when)
        if greets(passage.text):
            greeting.add(turn)
    count, total = len(words), sum(words.values())
    if count < (_NOTES if alone else _PAIR) or total > TALK * count or len(greeting) >= _LETTERS * count:
        return False
    gaps = sorted(later - earlier for earlier, later in pairwise(when.values()))
    return not gaps or gaps[len(gaps) // 2] <= PAUSE or total <= CHAT * count


def _pieces(message: Sequence[Passage]) -> list[Piece]:
    """The sentences of one message, with their turns if it is a transcript."""
    said = [passage for passage in message if not _is_label(passage)]
    found = [Piece(p, start, end) for p in said for start, end in sentences(p.text)[:SENTENCES_PER_PASSAGE]]
    told = turns([piece.text for piece in found])
    if told:
        return [
            replace(piece, start=piece.start + turn.label, turn=turn) for piece, turn in zip(found, told, strict=True)
        ]
    ends = {p.number: len(letter(p.text)) for p in said}
    return [piece for piece in found if piece.start < ends[piece.passage.number]]


def _labelled(messages: Sequence[list[Piece]]) -> Sequence[list[Piece]]:
    """The same; where each message begins with its speaker's label, with these turns."""
    whole = [message for message in messages if message and message[0].turn is None]
    told = turns([message[0].text for message in whole])
    if told is None or not all(turn.skip for turn in told):
        return messages
    by_head = {id(message): turn for message, turn in zip(whole, told, strict=True)}
    return [
        [
            replace(
                piece, start=piece.start + turn.label * (not i), turn=turn if not i else replace(turn, label=0, skip=0)
            )
            for i, piece in enumerate(message)
        ]
        if (turn := by_head.get(id(message)))
        else message
        for message in messages
    ]


def joined(pieces: Sequence[Piece], *, talk: bool) -> list[Piece]:
    """The same with fragments of talk joined to their neighbour in the same turn."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if last and (talk or piece.turn) and last.passage is piece.passage and _same_turn(last, piece):
            one, two = len(last.text.split()), len(piece.text.split())
            if min(one, two) < FRAGMENT and one + two <= JOINED:
                found[-1] = replace(last, end=piece.end)
                continue
        found.append(piece)
    return found


def _same_turn(one: Piece, other: Piece) -> bool:
    return (one.turn.number if one.turn else -1) == (other.turn.number if other.turn else -1)


def count_words(text: str, words: Sequence[str]) -> int:
    """How many words: of scripts without spaces by the number of characters."""
    return max(len(words), len(text) // CHARS_PER_WORD) if spaceless(text) else len(words)


def own(passage: Passage) -> bool:
    """Whether it stands in a field of the record at hand rather than in its thread."""
    return passage.role is Role.RECORD and passage.key.ref.object == passage.root.object


def _is_label(passage: Passage) -> bool:
    """A picklist value, a number, a name or the subject of a reply: not something that somebody says."""
    if passage.key.field in TITLE_FIELDS:
        return passage.role is not Role.RECORD or not own(passage)
    if not own(passage):
        return False
    return len(passage.text.split()) <= _LABEL_WORDS and not passage.text.rstrip().endswith((".", "!", "?", "\u3002"))
