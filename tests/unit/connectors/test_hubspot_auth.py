"""Whose token it is, and whose rights it has: HubSpot says so, nobody assumes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.errors import Fatal, Forbidden, Retriable, Unauthorized
from connectors.hubspot import auth
from connectors.hubspot.connector import HubSpotConnector
from connectors.interfaces import RecordRef, Token
from connectors.oauth import OAuthApp
from tests.fakes_connector import MemoryTokenStore
from tests.unit.connectors.hubspot_bench import GRANT, NOT_FOUND, NOW, SCOPE, TOKEN, Bench, error, results
from tests.unit.connectors.scripted import ORIGIN, Answer, Scripted

OWNER = {
    "id": "500", "userId": 77, "email": "maya@x.example", "firstName": "Maya", "lastName": "Lind",
    "teams": [{"id": "7", "name": "First line", "primary": True}, {"id": "8", "name": "Second line"}],
}  # fmt: skip
SIGNED = {"isUserLevel": True, "hubId": 4821, "userId": 77}
INTROSPECTED: Mapping[str, Any] = {
    "active": True, "hub_id": 4821, "user_id": 77, "user": "maya@x.example", "app_id": 31337,
    "signed_access_token": SIGNED,
}  # fmt: skip


class Introspecting(OAuthApp):
    """An OAuth client whose introspection answers with `said`."""

    said: Mapping[str, Any]

    def introspect(self, token: str) -> Mapping[str, Any]:
        """RFC 7662."""
        return self.said


def introspecting(said: Mapping[str, Any]) -> OAuthApp:
    """A client that hears `said` of every token."""
    app = Introspecting("id", "secret", "a", "t", "r", SCOPE)
    object.__setattr__(app, "said", said)
    return app


def portal(method: str, path: str, _body: object) -> Answer | None:
    """What HubSpot tells of Maya."""
    return {
        "/crm/objects/2026-03/tickets": results(),
        "/crm/owners/2026-03/77": (200, OWNER),
        "/settings/users/2026-03/77": (200, {"id": "77", "superAdmin": False, "roleId": "3"}),
        "/settings/users/2026-03/roles": results({"id": "3", "name": "Support agent"}),
    }.get(path)


@pytest.mark.parametrize(
    ("signed", "access"),
    [
        (SIGNED, "user"),
        ({**SIGNED, "isUserLevel": False}, "account"),
        ({**SIGNED, "isUserLevel": "true"}, "account"),
        ({}, "account"),
        (None, "account"),
    ],
)
def test_a_token_is_the_users_own_only_if_hubspot_says_so(signed: object, access: str) -> None:
    """2026-09 says nothing at all (contract, 2.2): then the configured rule applies."""
    app = introspecting({**INTROSPECTED, "signed_access_token": signed})
    hub, user_id, token, _ = auth.introspected(app, TOKEN)
    assert (hub, user_id, token.access) == ("4821", "77", access)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({**INTROSPECTED, "active": False}, Unauthorized),
        ({**INTROSPECTED, "hub_id": None}, Fatal),
        ({**INTROSPECTED, "user_id": "77:5"}, Fatal),
        ({"active": True}, Fatal),
    ],
)
def test_a_token_that_is_nobodys_is_refused(said: Mapping[str, Any], kind: type[Exception]) -> None:
    """Portal and user are taken from HubSpot alone, and they are numbers: grant ids are made of them."""
    with pytest.raises(kind):
        auth.introspected(introspecting(said), TOKEN)


def test_the_user_comes_with_what_the_rules_may_look_at() -> None:
    """Access, owner, teams and role, asked side by side."""
    bench = Bench(portal)
    user = auth.identify(bench.client, "4821", "77", "user", "maya@x.example")
    assert (user.tenant, user.id, user.username, user.name) == ("4821", "77", "maya@x.example", "Maya Lind")
    assert user.attributes == {
        "access": "user-level", "owner": "500", "teams": "First line;Second line", "profile": "Support agent",
    }  # fmt: skip
    assert bench.client.round_trips == 1
    assert bench.query("/crm/owners/2026-03/77") == {"idProperty": ["userId"]}


def test_facts_without_a_scope_are_left_out() -> None:
    """A user who may not grant the scopes for users and owners can log in all the same."""
    bench = Bench(lambda m, path, b: results() if path.endswith("/tickets") else error(403, "MISSING_SCOPES"))
    user = auth.identify(bench.client, "4821", "77", "account", "maya@x.example")
    assert (user.name, user.attributes) == ("maya@x.example", {"access": "account-level"})


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (NOT_FOUND, Fatal, "UNSUPPORTED_API_VERSION"),
        (error(403, "MISSING_SCOPES"), Forbidden, "MISSING_SCOPES"),
        ((502, b"<html>"), Retriable, "502"),
    ],
)
def test_a_login_that_could_not_work_fails_at_login(answer: Answer, kind: type[Exception], code: str) -> None:
    """The version and the scope for tickets are tried before anybody drafts."""
    bench = Bench(lambda m, path, b: answer if path.endswith("/tickets") else portal(m, path, b))
    with pytest.raises(kind) as caught:
        auth.identify(bench.client, "4821", "77", "user", "")
    assert getattr(caught.value, "code", "") == code


def test_a_token_answer_keeps_what_a_refresh_leaves_out() -> None:
    """A refresh token that is told anew is kept, one that is not stays; so do scopes and whose rights it has."""
    told = {"access_token": "a", "refresh_token": "r", "expires_in": 1800, "scopes": ["oauth", "tickets"]}
    first = auth.to_token(ORIGIN, lambda: NOW, told, None)
    assert first == Token("a", "r", ORIGIN, "oauth tickets", NOW + 1800, "account")
    before = Token("a", "r", ORIGIN, "oauth tickets", NOW, "user")
    assert auth.to_token(ORIGIN, lambda: NOW, {"access_token": "b"}, before) == Token(
        "b", "r", ORIGIN, "oauth tickets", 0.0, "user"
    )
    rotated = auth.to_token(ORIGIN, lambda: NOW, {"access_token": "b", "refresh_token": "r2"}, before)
    assert rotated.refresh_token == "r2"
    with pytest.raises(Fatal):
        auth.to_token(ORIGIN, lambda: NOW, {"access_token": "b"}, None)


def connector() -> HubSpotConnector:
    """Of no portal in particular."""
    return HubSpotConnector("https://api.example", "https://app.example/", "the-id", "the-secret", MemoryTokenStore())


def test_the_authorize_address_asks_for_little_and_offers_the_rest() -> None:
    """What an ordinary user may not grant is optional; the secret stays at home."""
    url = connector().authorize_url("the-state", "v" * 64, "https://sidecar.example/callback")
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith("https://app.example/oauth/authorize?")
    assert query["scope"] == "oauth tickets crm.objects.contacts.read"
    assert {"crm.objects.contacts.write", "crm.objects.owners.read"} <= set(query["optional_scope"].split())
    assert (query["state"], query["code_challenge_method"]) == ("the-state", "S256")
    assert "the-secret" not in url
    assert "v" * 64 not in url


@pytest.mark.parametrize("url", ["http://api.hubapi.com", "ftp://x", "api.hubapi.com", "https://u:p@api.hubapi.com"])
def test_tokens_never_travel_in_the_clear(url: str) -> None:
    """Neither to the API nor to the login page."""
    for urls in ((url, "https://app.example"), ("https://api.example", url)):
        with pytest.raises(Fatal):
            HubSpotConnector(*urls, "id", "secret", MemoryTokenStore())


@pytest.mark.parametrize("grant_id", ["hubspot", "hubspot:4821", "salesforce:1:2", "hubspot::77", "hubspot:4821:"])
def test_what_is_no_grant_of_ours_opens_nothing(grant_id: str) -> None:
    """Even if something is stored under that name."""
    here = connector()
    here._grants._tokens.save(grant_id, TOKEN)
    with pytest.raises(Unauthorized):
        here.session(grant_id)
    with pytest.raises(Unauthorized):
        here.session(GRANT)


def test_a_user_of_another_portal_is_not_let_in() -> None:
    """A public app can be installed by anybody: with a portal configured, a stranger's login and grant open nothing."""
    urls = ("https://api.example", "https://app.example")
    for configured, hub, admitted in (("4821", "4821", True), ("4821", "4822", False), ("", "4822", True)):
        here = HubSpotConnector(*urls, "id", "secret", MemoryTokenStore(), portal=configured)
        grant = f"hubspot:{hub}:77"
        here._grants._tokens.save(grant, TOKEN)
        app = introspecting({**INTROSPECTED, "hub_id": int(hub)})
        object.__setattr__(app, "exchange", lambda *_: {"access_token": "a", "refresh_token": "r"})
        here._app = app
        here._http.mount(
            "https://", Scripted(lambda method, url, body: portal(method, urlsplit(url).path, body) or NOT_FOUND)
        )
        if admitted:
            assert here.session(grant)
            assert here.exchange("code", "verifier", "https://x.example")[0].tenant == hub
            continue
        with pytest.raises(Unauthorized):
            here.session(grant)
        with pytest.raises(Unauthorized):
            here.exchange("code", "verifier", "https://x.example")


def test_a_token_of_another_app_opens_nothing() -> None:
    """Two apps of one portal have different rights and rules, and one place for a user's grant: the last one has it."""
    here = connector()
    here._grants._tokens.save(GRANT, replace(TOKEN, app="the-id"))
    assert here.session(GRANT)
    here._grants._tokens.save(GRANT, replace(TOKEN, app="another", access="account"))
    with pytest.raises(Unauthorized):
        here.session(GRANT)


@pytest.mark.parametrize("other", [replace(TOKEN, app="another"), replace(TOKEN, access="account")])
def test_a_session_goes_on_with_tokens_of_its_own_kind_only(other: Token) -> None:
    """She logs in to an account-level app while a session without rules is reading: it ends, and reads nothing more."""
    bench = Bench(lambda *_: error(401, "EXPIRED_AUTHENTICATION"))
    bench.tokens.save(GRANT, replace(other, access_token="wide"))
    with pytest.raises(Unauthorized):
        bench.session.read(RecordRef("hubspot", "tickets", "9"), {"tickets": ("subject",)})
    assert bench.client.token == TOKEN
    assert bench.introspected == []  # the other app's grant is not ours to judge


def test_a_link_leads_to_the_record() -> None:
    """HubSpot's own address of a record page, built from the configured host and checked ids."""
    session = Bench(portal).session
    assert session.link(RecordRef("hubspot", "tickets", "9")) == "https://app.example/contacts/4821/record/0-5/9"
    assert session.link(RecordRef("hubspot", "2-77", "9")) == "https://app.example/contacts/4821/record/2-77/9"
