"""Who may come in: one-time codes, installs with their refresh tokens, access tokens of thirty minutes.

Contract, section 2.2: an access token lives 1800 seconds and longer than 300 characters; a refresh token neither
expires nor rotates unless its app is told to (`rotate`); a refresh leaves older access tokens alive.
"""

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.oauth.apps import SCOPES, App, derived

CODE_SECONDS: Final = 300
TOKEN_SECONDS: Final = 1800
_TOKEN_BYTES: Final = 240


class OAuthFailure(Exception):
    """An answer of the token endpoints: RFC 6749 `error` and `error_description`, and HubSpot's own `status`."""

    def __init__(self, error: str, description: str, status: str, http: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.http = http


@dataclass(frozen=True, slots=True)
class Approval:
    """What a user agreed to on the consent page; `challenge` is "" when the app sent none."""

    app: App
    user_id: str
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str


@dataclass(slots=True)
class Grant:
    """One install: a user's consent to an app, alive until revoked. `refresh_token` is the current one."""

    app: App
    user_id: str
    scopes: tuple[str, ...]
    refresh_token: str = field(repr=False, default="")
    revoked: bool = False


@dataclass(slots=True)
class AccessToken:
    """A token at work. `grant` is None for a token of the app itself; `expires` is in virtual epoch seconds."""

    text: str = field(repr=False)
    app: App
    user_id: str
    scopes: tuple[str, ...]
    issued: float
    expires: float
    grant: Grant | None


class Grants:
    """All OAuth state of one portal."""

    def __init__(self, hub_id: str, clock: Clock, apps: Iterable[App]) -> None:
        self.hub_id = hub_id
        self.apps = {app.client_id: app for app in apps}
        self._clock = clock
        self._codes: dict[str, tuple[float, Approval]] = {}
        self._grants: dict[str, Grant] = {}
        self._tokens: dict[str, AccessToken] = {}

    def app(self, client_id: str) -> App:
        """A registered app.

        Raises:
            OAuthFailure: `BAD_CLIENT_ID`.
        """
        try:
            return self.apps[client_id]
        except KeyError:
            raise OAuthFailure("invalid_client", "missing or invalid client id", "BAD_CLIENT_ID") from None

    def authenticated(self, client_id: str, secret: str) -> App:
        """A registered app that knows its secret.

        Raises:
            OAuthFailure: `BAD_CLIENT_ID`, `BAD_CLIENT_SECRET`.
        """
        app = self.app(client_id)
        if not app.knows(secret):
            raise OAuthFailure("invalid_client", "missing or invalid client secret", "BAD_CLIENT_SECRET")
        return app

    def approve(self, approval: Approval) -> str:
        """Make a one-time code for what the user agreed to."""
        code = f"na1-sbac-{uuid.uuid4()}"
        self._codes[code] = (self._clock.time(), approval)
        return code

    def redeem(self, app: App, code: str, redirect_uri: str, verifier: str) -> Grant:
        """Trade a code for an install; the first attempt of its own app spends it.

        Raises:
            OAuthFailure: `BAD_AUTH_CODE`, `MISMATCH_REDIRECT_URI_AUTH_CODE`.
        """
        bad = OAuthFailure("invalid_grant", "missing or unknown auth code", "BAD_AUTH_CODE")
        issued, approval = self._codes.get(code, (0.0, None))
        if approval is None or approval.app is not app:
            raise bad
        del self._codes[code]
        if self._clock.time() - issued > CODE_SECONDS:
            raise bad
        if redirect_uri != approval.redirect_uri:
            text = "redirect_uri does not match the initial auth request"
            raise OAuthFailure("invalid_grant", text, "MISMATCH_REDIRECT_URI_AUTH_CODE")
        if approval.challenge and not hmac.compare_digest(s256(verifier), approval.challenge):
            raise OAuthFailure("invalid_grant", "code_verifier does not match the code challenge", "BAD_AUTH_CODE")
        grant = Grant(app, approval.user_id, approval.scopes)
        self._give_refresh_token(grant)
        return grant

    def refresh(self, app: App, token: str) -> Grant:
        """Use a refresh token. With rotation the grant's `refresh_token` is new and `token` is dead.

        Raises:
            OAuthFailure: `BAD_REFRESH_TOKEN`.
        """
        grant = self.grant_of(token)
        if grant is None or grant.app is not app:
            text = "refresh token is invalid, expired or revoked"
            raise OAuthFailure("invalid_grant", text, "BAD_REFRESH_TOKEN")
        if app.rotate:
            self._give_refresh_token(grant)
        return grant

    def open(self, grant: Grant) -> AccessToken:
        """Make an access token for a user's grant."""
        return self._issue(grant.app, grant.user_id, grant.scopes, grant)

    def open_for_app(self, app: App, scopes: Collection[str]) -> AccessToken:
        """Make an access token for the app itself (client credentials)."""
        return self._issue(app, "", tuple(scopes), None)

    def token(self, text: str) -> AccessToken | None:
        """An access token that was issued and not revoked; it may have expired."""
        token = self._tokens.get(text)
        return None if token is None or (token.grant and token.grant.revoked) else token

    def live(self, text: str) -> AccessToken | None:
        """The same, only if it has not expired."""
        token = self.token(text)
        return token if token and token.expires > self._clock.time() else None

    def grant_of(self, refresh_token: str) -> Grant | None:
        """The living grant whose current refresh token this is."""
        grant = self._grants.get(refresh_token)
        return grant if grant and not grant.revoked and grant.refresh_token == refresh_token else None

    def revoke(self, text: str) -> None:
        """Revoke an access token, or with a refresh token the whole grant. An unknown token is no error (RFC 7009)."""
        if grant := self.grant_of(text):
            grant.revoked = True
        self._tokens.pop(text, None)

    def uninstall(self, token: AccessToken) -> None:
        """Remove the app: for the whole account, or with a user-level token for that user."""
        self.end_grants(token.user_id if token.app.user_level else "", token.app)

    def expire_tokens(self, user_id: str = "") -> int:
        """Let the access tokens of one user (or of all) expire now; refresh tokens live on. How many were alive."""
        now = self._clock.time()
        alive = [t for t in self._tokens.values() if t.expires > now and user_id in {"", t.user_id}]
        for token in alive:
            token.expires = now
        return len(alive)

    def end_grants(self, user_id: str = "", app: App | None = None) -> int:
        """Revoke the grants of one user (or of all), of one app (or of both). How many were alive."""
        alive = {
            id(grant): grant
            for grant in self._grants.values()
            if not grant.revoked and user_id in {"", grant.user_id} and (app is None or grant.app is app)
        }
        for grant in alive.values():
            grant.revoked = True
        return len(alive)

    def is_installed(self, app: App) -> bool:
        """Whether anybody has the app. May be asked from any thread: it looks at a copy."""
        return any(grant.app is app and not grant.revoked for grant in tuple(self._grants.values()))

    def _issue(self, app: App, user_id: str, scopes: tuple[str, ...], grant: Grant | None) -> AccessToken:
        now = self._clock.time()
        token = AccessToken(
            f"CNsb{secrets.token_urlsafe(_TOKEN_BYTES)}", app, user_id, scopes, now, now + TOKEN_SECONDS, grant
        )
        self._tokens[token.text] = token
        return token

    def _give_refresh_token(self, grant: Grant) -> None:
        grant.refresh_token = f"na1-sbrt-{uuid.uuid4()}"
        self._grants[grant.refresh_token] = grant


def service_key(hub_id: str) -> AccessToken:
    """The account's own key, for administration scripts: every scope, no user behind it, it never expires."""
    secret = derived(hub_id, "service key secret")
    app = App(999_000, "Service key", derived(hub_id, "service key"), secret, user_level=False)
    return AccessToken(f"pat-na1-{secret}", app, "", tuple(SCOPES), 0.0, float("inf"), None)


def s256(verifier: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
