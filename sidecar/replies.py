"""Keeps of a message what its sender wrote: quoted replies, forwarded headers, signatures and disclaimers go. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

_ATTRIBUTION: Final = re.compile(
    r"^[ \t]*(?:"
    r"On\b[^\n]{4,200}(?:(?<![.!?])\n[^\n]{0,80})?\bwrote\s?:"
    r"|Am\b[^\n]{4,200}(?:(?<![.!?])\n[^\n]{0,80})?\bschrieb\b[^\n]{0,80}:"
    r"|Le\b[^\n]{4,200}(?:(?<![.!?])\n[^\n]{0,80})?\ba écrit\s?:"
    r"|El\b[^\n]{4,200}(?:(?<![.!?])\n[^\n]{0,80})?\bescribi[oó]\s?:"
    r"|[^\n]{4,160}(?:のメール|さんは書きました|さんが書きました|wrote|schrieb|a écrit|escribió)\s?[:\uff1a]"
    r"|\d{4}(?:年|[-/.])\d{1,2}(?:月|[-/.])\d{1,2}日?[^\n]{0,120}(?:<[^\n>]{3,80}>|\))\s?[:\uff1a]"
    r")[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_WHEN: Final = re.compile(
    r"\d{1,2}[:.h]\d{2}|\b(?:19|20)\d{2}\b|\d{1,2}[./-]\d{1,2}[./-]|\d{1,2}[年月日]|\d{1,2} ?h\b", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{2,}")
_SEPARATOR: Final = re.compile(
    r"^[ \t]*(?:"
    r"-{2,}\s?(?:Original Message|Original Appointment|Forwarded message|Ursprüngliche Nachricht"
    r"|Weitergeleitete Nachricht|Message d['\u2019]origine|Message original|Message transféré|Mensaje original"
    r"|Mensaje reenviado|元のメッセージ|転送メッセージ)\s?-{2,}"
    r"|Begin forwarded message:|Anfang der weitergeleiteten Nachricht:|Début du message (?:transféré|réexpédié)\s?:"
    r"|Inicio del mensaje reenviado:|転送されたメッセージ:"
    r")[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADERS: Final = re.compile(
    r"^(?:_{5,}[ \t]*\n\s{0,4})?(?:> ?)?\**(?:From|Von|De|差出人|送信者)\**\s?[:\uff1a][^\n]+\n{1,2}"
    r"(?:(?:> ?)?\**(?:Sent|Date|To|Cc|Subject|Reply-To|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Fecha|Para"
    r"|Asunto|送信日時|日時|宛先"
    r"|件名)"
    r"\**\s?[:\uff1a][^\n]*\n{0,2}){2,}",
    re.IGNORECASE | re.MULTILINE,
)
_SENT: Final = re.compile(
    r"^[>* ]*(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Fecha|送信日時|日時)\**\s?[:\uff1a]",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK: Final = re.compile(r"\s+")
_QUOTED_LINE: Final = re.compile(r"\s*>")
_QUOTE_MARKS: Final = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_POSTSCRIPT: Final = re.compile(r"(?:p\.? ?p?\.?s\.?|nachtrag|追伸)(?:[:\uff1a]| |$)", re.IGNORECASE)
_STOP: Final = re.compile(r"[.!?…。\uff01\uff1f][\"'”»)]*$")
_ENGLISH: Final = (
    r"(?:(?:with )?(?:my |our )?(?:best|kind|kindest|warm|warmest|many|sincere)?,? ?(?:regards|wishes|thanks"
    r"|greetings)"
    r"|all the best|best|cheers|sincerely|yours (?:sincerely|faithfully|truly)|thank you(?: (?:so|very) much)?"
    r"|thx|br|kr|rgds)"
)
_CLOSING: Final = re.compile(
    rf"^(?:{_ENGLISH}(?:(?: and|,| &) {_ENGLISH})?(?: (?:from|in advance)\b.{{0,20}})?"
    r"|(?:mit )?(?:(?:vielen|besten|herzlichen) dank(?: und)? ?)?(?:mit )?"
    r"(?:(?:viele[nr]?|beste[nr]?|freundliche[nr]?|liebe[nr]?|schöne[nr]?|herzliche[nr]?|sonnige[nr]?) "
    r"gr(?:ü|ue)(?:ß|ss)en?|gr(?:u|ü|ue)(?:ß|ss)e?)(?: aus .{1,30})?|mfg|lg|vg|bg|danke|vielen dank|besten dank"
    r"|hochachtungsvoll|(?:bien |très )?cordialement|bien à vous|(?:sincères |meilleures |cordiales )?salutations"
    r"(?: distinguées)?|merci(?: (?:beaucoup|d'avance|par avance|et bonne journée))?|bonne journée|cdlt|bàv"
    r"|(?:un )?(?:cordial |atento )?saludos?(?: cordial(?:es)?)?|atentamente|cordialmente|(?:muchas )?gracias"
    r"(?: (?:de antemano|y (?:un )?saludos?))?"
    r"|qued(?:o|amos) (?:a la espera(?: de (?:su|tu|vuestra) \w{3,12})?|a (?:su|tu) disposición|atent[oa]s?)"
    r"|(?:以上、?)?(?:何卒|引き続き)?(?:どうぞ)?(?:よろしく|宜しく)お願い(?:いた|致)?し(?:ます|申し上げます)|敬具)[,.!。…]?\s*$",
    re.IGNORECASE,
)
_MOBILE: Final = re.compile(
    r"^(?:sent (?:from|with|via) (?:my|outlook|yahoo|proton|gmail|mobile|the all-new)|get outlook for"
    r"|von meine[mr] \w+ gesendet"
    r"|gesendet (?:von|mit)|envoyé (?:de|depuis) (?:mon|ma)|télécharger outlook|enviado desde (?:mi|outlook)"
    r"|obtener outlook"
    r"|(?:iphone|android|スマートフォン|携帯)から送信)",
    re.IGNORECASE,
)
_DISCLAIMER: Final = re.compile(
    r"^(?:this (?:e-?mail|message)(?: and any attachments?)? (?:is|are|may be|may contain|contains?)\b"
    r".{0,60}(?:confidential|intended|privileged)|diese (?:e-?mail|nachricht).{0,60}vertraulich"
    r"|ce (?:message|courriel).{0,60}confidentiel|este (?:mensaje|correo).{0,60}confidencial"
    r"|confidentiality notice|please consider the environment)",
    re.IGNORECASE,
)
SIGNATURE_LINES: Final = 12
"""A closing ends a message when no more lines than these follow."""
_SHORT: Final = 60
"""Characters of a closing line."""
_SENTENCE_WORDS: Final = 4
"""Words of a line with a stop that is a sentence and no name."""


@dataclass(frozen=True, slots=True)
class _Quotation:
    """What introduces a quotation stands from `start` to `end`. `told`: it names who wrote, as replies do."""

    start: int
    end: int
    told: bool


def own_words(text: str) -> str:
    """`text` without what it quotes and without its signature.

    A text whose every line is quoted (or says who is quoted) comes back empty. Any other keeps words: a forwarded one
    without a word of its own is what it forwards, since nobody else in the case has said that.
    """
    quotation = _quotation(text)
    lines = _unquoted(_before_and_between(text, quotation))
    own = "\n".join(_without_signature(lines)).strip() or "\n".join(lines).strip()
    if own or quotation is None or quotation.told:
        return own
    return _QUOTE_MARKS.sub("", text[quotation.end :]).strip() or "\n".join(_unquoted(text)).strip()


def _quotation(text: str) -> _Quotation | None:
    """The first introduction of a quotation, with the headers that belong to it."""
    found = [_Quotation(match.start(), match.end(), told=True) for match in _first(text, _ATTRIBUTION, _is_attribution)]
    found += [_Quotation(match.start(), match.end(), told=False) for match in _first(text, _HEADERS, _is_header)]
    separator = _SEPARATOR.search(text)
    if separator is not None:
        blank = _BLANK.match(text, separator.end())
        headers = _HEADERS.match(text, blank.end() if blank else separator.end())
        found.append(_Quotation(separator.start(), headers.end() if headers else separator.end(), told=False))
    return min(found, key=lambda quotation: quotation.start, default=None)


def _first(
    text: str, pattern: re.Pattern[str], accepted: Callable[[str, re.Match[str]], bool]
) -> Iterator[re.Match[str]]:
    return islice((match for match in pattern.finditer(text) if accepted(text, match)), 1)


def _is_attribution(text: str, match: re.Match[str]) -> bool:
    """Sentences end with "wrote:", too: a reply names a day or an address, and marks what it quotes or names both."""
    dated, addressed = _WHEN.search(match[0]) is not None, _ADDRESS.search(match[0]) is not None
    return (dated and addressed) or ((dated or addressed) and _is_quoted(text, match.end()))


def _is_header(_: str, match: re.Match[str]) -> bool:
    return _SENT.search(match[0]) is not None or _ADDRESS.search(match[0]) is not None


def _is_quoted(text: str, position: int) -> bool:
    """Whether the next line that is not blank is quoted."""
    return _QUOTED_LINE.match(text, position) is not None


def _before_and_between(text: str, quotation: _Quotation | None) -> str:
    """What stands before a quotation, and the answers below and inside one whose lines are marked."""
    if quotation is None:
        return text
    before, after = text[: quotation.start], text[quotation.end :]
    if _is_quoted(text, quotation.end):
        return f"{before}\n{after}"
    if before.strip() and "\n".join(_unquoted(before)).strip():
        return before
    # Nothing stands before it: a forwarded message, or a reply whose quotation is not marked.
    return text if quotation.told else after


def _unquoted(text: str) -> list[str]:
    return [line for line in text.split("\n") if not _QUOTED_LINE.match(line)]


def _without_signature(lines: list[str]) -> list[str]:
    """The lines before the first that ends the message, and a postscript below it."""
    rest = sum(1 for line in lines if line.strip())
    for i, line in enumerate(lines):
        stripped = line.strip()
        rest -= bool(stripped)
        if i and rest <= SIGNATURE_LINES and _ends_message(stripped) and not _goes_on(lines, i + 1):
            postscript = next((j for j in range(i, len(lines)) if _POSTSCRIPT.match(lines[j].strip())), len(lines))
            return [*lines[:i], *([""] if postscript < len(lines) else []), *lines[postscript:]]
        if i and _DISCLAIMER.match(stripped):
            return lines[:i]
    return lines


def _ends_message(line: str) -> bool:
    return line == "--" or (len(line) < _SHORT and (_MOBILE.match(line) or _CLOSING.match(line)) is not None)


def _goes_on(lines: list[str], start: int) -> bool:
    """Whether a sentence follows, where a signature has a name."""
    line = next(filter(None, (line.strip() for line in lines[start : start + SIGNATURE_LINES])), "")
    return (
        len(line.split()) >= _SENTENCE_WORDS
        and _STOP.search(line) is not None
        and not (_POSTSCRIPT.match(line) or _DISCLAIMER.match(line))
    )
