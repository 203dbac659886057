"""Does a style make an element invisible? Inline declarations, old attributes, and plain rules of a style sheet. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

_HIDING: Final = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|(?:^|;)opacity:0?\.?0*(?:;|$)|(?:^|;)opacity:0?\.0\d"
    r"|content-visibility:hidden"
    r"|font-size:0*[01]?(?:\.\d+)?(?:px|pt|em|rem|%)?(?:;|$)|font:0|(?:^|;)line-height:0(?:px)?(?:;|$)"
    r"|(?:left|right|top|bottom|text-indent|margin-left|margin-top|margin):-\d{3,}|translate[xy]?\(-\d{3,}"
    r"|max-(?:height|width):0(?:px)?(?:;|$)|(?:^|;)(?:height|width):[01](?:px)?(?:;|$).*overflow:hidden"
    r"|overflow:hidden.*(?:^|;)(?:height|width):[01](?:px)?(?:;|$)|(?:^|;)(?:height|width):0(?:px)?(?:;|$)"
    r"|clip:rect\(0|clip:rect\(1px,1px|clip-path:(?:inset\((?:50|100)%|circle\(0|polygon\(00)|transform:scale\(0"
    r"|mso-hide:all"
    r"|filter:opacity\(0|z-index:-\d{3,}"
)
_COLOUR: Final = re.compile(r"(?:^|;)(?:-webkit-text-fill-)?color:([^;]+)")
_BACKGROUND: Final = re.compile(r"(?:^|;)background(?:-color)?:([^;]+)")
_NEAR: Final = 0xF4
"""A colour whose channels all reach this cannot be read on white paper."""
_NAMED: Final = frozenset(
    {"white", "snow", "ivory", "ghostwhite", "whitesmoke", "floralwhite", "mintcream", "azure", "transparent"}
)
_EM: Final = re.compile(r"font-size:0?\.0\d+(?:em|rem)")
_RULE_LIMIT: Final = 2_000
_SIMPLE: Final = re.compile(r"([a-z][a-z0-9]*)?(?:([.#])([a-z0-9_-]+))?", re.IGNORECASE)


def hides(attributes: Mapping[str, str]) -> bool:
    """Whether an element with these attributes shows nothing: `style`, `color`, `bgcolor` and `size` are looked at."""
    style = normalised(attributes.get("style", ""))
    if style and (_HIDING.search(style) or _EM.search(style)):
        return True
    colour = _COLOUR.search(style)
    shown = colour[1] if colour else attributes.get("color", "").lower()
    behind = _BACKGROUND.search(style)
    paper = behind[1] if behind else attributes.get("bgcolor", "white").lower()
    return bool(shown) and (_same(shown, paper) or shown == "transparent" or _alpha_zero(shown))


def normalised(style: str) -> str:
    """Declarations without what a browser ignores: case, blanks, comments, escapes, "!important"."""
    if "/*" in style:
        style = re.sub(r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/", "", style)
    if "\\" in style:
        style = re.sub(r"\\([0-9a-fA-F]{1,6})\s?", lambda found: chr(min(int(found[1], 16), 0x10FFFF)), style)
    return re.sub(r"\s+", "", style).lower().replace("!important", "")


class HiddenSelectors:
    """The simple selectors of a message's style sheets that hide what they match: "p", ".x", "p.x", "#x"."""

    def __init__(self, sheets: Sequence[str]) -> None:
        self._rules: set[tuple[str, str, str]] = set()
        for sheet in sheets:
            for selector, body in _rules(sheet):
                if _HIDING.search(normalised(body)):
                    self._rules.update(filter(None, map(_simple, selector.split(","))))

    def match(self, name: str, classes: str, id_: str) -> bool:
        """Whether an element is hidden by a rule."""
        if not self._rules:
            return False
        keys = [("", ""), *((".", each) for each in classes.split()), *([("#", id_)] if id_ else [])]
        return any((tag, *key) in self._rules for tag in ("", name) for key in keys if tag or key[0])


def _rules(sheet: str) -> list[tuple[str, str]]:
    """The rules at the top level of a sheet: selector and declarations. What stands inside an @-rule is left out."""
    rules: list[tuple[str, str]] = []
    depth, start, opened = 0, 0, 0
    sheet = sheet.replace("<!--", "").replace("-->", "")
    for brace in re.finditer(r"[{}]", sheet):
        if brace.group() == "{":
            if depth == 0:
                opened = brace.start()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                selector = sheet[start:opened].strip()
                if not selector.startswith("@") and len(rules) < _RULE_LIMIT:
                    rules.append((selector, sheet[opened + 1 : brace.start()]))
                start = brace.end()
    return rules


def _simple(selector: str) -> tuple[str, str, str] | None:
    found = _SIMPLE.fullmatch(selector.strip())
    if not found or not any(found.groups()):
        return None
    return (found[1] or "").lower(), found[2] or "", found[3] or ""


def _same(one: str, other: str) -> bool:
    return one == other or (_is_white(one) and _is_white(other))


def _is_white(colour: str) -> bool:
    if colour in _NAMED:
        return True
    if hexadecimal := re.fullmatch(r"#?([0-9a-f]{3}|[0-9a-f]{6})(?:[0-9a-f]{1,2})?", colour):
        digits = hexadecimal[1] if len(hexadecimal[1]) == 6 else "".join(char * 2 for char in hexadecimal[1])
        return all(int(digits[i : i + 2], 16) >= _NEAR for i in (0, 2, 4))
    channels = re.match(r"rgba?\((\d{1,3}),?(\d{1,3}),?(\d{1,3})", colour)
    if channels:
        return all(int(channel) >= _NEAR for channel in channels.groups())
    lightness = re.match(r"hsla?\([\d.]+(?:deg)?,?[\d.]+%,?([\d.]+)%", colour)
    return lightness is not None and float(lightness[1]) >= 96


def _alpha_zero(colour: str) -> bool:
    return (
        re.fullmatch(r"(?:rgba?|hsla?)\(.*[,/]0?(?:\.0+)?%?\)", colour) is not None
        and colour.count(",") + colour.count("/") >= 3
    )
