"""Customers of the portal: companies with their contacts, deals and devices."""

from datetime import timedelta
from random import Random
from typing import Final

from connectors.sandbox.data import identifiers
from connectors.sandbox.data.accounts import REGION_OF, Customer, make_people
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW
from connectors.sandbox.data.hubspot.builder import PortalBuilder, stamp
from connectors.sandbox.data.hubspot.portal import Crew
from connectors.sandbox.data.people import Person, make_address
from connectors.sandbox.data.planted import mark

_DEALS: Final = ("Sensor expansion", "Service contract renewal", "Cloud seats", "Second site", "Gateway refresh")
_PERSONAL: Final = ("firstname", "lastname", "email", "phone", "mobilephone", "address")
_OLD_DAYS: Final = 900


def build_customers(builder: PortalBuilder, crew: Crew) -> list[Customer]:
    """All customers of the portal, in the order of the bank; each with two devices or three."""
    return [build_customer(builder, crew, line, n) for n, line in enumerate(bank("accounts")[builder.alias])]


def build_customer(builder: PortalBuilder, crew: Crew, line: str, number: int) -> Customer:
    """One customer from its line "Name|locale|mail domain|industry"."""
    name, locale, domain, industry = line.split("|")
    rng = builder.random("company", number)
    office = make_address(rng, locale)
    people = make_people(rng, locale, name, domain, office)
    created = NOW - timedelta(days=rng.randrange(600, _OLD_DAYS), minutes=rng.randrange(500))
    company = builder.add(
        "companies",
        created,
        {
            "name": name,
            "domain": f"{domain}.example",
            "industry": industry.upper().replace(" & ", "_").replace(" ", "_"),
            "phone": people[0].phone,
            "address": office.street,
            "city": office.town,
            "zip": office.postcode,
            "country": office.country,
            "numberofemployees": str(rng.randrange(30, 2400)),
            "annualrevenue": str(rng.randrange(4, 260) * 500_000),
            "lifecyclestage": "customer",
            "description": None,
            "legal_hold": None,
            **crew.ownership("viktor"),
        },
    )
    company_id = str(company["hs_object_id"])
    mark(builder, "companies", company, ("phone", "address"), {people[0].phone: "phone", office.street: "address"})
    contacts = tuple((_contact(builder, crew, person, company_id, rng), person) for person in people)
    for _ in range(rng.randrange(1, 3)):
        _deal(builder, crew, rng, company=(company_id, name), contact_id=contacts[0][0])
    for _ in range(rng.randrange(2, 4)):
        _device(builder, crew, rng, company_id)
    return Customer(company_id, name, locale, REGION_OF.get(locale, "EMEA"), contacts)


def _contact(builder: PortalBuilder, crew: Crew, person: Person, company_id: str, rng: Random) -> str:
    created = NOW - timedelta(days=rng.randrange(560, 600), minutes=rng.randrange(500))
    row = builder.add(
        "contacts",
        created,
        {
            "firstname": person.first,
            "lastname": person.last,
            "email": person.email,
            "phone": person.phone,
            "mobilephone": person.mobile,
            "jobtitle": person.title,
            "company": person.company,
            "address": person.address.street,
            "city": person.address.town,
            "zip": person.address.postcode,
            "country": person.address.country,
            "lifecyclestage": "customer",
            **crew.ownership("viktor"),
        },
    )
    contact_id = str(row["hs_object_id"])
    builder.associate(("contacts", contact_id), ("companies", company_id))
    others = {person.email: "email", person.phone: "phone", person.mobile: "phone", person.address.street: "address"}
    mark(builder, "contacts", row, _PERSONAL, others | {person.first: "name", person.last: "name"})
    return contact_id


def _deal(builder: PortalBuilder, crew: Crew, rng: Random, company: tuple[str, str], contact_id: str) -> None:
    stage = rng.choice(list(crew.spec["deal_pipeline"]["stages"]))
    created = NOW - timedelta(days=rng.randrange(20, 500), minutes=rng.randrange(500))
    close = created + timedelta(days=rng.randrange(10, 200))
    closed = stage in {"won", "lost"}
    deal = builder.add(
        "deals",
        created,
        {
            "dealname": f"{company[1]} - {rng.choice(_DEALS)}",
            "pipeline": crew.spec["deal_pipeline"]["id"],
            "dealstage": stage,
            "amount": str(rng.randrange(6, 480) * 500),
            "closedate": stamp(min(close, NOW) if closed else close + timedelta(days=500)),
            "hs_next_step": None if closed else "Call after the open tickets are solved",
            **crew.ownership("viktor"),
        },
    )
    builder.associate(("deals", deal["hs_object_id"]), ("companies", company[0]))
    builder.associate(("deals", deal["hs_object_id"]), ("contacts", contact_id))


def _device(builder: PortalBuilder, crew: Crew, rng: Random, company_id: str) -> None:
    products = crew.spec["products"]
    installed = NOW - timedelta(days=rng.randrange(60, 700))
    device = builder.add(
        "devices",
        installed,
        {
            "serial_number": f"{rng.choice('ABCDEFHK')}{identifiers.digits(rng, 2)}-{identifiers.digits(rng, 6)}",
            "model": rng.choice([*products["sensor"], *products["gateway"]]),
            "firmware": rng.choice(crew.spec["devices"]["firmware"]),
            "installed_on": f"{installed:%Y-%m-%d}",
            **crew.ownership("viktor"),
        },
    )
    builder.associate(("devices", device["hs_object_id"]), ("companies", company_id))
