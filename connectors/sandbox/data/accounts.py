"""Customers: accounts with their contacts and opportunities."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW, OrgBuilder
from connectors.sandbox.data.org import Staff
from connectors.sandbox.data.people import Address, Person, make_address, make_person
from connectors.sandbox.data.planted import mark
from connectors.sandbox.salesforce.values import Row

_STAGES: Final = (
    ("Prospecting", 10),
    ("Qualification", 20),
    ("Proposal/Price Quote", 60),
    ("Negotiation/Review", 80),
    ("Closed Won", 100),
    ("Closed Lost", 0),
)
_DEALS: Final = ("Sensor expansion", "Service contract renewal", "Cloud seats", "Second site", "Gateway refresh")
REGION_OF: Final = {"us": "Americas", "mx": "Americas", "jp": "APAC"}
"""Locale -> region of the customer; the others are in EMEA."""
_PERSONAL: Final = ("FirstName", "LastName", "Name", "Email", "Phone", "MobilePhone", "MailingStreet")
_PERSON_ACCOUNT: Final = ("PersonEmail", "PersonMobilePhone", "PersonMailingStreet")
_OLD_DAYS: Final = 900


@dataclass(frozen=True, slots=True)
class Customer:
    """One account with the people there; `contacts` are pairs of (record id, person)."""

    id: str
    name: str
    locale: str
    region: str
    contacts: tuple[tuple[str, Person], ...]

    @property
    def desk(self) -> str:
        """The support region that serves the account: there is no desk for APAC, EMEA does it."""
        return "Americas" if self.region == "Americas" else "EMEA"


def build_accounts(builder: OrgBuilder, staff: Staff) -> list[Customer]:
    """All customers of the org, in the order of the bank."""
    return [build_customer(builder, staff, line, number) for number, line in enumerate(bank("accounts")[builder.alias])]


def build_customer(builder: OrgBuilder, staff: Staff, line: str, number: int) -> Customer:
    """One customer from its line "Name|locale|mail domain|industry"."""
    name, locale, domain, industry = line.split("|")
    rng = builder.random("account", number)
    owner = staff.holder("profile", "sales").id
    office = make_address(rng, locale)
    people = make_people(rng, locale, name, domain, office)
    created = NOW - timedelta(days=rng.randrange(600, _OLD_DAYS), minutes=rng.randrange(500))
    account = builder.add(
        "Account",
        created,
        staff.agents["admin"].id,
        {
            "Name": name,
            "OwnerId": owner,
            "AccountNumber": f"C-{10_200 + number * 7}",
            "Type": "Customer - Direct",
            "Industry": industry,
            "AnnualRevenue": float(rng.randrange(4, 260) * 500_000),
            "NumberOfEmployees": rng.randrange(30, 2400),
            "Phone": people[0].phone,
            "Website": f"https://www.{domain}.example",
            "BillingStreet": office.street,
            "BillingCity": office.town,
            "BillingPostalCode": office.postcode,
            "BillingCountry": office.country,
            "Description": None,
        },
    )
    mark(builder, "Account", account, ("Phone", "BillingStreet"), {people[0].phone: "phone", office.street: "address"})
    contacts = tuple((_contact(builder, staff, person, str(account["Id"]), rng), person) for person in people)
    for _ in range(rng.randrange(1, 4)):
        _opportunity(builder, staff, rng, account={"id": str(account["Id"]), "name": name, "contact": contacts[0][0]})
    return Customer(str(account["Id"]), name, locale, REGION_OF.get(locale, "EMEA"), contacts)


def make_people(rng: Random, locale: str, company: str, domain: str, office: Address) -> list[Person]:
    """Two to four colleagues with different addresses, those of the bank first."""
    people: dict[str, Person] = {}
    if known := bank("accounts")["known"].get(company):
        people[known["email"]] = Person(**known, address=office, locale=locale, company=company)
    wanted = rng.randrange(2, 5)
    while len(people) < wanted:
        person = make_person(rng, locale, company, domain, office)
        people.setdefault(person.email, person)
    return list(people.values())


def _contact(builder: OrgBuilder, staff: Staff, person: Person, account_id: str, rng: Random) -> str:
    created = NOW - timedelta(days=rng.randrange(560, 600), minutes=rng.randrange(500))
    row = builder.add(
        "Contact",
        created,
        staff.agents["admin"].id,
        {
            "AccountId": account_id,
            "OwnerId": staff.agents["admin"].id,
            "FirstName": person.first,
            "LastName": person.last,
            "Name": f"{person.first} {person.last}",
            "Email": person.email,
            "Phone": person.phone,
            "MobilePhone": person.mobile,
            "Title": person.title,
            "MailingStreet": person.address.street,
            "MailingCity": person.address.town,
            "MailingPostalCode": person.address.postcode,
            "MailingCountry": person.address.country,
            "Description": None,
            "HasOptedOutOfEmail": False,
        },
    )
    mark_person(builder, "Contact", row, row)
    return str(row["Id"])


def mark_person(builder: OrgBuilder, object_: str, row: Row, contact: Row) -> None:
    """Note where the personal data of `contact` stand in the fields of a contact, or of the account that it is."""
    names = {str(contact[key]): "name" for key in ("Name", "FirstName", "LastName")}
    kinds = {"Email": "email", "Phone": "phone", "MobilePhone": "phone", "MailingStreet": "address"}
    others = {str(contact[key]): kind for key, kind in kinds.items() if contact.get(key)}
    mark(builder, object_, row, (*_PERSONAL, *_PERSON_ACCOUNT), names | others)


def _opportunity(builder: OrgBuilder, staff: Staff, rng: Random, account: dict[str, str]) -> None:
    owner = staff.holder("profile", "sales").id
    stage, probability = rng.choice(_STAGES)
    created = NOW - timedelta(days=rng.randrange(20, 500), minutes=rng.randrange(500))
    close = created + timedelta(days=rng.randrange(10, 200))
    won, lost = stage == "Closed Won", stage == "Closed Lost"
    builder.add(
        "Opportunity",
        created,
        owner,
        {
            "AccountId": account["id"],
            "OwnerId": owner,
            "ContactId": account["contact"],
            "Name": f"{account['name']} - {rng.choice(_DEALS)}",
            "StageName": stage,
            "CloseDate": f"{min(close, NOW) if won or lost else close + timedelta(days=500):%Y-%m-%d}",
            "Amount": float(rng.randrange(6, 480) * 500),
            "Probability": float(probability),
            "IsClosed": won or lost,
            "IsWon": won,
            "NextStep": None if won or lost else "Call after the open cases are solved",
        },
    )
