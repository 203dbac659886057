"""Does CSS hide this element? Inline styles, old attributes and simple rules of the page's own style sheet. Pure.

Only what mail programs honour is read. What cannot be understood counts as visible, so that no customer's sentence
disappears because of its layout; the detectors in injection.py look at visible text all the same.
"""

import colorsys
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Rgb = tuple[int, int, int]
WHITE: Final[Rgb] = (255, 255, 255)
FAINT: Final = 24
"""Text whose colour differs from its background by less in every channel (0 to 255) cannot be read."""

_HIDING: Final = re.compile(
    r"(?:^|;)(?:opacity:0?\.?0*(?:[;%]|$)|opacity:0?\.0\d|mso-hide:all|clip:rect\((?:0|1px[, ]1px)"
    r"|clip-path:(?:inset\((?:50|100)%|circle\(0)|transform:(?:scale\(0[,)]|translate[xy]?\(-\d{3,})"
    r"|text-indent:-\d{3,}|margin(?:-left|-top)?:-\d{3,}|content-visibility:hidden|filter:opacity\(0|zoom:0(?:[;%]|$))"
)
_DISPLAY: Final = re.compile(
    r"(?:^|;)display:(none|block|inline|inline-block|table|table-row|table-cell|flex|grid)(?=;|$)"
)
_VISIBILITY: Final = re.compile(r"(?:^|;)visibility:(hidden|collapse|visible)(?=;|$)")
_PLACED: Final = re.compile(r"position:(?:absolute|fixed)")
_FAR: Final = re.compile(r"(?:^|;)(?:left|top|right|bottom):-(?:\d{3,}|\d\d(?:\.\d*)?(?:r?em|v[hw]|in|cm))")
_CUT_OFF: Final = re.compile(r"overflow(?:-[xy])?:hidden")
_FLAT: Final = re.compile(r"(?:^|;)(?:max-)?(?:height|width):(?:0(?:px|pt|em|%)?|1p[xt])(?:;|$)")
_FONT_SIZE: Final = re.compile(
    r"(?:^|;)font(?:-size:|:(?:(?:[a-z-]+|[1-9]00) )*)(\d{0,6}(?:\.\d{1,6})?)([a-z]{2,4}|%|)(?![\w.-])"
)
_COLOUR: Final = re.compile(r"(?:^|;)color:([^;]+)")
_BACKGROUND: Final = re.compile(r"(?:^|;)background(?:-color)?:([^;]+)")
_IMAGE: Final = re.compile(r"(?:^|;)background-image:(?!none)")
_NO_COLOUR: Final = re.compile(r"none|inherit|initial|unset|transparent|0(?![\w.])")
_HEX: Final = re.compile(r"#(?:([0-9a-f]{6}(?:[0-9a-f]{2})?)|([0-9a-f]{3,4}))\b")
_BARE_HEX: Final = re.compile(r"[0-9a-f]{6}")
_FUNCTION: Final = re.compile(r"(rgb|hsl)a?\(([^()]{0,60})\)")
_PARTS: Final = re.compile(r"[ ,/]+")
_NUMBER: Final = re.compile(r"(\d{1,4}(?:\.\d{0,6})?|\.\d{1,6})(%|deg)?")
_NAMED: Final[Mapping[str, Rgb]] = {
    "white": WHITE, "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245), "floralwhite": (255, 250, 240), "azure": (240, 255, 255),
    "mintcream": (245, 255, 250), "aliceblue": (240, 248, 255), "seashell": (255, 245, 238),
    "honeydew": (240, 255, 240), "lavenderblush": (255, 240, 245), "black": (0, 0, 0), "red": (255, 0, 0),
    "green": (0, 128, 0), "blue": (0, 0, 255), "gray": (128, 128, 128), "grey": (128, 128, 128),
    "silver": (192, 192, 192), "navy": (0, 0, 128), "yellow": (255, 255, 0), "orange": (255, 165, 0),
}  # fmt: skip
_RGB_DIGITS: Final = 6
_RELATIVE: Final = frozenset({"em", "%"})
_READABLE: Final[Mapping[str, float]] = {"px": 2.0, "pt": 2.0, "": 2.0, "em": 0.2, "rem": 0.2, "%": 15.0}
"""Smallest font size that a person can read, by unit."""
_READABLE_ELSE: Final = 0.1
_MAIL_PROGRAMS: Final = ("mso", "gmail", "moz", "apple", "yiv", "x_mso", "ydp")
"""How the classes begin that mail programs write; none of these colours a background."""
_SELECTOR: Final = re.compile(r"^[a-z0-9]*(?:[.#][\w-]+)?$")
_LAST_NAMES: Final = re.compile(r"[.#][\w-]+(?=[^\s>+~]*$)|^[a-z0-9]+$|(?<=[\s>+~])[a-z0-9]+$")
_ESCAPE: Final = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
_CSS_COMMENT: Final = re.compile(r"/\*(?:[^*]|\*(?!/))*\*/")
_AROUND_MARKS: Final = re.compile(r" ?([:;,()/]) ?")
_STYLE_LIMIT: Final = 4_000
"""Characters of the declarations of one element. Nobody writes more by chance: it counts as hidden."""
_SHEET_LIMIT: Final = 100_000
"""Characters of style sheets that are read."""
_CLASSES: Final = 20
"""Classes of one element that are looked up."""
_SELECTORS: Final = 200
"""Selectors of one rule that are read."""
_BUDGET: Final = 2_000_000
"""Characters of rules applied in one document, far more than a mail has. Beyond, only inline styles count."""


@dataclass(frozen=True, slots=True)
class Look:
    """How text inside an element looks. A child cannot undo `gone`; the rest it inherits or overrides.

    A colour that is not known is None, and text on or in it counts as readable.
    """

    gone: bool = False
    veiled: bool = False
    tiny: bool = False
    colour: Rgb | None = (0, 0, 0)
    paper: Rgb | None = WHITE
    transparent: bool = False

    @property
    def hidden(self) -> bool:
        """Whether a person cannot see it."""
        return self.gone or self.veiled or self.tiny or self.transparent or _faint(self.colour, self.paper)


class Styles:
    """The style sheets of one document, and the looks that they and inline styles make."""

    def __init__(self, sheets: str) -> None:
        self._none = not sheets.strip()
        self._rules, self._unread = _rules(sheets[:_SHEET_LIMIT].lower())
        self._budget = _BUDGET

    def look(self, tag: str, attributes: Mapping[str, str], around: Look) -> Look:
        """How an element looks inside an element that looks like `around`."""
        if around.gone or (not attributes and not self._rules and not self._unread):
            return around
        keys = _keys(tag, attributes)
        applied = ";".join(filter(None, (self._rules.get(key) for key in keys)))
        unread = ";".join(filter(None, (self._unread.get(key) for key in keys)))
        self._budget -= len(applied) + len(unread)
        if self._budget < 0:
            self._rules, self._unread, applied, unread = {}, {}, "", ""
        style = f"{applied};{_compact(attributes.get('style', ''))}"
        if "hidden" in attributes or _is_gone(style):
            return Look(gone=True)
        visibility = _last(_VISIBILITY, style)
        colour, transparent = _ink(_last(_COLOUR, style) or _old(attributes, "color", "text"), around)
        return Look(
            veiled=visibility != "visible" if visibility else around.veiled,
            tiny=_is_tiny(style, unread, attributes, around),
            colour=None if "color:" in unread and not _COLOUR.search(style) else colour,
            paper=self._paper(style, unread, attributes, around),
            transparent=transparent,
        )

    def _paper(self, style: str, unread: str, attributes: Mapping[str, str], around: Look) -> Rgb | None:
        value = _last(_BACKGROUND, style) or _old(attributes, "bgcolor")
        if value and not _NO_COLOUR.match(value):
            rgb, opaque = _rgb(value)
            return rgb if opaque else around.paper
        unknown = "background" in unread or "background" in attributes or _IMAGE.search(style)
        if unknown or (self._none and _has_own_class(attributes)):
            return None
        return around.paper


def _keys(tag: str, attributes: Mapping[str, str]) -> list[str]:
    """The selectors that name an element, the weakest first."""
    names = [f".{name}" for name in dict.fromkeys(attributes.get("class", "").lower().split()[:_CLASSES])]
    names += [f"#{attributes['id'].lower()}"] if "id" in attributes else []
    return [tag, *(f"{prefix}{name}" for name in names for prefix in ("", tag))]


def _has_own_class(attributes: Mapping[str, str]) -> bool:
    """Whether a class speaks of a style sheet, which a CRM may have removed from the document."""
    return any(not name.startswith(_MAIL_PROGRAMS) for name in attributes.get("class", "").lower().split())


def _is_gone(style: str) -> bool:
    return bool(
        _HIDING.search(style)
        or _last(_DISPLAY, style) == "none"
        or (_FAR.search(style) and _PLACED.search(style))
        or (_FLAT.search(style) and _CUT_OFF.search(style))
    )


def _is_tiny(style: str, unread: str, attributes: Mapping[str, str], around: Look) -> bool:
    sizes = _FONT_SIZE.findall(style)
    if not sizes:
        return around.tiny and "font" not in unread and "size" not in attributes
    size, unit = sizes[-1]
    if around.tiny and unit in _RELATIVE:
        return True
    return bool(size.strip(".")) and float(size) < _READABLE.get(unit, _READABLE_ELSE)


def _last(pattern: re.Pattern[str], style: str) -> str:
    found = pattern.findall(style)
    return str(found[-1]) if found else ""


def _old(attributes: Mapping[str, str], *names: str) -> str:
    """A colour in the first of these attributes of HTML 3; its # may be missing."""
    value = next((attributes[name].strip().lower() for name in names if name in attributes), "")
    return f"#{value}" if _BARE_HEX.fullmatch(value) else value


def _ink(value: str, around: Look) -> tuple[Rgb | None, bool]:
    if not value or value in ("inherit", "currentcolor"):
        return around.colour, around.transparent
    rgb, opaque = _rgb(value)
    return rgb, not opaque


def _rgb(value: str) -> tuple[Rgb | None, bool]:
    """A colour (None: not understood) and whether it is opaque enough to be seen."""
    if value.startswith("transparent"):
        return None, False
    if found := _HEX.search(value):
        digits = found[1] or "".join(char * 2 for char in found[2])
        opaque = len(digits) <= _RGB_DIGITS or int(digits[6:8], 16) >= FAINT
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)), opaque
    if found := _FUNCTION.search(value):
        return _mixed(found[1], [_NUMBER.fullmatch(part) for part in _PARTS.split(found[2].strip())])
    return _NAMED.get(value.split("url(", maxsplit=1)[0].strip()), True


def _mixed(kind: str, parts: list[re.Match[str] | None]) -> tuple[Rgb | None, bool]:
    """The colour of rgb(…) and hsl(…), with or without a share of opacity as the fourth number."""
    numbers = [float(part[1]) / 100 if part[2] == "%" else float(part[1]) for part in parts if part]
    if len(numbers) != len(parts) or len(numbers) not in (3, 4):
        return None, True
    first, second, third = numbers[:3]
    if kind == "hsl":
        shares: Sequence[float] = colorsys.hls_to_rgb(first / 360, min(third, 1.0), min(second, 1.0))
    else:
        shares = tuple(n if part and part[2] else n / 255 for n, part in zip(numbers[:3], parts, strict=False))
    red, green, blue = (min(255, max(0, round(share * 255))) for share in shares)
    return (red, green, blue), len(numbers) == len("rgb") or numbers[3] > FAINT / 255


def _faint(ink: Rgb | None, paper: Rgb | None) -> bool:
    return ink is not None and paper is not None and all(abs(a - b) < FAINT for a, b in zip(ink, paper, strict=True))


def _compact(style: str) -> str:
    """Declarations as a browser understands them: no comments, escapes or needless blanks, in lower case."""
    if len(style) > _STYLE_LIMIT:
        return "display:none"
    if "\\" in style:
        style = _ESCAPE.sub(lambda found: chr(min(int(found[1], 16), 0xFFFF)), style)
    if "/*" in style:
        style = _CSS_COMMENT.sub("", style)
    style = _AROUND_MARKS.sub(r"\1", " ".join(style.lower().split()))
    return re.sub(r" ?! ?important", "", style) if "!" in style else style


def _rules(sheet: str) -> tuple[dict[str, str], dict[str, str]]:
    """Selector -> declarations of the plain rules, and name -> declarations of the others.

    The others are those inside @media, which depend on the screen, and those that depend on what is around an element.
    """
    sheet = _CSS_COMMENT.sub("", sheet.replace("<!--", "").replace("-->", ""))
    depth, head, skipped = 0, "", False
    found: dict[str, str] = {}
    unread: dict[str, str] = {}
    for part in re.split(r"([{}])", sheet):
        if part == "{":
            depth += 1
            skipped = skipped or head.lstrip().startswith("@")
        elif part == "}":
            depth = max(0, depth - 1)
            skipped = skipped and depth > 0
        elif depth and part.strip():
            _add(head, _compact(part), unread if skipped else found, unread)
        if part not in ("{", "}"):
            head = part
    return found, unread


def _add(selectors: str, declarations: str, plain: dict[str, str], unread: dict[str, str]) -> None:
    for selector in selectors.split(",")[:_SELECTORS]:
        name = selector.strip()
        if _SELECTOR.match(name):
            names, rules = [name], plain
        else:
            names, rules = _LAST_NAMES.findall(name[-100:]), unread
        for key in names:
            if len(rules.get(key, "")) < _STYLE_LIMIT:
                rules[key] = f"{rules.get(key, '')};{declarations}"
