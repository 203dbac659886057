"""Who a token belongs to: ID tokens, userinfo, the identity URL, discovery and the signing key."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from joserfc import jwt
from joserfc.jwk import RSAKey

from connectors.sandbox.clock import Clock
from connectors.sandbox.salesforce.oauth.grants import SCOPES, Client, Grants, Session
from connectors.sandbox.salesforce.oauth.policy import GRANT_TYPES
from connectors.sandbox.wire import JSON, Request, Response

_FORBIDDEN = 403
_MISSING = 404
_ID_TOKEN_SECONDS = 120


class Directory(Protocol):
    """What OAuth needs of an org: its id and its users as records in REST field names."""

    @property
    def id(self) -> str:
        """The 18-character org id."""

    def user(self, user_id: str) -> Mapping[str, Any] | None:
        """One user, or None."""

    def users(self) -> Sequence[Mapping[str, Any]]:
        """All users, active or not."""


class Identity:
    """The OpenID side of one org. Errors are plain text, as Salesforce answers them here."""

    def __init__(self, directory: Directory, grants: Grants, clock: Clock) -> None:
        self._directory = directory
        self._grants = grants
        self._clock = clock

    @cached_property
    def _key(self) -> RSAKey:
        """Made at first use: a quarter of a second that a start without OpenID need not wait for."""
        return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, private=True, auto_kid=True)

    def url(self, base_url: str, user_id: str) -> str:
        """The identity URL, which is also the `sub` of tokens."""
        return f"{base_url}/id/{self._directory.id}/{user_id}"

    def id_token(self, session: Session, client: Client, base_url: str) -> str:
        """A signed OpenID Connect ID token for a new session."""
        now = int(self._clock.time())
        claims: JSON = {
            "iss": base_url,
            "sub": self.url(base_url, session.user_id),
            "aud": client.id,
            "iat": now,
            "exp": now + _ID_TOKEN_SECONDS,
            "at_hash": _half_hash(session.token),
        }
        if session.grant.nonce:
            claims["nonce"] = session.grant.nonce
        return jwt.encode({"alg": "RS256", "kid": self._key.kid, "typ": "JWT"}, claims, self._key)

    def keys(self, _request: Request) -> Response:
        """The JWKS."""
        return Response.json({"keys": [self._key.as_dict(private=False)]})

    def discovery(self, request: Request) -> Response:
        """OpenID Connect discovery."""
        base, oauth = request.base_url, f"{request.base_url}/services/oauth2"
        return Response.json(
            {
                "issuer": base,
                "authorization_endpoint": f"{oauth}/authorize",
                "token_endpoint": f"{oauth}/token",
                "revocation_endpoint": f"{oauth}/revoke",
                "introspection_endpoint": f"{oauth}/introspect",
                "userinfo_endpoint": f"{oauth}/userinfo",
                "jwks_uri": f"{base}/id/keys",
                "scopes_supported": list(SCOPES),
                "response_types_supported": ["code"],
                "grant_types_supported": list(GRANT_TYPES),
                "code_challenge_methods_supported": ["S256"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            }
        )

    def userinfo(self, request: Request) -> Response:
        """OpenID Connect userinfo: who the presented access token belongs to."""
        found = self._session(request)
        if isinstance(found, Response):
            return found
        return self._person(request, found.user_id, openid=True)

    def identity(self, request: Request) -> Response:
        """The identity URL `/id/{org}/{user}`: the token may come as a header or as `?oauth_token=`."""
        found = self._session(request)
        if isinstance(found, Response):
            return found
        org_id, _, user_id = request.path.removeprefix("/id/").rstrip("/").partition("/")
        if org_id[:15] != self._directory.id[:15]:
            return Response.text("Wrong_Org", _FORBIDDEN)
        if not any(user["Id"][:15] == user_id[:15] for user in self._directory.users()):
            return Response.text("Bad_Id", _MISSING)
        if user_id[:15] != found.user_id[:15]:
            return Response.text("Bad_OAuth_Token", _FORBIDDEN)
        return self._person(request, found.user_id, openid=False)

    def _session(self, request: Request) -> Session | Response:
        token = bearer(request.headers) or request.query.get("oauth_token", "")
        if not token:
            return Response.text("Missing_OAuth_Token", _FORBIDDEN)
        session = self._grants.session(token)
        if session is None or not any(map(session.allows, ("id", "openid", "profile", "api"))):
            return Response.text("Bad_OAuth_Token", _FORBIDDEN)
        return session

    def _person(self, request: Request, user_id: str, *, openid: bool) -> Response:
        user = self._directory.user(user_id) or {}
        base, identity_url = request.base_url, self.url(request.base_url, user_id)
        urls = _urls(base, self._directory.id, user_id)
        if version := request.query.get("version", ""):
            urls = {name: url.replace("{version}", version) for name, url in urls.items()}
        shared: JSON = {
            "user_id": user_id,
            "organization_id": self._directory.id,
            "email": user.get("Email"),
            "email_verified": True,
            "photos": {"picture": f"{base}/profilephoto/005/F", "thumbnail": f"{base}/profilephoto/005/T"},
            "urls": urls,
            "active": bool(user.get("IsActive", True)),
            "user_type": user.get("UserType") or "STANDARD",
            "language": user.get("LanguageLocaleKey") or "en_US",
            "locale": user.get("LocaleSidKey") or "en_US",
            "utcOffset": 0,
        }
        if openid:
            return Response.json(
                {
                    "sub": identity_url,
                    "preferred_username": user.get("Username"),
                    "nickname": user.get("Alias") or user.get("Username"),
                    "name": user.get("Name"),
                    "given_name": user.get("FirstName"),
                    "family_name": user.get("LastName"),
                    "zoneinfo": user.get("TimeZoneSidKey") or "GMT",
                    "updated_at": user.get("LastModifiedDate"),
                }
                | shared
            )
        return Response.json(
            {
                "id": identity_url,
                "asserted_user": True,
                "username": user.get("Username"),
                "nick_name": user.get("Alias") or user.get("Username"),
                "display_name": user.get("Name"),
                "first_name": user.get("FirstName"),
                "last_name": user.get("LastName"),
                "timezone": user.get("TimeZoneSidKey") or "GMT",
                "last_modified_date": user.get("LastModifiedDate"),
                "is_app_installed": True,
            }
            | shared
        )


def bearer(headers: Mapping[str, str]) -> str:
    """The access token of an `Authorization: Bearer …` or `OAuth …` header, or ""."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""


def _half_hash(token: str) -> str:
    """`at_hash` of OpenID Connect Core, section 3.1.3.6, for RS256."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()


def _urls(base: str, org_id: str, user_id: str) -> dict[str, str]:
    """The API addresses that clients read from an identity; `{version}` stays literal."""
    data = f"{base}/services/data/v{{version}}"
    soap = f"{base}/services/Soap"
    return {
        "enterprise": f"{soap}/c/{{version}}/{org_id}",
        "metadata": f"{soap}/m/{{version}}/{org_id}",
        "partner": f"{soap}/u/{{version}}/{org_id}",
        "rest": f"{data}/",
        "sobjects": f"{data}/sobjects/",
        "search": f"{data}/search/",
        "query": f"{data}/query/",
        "recent": f"{data}/recent/",
        "profile": f"{base}/{user_id}",
        "custom_domain": base,
    }
