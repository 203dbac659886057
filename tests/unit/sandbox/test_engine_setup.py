"""What admins set up and time does: rules, record types, merges, archive, recycle bin, limits, restriction rules."""

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.merging import merge
from connectors.sandbox.salesforce.mutations import Mutations
from connectors.sandbox.salesforce.oauth import Grants
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.restrictions import Restrictions
from connectors.sandbox.salesforce.setup import DuplicateRule, ValidationRule
from connectors.sandbox.salesforce.values import Row
from connectors.sandbox.wire import Refused
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
    COMMENT_ANN,
    GLOBEX,
    JO,
    MAIL_ANN,
    FakeClock,
    World,
    document,
    records,
)

BUG, WISH, SECRET = (mint("012", "5e0", number) for number in range(1, 4))
RECORD_TYPES = [
    {"Id": BUG, "SobjectType": "Case", "Name": "Bug report", "default": True, "profiles": [AGENT_PROFILE]},
    {"Id": WISH, "SobjectType": "Case", "Name": "Wish", "DeveloperName": "A_Wish", "profiles": []},
    {"Id": SECRET, "SobjectType": "Case", "Name": "Secret", "profiles": [mint("00e", "5e0", 1)]},
]


def mutations(world: World) -> Mutations:
    """The hidden hands of a world."""
    return Mutations(world.org, Grants(world.org.id, Clock(), {}))


def world_of(**additions: object) -> World:
    """The small world with further keys in its document."""
    world = World()
    world.org = Org.load({**document(), **additions}, records(), world.clock)
    return world


def rule(user_criteria: str, record_filter: str, target: str = "Case") -> dict[str, object]:
    """A restriction rule."""
    return {"targetEntity": target, "userCriteria": user_criteria, "recordFilter": record_filter}


@pytest.mark.parametrize(
    "additions",
    [
        {"validation_rules": [{"object": "Case"}]},
        {"duplicate_rules": [{"object": "Case", "fields": []}]},
        {"restriction_rules": [rule("ProfileId", "OwnerId = $User.Id")]},
        {"restriction_rules": [rule("$User.Id = 'x'", "OwnerId = $User.Id OR Status = 'New'")]},
    ],
)
def test_rules_that_say_nothing_stop_the_load(additions: dict[str, object]) -> None:
    """A rule that cannot work is refused when the org is loaded."""
    with pytest.raises(ValueError, match="rule"):
        world_of(**additions)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("merge", {"record": CASE_ANN, "into": CASE_ANN}),
        ("merge", {"record": CASE_ANN, "into": ACME}),
        ("merge", {"record": COMMENT_ANN, "into": COMMENT_ANN}),
        ("merge", {"record": mint("500", "5e0", 999), "into": CASE_ANN}),
        ("merge", {"record": CASE_ANN}),
        ("merge", {"record": ACME, "into": GLOBEX, "keep": True}),
        ("delete_mid_paging", {}),
        ("restrict", {"targetEntity": "Case"}),
        ("validation_rule", {"object": "Case", "condition": "Nope = 1", "message": "x"}),
        ("validation_rule", {"object": "Case", "condition": "AND", "message": "x"}),
        ("duplicate_rule", {"object": "Case"}),
        ("assignment_rule", {"object": "Nope"}),
        ("assignment_rule", {"object": "Case", "owner": "nobody"}),
        ("limit", {"patience": 3}),
        ("long_calls", {"count": "many", "seconds": 30}),
    ],
)
def test_impossible_changes_are_refused_and_change_nothing(name: str, arguments: dict[str, object]) -> None:
    """The control plane says no, with a reason that quotes no record."""
    world = World()
    before = world.org.snapshot()
    with pytest.raises(Refused, match=f"{name}|no user"):
        mutations(world).apply(name, "", arguments)
    assert world.org.snapshot() == before


def test_validation_rules_see_all_fields_and_every_write() -> None:
    """The rule's message and field come back, on create, update, upsert and in collections; the record stays."""
    world = world_of(
        validation_rules=[
            {
                "object": "Case",
                "condition": "Risk__c = 'red' AND Status = 'Closed'",
                "message": "Not yet.",
                "field": "Status",
            }
        ]
    )
    reply = world.call(ANN, "PATCH", f"/sobjects/Case/{CASE_ANN}", {"Status": "Closed"})
    assert (reply.status, reply.code) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert reply.body[0] == {"message": "Not yet.", "errorCode": reply.code, "fields": ["Status"]}
    assert world.org.records["Case"][CASE_ANN]["Status"] == "New"
    listed = {"records": [{"attributes": {"type": "Case"}, "Id": CASE_ANN, "Status": "Closed"}]}
    [result] = world.call(ANN, "PATCH", "/composite/sobjects", listed).body
    assert result["errors"][0]["statusCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    created = world.call(ADMIN, "POST", "/sobjects/Case", {"Risk__c": "RED", "Status": "closed"})
    assert created.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert world.call(ADMIN, "POST", "/sobjects/Case", {"Risk__c": "green", "Status": "Closed"}).status == 201


def test_duplicate_rules_and_their_header() -> None:
    """A copy is refused; the header lets it pass unless the rule blocks; empty values are no copies."""
    world = World()
    world.org.setup.duplicates.append(DuplicateRule("Contact", ("Email",)))
    copy = {"LastName": "Doe", "Email": "JO@acme.example"}
    reply = world.call(ADMIN, "POST", "/sobjects/Contact", copy)
    assert (reply.status, reply.code) == (400, "DUPLICATES_DETECTED")
    assert reply.body[0]["message"] == "Use one of these records?"
    header = {"sforce-duplicate-rule-header": "allowSave=true; runAsCurrentUser=true"}
    assert world.call(ADMIN, "POST", "/sobjects/Contact", copy, headers=header).status == 201
    assert [world.call(ADMIN, "POST", "/sobjects/Contact", {"LastName": "X"}).status for _ in range(2)] == [201, 201]
    world.org.setup.duplicates.append(DuplicateRule("Contact", ("LastName", "Email"), blocks=True))
    assert world.call(ADMIN, "POST", "/sobjects/Contact", copy, headers=header).code == "DUPLICATES_DETECTED"


def test_record_types() -> None:
    """Describe lists those of the object and whose they are; a new record gets the user's default."""
    world = world_of(record_types=RECORD_TYPES)
    infos = world.call(ANN, "GET", "/sobjects/Case/describe").body["recordTypeInfos"]
    assert [(item["name"], item["available"], item["defaultRecordTypeMapping"]) for item in infos] == [
        ("Bug report", True, True),
        ("Wish", True, False),
        ("Secret", False, False),
        ("Master", True, False),
    ]
    made = world.call(ANN, "POST", "/sobjects/Case", {"Subject": "x"}, headers={"sforce-auto-assign": "false"}).body[
        "id"
    ]
    chosen = {"Subject": "y", "RecordTypeId": WISH}
    world.call(ANN, "POST", "/sobjects/Case", chosen, headers={"sforce-auto-assign": "false"})
    found = world.soql(ANN, f"SELECT RecordType.DeveloperName FROM Case WHERE Id = '{made}'").body["records"]
    assert found[0]["RecordType"]["DeveloperName"] == "Bug_report"
    assert len(world.ids(ANN, "SELECT Id FROM Case WHERE RecordType.DeveloperName = 'A_Wish'")) == 1
    refused = world.call(ANN, "POST", "/sobjects/Case", {"RecordTypeId": SECRET})
    assert (refused.code, refused.body[0]["fields"]) == ("INVALID_CROSS_REFERENCE_KEY", ["RecordTypeId"])
    assert "RecordTypeId" not in {
        item["name"] for item in World().call(ANN, "GET", "/sobjects/Case/describe").body["fields"]
    }


def test_merged_cases() -> None:
    """Losers name their master and count as deleted, children move with their stamp only, the master is touched."""
    world = World()
    world.call(ANN, "POST", "/sobjects/Task", {"WhatId": CASE_ANN, "Subject": "Call"})
    world.clock.advance(hours=1)
    merge(world.org, CASE_SHARED, [CASE_ANN])
    reply = world.call(
        ADMIN,
        "GET",
        "/queryAll",
        query={"q": "SELECT Id, MasterRecordId FROM Case WHERE IsDeleted = true AND MasterRecordId != null"},
    )
    assert [(row["Id"], row["MasterRecordId"]) for row in reply.body["records"]] == [(CASE_ANN, CASE_SHARED)]
    assert world.call(ADMIN, "PATCH", f"/sobjects/Case/{CASE_ANN}", {"Subject": "x"}).code == "ENTITY_IS_DELETED"
    for kind, lookup in (("CaseComment", "ParentId"), ("EmailMessage", "ParentId"), ("Task", "WhatId")):
        moved = world.soql(
            ADMIN, f"SELECT SystemModstamp, LastModifiedDate FROM {kind} WHERE {lookup} = '{CASE_SHARED}'"
        )
        stamps = [row for row in moved.body["records"] if row["SystemModstamp"] == "2026-11-24T09:00:00.000+0000"]
        assert len(stamps) == 1, kind
        assert stamps[0]["LastModifiedDate"] < stamps[0]["SystemModstamp"]
    mail = world.org.records["EmailMessage"][MAIL_ANN]
    assert (mail["ParentId"], mail["RelatedToId"]) == (CASE_SHARED, CASE_SHARED)
    window = {"start": "2026-11-24T08:30:00Z", "end": "2026-11-24T10:00:00Z"}
    world.clock.advance(minutes=30)
    gone = world.call(ADMIN, "GET", "/sobjects/Case/deleted", query=window).body["deletedRecords"]
    assert [item["id"] for item in gone] == [CASE_ANN]
    assert world.call(ADMIN, "GET", "/sobjects/Case/updated", query=window).body["ids"] == [CASE_SHARED]


def test_merged_cases_may_be_kept() -> None:
    """An admin's choice: the loser is closed and names its master, but lives."""
    world = World()
    merge(world.org, CASE_SHARED, [CASE_ANN], keep=True)
    [row] = world.soql(ADMIN, "SELECT Id, IsClosed, MasterRecordId FROM Case WHERE MasterRecordId != null").body[
        "records"
    ]
    assert (row["Id"], row["IsClosed"], row["MasterRecordId"]) == (CASE_ANN, True, CASE_SHARED)
    assert world.ids(ADMIN, f"SELECT Id FROM CaseComment WHERE ParentId = '{CASE_ANN}'") == []


def test_merged_accounts_take_their_contacts_and_cases_along() -> None:
    """Whoever pointed at the loser points at the master."""
    world = World()
    merge(world.org, GLOBEX, [ACME])
    assert world.org.records["Contact"][JO]["AccountId"] == GLOBEX
    assert world.org.records["Case"][CASE_ANN]["AccountId"] == GLOBEX


def test_closed_tasks_of_last_year_are_in_the_archive() -> None:
    """Only `queryAll` finds them, in sub-queries too; open ones and young ones stay; time alone archives."""
    world = World()
    tasks = [
        ("Task", {"Subject": "old", "Status": "Completed", "ActivityDate": "2025-11-20", "WhatId": CASE_ANN}),
        ("Task", {"Subject": "open", "Status": "Not Started", "ActivityDate": "2025-11-20", "WhatId": CASE_ANN}),
        ("Task", {"Subject": "young", "Status": "Completed", "ActivityDate": "2025-12-20", "WhatId": CASE_ANN}),
        ("Event", {"Subject": "party", "EndDateTime": "2025-11-20T10:00:00Z", "WhatId": CASE_ANN, "OwnerId": ADMIN}),
    ]
    world.org = Org.load(document(), [*records(), *tasks], world.clock)

    def subjects(path: str = "/query") -> list[str]:
        found = world.call(ADMIN, "GET", path, query={"q": "SELECT Subject FROM Task ORDER BY Subject"}).body["records"]
        return [row["Subject"] for row in found]

    assert subjects() == ["open", "young"]
    assert subjects("/queryAll") == ["old", "open", "young"]
    archived = {"q": "SELECT Subject FROM Task WHERE IsArchived = true"}
    assert world.call(ADMIN, "GET", "/queryAll", query=archived).body["totalSize"] == 1
    assert world.ids(ADMIN, "SELECT Id FROM Event") == []
    [case] = world.soql(ADMIN, f"SELECT (SELECT Id FROM Tasks) FROM Case WHERE Id = '{CASE_ANN}'").body["records"]
    assert case["Tasks"]["totalSize"] == 2
    world.clock.advance(days=60)
    assert subjects() == ["open"]


def test_the_recycle_bin_is_emptied_after_15_days() -> None:
    """A deleted record is gone from `queryAll` too; the window of `deleted` is as long."""
    world = World()
    world.call(ADMIN, "DELETE", f"/sobjects/Case/{CASE_CLOSED}")
    question = {"q": "SELECT Id FROM Case WHERE IsDeleted = true"}
    assert world.call(ADMIN, "GET", "/queryAll", query=question).body["totalSize"] == 1
    world.clock.advance(days=15, minutes=1)
    assert world.call(ADMIN, "GET", "/queryAll", query=question).body["totalSize"] == 0


@pytest.mark.parametrize(
    ("resource", "start", "end", "code"),
    [
        ("updated", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "INVALID_REPLICATION_DATE"),
        ("deleted", "2026-11-08T00:00:00Z", "2026-11-24T00:00:00Z", "INVALID_REPLICATION_DATE"),
        ("updated", "2026-11-24T07:00:00Z", "2026-11-24T07:00:30Z", "INVALID_REPLICATION_DATE"),
        ("updated", "2026-11-24T07:00:00Z", "2026-11-24T06:00:00Z", "INVALID_REPLICATION_DATE"),
        ("updated", "2026-11-25T07:00:00Z", "2026-11-26T06:00:00Z", "INVALID_REPLICATION_DATE"),
        ("deleted", "yesterday", "2026-11-24T07:00:00Z", "INVALID_REPLICATION_DATE"),
        ("updated", "2026-11-01T00:00:00+00:00", "2026-11-24T07:30:00+00:00", "EXCEEDED_ID_LIMIT"),
    ],
)
def test_replication_windows(resource: str, start: str, end: str, code: str) -> None:
    """Too far back, backwards, shorter than a minute, in the future, unreadable, or too many records."""
    world = World()
    world.org.setup.limits.replicated_ids = 2
    for record_id in (CASE_ANN, CASE_QUEUE, CASE_SHARED):
        world.org.touch(record_id, Subject="x")
    world.clock.advance(hours=1)
    reply = world.call(
        ADMIN, "GET", f"/sobjects/Case/{resource}", query={"start": start, "end": end.replace("07:30", "09:00")}
    )
    assert (reply.status, reply.code) == (400, code)


def test_long_calls_and_limits() -> None:
    """Twenty-five running requests of 20 seconds keep everybody out for their time; shorter ones never count."""
    world = World()
    hands = mutations(world)
    hands.apply("long_calls", "", {"count": 24, "seconds": 20})
    assert world.call(ANN, "GET", "/limits").status == 200
    hands.apply("long_calls", "", {"count": 25, "seconds": 19})
    assert world.call(ANN, "GET", "/limits").status == 200
    hands.apply("long_calls", "", {"count": 25, "seconds": 20})
    refused = world.call(ANN, "GET", "/limits")
    assert (refused.status, refused.code) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert refused.body[0]["message"] == "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    world.clock.advance(seconds=20)
    assert world.call(ANN, "GET", "/limits").status == 200
    hands.apply("limit", "", {"long_calls": 5})
    hands.apply("long_calls", "", {"count": 5, "seconds": 60})
    assert world.call(ANN, "GET", "/limits").status == 403


def test_restriction_rules_take_away_what_sharing_gives() -> None:
    """In queries, reads and parents, for whom the criteria name; users who view all records are not bound."""
    mine = rule(f"$User.ProfileId = '{AGENT_PROFILE}'", "OwnerId = $User.Id")
    world = world_of(restriction_rules=[mine, {**mine, "active": False}])
    assert world.ids(BEN, "SELECT Id FROM Case") == []
    assert world.call(BEN, "GET", f"/sobjects/Case/{CASE_SHARED}").code == "NOT_FOUND"
    assert world.call(BOSS, "GET", f"/sobjects/Case/{CASE_ANN}").code == "NOT_FOUND"
    assert world.ids(ANN, "SELECT Id FROM Case") == [CASE_ANN]
    assert len(world.ids(AUDITOR, "SELECT Id FROM Case")) == 4
    lies = world.soql(
        BEN,
        f"SELECT RecordId, HasReadAccess FROM UserRecordAccess WHERE UserId = '{BEN}' AND RecordId = '{CASE_SHARED}'",
    )
    assert lies.body["records"][0]["HasReadAccess"] is True


def test_restriction_clauses() -> None:
    """Constants, booleans and user fields; several clauses must all hold."""
    rules = Restrictions(
        [rule("$User.IsActive = true AND $User.Alias = 'ann'", "Status = 'New' AND OwnerId = $User.Id")]
    )
    user: Row = {"Id": "005x", "IsActive": True, "Alias": "ANN"}
    assert rules.forbid(user, "Case", {"Status": "Closed", "OwnerId": "005x"})
    assert rules.forbid(user, "Case", {"Status": "New", "OwnerId": "005y"})
    assert not rules.forbid(user, "Case", {"Status": "new", "OwnerId": "005x"})
    assert not rules.forbid({**user, "IsActive": False}, "Case", {"Status": "Closed"})
    assert not rules.forbid(user, "Task", {"Status": "Closed"})


def test_everything_that_an_admin_set_up_is_reset() -> None:
    """A snapshot keeps rules, limits and restriction rules as they were."""
    world = World()
    start = world.org.snapshot()
    hands = mutations(world)
    hands.apply("validation_rule", "", {"object": "Case", "condition": "Subject = 'x'", "message": "m"})
    hands.apply("restrict", "", rule(f"$User.Id = '{ANN}'", "OwnerId = $User.Id"))
    hands.apply("limit", "", {"daily_calls": 1})
    hands.apply("assignment_rule", "", {"object": "Case"})
    world.org.restore(start)
    assert world.org.snapshot() == start
    assert world.org.setup.validation == []
    assert (world.org.setup.limits.daily_calls, bool(world.org.restrictions)) == (1_000_000, False)
    assert ValidationRule.of({"object": "A", "condition": "b", "message": "c"}) == ValidationRule("A", "b", "c")


@pytest.mark.parametrize(
    ("version", "status", "code"),
    [
        ("v30.0", 410, "UNSUPPORTED_API_VERSION"),
        ("v20.0", 410, "UNSUPPORTED_API_VERSION"),
        ("v69.0", 404, "NOT_FOUND"),
        ("v66.5", 404, "NOT_FOUND"),
        ("v999.0", 404, "NOT_FOUND"),
    ],
)
def test_versions(version: str, status: int, code: str) -> None:
    """Retired ones are gone, unknown ones never were, inside a composite request too."""
    world = World()
    reply = world.call(ANN, "GET", f"/services/data/{version}/limits")
    assert (reply.status, reply.code) == (status, code)
    part = {"referenceId": "a", "method": "GET", "url": f"/services/data/{version}/limits"}
    [inner] = world.call(ANN, "POST", "/composite", {"compositeRequest": [part]}).body["compositeResponse"]
    assert (inner["httpStatusCode"], inner["body"][0]["errorCode"]) == (status, code)


def test_sub_queries_page_for_themselves_and_count_toward_the_page() -> None:
    """A page of parents is short when their children fill it; each child list has a locator of its own."""
    world = World()
    comments = [("CaseComment", {"ParentId": CASE_ANN, "CommentBody": str(number)}) for number in range(450)]
    world.org = Org.load(document(), [*records(), *comments], world.clock)
    question = "SELECT Id, (SELECT Id FROM CaseComments ORDER BY Id) FROM Case ORDER BY Id"
    first = world.soql(ADMIN, question, sforce_query_options="batchSize=200").body
    assert (first["totalSize"], first["done"], len(first["records"])) == (4, False, 1)
    below = first["records"][0]["CaseComments"]
    assert (below["totalSize"], below["done"], len(below["records"])) == (451, False, 200)
    headers = {"sforce-query-options": "batchSize=200"}
    seen = [row["Id"] for row in below["records"]]
    while not below["done"]:
        below = world.call(ADMIN, "GET", below["nextRecordsUrl"], headers=headers).body
        seen += [row["Id"] for row in below["records"]]
    assert seen == sorted(seen)
    assert len(set(seen)) == 451
    rest = world.call(ADMIN, "GET", first["nextRecordsUrl"], headers=headers).body
    assert (rest["done"], [row["CaseComments"] for row in rest["records"]]) == (True, [None, None, None])
    assert world.soql(ANN, "SELECT (SELECT Id FROM CaseComments) FROM Case").body["records"][0]["CaseComments"]["done"]


def test_archived_articles_need_the_version_filter() -> None:
    """`PublishStatus = 'Archived'` alone is refused."""
    world = World()
    world.org = Org.load(
        {}, [("Knowledge__kav", {"Title": "T", "UrlName": "t", "PublishStatus": "Archived"})], FakeClock()
    )
    admin = str(world.org.users()[0]["Id"])
    question = "SELECT Id FROM Knowledge__kav WHERE PublishStatus = 'Archived'"
    assert world.soql(admin, question).code == "MALFORMED_QUERY"
    assert (
        len(world.ids(admin, f"{question} AND IsLatestVersion = false"))
        + len(world.ids(admin, f"{question} AND IsLatestVersion = true"))
        == 1
    )


@pytest.mark.parametrize("where", ["", " WHERE ShareType = 'V'", " WHERE LinkedEntityId != null"])
def test_file_links_are_asked_for_by_record_or_document(where: str) -> None:
    """Even an administrator cannot list all of them."""
    reply = World().soql(ADMIN, f"SELECT Id FROM ContentDocumentLink{where}")
    assert (reply.status, reply.code) == (400, "MALFORMED_QUERY")
    assert "ContentDocumentLink requires a filter by a single Id" in reply.body[0]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/sobjects/Case/abc", 404, "NOT_FOUND"),
        ("PATCH", "/sobjects/Case/a b", 404, "NOT_FOUND"),
        ("DELETE", "/sobjects/Case/5005e0000000001\u00e9", 404, "NOT_FOUND"),
        ("GET", "/sobjects/Nope/abc", 404, "NOT_FOUND"),
        ("GET", f"/sobjects/Case/{ACME}", 400, "MALFORMED_ID"),
        ("GET", f"/sobjects/Case/{mint('500', '5e0', 999)}", 404, "NOT_FOUND"),
        ("PUT", f"/sobjects/Case/{CASE_ANN}", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/query/nonsense", 400, "INVALID_QUERY_LOCATOR"),
        ("GET", "/query", 400, "MALFORMED_QUERY"),
        ("GET", "/nowhere", 404, "NOT_FOUND"),
    ],
)
def test_bad_ids_and_paths(method: str, path: str, status: int, code: str) -> None:
    """What is no id, no record, no locator or no resource gets the vendor's words."""
    reply = World().call(ADMIN, method, path, {})
    assert (reply.status, reply.code) == (status, code)
