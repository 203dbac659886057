"""Bulk API 2.0 query jobs: refusals, states on the virtual clock, pages of CSV, and whose eyes they use."""

import csv
import io
from typing import Any

import pytest

from connectors.sandbox.salesforce.api import ApiRequest, handle
from tests.unit.sandbox.engine_world import (
    ADMIN,
    ANN,
    BASE,
    BEN,
    CASE_ANN,
    CASE_QUEUE,
    CASE_SHARED,
    OUTSIDER,
    Reply,
    V,
    World,
)


@pytest.fixture
def world() -> World:
    """A fresh org."""
    return World()


def order(world: World, query: str, user: str = ADMIN, **body: object) -> Reply:
    """Make a job."""
    return world.call(user, "POST", "/jobs/query", {"operation": "query", "query": query, **body})


def page(world: World, job: str, user: str = ADMIN, version: str = V, **query: str) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of one page of results."""
    answer = handle(world.org, user, BASE, ApiRequest("GET", f"{version}/jobs/query/{job}/results", query))
    return answer.status, answer.body.decode(), dict(answer.headers)


def export(world: World, query: str, user: str = ADMIN, **body: object) -> str:
    """The whole result of a job that is given the time it needs."""
    made = order(world, query, user, **body)
    assert made.status == 200, made.body
    world.clock.advance(seconds=1)
    status, text, headers = page(world, made.body["id"], user)
    assert (status, headers["Sforce-Locator"]) == (200, "null")
    return text


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Status, COUNT(Id) FROM Case GROUP BY Status", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT COUNT() FROM Case", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id, (SELECT Id FROM CaseComments) FROM Case", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id FROM Case LIMIT 5 OFFSET 1", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT TYPEOF What WHEN Case THEN Subject END FROM Task", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id, MailingAddress FROM Contact", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT Id, VersionData FROM ContentVersion", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT FIELDS(ALL) FROM Case LIMIT 5", "FUNCTIONALITY_NOT_ENABLED"),
        ("SELECT RecordId FROM UserRecordAccess", "API_ERROR"),
        ("SELECT Nope FROM Case", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id FROM", "MALFORMED_QUERY"),
        ("SELECT 'a FROM Case", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        (" ", "MALFORMED_QUERY"),
    ],
)
def test_queries_that_bulk_does_not_run(world: World, query: str, code: str) -> None:
    """What a job cannot do, and what no query can, is refused when the job is made."""
    reply = order(world, query)
    assert (reply.status, reply.code) == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "insert"},
        {"operation": 7},
        {"contentType": "JSON"},
        {"columnDelimiter": "DOT"},
        {"lineEnding": []},
    ],
)
def test_orders_that_make_no_sense(world: World, body: dict[str, object]) -> None:
    """An unknown operation, type, delimiter or line end is an INVALIDJOB."""
    whole = {"operation": "query", "query": "SELECT Id FROM Case", **body}
    reply = world.call(ADMIN, "POST", "/jobs/query", whole)
    assert (reply.status, reply.code) == (400, "INVALIDJOB")


def test_limits_of_the_org(world: World) -> None:
    """Jobs of 24 hours are counted, and some objects are not for bulk."""
    world.org.jobs.daily = 1
    world.org.jobs.unsupported = frozenset({"Task"})
    assert order(world, "SELECT Id FROM Task").code == "INVALIDENTITY"
    assert order(world, "SELECT Id FROM Case").status == 200
    refused = order(world, "SELECT Id FROM Case")
    assert (refused.code, refused.body[0]["message"]) == (
        "LIMIT_EXCEEDED",
        "Max bulk v2 query jobs (1) per 24 hrs has been reached (1)",
    )
    world.clock.advance(hours=25)
    assert order(world, "SELECT Id FROM Case").status == 200


def test_a_job_ages(world: World) -> None:
    """Uploaded, in progress, complete: as time passes, and with the record's stamps."""
    made = order(world, "SELECT Id FROM Case", columnDelimiter="PIPE", lineEnding="CRLF").body
    assert made == {
        "id": made["id"],
        "operation": "query",
        "object": "Case",
        "createdById": ADMIN,
        "createdDate": "2026-11-24T08:00:00.250+0000",
        "systemModstamp": "2026-11-24T08:00:00.250+0000",
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 66.0,
        "lineEnding": "CRLF",
        "columnDelimiter": "PIPE",
    }
    path = f"/jobs/query/{made['id']}"
    early = page(world, made["id"])
    assert (early[0], "INVALIDJOBSTATE" in early[1]) == (400, True)
    states = []
    for step in (0.0, 0.12, 0.12):
        world.clock.advance(seconds=step)
        states.append(world.call(ADMIN, "GET", path).body["state"])
    assert states == ["UploadComplete", "InProgress", "JobComplete"]
    done = world.call(ADMIN, "GET", path).body
    assert (done["numberRecordsProcessed"], done["totalProcessingTime"]) == (4, 240)
    assert page(world, made["id"])[1].startswith('"Id"\r\n"500')


def test_a_job_sees_what_its_user_sees_when_it_runs(world: World) -> None:
    """Rows by sharing at the time of the run; a field hidden meanwhile fails the job; other users find no job."""
    rows = list(csv.DictReader(io.StringIO(export(world, "SELECT Id FROM Case", BEN))))
    assert [row["Id"] for row in rows] == [CASE_SHARED]
    assert order(world, "SELECT Risk__c FROM Case", ANN).code == "INVALID_FIELD"
    made = order(world, "SELECT Id, Description FROM Case", ANN).body["id"]
    world.org.hide_field(ANN, "Case.Description")
    world.clock.advance(seconds=1)
    failed = world.call(ANN, "GET", f"/jobs/query/{made}").body
    assert (failed["state"], failed["errorMessage"].split(":")[0]) == ("Failed", "INVALID_FIELD")
    assert page(world, made, ANN)[0] == 400
    assert world.call(BEN, "GET", f"/jobs/query/{made}").status == 404
    assert page(world, made, BEN)[0] == 404
    assert order(world, "SELECT Id FROM Case", OUTSIDER).code == "INVALID_TYPE"


def test_pages_carry_header_and_locator(world: World) -> None:
    """A limit on the page cuts the result; locators are stable, re-readable, and `null` on the last page."""
    made = order(world, "SELECT Id FROM Case ORDER BY Id").body["id"]
    world.clock.advance(seconds=1)
    locator, ids, counts = "", list[str](), list[str]()
    for _ in range(2):
        pages = []
        for _ in range(2):
            query = {"locator": locator} if locator else {}
            status, text, headers = page(world, made, maxRecords="3", **query)
            assert (status, headers["Content-Type"]) == (200, "text/csv")
            pages.append((text, headers["Sforce-Locator"]))
        assert pages[0] == pages[1]
        ids += [row["Id"] for row in csv.DictReader(io.StringIO(text))]
        counts.append(headers["Sforce-NumberOfRecords"])
        locator = headers["Sforce-Locator"]
    assert (locator, counts, len(set(ids))) == ("null", ["3", "1"], 4)
    assert page(world, made, locator="null")[0] == 200
    for bad in ({"locator": "!"}, {"locator": "MTAw"}, {"locator": "LTE"}, {"maxRecords": "0"}, {"maxRecords": "ten"}):
        assert page(world, made, **bad)[0] == 400


def test_results_need_the_version_of_the_job(world: World) -> None:
    """Another API version is a conflict, not a translation."""
    made = order(world, "SELECT Id FROM Case").body["id"]
    world.clock.advance(seconds=1)
    assert page(world, made, version="/services/data/v65.0")[0] == 409
    assert page(world, made)[0] == 200


def test_csv_quotes_everything(world: World) -> None:
    """Quotes doubled, null empty, booleans and times in the way of CSV, columns in the order of the query."""
    made = "2026-01-01T00:00:18.000+0000"
    world.org.touch(CASE_ANN, Subject='He said "no",\nthen left', Description=None, CreatedDate=made)
    fields = "Subject, contact.account.NAME, description, IsClosed, CreatedDate"
    query = f"SELECT {fields} FROM Case WHERE Id = '{CASE_ANN}'"
    text = export(world, query, columnDelimiter="SEMICOLON")
    assert text == (
        '"Subject";"Contact.Account.Name";"Description";"IsClosed";"CreatedDate"\n'
        '"He said ""no"",\nthen left";"Acme";"";"false";"2026-01-01T00:00:18.000Z"\n'
    )
    assert export(world, "SELECT Id FROM Case WHERE Subject = 'nothing such'") == '"Id"\n'
    head = export(world, "SELECT FIELDS(STANDARD) FROM Case LIMIT 1").partition("\n")[0]
    assert '"CaseNumber"' in head
    assert "Risk__c" not in head


def test_query_all_finds_the_deleted(world: World) -> None:
    """The operation queryAll looks into the recycle bin, query does not; a semi-join is fine."""
    world.call(ADMIN, "DELETE", f"/sobjects/Case/{CASE_QUEUE}")
    text = "SELECT Id, IsDeleted FROM Case WHERE Id IN (SELECT ParentId FROM CaseComment) OR Subject = 'Pump leaks'"
    assert f'"{CASE_QUEUE}","true"' in export(world, text, operation="queryAll")
    assert CASE_QUEUE not in export(world, text)


def test_jobs_end(world: World) -> None:
    """Abort once and only before the end; delete once and only after it; forgotten after a week."""
    first, second = (order(world, "SELECT Id FROM Case").body["id"] for _ in range(2))
    assert world.call(ADMIN, "DELETE", f"/jobs/query/{first}").code == "INVALIDJOBSTATE"
    assert world.call(ADMIN, "PATCH", f"/jobs/query/{first}", {"state": "JobComplete"}).code == "INVALIDJOBSTATE"
    assert world.call(ADMIN, "PATCH", f"/jobs/query/{first}", {"state": "Aborted"}).body["state"] == "Aborted"
    world.clock.advance(seconds=1)
    again = world.call(ADMIN, "PATCH", f"/jobs/query/{first}", {"state": "Aborted"})
    late = world.call(ADMIN, "PATCH", f"/jobs/query/{second}", {"state": "Aborted"})
    assert [reply.body[0]["message"] for reply in (again, late)] == [
        "Aborting already Aborted Job not allowed",
        "Aborting already Completed Job not allowed",
    ]
    assert world.call(ADMIN, "DELETE", f"/jobs/query/{first}").status == 204
    assert world.call(ADMIN, "GET", f"/jobs/query/{first}").status == 404
    assert world.call(ADMIN, "GET", f"/jobs/query/{second[:15]}").body["state"] == "JobComplete"
    world.clock.advance(days=8)
    assert world.call(ADMIN, "GET", f"/jobs/query/{second}").status == 404


def test_the_list_pages(world: World) -> None:
    """A user's own jobs, newest first, a thousand a page."""
    world.org.jobs.seconds = 10.0**6
    made = [order(world, "SELECT Id FROM Account LIMIT 1").body["id"] for _ in range(1_001)]
    first: dict[str, Any] = world.call(ADMIN, "GET", "/jobs/query").body
    assert (first["done"], len(first["records"]), first["records"][0]["id"]) == (False, 1_000, made[-1])
    locator = first["nextRecordsUrl"].partition("=")[2]
    rest = world.call(ADMIN, "GET", "/jobs/query", query={"queryLocator": locator}).body
    assert (rest["done"], rest["nextRecordsUrl"], [job["id"] for job in rest["records"]]) == (True, None, [made[0]])
    assert world.call(BEN, "GET", "/jobs/query").body["records"] == []
    assert world.call(ADMIN, "GET", "/jobs/query", query={"jobType": "Classic"}).body["records"] == []
    assert world.call(ADMIN, "GET", "/jobs/query", query={"queryLocator": "?"}).status == 400
