"""Values for the slots of the sentences, and the personal data that customers let slip."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

from connectors.sandbox.data import identifiers
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.people import Person

Words = Mapping[str, Any]
"""A phrase bank."""

_BOXES: Final = ("office", "goods-in", "it", "billing", "assistant")

SECRETS: Final[Mapping[str, tuple[str, ...]]] = {
    "battery_drain": ("phone", "address", "health"),
    "firmware_fails": ("ip", "password", "phone"),
    "gateway_offline": ("ip", "password", "phone", "health"),
    "calibration_drift": ("phone", "address", "email"),
    "wrong_invoice": ("iban", "email", "health"),
    "duplicate_charge": ("card", "iban", "card"),
    "delayed_delivery": ("address", "phone", "national_id"),
    "damaged_parcel": ("address", "phone", "national_id"),
    "sso_login": ("ip", "password", "email"),
    "data_export": ("ip", "api_key", "email"),
    "api_quota": ("api_key", "ip", "api_key"),
    "onboarding": ("phone", "email", "password"),
    "licence_renewal": ("card", "email", "health"),
    "gdpr_request": ("national_id", "address", "email"),
    "warranty": ("address", "phone", "health"),
    "alarm_flood": ("phone", "health", "email"),
}
"""Which personal data customers of a scenario let slip."""


def slots_for(rng: Random, products: Mapping[str, Sequence[str]], language: str, product: str) -> dict[str, object]:
    """Values for the slots of the sentences, the same through the whole case."""
    amount = rng.randrange(180, 9_800) + rng.choice((0.0, 0.5, 0.9, 0.95))
    return {
        "model": product,
        "cloud": products["cloud"][0],
        "serial": f"{rng.choice('ABCDEFHK')}{identifiers.digits(rng, 2)}-{identifiers.digits(rng, 5)}",
        "order": f"{rng.choice(('SO', 'SO', 'PO'))}-{rng.randrange(100_000, 999_999)}",
        "invoice": f"INV-{rng.randrange(2025, 2027)}-{rng.randrange(1000, 9999)}",
        "amount": f"{amount:,.2f} EUR" if language == "en" else f"{amount:.2f} EUR".replace(".", ","),
        "site": rng.choice(bank(f"phrases_{language}")["sites"]),
        "qty": rng.randrange(3, 48),
        "weeks": rng.randrange(3, 11),
        "percent": rng.randrange(3, 42),
        "minutes": rng.choice((2, 3, 5, 7, 10, 12, 15, 20)),
        "hours": rng.randrange(2, 19),
        "dbm": rng.randrange(68, 97),
        "code": rng.randrange(1013, 9876),
        "version_old": f"4.{rng.randrange(0, 2)}.{rng.randrange(0, 9)}",
        "version_new": f"4.{rng.randrange(2, 5)}.{rng.randrange(0, 9)}",
    }


def secret(rng: Random, category: str, person: Person, words: Words) -> str:
    """A value of one category of personal data, as `person` would write it."""
    return _MAKERS[category](rng, person, words)


def _shared_mailbox(rng: Random, person: Person, _words: Words) -> str:
    domain = person.email.partition("@")[2]
    return f"{rng.choice(_BOXES)}{rng.randrange(2, 99)}@{domain}"


def _health(rng: Random, _person: Person, words: Words) -> str:
    choice: str = rng.choice(words["health_values"])
    return choice


_MAKERS: Final[Mapping[str, Callable[[Random, Person, Words], str]]] = {
    "phone": lambda rng, person, _: identifiers.phone(rng, person.locale),
    "email": _shared_mailbox,
    "address": lambda _rng, person, _: person.address.line,
    "card": lambda rng, _person, _: identifiers.card(rng),
    "iban": lambda rng, person, _: identifiers.iban(rng, person.locale),
    "national_id": lambda rng, person, _: identifiers.national_id(rng, person.locale),
    "ip": lambda rng, _person, _: identifiers.ip(rng),
    "api_key": lambda rng, _person, _: identifiers.api_key(rng),
    "password": lambda rng, _person, _: identifiers.password(rng),
    "health": _health,
}
