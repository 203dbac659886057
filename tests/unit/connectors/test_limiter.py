"""The limiter: never more calls than the CRM takes, and a person's click before any sync."""

import math
import threading
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Retriable
from connectors.interfaces import Limiter, Rate
from connectors.limiter import JITTER_SECONDS, PARTS, LocalLimiter, Patience, Window

RATE = Rate(limit=10, seconds=10.0, reserve=3)
START = 1_000.0
WINDOW = RATE.seconds + JITTER_SECONDS


class FakeTime:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []

    def clock(self) -> float:
        """Now."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.slept.append(seconds)
        self.now += seconds


def limiter(time: FakeTime, patience: Patience | None = None) -> LocalLimiter:
    """A limiter on that clock."""
    return LocalLimiter(patience=patience, clock=time.clock, sleep=time.sleep)


def fill(limiter: LocalLimiter, calls: int, *, urgent: bool = False) -> None:
    """Make that many calls."""
    for _ in range(calls):
        limiter.acquire("b", RATE, urgent=urgent)


def test_a_caller_without_patience_is_refused_at_once() -> None:
    """The error says when to come back and names itself; nobody waits in vain."""
    time = FakeTime()
    full = limiter(time, Patience(urgent=1.0, other=2.0))
    fill(full, 7)
    with pytest.raises(Retriable) as refused:
        full.acquire("b", RATE, urgent=False)
    assert (refused.value.code, time.slept) == ("limiter", [])
    assert refused.value.retry_after == pytest.approx(WINDOW, abs=0.11)


def test_a_sync_leaves_the_reserve_to_clicks() -> None:
    """When a sync has used all that it may, urgent calls go through without waiting."""
    time = FakeTime()
    busy = limiter(time, Patience(urgent=0.0, other=0.0))
    fill(busy, 7)
    with pytest.raises(Retriable):
        busy.acquire("b", RATE, urgent=False)
    fill(busy, 3, urgent=True)
    with pytest.raises(Retriable):
        busy.acquire("b", RATE, urgent=True)
    assert time.slept == []


def test_a_rate_that_is_all_reserve_lets_no_sync_through() -> None:
    """Not even after a day."""
    time = FakeTime()
    with pytest.raises(Retriable) as refused:
        limiter(time).acquire("b", Rate(limit=2, seconds=1.0, reserve=2), urgent=False)
    assert math.isfinite(refused.value.retry_after)


def test_whoever_waits_is_let_in_when_the_window_moves_on() -> None:
    """As long as it takes, within the patience of a sync."""
    time = FakeTime()
    slow = limiter(time)
    fill(slow, 8)
    assert time.now == pytest.approx(START + WINDOW, abs=0.11)


def test_buckets_do_not_share_room() -> None:
    """The limit of searches does not stop reading."""
    time = FakeTime()
    both = limiter(time)
    fill(both, 7)
    both.acquire("other", RATE, urgent=False)
    assert time.slept == []


def test_a_pause_holds_for_everybody() -> None:
    """After "too many" also the click waits, and a second pause does not shorten the first."""
    time = FakeTime()
    paused = limiter(time)
    paused.pause("b", 5.0)
    paused.pause("b", 1.0)
    paused.acquire("b", RATE, urgent=True)
    assert time.now == pytest.approx(START + 5.0)
    paused.pause("b", 3_600.0)
    with pytest.raises(Retriable) as refused:
        paused.acquire("b", RATE, urgent=True)
    assert refused.value.retry_after == pytest.approx(3_600.0)


def test_a_clock_that_was_set_back_costs_one_window_at_most() -> None:
    """Calls from the future count as made now; nobody waits for the old time to come again."""
    window = Window()
    for _ in range(10):
        window = window.take(RATE, START + 86_400.0)
    assert window.wait(RATE, START, urgent=True) == pytest.approx(WINDOW)
    assert window.take(RATE, START).wait(RATE, START + WINDOW, urgent=True) == 0.0


@given(
    limit=st.integers(1, 300),
    reserve=st.integers(0, 20),
    seconds=st.floats(0.5, 3_600.0),
    steps=st.lists(st.tuples(st.floats(0.0, 0.3), st.booleans()), min_size=1, max_size=400),
)
def test_no_window_ever_holds_more_than_the_limit(
    limit: int, reserve: int, seconds: float, steps: list[tuple[float, bool]]
) -> None:
    """Whenever calls come: any stretch as long as the window, wherever it begins, has at most `limit` of them.

    Where sync calls are among them, at most `limit - reserve` calls stood before the last of those. The book-keeping
    stays small, and what is refused now is allowed when its waiting time is over.
    """
    rate = Rate(limit, seconds, reserve)
    window, now = Window(), START
    taken: list[tuple[float, bool]] = []
    for share, urgent in steps:
        now += share * seconds
        wait = window.wait(rate, now, urgent=urgent)
        if not wait:
            window = window.take(rate, now)
            taken.append((now, urgent))
        elif math.isfinite(wait):
            assert window.wait(rate, now + wait + 1e-6, urgent=urgent) == 0.0
    assert len(window.calls) <= 1.1 * PARTS + 2
    for index, (moment, urgent) in enumerate(taken):
        recent = sum(moment - seconds < earlier for earlier, _ in taken[: index + 1])
        assert recent <= (limit if urgent else limit - reserve)


@given(syncs=st.integers(1, 40), clicks=st.integers(1, 3), seconds=st.floats(0.1, 60.0))
def test_a_click_never_waits_for_a_sync(syncs: int, clicks: int, seconds: float) -> None:
    """However many sync calls come, as many clicks as the reserve holds go through at once in every window."""
    time = FakeTime()
    rate = Rate(limit=10, seconds=seconds, reserve=3)
    shared = limiter(time, Patience(other=1_000.0))
    for _ in range(syncs):
        shared.acquire("b", rate, urgent=False)
    before = time.now
    for _ in range(clicks):
        shared.acquire("b", rate, urgent=True)
    assert time.now == before


def test_threads_share_one_window_and_clicks_pass_waiting_syncs() -> None:
    """Twelve sync threads on a full bucket: a click does not queue behind them, and the limit holds in real time."""
    rate = Rate(limit=20, seconds=0.5, reserve=4)
    shared: Limiter = LocalLimiter()
    clock = threading.Barrier(13)
    moments: list[float] = []

    def sync() -> None:
        clock.wait()
        for _ in range(5):
            shared.acquire("b", rate, urgent=False)
            moments.append(monotonic())

    threads = [threading.Thread(target=sync) for _ in range(12)]
    for thread in threads:
        thread.start()
    clock.wait()
    waits = []
    for _ in range(4):
        begun = monotonic()
        shared.acquire("b", rate, urgent=True)
        waits.append(monotonic() - begun)
        moments.append(monotonic())
    for thread in threads:
        thread.join(30)
    assert len(moments) == 64
    assert max(waits) < rate.seconds / 2
    moments.sort()
    slack = 0.2  # between the grant and the moment that is noted, on a busy machine
    assert all(later - earlier > rate.seconds - slack for earlier, later in zip(moments, moments[20:], strict=False))
