"""Several requests in one: rollback, references, limits, conditions inside, collections and trees."""

from typing import Any

import pytest

from tests.unit.sandbox.engine_world import ACME, ADMIN, ANN, BEN, CASE_ANN, CASE_QUEUE, CASE_SHARED, JO, V, World

_QUIET = {"Sforce-Auto-Assign": "FALSE"}


def _writeback(world: World, user: str, key: str) -> list[Any]:
    return world.composite(
        user,
        ("m", "POST", "/sobjects/Writeback__c", {"Key__c": key}),
        ("c", "POST", "/sobjects/CaseComment", {"ParentId": CASE_ANN, "CommentBody": "done"}),
        ("u", "PATCH", "/sobjects/Writeback__c/@{m.id}", {"Target_Ids__c": "@{c.id}", "Kind__c": "comment @{c.id}"}),
    )


def test_a_failure_rolls_everything_back() -> None:
    """All-or-none: the culprit has its own error, the others PROCESSING_HALTED, and nothing is written."""
    world = World()
    assert [part["httpStatusCode"] for part in _writeback(world, ANN, "k1")] == [201, 201, 204]
    before = world.org.snapshot().rows
    again = _writeback(world, ANN, "k1")
    assert [(part["httpStatusCode"], part["body"][0]["errorCode"]) for part in again] == [
        (400, "DUPLICATE_VALUE"),
        (400, "PROCESSING_HALTED"),
        (400, "PROCESSING_HALTED"),
    ]
    parts = world.composite(
        ANN,
        ("a", "POST", "/sobjects/CaseComment", {"ParentId": CASE_ANN, "CommentBody": "first"}),
        ("b", "PATCH", f"/sobjects/Case/{CASE_QUEUE}", {"Subject": "x"}),
    )
    assert [part["httpStatusCode"] for part in parts] == [400, 404]
    assert world.org.snapshot().rows == before
    assert world.soql(ANN, "SELECT COUNT() FROM CaseComment WHERE CommentBody = 'first'").body["totalSize"] == 0


def test_references_reach_urls_and_bodies() -> None:
    """`@{ref.id}` works in a path, as a value and inside text."""
    world = World()
    parts = _writeback(world, ANN, "k2")
    marker = world.org.records["Writeback__c"][parts[0]["body"]["id"]]
    assert marker["Target_Ids__c"] == parts[1]["body"]["id"]
    assert marker["Kind__c"] == f"comment {parts[1]['body']['id']}"
    found = world.composite(
        ANN,
        ("q", "GET", f"/query?q=SELECT+Id,ContactId+FROM+Case+WHERE+Id='{CASE_ANN}'"),
        ("p", "GET", "/sobjects/Contact/@{q.records[0].ContactId}"),
    )
    assert found[1]["body"]["Id"] == JO


def test_without_all_or_none_the_good_ones_stay() -> None:
    """A failed subrequest halts only those that refer to it."""
    world = World()
    parts = world.composite(
        ANN,
        ("bad", "POST", "/sobjects/Case", {"Nope": 1}),
        ("ref", "GET", "/sobjects/Case/@{bad.id}"),
        ("good", "POST", "/sobjects/CaseComment", {"ParentId": CASE_ANN, "CommentBody": "kept"}),
        all_or_none=False,
    )
    assert [part["httpStatusCode"] for part in parts] == [400, 400, 201]
    assert parts[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert world.soql(ANN, "SELECT COUNT() FROM CaseComment WHERE CommentBody = 'kept'").body["totalSize"] == 1


def test_conditions_and_describes_work_inside() -> None:
    """HttpHeaders carry conditions; validators come back; a stale write rolls back."""
    world = World()
    first = world.composite(ANN, ("d", "GET", "/sobjects/Case/describe"), ("r", "GET", f"/sobjects/Case/{CASE_ANN}"))
    stamps = [part["httpHeaders"]["Last-Modified"] for part in first]
    second = world.composite(
        ANN,
        ("d", "GET", "/sobjects/Case/describe", None, {"If-Modified-Since": stamps[0]}),
        ("r", "GET", f"/sobjects/Case/{CASE_ANN}", None, {"If-Modified-Since": stamps[1]}),
    )
    assert [part["httpStatusCode"] for part in second] == [304, 304]
    world.org.touch(CASE_ANN)
    stale = world.composite(
        ANN,
        ("w", "PATCH", f"/sobjects/Case/{CASE_ANN}", {"Subject": "x"}, {"If-Unmodified-Since": stamps[1], **_QUIET}),
        ("t", "POST", "/sobjects/Task", {"Subject": "x"}),
    )
    assert [part["httpStatusCode"] for part in stale] == [412, 400]
    assert world.soql(ANN, "SELECT COUNT() FROM Task").body["totalSize"] == 0


@pytest.mark.parametrize(
    ("requests", "code"),
    [
        ([], "INVALID_INPUT"),
        ([{"method": "GET", "url": f"{V}/limits", "referenceId": str(n)} for n in range(26)], "LIMIT_EXCEEDED"),
        ([{"method": "GET", "url": f"{V}/query?q=x", "referenceId": str(n)} for n in range(6)], "LIMIT_EXCEEDED"),
        ([{"method": "GET", "url": f"{V}/limits", "referenceId": "a"}] * 2, "INVALID_INPUT"),
        ([{"method": "GET", "url": f"{V}/limits"}], "INVALID_INPUT"),
        ([{"method": "GET", "url": f"{V}/limits", "referenceId": "a-b"}], "INVALID_INPUT"),
        ([{"method": "GET", "url": "https://elsewhere.example/", "referenceId": "a"}], "INVALID_INPUT"),
        (["x"], "INVALID_INPUT"),
    ],
)
def test_composites_that_are_refused(requests: list[object], code: str) -> None:
    """Too many, too heavy, unnamed or foreign subrequests refuse the whole."""
    reply = World().call(ANN, "POST", "/composite", {"compositeRequest": requests})
    assert (reply.status, reply.code) == (400, code)


def test_a_subrequest_may_not_bring_its_own_authorization() -> None:
    """Accept, Authorization and Content-Type are refused inside."""
    part = World().composite(ANN, ("a", "GET", "/limits", None, {"Authorization": "Bearer x"}), all_or_none=False)[0]
    assert part["httpStatusCode"] == 400


def test_batch_is_independent_unless_it_halts() -> None:
    """HaltOnError answers the rest with 412."""
    world = World()
    requests = [{"method": "GET", "url": f"v66.0/sobjects/Case/{CASE_QUEUE}"}, {"method": "GET", "url": "v66.0/limits"}]
    loose = world.call(ANN, "POST", "/composite/batch", {"batchRequests": requests}).body
    halted = world.call(ANN, "POST", "/composite/batch", {"batchRequests": requests, "haltOnError": True}).body
    assert (loose["hasErrors"], [item["statusCode"] for item in loose["results"]]) == (True, [404, 200])
    assert [item["statusCode"] for item in halted["results"]] == [404, 412]
    assert halted["results"][1]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"


def _tasks(*subjects: str) -> dict[str, object]:
    return {"records": [{"attributes": {"type": "Task"}, "Subject": subject} for subject in subjects]}


def test_collections_name_statuscode_and_roll_back() -> None:
    """Always 200; errors say statusCode; all-or-none marks the good ones as rolled back."""
    world = World()
    loose = world.call(ANN, "POST", "/composite/sobjects", _tasks("a", "x" * 300)).body
    assert [item["success"] for item in loose] == [True, False]
    assert loose[1]["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    strict = world.call(ANN, "POST", "/composite/sobjects", {**_tasks("b", "x" * 300), "allOrNone": True}).body
    assert strict[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert world.soql(ANN, "SELECT COUNT() FROM Task").body["totalSize"] == 1
    assert world.call(ANN, "POST", "/composite/sobjects", _tasks(*map(str, range(201)))).code == "LIMIT_EXCEEDED"


def test_collections_update_upsert_delete_and_read() -> None:
    """The whole life of two records; what cannot be read is null."""
    world = World()
    made = world.call(ANN, "POST", "/composite/sobjects", _tasks("a", "b")).body
    ids = [item["id"] for item in made]
    changes = {
        "records": [
            {"attributes": {"type": "Task"}, "id": ids[0], "Status": "Completed"},
            {"attributes": {"type": "Task"}, "id": "nope"},
        ]
    }
    assert [item["success"] for item in world.call(ANN, "PATCH", "/composite/sobjects", changes).body] == [True, False]
    read = world.call(ANN, "POST", "/composite/sobjects/Task", {"ids": ids, "fields": ["IsClosed"]}).body
    assert [item["IsClosed"] for item in read] == [True, False]
    assert world.call(BEN, "POST", "/composite/sobjects/Task", {"ids": ids, "fields": ["Id"]}).body == [None, None]
    keys = {"records": [{"attributes": {"type": "Writeback__c"}, "Key__c": "k"}]}
    first, second = (
        world.call(ANN, "PATCH", "/composite/sobjects/Writeback__c/Key__c", keys).body[0] for _ in range(2)
    )
    assert (first["created"], second["created"], first["id"] == second["id"]) == (True, False, True)
    gone = world.call(ANN, "DELETE", "/composite/sobjects", query={"ids": ",".join(ids), "allOrNone": "true"}).body
    assert [item["success"] for item in gone] == [True, True]


def test_trees_are_planted_whole_or_not_at_all() -> None:
    """Children get their parent's id; one bad leaf fells the tree."""
    world = World()
    contact = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "Leaf"}
    account = {
        "attributes": {"type": "Account", "referenceId": "a"},
        "Name": "Root",
        "Contacts": {"records": [contact]},
    }
    planted = world.call(ADMIN, "POST", "/composite/tree/Account/", {"records": [account]})
    assert (planted.status, planted.body["hasErrors"]) == (201, False)
    ids = {item["referenceId"]: item["id"] for item in planted.body["results"]}
    assert world.org.records["Contact"][ids["c"]]["AccountId"] == ids["a"]
    before = world.org.snapshot().rows
    bad = {**account, "Contacts": {"records": [{**contact, "LastName": None}]}}
    refused = world.call(ADMIN, "POST", "/composite/tree/Account", {"records": [bad]})
    assert (refused.status, refused.body["results"][0]["errors"][0]["statusCode"]) == (400, "REQUIRED_FIELD_MISSING")
    assert world.org.snapshot().rows == before


def test_a_rollback_also_takes_back_access() -> None:
    """Giving a case away inside a failed composite changes nobody's view."""
    world = World()
    world.composite(
        ADMIN,
        ("g", "PATCH", f"/sobjects/Case/{CASE_SHARED}", {"OwnerId": ANN}, _QUIET),
        ("r", "GET", f"/sobjects/Account/{ACME[:-3]}zzz"),
    )
    assert world.ids(ANN, "SELECT Id FROM Case") == [CASE_ANN]


def test_a_collection_names_unknown_and_hidden_objects_alike() -> None:
    """INVALID_TYPE for an object that does not exist and for one that the user may not see."""
    world = World()
    records = [{"attributes": {"type": name}, "Name": "x"} for name in ("Opportunity", "Nope__c")]
    found = world.call(ANN, "POST", "/composite/sobjects", {"records": records}).body
    assert [item["errors"][0]["statusCode"] for item in found] == ["INVALID_TYPE", "INVALID_TYPE"]
