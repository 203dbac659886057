"""More than sixty different calls of simple-salesforce, each on untouched records, each with what it must say."""

import base64
import csv
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
from simple_salesforce.exceptions import SalesforceError
from simple_salesforce.format import format_external_id, format_soql

from connectors.sandbox.process import SandboxProcess
from tests.contract.test_sandbox_simple_salesforce import OUTBOARD, Client, connect

BEN, NORA = "ben@tidewater.example", "nora@tidewater.example"
CASES = "SELECT Id, CaseNumber FROM Case ORDER BY CaseNumber"
SMALL = {"Sforce-Query-Options": "batchSize=200"}


@dataclass(frozen=True)
class Desk:
    """An agent, an administrator, and the strings behind the scene."""

    ben: Client
    nora: Client
    sandbox: SandboxProcess

    def mutate(self, name: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Change something behind the users' backs."""
        return self.sandbox.control.mutate("tidewater", name, **arguments)

    def many(self) -> None:
        """Enough accounts for a second page."""
        for number in range(201):
            self.mutate("create", object="Account", fields={"Name": f"Berth {number:03d}"})

    def rest(self, path: str, method: str = "GET", **arguments: object) -> Any:  # noqa: ANN401 - JSON
        """The agent's direct way to a resource."""
        return self.ben.restful(path, method=method, **arguments)

    def code(self, call: Callable[[], object]) -> tuple[int, str]:
        """Status and `errorCode` of a refusal."""
        with pytest.raises(SalesforceError) as error:
            call()
        content: object = error.value.content
        return error.value.status, content[0]["errorCode"] if isinstance(content, list) and content else ""

    def upload(self, data: bytes = b"%PDF") -> str:
        """A file on the agent's case."""
        body = {
            "PathOnClient": "a.pdf",
            "VersionData": base64.b64encode(data).decode(),
            "FirstPublishLocationId": OUTBOARD,
        }
        return str(self.ben.ContentVersion.create(body)["id"])

    def csv(self, pages: Any) -> list[int]:  # noqa: ANN401 - a generator of texts
        """Records in each page of an export."""
        return [len(list(csv.DictReader(io.StringIO(page)))) for page in pages]


def first(result: Any, *path: str) -> Any:  # noqa: ANN401 - JSON
    """A value of the first record."""
    value = result["records"][0]
    for step in path:
        value = value[step]
    return value


def twice(desk: Desk) -> list[int]:
    """An upsert that creates and one that changes."""
    key = f"Key__c/{format_external_id('Key__c', 'k-1').partition('/')[2]}"
    return [desk.ben.Writeback__c.upsert(key, {"Kind__c": kind}) for kind in ("task", "comment")]


def old_record(desk: Desk, kind: str, record: str, headers: dict[str, str]) -> tuple[int, str]:
    """A write on condition that nobody wrote since long ago."""
    return desk.code(lambda: getattr(desk.nora, kind).update(record, {"Description": "x"}, headers=headers))


def composite(desk: Desk) -> list[int]:
    """A task and a look at it, in one request."""
    root = "/services/data/v66.0/sobjects"
    task = {"WhatId": OUTBOARD, "Subject": "Order gasket"}
    parts = [
        {"method": "POST", "url": f"{root}/Task", "referenceId": "t", "body": task},
        {"method": "GET", "url": f"{root}/Task/@{{t.id}}", "referenceId": "back"},
    ]
    answer = desk.rest("composite", "POST", json={"allOrNone": True, "compositeRequest": parts})
    return [part["httpStatusCode"] for part in answer["compositeResponse"]]


def halted(desk: Desk) -> list[str]:
    """A composite whose second half fails."""
    root = "/services/data/v66.0/sobjects"
    parts = [
        {"method": "POST", "url": f"{root}/Task", "referenceId": "a", "body": {"Subject": "x"}},
        {"method": "POST", "url": f"{root}/Task", "referenceId": "b", "body": {"Nonsense__c": 1}},
    ]
    answer = desk.rest("composite", "POST", json={"allOrNone": True, "compositeRequest": parts})
    return [part["body"][0]["errorCode"] for part in answer["compositeResponse"]]


def batch(desk: Desk) -> list[int]:
    """Two independent requests."""
    parts = [{"method": "GET", "url": "v66.0/limits"}, {"method": "GET", "url": "v66.0/sobjects/Case/500TW0000000002"}]
    answer = desk.rest("composite/batch", "POST", json={"batchRequests": parts})
    return [part["statusCode"] for part in answer["results"]]


def tree(desk: Desk) -> bool:
    """A contact with nothing below it."""
    record = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "Reed", "AccountId": "001TW0000000001"}
    return bool(desk.nora.restful("composite/tree/Contact", method="POST", json={"records": [record]})["hasErrors"])


def records(desk: Desk, method: str, **fields: object) -> list[bool]:
    """One task in a collection."""
    body = {"records": [{"attributes": {"type": "Task"}, **fields}]}
    return [result["success"] for result in desk.rest("composite/sobjects", method, json=body)]


def window(desk: Desk, kind: str) -> Any:  # noqa: ANN401 - JSON
    """What changed or went since yesterday."""
    now = desk.sandbox.control.now()
    desk.nora.Case.delete("500TW0000000002")
    desk.nora.Case.update("500TW0000000004", {"Subject": "Settled"})
    desk.sandbox.control.advance(120)
    return getattr(desk.nora.Case, kind)(now - timedelta(days=1), desk.sandbox.control.now())


def download(desk: Desk) -> int:
    """A bulk result written to a file."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = desk.ben.bulk2.Case._client
        job = jobs.create_job("query", CASES)["id"]
        jobs.wait_for_job(job, True, 0.3)
        return int(jobs.download_job_data(folder, job)["number_of_records"])


def aborted(desk: Desk) -> str:
    """A bulk job that is stopped."""
    jobs = desk.ben.bulk2.Case._client
    return str(jobs.abort_job(jobs.create_job("query", CASES)["id"], is_query=True)["state"])


def said(desk: Desk) -> list[str]:
    """A Chatter post and the feed that shows it."""
    body = {"body": {"messageSegments": [{"type": "Text", "text": "On it."}]}}
    desk.rest("chatter/feed-elements", "POST", json={**body, "feedElementType": "FeedItem", "subjectId": OUTBOARD})
    feed = desk.rest(f"chatter/feeds/record/{OUTBOARD}/feed-elements")
    return [element["body"]["text"] for element in feed["elements"]]


def revoked(desk: Desk) -> tuple[int, str]:
    """A token that was handed back."""
    url = f"https://{desk.ben.sf_instance}/services/oauth2/revoke"
    requests.post(url, data={"token": desk.ben.session_id}, verify=desk.ben.session.verify, timeout=10)
    return desk.code(desk.ben.limits)


def second_page(desk: Desk, *, by_url: bool, deleted: bool = False) -> int:
    """The page after the first."""
    desk.many()
    page = desk.nora.query("SELECT Id FROM Account", include_deleted=deleted, headers=SMALL)
    where = page["nextRecordsUrl"] if by_url else page["nextRecordsUrl"].rpartition("/")[2]
    return len(desk.nora.query_more(where, identifier_is_url=by_url, include_deleted=deleted)["records"])


USERACCESS = (
    f"SELECT RecordId, HasEditAccess FROM UserRecordAccess WHERE UserId = '005TW0000000002' AND RecordId = '{OUTBOARD}'"
)
AFTER = "Wed, 01 Jan 2099 00:00:00 GMT"
LONG_AGO = "Fri, 01 Jan 2010 00:00:00 GMT"
CALLS: dict[str, tuple[Callable[[Desk], object], object]] = {
    "query": (lambda d: d.ben.query(CASES)["totalSize"], 2),
    "query of deleted ones": (lambda d: d.nora.query(CASES, include_deleted=True)["totalSize"], 4),
    "query_all": (lambda d: len(d.nora.query_all(CASES)["records"]), 4),
    "query_all_iter": (lambda d: sum(1 for _ in d.nora.query_all_iter(CASES)), 4),
    "query_more by address": (lambda d: second_page(d, by_url=True), 3),
    "query_more by locator": (lambda d: second_page(d, by_url=False), 3),
    "query_more under queryAll": (lambda d: second_page(d, by_url=False, deleted=True), 3),
    "query COUNT()": (lambda d: d.ben.query("SELECT COUNT() FROM Case")["totalSize"], 2),
    "query GROUP BY": (
        lambda d: [
            (row["Status"], row["n"])
            for row in d.nora.query("SELECT Status, COUNT(Id) n FROM Case GROUP BY Status ORDER BY Status")["records"]
        ],
        [("New", 3), ("Working", 1)],
    ),
    "query with children": (
        lambda d: first(d.ben.query(f"SELECT (SELECT Id FROM CaseComments) FROM Case WHERE Id = '{OUTBOARD}'"),
                        "CaseComments", "totalSize"), 1,
    ),
    "query two levels up": (
        lambda d: first(d.ben.query(f"SELECT Contact.Account.Name FROM Case WHERE Id = '{OUTBOARD}'"),
                        "Contact", "Account", "Name"), "Pelican Sailing Club",
    ),
    "query polymorphic owner": (
        lambda d: first(d.ben.query(f"SELECT Owner.Name FROM Case WHERE Id = '{OUTBOARD}'"), "Owner", "Name"),
        "Ben Achterberg",
    ),
    "query FIELDS(STANDARD)": (
        lambda d: first(d.ben.query("SELECT FIELDS(STANDARD) FROM Case LIMIT 1"), "attributes", "type"), "Case",
    ),
    "query semi-join": (
        lambda d: d.ben.query("SELECT Id FROM Case WHERE Id IN (SELECT ParentId FROM CaseComment)")["totalSize"], 1,
    ),
    "query date literal": (
        lambda d: d.ben.query("SELECT Id FROM Case WHERE CreatedDate = LAST_N_DAYS:3000")["totalSize"], 2,
    ),
    "query LIKE and NOT": (
        lambda d: d.ben.query("SELECT Id FROM Case WHERE (NOT Subject LIKE 'fuel%')")["totalSize"], 1,
    ),
    "format_soql": (
        lambda d: d.nora.query(format_soql("SELECT Id FROM Account WHERE Name = {}", "Harlow & Daughters"))[
            "totalSize"],
        1,
    ),
    "query UserRecordAccess": (lambda d: first(d.ben.query(USERACCESS), "HasEditAccess"), True),
    "is_sandbox": (lambda d: d.ben.is_sandbox(), False),
    "search": (lambda d: len(d.ben.search("FIND {outboard} RETURNING Case(Id)")["searchRecords"]), 1),
    "quick_search": (lambda d: len(d.ben.quick_search("gasket")["searchRecords"]), 0),
    "parameterizedSearch by GET": (
        lambda d: len(d.rest("parameterizedSearch/", params={"q": "outboard", "sobject": "Case"})["searchRecords"]), 1,
    ),
    "parameterizedSearch by POST": (
        lambda d: len(d.rest("parameterizedSearch", "POST", json={"q": "idris", "sobjects": [{"name": "Contact"}]})[
            "searchRecords"]), 1,
    ),
    "describe": (lambda d: d.ben.describe()["maxBatchSize"], 200),
    "object describe": (lambda d: d.ben.Case.describe()["keyPrefix"], "500"),
    "object metadata": (lambda d: d.ben.Case.metadata()["objectDescribe"]["name"], "Case"),
    "describe unless modified": (
        lambda d: d.code(lambda: d.ben.Case.describe(headers={"If-Modified-Since": AFTER}))[0], 304,
    ),
    "limits": (lambda d: d.ben.limits()["DailyBulkV2QueryJobs"]["Max"], 10_000),
    "api_usage": (lambda d: bool(d.ben.limits() and d.ben.api_usage["api-usage"].used), True),
    "root": (lambda d: {"identity", "jobs", "query", "search", "sobjects"} <= d.rest("").keys(), True),
    "get": (lambda d: d.ben.Case.get(OUTBOARD)["CaseNumber"], "00001001"),
    "get some fields": (lambda d: d.ben.Case.get(OUTBOARD, params={"fields": "Subject"})["Subject"][:8], "Outboard"),
    "get_by_custom_id": (
        lambda d: d.ben.Contact.get_by_custom_id("Email", "maud@harlow.example")["LastName"], "Harlow",
    ),
    "get what is hidden": (lambda d: d.code(lambda: d.ben.Case.get("500TW0000000002")), (404, "NOT_FOUND")),
    "recent": (lambda d: [item["Id"] for item in d.ben.Case.get(OUTBOARD) and d.rest("recent")], [OUTBOARD]),
    "tabs": (lambda d: d.rest("tabs"), None),
    "create a task": (lambda d: d.ben.Task.create({"WhatId": OUTBOARD, "Subject": "Call"})["success"], True),
    "create a comment": (
        lambda d: d.ben.CaseComment.create({"ParentId": OUTBOARD, "CommentBody": "Ordered."})["success"], True,
    ),
    "create a draft": (
        lambda d: d.ben.EmailMessage.create({"ParentId": OUTBOARD, "Status": "5", "Subject": "Re", "TextBody": "Hi"})[
            "success"], True,
    ),
    "create a post": (lambda d: d.ben.FeedItem.create({"ParentId": OUTBOARD, "Body": "Seen."})["success"], True),
    "create with a bad field": (lambda d: d.code(lambda: d.ben.Task.create({"No": 1})), (400, "INVALID_FIELD")),
    "create too long": (
        lambda d: d.code(lambda: d.ben.CaseComment.create({"ParentId": OUTBOARD, "CommentBody": "é" * 2_001})),
        (400, "STRING_TOO_LONG"),
    ),
    "update": (
        lambda d: d.ben.Case.update(OUTBOARD, {"Status": "Closed"}, headers={"Sforce-Auto-Assign": "FALSE"}), 204,
    ),
    "update what is read-only": (
        lambda d: d.code(lambda: d.ben.Case.update(OUTBOARD, {"Priority": "Low"})),
        (400, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ),
    "update if unmodified": (lambda d: old_record(d, "Case", OUTBOARD, {"If-Unmodified-Since": LONG_AGO})[0], 412),
    "update if match": (lambda d: old_record(d, "Account", "001TW0000000001", {"If-Match": '"x"'})[0], 412),
    "upsert": (twice, [201, 200]),
    "delete": (lambda d: d.nora.Contact.delete("003TW0000000002"), 204),
    "delete without the right": (lambda d: d.code(lambda: d.ben.Case.delete(OUTBOARD))[0], 403),
    "deleted": (lambda d: len(window(d, "deleted")["deletedRecords"]), 1),
    "updated": (lambda d: "500TW0000000004" in [item[:15] for item in window(d, "updated")["ids"]], True),
    "composite": (composite, [201, 200]),
    "composite halted": (halted, ["PROCESSING_HALTED", "INVALID_FIELD"]),
    "composite batch": (batch, [200, 404]),
    "composite tree": (tree, False),
    "collection create": (lambda d: records(d, "POST", Subject="a"), [True]),
    "collection update": (lambda d: records(d, "PATCH", id="00TTW0000000001", Subject="b"), [True]),
    "collection upsert": (
        lambda d: [
            result["created"]
            for result in d.rest("composite/sobjects/Writeback__c/Key__c", "PATCH", json={
                "records": [{"attributes": {"type": "Writeback__c"}, "Key__c": "k-2"}]})
        ],
        [True],
    ),
    "collection read": (
        lambda d: [bool(record) for record in d.rest("composite/sobjects/Case", "POST", json={
            "ids": [OUTBOARD, "500TW0000000002"], "fields": ["Id"]})],
        [True, False],
    ),
    "collection delete": (
        lambda d: [result["success"] for result in d.rest("composite/sobjects", "DELETE", params={
            "ids": "00TTW0000000001"})],
        [True],
    ),
    "bulk2 query": (lambda d: d.csv(d.ben.bulk2.Case.query(CASES, wait=0.3)), [2]),
    "bulk2 query_all in pages": (lambda d: d.csv(d.nora.bulk2.Case.query_all(CASES, max_records=3, wait=0.3)), [3, 1]),
    "bulk2 download": (download, 2),
    "bulk2 abort": (aborted, "Aborted"),
    "bulk jobs": (lambda d: aborted(d) and len(d.rest("jobs/query")["records"]), 1),
    "upload": (lambda d: d.ben.ContentVersion.get(d.upload())["FileType"], "PDF"),
    "get_base64": (lambda d: d.ben.ContentVersion.get_base64(d.upload(), "VersionData"), b"%PDF"),
    "files of a case": (
        lambda d: d.upload() and first(d.ben.query(
            f"SELECT ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId = '{OUTBOARD}'"),
            "ContentDocument", "Title"), "a",
    ),
    "chatter user": (lambda d: d.rest("chatter/users/me")["name"], "Ben Achterberg"),
    "chatter feed": (said, ["On it."]),
    "oauth2 userinfo": (lambda d: d.ben.oauth2("userinfo")["preferred_username"], BEN),
    "identity": (
        lambda d: d.ben.session.get(d.rest("")["identity"], headers=d.ben.headers, timeout=10).json()["username"], BEN,
    ),
    "revoke": (revoked, (401, "INVALID_SESSION_ID")),
    "a retired version": (
        lambda d: d.ben.session.get(f"https://{d.ben.sf_instance}/services/data/v20.0/limits", headers=d.ben.headers,
                                    timeout=10).status_code, 410,
    ),
}  # fmt: skip


@pytest.fixture
def desk(sandbox: SandboxProcess) -> Desk:
    """Both of them at work."""
    return Desk(connect(sandbox, BEN), connect(sandbox, NORA), sandbox)


@pytest.mark.parametrize("name", CALLS)
def test_call(desk: Desk, name: str) -> None:
    """The client gets what a Salesforce would give it, and nothing that the user may not see."""
    call, expected = CALLS[name]
    assert call(desk) == expected
    assert desk.sandbox.control.leaks() == {}


def test_there_are_sixty() -> None:
    """The table is as long as was promised."""
    assert len(CALLS) >= 60
