"""A HubSpot portal (the example of the documentation) with its OAuth, and a helper per step of the flow; no HTTP."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.oauth import App, Grants, OAuthEndpoints, apps_of
from connectors.sandbox.hubspot.oauth.people import People
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.ratelimit import RateLimiter
from connectors.sandbox.load import load
from connectors.sandbox.wire import JSON, Request, Response

EXAMPLE: Final = Path(__file__).parents[3] / "connectors" / "sandbox" / "examples" / "harbourlight"
BASE: Final = "https://127.0.0.1:9443"
BACK: Final = "http://127.0.0.1:5000/oauth/callback"
INES, OSKAR, LUCIA, TARIQ, VERA = (
    f"{name}@harbourlight.example" for name in ("ines", "oskar", "lucia", "tariq", "vera")
)
SCOPE: Final = "oauth tickets crm.objects.contacts.read"
VERIFIER: Final = "v" * 64
CHALLENGE: Final = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def example_portal(clock: Clock) -> Portal:
    """The portal of `connectors/sandbox/examples/harbourlight`."""
    [(document, records)] = load(EXAMPLE)
    return Portal.load(document, records, clock)


def request(method: str, path: str, *, body: str = "", query: str = "", token: str = "") -> Request:
    """A request as the front makes it."""
    pairs = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return Request(method, path, pairs, headers, body.encode(), BASE, query)


def document(response: Response) -> JSON:
    """A JSON answer."""
    found: JSON = json.loads(response.body)
    return found


class Door:
    """The OAuth endpoints of the portal."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.portal = example_portal(self.clock)
        self.people = People(self.portal)
        self.user_level, self.account_level = apps_of(self.portal.hub_id)
        self.grants = Grants(self.portal.hub_id, self.clock, (self.user_level, self.account_level))
        self.limiter = RateLimiter(self.portal.hub_id, self.clock)
        self.endpoints = OAuthEndpoints(self.people, self.grants, self.limiter, self.clock)

    def call(self, asked: Request) -> Response:
        """Route one request."""
        handler = self.endpoints.route(asked.path)
        assert handler is not None, asked.path
        return handler(asked)

    def authorize(self, app: App, user: str, *, path: str = "/oauth/authorize", **changes: str) -> Response:
        """Ask, look at the page, choose a user and press a button."""
        ask = {"client_id": app.client_id, "redirect_uri": BACK, "scope": SCOPE, "state": "s&1"}
        decision = changes.pop("decision", "allow")
        query = urlencode({name: value for name, value in (ask | changes).items() if value})
        page = self.call(request("GET", path, query=query))
        if page.status != 200:
            return page
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.body.decode()))
        form = {name: unescape(value) for name, value in hidden.items()} | {"user": user, "decision": decision}
        return self.call(request("POST", "/oauth/authorize", body=urlencode(form)))

    def code(self, app: App, user: str, **changes: str) -> str:
        """A one-time code."""
        return back_of(self.authorize(app, user, **changes))["code"]

    def token(self, app: App, version: str = "2026-03", **form: str) -> Response:
        """One request to a token endpoint."""
        return self.call(request("POST", f"/oauth/{version}/token", body=_form(app, form)))

    def token_by_query(self, app: App, version: str, **form: str) -> Response:
        """The same with everything in the address."""
        return self.call(request("POST", f"/oauth/{version}/token", query=_form(app, form)))

    def log_in(self, app: App, user: str, version: str = "2026-03", **changes: str) -> JSON:
        """The whole flow; the token answer."""
        code = self.code(app, user, **changes)
        return document(self.token(app, version, grant_type="authorization_code", code=code, redirect_uri=BACK))

    def refresh(self, app: App, refresh_token: str, version: str = "2026-03") -> Response:
        """Use a refresh token."""
        return self.token(app, version, grant_type="refresh_token", refresh_token=refresh_token)

    def introspect(self, app: App, token: str, version: str = "2026-03") -> JSON:
        """Ask about a token."""
        form = urlencode({"client_id": app.client_id, "client_secret": app.secret, "token": token})
        return document(self.call(request("POST", f"/oauth/{version}/token/introspect", body=form)))


def _form(app: App, form: Mapping[str, str]) -> str:
    fields = {"client_id": app.client_id, "client_secret": app.secret, **form}
    return urlencode({name: value for name, value in fields.items() if value})


def back_of(response: Response) -> dict[str, str]:
    """The parameters with which the browser is sent back to the app."""
    assert response.status == 302, response.body
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}
