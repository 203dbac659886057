"""The shared limiter: what one instance took counts for the next, and a database that fails lets nobody through."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from connectors.errors import Retriable
from connectors.interfaces import Rate
from connectors.limiter import Patience
from sidecar.adapters.sql import SqlLimiter, open_database
from sidecar.adapters.sql.engine import reading, writing
from sidecar.adapters.sql.tables import rate_windows

RATE = Rate(limit=6, seconds=10.0, reserve=2)
IMPATIENT = Patience(urgent=0.0, other=0.0)


class FakeTime:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def clock(self) -> float:
        """Now."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds


def test_a_database_that_cannot_be_used_lets_no_call_through(engine: Engine) -> None:
    """Uncounted calls would break the limit: the caller is told to come back."""
    limiter = SqlLimiter(engine)
    limiter.acquire("b", RATE, urgent=True)
    with writing(engine) as connection:
        rate_windows.drop(connection)
    with pytest.raises(Retriable) as refused:
        limiter.acquire("b", RATE, urgent=True)
    assert refused.value.code == "limiter"


def test_what_another_instance_took_counts(engine: Engine) -> None:
    """A restart, or a second process, finds the window as it was; the reserve is the clicks'."""
    first, second = (SqlLimiter(engine, patience=IMPATIENT) for _ in range(2))
    for _ in range(4):
        first.acquire("b", RATE, urgent=False)
    with pytest.raises(Retriable):
        second.acquire("b", RATE, urgent=False)
    second.acquire("other", RATE, urgent=False)
    for _ in range(2):
        second.acquire("b", RATE, urgent=True)
    with pytest.raises(Retriable) as refused:
        first.acquire("b", RATE, urgent=True)
    assert 9.0 < refused.value.retry_after <= 10.4


def test_a_pause_reaches_everybody_and_ends(engine: Engine) -> None:
    """One process was told "too many": all wait, as long as that and no longer."""
    time_ = FakeTime()
    SqlLimiter(engine, clock=time_.clock).pause("b", 5.0)
    SqlLimiter(engine, clock=time_.clock).pause("b", 1.0)
    with pytest.raises(Retriable):
        SqlLimiter(engine, clock=time_.clock, patience=IMPATIENT).acquire("b", RATE, urgent=True)
    before = time_.now
    SqlLimiter(engine, clock=time_.clock, sleep=time_.sleep).acquire("b", RATE, urgent=True)
    assert time_.now - before == pytest.approx(5.0)


def test_a_waiting_sync_goes_on_when_the_window_has_moved(engine: Engine) -> None:
    """Ten calls at four a window take two more windows."""
    time_ = FakeTime()
    limiter = SqlLimiter(engine, clock=time_.clock, sleep=time_.sleep)
    before = time_.now
    for _ in range(10):
        limiter.acquire("b", RATE, urgent=False)
    assert time_.now - before == pytest.approx(20.5, abs=0.5)


def test_a_row_stays_small(engine: Engine) -> None:
    """However many calls a window has."""
    limiter = SqlLimiter(engine)
    for _ in range(300):
        limiter.acquire("b", Rate(limit=1_000, seconds=10.0), urgent=True)
    with reading(engine) as connection:
        calls = connection.execute(select(rate_windows.c.calls)).scalar_one()
    assert len(calls) < 5_000


def test_a_click_passes_syncs_that_saturate_the_bucket(engine: Engine) -> None:
    """Eight sync threads wait for room all the time; each click of the reserve is through in a part of the window."""
    limiter, rate = SqlLimiter(engine), Rate(limit=12, seconds=1.0, reserve=4)
    ready = threading.Barrier(9)

    def sync() -> None:
        ready.wait()
        for _ in range(3):
            limiter.acquire("b", rate, urgent=False)

    threads = [threading.Thread(target=sync) for _ in range(8)]
    for thread in threads:
        thread.start()
    ready.wait()
    time.sleep(0.2)
    waits = []
    for _ in range(4):
        begun = time.perf_counter()
        limiter.acquire("b", rate, urgent=True)
        waits.append(time.perf_counter() - begun)
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert max(waits) < rate.seconds / 4


def test_a_second_pool_does_not_hold_the_first(database: Path, engine: Engine) -> None:
    """Somebody who writes drafts at the moment makes the limiter wait, not fail."""
    limiter = SqlLimiter(engine)
    limiter.acquire("b", RATE, urgent=True)
    done = threading.Event()

    def call() -> None:
        limiter.acquire("b", RATE, urgent=True)
        done.set()

    with writing(engine) as connection:
        connection.execute(update(rate_windows).values(paused_until=0.0))
        thread = threading.Thread(target=call)
        thread.start()
        assert not done.wait(0.2)
    assert done.wait(5.0)
    thread.join()
    open_database(f"sqlite:///{database}").dispose()
