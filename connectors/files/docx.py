"""Word files by python-docx: paragraphs and tables in reading order, with what Word would not show set apart.

A document has no pages until it is laid out; the breaks that its author set, and those that Word noted when it last
laid the document out, count.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import Any, Final

import docx
from docx.document import Document
from docx.oxml.ns import nsmap, qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from lxml import etree

from connectors.files.fonts import Fonts
from connectors.files.page import Broken, Encrypted, Page

MOST_BYTES: Final = 60_000_000
"""Unpacked size. python-docx opens the archive in memory."""
MOST_DEPTH: Final = 8
"""Tables inside tables."""
_OLE: Final = b"\xd0\xcf\x11\xe0"
"""An encrypted Word file is no archive but an OLE container (MS-OFFCRYPTO)."""
_RUNS: Final = etree.XPath(
    ".//w:r[not(ancestor::w:del or ancestor::w:moveFrom or ancestor::w:txbxContent)]", namespaces=nsmap
)


def read(data: bytes, most: int) -> tuple[list[str], bool]:
    """Pages as HTML, at most `most`; the second value says that there are more.

    Raises:
        Broken: no Word file, or one that unpacks to too much.
        Encrypted: it needs a password.
    """
    document = _open(data)
    fonts = Fonts(document)
    fields: list[bool] = []
    pages = [Page()]
    for paragraph in _paragraphs(document):
        for run in _runs(paragraph):
            hidden = _in_field_code(run, fields) or fonts.hide(run, paragraph)
            for text in _pieces(run):
                if text is None:
                    pages.append(Page())
                else:
                    pages[-1].add(text, hidden=hidden)
        pages[-1].add("\n")
        if len(pages) > most:
            return [page.html() for page in pages[:most]], True
    return [page.html() for page in pages], False


def _open(data: bytes) -> Document:
    if data.startswith(_OLE):
        raise Encrypted
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise Broken
        return docx.Document(io.BytesIO(data))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, etree.XMLSyntaxError, NotImplementedError):
        raise Broken from None


def _paragraphs(part: Any, depth: int = 0) -> Iterator[Paragraph]:  # noqa: ANN401 - a document or a table cell
    if depth > MOST_DEPTH:
        raise Broken
    for block in part.iter_inner_content():
        if isinstance(block, Paragraph):
            yield block
        elif isinstance(block, Table):
            for row in block.rows:
                for cell in row.cells:
                    yield from _paragraphs(cell, depth + 1)


def _runs(paragraph: Paragraph) -> list[Run]:
    """The runs of a paragraph, those of links and accepted or open insertions too; not what was deleted."""
    return [Run(run, paragraph) for run in _RUNS(paragraph._p)]  # noqa: SLF001 - python-docx skips those in links


def _in_field_code(run: Run, fields: list[bool]) -> bool:
    """Whether a run is part of a field's code, which Word does not show; its result is shown.

    `fields` are those that are open, the outermost first: True while their code lasts.
    """
    for mark in run._r.iterchildren(qn("w:fldChar")):  # noqa: SLF001 - python-docx knows no fields
        kind = mark.get(qn("w:fldCharType"))
        if kind == "begin":
            fields.append(True)
        elif fields and kind == "separate":
            fields[-1] = False
        elif fields and kind == "end":
            fields.pop()
    return any(fields)


def _pieces(run: Run) -> Iterator[str | None]:
    """The texts of a run; None where a new page begins."""
    for child in run._r.iterchildren():  # noqa: SLF001 - python-docx offers no view of breaks in order
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag == qn("w:tab"):
            yield "\t"
        elif child.tag == qn("w:lastRenderedPageBreak") or (
            child.tag == qn("w:br") and child.get(qn("w:type")) == "page"
        ):
            yield None
        elif child.tag in (qn("w:br"), qn("w:cr")):
            yield "\n"
