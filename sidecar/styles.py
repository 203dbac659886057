"""Does CSS hide this element? Inline styles, old attributes and simple rules of the page's own style sheet. Pure.

Only what mail programs honour is read. What cannot be understood counts as visible, so that no customer's sentence
disappears because of its layout; the detectors in injection.py look at visible text all the same.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

Rgb = tuple[int, int, int]
WHITE: Final[Rgb] = (255, 255, 255)
FAINT: Final = 24
"""Text whose colour differs from its background by less in every channel (0 to 255) cannot be read."""

_HIDING: Final = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|opacity:0?\.?0*[;%]|opacity:0?\.?0*$|mso-hide:all"
    r"|clip:rect\((?:0|1px,1px)|clip-path:(?:inset\((?:50|100)%|circle\(0)|transform:(?:scale\(0[,)]|translate[xy]?\(-\d{3,})"
    r"|text-indent:-\d{3,}|margin(?:-left|-top)?:-\d{3,}|content-visibility:hidden|filter:opacity\(0|font:0)"
)
_ALMOST_CLEAR: Final = re.compile(r"(?:^|;)opacity:0?\.0\d")
_PLACED: Final = re.compile(r"position:(?:absolute|fixed)")
_FAR: Final = re.compile(r"(?:^|;)(?:left|top|right|bottom):-\d{3,}")
_CUT_OFF: Final = re.compile(r"overflow(?:-[xy])?:hidden")
_FLAT: Final = re.compile(r"(?:^|;)(?:max-)?(?:height|width):0(?:px|pt|em|%)?(?:;|$)")
_FONT_SIZE: Final = re.compile(r"(?:^|;)font-size:(\d{0,6}(?:\.\d{1,6})?)(px|pt|em|rem|%|)")
_COLOUR: Final = re.compile(r"(?:^|;)color:([^;]+)")
_BACKGROUND: Final = re.compile(r"(?:^|;)background(?:-color)?:([^;]+)")
_HEX: Final = re.compile(r"#(?:([0-9a-f]{3,4})|([0-9a-f]{6}(?:[0-9a-f]{2})?))\b")
_RGB: Final = re.compile(r"rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})(?:,(\d?\.?\d*))?\)")
_NAMED: Final[Mapping[str, Rgb]] = {
    "white": WHITE, "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245), "black": (0, 0, 0), "red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255),
    "gray": (128, 128, 128), "grey": (128, 128, 128), "silver": (192, 192, 192), "navy": (0, 0, 128),
    "yellow": (255, 255, 0), "orange": (255, 165, 0),
}  # fmt: skip
_READABLE: Final = {"px": 2.0, "pt": 2.0, "": 2.0, "em": 0.2, "rem": 0.2, "%": 15.0}
"""Smallest font size that a person can read, by unit."""
_SELECTOR: Final = re.compile(r"^[a-z0-9]*(?:[.#][\w-]+)?$")
_ESCAPE: Final = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
_CSS_COMMENT: Final = re.compile(r"/\*(?:[^*]|\*(?!/))*\*/")
_STYLE_LIMIT: Final = 4_000
"""Characters of the declarations of one element. Nobody writes more by chance: it counts as hidden."""
_SHEET_LIMIT: Final = 100_000
"""Characters of style sheets that are read."""


@dataclass(frozen=True, slots=True)
class Look:
    """How text inside an element looks: `gone` cannot be undone by a child; the rest is inherited or overridden."""

    gone: bool = False
    tiny: bool = False
    colour: Rgb | None = (0, 0, 0)
    paper: Rgb | None = WHITE
    transparent: bool = False

    @property
    def hidden(self) -> bool:
        """Whether a person cannot see it."""
        return self.gone or self.tiny or self.transparent or _faint(self.colour, self.paper)


class Styles:
    """The style sheets of one document, and the looks that they and inline styles make."""

    def __init__(self, sheets: str) -> None:
        self._rules = _rules(sheets[:_SHEET_LIMIT].lower())

    def look(self, tag: str, attributes: Mapping[str, str], around: Look) -> Look:
        """How an element looks inside an element that looks like `around`."""
        if not attributes and not self._rules:
            return around
        style = ";".join((*self._of_sheet(tag, attributes), _compact(attributes.get("style", ""))))
        if "hidden" in attributes or _is_gone(style):
            return Look(gone=True)
        if not style.strip(";") and attributes.keys().isdisjoint(("color", "bgcolor", "size")):
            return around
        size = _FONT_SIZE.search(style)
        colour, transparent = _ink(_last(_COLOUR, style) or attributes.get("color", "").lower(), around)
        return Look(
            gone=around.gone,
            tiny=_is_tiny(size) if size else around.tiny,
            colour=colour,
            paper=_paper(_last(_BACKGROUND, style) or attributes.get("bgcolor", "").lower(), around),
            transparent=transparent,
        )

    def _of_sheet(self, tag: str, attributes: Mapping[str, str]) -> Iterator[str]:
        if self._rules:
            names = ["", *(f".{name}" for name in attributes.get("class", "").lower().split())]
            names += [f"#{attributes['id'].lower()}"] if "id" in attributes else []
            keys = (f"{prefix}{name}" for name in names for prefix in (tag, "") if name or prefix)
            yield from (self._rules.get(key, "") for key in keys)


def _is_gone(style: str) -> bool:
    return bool(
        _HIDING.search(style)
        or _ALMOST_CLEAR.search(style)
        or (_FAR.search(style) and _PLACED.search(style))
        or (_FLAT.search(style) and _CUT_OFF.search(style))
    )


def _is_tiny(size: re.Match[str]) -> bool:
    return bool(size[1].strip(".")) and float(size[1]) < _READABLE[size[2]]


def _last(pattern: re.Pattern[str], style: str) -> str:
    found = pattern.findall(style)
    return str(found[-1]) if found else ""


def _ink(value: str, around: Look) -> tuple[Rgb | None, bool]:
    if not value or value == "inherit":
        return around.colour, around.transparent
    rgb, opaque = _rgb(value)
    return rgb, not opaque


def _paper(value: str, around: Look) -> Rgb | None:
    if not value:
        return around.paper
    rgb, opaque = _rgb(value)
    return rgb if opaque else around.paper


def _rgb(value: str) -> tuple[Rgb | None, bool]:
    """A colour (None: not understood) and whether it is opaque enough to be seen."""
    if value.startswith("transparent"):
        return None, False
    if found := _HEX.search(value):
        digits = found[2] or "".join(char * 2 for char in found[1])
        opaque = len(digits) <= 6 or int(digits[6:8], 16) >= FAINT  # noqa: PLR2004 - rrggbb, then alpha
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)), opaque
    if found := _RGB.search(value):
        opaque = found[4] is None or float((found[4].strip(".") and found[4]) or 0) > FAINT / 255
        return (int(found[1]), int(found[2]), int(found[3])), opaque
    return _NAMED.get(value.split("url(", maxsplit=1)[0].strip()), True


def _faint(ink: Rgb | None, paper: Rgb | None) -> bool:
    return ink is not None and paper is not None and all(abs(a - b) < FAINT for a, b in zip(ink, paper, strict=True))


def _compact(style: str) -> str:
    """Declarations as a browser understands them: no blanks, comments or escapes, in lower case."""
    if len(style) > _STYLE_LIMIT:
        return "display:none"
    if "\\" in style:
        style = _ESCAPE.sub(lambda found: chr(min(int(found[1], 16), 0xFFFF)), style)
    return re.sub(r"\s+", "", _CSS_COMMENT.sub("", style).lower()).replace("!important", "")


def _rules(sheet: str) -> dict[str, str]:
    """Selector -> declarations of the plain rules; those inside @media depend on the screen and are left out."""
    sheet = _CSS_COMMENT.sub("", sheet.replace("<!--", "").replace("-->", ""))
    depth, head, skipped = 0, "", False
    found: dict[str, str] = {}
    for part in re.split(r"([{}])", sheet):
        if part == "{":
            depth += 1
            skipped = skipped or head.lstrip().startswith("@")
        elif part == "}":
            depth = max(0, depth - 1)
            skipped = skipped and depth > 0
        elif depth == 1 and not skipped:
            for selector in head.split(","):
                name = selector.strip()
                if _SELECTOR.match(name) and len(found.get(name, "")) < _STYLE_LIMIT:
                    found[name] = f"{found.get(name, '')};{_compact(part)}"
        if part not in ("{", "}"):
            head = part
    return found
