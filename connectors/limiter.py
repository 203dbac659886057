"""How many calls a CRM account takes: a rolling window for each bucket, with the last calls kept for waiting users.

`Window` decides and holds no clock and no lock; `LocalLimiter` keeps windows in one process. A limiter that several
processes share keeps the same windows in a database and repeats the same loop (`admit`).
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from connectors.errors import Retriable
from connectors.interfaces import Rate

PARTS = 100
"""Calls closer together than a window / PARTS share one entry, so a window's size does not grow with its rate."""


JITTER_SECONDS = 0.25
"""A call arrives after it was sent, and not all arrive equally late: our windows are that much longer than the CRM's,
but by a tenth at most.
"""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a caller waits for room: a person for one window of HubSpot's at most, a sync has time."""

    urgent: float = 12.0
    other: float = 60.0

    def of(self, *, urgent: bool) -> float:
        """The patience of one kind of caller."""
        return self.urgent if urgent else self.other


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls that count as one moment: `count` of them between `first` and `last` (epoch or monotonic seconds)."""

    first: float
    last: float
    count: int


@dataclass(frozen=True, slots=True)
class Window:
    """The calls of one bucket that may still count, oldest first, and until when the CRM wants none at all."""

    calls: tuple[Calls, ...] = ()
    paused_until: float = 0.0

    def wait(self, rate: Rate, now: float, *, urgent: bool) -> float:
        """Seconds until this caller may call; 0 when she may now, infinity when she never may.

        Entries leave with their last call: for the others a hundredth of the window too late, never too early.
        """
        allowed = rate.limit if urgent else rate.limit - rate.reserve
        if allowed <= 0:
            return math.inf
        paused = max(0.0, self.paused_until - now)
        live = self._live(rate, now)
        surplus = sum(each.count for each in live) - allowed + 1
        for each in live:
            if surplus <= 0:
                break
            surplus -= each.count
            paused = max(paused, each.last + _span(rate) - now)
        return paused

    def take(self, rate: Rate, now: float) -> "Window":
        """The window after one more call; what no longer counts is dropped."""
        live = self._live(rate, now)
        if live and now - live[-1].first < rate.seconds / PARTS:
            newest = live.pop()
            live.append(Calls(newest.first, now, newest.count + 1))
        else:
            live.append(Calls(now, now, 1))
        return replace(self, calls=tuple(live))

    def pause(self, until: float) -> "Window":
        """The window when nobody may call before `until`; an earlier end does not shorten a pause."""
        return replace(self, paused_until=max(self.paused_until, until))

    def _live(self, rate: Rate, now: float) -> list[Calls]:
        """What still counts. After a clock was set back, calls from the future count as made now."""
        return [
            Calls(min(each.first, now), min(each.last, now), each.count)
            for each in self.calls
            if each.last + _span(rate) > now
        ]


def _span(rate: Rate) -> float:
    return rate.seconds + min(JITTER_SECONDS, rate.seconds / 10)


def admit(
    attempt: Callable[[], float], patience: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    """Repeat `attempt` until it returns 0 (a call was taken), sleeping as long as it says in between.

    Raises:
        Retriable: the caller's patience ends before there is room; said at once, without waiting in vain.
    """
    deadline = clock() + patience
    while wait := attempt():
        if clock() + wait > deadline:
            raise Retriable(
                "too many calls to the CRM at the moment", code="limiter", retry_after=min(wait, 86_400.0)
            ) from None
        sleep(wait)


class LocalLimiter:
    """The `Limiter` protocol inside one process, for any number of threads.

    `clock` must never run backwards; `sleep` waits that many seconds.
    """

    def __init__(
        self,
        *,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._patience = patience or Patience()
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._windows: dict[str, Window] = {}

    def acquire(self, bucket: str, rate: Rate, *, urgent: bool) -> None:
        """`Limiter.acquire`: see there."""

        def attempt() -> float:
            with self._lock:
                window = self._windows.get(bucket, Window())
                now = self._clock()
                wait = window.wait(rate, now, urgent=urgent)
                if not wait:
                    self._windows[bucket] = window.take(rate, now)
                return wait

        admit(attempt, self._patience.of(urgent=urgent), self._clock, self._sleep)

    def pause(self, bucket: str, seconds: float) -> None:
        """`Limiter.pause`: see there."""
        with self._lock:
            self._windows[bucket] = self._windows.get(bucket, Window()).pause(self._clock() + seconds)
