"""Who may come in: registered clients, one-time codes, grants with their refresh tokens, and live sessions.

Rules (contract, section 1.2): codes are single use and live 15 minutes; PKCE is S256 and required of every client; with
rotation each refresh retires the token it used, and a retired token that comes back revokes the whole grant; an access
token dies of idleness, and use in the second half of its life renews it.
"""

import base64
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.sandbox.clock import Clock
from connectors.sandbox.forms import comes_back
from connectors.sandbox.salesforce.oauth.policy import AppPolicy, OrgPolicy

CODE_SECONDS = 15 * 60
SESSION_SECONDS = 2 * 60 * 60
SCOPES = ("api", "refresh_token", "openid", "id", "profile", "email", "address", "phone", "web", "full", "chatter_api")


class OAuthError(Exception):
    """An answer of the token endpoint: RFC 6749 `error` and Salesforce's `error_description`."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


@dataclass(slots=True)
class Client:
    """A registered app. `secret` is "" for a public client; `paths` are the redirect paths it registered.

    Any port on a loopback host is accepted with an exactly matching path (RFC 8252, section 7.3), so that tests and the
    demo may listen anywhere.
    """

    id: str
    name: str
    secret: str = field(repr=False)
    paths: tuple[str, ...]
    rotate: bool = True
    policy: AppPolicy = field(default_factory=AppPolicy)

    def accepts(self, redirect_uri: str) -> bool:
        """Whether a redirect goes to a place that this client registered."""
        return comes_back(redirect_uri, self.paths)

    def authenticate(self, secret: str | None) -> None:
        """Check the secret: required of a confidential client, forbidden to a public one.

        Raises:
            OAuthError: `invalid_client`.
        """
        if not hmac.compare_digest((secret or "").encode(), self.secret.encode()):
            raise OAuthError("invalid_client", "invalid client credentials")


@dataclass(frozen=True, slots=True)
class Approval:
    """What a user agreed to on the consent page."""

    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str
    nonce: str


@dataclass(slots=True)
class Grant:
    """One user's consent to one client, alive until revoked. `refresh_token` is the current one or ""."""

    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    nonce: str
    refresh_token: str = field(repr=False, default="")
    revoked: bool = False


@dataclass(slots=True)
class Session:
    """An access token at work. `expires` is in epoch seconds of the virtual clock."""

    token: str = field(repr=False)
    grant: Grant
    issued: float
    expires: float

    @property
    def user_id(self) -> str:
        """Whose session it is."""
        return self.grant.user_id

    def allows(self, scope: str) -> bool:
        """Whether the grant covers a scope; `full` covers all but `refresh_token`."""
        return scope in self.grant.scopes or ("full" in self.grant.scopes and scope != "refresh_token")


@dataclass(frozen=True, slots=True)
class _Settings:
    timeout: float
    policy: OrgPolicy
    apps: Mapping[str, tuple[bool, AppPolicy]]


class Grants:
    """All OAuth state of one org. `timeout` is the session timeout in seconds."""

    def __init__(self, org_id: str, clock: Clock, clients: Mapping[str, Client]) -> None:
        self.clients = dict(clients)
        self.timeout = float(SESSION_SECONDS)
        self.policy = OrgPolicy()
        self._prefix = org_id[:15]
        self._clock = clock
        self._codes: dict[str, tuple[float, Approval] | None] = {}
        self._grants: dict[str, Grant] = {}
        self._sessions: dict[str, Session] = {}

    def client(self, client_id: str) -> Client:
        """A registered client.

        Raises:
            OAuthError: `invalid_client_id`.
        """
        try:
            return self.clients[client_id]
        except KeyError:
            raise OAuthError("invalid_client_id", "client identifier invalid") from None

    def approve(self, approval: Approval) -> str:
        """Make a one-time code for what the user agreed to."""
        code = "aPrx" + secrets.token_urlsafe(48)
        self._codes[code] = (self._clock.time(), approval)
        return code

    def redeem(self, client: Client, code: str, redirect_uri: str, verifier: str) -> Grant:
        """Trade a code for a grant; the code is spent by the first attempt of its own client.

        Raises:
            OAuthError: `invalid_grant`, `redirect_uri_mismatch`.
        """
        known = self._codes.get(code)
        if code not in self._codes or (known is not None and known[1].client_id != client.id):
            raise OAuthError("invalid_grant", "invalid authorization code")
        self._codes[code] = None
        if known is None or self._clock.time() - known[0] > CODE_SECONDS:
            raise OAuthError("invalid_grant", "expired authorization code")
        approval = known[1]
        if redirect_uri != approval.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if not hmac.compare_digest(s256(verifier), approval.challenge):
            raise OAuthError("invalid_grant", "invalid code verifier")
        grant = Grant(client.id, approval.user_id, approval.scopes, approval.nonce)
        if "refresh_token" in grant.scopes:
            self._give_refresh_token(grant)
        return grant

    def refresh(self, client: Client, token: str) -> Grant:
        """Use a refresh token. With rotation, `refresh_token` of the answer is new and `token` is dead.

        Raises:
            OAuthError: `invalid_grant`; when the token was retired before, the grant is now revoked.
        """
        grant = self._grants.get(token)
        if grant is None or grant.client_id != client.id:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        if not grant.revoked and grant.refresh_token != token:
            self._end(grant)
        if grant.revoked:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        if client.rotate:
            self._give_refresh_token(grant)
        return grant

    def of(self, client_id: str, user_id: str) -> list[Grant]:
        """The live grants with a refresh token that a user gave to a client."""
        mine = (grant for grant in self._grants.values() if (grant.client_id, grant.user_id) == (client_id, user_id))
        return list({id(grant): grant for grant in mine if not grant.revoked}.values())

    def open(self, grant: Grant) -> Session:
        """Start a session under a grant."""
        now = self._clock.time()
        token = f"{self._prefix}!AQ{secrets.token_urlsafe(66).replace('-', '.')}"
        session = Session(token, grant, now, now + self.timeout)
        self._sessions[token] = session
        return session

    def session(self, token: str, *, touch: bool = True) -> Session | None:
        """The live session of an access token; `touch=False` only looks."""
        session = self._sessions.get(token)
        if session is None or session.grant.revoked:
            return None
        left = session.expires - self._clock.time()
        if left <= 0:
            return None
        if touch and left < self.timeout / 2:
            session.expires = self._clock.time() + self.timeout
        return session

    def grant_of(self, refresh_token: str) -> Grant | None:
        """The live grant whose current refresh token this is."""
        grant = self._grants.get(refresh_token)
        return grant if grant and not grant.revoked and grant.refresh_token == refresh_token else None

    def revoke(self, token: str) -> bool:
        """Revoke an access token, or with a refresh token the whole grant; whether anything was alive."""
        if grant := self.grant_of(token):
            self._end(grant)
            return True
        return self._sessions.pop(token, None) is not None

    def end_sessions(self, user_id: str = "") -> int:
        """Expire the access tokens of one user (or of all); refresh tokens live on. How many there were."""
        doomed = [token for token, session in self._sessions.items() if user_id in {"", session.user_id}]
        for token in doomed:
            del self._sessions[token]
        return len(doomed)

    def end_grants(self, user_id: str = "") -> int:
        """Revoke the grants of one user (or of all). How many there were."""
        alive = {id(g): g for g in self._grants.values() if not g.revoked and user_id in {"", g.user_id}}
        for grant in alive.values():
            self._end(grant)
        self.end_sessions(user_id)
        return len(alive)

    def replay(self, user_id: str = "") -> int:
        """Present a retired refresh token of one user (or of all) again; how many grants that ended."""
        retired = {
            id(grant): (token, grant)
            for token, grant in self._grants.items()
            if user_id in {"", grant.user_id} and not grant.revoked and grant.refresh_token != token
        }
        for token, grant in retired.values():
            with contextlib.suppress(OAuthError):  # the answer goes to whoever stole the token
                self.refresh(self.clients[grant.client_id], token)
        return len(retired)

    def settings(self) -> object:
        """Timeout, rotation and policies, to be given to `restore`; codes, grants and sessions are no part of it."""
        apps = {client.id: (client.rotate, client.policy) for client in self.clients.values()}
        return _Settings(self.timeout, self.policy, apps)

    def restore(self, settings: object) -> None:
        """Put back what `settings` returned."""
        if not isinstance(settings, _Settings):
            raise TypeError("not the settings of OAuth")
        self.timeout, self.policy = settings.timeout, settings.policy
        for client_id, (rotate, policy) in settings.apps.items():
            self.clients[client_id].rotate, self.clients[client_id].policy = rotate, policy

    def _give_refresh_token(self, grant: Grant) -> None:
        grant.refresh_token = f"5Aep861{secrets.token_urlsafe(60)}"
        self._grants[grant.refresh_token] = grant

    def _end(self, grant: Grant) -> None:
        grant.revoked = True
        self._sessions = {token: s for token, s in self._sessions.items() if s.grant is not grant}


def s256(verifier: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
