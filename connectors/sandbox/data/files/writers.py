"""Chooses the writer by the file's ending; text and HTML are written here."""

import base64
from collections.abc import Callable, Mapping
from html import escape
from typing import Final

from connectors.sandbox.data.files.sheet import Sheet, Trick
from connectors.sandbox.data.hostile import zero_width

_PICTURE: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAEFAQFZbmVlAAAAAElFTkSuQmCC"
)
"""A photograph, of one pixel."""

_KEPT: Final = 0.6
"""How much of a file arrives when a mail server cuts it off."""


def write(name: str, sheet: Sheet, broken: str = "") -> bytes:
    """The bytes of the file `name`, the same at every call. `broken` is "cut", "picture" or "".

    Raises:
        LookupError: there is no writer for its ending, or no such disguise in its format.
    """
    if broken == "picture":
        return _PICTURE
    data = _WRITERS[name.rpartition(".")[2]](sheet)
    return data[: int(len(data) * _KEPT)] if broken == "cut" else data


def _text(sheet: Sheet) -> bytes:
    lines = [line for page in sheet.pages for line in page]
    lines += [_TEXT_TRICKS[trick.disguise](trick.text) for trick in sheet.tricks]
    return "\n".join((*lines, "")).encode()


def _html(sheet: Sheet) -> bytes:
    parts = [f"<p>{escape(line, quote=False)}</p>" for page in sheet.pages for line in page]
    for place, trick in enumerate(sheet.tricks):
        parts.insert(1 + 2 * place, _markup(trick))
    head = f'<meta charset="utf-8"><title>{escape(sheet.title)}</title>'
    body = "\n".join(parts)
    return f"<!DOCTYPE html>\n<html><head>{head}</head>\n<body>\n{body}\n</body></html>\n".encode()


def _markup(trick: Trick) -> str:
    return _HTML_TRICKS[trick.disguise].replace("{text}", escape(trick.text, quote=False))


def _pdf(sheet: Sheet) -> bytes:
    from connectors.sandbox.data.files import pdf  # noqa: PLC0415 - loads reportlab, which few users of the data need

    return pdf.write(sheet)


def _docx(sheet: Sheet) -> bytes:
    from connectors.sandbox.data.files import word  # noqa: PLC0415 - loads python-docx, as above

    return word.write(sheet)


_TEXT_TRICKS: Final[Mapping[str, Callable[[str], str]]] = {"txt_zero_width": zero_width}
_HTML_TRICKS: Final[Mapping[str, str]] = {
    "html_display_none": '<div style="display:none">{text}</div>',
    "html_comment": "<!-- {text} -->",
    "html_font_zero": '<span style="font-size:0px">{text}</span>',
    "html_off_screen": '<div style="position:absolute;left:-9999px">{text}</div>',
    "html_white": '<p style="color:#ffffff;background-color:#ffffff">{text}</p>',
}
_WRITERS: Final[Mapping[str, Callable[[Sheet], bytes]]] = {"txt": _text, "html": _html, "pdf": _pdf, "docx": _docx}
