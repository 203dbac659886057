"""The limiter that all processes share: one row a bucket, read and written in one short transaction."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import astuple

from sqlalchemy import Connection, Engine, func, select

from connectors.errors import Retriable
from connectors.interfaces import Rate
from connectors.limiter import Calls, Patience, Window, admit
from sidecar.adapters.sql.engine import relaxed, upsert, writing
from sidecar.adapters.sql.tables import rate_windows
from sidecar.errors import Unavailable


class SqlLimiter:
    """The `Limiter` protocol on the database, for any number of threads and processes.

    Where the processes of a PostgreSQL database run on several machines, the database's clock counts; those of a
    SQLite file share one machine and its clock. A database that cannot be used lets no call through (`Retriable`).
    """

    def __init__(
        self,
        engine: Engine,
        *,
        patience: Patience | None = None,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine = relaxed(engine)
        self._patience = patience or Patience()
        self._clock = clock
        self._sleep = sleep
        # Threads of one process queue here, where waking up is cheap; a writer that waits for SQLite polls.
        self._turn = threading.Lock()

    def acquire(self, bucket: str, rate: Rate, *, urgent: bool) -> None:
        """`Limiter.acquire`: see there."""

        def take(window: Window, now: float) -> tuple[Window, float]:
            wait = window.wait(rate, now, urgent=urgent)
            return (window, wait) if wait else (window.take(rate, now), 0.0)

        admit(
            lambda: self._change(bucket, take),
            self._patience.of(urgent=urgent),
            self._clock or time.monotonic,
            self._sleep,
        )

    def pause(self, bucket: str, seconds: float) -> None:
        """`Limiter.pause`: see there."""
        self._change(bucket, lambda window, now: (window.pause(now + seconds), 0.0))

    def _change(self, bucket: str, change: Callable[[Window, float], tuple[Window, float]]) -> float:
        """Give the bucket the window that `change` makes of it; the seconds that `change` says."""
        try:
            with self._turn, writing(self._engine) as connection:
                before = _load(connection, bucket)
                after, wait = change(before, self._now(connection))
                if after != before:
                    upsert(connection, rate_windows, _row(bucket, after))
                return wait
        except Unavailable:
            raise Retriable("calls to the CRM cannot be counted: the database is not there", code="limiter") from None

    def _now(self, connection: Connection) -> float:
        if self._clock:
            return self._clock()
        if connection.dialect.name == "postgresql":
            return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
        return time.time()


def _load(connection: Connection, bucket: str) -> Window:
    """The bucket's window, with its row locked until the transaction ends (a SQLite transaction locks everything)."""
    query = select(rate_windows).where(rate_windows.c.bucket == bucket).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        if connection.dialect.name == "sqlite":
            return Window()
        upsert(connection, rate_windows, {"bucket": bucket})  # a row that is not there cannot be locked
        row = connection.execute(query).one()
    return Window(tuple(Calls(*entry) for entry in json.loads(row.calls)), row.paused_until)


def _row(bucket: str, window: Window) -> dict[str, object]:
    calls = json.dumps([astuple(each) for each in window.calls], separators=(",", ":"))
    return {"bucket": bucket, "calls": calls, "paused_until": window.paused_until}
