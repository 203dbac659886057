"""The limits that HubSpot puts on calls: a rolling ten seconds per app and portal, searches per second, token requests.

Contract, sections 2.5 and 2.6: OAuth apps 110 calls in 10 s, private apps and service keys 100 or 190 and up to
1,000,000 a day by the account's tier, searches 5 a second for the whole portal (their answers carry no rate headers),
and a bucket for the token endpoints, whose size is a guess. Windows are measured on the virtual clock.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.errors import new_correlation_id
from connectors.sandbox.wire import Refused, Response

_BY_TIER: Final = {
    "free": (100, 250_000),
    "starter": (100, 250_000),
    "professional": (190, 625_000),
    "enterprise": (190, 1_000_000),
}
"""Calls of one private app in ten seconds, and of all of them in a day."""
_DAY: Final = 86_400.0
_TEN_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls fit into each window; `on` false lets everything pass."""

    on: bool = True
    oauth_app: int = 110
    private_app: int = 190
    search: int = 5
    token: int = 100
    daily: int = 1_000_000

    @classmethod
    def of_tier(cls, tier: str) -> "Limits":
        """The limits of an account: private apps may do more in the better ones.

        Raises:
            ValueError: no such tier.
        """
        if tier not in _BY_TIER:
            raise ValueError(f"no such tier; there are {', '.join(_BY_TIER)}")
        private_app, daily = _BY_TIER[tier]
        return cls(private_app=private_app, daily=daily)

    def changed(self, given: Mapping[str, Any]) -> "Limits":
        """These limits with some replaced.

        Raises:
            Refused: an unknown limit, or a value that is no positive number.
        """
        for name, value in given.items():
            if name == "on":
                if not isinstance(value, bool):
                    raise Refused("`on` must be true or false")
            elif name not in self.__slots__:
                raise Refused(f"no limit {name!r}; there are {', '.join(self.__slots__)}")
            elif isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise Refused(f"{name} must be a whole number from 1 up")
        return replace(self, **given)


@dataclass(frozen=True, slots=True)
class _Policy:
    """What a 429 says about the limit that was hit."""

    name: str
    message: str


_TEN_SECONDLY: Final = _Policy("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit.")
_SECONDLY: Final = _Policy("SECONDLY", "You have reached your secondly limit.")
_DAILY: Final = _Policy("DAILY", "You have reached your daily limit.")
_POLICIES: Final = {policy.name: policy for policy in (_TEN_SECONDLY, _SECONDLY, _DAILY)}


class RateLimiter:
    """The windows of one portal. Refused calls do not count."""

    def __init__(self, hub_id: str, clock: Clock, tier: str = "enterprise") -> None:
        self.limits = Limits.of_tier(tier)
        self._exhausted: list[str] = []
        self._hub_id = hub_id
        self._clock = clock
        self._calls: dict[tuple[str, int], deque[float]] = {}

    def admit(self, app_id: int, *, private: bool, search: bool) -> Response | None:
        """Count a call of an app; the 429 when it is one too many."""
        if self._exhausted:
            return self._refusal(_POLICIES[self._exhausted.pop(0)], app_id, 1.0)
        if search:
            return self._take("search", 0, self.limits.search, 1.0, _SECONDLY)
        refusal = self._take("app", app_id, self._max(private=private), _TEN_SECONDS, _TEN_SECONDLY)
        if refusal or not private:
            return refusal
        return self._take("daily", 0, self.limits.daily, _DAY, _DAILY)

    def admit_token_request(self, app_id: int) -> Response | None:
        """Count a request to a token endpoint; the 429 when it is one too many."""
        wait = self._wait("token", app_id, self.limits.token, _TEN_SECONDS)
        if not wait:
            return None
        body = {
            "status": "error",
            "message": "You have reached your rate limit.",
            "correlationId": new_correlation_id(),
            "category": "RATE_LIMITS",
        }
        return _too_many(body, wait)

    def exhaust(self, policy: str, times: int = 1) -> None:
        """Refuse the next calls by a policy, as if others had used it up.

        Raises:
            Refused: no such policy.
        """
        if policy not in _POLICIES:
            raise Refused(f"no policy {policy!r}; there are {', '.join(_POLICIES)}")
        self._exhausted += [policy] * times

    def headers(self, app_id: int, *, private: bool) -> Mapping[str, str]:
        """The rate headers of an answer; `Daily` for private apps only."""
        limit = self._max(private=private)
        used = len(self._calls.get(("app", app_id), ())) if self.limits.on else 0
        per_second = max(limit // 10, 1)
        headers = {
            "x-hubspot-ratelimit-max": str(limit),
            "x-hubspot-ratelimit-remaining": str(max(limit - used, 0)),
            "x-hubspot-ratelimit-interval-milliseconds": "10000",
            "x-hubspot-ratelimit-secondly": str(per_second),
            "x-hubspot-ratelimit-secondly-remaining": str(max(per_second - 1, 0)),
        }
        if private:
            spent = self.used_today()
            headers["x-hubspot-ratelimit-daily"] = str(self.limits.daily)
            headers["x-hubspot-ratelimit-daily-remaining"] = str(max(self.limits.daily - spent, 0))
        return headers

    def used_today(self) -> int:
        """Calls of private apps in the last 24 hours."""
        return len(self._calls.get(("daily", 0), ()))

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()
        self._exhausted.clear()

    def _max(self, *, private: bool) -> int:
        return self.limits.private_app if private else self.limits.oauth_app

    def _take(self, kind: str, app_id: int, limit: int, seconds: float, policy: _Policy) -> Response | None:
        wait = self._wait(kind, app_id, limit, seconds)
        return self._refusal(policy, app_id, wait) if wait else None

    def _refusal(self, policy: _Policy, app_id: int, wait: float) -> Response:
        body = {
            "status": "error",
            "message": policy.message,
            "errorType": "RATE_LIMIT",
            "correlationId": new_correlation_id(),
            "policyName": policy.name,
            "groupName": f"publicapi:{'search' if policy is _SECONDLY else f'app-{app_id}'}:{self._hub_id}",
        }
        return _too_many(body, wait)

    def _wait(self, kind: str, app_id: int, limit: int, seconds: float) -> float:
        """Count a call and return 0.0, or the seconds until one more would pass."""
        if not self.limits.on:
            return 0.0
        now = self._clock.time()
        calls = self._calls.setdefault((kind, app_id), deque())
        while calls and not now - seconds < calls[0] <= now:
            calls.popleft()
        if len(calls) >= limit:
            return calls[0] + seconds - now
        calls.append(now)
        return 0.0


def _too_many(body: Mapping[str, str], wait: float) -> Response:
    """A 429 that says in whole seconds when to come back."""
    plain = Response.json(body, 429)
    extra = {"retry-after": str(max(math.ceil(wait), 1)), "x-hubspot-correlation-id": body["correlationId"]}
    return Response(429, plain.body, {**plain.headers, **extra})
