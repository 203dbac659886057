"""The HubSpot engine's search: operators, limits, sorting, and how far it lags behind."""

import pytest

from connectors.sandbox.hubspot.loading import fill
from tests.unit.sandbox.hubspot_world import ANN, Desk, ticket

URL = "/crm/v3/objects/tickets/search"


@pytest.fixture
def desk() -> Desk:
    """A portal, seen with an account-level token."""
    return Desk()


def where(name: str, operator: str, value: object = None, **more: object) -> dict[str, object]:
    """A search with one filter."""
    found = {"propertyName": name, "operator": operator, **({} if value is None else {"value": value}), **more}
    return {"filterGroups": [{"filters": [found]}]}


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"limit": True},
        {"after": "x"},
        {"after": "9999", "limit": 10},
        {"after": "10000"},
        {"query": "x" * 3001},
        {"query": 7},
        {"sorts": ["nope"]},
        {"sorts": [7]},
        {"sorts": "subject"},
        {"properties": [7]},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [{"propertyName": "subject", "operator": "HAS_PROPERTY"}] * 7}]},
        {"filterGroups": [{"filters": [{"propertyName": "subject", "operator": "HAS_PROPERTY"}] * 6}] * 4},
        {"filterGroups": "all"},
        where("nope", "EQ", "1"),
        where("subject", "LIKE", "1"),
        where("subject", "EQ"),
        where("amount", "GT", "many"),
        where("closed_date", "GT", "yesterday"),
        where("subject", "IN"),
        where("subject", "IN", values=[]),
        where("amount", "BETWEEN", "1"),
        where("associations.boot", "EQ", "1"),
        where("associations.contact", "GT", "1"),
    ],
)
def test_searches_that_are_refused(desk: Desk, body: dict[str, object]) -> None:
    """Limits and nonsense are VALIDATION_ERRORs; so is anything behind the first 10,000 results."""
    assert desk.refused("POST", URL, body)[:2] == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({}, ["101", "102", "103"]),
        (where("subject", "EQ", "t101"), ["101"]),
        (where("subject", "NEQ", "T101"), ["102", "103"]),
        (where("risk", "NEQ", "low"), ["101", "102", "103"]),
        (where("risk", "HAS_PROPERTY"), ["101"]),
        (where("risk", "NOT_HAS_PROPERTY"), ["102", "103"]),
        (where("subject", "IN", values=["t101", "t103"]), ["101", "103"]),
        (where("subject", "IN", values=["T101"]), []),
        (where("hs_object_id", "IN", values=["101", "999"]), ["101"]),
        (where("subject", "NOT_IN", values=["t101"]), ["102", "103"]),
        (where("hs_object_id", "GT", "101"), ["102", "103"]),
        (where("hs_object_id", "BETWEEN", "102", highValue="103"), ["102", "103"]),
        (where("createdate", "GTE", "1761984000000"), ["101", "102", "103"]),
        (where("createdate", "LT", "2026-11-01T08:00:00Z"), []),
        (where("subject", "CONTAINS_TOKEN", "t10*"), ["101", "102", "103"]),
        (where("subject", "CONTAINS_TOKEN", "*102"), ["102"]),
        (where("subject", "CONTAINS_TOKEN", "t1"), []),
        (where("subject", "NOT_CONTAINS_TOKEN", "T101"), ["102", "103"]),
        (where("associations.contact", "EQ", "201"), ["101"]),
        (where("hubspot_owner_id", "NOT_HAS_PROPERTY"), ["103"]),
        ({"filters": [{"propertyName": "risk", "operator": "EQ", "value": "high"}]}, ["101"]),
        ({"query": "t10"}, ["101", "102", "103"]),
        ({"query": "T102 t10"}, ["102"]),
        ({"query": "02"}, []),
        ({"sorts": ["-subject"]}, ["103", "102", "101"]),
        ({"sorts": [{"propertyName": "risk", "direction": "DESCENDING"}, "-hs_object_id"]}, ["101", "103", "102"]),
    ],
)
def test_what_is_found(desk: Desk, body: dict[str, object], ids: list[str]) -> None:
    """Groups are alternatives, filters conditions; text compares in any case, but `IN` wants lower case."""
    assert desk.found("tickets", **body) == ids


def test_groups_are_alternatives(desk: Desk) -> None:
    """One of two groups is enough; both filters of a group must hold."""
    high = {"propertyName": "risk", "operator": "EQ", "value": "high"}
    last = {"propertyName": "subject", "operator": "EQ", "value": "T103"}
    assert desk.found("tickets", filterGroups=[{"filters": [high]}, {"filters": [last]}]) == ["101", "103"]
    assert desk.found("tickets", filterGroups=[{"filters": [high, last]}]) == []


def test_ids_sort_as_text() -> None:
    """Id 99 comes after 101: windows of the last id plus one lose records (contract, 2.4)."""
    desk = Desk()
    fill(desk.portal, [ticket("99"), ticket("1000")])
    assert desk.found("tickets", sorts=["hs_object_id"]) == ["1000", "101", "102", "103", "99"]
    assert desk.ids("/crm/v3/objects/tickets") == ["99", "101", "102", "103", "1000"]


def test_the_index_lags_two_seconds_behind(desk: Desk) -> None:
    """A new, changed or archived record is found as it was; then as it is."""
    made = desk.ok("POST", "/crm/v3/objects/tickets", {"properties": {"subject": "New", "hs_pipeline_stage": "1"}})[
        "id"
    ]
    desk.ok("PATCH", "/crm/v3/objects/tickets/101", {"properties": {"subject": "Changed"}})
    desk.ok("PATCH", "/crm/v3/objects/tickets/101", {"properties": {"subject": "Twice"}})
    desk.ok("DELETE", "/crm/v3/objects/tickets/102")
    assert desk.found("tickets") == ["101", "102", "103"]
    assert desk.found("tickets", **where("subject", "EQ", "T101")) == ["101"]
    desk.later(3)
    assert desk.found("tickets") == ["101", "103", made]
    assert desk.found("tickets", **where("subject", "EQ", "Twice")) == ["101"]


def test_a_later_page_is_of_the_data_as_it_is(desk: Desk) -> None:
    """What a search found is kept for the next page until something moves: a record, a right, a definition."""
    mine = desk.as_user(ANN)
    assert mine.found("tickets") == ["101"]
    desk.mutations.apply("set_permission", ANN, {"object": "tickets", "view": "all"})
    assert mine.found("tickets") == ["101", "102", "103"]
    desk.ok("DELETE", "/crm/v3/objects/tickets/102")
    desk.later()
    assert mine.found("tickets", limit=1, after="1") == ["103"]
    search = where("risk", "HAS_PROPERTY")
    assert mine.found("tickets", **search) == ["101"]
    desk.mutations.apply("archive_property", "", {"object": "tickets", "property": "risk"})
    assert mine.refused("POST", URL, search)[0] == 400


def test_the_lag_can_be_anything(desk: Desk) -> None:
    """None at all, or half a minute."""
    desk.mutations.apply("search_delay", "", {"seconds": 0})
    desk.ok("PATCH", "/crm/v3/objects/tickets/101", {"properties": {"subject": "Now"}})
    assert desk.found("tickets", **where("subject", "EQ", "now")) == ["101"]
    desk.mutations.apply("search_delay", "", {"seconds": 30})
    desk.ok("PATCH", "/crm/v3/objects/tickets/101", {"properties": {"subject": "Later"}})
    desk.later(20)
    assert desk.found("tickets", **where("subject", "EQ", "later")) == []
    desk.later(20)
    assert desk.found("tickets", **where("subject", "EQ", "later")) == ["101"]


def test_pages_and_their_end(desk: Desk) -> None:
    """`total` counts everything; the last page has no `paging`."""
    page = desk.ok("POST", URL, {"limit": 2})
    assert (page["total"], page["paging"]) == (3, {"next": {"after": "2"}})
    last = desk.ok("POST", URL, {"limit": 2, "after": "2"})
    assert [one["id"] for one in last["results"]] == ["103"]
    assert "paging" not in last


@pytest.mark.parametrize(
    ("at", "count", "sizes"), [(0, 2, [0, 2, 1]), (0, 1, [1, 2]), (1, 1, [1, 2]), (3, 5, [2, 1, 0, 0])]
)
def test_pages_may_be_short_or_empty(desk: Desk, at: int, count: int, sizes: list[int]) -> None:
    """While `paging.next.after` is there, a reader must go on; nothing is lost."""
    desk.mutations.apply("search_ghosts", "", {"at": at, "count": count})
    seen, ids, after = [], [], "0"
    while after:
        page = desk.ok("POST", URL, {"limit": 2, "after": after})
        seen.append(len(page["results"]))
        ids += [one["id"] for one in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after", "")
    assert seen == sizes
    assert ids == ["101", "102", "103"]


def test_a_user_finds_what_she_sees(desk: Desk) -> None:
    """`total` does not tell about the rest, and a hidden property is no filter."""
    mine = desk.as_user(ANN)
    page = mine.ok("POST", URL, {})
    assert ([one["id"] for one in page["results"]], page["total"]) == (["101"], 1)
    desk.mutations.apply("hide_property", ANN, {"property": "tickets.risk"})
    assert mine.refused("POST", URL, where("risk", "EQ", "high"))[0] == 400
    assert mine.refused("POST", URL, {"sorts": ["risk"]})[0] == 400
    assert "risk" not in mine.ok("POST", URL, {"properties": ["risk"]})["results"][0]["properties"]


def test_contacts_are_modified_by_another_name(desk: Desk) -> None:
    """`lastmodifieddate`; everything else has `hs_lastmodifieddate`."""
    assert desk.found("contacts", **where("lastmodifieddate", "GT", "0")) == ["201", "202"]
    assert desk.refused("POST", "/crm/v3/objects/contacts/search", where("hs_lastmodifieddate", "GT", "0"))[0] == 400
