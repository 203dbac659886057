"""Text and HTML files. HTML stays as it is: the sidecar's own sanitiser knows what a browser would show."""

import codecs
import re
from typing import Final

from connectors.files.page import Broken, Page

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED: Final = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{2,40})", re.IGNORECASE)
_OF_THE_WEB: Final = re.compile(
    r"utf-?8|us-ascii|latin-?1|iso-?8859-\d{1,2}|(?:windows-|cp)125\d|koi8-[ru]|gb(?:k|2312|18030)|big5(?:-hkscs)?"
    r"|shift[_-]jis|euc-(?:jp|kr)|iso-2022-jp",
    re.IGNORECASE,
)
"""What browsers read. Python knows more, such as UTF-7, in which a person would see other characters than we."""
_HEAD: Final = 2_048
_BINARY: Final = b"\x00"


def read_text(data: bytes, most: int) -> tuple[list[str], bool]:
    """A page for each form feed, at most `most`; the second value says that there are more."""
    pages = []
    texts = _decoded(data, "").split("\f")
    for text in texts[:most]:
        page = Page()
        page.add(text.replace("\r\n", "\n").replace("\r", "\n"))
        pages.append(page.html())
    return pages, len(texts) > most


def read_html(data: bytes, _most: int) -> tuple[list[str], bool]:
    """One page, in the encoding that the file names. A form feed is a blank in HTML; for us it would end the page."""
    declared = _DECLARED.search(data[:_HEAD])
    name = declared[1].decode("ascii") if declared else ""
    return [_decoded(data, name if _OF_THE_WEB.fullmatch(name) else "").replace("\f", " ")], False


def _decoded(data: bytes, declared: str) -> str:
    """By the byte order mark, then as declared, then UTF-8, then Windows-1252, in which nothing is wrong."""
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "")
    if not encoding and _BINARY in data[:_HEAD]:
        raise Broken
    for name in filter(None, (encoding, declared, "utf-8")):
        try:
            return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode("cp1252", "replace")
