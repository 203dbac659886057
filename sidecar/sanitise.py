"""Turns what a CRM stores into the text that a person sees, and keeps apart what was made invisible. Pure.

HTML is normalised by nh3 (html5ever, a browser-grade parser), so that a simple walk over its output sees what a browser
would. Invisible are elements hidden by attribute or style, comments, and characters that no font draws. Lines inside a
<blockquote> begin with ">", as in a plain mail, so that replies.py sees who is quoted.
"""

import re
import unicodedata
from dataclasses import dataclass
from html import unescape
from typing import Final

import nh3

from sidecar.styles import Look, Styles
from sidecar.words import words

LIMIT: Final = 200_000
"""Characters of visible text kept of one field."""
RAW_LIMIT: Final = 1_000_000
"""Characters of a raw field that are looked at: several times what a CRM stores in one."""
MAX_REOPENED: Final = 300_000
"""Formatting tags times all tags: a parser reopens unclosed formatting in every block. Beyond this it is removed."""
_FORMATTING: Final = re.compile(
    r"<(/?)(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE
)
MAX_TAGS: Final = 100_000
"""Tags in one field."""
MAX_DEPTH: Final = 200
"""Open elements inside each other. The parser takes quadratic time for more, and no mail program writes so."""
MAX_ATTRIBUTES: Final = 3_000
"""Attributes of one element. The parser compares each with all before it."""

_PARAGRAPHS: Final = words("blockquote div h1 h2 h3 h4 h5 h6 ol p pre table ul")
_BLOCKS: Final = _PARAGRAPHS | words("address article br dd dl dt hr li section td th tr")
_BREAKS: Final = frozenset({"\n", "\n\n", "\n> ", "\n\n> "})
_VOID: Final = words("area base br col embed hr img input link meta source track wbr")
_CLOSED_BY_THE_NEXT: Final = words("p li td th tr dd dt option thead tbody tfoot html head body")
_TAGS: Final = set(_BLOCKS | words("a b page center em font i img s small span strong sub sup tbody thead u"))
_UNSEEN_CONTENT: Final = set(words("script title template noscript textarea select iframe object svg math"))
_ATTRIBUTES: Final = {
    "*": {"style", "hidden", "color", "bgcolor", "background", "size", "class", "id"},
    "img": {"alt"},
    "page": {"text"},
}
_TAG: Final = re.compile(r'<(/?)([a-z0-9]+)((?: [a-z-]+="[^"]*")*) ?/?>')
_APART: Final = re.compile(
    rf"<!--(?P<comment>.*?)-->|<style(?: [a-z-]+=\"[^\"]*\")*>(?P<sheet>.*?)</style>|{_TAG.pattern}", re.DOTALL
)
_TEMPLATE: Final = re.compile(r"<template[\s>]([^<]*+(?:<(?!/?template)[^<]*+)*+)", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r' ([a-z-]+)="([^"]*)"')
_ANY_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_ELEMENT: Final = re.compile(
    r"</?(?:a|b|body|br|center|div|em|font|h[1-6]|hr|html|i|img|li|ol|p|pre|script|span|strong|style|table|tbody|td|tr|u|ul)"
    r"(?=[\s/>])|<!--",
    re.IGNORECASE,
)
_OPENS: Final = re.compile("<[a-zA-Z/]")
_USUAL: Final = re.compile(r"""<[a-zA-Z/][^\s/="'<>]*+(?:[\s/]++(?:[^\s/="'<>]++(?:="[^"<>]*+")?+)?+)*+>""")
"""A tag that has one reading: names with or without quoted values, and no angle bracket inside."""
_VALUE: Final = re.compile('="[^"]*+"')
_IN_TAG: Final = re.compile(r"""\s+|[/="'>]|[^\s/="'>]+""")
_READINGS: Final = {
    "tag": ("before", "before", "tag", "tag", "tag", "tag"),
    "before": ("before", "before", "name", "name", "name", "name"),
    "name": ("after", "before", "value", "name", "name", "name"),
    "after": ("after", "before", "value", "name", "name", "name"),
    "value": ("value", "bare", "bare", "double", "single", "bare"),
    "bare": ("before", "bare", "bare", "bare", "bare", "bare"),
    "double": ("double", "double", "double", "before", "double", "double"),
    "single": ("single", "single", "single", "single", "before", "single"),
}
"""The tokenizer of HTML inside a tag: state -> the next one after a blank, slash, equals sign, quote, apostrophe, and
anything else. A new name counts as one more attribute."""
_BODY: Final = re.compile(r"<body(?=[\s/>])", re.IGNORECASE)
"""The parser drops a body, but its colours count: it is read as an element named "page"."""
_CONDITIONAL: Final = re.compile(r"\s*(?:\[if|<!\[endif)", re.IGNORECASE)
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u2060-\u2064\u2066-\u206f\u202a-\u202e"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
HTML_FIELDS: Final = frozenset(
    {"HtmlBody", "hs_email_html", "hs_note_body", "hs_call_body", "hs_task_body", "FileText"}
)
"""Fields that hold markup even when no element is seen in them."""
_REVERSED: Final = re.compile("\u202e([^\u202a-\u202e\u2066-\u2069\n]*)")
"""Shown from right to left, so a reader sees it the other way round than it is stored."""
_JOINERS: Final = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
_TAG_CHARACTERS: Final = re.compile("[\U000e0020-\U000e007e]+")
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE: Final = re.compile("\r\n|[\r\u2028\u2029]")
_BLANKS: Final = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_LINE_ENDS: Final = re.compile(r" ?\n ?")
_GAPS: Final = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Clean:
    """`text` is what a person sees, `hidden` what was made invisible, `alt` what stands for images.

    `truncated` says that the end is missing.
    """

    text: str
    hidden: str = ""
    alt: str = ""
    truncated: bool = False


def clean(raw: str, *, html: bool) -> Clean:
    """The visible text of a field. Never raises; time is linear in the length of `raw`."""
    truncated = len(raw) > RAW_LIMIT
    raw = raw[:RAW_LIMIT]
    if not raw.isascii():
        raw = raw.encode("utf-8", "replace").decode()
    hidden: list[str] = []
    alt: list[str] = []
    text = _from_html(raw, hidden, alt) if html else raw
    text = _visible_characters(text, hidden)
    return Clean(
        text=text[:LIMIT],
        hidden="\n".join(filter(None, hidden))[:LIMIT],
        alt="\n".join(alt)[:LIMIT],
        truncated=truncated or len(text) > LIMIT,
    )


def is_html(field: str, raw: str) -> bool:
    """Whether a field holds markup: by its name, or because it holds an element of HTML."""
    return field in HTML_FIELDS or ("<" in raw and _ELEMENT.search(raw) is not None)


def _from_html(raw: str, hidden: list[str], alt: list[str]) -> str:
    """The visible text; absurd markup has none: what cannot be parsed in time is no evidence."""
    if _depth(raw) > MAX_DEPTH or raw.count("<") > MAX_TAGS:
        return ""
    hidden.extend(_TEMPLATE.findall(raw))
    safe, sheets, comments = _apart(
        nh3.clean(
            _tamed(raw),
            tags=_TAGS | {"style"},
            attributes=_ATTRIBUTES,
            clean_content_tags=_UNSEEN_CONTENT,
            strip_comments=False,
            link_rel=None,
            url_schemes=set(),
        )
    )
    hidden.extend(comment for comment in comments if not _CONDITIONAL.match(comment))
    styles = Styles("\n".join(sheets))
    seen: list[str] = []
    unseen: list[str] = []
    page = styles.look("body", {}, styles.look("html", {}, Look()))
    looks = [page]  # of the elements that are open, the outermost first
    known: dict[tuple[str, str, Look], Look] = {}
    out = unseen if page.hidden else seen
    quotes = 0
    position = 0
    for tag in _TAG.finditer(safe):
        out.append(safe[position : tag.start()])
        position = tag.end()
        closing, name, attributes = tag.groups()
        if name == "blockquote":
            quotes = max(0, quotes - 1) if closing else quotes + 1
        if name in _BLOCKS:
            line = "\n\n" if name in _PARAGRAPHS else "\n"
            out.append(f"{line}> " if quotes else line)
        if closing:
            del looks[max(1, len(looks) - 1) :]
        elif name == "img":
            alt.extend(unescape(value) for name, value in _ATTRIBUTE.findall(attributes) if name == "alt" and value)
        elif name not in _VOID:
            key = (name, attributes, looks[-1])
            if key not in known:
                found = {attribute: unescape(value) for attribute, value in _ATTRIBUTE.findall(attributes)}
                known[key] = styles.look("body" if name == "page" else name, found, looks[-1])
            looks.append(known[key])
        out = unseen if looks[-1].hidden else seen
    out.append(safe[position:])
    hidden.append(" ".join(unescape("".join(unseen)).split()))
    # Line ends of the source are blanks in HTML; ours are marked by the tags above.
    return unescape("".join(part if part in _BREAKS else part.replace("\n", " ") for part in seen))


def _tamed(raw: str) -> str:
    """`raw` as it can be parsed in linear time; nothing, when it cannot."""
    if len(_FORMATTING.findall(raw)) * raw.count("<") > MAX_REOPENED:
        raw = _FORMATTING.sub(r"<\1span", raw)
    raw = _BODY.sub("<page", raw)
    return "" if _crowded(raw) else raw


def _apart(safe: str) -> tuple[str, list[str], list[str]]:
    """What the parser gave back without its style sheets and comments, and those.

    Only the parser knows what is one: in a value or in a title, "<style" and "<!--" are text.
    """
    sheets: list[str] = []
    comments: list[str] = []

    def keep(found: re.Match[str]) -> str:
        if found["comment"] is not None:
            comments.append(found["comment"])
        elif found["sheet"] is not None:
            sheets.append(found["sheet"])
        else:
            return found[0]
        return ""

    return _APART.sub(keep, safe), sheets, comments


def _depth(raw: str) -> int:
    """How deep elements are nested, at least: tags that close nothing count for nothing."""
    opened: dict[str, int] = {}
    depth = deepest = 0
    for closing, tag in _ANY_TAG.findall(raw):
        name = tag.lower()
        if name in _VOID or name in _CLOSED_BY_THE_NEXT:
            continue
        if not closing:
            opened[name] = opened.get(name, 0) + 1
            depth += 1
            deepest = max(deepest, depth)
        elif opened.get(name):
            opened[name] -= 1
            depth -= 1
    return deepest


def _crowded(raw: str) -> bool:
    """Whether one element may have more than `MAX_ATTRIBUTES`, wherever the parser takes "<" for the start of one.

    Whether a "<" is text depends on what stands before, so all readings are followed at once: a state of the tokenizer
    -> the most attributes with which one of them is there. Linear in the length of `raw`.
    """
    readings: dict[str, int] = {}
    position = 0
    while True:
        if not readings:
            start = _OPENS.search(raw, position)
            if start is None:
                return False
            position = start.end()
            usual = _USUAL.match(raw, start.start())
            if usual and len(_VALUE.sub("", usual[0])) < MAX_ATTRIBUTES:
                position = usual.end()
                continue
            readings = {"tag": 0}
        token = _IN_TAG.match(raw, position)
        if token is None:
            return False
        position = token.end()
        if token[0] == ">":
            readings = {state: count for state, count in readings.items() if state in {"double", "single"}}
            continue
        readings = _moved(readings, 0 if token[0].isspace() else "/=\"'".find(token[0]) + 1 or 5)
        if _OPENS.search(token[0] + raw[position : position + 1]):
            readings.setdefault("tag", 0)
        if max(readings.values()) > MAX_ATTRIBUTES:
            return True


def _moved(readings: dict[str, int], kind: int) -> dict[str, int]:
    moved: dict[str, int] = {}
    for state, count in readings.items():
        following = _READINGS[state][kind]
        began = following == "name" != state
        moved[following] = max(count + began, moved.get(following, 0))
    return moved


def _visible_characters(text: str, hidden: list[str]) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        hidden.extend("".join(chr(ord(c) - 0xE0000) for c in run) for run in _TAG_CHARACTERS.findall(text))
        text = _REVERSED.sub(lambda run: run[1][::-1], text)
        text = _JOINERS.sub("", _INVISIBLE.sub("", text))
    text = _CONTROL.sub("", _LINE.sub("\n", text))
    return _GAPS.sub("\n\n", _LINE_ENDS.sub("\n", _BLANKS.sub(" ", text))).strip()
