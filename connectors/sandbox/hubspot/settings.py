"""`/settings/…` and `/account-info/…`: users, roles, teams, and facts about the account, read only.

Both spellings are served: `/settings/v3/users/{id}`, which the official clients call (with a trailing slash), and
`/settings/users/{version}/{id}`, which the specification has (contract, section 2.1).
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.body import number
from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.oauth.describe import HUBLET
from connectors.sandbox.hubspot.portal import HubUser, Portal
from connectors.sandbox.hubspot.ratelimit import RateLimiter
from connectors.sandbox.wire import JSON, Request, Response

_VERSION: Final = r"(?:v3|2025-09|2026-03|2026-09)"
_USERS: Final = re.compile(rf"/settings/(?:v3/users|users/{_VERSION})(?:/([^/]+))?")
_ACCOUNT: Final = re.compile(rf"/account-info/{_VERSION}/(details|api-usage/daily(?:/private-apps)?)")
_PAGE: Final = 100
_MAX_PAGE: Final = 1000


class Settings:
    """Answers for one portal."""

    def __init__(self, portal: Portal, limiter: RateLimiter, clock: Clock) -> None:
        self._portal = portal
        self._limiter = limiter
        self._clock = clock

    @staticmethod
    def owns(path: str) -> bool:
        """Whether the path is ours."""
        return path.startswith(("/settings/", "/account-info/"))

    def respond(self, request: Request, caller: Caller) -> Response:
        """Answer one request.

        Raises:
            HubError: a missing scope, an unknown user or path, a method other than GET.
        """
        path = request.path.rstrip("/")
        users, account = _USERS.fullmatch(path), _ACCOUNT.fullmatch(path)
        if users is None and account is None:
            raise HubError.not_found()
        if request.method != "GET":
            raise HubError(405, "METHOD_NOT_ALLOWED", "Method not allowed")
        if account is not None:
            _need(caller, "oauth", "account-info.security.read")
            return Response.json(self._details() if account[1] == "details" else self._usage())
        what = users[1] if users else None
        if what == "teams":
            _need(caller, "settings.users.teams.read")
            return Response.json({"results": [_team(team) for team in self._portal.teams]})
        _need(caller, "settings.users.read", "crm.objects.users.read")
        if what == "roles":
            return Response.json({"results": [_role(role) for role in self._portal.roles]})
        if what is None:
            return Response.json(self._page(request))
        return Response.json(_user(self._one(what, request.query.get("idProperty", "USER_ID"))))

    def _one(self, key: str, id_property: str) -> HubUser:
        if id_property not in {"USER_ID", "EMAIL"}:
            raise HubError(400, "VALIDATION_ERROR", f"Invalid idProperty {id_property}")
        for user in self._portal.users():
            if user.active and key == (user.email if id_property == "EMAIL" else user.id):
                return user
        raise HubError.not_found()

    def _page(self, request: Request) -> JSON:
        after, size = number(request.query.get("after", "0")), number(request.query.get("limit", str(_PAGE)))
        if after is None or size is None or not 0 < size <= _MAX_PAGE:
            raise HubError(400, "VALIDATION_ERROR", "Invalid paging parameters")
        active = sorted((user for user in self._portal.users() if user.active), key=lambda user: int(user.id))
        rest = [user for user in active if int(user.id) > after]
        shown = rest[:size]
        document: JSON = {"results": [_user(user) for user in shown]}
        if len(rest) > len(shown):
            last = shown[-1].id
            link = f"{request.base_url}{request.path}?limit={size}&after={last}"
            document["paging"] = {"next": {"after": last, "link": link}}
        return document

    def _details(self) -> JSON:
        return {
            "portalId": int(self._portal.hub_id),
            "accountType": "STANDARD",
            "timeZone": "Europe/Berlin",
            "companyCurrency": "EUR",
            "additionalCurrencies": ["USD"],
            "utcOffset": "+01:00",
            "utcOffsetMilliseconds": 3_600_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": HUBLET,
        }

    def _usage(self) -> JSON:
        now = self._clock.now()
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return {
            "results": [
                {
                    "name": "private-apps-api-calls-daily",
                    "usageLimit": self._limiter.limits.daily,
                    "currentUsage": self._limiter.used_today(),
                    "collectedAt": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "fetchStatus": "SUCCESS",
                    "resetsAt": midnight.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                }
            ]
        }


def _need(caller: Caller, *scopes: str) -> None:
    """Any one of the scopes is enough."""
    if not caller.scopes & set(scopes):
        raise HubError.missing_scopes(scopes[:1])


def _user(user: HubUser) -> JSON:
    document: JSON = {
        "id": user.id,
        "email": user.email,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "superAdmin": user.super_admin,
        "roleIds": [user.role_id] if user.role_id else [],
        "secondaryTeamIds": list(user.secondary_team_ids),
    }
    if user.role_id:
        document["roleId"] = user.role_id
    if user.primary_team_id:
        document["primaryTeamId"] = user.primary_team_id
    return document


def _team(team: JSON) -> JSON:
    members: Sequence[str] = team.get("userIds") or ()
    return {
        "id": team["id"],
        "name": team["name"],
        "userIds": list(members),
        "secondaryUserIds": list(team.get("secondaryUserIds") or ()),
    }


def _role(role: JSON) -> JSON:
    return {
        "id": role["id"],
        "name": role["name"],
        "requiresBillingWrite": bool(role.get("requiresBillingWrite", False)),
    }
