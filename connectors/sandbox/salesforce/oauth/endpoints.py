"""The OAuth paths of one org: which request goes where, and the token, introspection and revocation answers."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import unquote_plus, urlencode

from connectors.sandbox.clock import Clock
from connectors.sandbox.forms import form_fields
from connectors.sandbox.salesforce.oauth import soap
from connectors.sandbox.salesforce.oauth.consent import ConsentPage
from connectors.sandbox.salesforce.oauth.grants import Client, Grant, Grants, OAuthError, Session
from connectors.sandbox.salesforce.oauth.identity import Directory, Identity
from connectors.sandbox.salesforce.oauth.jwt_bearer import redeem
from connectors.sandbox.salesforce.oauth.policy import GRANT_TYPES, JWT_BEARER
from connectors.sandbox.wire import JSON, Request, Response

_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


class OAuthEndpoints:
    """Answers `/services/oauth2/*`, `/id/*`, `/.well-known/openid-configuration` and the SOAP login."""

    def __init__(self, directory: Directory, grants: Grants, clock: Clock) -> None:
        self._directory = directory
        self._grants = grants
        self._clock = clock
        self._identity = Identity(directory, grants, clock)
        self._soap = soap.login(directory, grants)
        consent = ConsentPage(directory, grants)
        self._routes: Mapping[str, Callable[[Request], Response]] = {
            "/services/oauth2/authorize": consent.respond,
            "/services/oauth2/token": self._form(self._token),
            "/services/oauth2/introspect": self._form(self._introspect),
            "/services/oauth2/revoke": self._revoke,
            "/services/oauth2/userinfo": self._identity.userinfo,
            "/.well-known/openid-configuration": self._identity.discovery,
            "/id/keys": self._identity.keys,
        }

    @property
    def paths(self) -> tuple[str, ...]:
        """The fixed paths that are ours."""
        return tuple(self._routes)

    def route(self, path: str) -> Callable[[Request], Response] | None:
        """The handler of a path (without trailing slash), or None when the path is not ours."""
        if path.startswith("/id/") and path != "/id/keys":
            return self._identity.identity
        if path.startswith(soap.PREFIX):
            return self._soap
        return self._routes.get(path)

    def _form(self, answer: Callable[[Mapping[str, str], Request], JSON]) -> Callable[[Request], Response]:
        """Turn a function of a form into a handler that speaks the endpoint's error format."""

        def handler(request: Request) -> Response:
            try:
                if request.method != "POST":
                    raise OAuthError("invalid_request", "must use HTTP POST")  # noqa: TRY301 - answered like all others
                document, status = answer(form_fields(request.body), request), 200
            except OAuthError as error:
                document, status = self._refusal(error), error.status
            response = Response.json(document, status)
            return Response(status, response.body, {**response.headers, **_NO_STORE})

        return handler

    def _refusal(self, error: OAuthError) -> JSON:
        """The body of an error; some orgs leave out the description."""
        described = {} if self._grants.policy.terse_errors else {"error_description": error.description}
        return {"error": error.error} | described

    def _token(self, form: Mapping[str, str], request: Request) -> JSON:
        kind = form.get("grant_type", "")
        if kind not in GRANT_TYPES:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        if self._grants.policy.locked:
            raise OAuthError("inactive_org", "organization is inactive")
        if self._grants.policy.ip_restricted:
            raise OAuthError("invalid_grant", "ip restricted")
        if kind == JWT_BEARER:
            now = self._clock.time()
            client, grant = redeem(form.get("assertion", ""), self._grants, self._directory, request.base_url, now)
            _check_flow(client, kind)
            self._admit(client, grant)
            return self._issue_for_assertion(grant, request.base_url)
        client = self._client(form, request)
        _check_flow(client, kind)
        if kind == "refresh_token":
            grant = self._grants.refresh(client, form.get("refresh_token", ""))
            new_refresh_token = grant.refresh_token if client.rotate else ""
        else:
            grant = self._grants.redeem(
                client, form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", "")
            )
            new_refresh_token = grant.refresh_token
        self._admit(client, grant)
        return self._issue(client, grant, new_refresh_token, request.base_url)

    def _admit(self, client: Client, grant: Grant) -> None:
        """Turn away users who may not come in."""
        if not self._user(grant).get("IsActive", True):
            raise OAuthError("inactive_user", "user is inactive")
        if not client.policy.admits(grant.user_id):
            raise OAuthError("invalid_app_access", "user is not admin approved to access this app")

    def _user(self, grant: Grant) -> Mapping[str, object]:
        return self._directory.user(grant.user_id) or {"IsActive": False}

    def _issue(self, client: Client, grant: Grant, refresh_token: str, base_url: str) -> JSON:
        session = self._grants.open(grant)
        identity_url = self._identity.url(base_url, grant.user_id)
        issued_at = str(int(session.issued * 1000))
        document: JSON = {"access_token": session.token}
        if refresh_token:
            document["refresh_token"] = refresh_token
        document["signature"] = _signature(client.secret, identity_url + issued_at)
        document["scope"] = " ".join(grant.scopes)
        if session.allows("openid"):
            document["id_token"] = self._identity.id_token(session, client, base_url)
        return document | {
            "instance_url": base_url,
            "id": identity_url,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }

    def _issue_for_assertion(self, grant: Grant, base_url: str) -> JSON:
        """The shorter answer of the JWT bearer flow: no refresh token, no signature."""
        session = self._grants.open(grant)
        return {
            "access_token": session.token,
            "scope": " ".join(grant.scopes),
            "instance_url": base_url,
            "id": self._identity.url(base_url, grant.user_id),
            "token_type": "Bearer",
        }

    def _introspect(self, form: Mapping[str, str], request: Request) -> JSON:
        client = self._client(form, request, status=401)
        token = form.get("token", "")
        session = self._grants.session(token, touch=False)
        grant = session.grant if session else self._grants.grant_of(token)
        if grant is None or grant.client_id != client.id:
            return {"active": False}
        document: JSON = {
            "active": True,
            "scope": " ".join(grant.scopes),
            "client_id": client.id,
            "username": self._user(grant).get("Username"),
            "sub": self._identity.url(request.base_url, grant.user_id),
            "token_type": "access_token" if session else "refresh_token",
        }
        return document | (_lifetime(session) if session else {})

    def _revoke(self, request: Request) -> Response:
        """RFC 7009, except that Salesforce takes GET too and answers errors in a form-encoded body."""
        form = {**request.query, **form_fields(request.body)}
        if self._grants.revoke(form.get("token", "")):
            return Response(200, b"", {"content-type": "text/html;charset=UTF-8"})
        error = urlencode({"error": "invalid_token", "error_description": "the token is invalid"})
        return Response.text(error, 400, "application/x-www-form-urlencoded")

    def _client(self, form: Mapping[str, str], request: Request, status: int = 400) -> Client:
        """The authenticated client, by HTTP Basic (RFC 6749, section 2.3.1) or by the body.

        Raises:
            OAuthError: `invalid_client_id`, `invalid_client`.
        """
        client_id, secret = form.get("client_id", ""), form.get("client_secret")
        scheme, _, blob = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, password = base64.b64decode(blob, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise OAuthError("invalid_client", "invalid client credentials", status) from None
            client_id, secret = unquote_plus(name), unquote_plus(password)
        try:
            client = self._grants.client(client_id)
            client.authenticate(secret)
        except OAuthError as error:
            raise OAuthError(error.error, error.description, status) from None
        return client


def _check_flow(client: Client, kind: str) -> None:
    """Refuse a flow that the app may not use, as an unknown one is refused."""
    if kind not in client.policy.grant_types:
        raise OAuthError("unsupported_grant_type", "grant type not supported")


def _lifetime(session: Session) -> JSON:
    issued = int(session.issued)
    return {"exp": int(session.expires), "iat": issued, "nbf": issued}


def _signature(secret: str, text: str) -> str:
    """Salesforce's proof that the identity URL was not swapped: HMAC-SHA-256 keyed with the client secret, base64."""
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256)).decode()
