"""PDF by PDFium: the text layer, each character compared with what its ink changes on the rendered page.

The page is rendered twice, with its text and without. Text that is white on white, behind a picture, beside the page,
transparent or drawn with no ink changes nothing where it stands: whatever the trick, it is told by the same look. A
change counts only towards the character's own colour, so that what lies over or under it is not taken for it. Print
below `_SMALLEST` points counts as hidden as well.
"""

from collections.abc import Callable, Iterator, Sequence
from ctypes import c_int, c_uint, c_ulong, c_void_p, cast
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as c

from connectors.files.page import Broken, Encrypted, Page

Pixels = npt.NDArray[np.int16]
"""Rows x columns, 0 (black) to 255."""
Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""

_SCALE: Final = 2.0
"""Pixels per point: fine enough that the smallest print that counts covers six pixels."""
_SMALLEST: Final = 3.0
"""Points. Nobody reads smaller print."""
_CONTRAST: Final = 40
"""Of 255. A character must change a pixel by this much (a hairline does)."""
_MOST_DEPTH: Final = 15
"""Forms inside forms. PDFium reads no text of deeper ones."""
_FINE: Final = 1_000
"""Parts of a pixel in which a place on the page is told."""
_LIGATURE: Final = 3
"""Characters that one drawn letter may stand for ("ffi"). More is a text that differs from what is drawn."""
_NO_INK: Final = (c.FPDF_TEXTRENDERMODE_INVISIBLE, c.FPDF_TEXTRENDERMODE_CLIP)
_MOST_PIXELS: Final = 40_000_000
_MOST_CHARACTERS: Final = 400_000


def read(data: bytes, most: int) -> tuple[list[str], bool]:
    """Pages as HTML, at most `most`; the second value says that there are more.

    Raises:
        Broken: no PDF, or a damaged one.
        Encrypted: it needs a password.
    """
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError:
        # PDFium's reason is global state that is set by the last load.
        raise (Encrypted if c.FPDF_GetLastError() == c.FPDF_ERR_PASSWORD else Broken) from None
    pages, total = [], 0
    for number in range(min(len(document), most)):
        try:
            page = _page(document[number])
        except pdfium.PdfiumError:
            raise Broken from None
        pages.append(page.html())
        total += len(page)
        if total > _MOST_CHARACTERS:
            return pages, True
    return pages, len(document) > most


def _page(source: pdfium.PdfPage) -> Page:
    texts = source.get_textpage()
    look = _Look(source, texts)
    page = Page()
    for text, hidden in _runs(texts, look):
        page.add(text, hidden=hidden)
    return page


def _runs(texts: pdfium.PdfTextPage, look: "_Look") -> Iterator[tuple[str, bool]]:
    """Stretches of characters that are all visible or all hidden. Blanks go with what stands before them."""
    run: list[str] = []
    hidden = False
    for index in range(texts.count_chars()):
        character = chr(c.FPDFText_GetUnicode(texts, index) or 0xFFFD)
        if not character.isspace() and (unseen := look.misses(index)) != hidden:
            yield "".join(run), hidden
            run, hidden = [], unseen
        run.append("\n" if character == "\r" else "" if character == "\n" else character)
    yield "".join(run), hidden


class _Look:
    """What a person sees of the characters of one page, whatever its rotation and crop."""

    def __init__(self, page: pdfium.PdfPage, texts: pdfium.PdfTextPage) -> None:
        self._texts = texts
        width, height = page.get_size()
        scale = _SCALE if width * height * _SCALE**2 <= _MOST_PIXELS else (_MOST_PIXELS / (width * height)) ** 0.5
        shown = _rendered(page, scale)
        for text in page.get_objects(filter=[c.FPDF_PAGEOBJ_TEXT], max_depth=_MOST_DEPTH):
            c.FPDFPageObj_SetIsActive(text, 0)
        self._ground = _rendered(page, scale)
        self._ink = shown - self._ground
        self._at = _places(page, shown)
        self._drawn = lru_cache(maxsize=8)(self._drawn_in)
        self._rgba = tuple(c_uint() for _ in range(4))
        self._boxes = [texts.get_charbox(index, loose=True) for index in range(texts.count_chars())]
        self._told = _told_by_one(texts, self._boxes)

    def misses(self, index: int) -> bool:
        """Whether a character cannot be seen."""
        left, bottom, right, top = self._texts.get_charbox(index)
        if top <= bottom or right <= left:
            return False
        _, foot, _, head = self._boxes[index]  # as high as the font, whatever the letter
        text = c.FPDFText_GetTextObject(self._texts, index)
        mode = c.FPDFTextObj_GetTextRenderMode(text) if text else c.FPDF_TEXTRENDERMODE_FILL
        if head - foot < _SMALLEST or mode in _NO_INK or self._told[index] > _LIGATURE:
            return True
        (x, y), (x2, y2) = self._at(left, bottom), self._at(right, top)
        rows = slice(max(0, int(min(y, y2))), max(0, int(max(y, y2)) + 1))
        columns = slice(max(0, int(min(x, x2))), max(0, int(max(x, x2)) + 1))
        drawn = self._drawn(self._colour(index, stroked=mode == c.FPDF_TEXTRENDERMODE_STROKE))
        return not drawn[rows, columns].any()

    def _drawn_in(self, colour: int | None) -> npt.NDArray[np.bool_]:
        """Where text has changed the page towards a colour; towards any, when that cannot be told."""
        if colour is None:
            return np.asarray(np.abs(self._ink) >= _CONTRAST)
        towards = colour - self._ground
        darker = (self._ink <= -_CONTRAST) & (towards <= -_CONTRAST)
        return np.asarray(darker | ((self._ink >= _CONTRAST) & (towards >= _CONTRAST)))

    def _colour(self, index: int, *, stroked: bool) -> int | None:
        """How light the character's own colour is, 0 to 255; None when it cannot be told (a pattern)."""
        ask = c.FPDFText_GetStrokeColor if stroked else c.FPDFText_GetFillColor
        if not ask(self._texts, index, *self._rgba):
            return None
        red, green, blue, _ = (part.value for part in self._rgba)
        return round(0.3 * red + 0.59 * green + 0.11 * blue)


def _told_by_one(texts: pdfium.PdfTextPage, boxes: Sequence[Box]) -> list[int]:
    """For each character, how many stand for the same drawn letter, or for what the same ActualText replaces."""
    replaced: dict[int | None, bool] = {}

    def what(index: int) -> object:
        text = c.FPDFText_GetTextObject(texts, index)
        address = cast(text, c_void_p).value
        if address not in replaced:
            replaced[address] = bool(text) and _has_actual_text(text)
        return address if replaced[address] else boxes[index]

    groups = (list(group) for _, group in groupby(range(len(boxes)), key=what))
    return [len(group) for group in groups for _ in group]


def _has_actual_text(text: Any) -> bool:  # noqa: ANN401 - a pointer of PDFium
    length = c_ulong()
    marks = (c.FPDFPageObj_GetMark(text, number) for number in range(c.FPDFPageObj_CountMarks(text)))
    return any(c.FPDFPageObjMark_GetParamStringValue(mark, b"ActualText", None, 0, length) for mark in marks)


def _rendered(page: pdfium.PdfPage, scale: float) -> Pixels:
    drawn = page.render(scale=scale, grayscale=True, draw_annots=False).to_numpy()
    return np.asarray(drawn.reshape(drawn.shape[:2]), dtype=np.int16)


def _places(page: pdfium.PdfPage, shown: Pixels) -> Callable[[float, float], tuple[float, float]]:
    """The column and row of a point of the page."""
    height, width = shown.shape
    column, row = c_int(), c_int()

    def place(x: int, y: int) -> tuple[float, float]:
        c.FPDF_PageToDevice(page, 0, 0, width * _FINE, height * _FINE, 0, x, y, column, row)
        return column.value / _FINE, row.value / _FINE

    (left, top), (x_right, x_down), (y_right, y_down) = place(0, 0), place(_FINE, 0), place(0, _FINE)
    across, down = (x_right - left) / _FINE, (x_down - top) / _FINE
    along, up = (y_right - left) / _FINE, (y_down - top) / _FINE
    return lambda x, y: (left + x * across + y * along, top + x * down + y * up)
