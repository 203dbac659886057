"""The generated company, built once for all tests that only read it."""

from functools import cache
from typing import Any

from connectors.sandbox.data import Generated, Org, build, build_portal
from connectors.sandbox.data.truth import GroundTruth, Place
from connectors.sandbox.salesforce.values import Row


@cache
def world() -> tuple[list[Org], GroundTruth]:
    """Both Salesforce orgs and their ground truth at the default seed."""
    return build()


@cache
def portal() -> tuple[Generated, GroundTruth]:
    """The HubSpot portal and its ground truth at the default seed."""
    return build_portal()


@cache
def by_id() -> dict[str, tuple[str, Row]]:
    """Record id -> (object, record), over both orgs."""
    return {str(row["Id"]): (name, row) for _, records in world()[0] for name, row in records}


def records(name: str, alias: str = "") -> list[Row]:
    """All records of an object, of one org or of both."""
    return [
        row
        for document, rows in world()[0]
        if alias in {"", document["org"]["alias"]}
        for kind, row in rows
        if kind == name
    ]


def document(alias: str) -> dict[str, Any]:
    """The document of one org."""
    return next(item for item, _ in world()[0] if item["org"]["alias"] == alias)


def text_at(place: Place) -> str:
    """What stands at a place of the ground truth."""
    name, row = by_id()[place.record_id]
    assert name == place.object
    value = row[place.field]
    assert isinstance(value, str)
    return value[place.start : place.end]
