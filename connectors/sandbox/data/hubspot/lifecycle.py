"""Objects of the portal that something happened to: archived, merged, erased, moved to another owner, held."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from connectors.sandbox.data.accounts import Customer
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW
from connectors.sandbox.data.hubspot.builder import PortalBuilder, stamp
from connectors.sandbox.data.hubspot.portal import Crew, stage_id
from connectors.sandbox.data.hubspot.threads import Cast, write_note
from connectors.sandbox.data.hubspot.tickets import TicketMaker
from connectors.sandbox.data.planted import mark
from connectors.sandbox.salesforce.values import Row

_AGO: Final = timedelta(days=15)
_SIZE: Final = 4
_HELD_CUSTOMER, _MOVED_CUSTOMER, _PLAIN_CUSTOMER = 8, 3, 5
"""Places of customers who write English, for which every story is told."""


def add_lifecycle(builder: PortalBuilder, crew: Crew, maker: TicketMaker, customers: Sequence[Customer]) -> None:
    """Add all of them behind the portal's other objects."""
    words = bank("lifecycle")["portal"]
    _moved(builder, crew, maker, customers[_MOVED_CUSTOMER], words["moved_note"])
    _held(builder, crew, maker, customers[_HELD_CUSTOMER], words["held_subject"])
    customer = customers[_PLAIN_CUSTOMER]
    _merged(builder, crew, customer)
    _merged_tickets(builder, crew, customer, words["merged_subject"])
    _archived(builder, crew, customer)
    _erased(builder, crew)


def _cast(crew: Crew, customer: Customer, owner: str, *agents: str) -> Cast:
    contact_id, contact = customer.contacts[0]
    return Cast(customer, contact_id, contact, owner, tuple(crew.members[key] for key in agents))


def _moved(builder: PortalBuilder, crew: Crew, maker: TicketMaker, customer: Customer, text: str) -> None:
    """A ticket that Pavel began and Noor owns now."""
    cast = _cast(crew, customer, "noor", "pavel", "noor")
    ticket = maker.ticket(builder.random("moved"), cast, "firmware_fails", _SIZE)
    write_note(builder, crew, ticket, cast, at=NOW - _AGO, author=crew.members["noor"], markup=f"<p>{text}</p>")
    before, now = crew.members["pavel"].owner_id, crew.members["noor"].owner_id
    builder.fates.moved[str(ticket["hs_object_id"])] = ("hubspot_owner_id", before, now)


def _held(builder: PortalBuilder, crew: Crew, maker: TicketMaker, customer: Customer, subject: str) -> None:
    """A ticket of the head of support that must be kept as it is."""
    cast = replace(_cast(crew, customer, "rosa", "rosa"), private=True)
    ticket = maker.ticket(builder.random("held"), cast, "data_export", _SIZE)
    ticket |= {"subject": subject, "legal_hold": "true"}
    builder.restricted.add(str(ticket["hs_object_id"]))
    builder.fates.held.add(str(ticket["hs_object_id"]))


def _merged(builder: PortalBuilder, crew: Crew, customer: Customer) -> None:
    """Two contacts that became a third one: a merge makes a new id, the old ones lead to it."""
    old, other, new = (builder.mint("contacts") for _ in range(3))
    person = customer.contacts[0][1]
    email = f"{person.last.lower()}@{person.email.partition('@')[2]}"
    row = builder.add(
        "contacts",
        NOW - 4 * _AGO,
        {
            "hs_object_id": new,
            "firstname": person.first,
            "lastname": person.last,
            "email": email,
            "phone": person.mobile,
            "hs_merged_object_ids": f"{old};{other}",
            **crew.ownership("viktor"),
        },
        changed=NOW - _AGO,
    )
    builder.associate(("contacts", new), ("companies", customer.id))
    found = {person.first: "name", person.last: "name", email: "email", person.mobile: "phone"}
    mark(builder, "contacts", row, ("firstname", "lastname", "email", "phone"), found)
    builder.fates.merged.update({old: new, other: new})


def _merged_tickets(builder: PortalBuilder, crew: Crew, customer: Customer, subject: str) -> None:
    """Two tickets about one thing that became a third."""
    old, other, new = (builder.mint("tickets") for _ in range(3))
    ids: Row = {"hs_object_id": new, "hs_merged_object_ids": f"{old};{other}"}
    builder.add("tickets", NOW - 4 * _AGO, {**_bare(crew, subject), **ids}, changed=NOW - _AGO)
    builder.associate(("tickets", new), ("contacts", customer.contacts[0][0]))
    builder.fates.merged.update({old: new, other: new})


def _archived(builder: PortalBuilder, crew: Crew, customer: Customer) -> None:
    """A ticket, a note, a task and a contact in the recycle bin."""
    words = bank("lifecycle")["portal"]
    made, gone = NOW - 2 * _AGO, NOW - _AGO
    ticket: Row = _bare(crew, words["archived_subject"])
    owned: Row = {"hs_timestamp": stamp(made), **crew.ownership("pavel")}
    note: Row = {"hs_note_body": f"<p>{words['archived_note']}</p>", **owned}
    task: Row = {"hs_task_subject": words["archived_note"], "hs_task_status": "NOT_STARTED", **owned}
    contact: Row = {"email": f"old@{customer.contacts[0][1].email.partition('@')[2]}", **crew.ownership("viktor")}
    for type_, properties in (("tickets", ticket), ("notes", note), ("tasks", task), ("contacts", contact)):
        row = builder.add(type_, made, properties, archived=gone)
        builder.fates.archived.add(str(row["hs_object_id"]))


def _erased(builder: PortalBuilder, crew: Crew) -> None:
    """A contact deleted under the GDPR: no object has its id, its ticket stays and names nobody."""
    words = bank("lifecycle")["portal"]
    builder.fates.erased.add(builder.mint("contacts"))
    ticket = builder.add("tickets", NOW - 4 * _AGO, _bare(crew, words["erased_subject"]), changed=NOW - _AGO)
    at = NOW - _AGO
    note: Row = {"hs_timestamp": stamp(at), "hs_note_body": f"<p>{words['erased_note']}</p>", **crew.ownership("noor")}
    made = builder.add("notes", at, note)
    builder.associate(("notes", made["hs_object_id"]), ("tickets", ticket["hs_object_id"]))


def _bare(crew: Crew, subject: str) -> Row:
    """A ticket without a thread."""
    return {
        "subject": subject,
        "content": None,
        "hs_pipeline": crew.spec["pipelines"]["support"]["id"],
        "hs_pipeline_stage": stage_id("support", "closed"),
        "hs_ticket_priority": "LOW",
        "hs_ticket_category": None,
        **crew.ownership("noor"),
    }
