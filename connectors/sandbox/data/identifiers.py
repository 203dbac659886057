"""Makes identifiers that pass their checksum and belong to nobody: test cards, drama phone numbers, RFC 5737 nets."""

import string
from collections.abc import Callable
from random import Random
from typing import Final

# Issuer prefixes that payment processors reserve for tests, with the length of the whole number.
_CARDS: Final = (
    ("411111", 16),
    ("400000", 16),
    ("555555", 16),
    ("222300", 16),
    ("272099", 16),
    ("510510", 16),
    ("378282", 15),
    ("353011", 16),
    ("601111", 16),
)
# Country -> (letters of the bank code, digits after it): the lengths of the ISO 13616 registry.
_IBANS: Final = {
    "DE": ("", 18),
    "FR": ("", 23),
    "ES": ("", 20),
    "GB": ("NWBK", 14),
    "NL": ("ABNA", 10),
    "AT": ("", 16),
    "CH": ("", 17),
    "PL": ("", 24),
}
_LOCAL_IBAN: Final = {"de": "DE", "fr": "FR", "es": "ES", "uk": "GB", "nl": "NL", "pl": "PL", "us": "CH", "jp": "CH"}
_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_SPACED, _IPV6 = 0.7, 0.2
_MOD97: Final = 97
_TAIL: Final = string.ascii_letters + string.digits


def luhn(digits: str) -> str:
    """The check digit that makes `digits` + it valid under ISO/IEC 7812-1."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        doubled = int(char) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - the digit sum of 10 to 18 is that minus 9
    return str(-total % 10)


def card(rng: Random) -> str:
    """A payment card number from a test range, written as people write them."""
    prefix, length = rng.choice(_CARDS)
    body = prefix + digits(rng, length - 1 - len(prefix))
    number = body + luhn(body)
    separator = rng.choice((" ", " ", "-", ""))
    groups = (4, 6, 5) if len(number) == 15 else (4, 4, 4, 4)  # noqa: PLR2004 - American Express
    return separator.join(_split(number, groups))


def iban(rng: Random, locale: str) -> str:
    """An IBAN of the locale's country with valid check digits, in groups of four or without blanks."""
    country = _LOCAL_IBAN.get(locale, "DE")
    bank, length = _IBANS[country]
    account = bank + digits(rng, length)
    as_number = "".join(str(int(char, 36)) for char in f"{account}{country}00")
    compact = f"{country}{98 - int(as_number) % _MOD97:02d}{account}"
    return " ".join(compact[i : i + 4] for i in range(0, len(compact), 4)) if rng.random() < _SPACED else compact


def national_id(rng: Random, locale: str) -> str:
    """A national id with a valid check character where the country has one, in ranges that nobody was given."""
    return _NATIONAL.get(locale, _us_ssn)(rng)


def phone(rng: Random, locale: str) -> str:
    """A number in the range that the locale's regulator keeps for films, where there is one."""
    return _fill(rng, rng.choice(_PHONES.get(locale, _PHONES["us"])))


def ip(rng: Random) -> str:
    """An address of a documentation network (RFC 5737, RFC 3849)."""
    if rng.random() < _IPV6:
        return f"2001:db8:{rng.randrange(1, 0xFFF):x}::{rng.randrange(1, 0xFFF):x}"
    return f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randrange(2, 254)}"


def api_key(rng: Random) -> str:
    """A secret as SaaS products print them."""
    return rng.choice(("nwk_live_", "sk-sbx-", "gx_pat_")) + "".join(rng.choices(_TAIL, k=32))


def password(rng: Random) -> str:
    """A password as people choose them."""
    word = rng.choice(("Sommer", "Pumpe", "Aqua", "Werk", "Loire", "Bilbao", "Kanda", "Harvest"))
    return f"{word}{rng.choice('!?#%')}{rng.randrange(10, 99)}-{rng.choice('kqxz')}{rng.randrange(100, 999)}"


def digits(rng: Random, count: int) -> str:
    """`count` random decimal digits."""
    return "".join(rng.choices(string.digits, k=count))


def _es_dni(rng: Random) -> str:
    number = f"000{digits(rng, 5)}"
    return f"{number}{_DNI_LETTERS[int(number) % len(_DNI_LETTERS)]}"


def _fr_nir(rng: Random) -> str:
    # Department 99 with country code 990 and order 9xx does not exist.
    body = f"{rng.choice('12')}{rng.randrange(50, 99)}{rng.randrange(1, 12):02d}99990{rng.randrange(900, 999)}"
    key = _MOD97 - int(body) % _MOD97
    return " ".join(_split(f"{body}{key:02d}", (1, 2, 2, 2, 3, 3, 2)))


def _nl_bsn(rng: Random) -> str:
    while True:
        body = f"00{digits(rng, 6)}"
        check = sum(int(char) * weight for char, weight in zip(body, range(9, 1, -1), strict=True)) % 11
        if check < 10:  # noqa: PLR2004 - remainder 10 has no digit
            return f"{body}{check}"


def _de_tax_id(rng: Random) -> str:
    """A German tax number: in the first ten digits one occurs twice, one not at all; ISO 7064 MOD 11,10."""
    pool = rng.sample(string.digits, 9)
    body = [*pool, pool[rng.randrange(9)]]
    rng.shuffle(body)
    while body[0] == "0":
        rng.shuffle(body)
    product = 10
    for char in body:
        total = (int(char) + product) % 10 or 10
        product = total * 2 % 11
    return " ".join(_split("".join(body) + str((11 - product) % 10), (2, 3, 3, 3)))


def _pl_pesel(rng: Random) -> str:
    # A birthday in the 2200s: month + 60.
    body = f"{rng.randrange(100):02d}{rng.randrange(61, 72):02d}{rng.randrange(1, 28):02d}{digits(rng, 4)}"
    total = sum(int(char) * weight for char, weight in zip(body, (1, 3, 7, 9) * 3, strict=False))
    return f"{body}{-total % 10}"


def _uk_nino(rng: Random) -> str:
    # The prefix QQ is never allocated. There is no checksum.
    return f"QQ {digits(rng, 2)} {digits(rng, 2)} {digits(rng, 2)} {rng.choice('ABCD')}"


def _us_ssn(rng: Random) -> str:
    # Area 900 to 999 and group 00 are never allocated; 9xx with a group above 88 is no ITIN range in use either.
    return f"9{digits(rng, 2)}-{rng.choice(('89', '93'))}-{digits(rng, 4)}"


def _split(text: str, sizes: tuple[int, ...]) -> list[str]:
    parts, start = [], 0
    for size in sizes:
        parts.append(text[start : start + size])
        start += size
    return parts


def _fill(rng: Random, pattern: str) -> str:
    return "".join(rng.choice(string.digits) if char == "#" else char for char in pattern)


_NATIONAL: Final[dict[str, Callable[[Random], str]]] = {
    "es": _es_dni,
    "fr": _fr_nir,
    "nl": _nl_bsn,
    "de": _de_tax_id,
    "pl": _pl_pesel,
    "uk": _uk_nino,
    "us": _us_ssn,
}

_PHONES: Final = {
    "de": ("+49 30 23125 ###", "030 23125-###", "+49 171 39200##", "0171 39200##"),
    "fr": ("+33 1 99 00 ## ##", "01 99 00 ## ##", "+33 6 39 98 ## ##"),
    "es": ("+34 910 55 01 ##", "910 55 01 ##"),
    "uk": ("+44 20 7946 0###", "020 7946 0###", "+44 7700 900###", "07700 900###"),
    "us": ("+1 212-555-01##", "(415) 555-01##", "312-555-01##", "+1 (617) 555-01##"),
    "nl": ("+31 20 555 01##", "020 555 01##"),
    "pl": ("+48 22 555 01 ##",),
    "jp": ("+81 3-5550-01##", "03-5550-01##"),
    "mx": ("+52 55 5555 01##",),
}
