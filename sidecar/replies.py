"""Keeps of a message what its sender wrote: quoted replies, forwarded headers, signatures and disclaimers go. Pure."""

import re
from typing import Final

_INTRO: Final = re.compile(
    r"^[ \t]*(?:"
    r"On\b[^\n]{4,200}(?:\n[^\n]{0,80})?\bwrote\s?:"
    r"|Am\b[^\n]{4,200}(?:\n[^\n]{0,80})?\bschrieb\b[^\n]{0,80}:"
    r"|Le\b[^\n]{4,200}(?:\n[^\n]{0,80})?\ba écrit\s?:"
    r"|El\b[^\n]{4,200}(?:\n[^\n]{0,80})?\bescribi[oó]\s?:"
    r"|[^\n]{4,160}(?:のメール|さんは書きました|さんが書きました|wrote|schrieb|a écrit|escribió)\s?[:\uff1a]"
    r"|\d{4}(?:年|[-/.])\d{1,2}(?:月|[-/.])\d{1,2}日?[^\n]{0,120}(?:<[^\n>]{3,80}>|\))\s?[:\uff1a]"
    r"|-{2,}\s?(?:Original Message|Original Appointment|Forwarded message|Ursprüngliche Nachricht"
    r"|Weitergeleitete Nachricht|Message d['\u2019]origine|Message original|Message transféré|Mensaje original"
    r"|Mensaje reenviado|元のメッセージ|転送メッセージ)\s?-{2,}"
    r"|Begin forwarded message:|Anfang der weitergeleiteten Nachricht:|Début du message (?:transféré|réexpédié)\s?:"
    r"|Inicio del mensaje reenviado:|転送されたメッセージ:"
    r"|_{20,}"
    r")\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADERS: Final = re.compile(
    r"^\**(?:From|Von|De|差出人|送信者)\**\s?[:\uff1a][^\n]+\n"
    r"(?:\**(?:Sent|Date|To|Cc|Subject|Reply-To|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Fecha|Para"
    r"|Asunto|送信日時|日時|宛先"
    r"|件名)"
    r"\**\s?[:\uff1a][^\n]*\n?){2,}",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_LINE: Final = re.compile(r"^\s*(?:>|\|\s)")
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
    r"|(?:以上、?)?(?:何卒)?(?:どうぞ)?(?:よろしく|宜しく)お願い(?:いた|致)?し(?:ます|申し上げます)|敬具)[,.!。…]?\s*$",
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


def own_words(text: str) -> str:
    """`text` without what it quotes and without its signature.

    A text that is all quotation comes back empty, but a forwarded one without a word of its own is kept: nobody else in
    the case has said it.
    """
    text = _without_quoted_tail(text, _INTRO)
    text = _without_quoted_tail(text, _HEADERS)
    lines = [line for line in text.split("\n") if not _QUOTED_LINE.match(line)]
    return "\n".join(lines[: _end(lines)]).strip()


def _without_quoted_tail(text: str, pattern: re.Pattern[str]) -> str:
    """Cut at the introduction of a quotation, unless the sender answers below it (inline or bottom posting)."""
    found = pattern.search(text)
    if found is None:
        return text
    tail = text[found.end() :].split("\n")
    quoted = [i for i, line in enumerate(tail) if _QUOTED_LINE.match(line)]
    if quoted:
        below = [line for line in tail if line.strip() and not _QUOTED_LINE.match(line)]
        return text[: found.start()] + "\n" + "\n".join(below)
    if text[: found.start()].strip():
        return text[: found.start()]
    # Nothing stands before it: a forwarded message, or an ordinary sentence that ends with "wrote:".
    return text[found.end() :] if pattern is _HEADERS or found.group().lstrip()[:1] in ("-", "_") else text


def _end(lines: list[str]) -> int:
    rest = sum(1 for line in lines if line.strip())
    for i, line in enumerate(lines):
        stripped = line.strip()
        if line.rstrip() == "--" or _MOBILE.match(stripped) or _DISCLAIMER.match(stripped):
            return i
        rest -= bool(stripped)
        if len(stripped) < _SHORT and rest <= SIGNATURE_LINES and i and _CLOSING.match(stripped):
            return i
    return len(lines)
