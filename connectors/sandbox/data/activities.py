"""What account managers keep on accounts and contacts: calls that were made, things to do, deals that close soon."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from connectors.sandbox.data.accounts import Customer
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW, OrgBuilder
from connectors.sandbox.data.org import Agent, Staff
from connectors.sandbox.data.people import Person
from connectors.sandbox.data.planted import mark
from connectors.sandbox.salesforce.values import Row

_NOTHING, _FOLLOWED_UP, _DEAL = 0.12, 0.6, 0.4
_STAGES: Final = (("Proposal/Price Quote", 60.0), ("Negotiation/Review", 80.0))
_AGE_DAYS, _PAST_OFFICE_HOURS = 120, 9 * 60


def add_activities(builder: OrgBuilder, staff: Staff, customers: Sequence[Customer]) -> None:
    """Add calls and things to do of the last four months to most accounts, and deals of the next quarter to some.

    Everything follows the org's other records, none of which changes.
    """
    manager = staff.holder("profile", "sales")
    for number, customer in enumerate(customers):
        rng = builder.random("activity", number)
        if rng.random() < _NOTHING:
            continue
        for entry in rng.sample(bank("desk")["calls"], rng.randrange(1, 4)):
            contact_id, contact = rng.choice(customer.contacts)
            at = NOW - timedelta(days=rng.randrange(1, _AGE_DAYS), minutes=rng.randrange(_PAST_OFFICE_HOURS))
            about = _about(customer, contact_id, manager)
            _add(builder, at, contact, entry, about | {"Status": "Completed", "IsClosed": True, "TaskSubtype": "Call"})
        if rng.random() < _FOLLOWED_UP:
            contact_id, contact = rng.choice(customer.contacts)
            entry = rng.choice(bank("desk")["followups"])
            at = NOW - timedelta(days=rng.randrange(1, 9), minutes=rng.randrange(_PAST_OFFICE_HOURS))
            due = f"{NOW + timedelta(days=entry[2]):%Y-%m-%d}"
            about = _about(customer, contact_id, manager) | {"ActivityDate": due, "TaskSubtype": "Task"}
            _add(builder, at, contact, entry, about | {"Status": "Not Started", "IsClosed": False})
        if rng.random() < _DEAL:
            _deal(builder, rng, customer, manager)


def _about(customer: Customer, contact_id: str, manager: Agent) -> Row:
    return {"WhatId": customer.id, "WhoId": contact_id, "OwnerId": manager.id, "Priority": "Normal"}


def _add(builder: OrgBuilder, at: datetime, contact: Person, entry: Sequence[Any], fields: Row) -> None:
    words = {"first": contact.first, "name": contact.name, "title": contact.title, "mobile": contact.mobile}
    texts: Row = {"Subject": entry[0].format(**words), "Description": entry[1].format(**words)}
    row = builder.add("Task", at, str(fields["OwnerId"]), {"ActivityDate": f"{at:%Y-%m-%d}", **texts, **fields})
    secrets = {contact.first: "name", contact.name: "name", contact.mobile: "phone"}
    mark(builder, "Task", row, ("Subject", "Description"), secrets)


def _deal(builder: OrgBuilder, rng: Random, customer: Customer, manager: Agent) -> None:
    stage, probability = rng.choice(_STAGES)
    name = rng.choice(bank("desk")["deals"])
    fields: Row = {
        "AccountId": customer.id,
        "OwnerId": manager.id,
        "ContactId": rng.choice(customer.contacts)[0],
        "Name": f"{customer.name} - {name}",
        "StageName": stage,
        "CloseDate": f"{NOW + timedelta(days=rng.randrange(14, 110)):%Y-%m-%d}",
        "Amount": float(rng.randrange(6, 240) * 500),
        "Probability": probability,
        "IsClosed": False,
        "IsWon": False,
        "NextStep": "Send the offer once the open cases are solved",
    }
    builder.add("Opportunity", NOW - timedelta(days=rng.randrange(10, 60)), manager.id, fields)
