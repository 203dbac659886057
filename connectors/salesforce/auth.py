"""Salesforce's flavour of OAuth: endpoints, the token answer, and whose token it is (contract, 1.2)."""

from collections.abc import Mapping
from typing import Any

import requests

from connectors.errors import Fatal, Unauthorized
from connectors.interfaces import Token, User
from connectors.oauth import OAuthApp
from connectors.salesforce.addresses import api_origin
from connectors.salesforce.answers import error_for, records_of
from connectors.salesforce.client import connect, restful
from connectors.salesforce.composite import answers, query, request_body
from connectors.salesforce.records import text
from connectors.salesforce.soql import literal, record_id, select
from connectors.transport import HttpSession, raise_unanswered

SCOPE = "api refresh_token id openid"

_FACTS = {"username": "Username", "profile": "Profile.Name", "role": "UserRole.Name"}
"""Attribute of the user for access rules -> where it stands on User."""


def oauth_app(login_url: str, client_id: str, client_secret: str, ca_file: str | None) -> OAuthApp:
    """The OAuth client of an org. `login_url` is the org's My Domain, or login/test.salesforce.com."""
    base = f"{api_origin(login_url)}/services/oauth2"
    return OAuthApp(
        client_id=client_id,
        client_secret=client_secret,
        authorize_endpoint=f"{base}/authorize",
        token_endpoint=f"{base}/token",
        revoke_endpoint=f"{base}/revoke",
        scope=SCOPE,
        ca_file=ca_file,
    )


def to_token(answer: Mapping[str, Any], before: Token | None) -> Token:
    """A `Token` from a token answer; what a refresh leaves out stays as it was.

    Salesforce gives no lifetime, so `expires_at` stays 0 and only a 401 says that a token is spent.

    Raises:
        Fatal: the app may not refresh, or the answer names no instance.
    """
    refresh = str(answer.get("refresh_token") or (before.refresh_token if before else ""))
    instance = str(answer.get("instance_url") or (before.instance_url if before else ""))
    if not refresh:
        raise Fatal("the OAuth client needs the scope refresh_token", code="no_refresh_token")
    scope = str(answer.get("scope") or (before.scope if before else ""))
    return Token(str(answer["access_token"]), refresh, api_origin(instance), scope)


def identify(login_url: str, token: Token, http: HttpSession, version: str) -> User:
    """Ask Salesforce whose token this is: `userinfo`, then the user's own record for the access rules.

    Raises:
        Unauthorized: the token was refused.
        Retriable: no answer.
        Fatal: an answer that makes no sense.
    """
    info = _userinfo(login_url, token, http)
    user_id, tenant = str(info.get("user_id", "")), str(info.get("organization_id", ""))
    if not user_id or not tenant:
        raise Fatal("Salesforce does not say whose token this is", code="bad_userinfo")
    zone = {"zone": str(info["zoneinfo"])} if info.get("zoneinfo") else {}
    return User(
        tenant=record_id(tenant),
        id=record_id(user_id),
        username=str(info.get("preferred_username") or ""),
        name=str(info.get("name") or ""),
        email=str(info.get("email") or ""),
        attributes=zone | _attributes(user_id, token, http, version),
    )


def _userinfo(login_url: str, token: Token, http: HttpSession) -> Mapping[str, Any]:
    url = f"{api_origin(login_url)}/services/oauth2/userinfo"
    try:
        response = http.get(url, headers={"Authorization": f"Bearer {token.access_token}"})
        if response.status_code == requests.codes.ok:
            info = response.json()
            return info if isinstance(info, dict) else {}
    except requests.RequestException as failed:
        raise_unanswered(failed, write=False)
    if response.status_code == requests.codes.forbidden:  # plain text: Bad_OAuth_Token and the like
        raise Unauthorized("Salesforce does not accept the new token", code="userinfo")
    raise error_for(response.status_code, None)


def _attributes(user_id: str, token: Token, http: HttpSession, version: str) -> dict[str, str]:
    """Facts for the access rules. Each is asked for itself, so that a hidden one costs only itself."""
    subs = [query(name, select((path,), "User", f"Id = {literal(user_id)}")) for name, path in _FACTS.items()]
    body = request_body(version, subs, all_or_none=False)
    found = answers(restful(connect(token, http, version), "POST", "composite", write=False, json=body), subs)
    facts: dict[str, str] = {}
    for name, path in _FACTS.items():
        rows = records_of(found[name].body) if found[name].ok else []
        if rows and (value := text(rows[0], path)):
            facts[name] = value
    return facts
