"""OAuth for every CRM: authorization code with PKCE, refresh one at a time, revoke (Authlib does the protocol)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from connectors.errors import ConnectorError, Fatal, Retriable, Unauthorized
from connectors.interfaces import Token, TokenStore
from connectors.transport import TIMEOUT, retry_after

RECONNECT = "the CRM no longer accepts this connection: connect again"

_GONE = frozenset({"invalid_grant", "access_denied", "inactive_user", "inactive_org", "invalid_app_access"})
_CODE = re.compile(r"[a-z_]{1,40}")
_MIGRATION = 477
"""HubSpot moves an account to another data centre (contract, 2.5)."""


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """One OAuth client at one CRM.

    `client_secret` may be empty (a public client: PKCE only). `endpoints` are absolute URLs that `transport` has
    approved. `ca_file` is a PEM file to trust instead of the system's store. `introspect_endpoint` is RFC 7662's, for
    a CRM that says there whose token it is; `optional_scope` is what a user who may not grant it is not asked for
    (HubSpot).
    """

    client_id: str
    client_secret: str = field(repr=False)
    authorize_endpoint: str
    token_endpoint: str
    revoke_endpoint: str
    scope: str
    ca_file: str | None = None
    introspect_endpoint: str = ""
    optional_scope: str = ""

    def authorize_url(self, state: str, verifier: str, redirect_uri: str) -> str:
        """Where to send the browser. The challenge is S256; Salesforce knows no other (contract, 1.2)."""
        optional = {"optional_scope": self.optional_scope} if self.optional_scope else {}
        with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                self.authorize_endpoint, state=state, code_verifier=verifier, **optional
            )
        return str(url)

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """The token response for an authorization code.

        Raises:
            Unauthorized: the code was refused.
            Retriable: the CRM did not answer. The code may be spent: log in again.
            Fatal: the client is configured wrongly.
        """
        with self._client(redirect_uri) as client:
            return _ask(
                lambda: client.fetch_token(
                    self.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    **self._options(),
                )
            )

    def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """The token response for a refresh token; it holds the old refresh token when the CRM did not rotate it.

        Raises:
            Unauthorized: the grant is gone.
            Retriable: the CRM did not answer.
            Fatal: the client is configured wrongly.
        """
        with self._client("") as client:
            client.scope = None  # the grant's own scope: asking again may widen or fail
            return _ask(lambda: client.refresh_token(self.token_endpoint, refresh_token, **self._options()))

    def revoke(self, token: str) -> None:
        """Revoke a token; one that the CRM does not know (any more) counts as revoked.

        Raises:
            Retriable: the CRM did not answer.
        """
        with self._client("") as client:
            response = _send(lambda: client.revoke_token(self.revoke_endpoint, token=token, **self._options()))
        _not_now(response)
        if response.status_code >= requests.codes.server_error:
            raise Retriable("the CRM could not revoke the connection", code=str(response.status_code))

    def introspect(self, token: str) -> Mapping[str, Any]:
        """What the CRM says of a token (RFC 7662): at least `active`.

        Raises:
            Retriable: the CRM did not answer, or not with JSON.
            Fatal: the client is configured wrongly.
        """
        with self._client("") as client:
            response = _send(lambda: client.introspect_token(self.introspect_endpoint, token=token, **self._options()))
            _not_now(response)
            answer = _send(response.json)
        if not isinstance(answer, dict) or not isinstance(answer.get("active"), bool):
            raise _refusal(str(answer.get("error", "")) if isinstance(answer, dict) else "")
        return answer

    def _client(self, redirect_uri: str) -> OAuth2Session:
        method = "client_secret_post" if self.client_secret else "none"
        client = OAuth2Session(
            client_id=self.client_id,
            client_secret=self.client_secret or None,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            scope=self.scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        for answer in ("access_token_response", "refresh_token_response"):
            client.register_compliance_hook(answer, _not_now)
        return client

    def _options(self) -> dict[str, Any]:
        return {"timeout": TIMEOUT, "allow_redirects": False, "verify": self.ca_file or True}


class TokenEndpoint(Protocol):
    """What `Grants` needs of an `OAuthApp`."""

    def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """See `OAuthApp.refresh`."""

    def revoke(self, token: str) -> None:
        """See `OAuthApp.revoke`."""


class Grants:
    """Users' tokens, refreshed by one caller at a time and stored before use.

    With refresh-token rotation, replaying an old refresh token kills the whole grant (contract, 1.2). So the store's
    lock spans threads and processes, the token is read again inside it, and whoever comes second takes what the first
    one stored. `to_token` turns a CRM's token response (and the token it replaces) into a `Token`.
    """

    def __init__(
        self, app: TokenEndpoint, tokens: TokenStore, to_token: Callable[[Mapping[str, Any], Token | None], Token]
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._to_token = to_token

    def current(self, grant_id: str) -> Token:
        """The stored token.

        Raises:
            Unauthorized: there is none.
        """
        token = self._tokens.load(grant_id)
        if token is None:
            raise Unauthorized(RECONNECT, code="no_grant")
        return token

    def renew(self, grant_id: str, refused: Token) -> Token:
        """A token newer than `refused`, which the CRM has just refused.

        Raises:
            Unauthorized: the grant is gone; it has been forgotten, so nobody tries again.
            Retriable, Fatal: see `OAuthApp.refresh`.
        """
        with self._tokens.exclusive(grant_id):
            token = self.current(grant_id)
            if token.access_token != refused.access_token:
                return token
            try:
                answer = self._app.refresh(token.refresh_token)
            except Unauthorized:
                self._tokens.delete(grant_id)
                raise
            fresh = self._to_token(answer, token)
            self._tokens.save(grant_id, fresh)
            return fresh

    def confirm(self, grant_id: str, active: Callable[[str], bool]) -> None:
        """Forget a grant whose refresh token is no longer `active`; for a refusal that does not mean "refresh".

        Raises:
            Unauthorized: there is no such grant (any more).
            ConnectorError: what `active` raises; the grant is kept.
        """
        with self._tokens.exclusive(grant_id):
            if not active(self.current(grant_id).refresh_token):
                self._tokens.delete(grant_id)
                raise Unauthorized(RECONNECT, code="inactive_grant")

    def revoke(self, grant_id: str) -> None:
        """Revoke at the CRM, then forget; a grant that is not there is revoked already.

        Raises:
            Retriable: the CRM did not answer; the grant is kept, try again.
        """
        with self._tokens.exclusive(grant_id):
            token = self._tokens.load(grant_id)
            if token is None:
                return
            self._app.revoke(token.refresh_token or token.access_token)
            self._tokens.delete(grant_id)


def _not_now(response: requests.Response) -> requests.Response:
    """The answer, unless it says "too many" or "moving house": such a body is no OAuth answer (contract, 2.2 and 2.5).

    Raises:
        Retriable: after as many seconds as the CRM asks for.
    """
    if response.status_code in (requests.codes.too_many_requests, _MIGRATION):
        wait = retry_after(response.headers.get("Retry-After"), 10.0)
        raise Retriable("the CRM's login service is busy", code=str(response.status_code), retry_after=wait)
    return response


def _ask(call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = _send(call)
    if not isinstance(answer.get("access_token"), str):
        raise Fatal("the CRM's token answer has no access token", code="bad_token_answer")
    return answer


def _send(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - Authlib is untyped
    """Run one OAuth call, with errors that carry neither a body nor a URL (RFC 6749 puts secrets in both)."""
    try:
        return call()
    except OAuthError as refused:
        raise _refusal(str(refused.error)) from None
    except requests.RequestException:
        raise Retriable("the CRM's login service did not answer", code="oauth_unreachable") from None
    except (ValueError, TypeError):
        raise Retriable("the CRM's login service answered nonsense", code="oauth_bad_answer") from None


def _refusal(error: str) -> ConnectorError:
    """The error to raise for an OAuth error code. The description may name the user, so it is dropped."""
    code = error if _CODE.fullmatch(error) else "oauth_error"
    if code in _GONE:
        return Unauthorized(RECONNECT, code=code)
    return Fatal("the CRM refuses this OAuth client: check client id, secret, callback address and policies", code=code)
