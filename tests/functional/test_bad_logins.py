"""Grants, sessions and logins that are not what they should be: a clear answer, and nobody gets in."""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

from connectors.interfaces import Token
from connectors.sandbox.client import consent
from connectors.sandbox.client import log_in as vendor_log_in
from sidecar.local import principal
from tests.functional.odd_desk import CANARY, PUBLIC, Desk, problem
from tests.functional.odd_records import ADA, ORG, PLAIN


@pytest.fixture
def again(desk: Desk) -> Iterator[Desk]:
    """The desk; afterwards the agent's grant is a good one again."""
    yield desk
    desk.sandbox.control.reset()
    principal(desk.services, desk.sandbox, ORG, ADA)


# ── The grant at the CRM ─────────────────────────────────────────────────


def test_an_expired_token_is_renewed(again: Desk) -> None:
    """An access token that the CRM ended is refreshed on the way; the agent notices nothing."""
    again.sandbox.control.mutate(ORG, "expire_sessions", user=ADA)
    assert again.draft(PLAIN).status_code == HTTPStatus.CREATED


def test_a_revoked_grant_asks_for_a_login(again: Desk) -> None:
    """When the CRM ended the grant, each click says how to reconnect; the list of drafts needs no CRM."""
    made = again.made(PLAIN)
    again.sandbox.control.mutate(ORG, "revoke_grants", user=ADA)
    for answer in (
        again.draft(PLAIN),
        again.draft(PLAIN),
        again.call("GET", f"/v1/drafts/{made['id']}"),
        again.call("POST", f"/v1/drafts/{made['id']}/apply", If_Match=f'"{made["digest"]}"'),
        again.call("GET", "/v1/records"),
    ):
        problem(answer, 401, "unauthenticated", "Log in again")
    assert made["id"] in str(again.call("GET", "/v1/drafts").get_json())


def test_a_replayed_refresh_token_ends_the_grant(again: Desk) -> None:
    """Somebody who uses an old refresh token ends the whole family; the agent has to log in, nothing else happens."""
    control, tokens, grant = again.sandbox.control, again.services.tokens, again.who.grant_id
    control.mutate(ORG, "rotation", client=again.sandbox.orgs[ORG].web_client.id, on=True)
    old = tokens.load(grant)
    assert old is not None
    control.mutate(ORG, "expire_sessions", user=ADA)
    assert again.draft(PLAIN).status_code == HTTPStatus.CREATED
    assert tokens.load(grant) != old
    tokens.save(grant, old)
    for _ in range(2):
        problem(again.draft(PLAIN), 401, "unauthenticated", "Log in again")
    assert tokens.load(grant) is None


def test_a_deactivated_user_is_out(again: Desk) -> None:
    """She may do nothing, and the answer is the one of an ended connection."""
    again.sandbox.control.mutate(ORG, "deactivate_user", user=ADA)
    problem(again.draft(PLAIN), 401, "unauthenticated", "Log in again")


def test_a_missing_scope_names_who_can_help(again: Desk) -> None:
    """A grant without the scope `api` reads nothing; refreshing would not help, so nobody tries."""
    org = again.sandbox.orgs[ORG]
    given = vendor_log_in(
        org.https, org.web_client, ADA, verify=str(again.sandbox.ca_file), scope="refresh_token openid"
    )
    token = Token(given["access_token"], given["refresh_token"], given["instance_url"], given["scope"])
    again.services.tokens.save(again.who.grant_id, token)
    body = problem(again.draft(PLAIN), 403, "refused", "administrator")
    assert body["rule"] == "crm"


def test_a_foreign_grant_reaches_nothing(desk: Desk) -> None:
    """A session whose org is not configured here, or whose grant is another tenant's, is nobody."""
    for change in ({"installation": CANARY}, {"tenant": f"00D{CANARY}"}, {"user_id": f"005{CANARY}"}):
        who = replace(desk.who, **cast("dict[str, Any]", change))
        token = desk.services.sessions.create(who, desk.services.clock())[0]
        problem(replace(desk, token=token).draft(PLAIN), 401, "unauthenticated", "(Log in again|administrator)")


# ── The session of the panel ─────────────────────────────────────────────


def test_who_is_nobody(desk: Desk) -> None:
    """No session, an invented one, an ended one, a login code as a session: all alike."""
    ended = desk.services.sessions.create(desk.who, desk.services.clock())[0]
    assert replace(desk, token=ended).call("POST", "/v1/logout").status_code == HTTPStatus.OK
    answers = []
    for token in ("", CANARY, ended, "\u00ff", "a b", "a" * 5000):
        answer = desk.call("GET", "/v1/me", Authorization=f"Bearer {token}")
        answers.append({k: v for k, v in problem(answer, 401, "unauthenticated", "Log in").items() if k != "request"})
    assert all(answer == answers[0] for answer in answers)
    for scheme in ("Basic", "", "Token"):
        problem(desk.call("GET", "/v1/me", Authorization=f"{scheme} {desk.token}"), 401, "unauthenticated", "Log in")


@pytest.mark.parametrize("passed", [timedelta(hours=1), timedelta(hours=8), timedelta(days=365)])
def test_a_session_ends_by_itself(desk: Desk, passed: timedelta) -> None:
    """Idle for an hour, or eight hours old, it is as if it had never been."""
    late = desk.on(replace(desk.services, clock=lambda: desk.services.clock() + passed))
    problem(late.draft(PLAIN), 401, "unauthenticated", "Log in")


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ({}, "csrf"),
        ({"X-CSRF-Token": CANARY}, "csrf"),
        ({"X-CSRF-Token": "\u00e9"}, "csrf"),
        ({"X-CSRF-Token": "CSRF", "Origin": "https://evil.example"}, "same-origin"),
        ({"X-CSRF-Token": "CSRF", "Origin": "null"}, "same-origin"),
        ({"X-CSRF-Token": "CSRF", "Origin": "http://["}, "same-origin"),
        ({"X-CSRF-Token": "CSRF", "Origin": "http://127.0.0.1:8081"}, "same-origin"),
        ({"X-CSRF-Token": "CSRF", "Origin": "https://127.0.0.1:8080"}, "same-origin"),
        ({"X-CSRF-Token": "CSRF", "Origin": "http://127.0.0.1:8080.evil.example"}, "same-origin"),
    ],
    ids=str,
)
def test_another_site_cannot_click(desk: Desk, headers: dict[str, str], rule: str) -> None:
    """With a cookie, a change needs the session's own token and comes from our own pages."""
    session_id, session = desk.services.sessions.create(desk.who, desk.services.clock())
    click = {"action": "summarize_case", "record": {"object": "Case", "id": PLAIN}}
    given = {name: session.csrf if value == "CSRF" else value for name, value in headers.items()}
    with desk.web.application.test_client() as browser:
        browser.set_cookie("crm-sidecar", session_id)
        answer = browser.post("/v1/drafts", json=click, headers=given)
        assert problem(answer, 403, "refused", "")["rule"] == rule
        good = browser.post("/v1/drafts", json=click, headers={"X-CSRF-Token": session.csrf, "Origin": PUBLIC})
        assert good.status_code == HTTPStatus.CREATED


# ── Logging in ───────────────────────────────────────────────────────────


def begin(desk: Desk, browser: FlaskClient, query: str = "") -> str:
    """Start a login and press Allow; the path that the CRM sends the browser back to."""
    start = browser.get(f"/login?installation={ORG}{query}")
    back = urlsplit(consent(start.headers["Location"], ADA, verify=str(desk.sandbox.ca_file)))
    return f"{back.path}?{back.query}"


def failed(browser: FlaskClient, path: str) -> None:
    """The callback starts no session, says so on the login page, and keeps neither code nor state in the address."""
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (HTTPStatus.FOUND, "/?notice=unauthenticated")
    assert not [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("crm-sidecar=")]


def test_a_login_counts_once_and_in_its_own_browser(desk: Desk) -> None:
    """A state that was used, is unknown, has expired or began elsewhere starts no session."""
    browser, other = desk.web.application.test_client(), desk.web.application.test_client()
    stolen = begin(desk, browser)
    failed(other, stolen)
    failed(browser, stolen)
    path = begin(desk, browser)
    assert browser.get(path).headers["Location"] == "/"
    failed(browser, path)
    failed(browser, f"/oauth/callback?state={CANARY}&code={CANARY}")
    failed(browser, "/oauth/callback")
    late = begin(desk, browser)
    nonce = browser.get_cookie("login")
    assert nonce is not None
    waiting = desk.on(replace(desk.services, clock=lambda: desk.services.clock() + timedelta(minutes=11))).web
    waiting.set_cookie("login", nonce.value)
    failed(waiting, late)


def test_a_session_id_from_outside_is_not_taken(desk: Desk) -> None:
    """Who plants a cookie before the login (session fixation) does not know the session after it."""
    with desk.web.application.test_client() as browser:
        browser.set_cookie("crm-sidecar", CANARY)
        browser.get(begin(desk, browser))
        cookie = browser.get_cookie("crm-sidecar")
        assert cookie is not None
        assert cookie.value != CANARY
        assert cookie.http_only
        assert cookie.same_site == "Lax"
        assert browser.get("/v1/me").status_code == HTTPStatus.OK
    problem(desk.call("GET", "/v1/me", Authorization=f"Bearer {CANARY}"), 401, "unauthenticated", "Log in")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "evil.example",
        "javascript:alert(1)", "http://127.0.0.1:9", "/\t/evil.example", "/\n/evil.example", "",
    ],
)  # fmt: skip
def test_no_redirect_leads_elsewhere(desk: Desk, target: str) -> None:
    """After the login the browser goes to a path of ours, whatever the link said."""
    with desk.web.application.test_client() as browser:
        answer = browser.get(begin(desk, browser, "&" + urlencode({"return_to": target})))
        assert answer.status_code == HTTPStatus.FOUND
        location = answer.headers["Location"]
        assert location == "/" or (location.startswith("/") and location[1:2] not in {"/", "\\", "\t", "\n"})


def test_a_command_lines_code_is_good_once_for_its_owner(desk: Desk) -> None:
    """The code that comes to the loopback port is worth nothing without the verifier, twice, or as anything else."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()

    def code() -> str:
        with desk.web.application.test_client() as browser:
            back = browser.get(begin(desk, browser, f"&cli_port=9000&challenge={challenge}")).headers["Location"]
            assert back.startswith("http://127.0.0.1:9000/?code=")
            return parse_qs(urlsplit(back).query)["code"][0]

    def trade(code_: str, verifier_: str) -> Any:  # noqa: ANN401 - werkzeug's response
        return desk.web.post("/v1/token", json={"code": code_, "verifier": verifier_})

    good = code()
    assert trade(good, verifier).status_code == HTTPStatus.OK
    for tried in ((good, verifier), (code(), "a" * 43), (CANARY, verifier), (good, "\u00e9" * 43)):
        problem(trade(*tried), 401, "unauthenticated", "connect")
    with desk.web.application.test_client() as browser:
        browser.set_cookie("login", challenge)
        assert browser.get(f"/oauth/callback?state={code()}&code=x").status_code >= HTTPStatus.FOUND
        assert browser.get("/v1/me").status_code == HTTPStatus.UNAUTHORIZED
