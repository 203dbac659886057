"""Aggregate queries: counting and grouping what the user may see, and refusals in the vendor's words."""

import pytest

from connectors.sandbox.salesforce.org import Org
from tests.unit.sandbox.engine_world import ADMIN, ANN, BEN, FakeClock, World

CASES: list[tuple[str, dict[str, object]]] = [
    ("Case", {"Subject": "a", "Status": "New", "Priority": "High", "Cost__c": 10}),
    ("Case", {"Subject": "b", "Status": "New", "Priority": "Low", "Cost__c": 20.5}),
    ("Case", {"Subject": "A", "Status": "Closed", "Priority": None, "Cost__c": None}),
]


def shop() -> tuple[World, str]:
    """Three cases with costs, and their administrator."""
    world = World()
    world.org = Org.load({"org": {"alias": "shop"}}, CASES, FakeClock())
    return world, str(world.org.users()[0]["Id"])


def rows(text: str) -> list[tuple[object, ...]]:
    """What a query of the shop answers, as tuples in the order of its columns."""
    world, admin = shop()
    reply = world.soql(admin, text)
    assert reply.status == 200, reply.body
    found = []
    for record in reply.body["records"]:
        assert record.pop("attributes") == {"type": "AggregateResult"}
        found.append(tuple(record.values()))
    assert (reply.body["totalSize"], reply.body["done"]) == (len(found), True)
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT Subject, COUNT(Id) FROM Case", "Field must be grouped or aggregated: Subject"),
        ("SELECT Status FROM Case GROUP BY Priority", "Field must be grouped or aggregated: Status"),
        ("SELECT COUNT(Id) FROM Case ORDER BY Status", "Ordered field must be grouped or aggregated"),
        ("SELECT Id FROM Case ORDER BY COUNT(Id)", "Ordered field must be grouped or aggregated"),
        ("SELECT SUM(Status) FROM Case", "does not support aggregate operator SUM"),
        ("SELECT MAX(IsClosed) FROM Case", "does not support aggregate operator MAX"),
        ("SELECT CreatedDate FROM Case GROUP BY CreatedDate", "can not be grouped"),
        ("SELECT Description FROM Case GROUP BY Description", "can not be grouped"),
        ("SELECT Id name FROM Case", "only aggregate expressions use field aliasing"),
        ("SELECT COUNT(Id) a, MAX(Cost__c) a FROM Case", "duplicate alias: a"),
        ("SELECT COUNT(Id), (SELECT Id FROM CaseComments) FROM Case", "Grouped query"),
        ("SELECT COUNT(Id) FROM FeedItem", "Implementation restriction"),
    ],
)
def test_aggregates_that_are_refused(text: str, words: str) -> None:
    """400 MALFORMED_QUERY with the reason."""
    reply = World().soql(ANN, text.replace("Cost__c", "CaseNumber"))
    assert (reply.status, reply.code) == (400, "MALFORMED_QUERY")
    assert words in reply.body[0]["message"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT COUNT(Id) FROM Case", [(3,)]),
        ("SELECT COUNT(Priority), COUNT_DISTINCT(Subject) FROM Case", [(2, 2)]),
        ("SELECT MIN(Cost__c), MAX(Cost__c), SUM(Cost__c), AVG(Cost__c) FROM Case", [(10, 20.5, 30.5, 15.25)]),
        ("SELECT MAX(Cost__c), COUNT(Id) FROM Case WHERE Subject = 'none'", [(None, 0)]),
        ("SELECT Status, COUNT(Id) n FROM Case GROUP BY Status ORDER BY COUNT(Id) DESC", [("New", 2), ("Closed", 1)]),
        ("SELECT Status s, COUNT(Id) n FROM Case GROUP BY Status ORDER BY n LIMIT 1", [("Closed", 1)]),
        ("SELECT Status FROM Case GROUP BY Status ORDER BY Status OFFSET 1", [("New",)]),
        ("SELECT Owner.Name, MIN(Subject) FROM Case GROUP BY Owner.Name", [("Ada Admin", "a")]),
    ],
)
def test_aggregates(text: str, found: list[tuple[object, ...]]) -> None:
    """Nulls do not count, text is compared without case, an ungrouped query has exactly one row."""
    assert rows(text) == found


def test_columns_are_named_expr_or_by_alias() -> None:
    """`expr0`, `expr1`, … where there is no alias."""
    world, admin = shop()
    [record] = world.soql(admin, "SELECT COUNT(Id), MAX(Cost__c) top, MIN(Cost__c) FROM Case").body["records"]
    assert list(record) == ["attributes", "expr0", "top", "expr1"]


def test_only_what_the_user_may_see_is_counted() -> None:
    """Sharing decides what is counted; a hidden field cannot be grouped by."""
    world = World()
    counted = {
        user: world.soql(user, "SELECT COUNT(Id) n FROM Case").body["records"][0]["n"] for user in (ADMIN, ANN, BEN)
    }
    assert counted == {ADMIN: 4, ANN: 1, BEN: 1}
    assert world.soql(ANN, "SELECT Risk__c FROM Case GROUP BY Risk__c").code == "INVALID_FIELD"


def test_too_many_groups_are_refused() -> None:
    """An aggregate has one page."""
    world, _ = shop()
    world.org = Org.load({}, [("Case", {"Subject": str(number)}) for number in range(2001)], FakeClock())
    admin = str(world.org.users()[0]["Id"])
    assert world.soql(admin, "SELECT Subject FROM Case GROUP BY Subject").code == "EXCEEDED_ID_LIMIT"
    limited = world.soql(admin, "SELECT Subject FROM Case GROUP BY Subject LIMIT 2000")
    assert limited.body["totalSize"] == 2000
