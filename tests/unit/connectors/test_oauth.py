"""OAuth grants: one refresh at a time, stored before use, and errors that keep secrets."""

import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connectors.errors import Fatal, Retriable, Unauthorized
from connectors.interfaces import Token
from connectors.oauth import Grants, OAuthApp, _not_now, _refusal
from connectors.salesforce import auth
from connectors.transport import retry_after
from tests.fakes_connector import MemoryTokenStore

GRANT = "salesforce:00D:005"
OLD = Token("access-1", "refresh-1", "https://acme.example", "api")
SECRET = "client-secret-value"


class Endpoint:
    """A token endpoint that counts."""

    def __init__(self, error: Exception | None = None, *, rotate: bool = True) -> None:
        self.refreshed: list[str] = []
        self.revoked: list[str] = []
        self._error = error
        self._rotate = rotate

    def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """Slowly, so that others come in between."""
        self.refreshed.append(refresh_token)
        time.sleep(0.02)
        if self._error:
            raise self._error
        rotated = {"refresh_token": "refresh-2"} if self._rotate else {}
        return {"access_token": "access-2", **rotated}

    def revoke(self, token: str) -> None:
        """Remember."""
        if self._error:
            raise self._error
        self.revoked.append(token)


def grants(endpoint: Endpoint) -> tuple[Grants, MemoryTokenStore]:
    """Grants with one user connected."""
    tokens = MemoryTokenStore()
    tokens.save(GRANT, OLD)
    return Grants(endpoint, tokens, auth.to_token), tokens


def test_a_dead_grant_is_forgotten() -> None:
    """Nobody tries the dead refresh token again."""
    found, tokens = grants(Endpoint(Unauthorized("connect again")))
    with pytest.raises(Unauthorized):
        found.renew(GRANT, OLD)
    assert tokens.load(GRANT) is None
    with pytest.raises(Unauthorized):
        found.current(GRANT)


def test_an_unreachable_login_service_keeps_the_grant() -> None:
    """A passing trouble must not cost the user her connection."""
    found, tokens = grants(Endpoint(Retriable("later")))
    with pytest.raises(Retriable):
        found.renew(GRANT, OLD)
    with pytest.raises(Retriable):
        found.revoke(GRANT)
    assert tokens.load(GRANT) == OLD


@pytest.mark.parametrize("rotate", [True, False])
def test_the_new_token_is_stored_and_an_unrotated_refresh_token_kept(rotate: bool) -> None:  # noqa: FBT001 - pytest passes it
    """Dropping a rotated token is the mistake that kills grants elsewhere (contract, 6)."""
    found, tokens = grants(Endpoint(rotate=rotate))
    fresh = found.renew(GRANT, OLD)
    assert tokens.load(GRANT) == fresh
    assert fresh.access_token == "access-2"
    assert fresh.refresh_token == ("refresh-2" if rotate else "refresh-1")
    assert fresh.instance_url == OLD.instance_url


def test_who_comes_second_takes_what_the_first_one_stored() -> None:
    """One refresh for ten callers with the same spent token."""
    endpoint = Endpoint()
    found, _ = grants(endpoint)
    threads = [threading.Thread(target=found.renew, args=(GRANT, OLD)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert endpoint.refreshed == ["refresh-1"]


def test_revoke_forgets_after_the_crm_has() -> None:
    """And a second revoke asks nobody."""
    endpoint = Endpoint()
    found, tokens = grants(endpoint)
    found.revoke(GRANT)
    found.revoke(GRANT)
    assert endpoint.revoked == ["refresh-1"]
    assert tokens.load(GRANT) is None


def test_a_grant_that_is_no_longer_active_is_forgotten_without_a_refresh() -> None:
    """A refusal that is no expiry: the CRM is asked what became of the grant, nothing is rotated."""
    endpoint = Endpoint()
    found, tokens = grants(endpoint)
    found.confirm(GRANT, lambda token: token == "refresh-1")
    assert tokens.load(GRANT) == OLD
    with pytest.raises(Unauthorized):
        found.confirm(GRANT, lambda _: False)
    assert tokens.load(GRANT) is None
    assert endpoint.refreshed == []


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("0.5", 0.5), ("", 10.0), (None, 10.0), ("-1", 0.0), ("inf", 86_400.0)]
)
def test_a_wait_is_read_from_the_header_and_never_longer_than_a_day(header: str | None, seconds: float) -> None:
    """A date, as HTTP allows, counts as no number."""
    assert retry_after(header, 10.0) == seconds
    assert retry_after("Wed, 21 Oct 2026 07:28:00 GMT", 10.0) == 10.0


@pytest.mark.parametrize("status", [429, 477])
def test_a_busy_login_service_costs_nobody_the_grant(status: int) -> None:
    """HubSpot's token endpoint has a limit of its own, and its refusal is no OAuth answer (contract, 2.2)."""
    answer = requests.Response()
    answer.status_code = status
    answer.headers["Retry-After"] = "3"
    with pytest.raises(Retriable) as caught:
        _not_now(answer)
    assert (caught.value.code, caught.value.retry_after) == (str(status), 3.0)


def app(secret: str = SECRET) -> OAuthApp:
    """The OAuth client of an org."""
    return auth.oauth_app("https://acme.example/", "client-id", secret, None)


def test_the_authorize_address_carries_a_challenge_and_no_secret() -> None:
    """PKCE with S256, the state as given, four scopes and no more."""
    url = app().authorize_url("the-state", "v" * 64, "https://sidecar.example/callback")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith("https://acme.example/services/oauth2/authorize?")
    assert query["state"] == "the-state"
    assert query["code_challenge_method"] == "S256"
    assert query["code_challenge"] not in {"", "v" * 64}
    assert query["scope"] == "api refresh_token id openid"
    assert query["redirect_uri"] == "https://sidecar.example/callback"
    assert SECRET not in url
    assert "v" * 64 not in url


@pytest.mark.parametrize(
    "url", ["http://acme.example", "ftp://acme.example", "acme.example", "https://user:pw@acme.example"]
)
def test_tokens_never_travel_in_the_clear(url: str) -> None:
    """Only https, or http on this machine."""
    with pytest.raises(Fatal):
        auth.oauth_app(url, "id", "secret", None)
    with pytest.raises(Fatal):
        auth.to_token({"access_token": "a", "refresh_token": "r", "instance_url": url}, None)


def test_an_app_that_may_not_refresh_is_refused() -> None:
    """Said at login, not two hours later."""
    with pytest.raises(Fatal, match="refresh_token"):
        auth.to_token({"access_token": "a", "instance_url": "https://acme.example"}, None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("invalid_grant", Unauthorized),
        ("access_denied", Unauthorized),
        ("inactive_user", Unauthorized),
        ("invalid_client", Fatal),
        ("invalid_client_id", Fatal),
        ("redirect_uri_mismatch", Fatal),
        ("the seal leaks", Fatal),
    ],
)
def test_oauth_errors_keep_the_code_and_drop_the_text(error: str, kind: type[Exception]) -> None:
    """What does not look like a code could be text, and is dropped."""
    refusal = _refusal(error)
    assert type(refusal) is kind
    assert refusal.code == ("oauth_error" if " " in error else error)
    assert "seal" not in f"{refusal!s} {refusal!r}"


def test_the_secret_stays_out_of_the_repr() -> None:
    """An app or a token may be logged by accident."""
    assert SECRET not in repr(app())
    assert "refresh-1" not in repr(OLD)
