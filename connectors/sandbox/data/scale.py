"""Large data: one org or the portal, followed by blocks of further customers without end. See `docs/sandbox.md`."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any, Final

from connectors.sandbox.data import BuiltOrg, build_org, generate, hubspot
from connectors.sandbox.data.accounts import build_customer
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import Ledger
from connectors.sandbox.data.cases import CaseMaker
from connectors.sandbox.data.hostile import Attack, attacks
from connectors.sandbox.data.hubspot import Built
from connectors.sandbox.data.hubspot.customers import build_customer as build_company
from connectors.sandbox.data.hubspot.tickets import TicketMaker
from connectors.sandbox.data.org import Document
from connectors.sandbox.data.people import slug

LARGEST: Final = 1_000_000
"""The most records that `grow` promises to make within its limits of time and memory."""

ASSOCIATIONS: Final = "associations"
"""Rows of this name tie objects of the portal together; they are no records and do not count."""

_CUSTOMERS, _CASES = 12, 60
"""In a block."""
_FIRST_CUSTOMER, _FIRST_CASE = 1_000, 10_000
_HOSTILE_EVERY: Final = 250
"""Of so many cases one has a hostile message."""
_LOCALES: Final = ("us", "de", "uk", "us", "fr", "nl", "us", "uk", "es", "us", "pl", "jp", "de", "us", "uk", "fr")


def grow(alias: str, size: int, seed: int = 7) -> tuple[Document, Iterator[tuple[str, Any]]]:
    """An org or the portal with `size` records, made while they are read: memory does not grow with `size`.

    What `generate` makes comes first, then blocks of customers, each with its contacts, deals, cases and threads. So
    the records of a small size are the first ones of every larger size with the same seed. Parents stand before their
    children. The document's shares are those of the first part: further cases are seen by owner, queue and role.

    Args:
        alias: "northwind", "globex" or "meridian".
        size: number of records, children included; associations of the portal come on top.
        seed: of the generator.

    Raises:
        LookupError: nothing has this alias.
    """
    if alias == hubspot.ALIAS:
        portal = hubspot.build(seed, marks=False)
        return portal.document, _first(_portal(portal), size)
    org = build_org(alias, seed, marks=False)
    return org.document, _first(_org(org), size)


def company(size: int = 0, seed: int = 7) -> list[tuple[Document, Iterable[tuple[str, Any]]]]:
    """What `generate` makes, with `size` records in "northwind" and as many in "meridian"; 0 leaves all as they are."""
    if not size:
        return [*generate(seed)]
    globex = build_org("globex", seed, marks=False)
    unchanged = (globex.document, globex.builder.records)
    return [grow("northwind", size, seed), unchanged, grow(hubspot.ALIAS, size, seed)]


def _first(records: Iterator[tuple[str, Any]], size: int) -> Iterator[tuple[str, Any]]:
    """The first `size` records, with the associations between them."""
    left = size
    for name, row in records:
        if name != ASSOCIATIONS:
            if not left:
                return
            left -= 1
        yield name, row


def _org(org: BuiltOrg) -> Iterator[tuple[str, Any]]:
    """The records of an org without end."""
    builder = org.builder
    yield from _drained(builder, builder.records)
    dangers = attacks(builder.alias)
    for block in count():
        lines = _lines(builder, block)
        customers = [build_customer(builder, org.staff, line, number) for number, line in lines]
        first = _FIRST_CASE + block * _CASES
        CaseMaker(builder, org.staff, customers).ordinary(_CASES, first, _hostile(dangers, first))
        builder.shares.clear()
        yield from _drained(builder, builder.records)


def _portal(portal: Built) -> Iterator[tuple[str, Any]]:
    """The objects of the portal without end, associations among them."""
    builder = portal.builder
    yield from _drained(builder, builder.records)
    dangers = attacks(builder.alias)
    for block in count():
        customers = [build_company(builder, portal.crew, line, number) for number, line in _lines(builder, block)]
        first = _FIRST_CASE + block * _CASES
        TicketMaker(builder, portal.crew, customers).ordinary(_CASES, first, _hostile(dangers, first))
        yield from _drained(builder, builder.records)


def _drained(builder: Ledger, records: list[Any]) -> list[Any]:
    """The records so far, which the builder forgets together with all that it knows about them."""
    found = records[:]
    records.clear()
    builder.forget()
    return found


def _lines(builder: Ledger, block: int) -> list[tuple[int, str]]:
    """Number and line ("Name|locale|mail domain|industry") of a block's customers."""
    return [
        (number, _line(builder, number))
        for number in range(_FIRST_CUSTOMER + block * _CUSTOMERS, _FIRST_CUSTOMER + (block + 1) * _CUSTOMERS)
    ]


def _line(builder: Ledger, number: int) -> str:
    rng = builder.random("grown", number)
    words = bank("companies")
    locale = _LOCALES[number % len(_LOCALES)]
    names = bank("people")[locale]
    last, _, latin = rng.choice(names["last"]).partition("|")
    other = rng.choice(names["last"]).partition("|")[0]
    town = rng.choice(names["town"]).partition("|")[2]
    trade = rng.choice(words[locale]["trade"])
    name = rng.choice(words[locale]["pattern"]).format(last=last, other=other, trade=trade, town=town)
    domain = f"{latin or slug(last)}-{number}"
    return f"{name}|{locale}|{domain}|{rng.choice(words['industries'])}"


def _hostile(dangers: Sequence[Attack], first: int) -> dict[int, Attack]:
    """Number of a case in the block that begins with `first` -> the attack in one of its mails."""
    mails = [attack for attack in dangers if attack.where == "mail"]
    hit = [number for number in range(first, first + _CASES) if number % _HOSTILE_EVERY == 0]
    return {number: mails[number // _HOSTILE_EVERY % len(mails)] for number in hit}
