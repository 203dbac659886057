"""Rate limits of a portal on its virtual clock, without HTTP."""

import json
from datetime import timedelta

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.ratelimit import Limits, RateLimiter
from connectors.sandbox.wire import JSON, Refused, Response

APP, OTHER = 11, 12


@pytest.fixture
def clock() -> Clock:
    """A clock of its own."""
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> RateLimiter:
    """The limiter of a portal without traffic."""
    return RateLimiter("48210377", clock)


def spend(limiter: RateLimiter, app: int, calls: int, *, private: bool = False, search: bool = False) -> None:
    """Make calls that must all pass."""
    for _ in range(calls):
        assert limiter.admit(app, private=private, search=search) is None


def body(response: Response | None) -> JSON:
    """What a refusal says."""
    assert response is not None
    assert response.status == 429
    document: JSON = json.loads(response.body)
    assert response.headers["x-hubspot-correlation-id"] == document["correlationId"]
    return document


@pytest.mark.parametrize("given", [{"burst": 5}, {"search": 0}, {"search": "5"}, {"on": 1}, {"oauth_app": True}])
def test_limits_that_make_no_sense_are_refused(given: JSON) -> None:
    """Unknown names and values that are no positive whole number."""
    with pytest.raises(Refused):
        Limits().changed(given)


def test_the_111th_call_of_an_app_in_ten_seconds_is_refused(limiter: RateLimiter) -> None:
    """With the body that the Node client's retry logic looks for, and a time to wait."""
    spend(limiter, APP, 110)
    refusal = limiter.admit(APP, private=False, search=False)
    document = body(refusal)
    assert document["message"] == "You have reached your ten_secondly_rolling limit."
    assert (document["errorType"], document["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert document["groupName"].endswith(":48210377")
    assert refusal is not None
    assert 1 <= int(refusal.headers["retry-after"]) <= 10


def test_the_window_rolls_and_is_per_app(limiter: RateLimiter, clock: Clock) -> None:
    """Another app has its own; ten seconds later all is free again; half is free after half of it has aged."""
    spend(limiter, APP, 60)
    clock.advance(timedelta(seconds=6))
    spend(limiter, APP, 50)
    assert limiter.admit(APP, private=False, search=False) is not None
    spend(limiter, OTHER, 110)
    clock.advance(timedelta(seconds=5))
    spend(limiter, APP, 60)
    assert limiter.admit(APP, private=False, search=False) is not None


def test_waiting_as_long_as_told_is_enough(limiter: RateLimiter, clock: Clock) -> None:
    """`Retry-After` is no shorter than the wait."""
    spend(limiter, APP, 110)
    refusal = limiter.admit(APP, private=False, search=False)
    assert refusal is not None
    clock.advance(timedelta(seconds=int(refusal.headers["retry-after"])))
    spend(limiter, APP, 1)


def test_searches_share_five_a_second_of_the_portal(limiter: RateLimiter, clock: Clock) -> None:
    """Two apps take from one bucket; the text is the one that the Node client compares."""
    spend(limiter, APP, 3, search=True)
    spend(limiter, OTHER, 2, search=True)
    document = body(limiter.admit(OTHER, private=False, search=True))
    assert (document["message"], document["policyName"]) == ("You have reached your secondly limit.", "SECONDLY")
    clock.advance(timedelta(seconds=1))
    spend(limiter, APP, 5, search=True)


def test_a_service_key_has_a_day_limit_and_says_so(limiter: RateLimiter) -> None:
    """`DAILY` and its headers exist for private apps only."""
    limiter.limits = limiter.limits.changed({"daily": 3})
    spend(limiter, APP, 3, private=True)
    assert body(limiter.admit(APP, private=True, search=False))["policyName"] == "DAILY"
    assert limiter.headers(APP, private=True)["x-hubspot-ratelimit-daily-remaining"] == "0"
    assert "x-hubspot-ratelimit-daily" not in limiter.headers(APP, private=False)


@pytest.mark.parametrize(("tier", "burst", "daily"), [("starter", 100, 250_000), ("professional", 190, 625_000)])
def test_smaller_accounts_may_do_less(clock: Clock, tier: str, burst: int, daily: int) -> None:
    """For private apps; OAuth apps have 110 everywhere."""
    limiter = RateLimiter("1", clock, tier)
    assert (limiter.limits.private_app, limiter.limits.daily, limiter.limits.oauth_app) == (burst, daily, 110)


def test_headers_count_down(limiter: RateLimiter) -> None:
    """What is left of the ten seconds."""
    spend(limiter, APP, 10)
    headers = limiter.headers(APP, private=False)
    assert headers["x-hubspot-ratelimit-max"] == "110"
    assert headers["x-hubspot-ratelimit-remaining"] == "100"
    assert headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"


def test_token_requests_have_a_bucket_of_their_own(limiter: RateLimiter) -> None:
    """The text is the one that users report."""
    limiter.limits = limiter.limits.changed({"token": 1})
    assert limiter.admit_token_request(APP) is None
    refusal = limiter.admit_token_request(APP)
    assert body(refusal)["message"] == "You have reached your rate limit."
    assert refusal is not None
    assert "retry-after" in refusal.headers
    spend(limiter, APP, 110)


def test_limits_can_be_switched_off(limiter: RateLimiter) -> None:
    """For tests that are faster than any client may be."""
    limiter.limits = limiter.limits.changed({"on": False})
    spend(limiter, APP, 500)
    spend(limiter, APP, 50, search=True)
    assert limiter.headers(APP, private=False)["x-hubspot-ratelimit-remaining"] == "110"


@pytest.mark.parametrize("policy", ["TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"])
def test_each_refusal_can_be_had_at_once(limiter: RateLimiter, policy: str) -> None:
    """`exhaust` refuses as many calls as asked, then all is as before."""
    limiter.exhaust(policy, 2)
    for _ in range(2):
        assert body(limiter.admit(APP, private=False, search=False))["policyName"] == policy
    spend(limiter, APP, 110)
    with pytest.raises(Refused):
        limiter.exhaust("HOURLY")
