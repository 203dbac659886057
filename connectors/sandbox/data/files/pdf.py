"""PDF by reportlab, without dates or random ids, so that the same sheet gives the same bytes."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from connectors.sandbox.data.files.sheet import Sheet

_FONT, _SIZE, _LEADING, _MARGIN = "Helvetica", 11, 16, 60
_TINY, _NO_INK = 0.4, 3
_WIDTH, _HEIGHT = A4
_HIDDEN_AT: Final = 120
"""Points above the lower edge of the page where hidden text stands."""


def write(sheet: Sheet) -> bytes:
    """The sheet as a PDF of A4 pages, its text in a standard font."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setTitle(sheet.title)
    canvas.setAuthor("")
    for number, paragraphs in enumerate(sheet.pages, 1):
        _visible(canvas, paragraphs)
        for place, trick in enumerate(sheet.hidden_on(number)):
            canvas.saveState()
            _TRICKS[trick.disguise](canvas, trick.text, _HIDDEN_AT - place * _LEADING)
            canvas.restoreState()
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _visible(canvas: Canvas, paragraphs: Sequence[str]) -> None:
    at = _HEIGHT - _MARGIN
    canvas.setFont(_FONT, _SIZE)
    for paragraph in paragraphs:
        for line in simpleSplit(paragraph, _FONT, _SIZE, _WIDTH - 2 * _MARGIN):
            canvas.drawString(_MARGIN, at, line)
            at -= _LEADING
        at -= _LEADING / 2


def _white(canvas: Canvas, text: str, at: float) -> None:
    canvas.setFillColorRGB(1, 1, 1)
    canvas.setFont(_FONT, _SIZE)
    canvas.drawString(_MARGIN, at, text)


def _tiny(canvas: Canvas, text: str, at: float) -> None:
    canvas.setFont(_FONT, _TINY)
    canvas.drawString(_MARGIN, at, text)


def _off_page(canvas: Canvas, text: str, at: float) -> None:
    canvas.setFont(_FONT, _SIZE)
    canvas.drawString(-2 * _WIDTH, at, text)


def _invisible(canvas: Canvas, text: str, at: float) -> None:
    line = canvas.beginText(_MARGIN, at)
    line.setFont(_FONT, _SIZE)
    line.setTextRenderMode(_NO_INK)
    line.textOut(text)
    canvas.drawText(line)


def _covered(canvas: Canvas, text: str, at: float) -> None:
    canvas.setFont(_FONT, _SIZE)
    canvas.drawString(_MARGIN, at, text)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.rect(_MARGIN - 2, at - 4, _WIDTH - 2 * _MARGIN + 4, _LEADING, stroke=0, fill=1)


_TRICKS: Final[Mapping[str, Callable[[Canvas, str, float], None]]] = {
    "pdf_white": _white,
    "pdf_tiny": _tiny,
    "pdf_off_page": _off_page,
    "pdf_invisible": _invisible,
    "pdf_covered": _covered,
}
