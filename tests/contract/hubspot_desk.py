"""A support agent and an administrator of the generated portal, each with HubSpot's own Python client in hand."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from hubspot import HubSpot
from hubspot.utils.oauth import AUTHORIZE_URL, get_auth_url

from connectors.sandbox.client import SandboxClient, SandboxOrg, consent, log_in
from connectors.sandbox.data import DEMO_TICKET_ID, DEMO_TICKET_RELATED_MINE_ID, DEMO_TICKET_RELATED_THEIRS_ID
from connectors.sandbox.data.hubspot.builder import object_id
from connectors.sandbox.process import SandboxProcess

PORTAL: Final = "meridian"
MIRA, INSTALLER = "mira.lindgren@meridian-flow.example", "sidecar.integration@meridian-flow.example"
BACK: Final = "http://localhost:1717/OauthRedirect"
TICKET, MINE, THEIRS = DEMO_TICKET_ID, DEMO_TICKET_RELATED_MINE_ID, DEMO_TICKET_RELATED_THEIRS_ID
"""Mira sees the first two."""
CONTACT, OTHER_CONTACT = object_id("contacts", 1), object_id("contacts", 2)
COMPANY, OTHER_COMPANY = object_id("companies", 1), object_id("companies", 2)
DEVICE, SERIAL = object_id("devices", 1), "A37-649346"
EMAIL = "nisha.raman@ullswater-vaccines.example"
DEVICES: Final = "2-48210001"
KEY: Final = "assistant_writeback_key"
USER, OWNER = "61204014", "158330014"
"""Mira as a user, and as an owner."""
NOW: Final = "2026-11-24T09:00:00.000Z"
SUBJECT: Final = "Beacon Rugged in cold store 2 drops off every night, alarms missing"
NOTE: Final = {"hs_timestamp": NOW, "hs_note_body": "<p>Called back.</p>"}
TO_TICKET: Final = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}


@dataclass(frozen=True)
class Desk:
    """`mira` has an agent's rights by a user-level app, `key` everything by the account's service key."""

    mira: Any
    key: Any
    portal: SandboxOrg
    sandbox: SandboxProcess

    def client(self, token: str = "", **more: Any) -> Any:  # noqa: ANN401 - the client's namespaces have no types
        """Another client, pointed at the sandbox as its users can."""
        return HubSpot(access_token=token, host=self.portal.http, base_url=self.portal.http, **more)

    def mutate(self, name: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Change something behind the users' backs."""
        return self.sandbox.control.mutate(PORTAL, name, **arguments)

    def indexed(self) -> None:
        """Let the search index keep up."""
        self.sandbox.control.advance(3)

    def code(self, user: str = MIRA, app: SandboxClient | None = None, **ask: Any) -> str:  # noqa: ANN401 - the client's
        """A code from the consent page, at the address that the client builds; only its host is changed."""
        address = get_auth_url((app or self.portal.web_client).id, BACK, **ask)
        back = consent(address.replace(AUTHORIZE_URL, f"{self.portal.http}/oauth/authorize"), user)
        return parse_qs(urlsplit(back).query)["code"][0]

    def token(self, app: SandboxClient | None = None, **grant: str) -> Any:  # noqa: ANN401 - a model of the client
        """What the token endpoint gives for a grant."""
        app = app or self.portal.web_client
        secret = {"client_id": app.id, "client_secret": app.secret, "redirect_uri": BACK}
        return self.client().oauth.tokens_api.create(**{**secret, **grant})

    def granted(self, user: str = MIRA) -> Any:  # noqa: ANN401 - a model of the client
        """Fresh tokens that no other test holds."""
        return self.token(grant_type="authorization_code", code=self.code(user, scope=("oauth", "tickets")))


@dataclass(frozen=True)
class Refusal:
    """What the client raises: the name of its class, the status, and `category` (OAuth: `status`) of the body."""

    kind: str
    status: int
    category: str = ""


Table = Mapping[str, tuple[Callable[[Desk], object], object]]
"""Calls by name, each with what it must give."""


NOT_FOUND: Final = Refusal("NotFoundException", 404)
INVALID: Final = Refusal("ApiException", 400, "VALIDATION_ERROR")
FORBIDDEN: Final = Refusal("ForbiddenException", 403, "MISSING_SCOPES")


def refusal(call: Callable[[], object]) -> Refusal:
    """How a call is refused. Raises AssertionError when it is not."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - every package of the client has exceptions of its own
        call()
    error: Any = caught.value
    assert type(error).__module__.startswith("hubspot."), repr(error)
    body = json.loads(error.body)
    assert body["message"]
    return Refusal(type(error).__name__, error.status, body.get("category") or body["status"].removeprefix("error"))


def running_desk() -> Iterator[Desk]:
    """Both of them at work in a sandbox whose clean state is kept as "clean"."""
    with SandboxProcess() as process:
        process.control.mutate(PORTAL, "rate_limits", on=False)
        process.control.snapshot("clean")
        portal = process.orgs[PORTAL]
        desk = Desk(None, None, portal, process)
        token = log_in(portal.http, portal.web_client, MIRA)["access_token"]
        yield Desk(desk.client(token), desk.client(portal.service_key), portal, process)
