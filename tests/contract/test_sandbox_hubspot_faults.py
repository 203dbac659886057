"""The fault rules that know no vendor, on a HubSpot portal: one line each, what the client sees, what the CRM holds."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from connectors.sandbox.client import SandboxControl, SandboxOrg, log_in
from connectors.sandbox.process import SandboxProcess

ALIAS = "harbourlight"
LUCIA = "lucia@harbourlight.example"
TICKET = "/crm/v3/objects/tickets/1001"
NOTES = "/crm/v3/objects/notes"
NOTE = {"properties": {"hs_note_body": "Rigger booked.", "hs_timestamp": "2026-11-24T08:00:00Z"}}


class Agent:
    """A rigger at work with her own token."""

    def __init__(self, org: SandboxOrg) -> None:
        self.org = org
        self.token = log_in(org.http, org.web_client, LUCIA)
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {self.token['access_token']}"

    def call(self, method: str, path: str, document: Any = None) -> requests.Response:  # noqa: ANN401 - any JSON
        """One API call."""
        return self.http.request(method, self.org.http + path, json=document, timeout=5)

    def refresh(self) -> requests.Response:
        """Use the refresh token."""
        client = self.org.web_client
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self.token["refresh_token"],
            "client_id": client.id,
            "client_secret": client.secret,
        }
        return self.http.post(f"{self.org.http}/oauth/v3/token", data=form, timeout=5)


@pytest.fixture
def control(hubspot: SandboxProcess) -> SandboxControl:
    """The control plane."""
    return hubspot.control


@pytest.fixture
def lucia(hubspot: SandboxProcess) -> Iterator[Agent]:
    """The agent."""
    agent = Agent(hubspot.orgs[ALIAS])
    yield agent
    agent.http.close()


def notes(control: SandboxControl) -> int:
    """How many notes with her text there are."""
    return control.counts(ALIAS, "notes", "hs_note_body").get("Rigger booked.", 0)


@pytest.mark.parametrize("status", [401, 403, 404, 409, 423, 429, 477, 500])
def test_every_status_has_the_vendors_body(lucia: Agent, control: SandboxControl, status: int) -> None:
    """An object with a correlation id, never Salesforce's array."""
    control.fault("status", path="/tickets/", status=status)
    reply = lucia.call("GET", TICKET)
    assert (reply.status_code, reply.json()["status"]) == (status, "error")
    assert reply.json()["correlationId"]


@pytest.mark.parametrize("status", [502, 503, 504, 522])
def test_the_network_answers_in_html(lucia: Agent, control: SandboxControl, status: int) -> None:
    """What stands in front of HubSpot sends pages."""
    control.fault("status", path="/tickets/", status=status)
    reply = lucia.call("GET", TICKET)
    assert (reply.status_code, reply.headers["Content-Type"].partition(";")[0]) == (status, "text/html")


@pytest.mark.parametrize(("action", "written"), [("drop_before", 0), ("commit_then_drop", 1)], ids=["before", "after"])
def test_the_line_is_cut(lucia: Agent, control: SandboxControl, action: str, written: int) -> None:
    """Before anything happens, or after the note is there."""
    control.fault(action, path="/notes$", method="POST")
    with pytest.raises(requests.ConnectionError):
        lucia.call("POST", NOTES, NOTE)
    assert notes(control) == written


def test_commit_then_500(lucia: Agent, control: SandboxControl) -> None:
    """An error that lies: the note is there."""
    control.fault("commit_then_500", path="/notes$")
    assert lucia.call("POST", NOTES, NOTE).status_code == 500
    assert notes(control) == 1


def test_truncated_json(lucia: Agent, control: SandboxControl) -> None:
    """Half an answer with a correct length; the note is there."""
    control.fault("truncated_json", path="/notes$")
    reply = lucia.call("POST", NOTES, NOTE)
    assert reply.status_code == 201
    with pytest.raises(requests.JSONDecodeError):
        reply.json()
    assert notes(control) == 1


def test_html_503_and_wrong_content_type(lucia: Agent, control: SandboxControl) -> None:
    """A maintenance page, and the right answer under a wrong label."""
    control.fault("html_503", path="/tickets/")
    control.fault("wrong_content_type", path="/tickets/", content_type="text/plain")
    assert lucia.call("GET", TICKET).status_code == 503
    reply = lucia.call("GET", TICKET)
    assert (reply.headers["Content-Type"], reply.json()["id"]) == ("text/plain", "1001")


def test_lost_refresh(lucia: Agent, control: SandboxControl) -> None:
    """The answer of a refresh is lost at whatever version of the endpoint; the refresh token lives without rotation."""
    control.fault("lost_refresh")
    with pytest.raises(requests.ConnectionError):
        lucia.refresh()
    assert lucia.refresh().json()["access_token"]


def test_clock_skew_outdates_tokens(lucia: Agent, control: SandboxControl) -> None:
    """An hour passes between two requests: the second token is expired."""
    before = parsedate_to_datetime(lucia.call("GET", TICKET).headers["Date"])
    control.fault("clock_skew", path="/tickets/", seconds=3600)
    reply = lucia.call("GET", TICKET)
    assert (reply.status_code, reply.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert parsedate_to_datetime(reply.headers["Date"]) - before >= timedelta(hours=1)


def test_rights_and_records_change_between_two_requests(lucia: Agent, control: SandboxControl) -> None:
    """A property hidden, a lock, a merge and a right withdrawn, each just before the request that meets it."""
    assert lucia.call("GET", f"{TICKET}?properties=content").json()["properties"]["content"]
    control.fault("hide_property", path="/1001$", property="tickets.content")
    assert not lucia.call("GET", f"{TICKET}?properties=content").json()["properties"].get("content")
    control.fault("lock", path="/1001$", method="PATCH", object="tickets", id="1001")
    change = {"properties": {"hs_ticket_priority": "LOW"}}
    assert [lucia.call("PATCH", TICKET, change).status_code for _ in range(2)] == [423, 200]
    control.fault("set_permission", path="/1001$", object="tickets", view="none")
    assert lucia.call("GET", TICKET).status_code in {403, 404}


def test_invariants(lucia: Agent, control: SandboxControl) -> None:
    """Calls by user and class of path since a mark, and nothing that the user may not see."""
    mark = control.last()
    lucia.call("GET", TICKET)
    for kind in ("tickets", "contacts", "companies", "deals", "notes", "emails", "calls", "tasks"):
        lucia.call("GET", f"/crm/v3/objects/{kind}?limit=100")
    [calls] = control.calls(since=mark).values()
    assert calls["GET /crm/v3/objects/tickets/{}"] == 1
    assert sum(calls.values()) == 9
    assert control.leaks(since=mark) == {}
