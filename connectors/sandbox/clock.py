"""The sandbox's own time: runs like the wall clock, and can be moved so that hours pass in a test at once."""

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Virtual time, safe to share between threads. It ticks in real time; `advance` and `set` shift it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = 0.0

    def time(self) -> float:
        """Seconds since the epoch."""
        with self._lock:
            return time.time() + self._offset

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, step: timedelta) -> datetime:
        """Move by `step` (backwards when negative: clock skew) and return the new time."""
        with self._lock:
            self._offset += step.total_seconds()
        return self.now()

    def set(self, moment: datetime) -> datetime:
        """Jump to `moment` (aware) and tick on from there.

        Raises:
            ValueError: `moment` has no time zone.
        """
        if moment.tzinfo is None:
            raise ValueError("the virtual clock needs a time with a zone, such as 2026-11-24T08:00:00Z")
        with self._lock:
            self._offset = moment.timestamp() - time.time()
        return self.now()

    def reset(self) -> datetime:
        """Back to wall-clock time."""
        with self._lock:
            self._offset = 0.0
        return self.now()
