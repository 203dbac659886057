"""An org's API calls: a sync stops before the day is used up, a click goes on, and places are given back."""

import threading
from collections.abc import Mapping

import pytest

from connectors.errors import Forbidden, Retriable
from connectors.interfaces import Rate
from connectors.limiter import LocalLimiter
from connectors.salesforce import budget as module
from connectors.salesforce.budget import REMEMBERED_SECONDS, Budget
from connectors.salesforce.client import Client
from tests.unit.connectors.scripted import GRANT, TOKEN, USER, Answer, Bench, composite

ORG = USER.tenant
LOW: Mapping[str, object] = {"api-usage": (90_000, 100_000)}


class Recorder:
    """A limiter that lets everybody through and notes what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bool]] = []
        self.pauses: list[tuple[str, float]] = []

    def acquire(self, bucket: str, rate: Rate, *, urgent: bool) -> None:
        """Note it."""
        self.calls.append((bucket, urgent))

    def pause(self, bucket: str, seconds: float) -> None:
        """Note it."""
        self.pauses.append((bucket, seconds))


class FakeClock:
    """Time by hand."""

    now = 100.0

    def __call__(self) -> float:
        """Now."""
        return self.now


def test_a_sync_stops_when_the_days_calls_run_low_and_a_click_goes_on() -> None:
    """The error names the reason and when to try again; nothing was asked of the limiter."""
    limiter, clock = Recorder(), FakeClock()
    budget = Budget(limiter, daily_reserve=0.2, clock=clock)
    budget.learn(ORG, LOW)
    with pytest.raises(Retriable) as refused, budget.call(ORG, urgent=False):
        raise AssertionError
    assert (refused.value.code, refused.value.retry_after) == ("daily_reserve", REMEMBERED_SECONDS)
    assert limiter.calls == []
    with budget.call(ORG, urgent=True), budget.call("another org", urgent=False):
        pass
    assert limiter.calls == [(f"salesforce:{ORG}", True), ("salesforce:another org", False)]


def test_a_count_is_not_believed_for_ever() -> None:
    """After a quarter of an hour one call of a sync asks again: the window of a day has moved on meanwhile."""
    limiter, clock = Recorder(), FakeClock()
    budget = Budget(limiter, clock=clock)
    budget.learn(ORG, LOW)
    clock.now += REMEMBERED_SECONDS
    with budget.call(ORG, urgent=False):
        pass
    budget.learn(ORG, {"api-usage": (70_000, 100_000)})
    with budget.call(ORG, urgent=False):
        pass
    assert len(limiter.calls) == 2


@pytest.mark.parametrize(("used", "pause"), [(100_000, 60.0), (50_000, 3.0)])
def test_a_limit_that_was_hit_makes_everybody_wait(used: int, pause: float) -> None:
    """Long when the day is used up; shortly when it can only be the calls at one time."""
    limiter = Recorder()
    budget = Budget(limiter)
    budget.learn(ORG, {"api-usage": (used, 100_000)})
    budget.refused(ORG)
    assert limiter.pauses == [(f"salesforce:{ORG}", pause)]


def test_an_org_that_counts_nothing_is_no_error() -> None:
    """A missing header, or a total of zero, divides by nothing."""
    budget = Budget(Recorder())
    budget.learn(ORG, {})
    with budget.call(ORG, urgent=False):
        pass
    budget.learn(ORG, {"api-usage": (0, 0)})
    with pytest.raises(Retriable), budget.call(ORG, urgent=False):
        raise AssertionError


def test_places_are_limited_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync leaves the last quarter free; a failed call frees its place like any other."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    budget = Budget(Recorder(), in_flight=4)
    with budget.call(ORG, urgent=True), budget.call(ORG, urgent=True), budget.call(ORG, urgent=True):
        with pytest.raises(Retriable) as refused, budget.call(ORG, urgent=False):
            raise AssertionError
        assert refused.value.code == "limiter"
        with pytest.raises(Forbidden), budget.call(ORG, urgent=True):
            raise Forbidden("no")
        with budget.call(ORG, urgent=True), pytest.raises(Retriable), budget.call(ORG, urgent=True):
            raise AssertionError
    with budget.call(ORG, urgent=False):
        pass


def test_who_waits_for_a_place_gets_the_next_one() -> None:
    """Without polling and without an error."""
    budget = Budget(Recorder(), in_flight=1)
    entered = threading.Event()

    def click() -> None:
        with budget.call(ORG, urgent=True):
            entered.set()

    with budget.call(ORG, urgent=True):
        thread = threading.Thread(target=click)
        thread.start()
        assert not entered.wait(0.05)
    assert entered.wait(5.0)
    thread.join()


def test_a_client_reports_what_salesforce_says() -> None:
    """One acquire a request; "too many" becomes a pause for all; other refusals do not."""
    limiter = Recorder()
    answers: list[Answer] = [(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]), (403, [{"errorCode": "API_DISABLED"}])]
    bench = Bench(lambda *_: answers.pop(0) if answers else (200, {"compositeResponse": []}))
    client = Client(GRANT, TOKEN, bench.grants, bench.http, "66.0", budget=Budget(limiter), urgent=False)
    with pytest.raises(Retriable):
        client.get("limits")
    assert limiter.pauses == [(f"salesforce:{ORG}", 3.0)]
    with pytest.raises(Exception, match="Salesforce"):
        client.get("limits")
    client.get("limits")
    assert limiter.calls == [(f"salesforce:{ORG}", False)] * 3
    assert len(limiter.pauses) == 1


def test_without_room_nothing_is_sent() -> None:
    """A refusal by the limiter is `Retriable`, in a write too, and counts no round trip."""
    limiter = LocalLimiter()
    limiter.pause(f"salesforce:{ORG}", 3_600.0)
    bench = Bench(composite(lambda _sub: (200, {})))
    client = Client(GRANT, TOKEN, bench.grants, bench.http, "66.0", budget=Budget(limiter))
    with pytest.raises(Retriable):
        client.composite([], write=True)
    assert (client.round_trips, bench.adapter.sent) == (0, [])
