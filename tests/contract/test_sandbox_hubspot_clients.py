"""HubSpot's own clients, Python and JavaScript, take the sandbox for a portal: OAuth, records, limits, failures."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from hubspot import HubSpot
from hubspot.crm.tickets import ApiException
from hubspot.oauth import ApiException as OAuthException
from urllib3.util.retry import Retry

from connectors.sandbox.client import SandboxOrg, consent, log_in
from connectors.sandbox.process import SandboxProcess

NODE = Path(__file__).parent / "node"
ALIAS = "harbourlight"
LUCIA, OSKAR = "lucia@harbourlight.example", "oskar@harbourlight.example"
BACK = "http://localhost:1717/OauthRedirect"
SEEN_BY_LUCIA = ["Shroud frayed after two months", "Wrong block size in delivery"]


@pytest.fixture
def portal(hubspot: SandboxProcess) -> SandboxOrg:
    """The example portal."""
    return hubspot.orgs[ALIAS]


@pytest.fixture(scope="session")
def node() -> Path:
    """The drivers, with the client installed beside them (git-ignored)."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.fail("node and npm are needed for @hubspot/api-client: `make test` installs neither")
    if not (NODE / "node_modules" / "@hubspot").is_dir():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=NODE, check=True, timeout=300)
    return NODE


def run(script: Path, given: dict[str, object]) -> dict[str, Any]:
    """What a driver saw."""
    done = subprocess.run(
        ["node", str(script), json.dumps(given)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def client(url: str, token: str = "", **more: Any) -> HubSpot:  # noqa: ANN401 - what the client takes
    """The Python client, pointed at the sandbox as its users can."""
    return HubSpot(access_token=token, host=url, base_url=url, **more)


def test_python_logs_in_refreshes_and_asks_about_tokens(portal: SandboxOrg) -> None:
    """The v1 endpoints, which this client still calls."""
    app = portal.web_client
    api = client(portal.http)
    ask = {"client_id": app.id, "redirect_uri": BACK, "scope": "oauth tickets", "state": "x"}
    back = consent(requests.Request("GET", f"{portal.http}/oauth/authorize", params=ask).prepare().url or "", LUCIA)
    code = dict(pair.split("=") for pair in back.partition("?")[2].split("&"))["code"]
    form = {"client_id": app.id, "client_secret": app.secret, "redirect_uri": BACK}
    with pytest.raises(OAuthException) as caught:
        api.oauth.tokens_api.create(grant_type="authorization_code", code="guess", **form)
    assert (caught.value.status, json.loads(caught.value.body)["status"]) == (400, "BAD_AUTH_CODE")
    token = api.oauth.tokens_api.create(grant_type="authorization_code", code=code, **form)
    assert (token.token_type, token.expires_in) == ("bearer", 1800)
    again = api.oauth.tokens_api.create(grant_type="refresh_token", refresh_token=token.refresh_token, **form)
    about = api.oauth.access_tokens_api.get(again.access_token)
    assert (about.user, about.hub_id, about.app_id) == (LUCIA, int(portal.id), int(app.app_id))
    assert api.oauth.refresh_tokens_api.get(token.refresh_token).client_id == app.id
    api.oauth.refresh_tokens_api.archive(token.refresh_token)
    with pytest.raises(OAuthException):
        api.oauth.refresh_tokens_api.get(token.refresh_token)


def test_python_reads_what_each_token_may(hubspot: SandboxProcess, portal: SandboxOrg) -> None:
    """A user-level token sees the user's records, an account-level token and a service key all of them."""
    account = portal.account_client
    assert account
    tokens = [
        (log_in(portal.http, portal.web_client, LUCIA)["access_token"], 2),
        (log_in(portal.http, account, OSKAR)["access_token"], 4),
        (portal.service_key, 4),
    ]
    for token, count in tokens:
        page = client(portal.http, token).crm.tickets.basic_api.get_page(limit=10, properties=["subject"])
        assert len(page.results) == count
    assert hubspot.control.leaks() == {}
    one = client(portal.http, tokens[0][0]).crm.tickets.basic_api.get_by_id("1001", properties=["subject"])
    assert one.properties["subject"] == SEEN_BY_LUCIA[0]


def test_python_over_tls(hubspot: SandboxProcess, portal: SandboxOrg) -> None:
    """The CA file is all that it needs."""
    token = log_in(portal.https, portal.web_client, LUCIA, verify=str(hubspot.ca_file))["access_token"]
    api = client(portal.https, token, ssl_ca_cert=str(hubspot.ca_file))
    assert api.crm.tickets.basic_api.get_by_id("1001").id == "1001"


def test_python_reads_users_teams_roles_and_the_account(portal: SandboxOrg) -> None:
    """With the path that the client has, trailing slash included; the account's details by a plain request."""
    users = client(portal.http, portal.service_key).settings.users
    page = users.users_api.get_page(limit=2)
    assert [user.email for user in page.results] == ["ines@harbourlight.example", OSKAR]
    rest = users.users_api.get_page(limit=10, after=page.paging.next.after)
    assert len(rest.results) == 3
    assert rest.paging is None
    assert users.users_api.get_by_id(LUCIA, id_property="EMAIL").id == "70010003"
    assert {team.name: team.user_ids for team in users.teams_api.get_all().results}["Rigging"] == [
        "70010002",
        "70010003",
    ]
    assert "Service agent" in [role.name for role in users.roles_api.get_all().results]
    token = portal.service_key
    details = client(portal.http, token).api_request({"path": "/account-info/v3/details"}).json()
    assert details["portalId"] == int(portal.id)
    dated = client(portal.http, token).api_request({"path": "/settings/users/2026-03"}).json()
    assert len(dated["results"]) == 5


def test_python_configures_webhooks(portal: SandboxOrg) -> None:
    """With the developer key, as the client sends it."""
    app = portal.web_client
    api = HubSpot(api_key=app.developer_key, host=portal.http).webhooks
    wish = {"targetUrl": "http://127.0.0.1:9/hooks", "throttling": {"maxConcurrentRequests": 5}}
    assert api.settings_api.configure(app.app_id, wish).target_url == wish["targetUrl"]
    made = api.subscriptions_api.create(app.app_id, {"eventType": "ticket.creation", "active": True})
    assert [one.id for one in api.subscriptions_api.get_all(app.app_id).results] == [made.id]
    assert api.subscriptions_api.update(made.id, app.app_id, {"active": False}).active is False
    api.subscriptions_api.archive(made.id, app.app_id)
    assert api.subscriptions_api.get_all(app.app_id).results == []


def test_an_expired_token_is_said_to_be_expired(hubspot: SandboxProcess, portal: SandboxOrg) -> None:
    """Thirty minutes later; the account's key lives on."""
    token = log_in(portal.http, portal.web_client, LUCIA)["access_token"]
    hubspot.control.advance(1800 + 125)
    with pytest.raises(ApiException) as caught:
        client(portal.http, token).crm.tickets.basic_api.get_page()
    told = json.loads(caught.value.body)
    assert (caught.value.status, told["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert "expired 2 minute(s) ago" in told["message"]
    assert told["context"]["expire time"]
    assert len(client(portal.http, portal.service_key).crm.tickets.basic_api.get_page().results) == 4


def test_python_retries_a_get_silently_and_never_a_post(hubspot: SandboxProcess, portal: SandboxOrg) -> None:
    """Measured by the sandbox's own log: what our limiter must not be blind to."""
    api = client(portal.http, portal.service_key)
    hubspot.control.mutate(ALIAS, "exhaust", policy="TEN_SECONDLY_ROLLING", times=2)
    start = hubspot.control.last()
    assert api.crm.tickets.basic_api.get_page(limit=1).results
    assert [entry["status"] for entry in hubspot.control.requests(start)] == [429, 429, 200]
    hubspot.control.mutate(ALIAS, "exhaust", policy="SECONDLY")
    start = hubspot.control.last()
    with pytest.raises(ApiException) as caught:
        api.crm.tickets.search_api.do_search({"filterGroups": [], "limit": 1})
    assert json.loads(caught.value.body)["message"] == "You have reached your secondly limit."
    assert len(hubspot.control.requests(start)) == 1


def test_the_limit_is_real_and_ends(hubspot: SandboxProcess, portal: SandboxOrg) -> None:
    """Call number 111 of an app is refused; ten virtual seconds later it passes."""
    token = log_in(portal.http, portal.web_client, LUCIA)["access_token"]
    with requests.Session() as http:
        http.headers["authorization"] = f"Bearer {token}"
        url = f"{portal.http}/crm/objects/2026-03/tickets/1001"
        statuses = [http.get(url, timeout=30).status_code for _ in range(111)]
        assert statuses == [200] * 110 + [429]
        hubspot.control.advance(10)
        answer = http.get(url, timeout=30)
        assert (answer.status_code, answer.headers["x-hubspot-ratelimit-remaining"]) == (200, "109")
        found = http.post(
            f"{portal.http}/crm/v3/objects/tickets/search", json={"filterGroups": [], "limit": 1}, timeout=30
        )
        assert found.status_code == 200
        assert not [name for name in found.headers if name.lower().startswith("x-hubspot-ratelimit")]


@pytest.mark.parametrize(
    ("status", "content_type", "text"),
    [
        (423, "application/json", "locked"),
        (429, "application/json", "TEN_SECONDLY_ROLLING"),
        (477, "application/json", "data center"),
        (502, "text/html", "<html>"),
        (500, "application/json", "INTERNAL_ERROR"),
    ],
)
def test_failures_look_like_the_vendors(
    hubspot: SandboxProcess, portal: SandboxOrg, status: int, content_type: str, text: str
) -> None:
    """Each by one line; the Python client passes them on without its own retries."""
    hubspot.control.fault("status", status=status, path="/tickets")
    api = client(portal.http, portal.service_key, retry=Retry(0, raise_on_status=False))
    with pytest.raises(ApiException) as caught:
        api.crm.tickets.basic_api.get_page()
    assert caught.value.status == status
    assert text in caught.value.body
    assert caught.value.headers["content-type"].startswith(content_type)
    assert ("retry-after" in caught.value.headers) == (status in {423, 429, 477})


def test_rights_that_change_while_somebody_works(hubspot: SandboxProcess, portal: SandboxOrg) -> None:
    """A scope, a user and a grant that are taken away are refused at the next call."""
    token = log_in(portal.http, portal.web_client, LUCIA)["access_token"]
    url = f"{portal.http}/crm/objects/2026-03/tickets/1001"
    headers = {"authorization": f"Bearer {token}"}

    def ask() -> tuple[int, str]:
        answer = requests.get(url, headers=headers, timeout=30)
        return answer.status_code, answer.json().get("category", "")

    assert ask()[0] == 200
    hubspot.control.fault("revoke_scope", path="/tickets/1001$", scope="tickets")
    assert ask() == (403, "MISSING_SCOPES")
    hubspot.control.mutate(ALIAS, "restore_scope", scope="tickets", user=LUCIA)
    assert ask()[0] == 200
    hubspot.control.mutate(ALIAS, "expire_tokens", user=LUCIA)
    assert ask() == (401, "EXPIRED_AUTHENTICATION")
    hubspot.control.mutate(ALIAS, "deactivate_user", user=LUCIA)
    assert log_in_status(portal) == "refused"


def log_in_status(portal: SandboxOrg) -> str:
    """Whether Lucia can log in."""
    try:
        log_in(portal.http, portal.web_client, LUCIA)
    except Exception as error:  # noqa: BLE001 - any refusal will do
        return "refused" if type(error).__name__ == "Refused" else "broken"
    return "accepted"


def test_uninstalling_ends_everything(portal: SandboxOrg) -> None:
    """`DELETE /appinstalls/…/external-install`: 204, then the token is unknown and refreshing is over."""
    given = log_in(portal.http, portal.web_client, LUCIA)
    headers = {"authorization": f"Bearer {given['access_token']}"}
    url = f"{portal.http}/appinstalls/2026-03/external-install"
    assert requests.delete(url, headers=headers, timeout=30).status_code == 204
    assert requests.delete(url, headers=headers, timeout=30).status_code == 401


def test_the_log_has_no_tokens(hubspot: SandboxProcess, portal: SandboxOrg) -> None:
    """Not even those that v1 puts into the path; parameters that matter are kept."""
    given = log_in(portal.http, portal.web_client, LUCIA)
    api = client(portal.http, given["access_token"])
    api.oauth.access_tokens_api.get(given["access_token"])
    api.oauth.refresh_tokens_api.get(given["refresh_token"])
    api.crm.tickets.basic_api.get_page(limit=7, properties=["subject"])
    log = json.dumps(hubspot.control.requests())
    assert given["access_token"] not in log
    assert given["refresh_token"] not in log
    assert "limit=7" in log
    assert "properties=subject" in log


def test_a_record_page_shows_what_the_chosen_user_sees(portal: SandboxOrg) -> None:
    """Where links into the CRM lead: nothing without a user, and a user's own view with one."""
    url = f"{portal.http}/contacts/{portal.id}/record/0-5/1001"
    assert "Choose who" in requests.get(url, timeout=30).text
    shown = requests.get(url, params={"as": LUCIA}, timeout=30).text
    for text in (SEEN_BY_LUCIA[0], "Thursday", "batch 7714"):
        assert text in shown
    hidden = requests.get(url, params={"as": "vera@harbourlight.example"}, timeout=30)
    assert (hidden.status_code, SEEN_BY_LUCIA[0] in hidden.text) == (404, False)


def test_node_finds_a_portal(hubspot: SandboxProcess, portal: SandboxOrg, node: Path) -> None:
    """OAuth by the client's own address, records, a note with its association, search, missing scopes, revocation."""
    app = portal.web_client
    given = {
        "url": portal.http,
        "clientId": app.id,
        "clientSecret": app.secret,
        "redirectUri": BACK,
        "user": LUCIA,
        "ticketId": "1001",
    }
    seen = run(node / "drive_hubspot.mjs", dict(given))
    seen.pop("accessToken")
    assert seen == {
        "token": ["bearer", 1800],
        "replay": "BAD_AUTH_CODE",
        "sameRefreshToken": True,
        "about": [LUCIA, int(portal.id), "access"],
        "refresh": [LUCIA, True],
        "noToken": "INVALID_AUTHENTICATION",
        "tickets": SEEN_BY_LUCIA,
        "ticket": SEEN_BY_LUCIA[0],
        "note": "<p>Checked.</p>",
        "found": 2,
        "owners": 5,
        "users": [403, "MISSING_SCOPES"],
        "archived": "BAD_REFRESH_TOKEN",
    }
    assert hubspot.control.leaks() == {}


def test_node_retries_a_busy_search_by_its_text(hubspot: SandboxProcess, portal: SandboxOrg, node: Path) -> None:
    """The client's retry logic compares the message of the search limit: ours is the same."""
    hubspot.control.mutate(ALIAS, "exhaust", policy="SECONDLY")
    start, began = hubspot.control.last(), time.monotonic()
    given = {"url": portal.http, "accessToken": portal.service_key, "retries": 2, "search": True}
    assert run(node / "retry_hubspot.mjs", dict(given))["ended"] == "ok"
    assert [entry["status"] for entry in hubspot.control.requests(start)] == [429, 200]
    assert time.monotonic() - began > 1
