"""Rows become neutral records; pages are followed; a long thread keeps its newest messages."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import Fatal, NotFound, Resync
from connectors.interfaces import Checkpoint, RecordRef
from connectors.salesforce import changes, reading, records
from connectors.salesforce.catalogue import KINDS, STAMPS, THREAD_LIMIT
from connectors.salesforce.describe import Shape, Shapes
from tests.unit.connectors.scripted import CASE_ID, NOT_FOUND, Answer, Bench, composite, describe

STAMP = "2026-11-24T05:53:54.000+0000"
EMAIL: dict[str, str | tuple[str, ...]] = dict.fromkeys(
    ("Id", "ParentId", "Subject", "TextBody", "Incoming", "Status", "FromName", "MessageDate", *STAMPS[1:]), ()
)
SHAPES: Shapes = {"EmailMessage": Shape.parse(describe("EmailMessage", EMAIL)[1])}
CASE = RecordRef("salesforce", "Case", CASE_ID)


def email(number: int, **fields: object) -> dict[str, Any]:
    """One message row, a minute after the one before."""
    sent = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=number)
    return {
        "attributes": {"type": "EmailMessage"},
        "Id": f"02s{number:012d}AAA",
        "ParentId": CASE_ID,
        "Subject": f"Message {number}",
        "Incoming": True,
        "Status": "0",
        "FromName": "Carla",
        "MessageDate": sent.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "CreatedDate": STAMP,
        "LastModifiedDate": STAMP,
        "SystemModstamp": STAMP,
        **fields,
    }


def test_a_message_says_who_when_and_from_where() -> None:
    """In neutral words, whatever the fields are called."""
    record = records.record(KINDS["EmailMessage"], "EmailMessage", email(0), ("Subject", "Hidden__c"), SHAPES)
    assert record.ref == RecordRef("salesforce", "EmailMessage", "02s000000000000AAA")
    assert record.fields == {"Subject": "Message 0"}
    assert (record.title, record.author, record.inbound, record.draft) == ("Message 0", "Carla", True, False)
    assert record.at == datetime(2026, 11, 1, tzinfo=UTC)
    assert record.version == STAMP
    assert record.parent == CASE


def test_an_unsent_message_is_a_draft() -> None:
    """Status 5, without a sending time."""
    record = records.record(
        KINDS["EmailMessage"], "EmailMessage", email(0, Status="5", MessageDate=None, Incoming=False), (), SHAPES
    )
    assert record.draft
    assert record.inbound is False
    assert record.at == datetime(2026, 11, 24, 5, 53, 54, tzinfo=UTC)


@pytest.mark.parametrize(("user_type", "inbound"), [("Standard", False), ("CspLitePortal", True), (None, False)])
def test_a_comment_is_inbound_when_a_portal_user_wrote_it(user_type: str | None, inbound: bool) -> None:  # noqa: FBT001 - pytest passes it
    """When the user's type is hidden, a comment counts as ours."""
    creator = {"Name": "Jo", "UserType": user_type} if user_type else None
    row = {"Id": "00a000000000001AAA", "ParentId": CASE_ID, "CreatedDate": STAMP, "CreatedBy": creator}
    record = records.record(KINDS["CaseComment"], "CaseComment", row, (), {})
    assert record.inbound is inbound
    assert record.author == ("Jo" if creator else "")


def test_the_parent_of_a_task_is_what_it_is_about() -> None:
    """Recognised by the id's prefix; an unknown one is no parent."""
    for what, expected in ((CASE_ID, CASE), ("006000000000001AAA", "Opportunity"), ("a00000000000001AAA", None)):
        parent = records.record(KINDS["Task"], "Task", {"Id": "00T000000000001AAA", "WhatId": what}, (), {}).parent
        assert parent == expected or (parent and parent.object == expected)


def test_a_compound_value_is_left_empty() -> None:
    """Addresses are objects; a record holds plain values."""
    assert records.scalar({"MailingAddress": {"city": "Rotterdam"}}, "MailingAddress") is None
    assert records.scalar({"Contact": None}, "Contact.Name") is None
    assert records.scalar({"Contact": {"Name": "Jo"}}, "Contact.Name") == "Jo"


class Org:
    """A case with a long thread, served in pages."""

    def __init__(self, messages: int, page: int = 2_000) -> None:
        self.newest_first = [email(number) for number in reversed(range(messages))]
        self._page = page

    def __call__(self, method: str, url: str, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        """Describes, queries and further pages."""
        if method == "GET":
            return self._rows(int(url.rpartition("-")[2]))
        return composite(self._sub)(method, url, body)

    def _sub(self, sub: Mapping[str, Any]) -> Answer:
        name = sub["referenceId"]
        if "describe" in sub["url"]:
            fields = (
                EMAIL
                if name == "EmailMessage"
                else dict.fromkeys(("Id", "CaseNumber", "Subject", "LastModifiedDate"), ())
            )
            return describe(name, fields) if name in {"EmailMessage", "Case"} else NOT_FOUND
        if name == "root":
            row = {"Id": CASE_ID, "CaseNumber": "1", "Subject": "x", "LastModifiedDate": STAMP}
            return 200, {"records": [row], "done": True, "totalSize": 1}
        return self._rows(0)

    def _rows(self, start: int) -> Answer:
        limited = self.newest_first[: THREAD_LIMIT + 1]
        end = start + self._page
        more = (
            {}
            if end >= len(limited)
            else {"nextRecordsUrl": f"https://evil.example/services/data/v66.0/query/01g-{end}"}
        )
        return 200, {"records": limited[start:end], "done": not more, "totalSize": len(limited), **more}


def test_a_thread_of_ten_thousand_keeps_the_newest_two_thousand() -> None:
    """In one round trip, oldest first, and it says that something is missing."""
    bench = Bench(Org(10_000))
    bench.schema.shapes({"Case": (), "EmailMessage": ()})
    before = bench.client.round_trips
    bundle = reading.read(bench.client, bench.schema, CASE, {"EmailMessage": ("Subject",)})
    assert bench.client.round_trips - before == 1
    assert bundle.truncated
    assert len(bundle.thread) == THREAD_LIMIT
    assert bundle.thread[-1].fields["Subject"] == "Message 9999"
    assert bundle.thread[0].fields["Subject"] == "Message 8000"


@pytest.mark.parametrize("messages", [0, 1, 1_999, 2_000])
def test_a_thread_that_fits_is_whole(messages: int) -> None:
    """Also when it fits exactly."""
    bench = Bench(Org(messages))
    bundle = reading.read(bench.client, bench.schema, CASE, {"EmailMessage": ("Subject",)})
    assert not bundle.truncated
    assert len(bundle.thread) == messages


def test_pages_are_followed_at_the_orgs_own_host() -> None:
    """Salesforce may cut pages anywhere; only the locator is taken from the address of the next one."""
    bench = Bench(Org(25, page=10))
    bundle = reading.read(bench.client, bench.schema, CASE, {"EmailMessage": ("Subject",)})
    assert [record.fields["Subject"] for record in bundle.thread] == [f"Message {number}" for number in range(25)]
    assert [url for method, url, _ in bench.adapter.sent if method == "GET"] == [
        "/services/data/v66.0/query/01g-10",
        "/services/data/v66.0/query/01g-20",
    ]


def test_a_hidden_object_is_no_error() -> None:
    """No right on the case: not found. No right on its messages: no messages."""
    bench = Bench(composite(lambda sub: NOT_FOUND if "describe" in sub["url"] else (500, None)))
    with pytest.raises(NotFound):
        reading.read(bench.client, bench.schema, CASE, {"EmailMessage": ("Subject",)})
    assert reading.reread(bench.client, bench.schema, [CASE], {}) == {}
    assert reading.recent(bench.client, bench.schema, "Case", ("Subject",), 5) == []


def test_five_objects_are_reread_in_one_request_and_two_hundred_ids_in_one_query() -> None:
    """The limits of a composite request and of a request line."""
    names = ("Case", "EmailMessage", "CaseComment", "Task", "Knowledge__kav")
    fields = dict.fromkeys(("Id", "LastModifiedDate"), ())
    empty = {"records": [], "done": True, "totalSize": 0}
    bench = Bench(
        composite(lambda sub: describe(sub["referenceId"], fields) if "describe" in sub["url"] else (200, empty))
    )
    refs = [RecordRef("salesforce", name, f"500{number:012d}AAA") for name in names for number in range(200)]
    reading.reread(bench.client, bench.schema, refs, {})
    asked = [body for _, _, body in bench.adapter.sent if "query" in body["compositeRequest"][0]["url"]]
    assert [len(body["compositeRequest"]) for body in asked] == [5]
    assert all(len(sub["url"]) < 16_384 for sub in asked[0]["compositeRequest"])
    assert "PublishStatus" in asked[0]["compositeRequest"][4]["url"]
    reading.reread(bench.client, bench.schema, [*refs, RecordRef("salesforce", "Case", "500999999999999AAA")], {})
    asked = [body for _, _, body in bench.adapter.sent if "query" in body["compositeRequest"][0]["url"]]
    assert [len(body["compositeRequest"]) for body in asked] == [5, 5, 1]


# ── Changes ──────────────────────────────────────────────────────────────


class Log:
    """An org with one message and a delete log."""

    def __init__(self, deleted: Answer) -> None:
        self._deleted = deleted

    def __call__(self, method: str, url: str, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        """Describes, one query, the delete log."""
        if method == "GET":
            return self._deleted
        rows = {"records": [email(1)], "done": True, "totalSize": 1}
        return composite(lambda sub: describe("EmailMessage", EMAIL) if "describe" in sub["url"] else (200, rows))(
            method, url, body
        )


NOW = datetime.now(UTC)
SEEN = Checkpoint("EmailMessage", NOW - timedelta(days=1), (NOW - timedelta(days=1)).isoformat())


@pytest.mark.parametrize(
    "log",
    [
        (400, [{"errorCode": "INVALID_REPLICATION_DATE", "message": "too old"}]),
        (200, {"deletedRecords": [], "earliestDateAvailable": NOW.isoformat(), "latestDateCovered": NOW.isoformat()}),
    ],
    ids=["too old", "purged"],
)
def test_a_forgotten_delete_log_asks_for_a_new_start(log: Answer) -> None:
    """Otherwise deleted text would stay in the index unnoticed."""
    bench = Bench(Log(log))
    with pytest.raises(Resync):
        list(changes.changes(bench.client, bench.schema, SEEN, ("Subject",)))


def test_the_checkpoint_moves_only_past_what_was_yielded() -> None:
    """A deletion leaves it where it was; a row moves it to its stamp and takes the delete log's time along."""
    covered = (NOW - timedelta(minutes=1)).isoformat()
    log = {"deletedRecords": [{"id": "02s000000000009AAA", "deletedDate": STAMP}], "latestDateCovered": covered}
    bench = Bench(Log((200, {**log, "earliestDateAvailable": "2026-01-01T00:00:00.000+0000"})))
    gone, row = changes.changes(bench.client, bench.schema, SEEN, ("Subject",))
    assert (gone.ref.id, gone.record, gone.checkpoint) == ("02s000000000009AAA", None, SEEN)
    assert row.record
    assert row.checkpoint.cursor == covered
    assert SEEN.covered
    assert row.checkpoint.covered == max(SEEN.covered, datetime(2026, 11, 24, 5, 53, 54, tzinfo=UTC))
    start = next(url for method, url, _ in bench.adapter.sent if method == "GET")
    assert "%2B00%3A00" in start


def test_a_first_sync_reads_no_delete_log() -> None:
    """There is nothing yet that could have been deleted."""
    bench = Bench(Log((500, None)))
    (row,) = changes.changes(bench.client, bench.schema, Checkpoint("EmailMessage"), ("Subject",))
    assert row.checkpoint.covered == datetime(2026, 11, 24, 5, 53, 54, tzinfo=UTC)
    assert row.checkpoint.cursor


def test_an_answer_without_rows_is_not_an_empty_one() -> None:
    """A sync that took it for empty would move on."""
    bench = Bench(
        composite(lambda sub: describe("EmailMessage", EMAIL) if "describe" in sub["url"] else (200, {"done": True}))
    )
    with pytest.raises(Fatal):
        list(changes.changes(bench.client, bench.schema, Checkpoint("EmailMessage"), ("Subject",)))
