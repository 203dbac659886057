"""The filters of a search: groups joined by OR, filters in a group by AND (contract, 2.4)."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from connectors.sandbox.hubspot.call import Call
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ObjectType, Property
from connectors.sandbox.hubspot.store import Record
from connectors.sandbox.hubspot.values import MOMENTS, Problem, normal
from connectors.sandbox.wire import JSON

MAX_GROUPS, MAX_IN_GROUP, MAX_FILTERS = 5, 6, 18
_MAX_VALUES: Final = 100
_WORD: Final = re.compile(r"[\w@.+-]+")
_ASSOCIATED: Final = "associations."

Test = Callable[[Record], bool]
Ordered = int | Decimal | str


def compile_filters(call: Call, kind: ObjectType, body: JSON) -> Test:
    """A test for the `filterGroups` of a search (or `filters`, short for one group).

    Raises:
        HubError: 400, more than is allowed, or something that makes no sense.
    """
    groups = _objects(body.get("filterGroups"), "filterGroups")
    if body.get("filters"):
        groups = [*groups, {"filters": body["filters"]}]
    if len(groups) > MAX_GROUPS:
        raise _problem(f"The maximum number of filter groups is {MAX_GROUPS}")
    parts = [_objects(group.get("filters"), "filters") for group in groups]
    if any(len(part) > MAX_IN_GROUP for part in parts) or sum(map(len, parts)) > MAX_FILTERS:
        raise _problem(f"A group may have {MAX_IN_GROUP} filters, and a search {MAX_FILTERS} in all")
    tests = [[_filter(call, kind, given) for given in part] for part in parts if part]
    if not tests:
        return lambda _record: True
    return lambda record: any(all(test(record) for test in group) for group in tests)


def compile_query(call: Call, kind: ObjectType, text: str) -> Test:
    """A test for `query`: every word must begin a word of one of the properties that HubSpot searches by default."""
    names = [name for name in kind.searched if call.access.shows(kind.name, name)]
    wanted = _words(text)

    def test(record: Record) -> bool:
        words = {word for name in names for word in _words(record.get(name))}
        return all(any(word.startswith(prefix) for word in words) for prefix in wanted)

    return test


def ordered(item: Property, value: str) -> Ordered:
    """What a stored value is compared by: a number, or text; moments are stored so that their text has their order."""
    if item.type == "number":
        if value.isascii() and value.isdigit():
            return int(value)
        try:
            return Decimal(value)
        except InvalidOperation:
            return Decimal("NaN")
    return value if item.type in MOMENTS else value.casefold()


def _filter(call: Call, kind: ObjectType, given: JSON) -> Test:
    name, operator = given.get("propertyName"), given.get("operator")
    if not isinstance(name, str) or not isinstance(operator, str):
        raise _problem("A filter needs propertyName and operator")
    if name.startswith(_ASSOCIATED):
        return _association(call, kind, name[len(_ASSOCIATED) :], operator, given)
    item = call.portal.schema.property(kind.name, name)
    if item is None or not call.access.shows(kind.name, item.name):
        raise _problem(f"Property {name[:100]} does not exist", code="PROPERTY_DOESNT_EXIST")
    name = item.name
    if operator == "HAS_PROPERTY":
        return lambda record: name in record.properties
    if operator == "NOT_HAS_PROPERTY":
        return lambda record: name not in record.properties
    if operator in {"IN", "NOT_IN"}:
        return _membership(item, _values(given), wanted=operator == "IN")
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        return _token(name, _value(given, "value"), wanted=operator == "CONTAINS_TOKEN")
    return _comparison(item, operator, given)


def _comparison(item: Property, operator: str, given: JSON) -> Test:
    name, low = item.name, _operand(item, _value(given, "value"))
    if operator == "BETWEEN":
        high = _operand(item, _value(given, "highValue"))
        return lambda record: name in record.properties and _between(low, ordered(item, record.get(name)), high)
    compare = _COMPARISONS.get(operator)
    if compare is None:
        raise _problem(f"{operator[:50]} is no operator")
    if operator == "NEQ":
        return lambda record: ordered(item, record.get(name)) != low if name in record.properties else True
    return lambda record: name in record.properties and compare(ordered(item, record.get(name)), low)


def _membership(item: Property, values: Sequence[str], *, wanted: bool) -> Test:
    """`IN` finds text only by lower-case values (contract, 2.4); other types as they compare."""
    name = item.name
    if item.type == "string":
        chosen: frozenset[Ordered] = frozenset(values)
    else:
        chosen = frozenset(_operand(item, value) for value in values)
    if wanted:
        return lambda record: name in record.properties and ordered(item, record.get(name)) in chosen
    return lambda record: name not in record.properties or ordered(item, record.get(name)) not in chosen


def _token(name: str, value: str, *, wanted: bool) -> Test:
    """Whole words; a star at an end stands for anything."""
    head, tail = value.startswith("*"), value.endswith("*")
    plain = value.strip("*").casefold()

    def matches(word: str) -> bool:
        if head and tail:
            return plain in word
        return word.endswith(plain) if head else word.startswith(plain) if tail else word == plain

    words = _words(plain) if not (head or tail) else []

    def test(record: Record) -> bool:
        found = _words(record.get(name))
        has = set(words) <= set(found) if len(words) > 1 else any(matches(word) for word in found)
        return has is wanted

    return test


def _association(call: Call, kind: ObjectType, to_name: str, operator: str, given: JSON) -> Test:
    to_type = call.kind(to_name).name
    if operator not in {"EQ", "IN"}:
        raise _problem(f"{operator[:50]} is not supported for associations")
    ids = {_value(given, "value")} if operator == "EQ" else set(_values(given))
    store = call.portal.store
    return lambda record: not ids.isdisjoint(store.links((kind.name, record.id), to_type))


def _operand(item: Property, value: str) -> Ordered:
    """A value of a request, in the form of those that are stored."""
    try:
        found = ordered(item, normal(item, value) if item.type in MOMENTS else value)
    except Problem:
        found = Decimal("NaN")
    if isinstance(found, Decimal) and found.is_nan():
        raise _problem(f"{value[:100]} is not a valid value for {item.name}", code="INVALID_VALUE")
    return found


def _between(low: Any, value: Any, high: Any) -> bool:  # noqa: ANN401 - all three are of the property's own kind
    return bool(low <= value <= high)


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "EQ": lambda value, other: value == other,
    "NEQ": lambda value, other: value != other,
    "LT": lambda value, other: value < other,
    "LTE": lambda value, other: value <= other,
    "GT": lambda value, other: value > other,
    "GTE": lambda value, other: value >= other,
}


def _value(given: JSON, key: str) -> str:
    found = given.get(key)
    if isinstance(found, bool):
        return str(found).lower()
    if not isinstance(found, str | int | float) or found == "":
        raise _problem(f"A filter with this operator needs {key}")
    return str(found)


def _values(given: JSON) -> list[str]:
    found = given.get("values")
    if not isinstance(found, list) or not found or len(found) > _MAX_VALUES:
        raise _problem(f"A filter with this operator needs 1 to {_MAX_VALUES} values")
    return [_value({"value": value}, "value") for value in found]


def _objects(found: object, key: str) -> list[JSON]:
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _problem(f"{key} must be a list of objects")
    return found


def _words(text: str) -> list[str]:
    return [word.strip(".").casefold() for word in _WORD.findall(text)]


def _problem(detail: str, *, code: str = "INVALID_FILTER") -> HubError:
    entry = {"message": detail, "code": code}
    return HubError(400, "VALIDATION_ERROR", "There was a problem with the request.", errors=(entry,))
