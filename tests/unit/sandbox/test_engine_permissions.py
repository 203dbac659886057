"""Who sees what: owners, roles, queues, shares, parents, drafts, hidden fields - and what run-time changes do."""

import pytest

from tests.unit.sandbox.engine_world import (
    ACME,
    ADMIN,
    AGENT_PROFILE,
    ANN,
    AUDITOR,
    BEN,
    BOSS,
    CASE_ANN,
    CASE_CLOSED,
    CASE_QUEUE,
    CASE_SHARED,
    CAT,
    COMMENT_ANN,
    DRAFT_BEN,
    EVERYBODY,
    GLOBEX,
    JO,
    MAIL_ANN,
    OUTSIDER,
    TEAM,
    World,
)

_READABLE = {
    "admin": {CASE_ANN, CASE_QUEUE, CASE_SHARED, CASE_CLOSED},
    "boss": {CASE_ANN, CASE_SHARED},
    "ann": {CASE_ANN},
    "ben": {CASE_SHARED},
    "cat": {CASE_QUEUE},
    "auditor": {CASE_ANN, CASE_QUEUE, CASE_SHARED, CASE_CLOSED},
}


@pytest.mark.parametrize("name", sorted(_READABLE))
def test_every_way_of_reading_agrees(name: str) -> None:
    """Query, row, UserRecordAccess and getUpdated show one user the same cases."""
    world, user, expected = World(), EVERYBODY[name], _READABLE[name]
    world.clock.advance(minutes=1)
    for case in (CASE_ANN, CASE_QUEUE, CASE_SHARED, CASE_CLOSED):
        world.org.touch(case)
    world.clock.advance(minutes=2)
    window = {"start": "2026-11-24T08:00:00Z", "end": "2026-11-24T09:00:00Z"}
    assert set(world.ids(user, "SELECT Id FROM Case")) == expected
    updated = world.call(user, "GET", "/sobjects/Case/updated/", query=window)
    assert set(updated.body["ids"]) == expected
    for case in (CASE_ANN, CASE_QUEUE, CASE_SHARED, CASE_CLOSED):
        reply = world.call(user, "GET", f"/sobjects/Case/{case}")
        assert reply.status == (200 if case in expected else 404)
    assert world.soql(user, "SELECT COUNT() FROM Case").body["totalSize"] == len(expected)


def test_an_object_without_read_does_not_exist() -> None:
    """No object permission looks like no such object, in queries and paths alike."""
    world = World()
    assert world.soql(OUTSIDER, "SELECT Id FROM Case").code == "INVALID_TYPE"
    unknown = world.soql(OUTSIDER, "SELECT Id FROM Casf")
    assert world.soql(OUTSIDER, "SELECT Id FROM Case").body[0]["message"] == unknown.body[0]["message"].replace(
        "Casf", "Case"
    )
    assert world.call(OUTSIDER, "GET", f"/sobjects/Case/{CASE_ANN}").code == "NOT_FOUND"
    assert world.call(OUTSIDER, "GET", "/sobjects/Case/describe").code == "NOT_FOUND"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT {} FROM Case",
        "SELECT Id FROM Case WHERE {} = 'red'",
        "SELECT Id FROM Case ORDER BY {}",
        "SELECT COUNT() FROM Case WHERE NOT {} LIKE 'r%'",
        "SELECT Case.{} FROM EmailMessage",
        "SELECT Id, (SELECT {} FROM Cases) FROM Account",
        "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Case WHERE {} = 'red')",
        "SELECT Parent.{} FROM CaseComment",
    ],
)
def test_a_hidden_field_is_an_unknown_field(text: str) -> None:
    """Hidden and missing fields get the same answer wherever they stand in a query."""
    world = World()
    if "Case." in text:
        text = text.replace("Case.", "Parent.")
    hidden, unknown = (world.soql(ANN, text.format(name)) for name in ("Risk__c", "Rysk__c"))
    assert hidden.status == 400
    assert hidden.code == "INVALID_FIELD"
    assert hidden.body[0]["message"].replace("Risk__c", "Rysk__c") == unknown.body[0]["message"]


def test_a_hidden_field_is_left_out_of_rows_and_describe() -> None:
    """Rows and describes omit it; naming it is an error; a permission set brings it back."""
    world = World()
    assert "Risk__c" not in world.call(ANN, "GET", f"/sobjects/Case/{CASE_ANN}").body
    assert world.call(ANN, "GET", f"/sobjects/Case/{CASE_ANN}", query={"fields": "Risk__c"}).code == "INVALID_FIELD"
    names = {field["name"] for field in world.call(ANN, "GET", "/sobjects/Case/describe").body["fields"]}
    assert "Risk__c" not in names
    assert world.call(ANN, "POST", "/composite/sobjects/Case", {"ids": [CASE_ANN], "fields": ["Risk__c"]}).status == 400
    assert world.soql(CAT, "SELECT Risk__c FROM Case").body["records"][0]["Risk__c"] == "green"


@pytest.mark.parametrize("user", [ANN, BOSS, AUDITOR, ADMIN, BEN])
def test_a_draft_is_its_authors_alone(user: str) -> None:
    """Even View All does not show a draft e-mail; Modify All and the author see it; counts agree."""
    world = World()
    sees = user in {ADMIN, BEN}
    assert (DRAFT_BEN in world.ids(user, "SELECT Id FROM EmailMessage")) is sees
    assert world.call(user, "GET", f"/sobjects/EmailMessage/{DRAFT_BEN}").status == (200 if sees else 404)
    query = f"SELECT COUNT() FROM EmailMessage WHERE ParentId = '{CASE_SHARED}'"
    assert world.soql(user, query).body["totalSize"] == int(sees)


def test_children_follow_their_case() -> None:
    """Comments and e-mails are as visible as the case."""
    world = World()
    assert world.ids(ANN, "SELECT Id FROM CaseComment") == [COMMENT_ANN]
    assert world.ids(ANN, "SELECT Id FROM EmailMessage") == [MAIL_ANN]
    assert world.ids(BEN, "SELECT Id FROM CaseComment") == []


def test_a_case_lends_reading_to_its_account_and_contacts() -> None:
    """Implicit sharing: Ann reads Acme (and Jo, controlled by Acme) through her case, but not Globex."""
    world = World()
    assert world.ids(ANN, "SELECT Id FROM Account") == [ACME]
    assert world.ids(ANN, "SELECT Id FROM Contact") == [JO]
    assert world.ids(BEN, "SELECT Id FROM Account") == [GLOBEX]
    assert (
        world.call(ANN, "PATCH", f"/sobjects/Account/{ACME}", {"Name": "x"}).code == "INSUFFICIENT_ACCESS_OR_READONLY"
    )


def test_a_parent_out_of_reach_is_null() -> None:
    """The relationship of a readable record to an unreadable one shows nothing of it."""
    world = World()
    world.org.touch(CASE_QUEUE, ContactId=JO)
    record = world.soql(CAT, "SELECT Id, Contact.Name FROM Case").body["records"][0]
    assert record["Contact"] is None
    assert world.ids(CAT, "SELECT Id FROM Case WHERE Contact.Name LIKE 'Jo%'") == []


def test_a_change_of_owner_moves_the_record() -> None:
    """Memoised answers are forgotten when the owner changes, and when a write is rolled back."""
    world = World()
    assert world.ids(BEN, f"SELECT Id FROM Case WHERE Id = '{CASE_ANN}'") == []
    world.org.touch(CASE_ANN, OwnerId=BEN)
    assert world.ids(BEN, f"SELECT Id FROM Case WHERE Id = '{CASE_ANN}'") == [CASE_ANN]
    assert world.ids(ANN, f"SELECT Id FROM Case WHERE Id = '{CASE_ANN}'") == []


def test_rights_taken_at_run_time() -> None:
    """unshare, revoke_object, hide_field, unhide_field and deactivate work at once."""
    world = World()
    world.org.unshare(CASE_SHARED, TEAM)
    assert world.ids(BEN, "SELECT Id FROM Case") == []
    world.org.revoke_object(ANN, "Case")
    assert world.soql(ANN, "SELECT Id FROM Case").code == "INVALID_TYPE"
    assert world.soql(ANN, "SELECT Id FROM EmailMessage").code == "INVALID_TYPE"
    world.org.hide_field(CAT, "Case.Subject")
    assert world.soql(CAT, "SELECT Subject FROM Case").code == "INVALID_FIELD"
    world.org.unhide_field(CAT, "Case.Subject")
    assert world.soql(CAT, "SELECT Subject FROM Case").status == 200
    world.org.unhide_field(AGENT_PROFILE, "Case.Risk__c")
    assert world.soql(BOSS, "SELECT Risk__c FROM Case").status == 200
    world.org.deactivate(CAT)
    assert (world.soql(CAT, "SELECT Id FROM Case").status, world.soql(CAT, "SELECT Id FROM Case").code) == (
        401,
        "INVALID_SESSION_ID",
    )


def test_restore_brings_rights_and_records_back() -> None:
    """A snapshot covers rows, shares, permissions and users."""
    world = World()
    before = world.org.snapshot()
    world.org.unshare(CASE_SHARED, TEAM)
    world.org.deactivate(ANN)
    world.org.hide_field(BEN, "Case.Subject")
    world.call(ADMIN, "DELETE", f"/sobjects/Case/{CASE_QUEUE}")
    world.org.restore(before)
    assert world.ids(BEN, "SELECT Id, Subject FROM Case") == [CASE_SHARED]
    assert world.ids(ANN, "SELECT Id FROM Case") == [CASE_ANN]
    assert world.ids(CAT, f"SELECT Id FROM Case WHERE OwnerId != '{ANN}'") == [CASE_QUEUE]


def test_describe_notices_a_hidden_field_within_the_second() -> None:
    """If-Modified-Since on describe answers 304 until a field is hidden."""
    world = World()
    first = world.call(ANN, "GET", "/sobjects/Case/describe")
    condition = {"if-modified-since": first.headers["Last-Modified"]}
    assert world.call(ANN, "GET", "/sobjects/Case/describe", headers=condition).status == 304
    world.org.hide_field(ANN, "Case.Subject")
    assert world.call(ANN, "GET", "/sobjects/Case/describe", headers=condition).status == 200


def _access(user: str, *cases: str) -> str:
    listed = ",".join(f"'{case}'" for case in cases)
    return f"FROM UserRecordAccess WHERE UserId = '{user}' AND RecordId IN ({listed})"


def test_user_record_access_keeps_its_rules() -> None:
    """One user, at most 200 ids, RecordId selected, and alone when an access field filters."""
    world = World()
    tail = _access(ANN, CASE_ANN)
    for text in (
        "SELECT RecordId, HasReadAccess FROM UserRecordAccess",
        f"SELECT HasReadAccess {tail}",
        f"SELECT RecordId, HasReadAccess {tail} AND HasReadAccess = true",
        f"SELECT RecordId {tail.replace('AND', 'OR')}",
        f"SELECT RecordId {tail} ORDER BY MaxAccessLevel",
        f"SELECT RecordId {_access(ANN, *[CASE_ANN] * 201)}",
    ):
        assert world.soql(ANN, text).code == "MALFORMED_QUERY", text
    assert world.soql(ANN, f"SELECT RecordId, Secret {tail}").code == "INVALID_FIELD"


def test_user_record_access_tells_levels_of_readable_records_only() -> None:
    """Rows that the running user cannot read are dropped, whoever is asked about."""
    world = World()
    rows = world.soql(
        ADMIN, f"SELECT RecordId, HasReadAccess, HasEditAccess, MaxAccessLevel {_access(ANN, CASE_ANN, CASE_QUEUE)}"
    )
    by_id = {row["RecordId"]: row for row in rows.body["records"]}
    assert (by_id[CASE_ANN]["HasEditAccess"], by_id[CASE_ANN]["MaxAccessLevel"]) == (True, "Transfer")
    assert (by_id[CASE_QUEUE]["HasReadAccess"], by_id[CASE_QUEUE]["MaxAccessLevel"]) == (False, "None")
    only = world.soql(ADMIN, f"SELECT RecordId {_access(ANN, CASE_ANN, CASE_QUEUE)} AND HasReadAccess = true")
    assert [row["RecordId"] for row in only.body["records"]] == [CASE_ANN]
    assert world.soql(BEN, f"SELECT RecordId {_access(ANN, CASE_ANN)}").body["totalSize"] == 0
    lookup = world.soql(BEN, "SELECT Id, UserRecordAccess.HasEditAccess FROM Case").body["records"][0]
    assert lookup["UserRecordAccess"]["HasEditAccess"] is False
