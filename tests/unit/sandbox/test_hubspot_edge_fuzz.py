"""Nonsense at the edge of a portal is answered in the vendor's words, never with an exception."""

import contextlib
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.oauth.grants import Approval
from connectors.sandbox.hubspot.site import HubSpotSite
from connectors.sandbox.wire import Refused, Request
from tests.unit.sandbox.hubspot_edge_world import BACK, example_portal, request

PATHS: Final = (
    "/oauth/authorize", "/oauth/{}/authorize", "/oauth/v1/token", "/oauth/2026-03/token", "/oauth/{}/token",
    "/oauth/2026-03/token/introspect", "/oauth/v3/token/revoke", "/oauth/v1/access-tokens/{}",
    "/oauth/v1/refresh-tokens/{}", "/appinstalls/v3/external-install", "/settings/v3/users/{}", "/settings/users/{}",
    "/settings/users/2026-03", "/account-info/v3/{}", "/webhooks/v3/{}/settings", "/webhooks/v3/APP/settings",
    "/webhooks/v3/APP/subscriptions", "/webhooks/v3/APP/subscriptions/{}",
    "/webhooks/v3/APP/subscriptions/batch/update", "/webhooks-journal/journal/2026-03/{}",
    "/webhooks-journal/journal/2026-03/offset/{}/next", "/webhooks-journal/files/{}", "/webhooks-journal/files/1-{}",
    "/contacts/39402715/record/0-5/{}", "/contacts/{}/record/0-5/1", "/{}",
)  # fmt: skip
SEGMENTS: Final = st.one_of(
    st.text(max_size=20), st.sampled_from(["²", "٣", "9" * 5000, "-1", "1e9", "0", "..", "%00", "1-²", "70010003"])
)
JSONS: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS: Final = st.dictionaries(
    st.sampled_from(
        ["client_id", "client_secret", "grant_type", "code", "redirect_uri", "refresh_token", "token", "scope",
         "optional_scope", "code_challenge", "decision", "user", "limit", "after", "idProperty", "expires", "signature",
         "as", "hapikey"]
    ),
    st.one_of(SEGMENTS, st.sampled_from(["CLIENT", "SECRET", "KEY", BACK, "oauth", "authorization_code", "allow"])),
    max_size=8,
)  # fmt: skip
WISHES: Final = st.dictionaries(
    st.sampled_from(
        ["targetUrl", "throttling", "eventType", "propertyName", "objectTypeId", "active", "inputs", "user", "app",
         "scope", "on", "search", "policy", "times", "target", "subscriptions"]
    ),
    st.one_of(JSONS, st.sampled_from(["http://127.0.0.1:1/x", "http://[::1", "ticket.creation", "DAILY", "tickets"])),
    max_size=6,
)  # fmt: skip


BODIES: Final = st.one_of(
    st.binary(max_size=40).map(lambda raw: raw.decode("utf-8", "replace")),
    WISHES.map(json.dumps),
    st.just("[" * 100_000),
)
MUTATIONS: Final = (
    "expire_tokens", "revoke_scope", "restore_scope", "rotation", "rate_limits", "exhaust", "webhooks",
    "duplicate_webhook", "reorder_webhook", "deactivate_user",
)  # fmt: skip


@dataclass(frozen=True)
class Nonsense:
    """A request in the making; CLIENT, SECRET, KEY and APP stand for what is true."""

    method: str
    path: str
    segment: str
    fields: dict[str, str]
    body: str
    as_form: bool
    with_token: bool


NONSENSE: Final = st.builds(
    Nonsense,
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "BREW"]),
    path=st.sampled_from(PATHS),
    segment=SEGMENTS,
    fields=FIELDS,
    body=BODIES,
    as_form=st.booleans(),
    with_token=st.booleans(),
)


@dataclass(frozen=True)
class World:
    """A portal, what stands for its secrets, and a user's token."""

    site: HubSpotSite
    stand_ins: dict[str, str]
    token: str

    def request(self, nonsense: Nonsense) -> Request:
        """The request as the front would make it."""
        text = urlencode({name: self.stand_ins.get(value, value) for name, value in nonsense.fields.items()})
        path = nonsense.path.replace("{}", nonsense.segment).replace("APP", self.stand_ins["APP"])
        body = text if nonsense.as_form else nonsense.body
        return request(nonsense.method, path, query=text, body=body, token=self.token if nonsense.with_token else "")


@pytest.fixture(scope="module")
def world() -> World:
    """One portal for all examples, without limits."""
    clock = Clock()
    site = HubSpotSite(example_portal(clock), clock)
    site.mutate("rate_limits", "", {"on": False})
    app = next(one for one in site.grants.apps.values() if one.user_level)
    code = site.grants.approve(Approval(app, "70010001", ("oauth", "settings.users.read"), BACK, ""))
    token = site.grants.open(site.grants.redeem(app, code, BACK, "")).text
    stand_ins = {"CLIENT": app.client_id, "SECRET": app.secret, "KEY": app.developer_key, "APP": str(app.id)}
    return World(site, stand_ins, token)


@settings(max_examples=400, deadline=None)
@given(nonsense=NONSENSE)
def test_every_request_gets_an_answer(world: World, nonsense: Nonsense) -> None:
    """A status below 500, and JSON with a message where it is a refusal in JSON."""
    asked = world.request(nonsense)
    answer = world.site.respond(asked)
    assert answer.status < 500
    if answer.status >= 400 and answer.headers["content-type"].startswith("application/json"):
        assert json.loads(answer.body)["message"]
    world.site.leaked(asked, answer, world.site.user_of(asked))


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(MUTATIONS), wish=WISHES)
def test_every_wish_is_granted_or_refused(world: World, name: str, wish: dict[str, Any]) -> None:
    """A mutation answers JSON or says why not, and nothing else."""
    state = world.site.save()
    with contextlib.suppress(Refused):
        json.dumps(world.site.mutate(name, "", wish))
    world.site.load(state)


@pytest.mark.parametrize(
    "url", ["", "http://[::1", "http://exa mple", "https://localhost.evil.example", "http://0x7f000001", "//127.0.0.1"]
)
def test_the_relay_knows_its_own_machine(world: World, url: str) -> None:
    """Whatever is not plainly an address of this machine is refused."""
    with pytest.raises(Refused):
        world.site.relay({"user": "70010001", "url": url})


def test_a_form_with_too_many_fields_is_no_form(world: World) -> None:
    """It is answered like an empty one."""
    body = "&".join(f"f{number}=1" for number in range(200))
    answer = world.site.respond(request("POST", "/oauth/2026-03/token", body=body))
    assert (answer.status, json.loads(answer.body)["status"]) == (400, "BAD_CLIENT_ID")
    assert world.site.respond(request("POST", "/oauth/authorize", body=quote(body))).status == 400
