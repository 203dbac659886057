"""PDF by PDFium: the text layer, each character compared with what the rendered page shows at its place.

Text that is white on white, behind a picture, beside the page, transparent or drawn with no ink leaves no mark where it
stands: whatever the trick, it is told by the same look. Print below `_SMALLEST` points counts as hidden as well.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as c

from connectors.files.page import Broken, Encrypted, Page

Pixels = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""Left, bottom, right, top of the page, in points."""

_SCALE: Final = 2.0
"""Pixels per point: fine enough that the smallest print that counts covers six pixels."""
_SMALLEST: Final = 3.0
"""Points. Nobody reads smaller print."""
_CONTRAST: Final = 40
"""Of 255. The darkest and the lightest pixel at a character must differ by this much (a hairline does)."""
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
    width, height = source.get_size()
    scale = _SCALE if width * height * _SCALE**2 <= _MOST_PIXELS else (_MOST_PIXELS / (width * height)) ** 0.5
    shown = source.render(scale=scale, grayscale=True, draw_annots=False).to_numpy().squeeze()
    page = Page()
    for text, hidden in _runs(source.get_textpage(), shown, scale, source.get_mediabox()):
        page.add(text, hidden=hidden)
    return page


def _runs(texts: pdfium.PdfTextPage, shown: Pixels, scale: float, box: Box) -> Iterator[tuple[str, bool]]:
    """Stretches of characters that are all visible or all hidden. Blanks go with what stands before them."""
    run: list[str] = []
    hidden = False
    for index in range(texts.count_chars()):
        character = chr(c.FPDFText_GetUnicode(texts, index) or 0xFFFD)
        if not character.isspace() and (unseen := _unseen(texts, index, shown, scale, box)) != hidden:
            yield "".join(run), hidden
            run, hidden = [], unseen
        run.append("\n" if character == "\r" else "" if character == "\n" else character)
    yield "".join(run), hidden


def _unseen(texts: pdfium.PdfTextPage, index: int, shown: Pixels, scale: float, box: Box) -> bool:
    left, bottom, right, top = texts.get_charbox(index)
    if top <= bottom or right <= left:
        return False
    _, foot, _, head = texts.get_charbox(index, loose=True)  # as high as the font, whatever the letter
    if head - foot < _SMALLEST:
        return True
    rows = slice(max(0, int((box[3] - top) * scale)), max(0, int((box[3] - bottom) * scale) + 1))
    columns = slice(max(0, int((left - box[0]) * scale)), max(0, int((right - box[0]) * scale) + 1))
    pixels = shown[rows, columns]
    return pixels.size == 0 or int(np.ptp(pixels)) < _CONTRAST
