"""What `crm-sidecar doctor` checks of a HubSpot app: from outside, and with one user's access."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import requests

from connectors.diagnosis import ask, clock, login_service, reach, refused
from connectors.errors import ConnectorError
from connectors.hubspot.auth import OPTIONAL_SCOPE, SCOPE, USER
from connectors.hubspot.client import Client
from connectors.hubspot.routes import Routes, routes
from connectors.hubspot.schema import WRITTEN, Facts, Schema
from connectors.interfaces import Finding
from connectors.transport import HttpSession

KNOWN_VERSIONS = ("v3", "2025-09", "2026-03", "2026-09")
"""Asked for one after the other when the configured one is not offered: HubSpot has no list of versions."""


@dataclass(frozen=True, slots=True)
class Outside:
    """HubSpot as seen without a user. `refresh` asks its token endpoint."""

    api_url: str
    routes: Routes
    http: HttpSession
    refresh: Callable[[str], object]

    def check(self) -> list[Finding]:
        """Address, version, clock, OAuth client."""
        reached, response = reach(self.http, self._tickets(self.routes), self.api_url)
        if response is None:
            return [reached]
        return [reached, self._version(response), clock(response, datetime.now(UTC)), login_service(self.refresh)]

    def _version(self, response: requests.Response) -> Finding:
        """A path of a version that is offered asks for a token (401); one that is not there is not found."""
        version = self.routes.version
        if response.status_code == requests.codes.unauthorized:
            if version in KNOWN_VERSIONS:
                return Finding("api version", ok=True, detail=f"{version} is configured and offered")
            detail, advice = (
                f"{version} is configured, and not known here",
                "log in and run this again to see",
            )
            return Finding("api version", ok=True, detail=detail, advice=advice)
        if response.status_code != requests.codes.not_found:
            detail = f"HubSpot answers {response.status_code} instead of asking for a token"
            return Finding("api version", ok=False, detail=detail, advice="try again in a minute")
        offered = [known for known in KNOWN_VERSIONS if known != version and self._offered(known)]
        detail = f"HubSpot does not offer API version {version}"
        advice = f"set api_version to {' or '.join(offered)}" if offered else "nor any other: check api_url"
        return Finding("api version", ok=False, detail=detail, advice=advice)

    def _offered(self, version: str) -> bool:
        try:
            answer = ask(self.http, self._tickets(routes(version)))
        except ConnectorError:
            return False
        return bool(answer.status_code == requests.codes.unauthorized)

    def _tickets(self, of: Routes) -> str:
        return self.api_url + of.objects("tickets")


def inside(client: Client, schema: Schema) -> list[Finding]:
    """With a user's access: does it work, whose rights it has, what was granted, is the unique property there."""
    try:
        facts = schema.facts()
    except ConnectorError as error:
        return [refused("access", error)]
    return [_access(client.token.access, facts), _scopes(frozenset(client.token.scope.split())), _property(facts)]


def _access(access: str, facts: Facts) -> Finding:
    if access == USER:
        return Finding("access", ok=True, detail="user-level: HubSpot itself enforces this user's rights")
    detail = "account-level: the token sees the whole account; the sidecar applies the rule configured under access"
    if facts.member.owner_id:
        return Finding("access", ok=True, detail=detail)
    advice = "this user is no owner in HubSpot, or owners cannot be read: rules by owner or team show her nothing"
    return Finding("access", ok=True, detail=detail, advice=advice)


def _scopes(granted: frozenset[str]) -> Finding:
    needed, useful = frozenset(SCOPE.split()) - granted, frozenset(OPTIONAL_SCOPE.split()) - granted
    if needed:
        detail = f"not granted: {' '.join(sorted(needed))}"
        return Finding("scopes", ok=False, detail=detail, advice="add them to the app, then log in again")
    if useful:
        detail = f"granted, but for optional ones: {' '.join(sorted(useful))}"
        return Finding("scopes", ok=True, detail=detail, advice="what they would show is left out")
    return Finding("scopes", ok=True, detail="all granted")


def _property(facts: Facts) -> Finding:
    missing = [name for name in WRITTEN if name not in facts.keyed]
    if not missing:
        return Finding("unique property", ok=True, detail="there: every write has its own key")
    detail = f"missing on {' and '.join(missing)}: a lost answer is read back there and can end as unknown"
    advice = "create assistant_writeback_key (single-line text, unique) in the portal's settings"
    return Finding("unique property", ok=True, detail=detail, advice=advice)
