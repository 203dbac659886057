"""Turns what a CRM stores into the text that a person sees, and keeps apart what was made invisible. Pure.

HTML is normalised by nh3 (html5ever, a browser-grade parser), so that a simple walk over its output sees what a browser
would. Invisible are elements hidden by attribute or inline style, comments, and characters that no font draws.
"""

import re
import unicodedata
from dataclasses import dataclass
from html import unescape
from typing import Final

import nh3

LIMIT: Final = 200_000
"""Characters of visible text kept of one field."""
RAW_LIMIT: Final = 2_000_000
"""Characters of a raw field that are looked at: twice what any CRM stores in one."""

_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ]
)
_PARAGRAPHS: Final = frozenset(
    ["blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"]
)
_BREAKS: Final = frozenset({"\n", "\n\n"})
_VOID: Final = frozenset(["br", "hr", "img"])
_TAGS: Final = {
    *_BLOCKS,
    *[
        "a",
        "b",
        "body",
        "center",
        "em",
        "font",
        "i",
        "img",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "tbody",
        "thead",
        "u",
    ],
}
_ATTRIBUTES: Final = {"*": {"style", "hidden", "color", "bgcolor", "size"}, "img": {"alt"}}
_TAG: Final = re.compile(r'<(/?)([a-z0-9]+)((?: [a-z-]+="[^"]*")*) ?/?>')
_ATTRIBUTE: Final = re.compile(r' ([a-z-]+)="([^"]*)"')
_COMMENT: Final = re.compile(r"<!--(.{0,4000}?)-->", re.DOTALL)
_CONDITIONAL: Final = re.compile(r"^\s*(\[if|<!\[endif)", re.IGNORECASE)
_HIDING: Final = re.compile(
    r"display:none|visibility:(hidden|collapse)|opacity:0?\.?0*(;|$)|font-size:0*[01]?(\.\d+)?(px|pt|em|rem|%)?(;|$)"
    r"|(left|top|text-indent|margin-left|margin-top):-\d{3,}|max-height:0|(^|;)(height|width):0(px)?(;|$)|clip:rect\(0"
    r"|transform:scale\(0\)|mso-hide:all"
)
_COLOUR: Final = re.compile(r"(?:^|;)color:([^;]+)")
_BACKGROUND: Final = re.compile(r"(?:^|;)background(?:-color)?:([^;]+)")
_WHITE: Final = frozenset({"white", "#fff", "#ffffff", "#fefefe", "rgb(255,255,255)", "transparent"})
_INVISIBLE: Final = re.compile("[\u00ad\u200b\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_JOINERS: Final = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
_TAG_CHARACTERS: Final = re.compile("[\U000e0020-\U000e007e]+")
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BLANKS: Final = re.compile("[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_LINE_ENDS: Final = re.compile(r" *\n *")
_GAPS: Final = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Clean:
    """`text` is what a person sees. `hidden` is what was made invisible; `truncated` says that the end is missing."""

    text: str
    hidden: str = ""
    truncated: bool = False


def clean(raw: str, *, html: bool) -> Clean:
    """The visible text of a field. Never raises; time is linear in the length of `raw`."""
    truncated = len(raw) > RAW_LIMIT
    raw = raw[:RAW_LIMIT]
    hidden: list[str] = []
    text = _from_html(raw, hidden) if html else raw
    text = _visible_characters(text, hidden)
    return Clean(text[:LIMIT], "\n".join(hidden)[:LIMIT], truncated or len(text) > LIMIT)


def is_html(field: str, raw: str) -> bool:
    """Whether a field holds markup: by its name, or because it begins with a tag."""
    return field.startswith("Html") or (raw.lstrip()[:1] == "<" and "</" in raw)


def _from_html(raw: str, hidden: list[str]) -> str:
    if "<!--" in raw:
        hidden.extend(comment for comment in _COMMENT.findall(raw) if not _CONDITIONAL.match(comment))
    safe = nh3.clean(
        raw.encode("utf-8", "replace").decode(),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags={"script", "style", "title", "template", "noscript"},
        link_rel=None,
    )
    seen: list[str] = []
    unseen: list[str] = []
    depth = 0  # how many open elements we are inside of, from the one that hides on
    position = 0
    for tag in _TAG.finditer(safe):
        (unseen if depth else seen).append(safe[position : tag.start()])
        position = tag.end()
        closing, name, attributes = tag.groups()
        if name in _BLOCKS:
            (unseen if depth else seen).append("\n\n" if name in _PARAGRAPHS else "\n")
        if closing:
            depth = max(0, depth - 1)
        elif name == "img":
            unseen.extend(value for key, value in _ATTRIBUTE.findall(attributes) if key == "alt" and value)
        elif name not in _VOID and (depth or (attributes and _hides(attributes))):
            depth += 1
    (unseen if depth else seen).append(safe[position:])
    hidden.append(_BLANKS.sub(" ", unescape("".join(unseen))).strip())
    # Line ends of the source are blanks in HTML; ours are marked by the tags above.
    return unescape("".join(part if part in _BREAKS else part.replace("\n", " ") for part in seen))


def _hides(attributes: str) -> bool:
    found = dict(_ATTRIBUTE.findall(attributes))
    if "hidden" in found:
        return True
    style = unescape(found.get("style", "")).lower().replace(" ", "").replace("!important", "")
    if style and _HIDING.search(style):
        return True
    colour = _COLOUR.search(style)
    shown = colour[1] if colour else found.get("color", "").lower()
    behind = _BACKGROUND.search(style)
    paper = behind[1] if behind else found.get("bgcolor", "white").lower()
    return bool(shown) and (shown == paper or (shown in _WHITE and paper in _WHITE))


def _visible_characters(text: str, hidden: list[str]) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        hidden.extend("".join(chr(ord(c) - 0xE0000) for c in run) for run in _TAG_CHARACTERS.findall(text))
        text = _JOINERS.sub("", _INVISIBLE.sub("", text))
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _GAPS.sub("\n\n", _LINE_ENDS.sub("\n", _BLANKS.sub(" ", text))).strip()
