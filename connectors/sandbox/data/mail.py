"""Writes a message the way mail programs do: plain and HTML bodies, signatures, and the many styles of quoting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from connectors.sandbox.data.banks import bank

DEPTH: Final = 2
"""Levels of quoting that are kept."""

_QUOTES_NOTHING: Final = 3
"""An agent's answer leaves the quote out unless its number in the thread is a multiple of this."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message before it is rendered. `paragraphs` are plain text; `signature` is lines of text.

    `text_extra` and `html_extra` are put behind the last paragraph as they are: hostile records need raw markup.
    """

    sender: str
    address: str
    to: str
    sent: datetime
    subject: str
    paragraphs: tuple[str, ...]
    signature: str
    language: str
    client: str
    text_extra: str = ""
    html_extra: str = ""

    @property
    def fresh(self) -> str:
        """The new text with its signature, without any quote."""
        parts = [*self.paragraphs, *((self.text_extra,) if self.text_extra else ()), self.signature]
        return "\n\n".join(parts)

    @property
    def quotable(self) -> str:
        """What answers quote of it: not the extras, so that each hostile text stands in one record only."""
        return "\n\n".join((*self.paragraphs, self.signature))


@dataclass(frozen=True, slots=True)
class Rendered:
    """Both bodies (None: the part is missing) and where in the plain body the new text starts."""

    text: str | None
    html: str | None
    start: int = 0


def render(letter: Letter, earlier: Sequence[Letter]) -> Rendered:
    """The bodies of `letter` as its mail program writes them, quoting the newest of `earlier`."""
    quoted = list(earlier[-1 : -DEPTH - 1 : -1])
    if letter.client == "desk" and len(earlier) % _QUOTES_NOTHING:
        quoted = []
    fresh = letter.fresh
    if letter.client == "bottom":
        quote = _angle_quote(quoted, letter.language)
        return Rendered(f"{quote}\n\n{fresh}" if quote else fresh, None, len(quote) + 2 if quote else 0)
    markup = _HTML.get(letter.client, _desk_html)(letter, quoted)
    if letter.client == "webmail":
        return Rendered(None, markup)
    header_style = letter.client in {"outlook", "desk"}
    quote = _header_quote(quoted, letter.language) if header_style else _angle_quote(quoted, letter.language)
    text = f"{fresh}\n\n{quote}" if quote else fresh
    return Rendered(text, None if letter.client == "plain" else markup)


def when(moment: datetime, words: Mapping[str, Any]) -> str:
    """A date in the words of a language's phrase bank."""
    day: int | str = moment.day
    if day == 1 and "first" in words:
        day = words["first"]
    return str(words["date"].format(d=day, month=words["months"][moment.month - 1], y=moment.year))


def _attribution(letter: Letter, language: str) -> str:
    words = bank(f"phrases_{language}")
    style: str = words["wrote"][letter.sent.minute % len(words["wrote"])]
    return style.format(
        date=when(letter.sent, words),
        weekday=words["weekdays"][letter.sent.weekday()],
        time=f"{letter.sent:%H:%M}",
        name=letter.sender,
        address=letter.address,
    )


def _header(letter: Letter, language: str) -> list[tuple[str, str]]:
    words = bank(f"phrases_{language}")
    labels = words["original"]
    return [
        (labels["from"], f"{letter.sender} <{letter.address}>"),
        (labels["sent"], f"{when(letter.sent, words)} {letter.sent:%H:%M}"),
        (labels["to"], letter.to),
        (labels["subject"], letter.subject),
    ]


def _angle_quote(quoted: Sequence[Letter], language: str) -> str:
    """Quote with "> ", one more per level, below "On … wrote:"."""
    if not quoted:
        return ""
    inner = quoted[0].quotable
    if deeper := _angle_quote(quoted[1:], language):
        inner += f"\n\n{deeper}"
    lines = (f"> {line}".rstrip() for line in inner.split("\n"))
    return "\n".join((_attribution(quoted[0], language), *lines))


def _header_quote(quoted: Sequence[Letter], language: str) -> str:
    """Quote as Outlook does: a header block and then the text, with no prefix."""
    line: str = bank(f"phrases_{language}")["original"]["line"]
    blocks = []
    for letter in quoted:
        header = "\n".join(f"{label}: {value}" for label, value in _header(letter, language))
        blocks.append(f"{line}\n{header}\n\n{letter.quotable}")
    return "\n\n".join(blocks)


def _lines(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>")


def _inner(letter: Letter, opening: str, closing: str) -> str:
    parts = [f"{opening}{_lines(paragraph)}{closing}" for paragraph in letter.paragraphs]
    if letter.html_extra or letter.text_extra:
        parts.append(letter.html_extra or f"{opening}{_lines(letter.text_extra)}{closing}")
    return "\n".join(parts)


def _gmail_html(letter: Letter, quoted: Sequence[Letter]) -> str:
    body = _inner(letter, "<div>", "</div><div><br></div>")
    signature = f'<div class="gmail_signature" dir="ltr">{_lines(letter.signature)}</div>'
    quote = ""
    for level in reversed(quoted):
        said = _lines(_attribution(level, letter.language))
        quote = (
            f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{said}<br></div>'
            '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex">'
            f"{_lines(level.quotable)}{quote}</blockquote></div>"
        )
    return f'<div dir="ltr">{body}\n{signature}</div>{quote}'


def _outlook_html(letter: Letter, quoted: Sequence[Letter]) -> str:
    body = _inner(letter, '<p class="MsoNormal">', "<o:p></o:p></p>")
    signature = f'<p class="MsoNormal" style="color:#1F497D">{_lines(letter.signature)}<o:p></o:p></p>'
    quote = ""
    for level in quoted:
        header = "<br>".join(f"<b>{label}:</b> {_lines(value)}" for label, value in _header(level, letter.language))
        quote += (
            '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
            f'<p class="MsoNormal">{header}<o:p></o:p></p></div>\n<p class="MsoNormal">{_lines(level.quotable)}</p>'
        )
    return (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>'
        '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
        "<style><!-- p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:Calibri,sans-serif;} --></style></head>"
        f'<body lang="{letter.language.upper()}"><div class="WordSection1">'
        f"{body}\n{signature}{quote}</div></body></html>"
    )


def _apple_html(letter: Letter, quoted: Sequence[Letter]) -> str:
    body = _inner(letter, "<div>", "</div><div><br></div>")
    quote = ""
    for level in reversed(quoted):
        said = _lines(_attribution(level, letter.language))
        quote = (
            f'<div><br><blockquote type="cite"><div>{said}</div><br class="Apple-interchange-newline">'
            f"<div>{_lines(level.quotable)}</div>{quote}</blockquote></div>"
        )
    return (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        '<body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">'
        f"{body}\n<div>{_lines(letter.signature)}</div>{quote}</body></html>"
    )


def _desk_html(letter: Letter, quoted: Sequence[Letter]) -> str:
    body = _inner(letter, "<p>", "</p>")
    quote = "".join(f"<hr><blockquote>{_lines(level.quotable)}</blockquote>" for level in quoted)
    return f"<html><body>{body}\n<p>{_lines(letter.signature)}</p>{quote}</body></html>"


_HTML: Final = {"gmail": _gmail_html, "outlook": _outlook_html, "apple": _apple_html, "mobile": _apple_html}
