"""Finds structured personal data in text: patterns on a linear-time engine, confirmed by check digits. Pure.

Names are not found here: masking.py knows the people of a case from the CRM's own fields.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import phonenumbers
import re2

from sidecar import checksums


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A value of one category at text[start:end]."""

    start: int
    end: int
    category: str


CATEGORIES: Final = (
    "person",
    "email",
    "phone",
    "address",
    "username",
    "card",
    "iban",
    "government_id",
    "network",
    "credential",
)
"""What can be masked. The last five never come back, whatever a purpose says."""
NEVER_RESTORED: Final = frozenset({"card", "iban", "government_id", "network", "credential"})
"""Categories that never come back, whatever a purpose says."""

_REGIONS: Final = ("DE", "GB", "US", "FR", "ES", "JP")
_NOT_DIGITS: Final = re.compile(r"\D")
_SEPARATORS: Final = re.compile(r"[\s.\-/]")
_DATE: Final = re.compile(
    r"^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})(?:[ T]\d{1,2}(?:[:.]\d{2})?)?$"
)

_EMAIL: Final = re2.compile(
    r"[A-Za-z0-9._%+'\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9\-]{2,63})+"
)
_NUMBER: Final = re2.compile(r"\+?\(?\d(?:[ \x{a0}./()\-]{0,2}\d){6,28}")
_IBAN: Final = re2.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){2,8}(?: ?[A-Z0-9]{1,4})?\b")
_LETTERED: Final = re2.compile(
    r"\b(?:[XYZ]\d{7}[A-Z]|\d{8}-?[A-Z]|[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]"
    r"|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D])\b"
)
_NETWORK: Final = re2.compile(
    r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b"
    r"|\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"
    r"|\b[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7}[0-9A-Fa-f]{1,4}\b"
)
_CREDENTIAL: Final = re2.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bsk[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_\-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|\bxox[abprs]-[A-Za-z0-9\-]{10,}|\bAIza[A-Za-z0-9_\-]{30,}|\bglpat-[A-Za-z0-9_\-]{16,}|\bhvs\.[A-Za-z0-9_\-]{20,}"
    r"|\beyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{5,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
    r"|\b[a-z][a-z0-9+.\-]{1,12}://[^\s/:@]{1,64}:[^\s/@]{1,64}@[^\s]+"
    r"|https?://[^\s]+[?&](?:token|access_token|api_?key|key|secret|sig|signature|password|pwd|auth|code)=[^\s&]{6,}[^\s]*"
    r"|\b[a-z]{2,6}_(?:live|test|key|sk|prod)_[A-Za-z0-9]{12,}"
)
_LABELLED: Final = re2.compile(
    r"(?i)(?:\b(?:pass ?word|passwd|pwd|passwort|kennwort|mot de passe|mdp|contraseña|clave|pin|api[ _-]?key|secret|token)\b"
    r"|パスワード|暗証番号)(?:\s+(?:is|ist|est|es|lautet)|は)?\s?[:=\x{ff1a}]?\s+[\"'«„]?([^\s\"'»“,;]{4,80})"
    r"|(?i)(?:\b(?:pass ?word|passwd|pwd|passwort|kennwort|mot de passe|mdp|contraseña|clave|api[ _-]?key|secret|token)"
    r"|パスワード)\s?[:=\x{ff1a}]\s?[\"'«„]?([^\s\"'»“,;]{4,80})"
)
_HAS_CREDENTIAL: Final = re2.compile(
    r"(?i)pass|pwd|kenn|mdp|contras|clave|\bpin\b|key|secret|token|パス|暗証|://"
    r"|_live_|_test_|_prod_|_sk_|akia|asia|sk[-_]|gh[pousr]_|xox|aiza|glpat|hvs|eyj"
)
_SECRETIVE: Final = re.compile(r"(?=.*\d)|(?=.*[^\w.])|(?=.*[a-z].*[A-Z])")

# National ids that are bare digits: (digits, check, word that must stand before). An empty pattern asks for none.
_BARE: Final[tuple[tuple[int, Callable[[str], bool], str], ...]] = (
    (15, checksums.french_nir, ""),
    (13, checksums.swiss_ahv, ""),
    (12, checksums.japanese_my_number, r"マイナンバー|個人番号|my ?number"),
    (11, checksums.polish_pesel, r"pesel"),
    (11, checksums.german_tax_id, r"steuer|tax ?id|idnr|tin\b"),
    (10, checksums.nhs, r"nhs"),
    (9, checksums.dutch_bsn, r"bsn|burgerservice"),
    (10, checksums.luhn, r"personnummer"),
    (12, lambda digits: checksums.luhn(digits[2:]), r"personnummer"),
)
_BEFORE: Final = 40
"""Characters before a number in which its word is looked for."""


def find(text: str) -> list[Span]:
    """All values that a pattern and its check confirm, in order, without overlaps (the longest of two stays)."""
    return resolve(_candidates(text))


def resolve(spans: Iterator[Span] | list[Span]) -> list[Span]:
    """Drop what overlaps a longer span."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
        elif span.end - span.start > kept[-1].end - kept[-1].start:
            kept[-1] = span
    return kept


def _candidates(text: str) -> Iterator[Span]:
    if "@" in text:
        yield from (Span(*match.span(), "email") for match in _EMAIL.finditer(text))
    if _HAS_CREDENTIAL.search(text):
        yield from (Span(*match.span(), "credential") for match in _CREDENTIAL.finditer(text))
        yield from _labelled(text)
    if not _DIGIT.search(text):
        return
    yield from (Span(*match.span(), "network") for match in _NETWORK.finditer(text) if _is_network(match.group()))
    for match in _IBAN.finditer(text):
        yield from _iban(match.group(), match.start())
    yield from (Span(*match.span(), "government_id") for match in _LETTERED.finditer(text) if _lettered(match.group()))
    for match in _NUMBER.finditer(text):
        if category := _number(text, match.group(), match.start()):
            yield Span(match.start(), match.end(), category)


_DIGIT: Final = re.compile(r"\d")


def _labelled(text: str) -> Iterator[Span]:
    for match in _LABELLED.finditer(text):
        group = 1 if match.group(1) else 2
        value = match.group(group)
        if value and _SECRETIVE.match(value):
            yield Span(match.start(group), match.start(group) + len(value.rstrip(".!?)")), "credential")


def _is_network(value: str) -> bool:
    # Times such as 10:30:15 have only decimal groups; an address has a letter, "::" or five colons.
    return (
        "." in value or "-" in value or "::" in value or value.count(":") >= 5 or not value.replace(":", "").isdecimal()
    )


def _iban(value: str, start: int) -> Iterator[Span]:
    for end in range(len(value), 14, -1):
        if value[end - 1] != " " and checksums.iban(value[:end].replace(" ", "")):
            yield Span(start, start + end, "iban")
            return


def _lettered(value: str) -> bool:
    compact = value.replace(" ", "").replace("-", "")
    if len(compact) == 16:
        return checksums.italian_cf(compact)
    if len(compact) == 9 and compact[:2].isalpha():
        return compact[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
    return checksums.spanish_dni(compact)


def _number(text: str, value: str, start: int) -> str:
    digits = _NOT_DIGITS.sub("", value)
    before = text[max(0, start - _BEFORE) : start]
    if not value.startswith("+") and 12 <= len(digits) <= 19 and checksums.card(digits):
        return "card"
    if len(digits) == 9 and re.fullmatch(r"\d{3}[- ]\d{2}[- ]\d{4}", value) and checksums.us_ssn(digits):
        return "government_id"
    for length, check, word in _BARE:
        if len(digits) == length and (not word or re.search(word, before, re.IGNORECASE)) and check(digits):
            return "government_id"
    return "phone" if _is_phone(value, digits, before) else ""


def _is_phone(value: str, digits: str, before: str) -> bool:
    if len(digits) > 15 or _DATE.match(value) or before[-1:] in ("-", "#", "_") or before[-1:].isalnum():
        return False
    if value.startswith(("+", "(+", "00")):
        return _valid("+" + digits.removeprefix("00"), None)
    written = _SEPARATORS.search(value) is not None or value.startswith(("0", "("))
    return written and any(map(partial(_valid, value), _REGIONS))


def _valid(value: str, region: str | None) -> bool:
    try:
        return bool(phonenumbers.is_possible_number(number := phonenumbers.parse(value, region))) and (
            region is None or bool(phonenumbers.is_valid_number(number))
        )
    except phonenumbers.NumberParseException:
        return False
