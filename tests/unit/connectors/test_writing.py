"""What a write sends, in which order, and what it never sends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import Ambiguous, Fatal, Forbidden, NotFound, Retriable
from connectors.interfaces import PreImage, RecordRef, Target, TargetKind, Write, Written
from connectors.salesforce import mails, marker, targets
from connectors.salesforce.describe import Shape
from connectors.salesforce.writing import Writer
from tests.unit.connectors.scripted import CASE_ID, NOT_FOUND, USER, Answer, Bench, composite, describe

VERSION = "2026-11-24T05:53:54.000+0000"
CASE = RecordRef("salesforce", "Case", CASE_ID)
PREIMAGE = PreImage(VERSION, None, "key-1")
UNMARKED = PreImage(VERSION, None)
SINCE = datetime.now(UTC) - timedelta(minutes=5)
MARKER_ID = "a0W000000000001AAA"
MARKER_FIELDS = ("Id", "Key__c", "Record_Id__c", "Kind__c", "Target_Ids__c", "Undone__c")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "Case": ("Id", "LastModifiedDate", targets.SUMMARY_FIELD),
    "Task": ("Id", "WhatId", "WhoId", "Subject", "Description", "Status", "LastModifiedDate"),
    "CaseComment": ("Id", "ParentId", "CommentBody", "LastModifiedDate"),
    "EmailMessage": ("Id", *mails.REQUIRED, "LastModifiedDate"),
    "Account": ("Id", "LastModifiedDate"),
    "Contact": ("Id", "LastModifiedDate"),
    marker.MARKER: MARKER_FIELDS,
}


class Org:
    """A CRM that says yes, keeps markers, and remembers each write."""

    def __init__(self, *, package: bool = True, markers: tuple[dict[str, Any], ...] = ()) -> None:
        self.package = package
        self.markers = list(markers)
        self.writes: list[list[dict[str, Any]]] = []
        self.rows: list[dict[str, Any]] = []
        self.refusal: tuple[str, str, int] | None = None

    def __call__(self, method: str, url: str, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        """A composite request: all or none is a write."""
        subs = body["compositeRequest"]
        if not body["allOrNone"]:
            return composite(self._read)(method, url, body)
        self.writes.append(subs)
        taken = [sub for sub in subs if sub["referenceId"] == "claim" and self._has(sub["body"]["Key__c"])]
        refusal = ("claim", "DUPLICATE_VALUE", 400) if taken else self.refusal
        if refusal is None:
            self._keep(subs)
        return composite(lambda sub: self._wrote(sub, refusal))(method, url, body)

    def _has(self, key: str) -> bool:
        return any(row["Key__c"] == key for row in self.markers)

    def _keep(self, subs: list[dict[str, Any]]) -> None:
        for sub in subs:
            if sub["referenceId"] == "claim":
                self.markers.append({"Id": MARKER_ID, "Target_Ids__c": "00T000000000001AAA", **sub["body"]})

    def _read(self, sub: Mapping[str, Any]) -> Answer:
        name = sub["referenceId"]
        if "describe" in sub["url"]:
            known = name in FIELDS and (self.package or name != marker.MARKER)
            return describe(name, dict.fromkeys(FIELDS[name], ())) if known else NOT_FOUND
        rows = self.markers if name == "markers" else self.rows
        return 200, {"records": rows, "done": True, "totalSize": len(rows)}

    def _wrote(self, sub: Mapping[str, Any], refusal: tuple[str, str, int] | None) -> Answer:
        if refusal:
            name, code, status = refusal
            return status, [{"errorCode": code if sub["referenceId"] == name else "PROCESSING_HALTED"}]
        if sub["referenceId"] == "stamps":
            row = {"Id": "00T000000000001AAA", "LastModifiedDate": VERSION}
            return 200, {"records": [row], "done": True, "totalSize": 1}
        return 201, {"id": MARKER_ID if sub["referenceId"] == "claim" else "00T000000000001AAA", "success": True}


def writer(org: Org) -> Writer:
    """The writing half of a session."""
    bench = Bench(org)
    return Writer(bench.client, bench.schema, USER)


def make(kind: TargetKind, *, texts: int = 1, key: str = "key-1", body: str = "Text.\nref: key-1") -> Write:
    """A write to the case."""
    field = targets.SUMMARY_PATH if kind is TargetKind.SUMMARY_FIELD else ""
    target = Target(kind, "", "", undoable=True, field=field)
    values = [{"subject": "S", "body": body, "due": "2026-12-01", "status": "Not Started"} for _ in range(texts)]
    return Write(key, CASE, VERSION, target, tuple(values))


def names(subs: list[dict[str, Any]]) -> list[str]:
    """What was asked, in order."""
    return [sub["referenceId"] for sub in subs]


def test_a_field_of_another_name_is_refused() -> None:
    """The target is fixed by `targets`; nobody can aim the assistant at another field."""
    org, write = Org(), make(TargetKind.SUMMARY_FIELD)
    for target in (replace(write.target, field="Case.Status"), replace(write.target, field="")):
        with pytest.raises(Fatal):
            writer(org).write(replace(write, target=target), PREIMAGE)
    with pytest.raises(Fatal):
        writer(org).write(replace(write, record=replace(CASE, object="Account")), PREIMAGE)
    assert org.writes == []


@pytest.mark.parametrize("texts", [0, 22])
def test_a_write_that_does_not_fit_into_one_transaction_is_refused(texts: int) -> None:
    """Two requests could not be all or nothing."""
    org = Org()
    with pytest.raises(Fatal):
        writer(org).write(make(TargetKind.TASKS, texts=texts), PREIMAGE)
    assert org.writes == []


def test_without_a_marker_a_text_without_its_key_is_refused() -> None:
    """It could never be found again."""
    org = Org(package=False)
    with pytest.raises(Fatal):
        writer(org).write(make(TargetKind.TASKS, body="no key here"), UNMARKED)
    assert org.writes == []


def test_a_field_is_set_on_condition_and_without_assignment_rules() -> None:
    """The key first, then the conditional update, then what it looks like now, then the book entry."""
    org = Org()
    writer(org).write(make(TargetKind.SUMMARY_FIELD), PREIMAGE)
    (subs,) = org.writes
    assert names(subs) == ["claim", "set", "stamps", "note"]
    assert (subs[0]["method"], subs[0]["url"]) == ("POST", "/services/data/v66.0/sobjects/Writeback__c")
    assert subs[0]["body"] == {"Key__c": "key-1", "Record_Id__c": CASE_ID, "Kind__c": "summary_field"}
    assert subs[1]["httpHeaders"] == {
        "If-Unmodified-Since": "Tue, 24 Nov 2026 05:53:54 GMT",
        "Sforce-Auto-Assign": "FALSE",
    }
    assert subs[1]["body"] == {targets.SUMMARY_FIELD: "Text.\nref: key-1"}
    assert subs[3]["url"].endswith("Writeback__c/@{claim.id}")


def test_tasks_are_created_on_condition_that_the_case_is_unchanged() -> None:
    """An insert cannot be conditional, so a conditional read in the same transaction guards it."""
    org = Org()
    writer(org).write(make(TargetKind.TASKS, texts=2), PREIMAGE)
    (subs,) = org.writes
    assert names(subs) == ["claim", "unchanged", "create0", "create1", "stamps", "note"]
    assert subs[1]["method"] == "GET"
    assert subs[1]["httpHeaders"] == {"If-Unmodified-Since": "Tue, 24 Nov 2026 05:53:54 GMT"}
    assert subs[2]["body"] == {
        "WhatId": CASE_ID, "Subject": "S", "Description": "Text.\nref: key-1", "Status": "Not Started",
        "ActivityDate": "2026-12-01",
    }  # fmt: skip
    assert subs[5]["body"] == {"Target_Ids__c": "@{create0.id},@{create1.id}"}


def test_a_comment_is_never_published_and_notifies_nobody() -> None:
    """The customer must not read it, and no mail goes out (contract, 1.7)."""
    org = Org(package=False)
    writer(org).write(make(TargetKind.COMMENT), UNMARKED)
    (subs,) = org.writes
    assert names(subs) == ["unchanged", "create0", "stamps"]
    assert subs[1]["body"] == {"ParentId": CASE_ID, "CommentBody": "Text.\nref: key-1", "IsPublished": False}


@pytest.mark.parametrize(("kind", "object_"), [
    (TargetKind.COMMENT, "Account"), (TargetKind.EMAIL_DRAFT, "Contact"), (TargetKind.TASKS, "Opportunity"),
])  # fmt: skip
def test_a_target_that_is_not_the_records_is_refused(kind: TargetKind, object_: str) -> None:
    """Nobody can aim a comment at an account, or anything at a deal."""
    org = Org()
    with pytest.raises(Fatal):
        writer(org).write(replace(make(kind), record=replace(CASE, object=object_)), PREIMAGE)
    assert org.writes == []


@pytest.mark.parametrize(("object_", "lookup"), [("Account", "WhatId"), ("Contact", "WhoId"), ("Case", "WhatId")])
def test_a_task_names_what_or_whom_it_is_about(object_: str, lookup: str) -> None:
    """A person stands in another lookup than a thing; the condition is on the record at hand."""
    org, write = Org(), make(TargetKind.TASKS)
    writer(org).write(replace(write, record=replace(CASE, object=object_)), PREIMAGE)
    (subs,) = org.writes
    assert subs[1]["url"] == f"/services/data/v66.0/sobjects/{object_}/{CASE_ID}?fields=Id"
    assert subs[2]["body"][lookup] == CASE_ID
    assert len({"WhatId", "WhoId"} & subs[2]["body"].keys()) == 1


def test_what_is_out_of_sight_with_its_record_is_not_called_gone() -> None:
    """An undo that cannot look must not say that nothing is left."""
    org = Org(package=False)
    with pytest.raises(NotFound):
        writer(org).undo(make(TargetKind.EMAIL_DRAFT), UNMARKED, Written(("02s000000000001AAA",), (VERSION,)))
    org.rows = [{"Id": CASE_ID, "LastModifiedDate": VERSION}]
    writer(org).undo(make(TargetKind.EMAIL_DRAFT), UNMARKED, Written(("02s000000000001AAA",), (VERSION,)))
    assert org.writes == []


def test_a_lost_request_is_fenced_and_the_next_attempt_takes_the_next_key() -> None:
    """Whatever is still under way carries a key that is taken, and stays refused."""
    org, write = Org(), make(TargetKind.TASKS)
    org.rows = [{"Id": CASE_ID, "LastModifiedDate": VERSION}]
    assert writer(org).preimage(write) == PREIMAGE
    org.rows = []
    assert writer(org).find(write, PREIMAGE, SINCE) is None
    assert org.writes[-1][0]["body"] == {"Key__c": "key-1", "Record_Id__c": CASE_ID, "Kind__c": marker.VOID}
    with pytest.raises(Retriable):
        writer(org).write(write, PREIMAGE)
    org.rows = [{"Id": CASE_ID, "LastModifiedDate": VERSION}]
    again = writer(org).preimage(write)
    writer(org).write(write, again)
    assert [subs[0]["body"]["Key__c"] for subs in org.writes[1:]] == ["key-1", "key-1.1"]
    found = writer(org).find(write, again, SINCE)
    assert found
    assert found.ids == ("00T000000000001AAA",)


def test_a_taken_key_that_cannot_be_looked_up_is_no_refusal() -> None:
    """The write may be there: whoever cannot look must not say that it is not."""
    org, write = Org(), make(TargetKind.TASKS)
    org.markers = [{"Id": MARKER_ID, "Key__c": "key-1", "Kind__c": "tasks", "Target_Ids__c": "00T000000000001AAA"}]

    def answer(method: str, url: str, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        asked = [sub["referenceId"] for sub in body["compositeRequest"]]
        return (503, [{"errorCode": "SERVER_UNAVAILABLE"}]) if asked == ["markers"] else org(method, url, body)

    bench = Bench(answer)
    with pytest.raises(Ambiguous):
        Writer(bench.client, bench.schema, USER).write(write, PREIMAGE)


def test_a_write_that_got_in_before_the_fence_is_found() -> None:
    """The fence fails on the taken key; looking again shows why."""
    org, write = Org(), make(TargetKind.TASKS)
    late = {"Id": MARKER_ID, "Key__c": "key-1", "Kind__c": "tasks", "Target_Ids__c": "00T000000000001AAA"}

    def answer(method: str, url: str, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        if body["allOrNone"] and late not in org.markers:
            org.markers.append(late)
        return org(method, url, body)

    bench = Bench(answer)
    found = Writer(bench.client, bench.schema, USER).find(write, PREIMAGE, SINCE)
    assert found
    assert found.ids == ("00T000000000001AAA",)


def test_fences_do_not_go_on_for_ever() -> None:
    """After eight lost attempts a person looks."""
    keys = [marker.attempt_key("key-1", number) for number in range(marker.MAX_ATTEMPTS)]
    org = Org(markers=tuple({"Id": MARKER_ID, "Key__c": key, "Kind__c": marker.VOID} for key in keys))
    org.rows = [{"Id": CASE_ID, "LastModifiedDate": VERSION}]
    with pytest.raises(Fatal):
        writer(org).preimage(make(TargetKind.TASKS))
    assert org.writes == []


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("UNABLE_TO_LOCK_ROW", 400, Retriable),
        ("STRING_TOO_LONG", 400, Forbidden),
        ("UNKNOWN_EXCEPTION", 500, Retriable),
    ],
)
def test_a_refusal_inside_the_transaction_wrote_nothing(code: str, status: int, kind: type[Exception]) -> None:
    """Everything was rolled back, so it is no ambiguity, whatever the inner status."""
    org = Org()
    org.refusal = ("create0", code, status)
    with pytest.raises(kind):
        writer(org).write(make(TargetKind.TASKS), PREIMAGE)


def test_a_text_that_is_not_the_whole_write_is_not_a_find() -> None:
    """One of two tasks there: nobody knows, a person looks."""
    org, write = Org(package=False), make(TargetKind.TASKS, texts=2)
    org.rows = [{"Id": "00T000000000001AAA", "LastModifiedDate": VERSION, "Description": "Text.\r\nref: key-1  "}]
    with pytest.raises(Ambiguous):
        writer(org).find(write, UNMARKED, SINCE)
    assert writer(org).find(replace(write, values=write.values[:1]), UNMARKED, SINCE)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(None, "", True), ("a\nb", "a\r\nb ", True), ("a", "b", False), ("a b", "a  b", False)],
)
def test_texts_are_compared_as_salesforce_stores_them(one: str | None, other: str | None, same: bool) -> None:  # noqa: FBT001 - pytest passes it
    """It trims ends and may turn line ends into CR LF."""
    assert targets.same_text(one, other) is same


def test_targets_shrink_with_the_users_rights() -> None:
    """Nothing is offered that would be refused."""
    shapes = {name: Shape.parse(describe(name, dict.fromkeys(fields, ()))[1]) for name, fields in FIELDS.items()}
    assert [target.kind for target in targets.available(CASE, shapes)] == list(TargetKind)
    for other in ("Account", "Contact"):
        found = targets.available(replace(CASE, object=other), shapes)
        assert [target.kind for target in found] == [TargetKind.COMPLETED_TASK, TargetKind.TASKS]
        assert {target.audience for target in found} == {f"everyone who can read the {other.lower()}"}
    assert targets.available(replace(CASE, object="Opportunity"), {**shapes, "Opportunity": shapes["Account"]}) == ()
    no_marker = {**shapes, marker.MARKER: None}
    assert TargetKind.SUMMARY_FIELD not in [target.kind for target in targets.available(CASE, no_marker)]
    read_only = {**shapes, "Case": replace(shapes["Case"], updateable=False)}
    assert TargetKind.SUMMARY_FIELD not in [target.kind for target in targets.available(CASE, read_only)]
    no_delete = {**shapes, "Task": replace(shapes["Task"], deletable=False)}
    assert not any(t.undoable for t in targets.available(CASE, no_delete) if t.kind is TargetKind.TASKS)
    assert targets.available(CASE, dict.fromkeys(FIELDS)) == ()
