"""How much an API is used: requests of the last 24 hours, and long requests of other programs that are running."""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.setup import Limits

DAY: Final = timedelta(hours=24)
LONG_SECONDS: Final = 20
"""A request counts toward the limit of concurrent ones when it runs so long."""


class ApiUsage:
    """The counters of one org, on its virtual clock."""

    def __init__(self) -> None:
        self._calls: deque[datetime] = deque()
        self._long: list[datetime] = []

    @property
    def last_day(self) -> int:
        """Requests counted in the last 24 hours, as the limit header tells."""
        return len(self._calls)

    def count(self, now: datetime, limits: Limits) -> None:
        """Count one request.

        Raises:
            ApiError: `REQUEST_LIMIT_EXCEEDED`: too many in 24 hours, or too many long ones running.
        """
        if sum(until > now for until in self._long) >= limits.long_calls:
            text = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", text)
        while self._calls and self._calls[0] <= now - DAY:
            self._calls.popleft()
        if len(self._calls) >= limits.daily_calls:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self._calls.append(now)

    def run_long(self, now: datetime, count: int, seconds: float) -> None:
        """Let other programs have `count` requests running for so long. Only those of 20 seconds or more count."""
        self._long = [now + timedelta(seconds=seconds)] * count if seconds >= LONG_SECONDS else []

    def clear(self) -> None:
        """Begin anew."""
        self._calls.clear()
        self._long.clear()
