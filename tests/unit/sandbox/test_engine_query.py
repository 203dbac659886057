"""What queries find: operators, nulls, sorting, relationships, pages and cursors."""

import pytest

from connectors.sandbox.salesforce.org import Org
from tests.unit.sandbox.engine_world import (
    ADMIN,
    ANN,
    BEN,
    BOSS,
    CASE_ANN,
    CASE_CLOSED,
    CASE_QUEUE,
    CASE_SHARED,
    COMMENT_ANN,
    JO,
    FakeClock,
    World,
    document,
    records,
)


@pytest.mark.parametrize(
    ("where", "code", "text"),
    [
        ("Description = 'x'", "INVALID_FIELD", "field 'Description' can not be filtered in a query call"),
        ("Subject = 5", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"),
        ("IsClosed = 'true'", "INVALID_FIELD", "must be of type boolean and should not be enclosed in quotes"),
        ("CreatedDate > '2026-01-01T00:00:00Z'", "INVALID_FIELD", "must be of type dateTime"),
        ("CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
        ("OwnerId LIKE '005%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("Status INCLUDES ('New')", "INVALID_QUERY_FILTER_OPERATOR", "multi-select"),
        ("Nope.Name = 'x'", "INVALID_FIELD", "Didn't understand relationship 'Nope'"),
        ("Id IN (SELECT Subject FROM Case)", "MALFORMED_QUERY", "id fields"),
        ("CreatedDate = LAST_N_DAYS:999999999", "NUMBER_OUTSIDE_VALID_RANGE", "LAST_N_DAYS"),
    ],
)
def test_conditions_that_are_refused(where: str, code: str, text: str) -> None:
    """The error has the vendor's code and says what is wrong and where."""
    reply = World().soql(ADMIN, f"SELECT Id FROM Case WHERE {where}")
    assert (reply.status, reply.code) == (400, code)
    assert text in reply.body[0]["message"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Id, id FROM Case", "INVALID_FIELD"),
        ("SELECT Id FROM Case ORDER BY Description", "INVALID_FIELD"),
        ("SELECT Id, (SELECT Id FROM Nopes) FROM Case", "INVALID_TYPE"),
        ("SELECT FIELDS(ALL) FROM Case", "MALFORMED_QUERY"),
        ("SELECT FIELDS(ALL) FROM Case LIMIT 201", "MALFORMED_QUERY"),
        ("SELECT Id FROM Knowledge__kav", "MALFORMED_QUERY"),
        ("SELECT Id FROM FeedItem", "MALFORMED_QUERY"),
    ],
)
def test_queries_that_are_refused(text: str, code: str) -> None:
    """Rules of the language and of single objects hold for a user without View All."""
    assert World().soql(ANN, text).code == code


def test_the_error_of_an_unknown_column_is_salesforces() -> None:
    """Excerpt, caret, row, column and advice."""
    reply = World().soql(ANN, "SELECT Id,Foo__c FROM Case")
    assert reply.body == [
        {
            "message": "\nSELECT Id,Foo__c FROM Case\n          ^\nERROR at Row:1:Column:11\nNo such column 'Foo__c' "
            "on entity 'Case'. If you are attempting to use a custom field, be sure to append the '__c' after the "
            "custom field name. Please reference your WSDL or the describe call for the appropriate names.",
            "errorCode": "INVALID_FIELD",
        }
    ]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Subject = 'PUMP IS LOUD'", {CASE_ANN}),
        ("Subject LIKE 'pump%'", {CASE_ANN, CASE_QUEUE}),
        (r"Subject LIKE '100\%%'", {CASE_SHARED}),
        ("Subject = null", {CASE_CLOSED}),
        ("Subject != 'pump leaks'", {CASE_ANN, CASE_SHARED, CASE_CLOSED}),
        ("Status IN ('New', 'CLOSED')", {CASE_ANN, CASE_SHARED, CASE_CLOSED}),
        ("Status NOT IN ('New')", {CASE_QUEUE, CASE_CLOSED}),
        ("IsClosed = true", {CASE_CLOSED}),
        ("NOT (IsClosed = true OR Status = 'New')", {CASE_QUEUE}),
        ("Owner.Name LIKE 'Ann%'", {CASE_ANN}),
        ("Owner.Type = 'Group'", {CASE_QUEUE}),
        ("Contact.Account.Name = 'acme'", {CASE_ANN}),
        ("Contact.Birthdate < 2000-01-01", {CASE_ANN}),
        ("AccountId IN (SELECT Id FROM Account WHERE Name = 'Globex')", {CASE_SHARED}),
        ("Id NOT IN (SELECT ParentId FROM EmailMessage)", {CASE_QUEUE, CASE_CLOSED}),
        (f"Id = '{CASE_ANN[:15]}'", {CASE_ANN}),
        (f"Id IN ('{CASE_ANN}', '{CASE_CLOSED}') AND Subject = null", {CASE_CLOSED}),
        ("CreatedDate = THIS_YEAR", {CASE_ANN, CASE_QUEUE, CASE_SHARED, CASE_CLOSED}),
        ("CreatedDate = TODAY", set()),
        ("CreatedDate < 2026-01-01T00:00:00Z", set()),
    ],
)
def test_conditions(where: str, found: set[str]) -> None:
    """Case-insensitive text, nulls that differ from every value, lookups, ids of both lengths, date literals."""
    assert set(World().ids(ADMIN, f"SELECT Id FROM Case WHERE {where}")) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("Subject", [CASE_CLOSED, CASE_SHARED, CASE_ANN, CASE_QUEUE]),
        ("Subject ASC NULLS LAST", [CASE_SHARED, CASE_ANN, CASE_QUEUE, CASE_CLOSED]),
        ("Subject DESC NULLS LAST", [CASE_QUEUE, CASE_ANN, CASE_SHARED, CASE_CLOSED]),
        ("Status DESC, Id DESC", [CASE_QUEUE, CASE_SHARED, CASE_ANN, CASE_CLOSED]),
        ("Owner.Name, Id LIMIT 2 OFFSET 1", [CASE_CLOSED, CASE_ANN]),
    ],
)
def test_order(order: str, found: list[str]) -> None:
    """Several keys, nulls at either end, LIMIT and OFFSET after sorting."""
    assert World().ids(ADMIN, f"SELECT Id FROM Case ORDER BY {order}") == found


def test_shape_of_records() -> None:
    """Attributes, nested parents, child sub-queries, and null where there are no children."""
    world = World()
    text = (
        "SELECT Id, Owner.Name, Contact.Account.Name, (SELECT CommentBody FROM CaseComments) FROM Case WHERE Id = '{}'"
    )
    record = world.soql(ANN, text.format(CASE_ANN)).body["records"][0]
    assert record["attributes"] == {"type": "Case", "url": f"/services/data/v66.0/sobjects/Case/{CASE_ANN}"}
    assert record["Owner"]["attributes"]["type"] == "User"
    assert record["Contact"]["Account"]["Name"] == "Acme"
    assert record["CaseComments"]["totalSize"] == 1
    assert record["CaseComments"]["records"][0]["CommentBody"] == "called back"
    bare = world.soql(ADMIN, text.format(CASE_QUEUE)).body["records"][0]
    assert (bare["Contact"], bare["CaseComments"], bare["Owner"]["Name"]) == (None, None, "Queue")


def test_fields_functions() -> None:
    """FIELDS(STANDARD) and FIELDS(CUSTOM) show what the user may see."""
    world = World()
    standard = world.soql(ANN, "SELECT FIELDS(STANDARD) FROM Case").body["records"][0]
    custom = world.soql(ANN, "SELECT FIELDS(CUSTOM) FROM Case LIMIT 200").body["records"][0]
    assert "Subject" in standard
    assert "Assistant_Summary__c" not in standard
    assert set(custom) == {"attributes", "Assistant_Summary__c"}


def test_deleted_records_show_in_query_all_only() -> None:
    """The recycle bin: soft delete, cascade, IsDeleted, and ENTITY_IS_DELETED on a second delete."""
    world = World()
    assert world.call(ADMIN, "DELETE", f"/sobjects/Case/{CASE_ANN}").status == 204
    assert CASE_ANN not in world.ids(ADMIN, "SELECT Id FROM Case")
    assert world.ids(ADMIN, "SELECT Id FROM CaseComment") == []
    found = world.call(ADMIN, "GET", "/queryAll/", query={"q": "SELECT Id, IsDeleted FROM Case WHERE IsDeleted = true"})
    assert [record["Id"] for record in found.body["records"]] == [CASE_ANN]
    again = world.call(ADMIN, "DELETE", f"/sobjects/Case/{CASE_ANN}")
    assert (again.status, again.code) == (404, "ENTITY_IS_DELETED")
    assert world.call(ADMIN, "GET", f"/sobjects/Case/{CASE_ANN}").code == "NOT_FOUND"
    window = {"start": "2026-11-20T00:00:00+00:00", "end": "2026-11-24T08:01:00+00:00"}
    world.clock.advance(minutes=2)
    gone = world.call(ADMIN, "GET", "/sobjects/CaseComment/deleted/", query=window)
    assert [item["id"] for item in gone.body["deletedRecords"]] == [COMMENT_ANN]


def _many(count: int) -> World:
    world = World()
    rows = [
        ("EmailMessage", {"ParentId": CASE_ANN, "RelatedToId": CASE_ANN, "Status": "1", "Subject": str(n)})
        for n in range(count)
    ]
    world.org = Org.load(document(), [*records(), *rows], world.clock)
    return world


def test_pages_and_cursors() -> None:
    """The total is the whole result; a locator works often, under both paths, for its user, for a time."""
    world = _many(449)
    first = world.soql(ANN, "SELECT Id FROM EmailMessage", sforce_query_options="batchSize=5").body
    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    locator = first["nextRecordsUrl"].removeprefix("/services/data/v66.0/query/")
    second = world.call(ANN, "GET", f"/query/{locator}", headers={"sforce-query-options": "batchSize=200"}).body
    again = world.call(ANN, "GET", f"/queryAll/{locator}", headers={"sforce-query-options": "batchSize=200"}).body
    assert second == again
    third = world.call(ANN, "GET", second["nextRecordsUrl"]).body
    assert third["done"]
    assert "nextRecordsUrl" not in third
    everything = [record["Id"] for page in (first, second, third) for record in page["records"]]
    assert len(set(everything)) == 450
    assert world.call(BOSS, "GET", f"/query/{locator}").code == "INVALID_QUERY_LOCATOR"
    assert world.call(ANN, "GET", "/query/01g000000000000AAA-2000").code == "INVALID_QUERY_LOCATOR"
    world.clock.advance(days=3)
    assert world.call(ANN, "GET", f"/query/{locator}").code == "INVALID_QUERY_LOCATOR"


def test_a_page_shows_only_what_is_still_readable() -> None:
    """Records that the user lost between two pages are missing from the later one."""
    world = _many(399)
    first = world.soql(ANN, "SELECT Id FROM EmailMessage", sforce_query_options="batchSize=200").body
    world.org.touch(CASE_ANN, OwnerId=BEN)
    second = world.call(ANN, "GET", first["nextRecordsUrl"]).body
    assert (second["totalSize"], second["records"]) == (400, [])


def test_knowledge_needs_its_filter() -> None:
    """PublishStatus or Id opens Knowledge; drafts stay with those who may edit."""
    clock = FakeClock()
    document = {"org": {"alias": "k"}}
    articles = [
        ("Knowledge__kav", {"Title": f"T{n}", "UrlName": f"t{n}", "PublishStatus": status, "Body__c": "x" * 300})
        for n, status in enumerate(["Online", "Draft"])
    ]
    world = World()
    world.org = Org.load(document, articles, clock)
    admin = str(world.org.users()[0]["Id"])
    assert len(world.ids(admin, "SELECT Id, Body__c FROM Knowledge__kav WHERE PublishStatus = 'Online'")) == 1
    assert world.soql(admin, "SELECT Id FROM Knowledge__kav WHERE Title = 'T0'").code == "MALFORMED_QUERY"


def test_a_directory_without_org_document_loads() -> None:
    """Short ids are widened, unknown fields inferred, unknown owners become the administrator, loads repeat."""
    rows: list[tuple[str, dict[str, object]]] = [
        ("Case", {"Id": CASE_ANN[:15], "Subject": "x", "OwnerId": BEN, "Score__c": 3, "ContactId": JO[:15]}),
        ("Widget__c", {"Name": "w", "Seen__c": "2026-01-01T00:00:00Z"}),
    ]
    first, second = (Org.load({"org": {}}, rows, FakeClock()) for _ in range(2))
    assert first.records == second.records
    case = first.records["Case"][CASE_ANN]
    assert (case["OwnerId"], case["ContactId"], case["Score__c"]) == (first.users()[0]["Id"], JO, 3)
    widget = next(iter(first.records["Widget__c"].values()))
    assert widget["Seen__c"] == "2026-01-01T00:00:00.000+0000"
    found = first.user_by_name("ADMIN@sandbox.example")
    assert found is not None
    assert found["Id"] == case["OwnerId"]
