"""What Word would not show of a run: vanished, too small, squeezed flat, or in the colour of what it stands on."""

from collections.abc import Iterator
from typing import Any, Final

from docx.document import Document
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from docx.text.run import Run

_SMALLEST: Final = 3.0
"""Points. Nobody reads smaller print."""
_NARROWEST: Final = 10
"""Per cent of a letter's width."""
_CONTRAST: Final = 26
"""Of 255. Letters and ground must differ by this much in red, green or blue."""
_WHITE: Final = (255, 255, 255)
_BLACK: Final = (0, 0, 0)
_THEME: Final = {
    **dict.fromkeys(("background1", "light1"), _WHITE),
    **dict.fromkeys(("text1", "dark1"), _BLACK),
}
"""Colours that nearly every theme has; Word takes them before the value beside them."""
_MARKERS: Final = {
    "black": _BLACK, "white": _WHITE, "yellow": (255, 255, 0), "green": (0, 255, 0), "cyan": (0, 255, 255),
    "magenta": (255, 0, 255), "blue": (0, 0, 255), "red": (255, 0, 0), "darkBlue": (0, 0, 128),
    "darkCyan": (0, 128, 128), "darkGreen": (0, 128, 0), "darkMagenta": (128, 0, 128), "darkRed": (128, 0, 0),
    "darkYellow": (128, 128, 0), "darkGray": (128, 128, 128), "lightGray": (192, 192, 192),
}  # fmt: skip
_OFF: Final = frozenset({"0", "false", "off"})

Colour = tuple[int, ...]
Element = Any
"""An lxml element of a Word file."""


class Fonts:
    """How the runs of one document look: by their own properties, then by styles, then by the document's defaults."""

    def __init__(self, document: Document) -> None:
        root = document.styles.element
        self._styles = {style.get(qn("w:styleId")): style for style in root.iter(qn("w:style"))}
        self._default = next(
            (
                id_
                for id_, style in self._styles.items()
                if style.get(qn("w:type")) == "paragraph" and style.get(qn("w:default")) in {"1", "true", "on"}
            ),
            None,
        )
        self._defaults = list(root.iterfind(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}"))
        self._chains: dict[str | None, list[Element]] = {}

    def hide(self, run: Run, paragraph: Paragraph) -> bool:
        """Whether nobody would see this run."""
        own = run._r.find(qn("w:rPr"))  # noqa: SLF001 - python-docx does not resolve styles
        about = paragraph._p.find(qn("w:pPr"))  # noqa: SLF001 - as above
        by_run = self._chain(_value(own, "w:rStyle"))
        by_paragraph = self._chain(_value(about, "w:pStyle") or self._default)
        levels = [*([] if own is None else [own]), *by_run, *by_paragraph, *self._defaults]
        if any(_first(levels, name, "1") not in {*_OFF, ""} for name in ("w:vanish", "w:specVanish")):
            return True
        if any(_is_on(row, "w:trPr", "w:hidden") for row in paragraph._p.iterancestors(qn("w:tr"))):  # noqa: SLF001
            return True
        if _number(_first(levels, "w:sz"), 22) / 2 < _SMALLEST or _number(_first(levels, "w:w"), 100) < _NARROWEST:
            return True
        ground = _ground(levels, about, paragraph)
        colour = _colour(next((each for each in _all(levels, "w:color")), None))
        if colour is None:  # automatic: black on light ground, white on dark
            return False
        return max(abs(part - under) for part, under in zip(colour, ground, strict=True)) < _CONTRAST

    def _chain(self, style: str | None) -> list[Element]:
        """The run properties of a style and of those that it is based on, nearest first."""
        if style not in self._chains:
            found: list[Element] = []
            seen: set[str | None] = set()
            following = style
            while following in self._styles and following not in seen:
                seen.add(following)
                element = self._styles[following]
                found += element.findall(qn("w:rPr"))
                following = _value(element, "w:basedOn")
            self._chains[style] = found
        return self._chains[style]


def _all(levels: list[Element], name: str) -> Iterator[Element]:
    return (found for level in levels if (found := level.find(qn(name))) is not None)


def _first(levels: list[Element], name: str, bare: str = "") -> str:
    """The value of the nearest element of this name; `bare` when it has none, empty when there is no such element."""
    return next((found.get(qn("w:val"), bare) for found in _all(levels, name)), "")


def _value(element: Element | None, name: str) -> str | None:
    found = None if element is None else element.find(qn(name))
    return None if found is None else found.get(qn("w:val"))


def _is_on(element: Element, *path: str) -> bool:
    found = element.find("/".join(qn(name) for name in path))
    return found is not None and found.get(qn("w:val"), "1") not in _OFF


def _number(value: str, otherwise: float) -> float:
    try:
        return float(value.removesuffix("%") or otherwise)
    except ValueError:
        return otherwise


def _colour(element: Element | None, value: str = "w:val", theme: str = "w:themeColor") -> Colour | None:
    """None for an automatic colour, or one that only the theme knows."""
    if element is None:
        return None
    if named := element.get(qn(theme)):
        return _THEME.get(named, _hex(element.get(qn(value), "")))
    return _hex(element.get(qn(value), ""))


def _hex(value: str) -> Colour | None:
    try:
        return tuple(bytes.fromhex(value)) if len(value) == len("rrggbb") else None
    except ValueError:
        return None


def _ground(levels: list[Element], about: Element | None, paragraph: Paragraph) -> Colour:
    """What a run stands on: its own marker or shading, its paragraph's, its table cell's, else white paper."""
    if marker := _MARKERS.get(_first(levels, "w:highlight")):
        return marker
    cells = [cell.find(qn("w:tcPr")) for cell in paragraph._p.iterancestors(qn("w:tc"))]  # noqa: SLF001 - as above
    for each in (*levels, about, *cells):
        shading = None if each is None else each.find(qn("w:shd"))
        colour = _colour(shading, "w:fill", "w:themeFill")
        if colour is not None:
            return colour
    return _WHITE
