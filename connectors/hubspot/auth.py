"""HubSpot's flavour of OAuth: the dated endpoints, the token answer, and whose token it is (contract, 2.2)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connectors.errors import ConnectorError, Fatal, NotFound, Unauthorized
from connectors.hubspot.answers import JSON, shown
from connectors.hubspot.client import Call, Client
from connectors.hubspot.routes import unsupported
from connectors.hubspot.schema import Owner, parse_owner
from connectors.interfaces import Token, User
from connectors.oauth import RECONNECT, OAuthApp
from connectors.transport import trusted_origin

SCOPE = "oauth tickets crm.objects.contacts.read"
"""Tickets, and with the contacts scope notes, tasks, calls and e-mails as well (contract, 2.3)."""
OPTIONAL_SCOPE = (
    "crm.objects.contacts.write crm.objects.companies.read crm.objects.deals.read crm.objects.owners.read"
    " sales-email-read settings.users.read settings.users.teams.read"
)
"""What a user may lack the right to grant; the connection then works without (contract, 2.2 and 6)."""

OAUTH_VERSION = "2026-03"
"""Of the token endpoints, whatever version the records are read with: later introspection tells no user level."""

USER, ACCOUNT = "user", "account"
_ACCESS_NAMES = {USER: "user-level", ACCOUNT: "account-level"}


def oauth_app(api_url: str, app_url: str, client_id: str, client_secret: str, ca_file: str | None) -> OAuthApp:
    """The OAuth client of a HubSpot app."""
    base = f"{trusted_origin(api_url)}/oauth/{OAUTH_VERSION}/token"
    return OAuthApp(
        client_id=client_id,
        client_secret=client_secret,
        authorize_endpoint=f"{trusted_origin(app_url)}/oauth/authorize",
        token_endpoint=base,
        revoke_endpoint=f"{base}/revoke",
        introspect_endpoint=f"{base}/introspect",
        scope=SCOPE,
        optional_scope=OPTIONAL_SCOPE,
        ca_file=ca_file,
    )


def to_token(api_url: str, clock: Callable[[], float], answer: Mapping[str, Any], before: Token | None) -> Token:
    """A `Token` from a token answer; what a refresh leaves out stays as it was.

    Raises:
        Fatal: the answer has no refresh token.
    """
    refresh = str(answer.get("refresh_token") or (before.refresh_token if before else ""))
    if not refresh:
        raise Fatal("HubSpot gave no refresh token", code="no_refresh_token")
    scopes = answer.get("scopes") or answer.get("scope")
    scope = " ".join(map(str, scopes)) if isinstance(scopes, list) else str(scopes or "")
    lifetime = answer.get("expires_in")
    return Token(
        access_token=str(answer["access_token"]),
        refresh_token=refresh,
        instance_url=trusted_origin(api_url),
        scope=scope or (before.scope if before else ""),
        expires_at=clock() + float(lifetime) if isinstance(lifetime, int | float) else 0.0,
        access=before.access if before else ACCOUNT,
        app=before.app if before else "",
    )


def introspected(app: OAuthApp, token: Token) -> tuple[str, str, Token, JSON]:
    """Whose token it is: portal, user, the token with its kind of access, and all that HubSpot says.

    A token counts as the user's own only if HubSpot says so.

    Raises:
        Unauthorized: the token is not active.
        Fatal: HubSpot does not say whose it is.
    """
    said = dict(app.introspect(token.access_token))
    if not said["active"]:
        raise Unauthorized(RECONNECT, code="inactive_token")
    hub, user_id = str(said.get("hub_id") or ""), str(said.get("user_id") or "")
    if not hub.isdigit() or not user_id.isdigit():
        raise Fatal("HubSpot does not say whose token this is", code="bad_introspection")
    signed = said.get("signed_access_token")
    own = isinstance(signed, dict) and signed.get("isUserLevel") is True
    return hub, user_id, replace(token, access=USER if own else ACCOUNT), said


def identify(client: Client, hub: str, user_id: str, access: str, email: str) -> User:
    """The user with what the access rules may look at, all asked side by side. Each fact without a scope is left out.

    Raises:
        Fatal: HubSpot does not know the API version.
        Forbidden: the app may not read tickets (code MISSING_SCOPES).
        Unauthorized, Retriable: no answer.
    """
    routes = client.routes
    tickets, *told = client.together(
        [
            Call("GET", routes.objects("tickets"), {"limit": "1", "properties": "hs_object_id"}),
            Call("GET", routes.owners(user_id), {"idProperty": "userId"}),
            Call("GET", routes.users(user_id)),
            Call("GET", routes.users("roles")),
        ]
    )
    if isinstance(tickets, NotFound):
        raise unsupported()
    if isinstance(tickets, ConnectorError):
        raise tickets
    owner_row, user, roles = (shown(outcome) for outcome in told)
    owner = parse_owner(owner_row)
    return User(
        tenant=hub,
        id=user_id,
        username=email or owner.email,
        name=_name(owner, user, email),
        email=email or owner.email,
        attributes=_attributes(access, owner_row, owner, user, roles),
    )


def _name(owner: Owner, user: JSON, email: str) -> str:
    full = " ".join(str(user[part]) for part in ("firstName", "lastName") if user.get(part))
    return owner.name or full or email


def _attributes(access: str, owner_row: JSON, owner: Owner, user: JSON, roles: JSON) -> dict[str, str]:
    teams = [str(team.get("name") or team.get("id")) for team in owner_row.get("teams") or [] if isinstance(team, dict)]
    names = {str(role.get("id")): str(role.get("name")) for role in roles.get("results") or []}
    facts = {
        "access": _ACCESS_NAMES[access],
        "owner": owner.id,
        "teams": ";".join(teams),
        "profile": "Super Admin" if user.get("superAdmin") is True else names.get(str(user.get("roleId") or ""), ""),
    }
    return {name: value for name, value in facts.items() if value}
