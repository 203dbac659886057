"""Record ids: 15 case-sensitive characters, or 18 with a checksum that makes them safe to compare without case."""

import string
from functools import lru_cache

_CHECK = string.ascii_uppercase + "012345"
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ALLOWED = frozenset(_BASE62)
_GROUP = 5
SHORT, LONG = 15, 18


def widen(short: str) -> str:
    """The 18-character form of a 15-character id: one checksum letter per five characters."""
    suffix = ""
    for start in range(0, SHORT, _GROUP):
        group = short[start : start + _GROUP]
        suffix += _CHECK[sum(1 << place for place, char in enumerate(group) if "A" <= char <= "Z")]
    return short + suffix


@lru_cache(maxsize=65_536)
def canonical(text: str) -> str | None:
    """The 18-character id that `text` (15 or 18 characters) names, or None when it is not an id.

    An 18-character id whose letters lost their case is repaired from its checksum, as Salesforce does.
    """
    if not _ALLOWED.issuperset(text):
        return None
    if len(text) == SHORT:
        return widen(text)
    if len(text) != LONG:
        return None
    short = text[:SHORT]
    if widen(short) == text:
        return text
    repaired = ""
    for place, char in enumerate(short):
        bits = _CHECK.find(text[SHORT + place // _GROUP].upper())
        if bits < 0:
            return None
        repaired += char.upper() if bits >> (place % _GROUP) & 1 else char.lower()
    wide = widen(repaired)
    return wide if wide.upper() == text.upper() else None


def mint(prefix: str, pod: str, number: int) -> str:
    """The id of the `number`-th record under a key `prefix`; `pod` tells orgs apart. Both have three characters."""
    digits = ""
    while number:
        number, rest = divmod(number, len(_BASE62))
        digits = _BASE62[rest] + digits
    return widen(f"{prefix}{pod}{digits.rjust(9, '0')}")
