"""What `crm-sidecar doctor` checks of a Salesforce org: from outside, and with one user's access."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.diagnosis import clock, login_service, reach, refused
from connectors.errors import ConnectorError
from connectors.interfaces import Finding
from connectors.salesforce import mails, marker
from connectors.salesforce.addresses import offered_versions
from connectors.salesforce.auth import SCOPE
from connectors.salesforce.client import Client
from connectors.salesforce.describe import Shape
from connectors.salesforce.schema import Schema
from connectors.salesforce.targets import SUMMARY_FIELD
from connectors.transport import HttpSession


@dataclass(frozen=True, slots=True)
class Outside:
    """An org as seen without a user. `refresh` asks its token endpoint; `corrected`: it was a Lightning address."""

    origin: str
    corrected: bool
    version: str
    http: HttpSession
    refresh: Callable[[str], object]

    def check(self) -> list[Finding]:
        """Address, versions, clock, OAuth client."""
        found = [self._address()] if self.corrected else []
        reached, response = reach(self.http, f"{self.origin}/services/data", self.origin)
        found.append(reached)
        if response is None:
            return found
        return [*found, self._version(), clock(response, datetime.now(UTC)), login_service(self.refresh)]

    def _address(self) -> Finding:
        detail = "the configured address is for browsers; the API's is used instead"
        return Finding("address", ok=True, detail=detail, advice=f"set login_url to {self.origin}")

    def _version(self) -> Finding:
        try:
            offered = offered_versions(self.origin, self.http)
        except ConnectorError as error:
            return refused("api version", error)
        newest = offered[-1] if offered else "none"
        if self.version not in offered:
            detail = f"the org does not offer version {self.version}; its newest is {newest}"
            return Finding("api version", ok=False, detail=detail, advice=f"set api_version to {newest}")
        detail = f"{self.version} is configured and offered; the newest is {newest}"
        return Finding("api version", ok=True, detail=detail)


def inside(client: Client, schema: Schema, daily_reserve: float) -> list[Finding]:
    """With a user's access: does it work, what may it do, is the package there, how much of the day is left."""
    try:
        shapes = schema.shapes({"Case": ()}, fresh=True)
    except ConnectorError as error:
        return [refused("access", error)]
    case = shapes.get("Case")
    summary = case.fields.get(SUMMARY_FIELD) if case else None
    installed = marker.installed(shapes.get(marker.MARKER))
    return [
        Finding("access", ok=True, detail="user-level: Salesforce itself enforces this user's rights"),
        _scopes(client.token.scope.split()),
        _daily(client.api_usage, daily_reserve),
        _package(installed=installed, summary=bool(summary and summary.updateable)),
        _mails(shapes.get(mails.OBJECT)),
    ]


def _scopes(granted: Sequence[str]) -> Finding:
    missing = sorted(set(SCOPE.split()) - set(granted) - ({"refresh_token"} if "offline_access" in granted else set()))
    if not missing or "full" in granted:
        return Finding("scopes", ok=True, detail=f"granted: {' '.join(sorted(granted))}")
    detail = f"not granted: {' '.join(missing)}"
    return Finding("scopes", ok="api" not in missing, detail=detail, advice="select them in the app, then log in again")


def _daily(usage: Mapping[str, Any], daily_reserve: float) -> Finding:
    """From the count that every answer carries: the resource `limits` is not for every user."""
    counted = usage.get("api-usage")
    if counted is None or counted.total <= 0:
        return Finding("daily calls", ok=True, detail="the org does not tell how many calls are left")
    left = max(0, counted.total - counted.used)
    detail = f"{left} of {counted.total} API calls are left today"
    advice = "syncs wait until more are left; drafts go on" if left < counted.total * daily_reserve else ""
    return Finding("daily calls", ok=left > 0, detail=detail, advice=advice)


def _package(*, installed: bool, summary: bool) -> Finding:
    if installed and summary:
        return Finding("package", ok=True, detail="installed: summaries have a field, every write has its own key")
    what = f"this user cannot use {f'Case.{SUMMARY_FIELD}' if installed else marker.MARKER}"
    detail = f"{what}: drafts go to tasks and comments, and a lost answer can end as unknown"
    return Finding("package", ok=True, detail=detail, advice="install the package and assign its permission set")


def _mails(shape: Shape | None) -> Finding:
    """Whether replies have an e-mail to go to."""
    if shape and shape.can_create(*mails.REQUIRED):
        detail = "this user can have replies drafted as e-mails on a case"
        return Finding("e-mail drafts", ok=True, detail=detail)
    detail = "this user cannot draft e-mails on cases: replies go to comments"
    advice = "turn on Email-to-Case, and give Edit on cases and the fields of an e-mail"
    return Finding("e-mail drafts", ok=True, detail=detail, advice=advice)
