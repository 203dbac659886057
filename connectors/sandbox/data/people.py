"""Makes the people and addresses of the sandbox from the name bank."""

import unicodedata
from dataclasses import dataclass
from random import Random
from typing import Final

from connectors.sandbox.data import identifiers
from connectors.sandbox.data.banks import bank

LANGUAGE_OF: Final = {"de": "de", "fr": "fr", "es": "es", "jp": "ja"}
"""Locale -> language that its people write in; every other locale writes English."""

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "ø": "o"})
_SIGNS_LONG: Final = 0.7
"""How many people sign with more than their name, even in an answer."""
_CLIENTS: Final = ("gmail", "outlook", "apple", "plain", "bottom", "mobile", "webmail")


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address: `street` is one line."""

    street: str
    postcode: str
    town: str
    country: str

    @property
    def line(self) -> str:
        """The address on one line, as people put it into a mail."""
        return f"{self.street}, {self.postcode} {self.town}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a customer. `client` is the mail program that shapes quotes and markup (see mail.py)."""

    first: str
    last: str
    email: str
    title: str
    phone: str
    mobile: str
    address: Address
    locale: str
    client: str
    company: str
    signs_long: bool = True

    @property
    def name(self) -> str:
        """The display name, family name first in Japanese."""
        return f"{self.last} {self.first}" if self.locale == "jp" else f"{self.first} {self.last}"

    @property
    def language(self) -> str:
        """The language this person writes in."""
        return LANGUAGE_OF.get(self.locale, "en")


def make_person(rng: Random, locale: str, company: str, domain: str, office: Address) -> Person:
    """A new colleague at `company`, with a mail address at `domain`.example."""
    names = bank("people")[locale]
    first, first_latin = _spelling(rng.choice(names["first"]))
    last, last_latin = _spelling(rng.choice(names["last"]))
    local = rng.choice((f"{first_latin}.{last_latin}", f"{first_latin[0]}.{last_latin}", f"{last_latin}"))
    return Person(
        first,
        last,
        f"{local}@{domain}.example",
        rng.choice(bank("people")["titles"]),
        identifiers.phone(rng, locale),
        identifiers.phone(rng, locale),
        office,
        locale,
        rng.choice(_CLIENTS),
        company,
        rng.random() < _SIGNS_LONG,
    )


def make_address(rng: Random, locale: str) -> Address:
    """An address in the locale's country that does not exist."""
    names = bank("people")[locale]
    postcode, town = rng.choice(names["town"]).split("|")
    return Address(rng.choice(names["street"]).format(n=rng.randrange(2, 180)), postcode, town, names["country"])


def _spelling(entry: str) -> tuple[str, str]:
    """(name as written, name as it stands in a mail address)."""
    written, _, latin = entry.partition("|")
    return written, latin or slug(written)


def slug(text: str) -> str:
    """Lower-case ASCII with hyphens, for addresses and URLs."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_UMLAUTS)).encode("ascii", "ignore").decode()
    return "-".join("".join(char if char.isalnum() else " " for char in plain).split())
