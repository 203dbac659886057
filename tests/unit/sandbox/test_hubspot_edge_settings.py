"""Users, teams, roles and the account itself, under both spellings of their paths; refusals first."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.oauth.grants import service_key
from connectors.sandbox.hubspot.site import HubSpotSite
from connectors.sandbox.wire import JSON
from tests.unit.sandbox.hubspot_edge_world import OSKAR, document, example_portal, request

ROOTS = ("/settings/v3/users", "/settings/users/v3", "/settings/users/2025-09", "/settings/users/2026-03")

Ask = Callable[..., tuple[int, JSON]]


@pytest.fixture
def site() -> HubSpotSite:
    """The example portal."""
    clock = Clock()
    return HubSpotSite(example_portal(clock), clock)


@pytest.fixture
def ask(site: HubSpotSite) -> Ask:
    """Ask with the account's own key: status and body."""
    token = service_key(site.portal.hub_id).text

    def asked(path: str, query: str = "", method: str = "GET") -> tuple[int, JSON]:
        answer = site.respond(request(method, path, query=query, token=token))
        return answer.status, document(answer)

    return asked


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("POST", "/settings/v3/users/", "", 405),
        ("DELETE", "/settings/users/2026-03/70010003", "", 405),
        ("GET", "/settings/v3/users/99", "", 404),
        ("GET", "/settings/v3/users/70010003", "idProperty=EMAIL", 404),
        ("GET", "/settings/v3/users/70010003", "idProperty=NAME", 400),
        ("GET", "/settings/v3/users", "limit=0", 400),
        ("GET", "/settings/v3/users", "limit=2000", 400),
        ("GET", "/settings/v3/users", "after=x", 400),
        ("GET", "/settings/v9/users", "", 404),
        ("GET", "/account-info/v3/secrets", "", 404),
    ],
)
def test_what_is_not_there_is_refused(ask: Ask, method: str, path: str, query: str, status: int) -> None:
    """In HubSpot's shape."""
    got, told = ask(path, query, method)
    assert got == status
    assert told["status"] == "error"


@pytest.mark.parametrize("root", ROOTS)
def test_users_come_in_pages_and_one_by_one(ask: Ask, root: str) -> None:
    """By id or e-mail; `paging` is absent on the last page; the link works."""
    status, first = ask(root, "limit=3")
    assert (status, len(first["results"])) == (200, 3)
    path, _, query = first["paging"]["next"]["link"].partition("127.0.0.1:9443")[2].partition("?")
    _, second = ask(path, query)
    assert (len(second["results"]), "paging" in second) == (2, False)
    assert ask(f"{root}/{OSKAR}", "idProperty=EMAIL")[1] == {
        "id": "70010002",
        "email": OSKAR,
        "firstName": "Oskar",
        "lastName": "Brandt",
        "superAdmin": False,
        "roleIds": ["81001"],
        "roleId": "81001",
        "primaryTeamId": "9101",
        "secondaryTeamIds": [],
    }


def test_nothing_tells_what_a_user_may_see(ask: Ask) -> None:
    """As with HubSpot: All, Team and Owned are in no answer (contract, section 2.3)."""
    answers = [ask(f"{root}{tail}") for root in ROOTS for tail in ("", "/roles", "/teams", "/70010004")]
    assert all(status == 200 for status, _ in answers)
    assert not any(
        word in str(told) for _, told in answers for word in ("permissions", "owned", "hidden", "unassigned")
    )


def test_deactivated_users_are_gone(site: HubSpotSite, ask: Ask) -> None:
    """From the list and by id."""
    user = site.portal.user("70010003")
    assert user
    site.portal.set_user(replace(user, active=False))
    assert len(ask("/settings/v3/users")[1]["results"]) == 4
    assert ask("/settings/v3/users/70010003")[0] == 404


def test_the_account_and_its_usage(site: HubSpotSite, ask: Ask) -> None:
    """The portal's id, and how many calls of the day are spent."""
    assert ask("/account-info/2026-03/details")[1]["portalId"] == int(site.portal.hub_id)
    [usage] = ask("/account-info/v3/api-usage/daily/private-apps")[1]["results"]
    assert (usage["usageLimit"], usage["currentUsage"]) == (1_000_000, 2)
