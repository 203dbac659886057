"""The portal as a site: snapshots of the edge's settings, failures, mutations, leaks; without HTTP."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.sandbox.client import SandboxOrg
from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.oauth import App
from connectors.sandbox.hubspot.oauth.grants import Approval
from connectors.sandbox.hubspot.site import HubSpotSite
from connectors.sandbox.wire import JSON, Refused, Relaying, Response, Site
from tests.unit.sandbox.hubspot_edge_world import BACK, EXAMPLE, LUCIA, TARIQ, VERA, document, example_portal, request

ROOT = Path(__file__).parents[3]
SCOPES = ("oauth", "tickets", "crm.objects.contacts.read", "crm.objects.contacts.write")


@pytest.fixture
def clock() -> Clock:
    """A clock of its own."""
    return Clock()


@pytest.fixture
def site(clock: Clock) -> HubSpotSite:
    """The example portal."""
    return HubSpotSite(example_portal(clock), clock)


def token_of(site: HubSpotSite, user: str, app: App | None = None) -> str:
    """An access token without the ceremony."""
    person = site.people.person(user)
    assert person
    chosen = app or next(one for one in site.grants.apps.values() if one.user_level)
    code = site.grants.approve(Approval(chosen, person.id, SCOPES, BACK, ""))
    return site.grants.open(site.grants.redeem(chosen, code, BACK, "")).text


def get(site: HubSpotSite, path: str, token: str) -> Response:
    """One request."""
    return site.respond(request("GET", path, token=token))


# ── Who may come in ──────────────────────────────────────────────────────
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic abc", "Bearer na1-sbrt-x"])
def test_no_token_no_data(site: HubSpotSite, header: str) -> None:
    """The same 401 for all of them, in HubSpot's shape."""
    asked = replace(request("GET", "/crm/v3/objects/tickets"), headers={"authorization": header} if header else {})
    answer = site.respond(asked)
    told = document(answer)
    assert (answer.status, told["category"]) == (401, "INVALID_AUTHENTICATION")
    assert list(told)[:3] == ["status", "message", "correlationId"]
    assert answer.headers["x-hubspot-correlation-id"] == told["correlationId"]


def test_a_token_of_the_app_itself_reads_no_records(site: HubSpotSite) -> None:
    """Client credentials are for the journal."""
    app = next(one for one in site.grants.apps.values() if one.user_level)
    token = site.grants.open_for_app(app, ["developer.webhooks_journal.read"]).text
    assert get(site, "/crm/v3/objects/tickets", token).status == 401
    assert get(site, "/webhooks-journal/journal/2026-03/earliest", token).status == 204


def test_the_caller_is_known_by_id_and_email(site: HubSpotSite) -> None:
    """Fault rules may name either; a dead token names nobody."""
    token = token_of(site, LUCIA)
    asked = request("GET", "/crm/v3/objects/tickets", token=token)
    assert site.names_of(site.user_of(asked)) == ("70010003", LUCIA)
    site.mutate("expire_tokens", "", {})
    assert site.user_of(asked) == ""
    assert site.names_of("") == ()


# ── Mutations ────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("explode", {}),
        ("expire_tokens", {"user": "nobody"}),
        ("deactivate_user", {}),
        ("revoke_scope", {}),
        ("revoke_scope", {"scope": "no.such.scope"}),
        ("rotation", {"app": "nobody", "on": True}),
        ("rotation", {"on": True}),
        ("rate_limits", {"search": -1}),
        ("rate_limits", {"burst": 1}),
        ("exhaust", {"policy": "HOURLY"}),
        ("exhaust", {"policy": "DAILY", "times": "often"}),
        ("webhooks", {}),
        ("webhooks", {"target": "https://example.com"}),
        ("webhooks", {"target": "http://127.0.0.1:1", "subscriptions": [1]}),
        ("webhooks", {"target": "http://127.0.0.1:1", "app": "nobody"}),
        ("duplicate_webhook", {"times": "x"}),
        ("revoke_grants", {"app": "nobody"}),
    ],
)
def test_wishes_that_make_no_sense_are_refused(site: HubSpotSite, name: str, arguments: JSON) -> None:
    """With a reason, never with a traceback."""
    with pytest.raises(Refused):
        site.mutate(name, "", arguments)


def test_every_mutation_is_documented(site: HubSpotSite) -> None:
    """No mutation without a line in the manual."""
    page = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
    _, _, portal = page.partition("A HubSpot portal has these")
    assert [name for name in sorted(site.mutations) if f"`{name}`" not in portal] == []


def test_grants_end_by_user_and_by_app(site: HubSpotSite) -> None:
    """The other user's, and the other app's, live on."""
    account = next(one for one in site.grants.apps.values() if not one.user_level)
    tokens = [token_of(site, LUCIA), token_of(site, TARIQ), token_of(site, LUCIA, account)]
    assert site.mutate("revoke_grants", "", {"user": TARIQ}) == {"ended": 1}
    assert site.mutate("revoke_grants", "", {"user": LUCIA, "app": str(account.id)}) == {"ended": 1}
    statuses = [get(site, "/crm/v3/objects/tickets", token).status for token in tokens]
    assert statuses == [200, 401, 401]


def test_a_scope_that_is_taken_from_everybody(site: HubSpotSite) -> None:
    """Calls meet 403 with the scope's name, until it is given back."""
    token = token_of(site, LUCIA)
    site.mutate("revoke_scope", "", {"scope": "tickets"})
    told = document(get(site, "/crm/v3/objects/tickets", token))
    assert (told["category"], told["errors"][0]["context"]["requiredScopes"]) == ("MISSING_SCOPES", ["tickets"])
    site.mutate("restore_scope", "", {"scope": "tickets"})
    assert get(site, "/crm/v3/objects/tickets", token).status == 200


def test_a_snapshot_keeps_settings_and_not_logins(site: HubSpotSite, clock: Clock) -> None:
    """Rotation, limits, scopes, webhooks and users go back; who is logged in stays so."""
    state = site.save()
    app = next(one for one in site.grants.apps.values() if one.user_level)
    site.mutate("rotation", "", {"app": app.client_id, "on": True})
    site.mutate("rate_limits", "", {"search": 1})
    site.mutate("revoke_scope", "", {"scope": "tickets", "user": LUCIA})
    site.webhooks.set_target(app.id, "http://127.0.0.1:1/hooks")
    site.webhooks.subscribe(app.id, {"eventType": "ticket.creation"})
    site.mutate("deactivate_user", "", {"user": TARIQ})
    token = token_of(site, LUCIA)
    site.load(state)
    assert (app.rotate, site.limiter.limits.search, site.people.denied) == (False, 5, {})
    assert (site.webhooks.hooks[app.id].target_url, site.webhooks.hooks[app.id].subscriptions) == ("", {})
    tariq = site.people.person(TARIQ)
    assert tariq
    assert tariq.active
    assert get(site, "/crm/v3/objects/tickets", token).status == 200
    with pytest.raises(TypeError):
        site.load(object())


# ── What people and tests are told ───────────────────────────────────────
def test_the_site_says_how_to_log_in(site: HubSpotSite) -> None:
    """Two apps, a key, users with notes; the same ids and secrets after a restart."""
    told = site.describe({"http": "http://127.0.0.1:1", "https": "https://127.0.0.1:2"})
    again = HubSpotSite(example_portal(Clock()), Clock()).describe(told["urls"])
    assert json.dumps(told) == json.dumps(again)
    org = SandboxOrg.of(told)
    assert (org.vendor, org.id, org.web_client.name) == ("hubspot", "39402715", "CRM Sidecar")
    assert org.account_client
    assert org.public_client is None
    assert len({org.web_client.secret, org.account_client.secret, org.service_key}) == 3
    lucia = org.user("lucia")
    assert (lucia.username, lucia.profile, lucia.role) == (LUCIA, "Service agent", "Rigging")
    assert "rigging team" in lucia.note


def test_it_is_a_site_that_relays(site: HubSpotSite) -> None:
    """The protocols of the front and of the control plane."""
    as_site: Site = site
    assert isinstance(as_site, Relaying)
    assert site.subrequests(request("POST", "/crm/v3/objects/tickets/batch/read")) == ()


def test_records_as_the_system_sees_them(site: HubSpotSite) -> None:
    """Also by `Id`, as for the other vendor; unknown types are refused by the control plane's own error."""
    assert [row["subject"] for row in site.records("tickets", {"Id": "1003"})] == ["Winch service for the winter"]
    assert site.records("webhook_deliveries", {}) == []
    with pytest.raises(Refused):
        site.records("unicorns", {})


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 423, 429, 477, 500, 502, 503, 504, 521])
def test_failures_have_the_vendors_shape(site: HubSpotSite, status: int) -> None:
    """JSON with a correlation id, or the page of the network in front."""
    answer = site.failure(status)
    assert answer.status == status
    if status in {502, 503, 504, 521}:
        assert answer.body.startswith(b"<!DOCTYPE html>")
    else:
        assert document(answer)["correlationId"] == answer.headers["x-hubspot-correlation-id"]


# ── The watch ────────────────────────────────────────────────────────────
def fake(body: JSON) -> Response:
    """An answer that a broken engine might give."""
    return Response.json(body)


@pytest.mark.parametrize(
    ("path", "body", "leaks"),
    [
        ("/crm/v3/objects/tickets", {"results": [{"id": "1001", "properties": {}}]}, ("1001",)),
        ("/crm/objects/2026-03/0-5/1001", {"id": "1001", "properties": {}}, ("1001",)),
        ("/crm/v3/objects/tickets/search", {"results": [{"id": "1003", "properties": {"subject": "x"}}]}, ()),
        ("/crm/v3/objects/tickets/1003", {"id": "1003", "properties": {"content": "x"}}, ("tickets.content",)),
        ("/crm/v3/objects/tickets/1003", {"id": "1003", "properties": {"content": None}}, ()),
        ("/crm/v4/objects/tickets/1003/associations/companies", {"results": [{"toObjectId": 4001}]}, ("4001",)),
        (
            "/crm/v4/associations/tickets/emails/batch/read",
            {"results": [{"from": {"id": "1001"}, "to": [{"toObjectId": 6001}]}]},
            ("1001", "6001"),
        ),
        (
            "/crm/v3/objects/tickets/1003",
            {"id": "1003", "properties": {}, "associations": {"companies": {"results": [{"id": "4001"}]}}},
            ("4001",),
        ),
        ("/crm/v3/objects/notes/7001", {"id": "7001", "properties": {}}, ("7001",)),
        ("/crm/v3/objects/tickets/9", {"id": "9", "properties": {}}, ()),
        ("/crm/v3/owners", {"results": [{"id": "60010001"}]}, ()),
    ],
)
def test_the_watch_sees_what_a_broken_engine_would_give_away(
    site: HubSpotSite, path: str, body: JSON, leaks: tuple[str, ...]
) -> None:
    """Tariq sees his own records only, and not the text of tickets; judged without the engine."""
    asked = request("GET", path, token=token_of(site, TARIQ))
    assert site.leaked(asked, fake(body), "70010004") == leaks


def test_the_watch_minds_user_level_tokens_only(site: HubSpotSite) -> None:
    """The account-level app and the key may see everything; so may a super admin; half an answer is no answer."""
    account = next(one for one in site.grants.apps.values() if not one.user_level)
    body = fake({"results": [{"id": "1001", "properties": {}}]})
    path = "/crm/v3/objects/tickets"
    assert site.leaked(request("GET", path, token=token_of(site, LUCIA, account)), body, "70010003") == ()
    assert site.leaked(request("GET", path, token="nonsense"), body, "") == ()
    assert site.leaked(request("GET", path, token=token_of(site, VERA)), body, "70010005") == ("1001",)
    admin = token_of(site, "ines@harbourlight.example")
    assert site.leaked(request("GET", path, token=admin), body, "70010001") == ()
    half = Response(200, body.body[:20], body.headers)
    assert site.leaked(request("GET", path, token=token_of(site, VERA)), half, "70010005") == ()


def test_what_a_user_has_just_made_is_no_leak(site: HubSpotSite) -> None:
    """A note that belongs to nobody and hangs on nothing is named to its author once, and never shown again."""
    token, path = token_of(site, LUCIA), "/crm/v3/objects/notes"
    note = {"properties": {"hs_timestamp": "2026-11-24T08:00:00Z", "hs_note_body": "a"}}
    made = request("POST", path, body=json.dumps(note), token=token)
    answer = site.respond(made)
    assert (answer.status, site.leaked(made, answer, "70010003")) == (201, ())
    note_id = document(answer)["id"]
    assert site.leaked(request("GET", f"{path}/{note_id}", token=token), answer, "70010003") == (note_id,)
    asked = replace(made, path="/crm/v3/objects/tickets")
    assert site.leaked(asked, fake({"id": "1003", "properties": {}}), "70010003") == ("1003",)
    assert get(site, f"{path}/{note_id}", token).status == 404


def test_the_engine_gives_nothing_away(site: HubSpotSite) -> None:
    """Every user asks for everything; the watch finds nothing."""
    site.mutate("rate_limits", "", {"on": False})
    kinds = ("tickets", "contacts", "companies", "deals", "notes", "emails", "calls", "tasks")
    for user in site.portal.users():
        token = token_of(site, user.email)
        for kind in kinds:
            asked = request(
                "GET", f"/crm/v3/objects/{kind}", query="limit=100&associations=tickets&properties=content", token=token
            )
            answer = site.respond(asked)
            assert site.leaked(asked, answer, user.id) == (), (user.email, kind)


def test_example_is_complete() -> None:
    """The folder that the manual points at holds what the manual names."""
    assert (EXAMPLE / "portal.json").exists()
    assert {path.stem for path in EXAMPLE.glob("*.jsonl")} >= {"tickets", "notes", "associations"}
