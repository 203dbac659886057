"""What an org's API takes: calls a day, shared with everything else that talks to it, and long calls at a time.

Salesforce limits the calls of an org in 24 hours and the calls that last 20 seconds or longer at one time: 25 in
production, 5 in a developer org (contract, 1.3). It says how many calls are used up in every answer. Short calls have
no limit per second; the rate here keeps a loop that has gone wrong from spending a day's calls in minutes.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.errors import Retriable
from connectors.interfaces import Limiter, Rate

CALLS = Rate(limit=500, seconds=5.0, reserve=250)
IN_FLIGHT = 20
"""Calls at one time: any of them can become a long one."""
PATIENCE_SECONDS = 10.0
DAILY_RESERVE = 0.2
"""The part of an org's daily calls that is left to people: with less than this, a sync stops."""
REMEMBERED_SECONDS = 900.0
"""How long a count of the daily calls is believed; then one call of a sync asks again."""

_EXHAUSTED = 0.01
_LONG_PAUSE, _SHORT_PAUSE = 60.0, 3.0


@dataclass(frozen=True, slots=True)
class Usage:
    """The org's own count of calls in the last 24 hours, as of `seen` (seconds of the budget's clock)."""

    used: int
    total: int
    seen: float

    @property
    def left(self) -> float:
        """The share of the daily calls that is not used up."""
        return max(0.0, 1.0 - self.used / self.total) if self.total > 0 else 0.0


class Budget:
    """One org's calls, for all sessions of a connector. `limiter` may be shared with other processes.

    `clock` never runs backwards. `daily_reserve` is a share of 1; `in_flight` counts calls of this process.
    """

    def __init__(
        self,
        limiter: Limiter,
        *,
        daily_reserve: float = DAILY_RESERVE,
        in_flight: int = IN_FLIGHT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limiter = limiter
        self._daily_reserve = daily_reserve
        self._in_flight = in_flight
        self._clock = clock
        self._usage: dict[str, Usage] = {}
        self._running = 0
        self._freed = threading.Condition()

    @contextmanager
    def call(self, org: str, *, urgent: bool) -> Iterator[None]:
        """Take room for one call, for as long as the block lasts. A sync leaves a quarter of the places free.

        Raises:
            Retriable: no room within the caller's patience (code "limiter"), or the day's calls are nearly used up and
                nobody waits for this one (code "daily_reserve"). Nothing was sent.
        """
        if not urgent:
            self._keep_daily_reserve(org)
        places = self._in_flight if urgent else self._in_flight * 3 // 4
        with self._freed:
            if not self._freed.wait_for(lambda: self._running < places, PATIENCE_SECONDS):
                raise Retriable("too many calls to Salesforce at one time", code="limiter", retry_after=5.0)
            self._running += 1
        try:
            self._limiter.acquire(_bucket(org), CALLS, urgent=urgent)
            yield
        finally:
            with self._freed:
                self._running -= 1
                self._freed.notify_all()

    def learn(self, org: str, usage: Mapping[str, object]) -> None:
        """Note what simple-salesforce read in Sforce-Limit-Info: "api-usage" -> (used, total)."""
        counted = usage.get("api-usage")
        if isinstance(counted, tuple):
            self._usage[org] = Usage(int(counted[0]), int(counted[1]), self._clock())

    def refused(self, org: str) -> None:
        """Salesforce said REQUEST_LIMIT_EXCEEDED: everybody holds off, long when it must be the daily limit."""
        usage = self._usage.get(org)
        daily = usage is not None and usage.left <= _EXHAUSTED
        self._limiter.pause(_bucket(org), _LONG_PAUSE if daily else _SHORT_PAUSE)

    def _keep_daily_reserve(self, org: str) -> None:
        usage = self._usage.get(org)
        if usage is None or usage.left >= self._daily_reserve:
            return
        wait = usage.seen + REMEMBERED_SECONDS - self._clock()
        if wait > 0:
            raise Retriable(
                "the rest of the org's daily API calls is kept for people", code="daily_reserve", retry_after=wait
            )


def _bucket(org: str) -> str:
    return f"salesforce:{org}"
