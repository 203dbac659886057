"""Records that something happened to: merged, deleted, moved, held; people who are accounts; other currencies."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from connectors.sandbox.data.accounts import Customer, build_customer, mark_person
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW, OrgBuilder
from connectors.sandbox.data.org import Staff
from connectors.sandbox.data.people import make_address, make_person
from connectors.sandbox.data.special import build_case
from connectors.sandbox.data.threads import FIRST_NUMBER
from connectors.sandbox.salesforce.ids import SHORT
from connectors.sandbox.salesforce.values import Row, stamp

_NEW_CUSTOMERS: Final = 900
"""Number of the first customer here: far from those of the bank, whose people do not change."""
_MERGED_CASES: Final = (52, 77, 101)
_DELETED_CASES: Final = (84, 109)
_MERGED_CONTACTS: Final = (17, 40)
_DELETED_BELOW: Final = (36, 58, 93)
_OLD_TASKS_OF: Final = (25, 44)
_LONG_AGO: Final = NOW - timedelta(days=420)
_DEALS: Final = (12_500.0, 8_400.0, 21_000.0, 1_150_000.0)


def add_lifecycle(builder: OrgBuilder, staff: Staff, known: Mapping[str, str]) -> None:
    """Add all of them behind the org's other records, none of which changes.

    Args:
        builder: of the org.
        staff: its people.
        known: slot of the bank's texts -> id that it stands for.
    """
    rows: dict[str, list[Row]] = {}
    for name, row in builder.records:
        rows.setdefault(name, []).append(row)
    _merged(builder, staff, rows)
    _deleted(builder, staff, rows)
    _archived(builder, staff, rows)
    customers = _customers(builder, staff)
    customers["person"] = _person_account(builder, staff)
    for spec in bank("lifecycle")["cases"]:
        _told(builder, staff, customers, spec, known)
    _currencies(builder, staff, list(customers.values())[:1])


def _merged(builder: OrgBuilder, staff: Staff, rows: Mapping[str, Sequence[Row]]) -> None:
    """Duplicates of cases and contacts that were merged into the first of their kind."""
    admin = staff.agents["admin"].id
    for place in _MERGED_CASES:
        case = rows["Case"][place]
        copied = {key: case[key] for key in ("Subject", "AccountId", "ContactId", "OwnerId", "Origin", "Priority")}
        about = {"Status": "Closed", "IsClosed": True, "Description": bank("lifecycle")["merged_note"]}
        _gone(builder, "Case", case, admin, _numbered(builder, copied | about))
    for place in _MERGED_CONTACTS:
        contact = rows["Contact"][place]
        copied = {key: contact[key] for key in ("FirstName", "LastName", "Name", "Email", "AccountId", "OwnerId")}
        row = _gone(builder, "Contact", contact, admin, {**copied, "HasOptedOutOfEmail": False})
        mark_person(builder, "Contact", row, contact)


def _gone(builder: OrgBuilder, object_: str, master: Row, by: str, fields: Row) -> Row:
    """A record that was merged into `master`."""
    made = NOW - timedelta(days=40)
    lost: Row = {**fields, "IsDeleted": True, "MasterRecordId": master["Id"]}
    row = builder.add(object_, made, by, lost, changed=made + timedelta(hours=2))
    builder.fates.merged[str(row["Id"])] = str(master["Id"])
    builder.fates.deleted.add(str(row["Id"]))
    return row


def _deleted(builder: OrgBuilder, staff: Staff, rows: Mapping[str, Sequence[Row]]) -> None:
    """Cases, comments and tasks in the recycle bin."""
    admin, made = staff.agents["admin"].id, NOW - timedelta(days=9)
    words = bank("lifecycle")["portal"]
    for place in _DELETED_CASES:
        case = rows["Case"][place]
        copied = {key: case[key] for key in ("AccountId", "ContactId", "OwnerId", "Origin")}
        fields = {**copied, "Subject": words["archived_subject"], "Status": "New", "IsClosed": False}
        _bin(builder, builder.add("Case", made, admin, _numbered(builder, {**fields, "IsDeleted": True}), changed=NOW))
    for place in _DELETED_BELOW:
        case = rows["Case"][place]
        comment: Row = {"ParentId": case["Id"], "CommentBody": words["archived_note"], "IsPublished": False}
        _bin(builder, builder.add("CaseComment", made, admin, {**comment, "IsDeleted": True}, changed=NOW))
        task: Row = {"WhatId": case["Id"], "OwnerId": admin, "Subject": words["archived_note"], "Status": "Not Started"}
        _bin(builder, builder.add("Task", made, admin, {**task, "IsDeleted": True}, changed=NOW))


def _archived(builder: OrgBuilder, staff: Staff, rows: Mapping[str, Sequence[Row]]) -> None:
    """Closed tasks that are older than a year, which only queryAll shows."""
    admin = staff.agents["admin"].id
    for number, place in enumerate(_OLD_TASKS_OF):
        subject, text = bank("desk")["tasks"][number]
        done: Row = {"Subject": subject, "Description": text, "Status": "Completed", "IsClosed": True, "OwnerId": admin}
        done |= {"WhatId": rows["Case"][place]["Id"], "ActivityDate": stamp(_LONG_AGO)[:10], "IsArchived": True}
        row = builder.add("Task", _LONG_AGO, admin, {**done, "Priority": "Normal", "WhoId": None})
        builder.fates.archived.add(str(row["Id"]))


def _bin(builder: OrgBuilder, row: Row) -> None:
    builder.fates.deleted.add(str(row["Id"]))


def _numbered(builder: OrgBuilder, fields: Row) -> Row:
    """A case's fields with its id and number."""
    case_id = builder.mint("Case")
    return {"Id": case_id, "CaseNumber": f"{FIRST_NUMBER + builder.count('Case') - 1:08d}", **fields}


def _customers(builder: OrgBuilder, staff: Staff) -> dict[str, Customer]:
    """The customers of the bank's cases by name; one of them is under legal hold."""
    found = {}
    for number, (key, line) in enumerate(bank("lifecycle")["customers"].items(), _NEW_CUSTOMERS):
        before = len(builder.records)
        customer = build_customer(builder, staff, line, number)
        found[customer.name] = customer
        account = builder.records[before][1]
        account["Legal_Hold__c"] = key == "held"
        if key == "held":
            builder.fates.held.add(customer.id)
    return found


def _told(builder: OrgBuilder, staff: Staff, customers: Mapping[str, Customer], spec: Mapping[str, Any],
          known: Mapping[str, str]) -> None:  # fmt: skip
    """One of the bank's cases, with its ids filled in, and what happened to it."""
    link = f"https://{staff.spec['domain']}.lightning.force.com/lightning/r/Case/{known['demo']}/view"
    short = {"{demo15}": known["demo"][:SHORT], "{long15}": known["long"][:SHORT], "{link}": link}
    messages = [{**message, "text": _filled(message["text"], short)} for message in spec["messages"]]
    before = len(builder.records)
    case = build_case(builder, staff, customers[spec["account"]], {**spec, "messages": messages})
    case_id = str(case["Id"])
    if spec["name"] == "moved_owner":
        builder.fates.moved[case_id] = ("OwnerId", staff.agents[spec["was"]].id, str(case["OwnerId"]))
    if spec["name"] == "moved_account":
        builder.fates.moved[case_id] = ("AccountId", customers[spec["was"]].id, str(case["AccountId"]))
    if spec["name"] == "held":
        builder.fates.held.add(case_id)
    if spec["name"] == "short_ids":
        mail = next(row for name, row in builder.records[before:] if name == "EmailMessage")
        for record, field in ((case, "Description"), (mail, "TextBody")):
            builder.fates.mentions[str(record["Id"]), field] = (known["demo"], known["long"])


def _filled(text: str, slots: Mapping[str, str]) -> str:
    for slot, value in slots.items():
        text = text.replace(slot, value)
    return text


def _person_account(builder: OrgBuilder, staff: Staff) -> Customer:
    """Somebody who is an account and its contact at once."""
    spec = bank("lifecycle")["person"]
    rng = builder.random("person account")
    home = make_address(rng, spec["locale"])
    person = make_person(rng, spec["locale"], "", spec["domain"], home)
    made, admin = NOW - timedelta(days=80), staff.agents["admin"].id
    account_id, contact_id = builder.mint("Account"), builder.mint("Contact")
    name: Row = {"FirstName": person.first, "LastName": person.last, "Name": person.name, "OwnerId": admin}
    street = person.address.street
    name["IsPersonAccount"] = True
    as_account: Row = {"PersonContactId": contact_id, "PersonEmail": person.email, "Type": "Customer - Direct"}
    as_account |= {"PersonMobilePhone": person.mobile, "PersonMailingStreet": street}
    account = builder.add("Account", made, admin, {"Id": account_id, **name, **as_account})
    as_contact: Row = {"AccountId": account_id, "Email": person.email, "MobilePhone": person.mobile, "Title": None}
    as_contact |= {"MailingStreet": street, "Phone": None, "HasOptedOutOfEmail": False}
    contact = builder.add("Contact", made, admin, {"Id": contact_id, **name, **as_contact})
    for object_, row in (("Account", account), ("Contact", contact)):
        mark_person(builder, object_, row, contact)
    builder.fates.persons[account_id] = contact_id
    return Customer(account_id, person.name, spec["locale"], "EMEA", ((contact_id, person),))


def _currencies(builder: OrgBuilder, staff: Staff, customers: Sequence[Customer]) -> None:
    """Deals in other currencies than the corporate one."""
    owner = staff.holder("profile", "sales").id
    codes = bank("lifecycle")["currencies"]
    for amount, code in zip(_DEALS, codes[2:], strict=True):
        fields: Row = {
            "AccountId": customers[0].id,
            "OwnerId": owner,
            "ContactId": customers[0].contacts[0][0],
            "Name": f"{customers[0].name} - {code}",
            "StageName": "Qualification",
            "CloseDate": stamp(NOW + timedelta(days=90))[:10],
            "Amount": amount,
            "CurrencyIsoCode": code,
            "Probability": 20.0,
            "IsClosed": False,
            "IsWon": False,
            "NextStep": None,
        }
        builder.add("Opportunity", NOW - timedelta(days=12), owner, fields)
