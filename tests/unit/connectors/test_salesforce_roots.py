"""Accounts and contacts as the records at hand: what is asked, how much of it, and what a hidden field leaves out."""

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.interfaces import Audience, Bundle, RecordRef
from connectors.salesforce import reading
from connectors.salesforce.catalogue import CHILD_LIMIT
from connectors.salesforce.composite import MAX_QUERIES
from tests.unit.connectors.scripted import CASE_ID
from tests.unit.connectors.scripted_org import Fields, Org, Rows, row

ACCOUNT_ID, CONTACT_ID = "001000000000001AAA", "003000000000001AAA"
ACCOUNT = RecordRef("salesforce", "Account", ACCOUNT_ID)
CONTACT = RecordRef("salesforce", "Contact", CONTACT_ID)
CASE: Fields = {
    "CaseNumber": (), "Subject": (), "IsClosed": (), "AccountId": ("Account", "Account"),
    "ContactId": ("Contact", "Contact"),
}  # fmt: skip
TASK: Fields = {"Subject": (), "WhatId": (), "WhoId": (), "AccountId": (), "IsDeleted": ()}
OBJECTS: Mapping[str, Fields] = {
    "Account": {"Name": (), "Phone": (), "OwnerId": ("Owner", "User")},
    "Contact": {"Name": (), "LastName": (), "Phone": (), "Title": (), "AccountId": ("Account", "Account")},
    "Case": CASE,
    "Opportunity": {"Name": (), "StageName": (), "AccountId": (), "IsClosed": ()},
    "Task": TASK,
    "EmailMessage": {"Subject": (), "ParentId": ("Parent", "Case"), "Incoming": (), "Status": (), "MessageDate": ()},
    "User": {"Name": ()},
    "Writeback__c": {"Key__c": (), "Record_Id__c": (), "Kind__c": (), "Target_Ids__c": (), "Undone__c": ()},
}
WANTED = {
    "account": {
        "Account": ("Name",), "Contact": ("Name", "Title"), "Case": ("Subject",), "Opportunity": ("Name",),
        "Task": ("Subject",),
    },
    "contact": {"Contact": ("Name", "Title"), "Case": ("Subject",), "EmailMessage": ("Subject",), "Task": ("Subject",)},
}  # fmt: skip
ROOTS = {"account": (ACCOUNT, row(ACCOUNT_ID, Name="Acme")), "contact": (CONTACT, row(CONTACT_ID, Name="Jo Doe"))}


def read(root: str, rows: Rows | None = None, *, without: tuple[str, ...] = ()) -> tuple[Bundle, Org]:
    """What is read of a root when the fields `without` ("Case.IsClosed") are hidden."""
    objects = {
        name: {field: relation for field, relation in fields.items() if f"{name}.{field}" not in without}
        for name, fields in OBJECTS.items()
        if name not in without
    }
    ref, found = ROOTS[root]
    org = Org(objects, {"root": [found], **(rows or {})})
    bench = org.bench()
    return reading.read(bench.client, bench.schema, ref, WANTED[root]), org


@pytest.mark.parametrize("root", ["account", "contact"])
def test_a_root_is_asked_for_in_one_round_trip(root: str) -> None:
    """As many requests side by side as Salesforce's five queries a request make necessary."""
    ref, _ = ROOTS[root]
    org = Org(OBJECTS, {"root": [ROOTS[root][1]]})
    bench = org.bench()
    reading.read(bench.client, bench.schema, ref, WANTED[root])
    before = bench.client.round_trips
    org.requests.clear()
    reading.read(bench.client, bench.schema, ref, WANTED[root])
    assert bench.client.round_trips - before == 1
    assert max(org.requests) <= MAX_QUERIES
    assert sum(org.requests) == len(WANTED[root]) + 1  # what the assistant wrote is asked for, too


def test_only_what_is_open_is_asked_of_an_accounts_cases_and_deals() -> None:
    """In the query, so that closed ones take no place among the newest fifty."""
    _, org = read("account")
    for name in ("Case", "Opportunity"):
        assert f"WHERE AccountId = '{ACCOUNT_ID}' AND IsClosed = FALSE" in org.query(name)
        assert f"LIMIT {CHILD_LIMIT + 1}" in org.query(name)
    assert f"WHERE (WhatId = '{ACCOUNT_ID}' OR AccountId = '{ACCOUNT_ID}') AND IsDeleted = FALSE" in org.query("Task")
    assert f"WHERE AccountId = '{ACCOUNT_ID}' ORDER BY CreatedDate DESC" in org.query("Contact")


def test_a_contact_comes_with_the_messages_of_her_cases() -> None:
    """Closed cases as well: what she has written is what one wants to know."""
    _, org = read("contact")
    assert f"WHERE Parent.ContactId = '{CONTACT_ID}' ORDER BY MessageDate DESC" in org.query("EmailMessage")
    assert f"WHERE ContactId = '{CONTACT_ID}' ORDER BY" in org.query("Case")
    assert f"WHERE WhoId = '{CONTACT_ID}' AND IsDeleted = FALSE" in org.query("Task")


@pytest.mark.parametrize(
    ("root", "hidden", "gone"),
    [
        ("account", "Case.IsClosed", "Case"),  # nobody could tell the closed ones
        ("account", "Case.AccountId", "Case"),
        ("account", "Opportunity", "Opportunity"),
        ("contact", "Case.ContactId", "EmailMessage"),
        ("contact", "Case.ContactId", "Case"),
        ("contact", "Task.WhoId", "Task"),
    ],
)
def test_what_cannot_be_told_apart_is_not_asked(root: str, hidden: str, gone: str) -> None:
    """A hidden field in a filter would be an error; without the filter the answer would be another one."""
    _, org = read(root, without=(hidden,))
    assert not [query for query in org.queries if f" FROM {gone} " in query]


def test_a_task_is_found_by_the_lookups_that_are_left() -> None:
    """One of two is enough."""
    _, org = read("account", without=("Task.AccountId",))
    assert f"WHERE WhatId = '{ACCOUNT_ID}' AND" in org.query("Task")


@pytest.mark.parametrize("count", [CHILD_LIMIT, CHILD_LIMIT + 1])
def test_the_newest_fifty_of_each_object_are_read(count: int) -> None:
    """One more than that is asked for, to say that there are more."""
    tasks = [row(f"00T{number:012d}AAA", Subject=f"Task {number}", WhatId=CASE_ID) for number in range(count)]
    bundle, _ = read("account", {"Task": tasks})
    assert len(bundle.thread) == CHILD_LIMIT
    assert bundle.truncated is (count > CHILD_LIMIT)


def test_everything_hangs_on_the_record_at_hand() -> None:
    """A task of one of its cases as well; and nobody else is said to read it."""
    rows: dict[str, list[dict[str, Any]]] = {
        "Task": [row("00T000000000001AAA", Subject="Call", WhatId=CASE_ID)],
        "Case": [row(CASE_ID, CaseNumber="1", Subject="x")],
        "Contact": [row(CONTACT_ID, Name="Jo Doe", LastName="Doe", Phone="12", AccountId=ACCOUNT_ID)],
    }
    bundle, _ = read("account", rows)
    assert {record.ref.object for record in bundle.thread} == rows.keys()
    assert {(record.parent, record.audience) for record in bundle.thread} == {(ACCOUNT, Audience.AGENT)}
    assert (bundle.record.parent, bundle.record.audience) == (None, Audience.RECORD)
    people = {person.ref: person.fields for person in bundle.people}
    assert people[CONTACT] == {"Name": "Jo Doe", "LastName": "Doe", "Phone": "12"}
    assert people[ACCOUNT] == {"Name": "Acme", "Phone": None}
    assert next(record for record in bundle.thread if record.ref == CONTACT).fields == {"Name": "Jo Doe", "Title": None}


def test_what_the_assistant_wrote_on_an_account_is_known_as_its_own() -> None:
    """By its marker, as on a case."""
    marks = [row("a0W000000000001AAA", Key__c="k", Kind__c="tasks", Target_Ids__c="00T000000000001AAA")]
    bundle, org = read("account", {"markers": marks})
    assert bundle.own_writes == {"00T000000000001AAA"}
    assert f"Record_Id__c = '{ACCOUNT_ID}'" in org.query("Writeback__c")


def test_an_installations_own_object_hangs_on_an_account_like_the_others() -> None:
    """Its newest fifty."""
    org = Org({**OBJECTS, "Site__c": {"Name": (), "Account__c": ()}}, {"root": [ROOTS["account"][1]]})
    bench = org.bench({"Site__c": {"thread_of": "Account", "lookup": "Account__c"}})
    reading.read(bench.client, bench.schema, ACCOUNT, {"Site__c": ("Name",)})
    assert f"LIMIT {CHILD_LIMIT + 1}" in org.query("Site__c")
