"""Objects beyond the plain case: an installation's own ones, feeds, person accounts, currencies, merges, archives."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import Fatal, NotFound
from connectors.interfaces import Change, Checkpoint, Record, RecordRef
from connectors.salesforce import changes, reading
from connectors.salesforce.catalogue import Catalogue, catalogue
from connectors.salesforce.composite import MAX_QUERIES
from tests.unit.connectors.scripted import CASE_ID, Answer, Bench
from tests.unit.connectors.scripted_org import STAMP, Fields, Org, row

CASE = RecordRef("salesforce", "Case", CASE_ID)
ACCOUNT = "001000000000001AAA"
VISIT = {
    "thread_of": "Case",
    "lookup": "Case__c",
    "title": ["Name", "Site__c"],
    "author": "Technician__r.Name",
    "at": ["Visited__c", "CreatedDate"],
    "inbound": "By_Customer__c",
    "texts": "Notes__c",
}
SETTINGS: Mapping[str, Mapping[str, Any]] = {"Site_Visit__c": VISIT}

CASE_FIELDS: Fields = {"CaseNumber": (), "Subject": (), "AccountId": ("Account", "Account")}
CASE_ROW = row(CASE_ID, CaseNumber="1", Subject="x")


# ── An installation's own objects ────────────────────────────────────────


@pytest.mark.parametrize(
    "settings",
    [
        {"Case": {}},
        {"Visit'--": {}},
        {"Site_Visit__c": {"lookup": "Case__c"}},
        {"Site_Visit__c": {"thread_of": "Case"}},
        {"Site_Visit__c": {"thread_of": "Case OR 1", "lookup": "Case__c"}},
        {"Site_Visit__c": {"title": "Name FROM User"}},
        {"Site_Visit__c": {"title": ["a.b.c.d"]}},
        {"Site_Visit__c": {"inbound": ["A__c", "B__c"]}},
        {"Site_Visit__c": {"texts": 7}},
        {"Site_Visit__c": {"where": "Name != null"}},
        {"Site_Visit__c": None},
    ],
)
def test_settings_that_are_no_names_are_refused(settings: Mapping[str, Any]) -> None:
    """They become part of queries: nothing but names passes, and the product's own objects stay as they are."""
    with pytest.raises(Fatal) as refused:
        catalogue(settings)
    assert refused.value.code == "bad_objects"
    assert "--" not in str(refused.value)


def test_a_custom_object_joins_the_thread() -> None:
    """With its own title, author, time, side and texts, whether or not the template names it."""
    fields: Fields = {
        "Case__c": (), "Name": (), "Site__c": (), "Visited__c": (), "By_Customer__c": (), "Notes__c": (),
        "Technician__c": ("Technician__r", "User"),
    }  # fmt: skip
    visit = row(
        "a01000000000001AAA",
        Case__c=CASE_ID, Name="V-1", Site__c="Rotterdam", Visited__c="2026-11-01T10:00:00.000+0200",
        By_Customer__c=False, Notes__c="Seal replaced.", Technician__r={"Name": "Jo"},
    )  # fmt: skip
    org = Org(
        {"Case": CASE_FIELDS, "Site_Visit__c": fields, "User": {"Name": ()}},
        {"root": [CASE_ROW], "Site_Visit__c": [visit]},
    )
    bench = org.bench(SETTINGS)
    (found,) = reading.read(bench.client, bench.schema, CASE, {"Case": ("Subject",)}).thread
    assert found == Record(
        RecordRef("salesforce", "Site_Visit__c", "a01000000000001AAA"), {"Notes__c": "Seal replaced."}, STAMP,
        parent=CASE, title="V-1 · Rotterdam", author="Jo", at=datetime(2026, 11, 1, 8, tzinfo=UTC), inbound=False,
    )  # fmt: skip
    assert f"WHERE Case__c = '{CASE_ID}'" in org.query("Site_Visit__c")


def test_a_custom_object_that_the_user_cannot_see_is_left_out() -> None:
    """Like everything else that she may not see; also when only the lookup is hidden from her."""
    for objects in ({"Case": CASE_FIELDS}, {"Case": CASE_FIELDS, "Site_Visit__c": {"Name": ()}}):
        org = Org(objects, {"root": [CASE_ROW]})
        bench = org.bench(SETTINGS)
        assert reading.read(bench.client, bench.schema, CASE, {"Case": ()}).thread == ()
        assert len(org.queries) == 1


def test_a_record_of_an_object_that_nobody_described_is_read_by_its_name() -> None:
    """Any object can be a related record; without settings its title is its name."""
    org = Org(
        {"Asset": {"Name": (), "SerialNumber": ()}}, {"q0": [row("02i000000000001AAA", Name="Pump", SerialNumber="7")]}
    )
    bench = org.bench()
    ref = RecordRef("salesforce", "Asset", "02i000000000001AAA")
    found = reading.reread(bench.client, bench.schema, [ref], {"Asset": ("SerialNumber",)})
    assert (found[ref].title, found[ref].fields) == ("Pump", {"SerialNumber": "7"})


# ── Feeds ────────────────────────────────────────────────────────────────


def full_org() -> Org:
    """A case with everything that a thread can have."""
    names = ("EmailMessage", "CaseComment", "FeedItem")
    thread: dict[str, Fields] = {name: {"ParentId": (), "Body": ()} for name in names}
    post = row(
        "0D5000000000001AAA",
        ParentId=CASE_ID,
        Body="<p>Called her.</p>",
        CreatedBy={"Name": "Jo", "UserType": "Standard"},
    )
    objects = {
        "Case": CASE_FIELDS,
        **thread,
        "Task": {"WhatId": ()},
        "Writeback__c": {},
        "User": {"Name": (), "UserType": ()},
    }
    objects["FeedItem"] = {**thread["FeedItem"], "CreatedById": ("CreatedBy", "User")}
    return Org(objects, {"root": [CASE_ROW], "FeedItem": [post]})


def test_posts_are_read_when_the_template_names_them() -> None:
    """Filtered by the case, as Salesforce demands; internal unless a guest posted."""
    org = full_org()
    bench = org.bench()
    fields = dict.fromkeys(("EmailMessage", "CaseComment", "Task"), ()) | {"FeedItem": ("Body",)}
    (post,) = reading.read(bench.client, bench.schema, CASE, fields).thread
    assert (post.fields, post.author, post.inbound) == ({"Body": "<p>Called her.</p>"}, "Jo", False)
    assert f"ParentId = '{CASE_ID}'" in org.query("FeedItem")


def test_a_sixth_query_needs_a_second_request_and_only_then() -> None:
    """Salesforce takes five queries in one request; the two go out side by side."""
    fields: dict[str, tuple[str, ...]] = dict.fromkeys(("EmailMessage", "CaseComment", "Task"), ())
    for wanted, expected in ((fields, [5]), (fields | {"FeedItem": ("Body",)}, [MAX_QUERIES, 1])):
        org = full_org()
        bench = org.bench()
        reading.read(bench.client, bench.schema, CASE, wanted)
        assert sorted(org.requests, reverse=True) == expected


# ── People and money ─────────────────────────────────────────────────────


@pytest.mark.parametrize("person", [True, False])
def test_a_person_account_is_a_person(person: bool) -> None:  # noqa: FBT001 - parametrised
    """Her names and addresses are read, so that masking knows them, where the org has such fields."""
    extra = dict.fromkeys(("IsPersonAccount", "FirstName", "LastName", "PersonEmail", "PersonMobilePhone"), ())
    account: Fields = {"Name": (), "Phone": (), **(extra if person else {})}
    values = {
        "IsPersonAccount": True,
        "FirstName": "Carla",
        "LastName": "Conti",
        "PersonEmail": "c@c.example",
        "PersonMobilePhone": None,
    }
    parent = {
        "Id": ACCOUNT,
        "Name": "Carla Conti",
        "Phone": "1",
        "LastModifiedDate": STAMP,
        **(values if person else {}),
    }
    org = Org({"Case": CASE_FIELDS, "Account": account}, {"root": [{**CASE_ROW, "Account": parent}]})
    bench = org.bench()
    (found,) = reading.read(bench.client, bench.schema, CASE, {"Case": ()}).people
    assert found.ref == RecordRef("salesforce", "Account", ACCOUNT)
    assert found.fields == {"Name": "Carla Conti", "Phone": "1", **(values if person else {})}


@pytest.mark.parametrize("currencies", [True, False])
def test_an_amount_comes_with_its_currency_where_there_are_several(currencies: bool) -> None:  # noqa: FBT001 - parametrised
    """Asked for like any field; in an org with one currency the field does not exist and is left out."""
    fields: Fields = {**CASE_FIELDS, "Amount__c": (), **({"CurrencyIsoCode": ()} if currencies else {})}
    org = Org({"Case": fields}, {"root": [{**CASE_ROW, "Amount__c": 1200.5, "CurrencyIsoCode": "CHF"}]})
    bench = org.bench()
    record = reading.read(bench.client, bench.schema, CASE, {"Case": ("Amount__c", "CurrencyIsoCode")}).record
    assert record.fields == {"Amount__c": 1200.5, **({"CurrencyIsoCode": "CHF"} if currencies else {})}


# ── Merged and archived ──────────────────────────────────────────────────

MERGED: Mapping[str, Fields] = {"Case": {**CASE_FIELDS, "MasterRecordId": ("MasterRecord", "Case")}}


@pytest.mark.parametrize(
    "ask",
    [
        lambda bench: reading.reread(bench.client, bench.schema, [CASE], {}),
        lambda bench: reading.recent(bench.client, bench.schema, "Case", ("Subject",), 5),
    ],
)
def test_a_case_that_was_merged_away_is_gone(ask: Callable[[Bench], object]) -> None:
    """Also where the org keeps it: whoever asks for it is asked to find the one it was merged into."""
    org = Org(MERGED, {})
    bench = org.bench()
    assert not ask(bench)
    with pytest.raises(NotFound):
        reading.read(bench.client, bench.schema, CASE, {"Case": ()})
    assert all("MasterRecordId = NULL" in query for query in org.queries)
    assert len(org.queries) == 2


def changed(org: Org, object_: str, *fields: str) -> list[Change]:
    """What a sync sees."""
    bench = org.bench()
    covered = datetime(2026, 11, 24, tzinfo=UTC)
    return list(changes.changes(bench.client, bench.schema, Checkpoint(object_, covered), fields))


def test_a_sync_sees_a_kept_loser_go_and_a_master_change() -> None:
    """The loser without content, so that its copy is erased."""
    rows = [
        row(CASE_ID, Subject="loser", MasterRecordId="500000000000002AAA"),
        row("500000000000002AAA", Subject="master"),
    ]
    log: Answer = (200, {"deletedRecords": [{"id": "500000000000003"}], "latestDateCovered": STAMP})
    found = changed(Org(MERGED, {"rows": rows}, log), "Case", "Subject")
    assert [(change.ref.id, change.record and change.record.fields) for change in found] == [
        ("500000000000003AAA", None),
        (CASE_ID, None),
        ("500000000000002AAA", {"Subject": "master"}),
    ]


def test_archived_tasks_belong_to_the_thread() -> None:
    """Only queryAll shows them; what was deleted stays away. The same holds when a draft is checked again."""
    org = Org({"Case": CASE_FIELDS, "Task": {"WhatId": (), "Subject": (), "IsDeleted": ()}}, {"root": [CASE_ROW]})
    bench = org.bench()
    reading.read(bench.client, bench.schema, CASE, {"Task": ("Subject",)})
    task = RecordRef("salesforce", "Task", "00T000000000001AAA")
    reading.reread(bench.client, bench.schema, [task], {})
    asked = [query for query in org.queries if " FROM Task " in query]
    assert len(asked) == 2
    assert all(query.startswith("queryAll?q=") and "IsDeleted = FALSE" in query for query in asked)
    assert [query.partition("?")[0] for query in org.queries if " FROM Case " in query] == ["query"]


def test_without_settings_the_catalogue_is_the_products_own() -> None:
    """Nothing is added, nothing is lost."""
    assert catalogue({}) == Catalogue()
