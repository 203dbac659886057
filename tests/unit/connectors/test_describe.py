"""What a user may see: parsed from describes, cached per user, asked again when doubted."""

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.errors import Retriable
from connectors.salesforce.composite import query
from connectors.salesforce.describe import TTL_SECONDS, Shape, ShapeCache, Shapes, unknown_objects, visible
from tests.unit.connectors.scripted import NOT_FOUND, Answer, Bench, composite, describe

CASE = {"Id": (), "Subject": (), "ContactId": ("Contact", "Contact"), "OwnerId": ("Owner", "Group", "User")}
CONTACT = {"Id": (), "Name": (), "AccountId": ("Account", "Account")}


def shapes() -> Shapes:
    """A case with its contact; no account is known."""
    return {"Case": Shape.parse(describe("Case", CASE)[1]), "Contact": Shape.parse(describe("Contact", CONTACT)[1])}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Secret__c", False),
        ("Contact.Email", False),
        ("Contact.Account.Name", False),
        ("Nobody.Name", False),
        ("Owner.Email", False),
        ("Subject", True),
        ("Contact.Name", True),
        ("Owner.Name", True),
    ],
)
def test_a_field_is_visible_when_each_step_of_its_path_is(path: str, expected: bool) -> None:  # noqa: FBT001 - pytest passes it
    """Refused by default: what describe does not show is not asked."""
    assert visible(path, "Case", shapes()) is expected


def test_nothing_of_an_unknown_object_is_visible() -> None:
    """Neither undescribed nor denied objects have fields."""
    assert not visible("Id", "Task", shapes())
    assert not visible("Id", "Task", {**shapes(), "Task": None})


def test_missing_shapes_are_named() -> None:
    """The objects that a path goes through, as far as they can be known now."""
    assert unknown_objects(["Subject"], "Task", shapes()) == {"Task"}
    assert unknown_objects(["Contact.Account.Name", "Owner.Name"], "Case", shapes()) == {"Account"}
    assert unknown_objects(["Contact.Name"], "Case", shapes()) == set()


class Clock:
    """A clock that stands until moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def described(sub: Mapping[str, Any]) -> Answer:
    """A CRM that knows Case only and honours If-Modified-Since."""
    if "If-Modified-Since" in sub.get("httpHeaders", {}):
        return 304, None
    return describe("Case", CASE) if sub["referenceId"] == "Case" else NOT_FOUND


def test_describes_travel_together_and_are_remembered() -> None:
    """One request for any number of objects, none the second time; a denied object is remembered, too."""
    bench = Bench(composite(described))
    for _ in range(2):
        found = bench.cache.load(bench.client, ["Case", "Task"])
        assert found["Case"]
        assert found["Task"] is None
    assert len(bench.adapter.sent) == 1


def test_an_old_describe_is_revalidated_not_fetched() -> None:
    """304 keeps the shape; what was denied is asked anew without a condition."""
    clock = Clock()
    bench = Bench(composite(described))
    cache = ShapeCache(clock)
    first = cache.load(bench.client, ["Case", "Task"])
    clock.now = TTL_SECONDS + 1
    assert cache.load(bench.client, ["Case", "Task"]) == first
    case, task = bench.adapter.sent[1][2]["compositeRequest"]
    assert case["httpHeaders"]["If-Modified-Since"].endswith("GMT")
    assert "httpHeaders" not in task
    cache.load(bench.client, ["Case", "Task"])
    assert len(bench.adapter.sent) == 2


def test_a_new_token_starts_with_nothing() -> None:
    """A describe belongs to one token of one user."""
    bench = Bench(composite(described))
    bench.cache.load(bench.client, ["Case"])
    bench.client.renew()
    bench.cache.load(bench.client, ["Case"])
    assert len(bench.adapter.sent) == 2


def test_forgetting_a_grant_forgets_its_describes() -> None:
    """Disconnect leaves nothing behind."""
    bench = Bench(composite(described))
    bench.cache.load(bench.client, ["Case"])
    bench.cache.forget("salesforce:other:user")
    assert bench.cache.load(bench.client, ["Case"])
    assert len(bench.adapter.sent) == 1
    bench.cache.forget(bench.client.grant_id)
    bench.cache.load(bench.client, ["Case"])
    assert len(bench.adapter.sent) == 2


def test_a_refused_field_is_described_and_asked_again_once() -> None:
    """Four requests, then it is a passing condition, not a loop."""
    bench = Bench(
        composite(
            lambda sub: (
                (400, [{"errorCode": "INVALID_FIELD"}]) if "query" in sub["url"] else describe("Knowledge__kav", CASE)
            )
        )
    )
    with pytest.raises(Retriable):
        bench.schema.ask({"Knowledge__kav": ("Subject",)}, lambda _: [query("q", "SELECT Subject FROM Knowledge__kav")])
    assert len(bench.adapter.sent) == 4
    assert bench.schema.trips == 2
