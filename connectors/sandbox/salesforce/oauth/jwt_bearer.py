"""The JWT bearer flow: a signed assertion instead of a login, for users who approved the app or whom an admin did."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError

from connectors.sandbox.salesforce.oauth.grants import Client, Grant, Grants, OAuthError
from connectors.sandbox.salesforce.oauth.identity import Directory

LIFETIME: Final = 5 * 60
"""Seconds that `exp` may lie ahead."""
LOGIN_HOSTS: Final = ("https://login.salesforce.com", "https://test.salesforce.com")
_SCOPES: Final = ("api", "id", "openid", "web")
"""What a pre-authorised user's session may do: what the app was made for."""


def redeem(assertion: str, grants: Grants, directory: Directory, base_url: str, now: float) -> tuple[Client, Grant]:
    """The client that signed an assertion, and a grant for the user it names; there is no refresh token.

    `exp` may be a number or, as simple-salesforce sends it, a numeric string.

    Raises:
        OAuthError: as the token endpoint answers.
    """
    client = grants.client(str(_unchecked(assertion).get("iss") or ""))
    claims = _checked(assertion, client)
    if claims.get("aud") not in (*LOGIN_HOSTS, base_url):
        raise OAuthError("invalid_grant", "audience is invalid")
    left = _number(claims.get("exp")) - now
    if not 0 < left <= LIFETIME:
        raise OAuthError("invalid_grant", "expired authorization code")
    name = str(claims.get("sub") or "").lower()
    user = next((user for user in directory.users() if str(user["Username"]).lower() == name), None)
    scopes = () if user is None else _approved(client, grants, str(user["Id"]))
    if user is None or not scopes:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return client, Grant(client.id, str(user["Id"]), scopes, "")


def _approved(client: Client, grants: Grants, user_id: str) -> tuple[str, ...]:
    """The scopes of the user's earlier approvals that include a refresh token, and of the admin's."""
    scopes = dict.fromkeys(_SCOPES if user_id in client.policy.users else ())
    for grant in grants.of(client.id, user_id):
        scopes |= dict.fromkeys(grant.scopes)
    return tuple(scope for scope in scopes if scope != "refresh_token")


def _unchecked(assertion: str) -> Mapping[str, Any]:
    """The claims before anybody vouches for them: enough to learn whose certificate to use."""
    try:
        _, payload, _ = assertion.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise OAuthError("invalid_grant", "invalid assertion")
    return claims


def _checked(assertion: str, client: Client) -> Mapping[str, Any]:
    if client.policy.certificate is None:
        raise OAuthError("invalid_grant", "invalid assertion")
    try:
        return jwt.decode(assertion, client.policy.certificate, algorithms=["RS256"]).claims
    except (JoseError, ValueError):
        raise OAuthError("invalid_grant", "invalid assertion") from None


def _number(value: object) -> float:
    try:
        return float(value if isinstance(value, int | float | str) and not isinstance(value, bool) else "")
    except (ValueError, OverflowError):
        raise OAuthError("invalid_grant", "invalid assertion") from None
