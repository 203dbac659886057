"""Word documents by python-docx, repacked with fixed dates, so that the same sheet gives the same bytes."""

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from docx import Document
from docx.enum.text import WD_BREAK
from docx.shared import Pt, RGBColor
from docx.text.run import Run

from connectors.sandbox.data.files.sheet import Sheet

_WRITTEN: Final = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
_ZIP_DATE: Final = (2026, 11, 1, 9, 0, 0)
_TINY: Final = 0.5


def write(sheet: Sheet) -> bytes:
    """The sheet as a .docx, one hard page break between two pages."""
    document = Document()
    about = document.core_properties
    about.title, about.author, about.last_modified_by = sheet.title, "", ""
    about.created = about.modified = _WRITTEN
    for number, paragraphs in enumerate(sheet.pages, 1):
        if number > 1:
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        for paragraph in paragraphs:
            document.add_paragraph(paragraph)
        for trick in sheet.hidden_on(number):
            _TRICKS[trick.disguise](document.add_paragraph().add_run(trick.text))
    out = io.BytesIO()
    document.save(out)
    return _repacked(out.getvalue())


def _repacked(data: bytes) -> bytes:
    """The same archive without the time at which it was written."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            dated = zipfile.ZipInfo(item.filename, _ZIP_DATE)
            dated.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(dated, old.read(item))
    return out.getvalue()


def _vanish(run: Run) -> None:
    run.font.hidden = True


def _white(run: Run) -> None:
    run.font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)


def _tiny(run: Run) -> None:
    run.font.size = Pt(_TINY)


_TRICKS: Final[Mapping[str, Callable[[Run], None]]] = {
    "docx_vanish": _vanish,
    "docx_white": _white,
    "docx_tiny": _tiny,
}
