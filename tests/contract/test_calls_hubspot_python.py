"""More than a hundred different calls of hubspot-api-client, each on untouched records, each with what it must say."""

import json
from collections.abc import Iterator
from typing import Final

import pytest
from hubspot.crm.tickets import ApiException
from urllib3.util.retry import Retry

from tests.contract.hubspot_definition_calls import ASSOCIATIONS, DEFINITIONS
from tests.contract.hubspot_desk import PORTAL, Desk, Refusal, Table, refusal, running_desk
from tests.contract.hubspot_portal_calls import OAUTH, PEOPLE, REFUSALS, WEBHOOKS
from tests.contract.hubspot_record_calls import BATCHES, RECORDS, SEARCHES

CALLS: Final[Table] = {
    **RECORDS, **BATCHES, **SEARCHES, **ASSOCIATIONS, **DEFINITIONS, **PEOPLE, **WEBHOOKS, **OAUTH, **REFUSALS,
}  # fmt: skip
BUSY: Final = Refusal("ApiException", 429)


@pytest.fixture(scope="module")
def office() -> Iterator[Desk]:
    """One sandbox for all calls."""
    yield from running_desk()


@pytest.fixture
def desk(office: Desk) -> Desk:
    """Untouched records."""
    office.sandbox.control.restore("clean")
    return office


@pytest.mark.parametrize("name", CALLS)
def test_call(desk: Desk, name: str) -> None:
    """The client gets what a HubSpot would give it, and nothing that the user may not see."""
    call, expected = CALLS[name]
    assert call(desk) == expected
    assert desk.sandbox.control.leaks() == {}


def statuses(desk: Desk, start: int) -> list[int]:
    """What the portal answered since a moment."""
    return [entry["status"] for entry in desk.sandbox.control.requests(start, PORTAL)]


def test_a_busy_portal_is_asked_again_by_reads_only(desk: Desk) -> None:
    """The client repeats a GET by itself when it is told to wait, and passes the refusal of a POST on."""
    start = desk.sandbox.control.last()
    desk.mutate("exhaust", policy="TEN_SECONDLY_ROLLING", times=1)
    assert desk.mira.crm.tickets.basic_api.get_page(limit=1).results
    assert statuses(desk, start) == [429, 200]
    start = desk.sandbox.control.last()
    desk.mutate("exhaust", policy="SECONDLY", times=1)
    assert refusal(lambda: desk.mira.crm.tickets.search_api.do_search({"filterGroups": []})) == BUSY
    assert statuses(desk, start) == [429]


def test_a_limit_is_told_before_it_bites(desk: Desk) -> None:
    """The headers count down, then the body names the policy; without retries the client passes that on."""
    desk.mutate("rate_limits", on=True, oauth_app=3)
    basic = desk.client(desk.granted().access_token, retry=Retry(0, raise_on_status=False)).crm.tickets.basic_api
    left = [basic.get_page_with_http_info(limit=1)[2]["x-hubspot-ratelimit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    with pytest.raises(ApiException) as caught:
        basic.get_page(limit=1)
    told = json.loads(caught.value.body)
    assert (told["policyName"], told["errorType"]) == ("TEN_SECONDLY_ROLLING", "RATE_LIMIT")
    assert told["message"] == "You have reached your ten_secondly_rolling limit."
    assert int(caught.value.headers["retry-after"]) >= 1


def test_there_are_sixty() -> None:
    """The table is as long as was promised."""
    assert len(CALLS) >= 60
