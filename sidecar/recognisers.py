"""Finds structured personal data in text: patterns on a linear-time engine, confirmed by check digits. Pure.

Names are not found here: masking.py knows the people of a case from the CRM's own fields. Postal addresses and remarks
on health in free text are not found at all.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import re2

from sidecar import checksums
from sidecar.amounts import amounts as sums
from sidecar.credentials import credentials
from sidecar.phones import is_labelled, is_phone


@dataclass(frozen=True, slots=True)
class Span:
    """A value of one category at text[start:end]."""

    start: int
    end: int
    category: str


NEVER_RESTORED: Final = frozenset({"card", "iban", "government_id", "network", "credential", "link", "amount"})
"""Categories that never come back, whatever a purpose says."""

_PLAIN: Final[dict[int, int | str]] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **{
        code: str(unicodedata.decimal(chr(code)))
        for code in range(0x80, 0x1FBFA)
        if unicodedata.decimal(chr(code), -1) >= 0
    },
    0x3000: " ",
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
"""Full-width characters, the digits of all scripts, and lone surrogates (which RE2 cannot read), one for one."""
_UNDRAWN: Final = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]")
_DIGIT: Final = re.compile(r"\d")
_NOT_DIGITS: Final = re.compile(r"\D")
_EMAIL: Final = re2.compile(
    r"[A-Za-z0-9._%+'\-\x{c0}-\x{24f}]{1,64}@[A-Za-z0-9\x{c0}-\x{24f}](?:[A-Za-z0-9\-\x{c0}-\x{24f}]*[A-Za-z0-9\x{c0}-\x{24f}])?"
    r"(?:\.[A-Za-z0-9\-\x{c0}-\x{24f}]{2,63})+"
)
_LINK: Final = re2.compile(
    r"(?i)(?:https?://|www\.[A-Za-z0-9\x{c0}-\x{24f}])[^\s<>\"`\x{201c}-\x{201e}\x{ab}\x{bb}\x{3000}-\x{30ff}\x{3400}-\x{9fff}\x{ff00}-\x{ffef}]*"
)
"""Every scheme counts, even with nothing behind it: masked text holds no link. Scripts without spaces end one."""
_BEHIND_LINK: Final = ".,;:!?'\u2019)]}*_|"
"""What stands at the end of a link belongs to the sentence."""
_NUMBER: Final = re2.compile(r"\+?\(?\d(?:[ \x{a0}\x{2009}\x{202f}./()\x{2010}-\x{2013}\-]{0,2}\d){6,28}")
_IBAN: Final = re2.compile(r"(?i)\b[A-Z]{2}\d{2}(?:[ \x{a0}.\-]?[A-Z0-9]{2,4}){2,8}(?:[ \x{a0}]?[A-Z0-9]{1,4})?\b")
_SPREAD: Final = re2.compile(r"(?i)\b(?:[A-Z]{2}\d{2}(?:\s{0,3}[A-Z0-9]{1,4}){3,8}|\d(?:[\s.\-]{0,3}\d){11,18})\b")
"""A card or an account that line ends or several blanks tear apart; a reader's eye puts it together again."""
_LETTERED: Final = re2.compile(
    r"(?i)\b(?:[XYZ][ -]?\d{7}[ -]?[A-Z]|\d{8}[ -]?[A-Z]|\d{2}\.\d{3}\.\d{3}-?[A-Z]"
    r"|[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]"
    r"|[A-CEGHJ-PQ-TW-Z][A-CEGHJ-NP-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
    r"|[12] ?\d{2} ?[01]\d ?2[AB] ?\d{3} ?\d{3} ?\d{2})\b"
)
_NETWORK: Final = re2.compile(
    r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b"
    r"|\b(?:[0-9A-Fa-f]{2}[:\-]){5}[0-9A-Fa-f]{2}\b|\b(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}\b"
    r"|[0-9A-Fa-f:]*:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})?"
)
_VERSION: Final = re.compile(
    r"(?:\bv(?:ersione?|er|ersión)?\.?|release|firmware|software|build|update|sdk|driver|treiber|windows|バージョン"
    r"|ファーム\w*)"
    r"[\s:]{0,2}(?:is |auf |to |nach |from |von )?\Z",
    re.IGNORECASE,
)
"""Before four numbers with dots that are no address."""
_PERSONAL: Final = re.compile(
    r"personal(?:[ -]?(?:id|number|code|no)|nummer|ausweis)|\bmy (?:id|number)\b|\bemployee|national|identi[tf]"
    r"|citizen|insurance"
    r"|social|tax|passport|\bausweis|mitarbeiter|sozialvers|versicherung|steuer|salarié|sécurité sociale|fiscal"
    r"|numéro personnel"
    r"|empleado|\bdni\b|\bnie\b|\bnif\b|\bbsn\b|burgerservice|persoons|\bpesel\b|\bnhs\b|\bnino\b|\bssn\b"
    r"|personnummer|\bid-?n(?:r|o|um)"
    r"|\btin\b|\bahv\b|\bavs\b|マイナンバー|個人番号|書類に必要な番号|対象者の番号",
    re.IGNORECASE,
)
"""Words that say that a number is a person's."""
_BEFORE: Final = 48
"""Characters before a number in which such a word is looked for."""

# National ids that are bare digits: (digits, check, word that must stand before; None: what stands before must not name
# another kind of number).
_BARE: Final[tuple[tuple[int, Callable[[str], bool], re.Pattern[str] | None], ...]] = (
    (15, checksums.french_nir, None),
    (13, checksums.swiss_ahv, None),
    (12, checksums.japanese_my_number, _PERSONAL),
    (11, checksums.german_tax_id, None),
    (11, checksums.polish_pesel, _PERSONAL),
    (10, checksums.nhs, re.compile(r"\bnhs\b|national health", re.IGNORECASE)),
    (9, checksums.dutch_bsn, _PERSONAL),
    (10, checksums.swedish_personnummer, _PERSONAL),
    (12, lambda digits: checksums.swedish_personnummer(digits[2:]), _PERSONAL),
)
_CARD_GROUPS: Final = re.compile(
    r"(?<!\d)(?:\d{4}[ \u00a0-]\d{4}[ \u00a0-]\d{4}[ \u00a0-]\d{4}|\d{4}[ \u00a0-]\d{6}[ \u00a0-]\d{5}|\d{13,19})(?!\d)"
)
"""A card as it is printed, also among other numbers: "23-x1 4111 1111 1111 1111 12/29"."""
_SSN: Final = re.compile(r"\d{3}[- \u2011]\d{2}[- \u2011]\d{4}")
_NINO_NEVER: Final = frozenset(("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"))


def amounts(text: str) -> list[Span]:
    """Sums of money. Looked for only where a purpose hides them."""
    return _in_plain(text, lambda plain: (Span(*place, "amount") for place in sums(plain)))


def find(text: str) -> list[Span]:
    """All values that a pattern and its check confirm, in order, without overlaps."""
    return _in_plain(text, _candidates)


def _in_plain(text: str, look: Callable[[str], Iterable[Span]]) -> list[Span]:
    """What `look` finds: digits and letters count in any width and script, and what no font draws parts no value."""
    if text.isascii():
        return resolve(look(text))
    plain = text.translate(_PLAIN)
    if not _UNDRAWN.search(plain):
        return resolve(look(plain))
    places = [place for place, char in enumerate(plain) if not _UNDRAWN.match(char)]
    spans = resolve(look("".join(plain[place] for place in places)))
    return [Span(places[span.start], places[span.end - 1] + 1, span.category) for span in spans]


def resolve(spans: Iterable[Span]) -> list[Span]:
    """Spans in order; those that overlap become one: what never comes back, if one of them is, else the longest."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
            continue
        last = kept[-1]
        weightier = max(span, last, key=_weight)
        kept[-1] = Span(last.start, max(last.end, span.end), weightier.category)
    return kept


def _weight(span: Span) -> tuple[bool, bool, int]:
    return span.category in NEVER_RESTORED, span.category == "credential", span.end - span.start


def _candidates(text: str) -> Iterator[Span]:
    if "://" in text or "." in text:
        yield from (_link(match.group(), match.start()) for match in _LINK.finditer(text))
    if "@" in text:
        yield from (Span(match.start(), match.end(), "email") for match in _EMAIL.finditer(text))
    yield from (Span(start, end, "credential") for start, end in credentials(text))
    if not _DIGIT.search(text):
        return
    if ":" in text or "." in text or "-" in text:
        yield from (
            Span(match.start(), match.end(), "network") for match in _NETWORK.finditer(text) if _is_network(text, match)
        )
    for match in _IBAN.finditer(text):
        yield from _iban(match.group(), match.start())
    yield from (
        Span(match.start(), match.end(), "government_id")
        for match in _LETTERED.finditer(text)
        if _lettered(match.group())
    )
    for match in _CARD_GROUPS.finditer(text):
        if checksums.card(_NOT_DIGITS.sub("", match.group())):
            yield Span(match.start(), match.end(), "card")
    for match in _NUMBER.finditer(text):
        yield from _number(text, match.start(), match.group())
    yield from _spread(text)


def _is_network(text: str, match: "re.Match[str]") -> bool:
    value, start = match.group(), match.start()
    if ":" not in value or (value.count(":") == 5 and len(value) == 17):
        return "." not in value or not _VERSION.search(text[max(0, start - 24) : start])
    if (start and (text[start - 1].isalnum() or text[start - 1] in "_.")) or text[
        match.end() : match.end() + 1
    ].isalnum():
        return False
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return value.count(":") > 2 or _DIGIT.search(value) is not None


def _link(value: str, start: int) -> Span:
    scheme = value.find("//") + 2 if "://" in value[:8] else 0
    return Span(start, start + max(scheme, len(value.rstrip(_BEHIND_LINK))), "link")


def _iban(value: str, start: int) -> Iterator[Span]:
    for end in range(len(value), 14, -1):
        compact = re.sub(r"[^A-Za-z0-9]", "", value[:end]).upper()
        if value[end - 1].isalnum() and checksums.iban(compact):
            yield Span(start, start + end, "iban")
            return


def _lettered(value: str) -> bool:
    compact = re.sub(r"[ .\-]", "", value).upper()
    if len(compact) == 16:
        return checksums.italian_cf(compact)
    if len(compact) == 15:
        return checksums.french_nir(compact)
    if len(compact) == 9 and compact[:2].isalpha():
        return compact[:2] not in _NINO_NEVER
    return checksums.spanish_dni(compact)


def _number(text: str, start: int, value: str) -> Iterator[Span]:
    """The span of a run of digits that is a card, a national id or a phone number."""
    digits = _NOT_DIGITS.sub("", value)
    before = text[max(0, start - _BEFORE) : start]
    if not value.startswith("+") and 12 <= len(digits) <= 19 and checksums.card(digits):
        yield Span(start, start + len(value), "card")
    elif _is_personal(value, digits, before):
        yield Span(start, start + len(value), "government_id")
    elif is_phone(value, digits, before, text[start + len(value) : start + len(value) + 12]):
        yield Span(start, start + len(value), "phone")


def _is_personal(value: str, digits: str, before: str) -> bool:
    if value.startswith(("+", "(")):
        return False
    if len(digits) == 9 and _SSN.fullmatch(value) and checksums.us_ssn(digits):
        return True
    return any(
        len(digits) == length and check(digits) and (word.search(before) is not None if word else _may_be(before))
        for length, check, word in _BARE
    )


def _may_be(before: str) -> bool:
    return _PERSONAL.search(before) is not None or not is_labelled(before)


def _spread(text: str) -> Iterator[Span]:
    for match in _SPREAD.finditer(text):
        value = match.group()
        if "\n" not in value and "  " not in value:
            continue
        ends = [end for end in range(len(value), 11, -1) if not value[end - 1].isspace()]
        for end in ends:
            compact = re.sub(r"[\s.\-]", "", value[:end]).upper()
            if compact.isdigit() and 12 <= len(compact) <= 19 and checksums.card(compact):
                yield Span(match.start(), match.start() + end, "card")
                break
            if not compact.isdigit() and checksums.iban(compact):
                yield Span(match.start(), match.start() + end, "iban")
                break
