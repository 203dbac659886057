"""Every fault action over real sockets: what the client sees, and what the CRM holds afterwards."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

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


def test_lost_refresh_response_costs_the_grant(ben: Agent, control: SandboxControl) -> None:
    """The new refresh token is lost on the way, the old one is retired: trying it again ends the grant."""
    control.fault("commit_then_drop", path="/token$", body="grant_type=refresh_token")
    with pytest.raises(requests.ConnectionError):
        ben.refresh(ben.token["refresh_token"])
    assert ben.refresh(ben.token["refresh_token"]).json()["error"] == "invalid_grant"
    assert code(ben.query("SELECT Id FROM Case")) == (401, "INVALID_SESSION_ID")
