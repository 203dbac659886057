"""Cuts a text into passages: paragraphs, and windows of whole sentences inside them. Deterministic and pure.

An equal text gives equal passages, so the keyed hash of a field stands for all passages of it.
"""

import re
from collections.abc import Iterator
from typing import Final

from sidecar.text import sentences

WORDS: Final = 60
"""A passage ends after the sentence that reaches so many words."""
WIDE: Final = 400
"""The same in characters, for scripts without blanks."""
MOST_WORDS: Final = 120
"""Words of a passage. A sentence that has more (a log, a text without stops) is cut at a blank."""
LONGEST: Final = 800
"""Characters of a passage. A word that has more is cut as well."""
_PARAGRAPH: Final = re.compile(r"\n\s*\n")
_WORD: Final = re.compile(rf"\S{{1,{LONGEST}}}")


def chunk(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of the passages of `text`, in order, without white space at either end."""
    spans: list[tuple[int, int]] = []
    start = 0
    for gap in [*_PARAGRAPH.finditer(text), None]:
        end = gap.start() if gap else len(text)
        spans.extend(_windows(text, start, end))
        start = gap.end() if gap else end
    return spans


def _windows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Whole sentences of one paragraph, as many as make a passage."""
    first = last = start
    count = 0
    for begin, finish, words in _pieces(text, start, end):
        if count and (count + words > MOST_WORDS or finish - first > LONGEST):
            yield first, last
            count = 0
        first = first if count else begin
        last = finish
        count += words
        if count >= WORDS or last - first >= WIDE:
            yield first, last
            count = 0
    if count:
        yield first, last


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The sentences and how many words each has; one that no passage can hold comes in pieces."""
    for first, last in sentences(text[start:end]):
        begin = finish = start + first
        count = 0
        for word in _WORD.finditer(text, begin, start + last):
            if count == MOST_WORDS or word.end() - begin > LONGEST:
                yield begin, finish, count
                begin, count = word.start(), 0
            finish = word.end()
            count += 1
        yield begin, finish, count
