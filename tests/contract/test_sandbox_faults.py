"""Every fault action over real sockets: what the client sees, and what the CRM holds afterwards."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from connectors.sandbox.cli import fault
from connectors.sandbox.client import SandboxControl, SandboxOrg, log_in
from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.salesforce.ids import widen
from connectors.sandbox.wire import Refused

ORG = "tidewater"
BEN = "ben@tidewater.example"
OUTBOARD, SHARED = widen("500TW0000000001"), widen("500TW0000000003")
COMMENT = {"ParentId": OUTBOARD, "CommentBody": "Gasket ordered."}


class Agent:
    """Ben at work: a logged-in session with a few short calls."""

    def __init__(self, org: SandboxOrg) -> None:
        self.org = org
        self.token = log_in(org.http, org.web_client, BEN)
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {self.token['access_token']}"

    def call(self, method: str, path: str, document: Any = None) -> requests.Response:  # noqa: ANN401 - any JSON
        """One REST call."""
        return self.http.request(method, f"{self.org.http}/services/data/v66.0{path}", json=document, timeout=5)

    def comment(self) -> requests.Response:
        """Write a comment."""
        return self.call("POST", "/sobjects/CaseComment", COMMENT)

    def query(self, soql: str) -> requests.Response:
        """Ask."""
        return self.http.get(f"{self.org.http}/services/data/v66.0/query", params={"q": soql}, timeout=5)

    def refresh(self, token: str) -> requests.Response:
        """Use a refresh token."""
        client = self.org.web_client
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": client.id,
            "client_secret": client.secret,
        }
        return self.http.post(f"{self.org.http}/services/oauth2/token", data=form, timeout=5)


@pytest.fixture
def control(sandbox: SandboxProcess) -> SandboxControl:
    """The control plane."""
    return sandbox.control


@pytest.fixture
def ben(sandbox: SandboxProcess) -> Iterator[Agent]:
    """The agent."""
    agent = Agent(sandbox.orgs[ORG])
    yield agent
    agent.http.close()


def comments(control: SandboxControl) -> int:
    """How many comments with Ben's text the case has, whoever may see them."""
    return control.counts(ORG, "CaseComment", "ParentId", CommentBody=COMMENT["CommentBody"]).get(OUTBOARD, 0)


def code(reply: requests.Response) -> tuple[int, str]:
    """Status and errorCode."""
    return reply.status_code, reply.json()[0]["errorCode"]


def test_wrong_rule_is_refused_with_a_reason(control: SandboxControl) -> None:
    """The control plane says what is wrong with a rule."""
    with pytest.raises(Refused, match="unknown action"):
        control.fault("explode")


def test_commit_then_drop_writes_and_says_nothing(ben: Agent, control: SandboxControl) -> None:
    """The acceptance test of exactly-once: the write is there, the answer never comes."""
    control.fault("commit_then_drop", path=r"/CaseComment$", method="POST")
    with pytest.raises(requests.ConnectionError):
        ben.comment()
    assert comments(control) == 1
    assert ben.comment().status_code == 201


def test_commit_then_drop_over_tls(ben: Agent, control: SandboxControl, sandbox: SandboxProcess) -> None:
    """The line is cut through TLS too."""
    control.fault("commit_then_drop", path=r"/CaseComment$")
    address = f"{ben.org.https}/services/data/v66.0/sobjects/CaseComment"
    with pytest.raises(requests.ConnectionError):
        ben.http.post(address, json=COMMENT, verify=str(sandbox.ca_file), timeout=5)
    assert comments(control) == 1


def test_drop_before_writes_nothing(ben: Agent, control: SandboxControl) -> None:
    """The line is cut before anything happens."""
    control.fault("drop_before", path=r"/CaseComment$")
    with pytest.raises(requests.ConnectionError):
        ben.comment()
    assert comments(control) == 0


def test_commit_then_500(ben: Agent, control: SandboxControl) -> None:
    """An error that lies: the write is there."""
    control.fault("commit_then_500", path=r"/CaseComment$")
    assert code(ben.comment()) == (500, "UNKNOWN_EXCEPTION")
    assert comments(control) == 1


def test_status_with_vendor_and_own_body(ben: Agent, control: SandboxControl) -> None:
    """A status comes with the vendor's error, or with the body and headers of the rule; nothing is written."""
    control.fault("status", path=r"/CaseComment$", status=403)
    control.fault("status", path=r"/CaseComment$", status=420, content="no route", headers={"X-Edge": "1"})
    assert code(ben.comment()) == (403, "REQUEST_LIMIT_EXCEEDED")
    edge = ben.comment()
    assert (edge.status_code, edge.text, edge.headers["X-Edge"]) == (420, "no route", "1")
    assert comments(control) == 0


def test_html_503(ben: Agent, control: SandboxControl) -> None:
    """A maintenance page instead of JSON."""
    control.fault("html_503", path="/query$")
    reply = ben.query("SELECT Id FROM Case")
    assert (reply.status_code, reply.headers["Content-Type"].partition(";")[0]) == (503, "text/html")


def test_truncated_json(ben: Agent, control: SandboxControl) -> None:
    """The answer is whole as HTTP and broken as JSON; the write is there."""
    control.fault("truncated_json", path=r"/CaseComment$")
    reply = ben.comment()
    assert reply.status_code == 201
    with pytest.raises(requests.JSONDecodeError):
        reply.json()
    assert comments(control) == 1


def test_delay(ben: Agent, control: SandboxControl) -> None:
    """A slow answer does not hold up anybody else."""
    control.fault("delay", path="/limits$", seconds=0.4)
    started = time.perf_counter()
    assert ben.call("GET", "/limits").ok
    assert time.perf_counter() - started >= 0.4
    assert ben.call("GET", "/limits").elapsed.total_seconds() < 0.3


def test_nth_times_user_and_body_pick_the_request(ben: Agent, control: SandboxControl) -> None:
    """A rule can wait for the second request of one user with a certain body."""
    control.fault("drop_before", path="/CaseComment$", user="cleo@tidewater.example")
    control.fault("status", path="/CaseComment$", user=BEN, body="Gasket", nth=2, status=503)
    assert [ben.comment().status_code for _ in range(3)] == [201, 503, 201]
    assert [rule["fired"] for rule in control.faults()] == [0, 1]


def test_permission_revoked_just_before_the_write(ben: Agent, control: SandboxControl) -> None:
    """The object right is gone when the request is handled."""
    control.fault("revoke_object", path="/sobjects/Task$", method="POST", object="Task")
    reply = ben.call("POST", "/sobjects/Task", {"WhatId": OUTBOARD, "Subject": "x", "Status": "Not Started"})
    assert reply.status_code in {403, 404}
    assert control.counts(ORG, "Task", "Subject", Subject="x") == {}


def test_share_taken_back_just_before_the_read(ben: Agent, control: SandboxControl) -> None:
    """A record that was shared is missing from one request to the next."""
    assert ben.call("GET", f"/sobjects/Case/{SHARED}").ok
    control.fault("unshare", path=rf"/Case/{SHARED}$", record=SHARED)
    assert code(ben.call("GET", f"/sobjects/Case/{SHARED}")) == (404, "NOT_FOUND")


def test_field_hidden_between_describe_and_query(ben: Agent, control: SandboxControl) -> None:
    """What describe just showed is an unknown column in the query."""
    control.fault("hide_field", path="/query$", field="Case.Description")
    shown = {field["name"] for field in ben.call("GET", "/sobjects/Case/describe").json()["fields"]}
    assert "Description" in shown
    assert code(ben.query("SELECT Description FROM Case")) == (400, "INVALID_FIELD")


def test_row_lock_passes(ben: Agent, control: SandboxControl) -> None:
    """The record is locked as often as told, then writable."""
    control.fault("row_lock", path="/Case/", method="PATCH", record=OUTBOARD, times=1)
    path = f"/sobjects/Case/{OUTBOARD}"
    assert code(ben.call("PATCH", path, {"Subject": "Stalls"})) == (400, "UNABLE_TO_LOCK_ROW")
    assert ben.call("PATCH", path, {"Subject": "Stalls"}).status_code == 204


def test_user_deactivated_mid_flight(ben: Agent, control: SandboxControl) -> None:
    """A frozen user's session and refresh token are dead."""
    control.fault("deactivate_user", path="/query$")
    assert code(ben.query("SELECT Id FROM Case")) == (401, "INVALID_SESSION_ID")
    assert ben.refresh(ben.token["refresh_token"]).json()["error"] == "inactive_user"


def test_expired_session_and_cursor(ben: Agent, control: SandboxControl) -> None:
    """An access token dies while its refresh token lives; a locator is forgotten."""
    control.fault("expire_sessions", path="/query$")
    assert code(ben.query("SELECT Id FROM Case")) == (401, "INVALID_SESSION_ID")
    assert ben.refresh(ben.token["refresh_token"]).ok


def test_record_changes_just_before_a_conditional_write(ben: Agent, control: SandboxControl) -> None:
    """Somebody else saves first: If-Unmodified-Since is refused with 412."""
    path = f"/sobjects/Case/{OUTBOARD}"
    read = ben.call("GET", path)
    control.fault("touch", path=f"{OUTBOARD}$", method="PATCH", record=OUTBOARD, fields={"Subject": "Newer"})
    address = f"{ben.org.http}/services/data/v66.0{path}"
    reply = ben.http.patch(
        address, json={"Subject": "Mine"}, headers={"If-Unmodified-Since": read.headers["Last-Modified"]}, timeout=5
    )
    assert reply.status_code == 412
    record = control.record(ORG, "Case", OUTBOARD)
    assert record is not None
    assert record["Subject"] == "Newer"


def pages(ben: Agent) -> str:
    """Begin a query of more than one page; the path of the second."""
    tasks = [{"attributes": {"type": "Task"}, "Subject": f"Count {number}"} for number in range(201)]
    for part in (tasks[:200], tasks[200:]):
        assert ben.call("POST", "/composite/sobjects", {"records": part}).ok
    ben.http.headers["Sforce-Query-Options"] = "batchSize=200"
    first = ben.query("SELECT Id FROM Task").json()
    return str(first["nextRecordsUrl"]).removeprefix("/services/data/v66.0")


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (409, "CONFLICT"),
        (410, "UNSUPPORTED_API_VERSION"),
        (412, "PRECONDITION_FAILED"),
        (428, "PRECONDITION_REQUIRED"),
        (431, "REQUEST_HEADER_FIELDS_TOO_LARGE"),
        (500, "UNKNOWN_EXCEPTION"),
        (503, "SERVER_UNAVAILABLE"),
    ],
)
def test_every_status_has_the_vendors_body(ben: Agent, control: SandboxControl, status: int, says: str) -> None:
    """One line makes any status, with the error that Salesforce sends with it."""
    control.fault("status", status=status)
    assert code(ben.call("GET", "/limits")) == (status, says)


def test_edge_has_no_route(ben: Agent, control: SandboxControl) -> None:
    """420 comes from in front of the CRM, as a page."""
    control.fault("status", status=420)
    reply = ben.call("GET", "/limits")
    assert (reply.status_code, reply.headers["Content-Type"].partition(";")[0]) == (420, "text/html")


def test_wrong_content_type(ben: Agent, control: SandboxControl) -> None:
    """The right answer under a wrong label."""
    control.fault("wrong_content_type", path="/limits$")
    reply = ben.call("GET", "/limits")
    assert reply.headers["Content-Type"] == "text/html;charset=UTF-8"
    assert "DailyApiRequests" in reply.json()


def test_clock_skew(ben: Agent, control: SandboxControl) -> None:
    """The CRM's clock is ten minutes behind from one request to the next."""
    before = parsedate_to_datetime(ben.call("GET", "/limits").headers["Date"])
    control.fault("clock_skew", seconds=-600)
    after = parsedate_to_datetime(ben.call("GET", "/limits").headers["Date"])
    assert timedelta(minutes=-10) <= after - before < timedelta(minutes=-9)


def test_lost_refresh(ben: Agent, control: SandboxControl) -> None:
    """The new tokens are lost on the way, wherever the refresh goes; a second try with the old token ends the grant."""
    control.fault("lost_refresh")
    assert ben.call("GET", "/limits").ok
    with pytest.raises(requests.ConnectionError):
        ben.refresh(ben.token["refresh_token"])
    assert ben.refresh(ben.token["refresh_token"]).json()["error"] == "invalid_grant"
    assert code(ben.query("SELECT Id FROM Case")) == (401, "INVALID_SESSION_ID")


def test_replayed_refresh_token(ben: Agent, control: SandboxControl) -> None:
    """An old refresh token comes back by itself: nothing before the first rotation, then the grant is over."""
    control.fault("replay_refresh", path="/limits$", times=2)
    assert ben.call("GET", "/limits").ok
    rotated = ben.refresh(ben.token["refresh_token"]).json()["refresh_token"]
    assert code(ben.call("GET", "/limits")) == (401, "INVALID_SESSION_ID")
    assert ben.refresh(rotated).json()["error"] == "invalid_grant"


def test_locator_expires(ben: Agent, control: SandboxControl) -> None:
    """The second page is gone."""
    control.fault("expire_cursors", path="/query/01g")
    assert code(ben.call("GET", pages(ben))) == (400, "INVALID_QUERY_LOCATOR")


def test_record_deleted_while_paging(ben: Agent, control: SandboxControl) -> None:
    """A record of a later page is deleted; the page is an error, a new query is one record shorter."""
    control.fault("delete_mid_paging", path="/query/01g")
    second = pages(ben)
    total = ben.query("SELECT Id FROM Task").json()["totalSize"]
    assert code(ben.call("GET", second)) == (404, "ENTITY_IS_DELETED")
    assert ben.query("SELECT Id FROM Task").json()["totalSize"] == total - 1


def test_row_lock_n_times_also_for_a_child(ben: Agent, control: SandboxControl) -> None:
    """A comment needs its case: locked twice, then free."""
    control.fault("row_lock", path="/CaseComment$", record=OUTBOARD, times=2)
    assert [ben.comment().status_code for _ in range(3)] == [400, 400, 201]
    assert comments(control) == 1


def test_merge_during_a_draft(ben: Agent, control: SandboxControl) -> None:
    """The case goes up in another one before the write: it is deleted, its comments are the other's."""
    assert ben.comment().ok
    control.fault("merge", path="/Case/", method="PATCH", record=OUTBOARD, into=SHARED)
    assert code(ben.call("PATCH", f"/sobjects/Case/{OUTBOARD}", {"Subject": "x"})) == (404, "ENTITY_IS_DELETED")
    assert control.counts(ORG, "CaseComment", "ParentId", CommentBody=COMMENT["CommentBody"]) == {SHARED: 1}


def test_right_revoked_in_the_middle_of_a_sync(ben: Agent, control: SandboxControl) -> None:
    """The object is there for the first query and unknown in the second."""
    control.fault("revoke_object", path="/query$", nth=2, object="Case")
    assert ben.query("SELECT Id FROM Case").ok
    assert code(ben.query("SELECT Id FROM Case")) == (400, "INVALID_TYPE")


def test_restriction_rule_of_which_access_queries_know_nothing(ben: Agent, control: SandboxControl) -> None:
    """The record is gone for its reader while `UserRecordAccess` still says that she may read it."""
    me = ben.token["id"].rpartition("/")[2]
    criteria, only = f"$User.Id = '{me}'", "OwnerId = $User.Id"
    control.fault("restrict", path="/query$", targetEntity="Case", userCriteria=criteria, recordFilter=only)
    found = {record["Id"] for record in ben.query("SELECT Id FROM Case").json()["records"]}
    assert OUTBOARD in found
    assert SHARED not in found
    access = ben.query(
        f"SELECT RecordId, HasReadAccess FROM UserRecordAccess WHERE UserId = '{me}' AND RecordId = '{SHARED}'"
    )
    assert access.json()["records"][0]["HasReadAccess"] is True


def test_rules_of_an_admin_appear(ben: Agent, control: SandboxControl) -> None:
    """A validation rule and a duplicate rule meet the next write; the header helps against the second only."""
    control.fault("validation_rule", path="/Task$", object="Task", condition="Subject LIKE 'no%'", message="No such.")
    assert code(ben.call("POST", "/sobjects/Task", {"Subject": "Nothing"})) == (
        400,
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    )
    control.fault("duplicate_rule", path="/Task$", object="Task", fields=["Subject"])
    assert ben.call("POST", "/sobjects/Task", {"Subject": "Once"}).ok
    assert code(ben.call("POST", "/sobjects/Task", {"Subject": "once "})) == (400, "DUPLICATES_DETECTED")
    ben.http.headers["Sforce-Duplicate-Rule-Header"] = "allowSave=true"
    assert ben.call("POST", "/sobjects/Task", {"Subject": "once "}).ok
    assert not ben.call("POST", "/sobjects/Task", {"Subject": "Nothing"}).ok


def test_assignment_rule_takes_the_case_away(ben: Agent, control: SandboxControl) -> None:
    """It fires by default, and not when the header says so."""
    control.fault("assignment_rule", object="Case", owner="cleo@tidewater.example")
    path = f"/sobjects/Case/{OUTBOARD}"
    ben.http.headers["Sforce-Auto-Assign"] = "FALSE"
    assert ben.call("PATCH", path, {"Subject": "Mine"}).ok
    assert ben.call("GET", path).ok
    del ben.http.headers["Sforce-Auto-Assign"]
    assert ben.call("PATCH", path, {"Subject": "Hers"}).ok
    assert code(ben.call("GET", path)) == (404, "NOT_FOUND")


def test_limits_are_reached(ben: Agent, control: SandboxControl) -> None:
    """Twenty-five long calls of other programs keep everybody out until they end; so does a used-up day."""
    control.fault("long_calls", count=25, seconds=60)
    refused = ben.call("GET", "/limits")
    assert code(refused) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "Concurrent" in refused.json()[0]["message"]
    control.advance(61)
    assert ben.call("GET", "/limits").ok
    control.fault("limit", daily_calls=1)
    assert code(ben.call("GET", "/limits")) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_invariants(ben: Agent, control: SandboxControl) -> None:
    """Since a mark: calls by user and class of path, comments per case, and nothing that anybody may not see."""
    mark = control.last()
    ben.comment()
    ben.query("SELECT Id, Subject, (SELECT Id FROM CaseComments) FROM Case")
    ben.call("GET", f"/sobjects/Case/{OUTBOARD}")
    ben.call("GET", f"/sobjects/Case/{SHARED}")
    [(user, calls)] = control.calls(since=mark).items()
    assert user == ben.token["id"].rpartition("/")[2]
    assert calls == {
        "POST /services/data/v66.0/sobjects/CaseComment": 1,
        "GET /services/data/v66.0/query": 1,
        "GET /services/data/v66.0/sobjects/Case/{}": 2,
    }
    assert comments(control) == 1
    assert control.leaks() == {}


def test_fault_rules_from_the_command_line(ben: Agent, control: SandboxControl) -> None:
    """`crm-sidecar fault` adds, lists and clears; what the sandbox refuses is one line and exit code 1."""

    def run(*words: str) -> Result:
        return CliRunner().invoke(fault, ["--control", control.url, *words])

    made = run("add", "status", "status=428", "--path=/Case/", "--method", "GET", "--times", "0")
    assert (made.exit_code, made.output) == (0, f"rule {control.faults()[0]['id']}\n")
    assert code(ben.call("GET", f"/sobjects/Case/{OUTBOARD}")) == (428, "PRECONDITION_REQUIRED")
    assert json.loads(run("list").output)["fired"] == 1
    assert run("clear", made.output.split()[1]).exit_code == 0
    assert ben.call("GET", f"/sobjects/Case/{OUTBOARD}").ok
    run("add", "row_lock", f"record={OUTBOARD}", "times=3", "--path=/Case/")
    assert control.faults()[0]["action"] == {"name": "row_lock", "record": OUTBOARD, "times": 3}
    assert {"commit_then_drop", "merge", "row_lock"} <= set(run("actions").output.split())
    assert run("clear").exit_code == 0
    assert control.faults() == []
    refused = run("add", "explode")
    assert refused.exit_code == 1
    assert "unknown action 'explode'" in refused.output
    assert run("add", "delay", "seconds").exit_code == 2
    nobody = CliRunner().invoke(fault, ["--control", "http://127.0.0.1:9", "list"])
    assert "no sandbox at that address" in nobody.output
