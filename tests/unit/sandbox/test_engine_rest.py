"""Rows: refusals of bad writes, conditional requests, external ids, assignment rules, e-mail and comment rules."""

import pytest

from connectors.sandbox.salesforce.api import versions
from tests.unit.sandbox.engine_world import (
    ACME,
    ADMIN,
    ANN,
    BEN,
    CASE_ANN,
    CASE_QUEUE,
    CASE_SHARED,
    COMMENT_ANN,
    DRAFT_BEN,
    JO,
    MAIL_ANN,
    OUTSIDER,
    QUEUE,
    World,
)

_QUIET = {"sforce-auto-assign": "FALSE"}


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("Task", {"Nope": 1}, 400, "INVALID_FIELD"),
        ("Task", {"IsClosed": True}, 400, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Task", {"Subject": "x" * 256}, 400, "STRING_TOO_LONG"),
        ("Task", {"ActivityDate": "soon"}, 400, "JSON_PARSER_ERROR"),
        ("Task", {"WhatId": "x"}, 400, "MALFORMED_ID"),
        ("Task", {"WhatId": JO}, 400, "MALFORMED_ID"),
        ("Task", {"WhatId": CASE_ANN[:14] + "9"}, 400, "INVALID_CROSS_REFERENCE_KEY"),
        ("Task", {"WhatId": CASE_QUEUE}, 400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
        ("CaseComment", {"CommentBody": "x"}, 400, "REQUIRED_FIELD_MISSING"),
        (
            "CaseComment",
            {"ParentId": CASE_QUEUE, "CommentBody": "x"},
            400,
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        ),
        ("CaseComment", {"ParentId": CASE_ANN, "CommentBody": "é" * 2001}, 400, "STRING_TOO_LONG"),
        ("Writeback__c", {"Key__c": "k" * 65}, 400, "STRING_TOO_LONG"),
        ("Case", {"Risk__c": "red"}, 400, "INVALID_FIELD"),
        ("Case", {"Priority": "Low"}, 400, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Account", {"Name": "x"}, 403, "INSUFFICIENT_ACCESS_OR_READONLY"),
        ("EmailMessage", {"ParentId": CASE_ANN, "RelatedToId": ACME, "Status": "5"}, 400, "FIELD_INTEGRITY_EXCEPTION"),
        ("EmailMessage", {"Status": "5"}, 400, "FIELD_INTEGRITY_EXCEPTION"),
        (
            "EmailMessage",
            {"ParentId": CASE_ANN, "Status": "5", "IsPrivateDraft": True, "FromAddress": "x@y.z"},
            400,
            "FIELD_INTEGRITY_EXCEPTION",
        ),
    ],
)
def test_creates_that_are_refused(name: str, body: dict[str, object], status: int, code: str) -> None:
    """Every refusal has the vendor's code and writes nothing."""
    world = World()
    before = world.org.snapshot().rows
    reply = world.call(ANN, "POST", f"/sobjects/{name}/", body, headers=_QUIET)
    assert (reply.status, reply.code) == (status, code)
    assert world.org.snapshot().rows == before


@pytest.mark.parametrize(
    ("user", "path", "body", "status", "code"),
    [
        (ANN, f"/sobjects/Case/{CASE_SHARED}", {"Subject": "x"}, 404, "NOT_FOUND"),
        (BEN, f"/sobjects/Case/{CASE_SHARED}", {"Subject": "x"}, 403, "INSUFFICIENT_ACCESS_OR_READONLY"),
        (OUTSIDER, f"/sobjects/Case/{CASE_ANN}", {"Subject": "x"}, 404, "NOT_FOUND"),
        (ANN, f"/sobjects/Case/{JO}", {"Subject": "x"}, 400, "MALFORMED_ID"),
        (ANN, f"/sobjects/CaseComment/{COMMENT_ANN}", {"CommentBody": "x"}, 403, "INSUFFICIENT_ACCESS_OR_READONLY"),
        (ANN, f"/sobjects/EmailMessage/{MAIL_ANN}", {"TextBody": "x"}, 400, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        (ANN, f"/sobjects/EmailMessage/{DRAFT_BEN}", {"TextBody": "x"}, 404, "NOT_FOUND"),
        (ANN, f"/sobjects/Case/{CASE_ANN}", {"Id": CASE_ANN}, 400, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        (ADMIN, f"/sobjects/Contact/{JO}", {"LastName": None}, 400, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_updates_that_are_refused(user: str, path: str, body: dict[str, object], status: int, code: str) -> None:
    """Hidden is 404, readable but not editable is 403, rules of the object are 400."""
    reply = World().call(user, "PATCH", path, body, headers=_QUIET)
    assert (reply.status, reply.code) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "NOT_FOUND"),
        ("PUT", "/limits", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/services/data/v30.0/limits", 410, "UNSUPPORTED_API_VERSION"),
        ("GET", "/services/data/v99.0/limits", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Case/Nope__c/1", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Case/Subject/x", 404, "NOT_FOUND"),
        ("GET", "/query", 400, "MALFORMED_QUERY"),
        ("GET", f"/{'x' * 17_000}", 414, "URI_TOO_LONG"),
    ],
)
def test_paths_that_lead_nowhere(method: str, path: str, status: int, code: str) -> None:
    """Unknown resources, methods, versions and keys have their own answers."""
    reply = World().call(ANN, method, path)
    assert (reply.status, reply.code) == (status, code)


def test_a_comment_is_measured_in_bytes() -> None:
    """4,000 UTF-8 bytes pass, one more does not, however few characters they are."""
    world = World()
    exactly = {"ParentId": CASE_ANN, "CommentBody": "é" * 2000}
    created = world.call(ANN, "POST", "/sobjects/CaseComment", exactly)
    assert created.status == 201
    assert created.headers["Location"].endswith(created.body["id"])
    refused = world.call(ANN, "POST", "/sobjects/CaseComment", exactly | {"CommentBody": "é" * 2000 + "x"})
    assert refused.body[0]["fields"] == ["CommentBody"]


def test_a_comment_is_not_undone_by_its_author() -> None:
    """Only IsPublished may change, and only Modify All deletes."""
    world = World()
    path = f"/sobjects/CaseComment/{COMMENT_ANN}"
    assert world.call(ANN, "PATCH", path, {"IsPublished": True}).status == 204
    assert world.call(ANN, "DELETE", path).code == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert world.call(ADMIN, "DELETE", path).status == 204


def test_a_draft_can_be_written_changed_and_withdrawn_by_its_author() -> None:
    """RelatedToId follows ParentId; once it is no draft, it is closed."""
    world = World()
    draft = {"ParentId": CASE_ANN, "Status": "5", "TextBody": "a", "Incoming": False}
    created = world.call(ANN, "POST", "/sobjects/EmailMessage", draft).body["id"]
    path = f"/sobjects/EmailMessage/{created}"
    assert world.call(ANN, "GET", path).body["RelatedToId"] == CASE_ANN
    assert world.call(ANN, "PATCH", path, {"TextBody": "b"}).status == 204
    assert world.call(ANN, "DELETE", path).status == 204


def test_assignment_rules_run_unless_told_not_to() -> None:
    """A case that Ann updates goes to the queue by default, and stays with Sforce-Auto-Assign: FALSE."""
    world = World()
    path = f"/sobjects/Case/{CASE_ANN}"
    assert world.call(ANN, "PATCH", path, {"Subject": "x"}, headers=_QUIET).status == 204
    assert world.org.records["Case"][CASE_ANN]["OwnerId"] == ANN
    assert world.call(ANN, "PATCH", path, {"Subject": "y"}).status == 204
    assert world.org.records["Case"][CASE_ANN]["OwnerId"] == QUEUE
    assert world.call(ANN, "GET", path).code == "NOT_FOUND"


def test_what_a_new_case_gets_by_itself() -> None:
    """Number, defaults, account of the contact, stamps of whole seconds, derived flags."""
    world = World()
    body = {"Subject": "x", "ContactId": JO, "Status": "Closed"}
    created = world.call(ANN, "POST", "/sobjects/Case", body, headers=_QUIET).body["id"]
    row = world.call(ANN, "GET", f"/sobjects/Case/{created}").body
    assert (row["CaseNumber"], row["AccountId"], row["OwnerId"], row["IsClosed"]) == ("00000005", ACME, ANN, True)
    assert row["CreatedDate"] == row["ClosedDate"] == "2026-11-24T08:00:00.000+0000"


def test_unmodified_since_has_one_second_resolution() -> None:
    """The stamp of the same second passes, an older one is 412 and writes nothing, nonsense is 400."""
    world = World()
    path = f"/sobjects/Case/{CASE_ANN}"
    world.org.touch(CASE_ANN, Subject="new")
    seen = world.call(ANN, "GET", path).headers["Last-Modified"]
    assert seen == "Tue, 24 Nov 2026 08:00:00 GMT"
    late = {**_QUIET, "if-unmodified-since": "Tue, 24 Nov 2026 07:59:59 GMT"}
    refused = world.call(ANN, "PATCH", path, {"Subject": "x"}, headers=late)
    assert (refused.status, refused.code) == (412, "PRECONDITION_FAILED")
    assert (
        world.call(ANN, "PATCH", path, {"Subject": "x"}, headers={**_QUIET, "if-unmodified-since": "now"}).status == 400
    )
    assert world.org.records["Case"][CASE_ANN]["Subject"] == "new"
    assert (
        world.call(ANN, "PATCH", path, {"Subject": "x"}, headers={**_QUIET, "if-unmodified-since": seen}).status == 204
    )


def test_modified_since_answers_304() -> None:
    """A row that did not change is not sent again."""
    world = World()
    path = f"/sobjects/Case/{CASE_ANN}"
    seen = world.call(ANN, "GET", path).headers["Last-Modified"]
    again = world.call(ANN, "GET", path, headers={"if-modified-since": seen})
    assert (again.status, again.body) == (304, None)
    world.clock.advance(seconds=1)
    world.org.touch(CASE_ANN)
    assert world.call(ANN, "GET", path, headers={"if-modified-since": seen}).status == 200


def test_entity_tags_belong_to_accounts_only() -> None:
    """Accounts honour If-Match and If-None-Match; a case ignores them and has no ETag."""
    world = World()
    account, case = f"/sobjects/Account/{ACME}", f"/sobjects/Case/{CASE_ANN}"
    tag = world.call(ADMIN, "GET", account).headers["ETag"]
    assert world.call(ADMIN, "GET", account, headers={"if-none-match": tag}).status == 304
    assert world.call(ADMIN, "PATCH", account, {"Phone": "1"}, headers={"if-match": '"other"'}).status == 412
    assert world.call(ADMIN, "PATCH", account, {"Phone": "1"}, headers={"if-match": "other"}).status == 400
    assert world.call(ADMIN, "PATCH", account, {"Phone": "1"}, headers={"if-match": tag}).status == 204
    assert "ETag" not in world.call(ADMIN, "GET", case).headers
    assert world.call(ADMIN, "PATCH", case, {"Subject": "x"}, headers={"if-match": '"other"', **_QUIET}).status == 204


def test_upsert_by_external_id() -> None:
    """201 with created, then 200; case counts for a case-sensitive key; slashes are part of the value."""
    world = World()
    path = "/sobjects/Writeback__c/Key__c/a b/c"
    first = world.call(ANN, "PATCH", path, {"Kind__c": "x"})
    second = world.call(ANN, "PATCH", path, {"Kind__c": "y"})
    assert (first.status, first.body["created"]) == (201, True)
    assert (second.status, second.body) == (
        200,
        {"id": first.body["id"], "success": True, "errors": [], "created": False},
    )
    assert (
        world.call(
            ANN, "PATCH", path.upper().replace("/SOBJECTS/WRITEBACK__C/KEY__C", "/sobjects/Writeback__c/Key__c"), {}
        ).status
        == 201
    )
    assert world.call(ANN, "GET", path).body["Kind__c"] == "y"
    assert world.call(ANN, "PATCH", path, {"Key__c": "z"}).code == "INVALID_FIELD"
    old = world.call(ANN, "PATCH", "/services/data/v45.0/sobjects/Writeback__c/Key__c/a b/c", {})
    assert (old.status, old.body) == (204, None)
    missing = world.call(ANN, "PATCH", "/sobjects/Writeback__c/Key__c/new", {}, query={"updateOnly": "true"})
    assert missing.status == 404


def test_a_key_that_several_records_carry_is_300() -> None:
    """Nothing is written; the answer lists the records."""
    world = World()
    world.org.touch(
        world.call(ADMIN, "POST", "/sobjects/Contact", {"LastName": "Twin"}).body["id"], Email="jo@acme.example"
    )
    reply = world.call(ADMIN, "PATCH", "/sobjects/Contact/Email/JO@acme.example", {"LastName": "x"})
    assert reply.status == 300
    assert len(reply.body) == 2
    assert world.org.records["Contact"][JO]["LastName"] == "Doe"


def test_a_unique_key_is_unique_across_users() -> None:
    """A second insert names the record only to those who may see it."""
    world = World()
    made = world.call(ANN, "POST", "/sobjects/Writeback__c", {"Key__c": "k"}).body["id"]
    own = world.call(ANN, "POST", "/sobjects/Writeback__c", {"Key__c": "k"})
    assert own.code == "DUPLICATE_VALUE"
    assert own.body[0]["message"] == f"duplicate value found: Key__c duplicates value on record with id: {made[:15]}"
    other = world.call(BEN, "POST", "/sobjects/Writeback__c", {"Key__c": "k"})
    assert made[:15] not in other.body[0]["message"]


def test_a_locked_row_is_refused_as_often_as_asked() -> None:
    """UNABLE_TO_LOCK_ROW, then success."""
    world = World()
    world.org.lock_row(CASE_ANN, 2)
    codes = [
        world.call(ANN, "PATCH", f"/sobjects/Case/{CASE_ANN}", {"Subject": "x"}, headers=_QUIET).status
        for _ in range(3)
    ]
    assert codes == [400, 400, 204]


def test_replication_windows() -> None:
    """Whole minutes, start before end, 30 and 15 days back, end not beyond now."""
    world = World()
    world.org.touch(CASE_ANN)
    span = {"start": "2026-11-24T07:00:00+00:00", "end": "2026-11-24T09:00:00+00:00"}
    assert world.call(ANN, "GET", "/sobjects/Case/updated", query=span).body == {
        "ids": [],
        "latestDateCovered": "2026-11-24T08:00:00.000+0000",
    }
    world.clock.advance(minutes=1)
    assert world.call(ANN, "GET", "/sobjects/Case/updated", query=span).body["ids"] == [CASE_ANN]
    for wrong in (
        {},
        {**span, "end": span["start"]},
        {**span, "start": "2026-10-01T00:00:00Z"},
        {**span, "start": "x"},
    ):
        assert world.call(ANN, "GET", "/sobjects/Case/updated", query=wrong).code == "INVALID_REPLICATION_DATE"


def test_the_root_versions_and_limits() -> None:
    """Resources with identity, versions in order, usage in every header and in limits."""
    world = World()
    root = world.call(ANN, "GET", "/")
    assert root.body["identity"] == f"https://crm.example/id/{world.org.id}/{ANN}"
    assert root.headers["Sforce-Limit-Info"] == "api-usage=1/1000000"
    assert world.call(ANN, "GET", "/limits/").body["DailyApiRequests"] == {"Max": 1_000_000, "Remaining": 999_998}
    assert b'"version":"68.0"' in versions().body
    assert b"Winter '27" in versions().body


def test_the_daily_limit_refuses_and_rolls() -> None:
    """Requests beyond the limit are 403 until 24 hours have passed."""
    world = World()
    world.org.setup.limits.daily_calls = 2
    assert [world.call(ANN, "GET", "/limits").status for _ in range(3)] == [200, 200, 403]
    world.clock.advance(hours=24, seconds=1)
    assert world.call(ANN, "GET", "/limits").status == 200


def test_describe_has_what_clients_and_admins_need() -> None:
    """Types, rights of this user, lookups, children, record types."""
    world = World()
    body = world.call(ANN, "GET", "/sobjects/Case/describe").body
    fields = {field["name"]: field for field in body["fields"]}
    assert (body["keyPrefix"], body["createable"], body["deletable"], body["replicateable"]) == (
        "500",
        True,
        False,
        True,
    )
    assert (fields["Priority"]["updateable"], fields["Subject"]["updateable"]) == (False, True)
    assert (fields["Assistant_Summary__c"]["custom"], fields["Assistant_Summary__c"]["length"]) == (True, 32000)
    assert fields["OwnerId"]["referenceTo"] == ["Group", "User"]
    assert {"New", "Closed"} <= {choice["value"] for choice in fields["Status"]["picklistValues"]}
    assert "EmailMessages" in {child["relationshipName"] for child in body["childRelationships"]}
    key = {field["name"]: field for field in world.call(ANN, "GET", "/sobjects/Writeback__c/describe").body["fields"]}[
        "Key__c"
    ]
    assert (key["externalId"], key["unique"], key["caseSensitive"], key["idLookup"], key["nillable"]) == (
        True,
        True,
        True,
        True,
        False,
    )
    names = {item["name"] for item in world.call(ANN, "GET", "/sobjects/").body["sobjects"]}
    assert "Case" in names
    assert "Opportunity" not in names


def test_recent_lists_what_the_user_opened() -> None:
    """Newest first, and only while it is readable."""
    world = World()
    world.call(ANN, "GET", f"/sobjects/Account/{ACME}")
    world.call(ANN, "GET", f"/sobjects/Case/{CASE_ANN}")
    assert [item["Id"] for item in world.call(ANN, "GET", "/recent/").body] == [CASE_ANN, ACME]
    assert [item["Id"] for item in world.call(ANN, "GET", "/sobjects/Case/").body["recentItems"]] == [CASE_ANN]
    world.org.touch(CASE_ANN, OwnerId=BEN)
    assert world.call(ANN, "GET", "/recent").body == []
