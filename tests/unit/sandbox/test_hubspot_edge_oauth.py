"""OAuth as HubSpot speaks it, without HTTP: refusals first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.sandbox.hubspot.oauth import App
from connectors.sandbox.wire import JSON
from tests.unit.sandbox.hubspot_edge_world import (
    BACK,
    CHALLENGE,
    INES,
    LUCIA,
    OSKAR,
    SCOPE,
    TARIQ,
    VERA,
    VERIFIER,
    Door,
    back_of,
    document,
    request,
)

VERSIONS = ("v1", "v3", "2026-03", "2026-09")


@pytest.fixture
def door() -> Door:
    """The OAuth endpoints of the example portal."""
    return Door()


# ── The authorization page ───────────────────────────────────────────────
@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1:5000/elsewhere"},
        {"redirect_uri": "http://127.0.0.1:5000/callback?next=x"},
        {"redirect_uri": "http://user@127.0.0.1:5000/callback"},
        {"scope": ""},
        {"scope": "oauth crm.objects.everything"},
        {"optional_scope": "no.such.scope"},
        {"code_challenge": "short"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
    ],
)
def test_a_wrong_request_ends_on_the_vendors_page(door: Door, wrong: dict[str, str]) -> None:
    """The browser is never sent back to an address that nobody registered, nor with a broken request."""
    answer = door.authorize(door.user_level, LUCIA, **wrong)
    assert answer.status == 400
    assert b"Couldn't complete the connection" in answer.body
    assert "location" not in answer.headers


def test_another_account_is_refused(door: Door) -> None:
    """The address may name the account, and must name this one."""
    assert door.authorize(door.user_level, LUCIA, path="/oauth/1/authorize").status == 400
    assert "code" in back_of(door.authorize(door.user_level, LUCIA, path=f"/oauth/{door.portal.hub_id}/authorize"))


def test_markup_in_the_request_is_text_on_the_page(door: Door) -> None:
    """What the app sends is escaped."""
    answer = door.authorize(door.user_level, LUCIA, scope="oauth <b>x</b>")
    assert b"<b>" not in answer.body
    assert b"default-src 'none'" in answer.headers["content-security-policy"].encode()


def test_an_account_level_app_needs_an_admin(door: Door) -> None:
    """Marketplace permission or super admin; a user-level app is for everybody."""
    refused = door.authorize(door.account_level, LUCIA)
    assert (refused.status, b"Marketplace" in refused.body) == (400, True)
    for user in (INES, OSKAR):
        assert "code" in back_of(door.authorize(door.account_level, user))
    assert "code" in back_of(door.authorize(door.user_level, LUCIA))


def test_a_scope_that_the_user_lacks_fails_unless_it_is_optional(door: Door) -> None:
    """Vera may not see tickets; nobody but an admin may read the user settings."""
    assert door.authorize(door.user_level, VERA).status == 400
    given = door.log_in(door.user_level, VERA, scope="oauth crm.objects.contacts.read", optional_scope="tickets")
    assert given["scopes"] == ["oauth", "crm.objects.contacts.read"]
    assert door.authorize(door.user_level, LUCIA, scope=f"{SCOPE} settings.users.read").status == 400
    wide = door.log_in(door.user_level, INES, scope="oauth", optional_scope="tickets settings.users.read")
    assert wide["scopes"] == ["oauth", "tickets", "settings.users.read"]


def test_an_account_level_app_gets_what_its_installer_alone_could_not_see(door: Door) -> None:
    """Its scopes are the account's; the installer is merely who pressed the button."""
    scope = f"{SCOPE} settings.users.read settings.users.teams.read"
    assert door.log_in(door.account_level, OSKAR, scope=scope)["scopes"] == scope.split()


def test_a_scope_that_the_account_lacks(door: Door) -> None:
    """Custom objects need an Enterprise account, whoever asks; `optional_scope` leaves them out."""
    scope = "oauth crm.objects.custom.read"
    assert door.log_in(door.account_level, INES, scope=scope)["scopes"] == scope.split()
    door.portal.tier = "professional"
    assert door.authorize(door.account_level, INES, scope=scope).status == 400
    given = door.log_in(door.account_level, INES, scope="oauth", optional_scope="crm.objects.custom.read tickets")
    assert given["scopes"] == ["oauth", "tickets"]


def test_denial_goes_back_with_the_state(door: Door) -> None:
    """The app hears of it and can match it."""
    back = back_of(door.authorize(door.user_level, LUCIA, decision="deny"))
    assert (back["error"], back["state"]) == ("access_denied", "s&1")


def test_an_unknown_or_deactivated_user_stays_on_the_page(door: Door) -> None:
    """No code for somebody who is not there."""
    assert door.authorize(door.user_level, "nobody@harbourlight.example").status == 200
    user = door.portal.user("70010003")
    assert user
    door.portal.set_user(replace(user, active=False))
    assert door.authorize(door.user_level, LUCIA).status == 200


# ── The token endpoints ──────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("changes", "error", "status"),
    [
        ({"client_id": "nobody"}, "invalid_client", "BAD_CLIENT_ID"),
        ({"client_id": ""}, "invalid_client", "BAD_CLIENT_ID"),
        ({"client_secret": "guess"}, "invalid_client", "BAD_CLIENT_SECRET"),
        ({"client_secret": ""}, "invalid_client", "BAD_CLIENT_SECRET"),
        ({"grant_type": ""}, "unsupported_grant_type", "BAD_GRANT_TYPE"),
        ({"grant_type": "password"}, "unsupported_grant_type", "BAD_GRANT_TYPE"),
        ({"code": "guess"}, "invalid_grant", "BAD_AUTH_CODE"),
        ({"redirect_uri": "http://127.0.0.1:5001/callback"}, "invalid_grant", "MISMATCH_REDIRECT_URI_AUTH_CODE"),
        ({"grant_type": "refresh_token", "refresh_token": "guess"}, "invalid_grant", "BAD_REFRESH_TOKEN"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_token_errors(door: Door, version: str, changes: dict[str, str], error: str, status: str) -> None:
    """v1 has the old shape only; the others have RFC 6749 with the old fields beside."""
    code = door.code(door.user_level, LUCIA)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **changes}
    answer = door.token(door.user_level, version, **form)
    told = document(answer)
    assert (answer.status, told["status"]) == (400, status)
    assert told["message"]
    assert told["correlationId"] == answer.headers["x-hubspot-correlation-id"]
    assert told.get("error") == (None if version == "v1" else error)
    assert "error_description" in told or version == "v1"


def test_a_code_is_spent_by_its_first_use_and_dies_young(door: Door) -> None:
    """Replay, another app's code, and a code that is too old."""
    code = door.code(door.user_level, LUCIA)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    assert door.token(door.account_level, **form).status == 400
    assert door.token(door.user_level, **form).status == 200
    assert document(door.token(door.user_level, **form))["status"] == "BAD_AUTH_CODE"
    late = door.code(door.user_level, LUCIA)
    door.clock.advance(timedelta(minutes=6))
    assert document(door.token(door.user_level, **(form | {"code": late})))["status"] == "BAD_AUTH_CODE"


def test_a_challenge_must_be_met(door: Door) -> None:
    """PKCE is checked when a challenge was given, and the secret is needed all the same."""
    for verifier, status in (("", 400), ("x" * 64, 400), (VERIFIER, 200)):
        code = door.code(door.user_level, LUCIA, code_challenge=CHALLENGE, code_challenge_method="S256")
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": verifier}
        assert door.token(door.user_level, **form).status == status
    code = door.code(door.user_level, LUCIA, code_challenge=CHALLENGE)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    assert document(door.token(door.user_level, client_secret="", **form))["status"] == "BAD_CLIENT_SECRET"


def test_only_v1_reads_its_form_from_the_query(door: Door) -> None:
    """From v3 on the query is ignored."""
    for version in VERSIONS:
        form = {"grant_type": "authorization_code", "code": door.code(door.user_level, LUCIA), "redirect_uri": BACK}
        answer = door.token_by_query(door.user_level, version, **form)
        assert answer.status == (200 if version == "v1" else 400), version


@pytest.mark.parametrize("version", VERSIONS)
def test_token_answers(door: Door, version: str) -> None:
    """Thirty minutes, more than 300 characters, and who it is for from v3 on."""
    given = door.log_in(door.user_level, LUCIA, version)
    assert (given["token_type"], given["expires_in"]) == ("bearer", 1800)
    assert len(given["access_token"]) > 300
    if version == "v1":
        assert set(given) == {"token_type", "refresh_token", "access_token", "expires_in"}
    else:
        assert (given["hub_id"], given["user_id"]) == (39402715, 70010003)
        assert (given["token_use"], given["scopes"]) == ("access_token", SCOPE.split())


def test_refresh_tokens_stay_unless_the_app_rotates(door: Door) -> None:
    """By default the same comes back for ever; with rotation the old one is dead, and old access tokens live on."""
    given = door.log_in(door.user_level, LUCIA)
    door.clock.advance(timedelta(days=400))
    again = document(door.refresh(door.user_level, given["refresh_token"]))
    assert again["refresh_token"] == given["refresh_token"]
    door.user_level.rotate = True
    rotated = document(door.refresh(door.user_level, given["refresh_token"]))
    assert rotated["refresh_token"] != given["refresh_token"]
    assert document(door.refresh(door.user_level, given["refresh_token"]))["status"] == "BAD_REFRESH_TOKEN"
    assert door.grants.live(again["access_token"]) is not None
    assert door.refresh(door.account_level, rotated["refresh_token"]).status == 400


def test_a_deactivated_user_cannot_refresh_a_user_level_token(door: Door) -> None:
    """An account-level install outlives its installer."""
    own, account = door.log_in(door.user_level, OSKAR), door.log_in(door.account_level, OSKAR)
    user = door.portal.user("70010002")
    assert user
    door.portal.set_user(replace(user, active=False))
    assert document(door.refresh(door.user_level, own["refresh_token"]))["status"] == "BAD_REFRESH_TOKEN"
    assert door.refresh(door.account_level, account["refresh_token"]).status == 200


@pytest.mark.parametrize(("version", "status"), [("v1", 400), ("v3", 200), ("2026-03", 200), ("2026-09", 400)])
def test_client_credentials_by_version(door: Door, version: str, status: int) -> None:
    """For the journal's scopes only, and not in every version."""
    form = {"grant_type": "client_credentials", "scope": "developer.webhooks_journal.read"}
    answer = door.token(door.user_level, version, **form)
    assert answer.status == status
    if status == 200:
        assert "refresh_token" not in document(answer)
        assert door.token(door.user_level, version, grant_type="client_credentials", scope="tickets").status == 400


def test_a_busy_token_endpoint_says_when_to_come_back(door: Door) -> None:
    """429 with `Retry-After`, not an OAuth error."""
    door.limiter.limits = door.limiter.limits.changed({"token": 2})
    for _ in range(2):
        door.refresh(door.user_level, "guess")
    answer = door.refresh(door.user_level, "guess")
    assert (answer.status, document(answer)["message"]) == (429, "You have reached your rate limit.")
    assert int(answer.headers["retry-after"]) >= 1
    assert "error" not in document(answer)


# ── Introspection, revocation, the old paths ─────────────────────────────
def test_introspection_tells_whose_rights_a_token_has(door: Door) -> None:
    """`isUserLevel` is true for the one app and false for the other."""
    for app, level in ((door.user_level, True), (door.account_level, False)):
        told = door.introspect(app, door.log_in(app, OSKAR)["access_token"])
        assert told["active"] is True
        assert told["signed_access_token"]["isUserLevel"] is level
        assert (told["token_use"], told["hub_id"], told["user"]) == ("access_token", 39402715, OSKAR)
        assert told["app_id"] == app.id
        assert 1790 <= told["expires_in"] <= 1800


def test_introspection_of_refresh_tokens_and_of_strangers(door: Door) -> None:
    """Another app's token, a dead one and nonsense are not active."""
    given = door.log_in(door.user_level, LUCIA)
    told = door.introspect(door.user_level, given["refresh_token"])
    assert (told["active"], told["token_use"]) == (True, "refresh_token")
    assert door.introspect(door.account_level, given["access_token"]) == {"active": False}
    assert door.introspect(door.user_level, "nonsense") == {"active": False}
    assert door.introspect(door.user_level, given["access_token"], "2026-09") == {"active": True}
    door.clock.advance(timedelta(seconds=1801))
    assert door.introspect(door.user_level, given["access_token"]) == {"active": False}


def test_introspection_needs_the_secret(door: Door) -> None:
    """Whoever has only a token learns nothing."""
    token = door.log_in(door.user_level, LUCIA)["access_token"]
    form = f"client_id={door.user_level.client_id}&token={token}"
    assert door.call(request("POST", "/oauth/2026-03/token/introspect", body=form)).status == 400


def test_revocation_ends_the_grant(door: Door) -> None:
    """A refresh token takes its access tokens with it; another app's revocation changes nothing."""
    given = door.log_in(door.user_level, LUCIA)

    def revoke(app: App) -> int:
        form = f"client_id={app.client_id}&client_secret={app.secret}&token={given['refresh_token']}"
        return door.call(request("POST", "/oauth/2026-03/token/revoke", body=form)).status

    assert revoke(door.account_level) == 200
    assert door.grants.live(given["access_token"]) is not None
    assert revoke(door.user_level) == 200
    assert door.grants.live(given["access_token"]) is None
    assert door.refresh(door.user_level, given["refresh_token"]).status == 400


def test_the_old_paths_describe_tokens(door: Door) -> None:
    """`GET /oauth/v1/access-tokens/{token}` and `refresh-tokens/{token}`; `DELETE` leaves access tokens alive."""
    given = door.log_in(door.user_level, LUCIA, "v1")

    def ask(method: str, kind: str, token: str) -> tuple[int, JSON]:
        answer = door.call(request(method, f"/oauth/v1/{kind}-tokens/{token}"))
        return answer.status, document(answer) if answer.body else {}

    status, access = ask("GET", "access", given["access_token"])
    assert (status, access["user"], access["hub_id"], access["token_type"]) == (200, LUCIA, 39402715, "access")
    status, refresh = ask("GET", "refresh", given["refresh_token"])
    assert (status, refresh["client_id"], refresh["token_type"]) == (200, door.user_level.client_id, "refresh")
    assert ask("GET", "access", "guess")[0] == 404
    assert ask("DELETE", "access", given["access_token"])[0] == 405
    assert ask("DELETE", "refresh", given["refresh_token"]) == (204, {})
    assert ask("DELETE", "refresh", given["refresh_token"])[0] == 404
    assert ask("GET", "access", given["access_token"])[0] == 200
    assert door.refresh(door.user_level, given["refresh_token"]).status == 400


def test_v1_ends_on_the_announced_day(door: Door) -> None:
    """Up to the last second it works; then only the other versions do."""
    given = door.log_in(door.user_level, TARIQ)
    door.clock.set(datetime(2027, 2, 15, 23, 59, 50, tzinfo=UTC))
    assert door.refresh(door.user_level, given["refresh_token"], "v1").status == 200
    door.clock.set(datetime(2027, 2, 16, tzinfo=UTC))
    answer = door.refresh(door.user_level, given["refresh_token"], "v1")
    assert (answer.status, "2026-03" in document(answer)["message"]) == (410, True)
    assert door.call(request("GET", f"/oauth/v1/access-tokens/{given['access_token']}")).status == 410
    for version in VERSIONS[1:]:
        assert door.refresh(door.user_level, given["refresh_token"], version).status == 200


def test_paths_that_are_not_ours(door: Door) -> None:
    """Unknown versions and actions are left to the site, which answers 404."""
    for path in ("/oauth/v2/token", "/oauth/v1/token/introspect", "/oauth/2027-03/token", "/oauth/token", "/oauth"):
        assert door.endpoints.route(path) is None
