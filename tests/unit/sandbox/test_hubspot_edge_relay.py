"""What the card relay refuses before it calls anybody."""

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.relay import AT_A_TIME, MAX_BYTES
from connectors.sandbox.hubspot.site import HubSpotSite
from connectors.sandbox.wire import JSON
from tests.unit.sandbox.hubspot_edge_world import LUCIA, example_portal

NOBODY = "http://127.0.0.1:1/x"


@pytest.fixture
def site() -> HubSpotSite:
    """The example portal."""
    clock = Clock()
    return HubSpotSite(example_portal(clock), clock)


@pytest.mark.parametrize(
    "wish",
    [
        {"headers": {"X-Mine": "1"}},
        {"headers": ["Authorization"]},
        {"method": "TRACE"},
        {"method": "POST", "body": "ü" * (MAX_BYTES // 2)},
    ],
)
def test_what_the_proxy_does_not_let_through(site: HubSpotSite, wish: JSON) -> None:
    """Other headers, odd methods, a body that is over 1 MB in bytes though not in letters."""
    told = site.relay({"user": LUCIA, "url": NOBODY, **wish})
    assert (told["status"], told["body"]["category"]) == (400, "VALIDATION_ERROR")


def test_the_twenty_first_call_at_a_time_is_refused(site: HubSpotSite) -> None:
    """429 for the card, and the slot comes back when a call ends."""
    slots = site._relay._slots
    for _ in range(AT_A_TIME):
        assert slots.acquire(blocking=False)
    assert site.relay({"user": LUCIA, "url": NOBODY})["status"] == 429
    slots.release()
    assert site.relay({"user": LUCIA, "url": NOBODY, "method": "TRACE"})["status"] == 400
    assert slots.acquire(blocking=False)
