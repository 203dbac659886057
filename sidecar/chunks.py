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
LONGEST: Final = 2_000
"""Characters of a passage. A sentence that is longer (a log, a text without stops) is cut at a blank."""
_PARAGRAPH: Final = re.compile(r"\n\s*\n")


def chunk(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of the passages of `text`, in order, without white space at either end."""
    spans: list[tuple[int, int]] = []
    start = 0
    for gap in [*_PARAGRAPH.finditer(text), None]:
        end = gap.start() if gap else len(text)
        spans.extend(_windows(text, start, end))
        start = gap.end() if gap else end
    return spans


def _windows(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    open_at: int | None = None
    for first, last in _bounded(text[start:end]):
        open_at = first if open_at is None else open_at
        window = text[start + open_at : start + last]
        if window.count(" ") + 1 >= WORDS or len(window) >= WIDE:
            spans.append((start + open_at, start + last))
            open_at = None
        tail = last
    if open_at is not None:
        spans.append((start + open_at, start + tail))
    return spans


def _bounded(text: str) -> Iterator[tuple[int, int]]:
    """The sentences, none longer than LONGEST."""
    for first, last in sentences(text):
        start = first
        while last - start > LONGEST:
            blank = max(text.rfind(mark, start + 1, start + LONGEST) for mark in (" ", "\n"))
            cut = blank if blank > 0 else start + LONGEST
            yield start, cut
            start = cut
            while text[start].isspace():
                start += 1
        yield start, last
