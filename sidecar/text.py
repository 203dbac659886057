"""Text as people write it in e-mails: where sentences begin and end. Pure; offsets always refer to the given text."""

import re
from collections.abc import Iterator
from typing import Final

_PARAGRAPH: Final = re.compile(r"\n[ \t\r\u00a0]*\n\s*")
_STOP: Final = re.compile(
    r"(?P<west>[.!?\u2026]+[\"')\]\u00bb\u201d\u2019]*(?=\s|$))"
    r"|(?P<east>[\u3002\uff01\uff1f]+[\u300d\u300f\uff09]*)|(?P<line>\r?\n)"
)
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(\[\"'])(?:[^\W\d_]|(?:[^\W\d_]\.\s?)+[^\W\d_]"
    r"|mr|mrs|ms|dr|prof|sr|sra|srta|st|no|nr|nos|tel|fax|ext|fig|ref|inc|ltd|co|corp|vs|approx|dept|est|max|min"
    r"|bzw|ca|evtl|ggf|inkl|exkl|zzgl"
    r"|vgl|abs|art|str|hr|fr|dipl|ing|sog|usw|bspw|mme|mlle|env|p\.\s?ex|cf|ud|uds|pág"
    r"|núm|aprox"
    r"|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|janv|févr|avr|juil|déc|okt|dez|ene|abr|ago|dic)\.$",
    re.IGNORECASE,
)
_ORDINAL: Final = re.compile(r"(?:^|\D)\d{1,2}\.$")
_AFTER_ORDINAL: Final = re.compile(
    r"\s+(?:jan|jän|feb|fév|fev|m[aä]r|maerz|a[pvb]r|ma[ijy]|jun|jui|jul|aug|aoû|ago|sep|o[kc]t|nov|de[zcs]|déc|ene|dic"
    r"|quartal|etage|stock|stelle|kalenderwoche|kw\b|mal\b|platz|auflage|version)",
    re.IGNORECASE,
)
_LIST_ITEM: Final = re.compile(r"[ \t]*(?:[-*\u2022\u00b7\u2013>|#]|\(?\d{1,2}[.)]\s|[a-z]\)\s)")
LABEL: Final = re.compile(
    r"(?:[\[(]?(?:\d{1,4}[-./]\d{1,2}[-./]\d{1,4},?[ T])?\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]\.?m\.?)?[\])]?[ \t]*"
    r"(?:[-\u2013|][ \t]?)?)?"
    r"(?P<who>\#\w{1,20}\#|@\w{1,30}|\[[A-Z][A-Z_]*_\d+\]|[^\W\d_][\w-]{0,30}(?:[ .'\u2019]{1,2}[\w-]{1,30}){0,3}\.?)"
    r"(?:[ ]?[\[(][^\])\n]{1,30}[\])])?[ ]?[:\uff1a](?=\s|(?<=\uff1a))",
    re.IGNORECASE,
)
"""What may say who speaks, before the words of a transcript: "Amanda:", "[10:32] Dr. Weiss:", "#Person1#:"."""
_WRAPPED: Final = 50
"""A line of at least so many characters that ends without a stop goes on in the next line: it was wrapped."""


def sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of `text` as (start, end) offsets, in order, without white space at either end.

    Ends at a stop that is neither an abbreviation, an initial nor an ordinal ("3. Dezember"), at a blank line, at a
    list item, and at the end of a line that was not wrapped.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for end in _ends(text):
        first, last = _stripped(text, start, end)
        if first < last:
            spans.append((first, last))
        start = end
    return spans


def _ends(text: str) -> Iterator[int]:
    paragraph = 0
    for gap in _PARAGRAPH.finditer(text):
        yield from _in_paragraph(text, paragraph, gap.start())
        yield gap.start()
        paragraph = gap.end()
    yield from _in_paragraph(text, paragraph, len(text))
    yield len(text)


def _in_paragraph(text: str, start: int, end: int) -> Iterator[int]:
    line = start
    for match in _STOP.finditer(text, start, end):
        if match["line"]:
            if not _goes_on(text, line, match.start(), match.end(), end):
                yield match.start()
            line = match.end()
        elif match["east"] or not _inside(text, line, match.end(), end):
            yield match.end()


def _inside(text: str, line: int, at: int, end: int) -> bool:
    """Whether the stop that ends at `at` does not end a sentence."""
    if text[at - 1] != ".":
        return False
    window = text[max(line, at - 14) : at]
    following = text[at : min(end, at + 24)]
    if following.lstrip()[:1].islower():
        return True
    if _ORDINAL.search(window):
        return bool(_AFTER_ORDINAL.match(following))
    return bool(_ABBREVIATION.search(window))


def _goes_on(text: str, start: int, stop: int, following: int, end: int) -> bool:
    """Whether the line text[start:stop] was wrapped, so that its sentence continues."""
    line = text[start:stop].rstrip()
    if len(line) < _WRAPPED or line.endswith((".", "!", "?", ":", "\u3002", "\uff01", "\uff1f")):
        return False
    if following >= end or _LIST_ITEM.match(text, following, end):
        return False
    label = LABEL.match(text, following, end)
    return label is None or label["who"][0].islower()


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
