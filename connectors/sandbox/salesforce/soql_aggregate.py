"""Aggregate queries: `COUNT(field)`, `MAX`, `GROUP BY` and the like, over the records that the user may see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.sandbox.salesforce.errors import ApiError, malformed_query
from connectors.sandbox.salesforce.query_rules import refuse_query
from connectors.sandbox.salesforce.schema import NUMBERS, Field
from connectors.sandbox.salesforce.soql_ast import Aggregate, FieldRef, Query
from connectors.sandbox.salesforce.soql_plan import Bound, Plan, kind_of
from connectors.sandbox.salesforce.soql_rows import cut, rows_of, sort
from connectors.sandbox.salesforce.soql_scope import Getter, Scope, View
from connectors.sandbox.salesforce.values import Json, Row, Value

MAX_GROUPS: Final = 2_000
_NOT_GROUPED: Final = frozenset({"datetime", "multipicklist", *NUMBERS}) - {"int"}


@dataclass(frozen=True, slots=True)
class _Column:
    """One value of each result: what it is made of, its key (for ORDER BY), and how the records of a group give it."""

    source: FieldRef | Aggregate
    name: str
    value: Callable[[Sequence[Row]], Value]


def aggregate(view: View, query: Query) -> list[Json]:
    """The `AggregateResult`s of a query; without GROUP BY there is one, however few records there are.

    Raises:
        ApiError: a name is unknown or hidden, a field cannot be grouped or aggregated, or there are too many groups.
    """
    kind = kind_of(view, query)
    scope = Scope(view, kind, query.text)
    refuse_query(view, kind.name, query)
    grouped = {ref.text.lower(): _groupable(scope, ref) for ref in query.group}
    columns = _columns(scope, query, grouped)
    sorters = [(_sorter(scope, columns, grouped, order.field), order) for order in query.order]
    groups: dict[tuple[Value, ...], list[Row]] = {} if query.group else {(): []}
    for row in rows_of(Bound(view, kind, query, Plan(), (), scope)):
        groups.setdefault(tuple(get(row) for get in grouped.values()), []).append(row)
    found = list(groups.values())
    for value, order in reversed(sorters):
        sort(found, _folded(value), order)
    found = cut(found, query)
    if len(found) > MAX_GROUPS:
        text = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", text)
    return [
        {"attributes": {"type": "AggregateResult"}, **{column.name: column.value(rows) for column in columns}}
        for rows in found
    ]


def _columns(scope: Scope, query: Query, grouped: dict[str, Getter]) -> list[_Column]:
    columns: list[_Column] = []
    unnamed = 0
    for item, alias in zip(query.select, query.aliases, strict=True):
        if isinstance(item, Aggregate):
            name = alias or f"expr{unnamed}"
            unnamed += not alias
            columns.append(_Column(item, name, _aggregated(scope, item)))
        elif isinstance(item, FieldRef):
            path = scope.resolve(item)
            if item.text.lower() not in grouped:
                raise malformed_query(f"{scope.where(item.position)}Field must be grouped or aggregated: {item.text}")
            columns.append(_Column(item, alias or path.field.name, _first(grouped[item.text.lower()])))
        else:
            raise malformed_query("Grouped query cannot use child relationships or FIELDS() in the SELECT list")
        if len({column.name.lower() for column in columns}) < len(columns):
            raise malformed_query(f"{scope.where(item.position)}duplicate alias: {columns[-1].name}")
    return columns


def _sorter(
    scope: Scope, columns: list[_Column], grouped: dict[str, Getter], by: FieldRef | Aggregate
) -> Callable[[Sequence[Row]], Value]:
    if isinstance(by, Aggregate):
        return _aggregated(scope, by)
    for column in columns:
        if by.text == column.name:
            return column.value
    if by.text.lower() not in grouped:
        scope.resolve(by)
        text = f"Ordered field must be grouped or aggregated: {by.text}"
        raise malformed_query(scope.where(by.position) + text)
    return _first(grouped[by.text.lower()])


def _groupable(scope: Scope, ref: FieldRef) -> Getter:
    path = scope.resolve(ref)
    if path.field.long_text or path.field.type in _NOT_GROUPED:
        text = f"field '{ref.text}' can not be grouped in a query call"
        raise malformed_query(scope.where(ref.position) + text)
    return scope.getter(path)


def _folded(value: Callable[[Sequence[Row]], Value]) -> Callable[[Sequence[Row]], Value]:
    def fold(rows: Sequence[Row]) -> Value:
        found = value(rows)
        return found.casefold() if isinstance(found, str) else found

    return fold


def _first(get: Getter) -> Callable[[Sequence[Row]], Value]:
    return lambda rows: get(rows[0])


def _aggregated(scope: Scope, item: Aggregate) -> Callable[[Sequence[Row]], Value]:
    path = scope.resolve(item.field)
    if not _fits(item.function, path.field):
        text = f"field {path.field.name} does not support aggregate operator {item.function.upper()}"
        raise malformed_query(scope.where(item.position) + text)
    get, reduce = scope.getter(path), _FUNCTIONS[item.function]

    def value(rows: Sequence[Row]) -> Value:
        return reduce([found for row in rows if (found := get(row)) is not None])

    return value


def _fits(function: str, field: Field) -> bool:
    if function in {"sum", "avg"}:
        return field.type in NUMBERS
    if function in {"min", "max"}:
        return field.type != "boolean" and not field.long_text
    return not field.long_text


def _total(values: Sequence[Value]) -> Value:
    return sum(value for value in values if isinstance(value, int | float)) if values else None


def _mean(values: Sequence[Value]) -> Value:
    total = _total(values)
    return total / len(values) if isinstance(total, int | float) else None


def _distinct(values: Sequence[Value]) -> int:
    return len({value.casefold() if isinstance(value, str) else value for value in values})


def _smallest(values: Sequence[Value]) -> Value:
    return min(values, key=_comparable) if values else None


def _largest(values: Sequence[Value]) -> Value:
    return max(values, key=_comparable) if values else None


def _comparable(value: Value) -> tuple[str, float]:
    """Values of one field are all texts or all numbers."""
    return (value.casefold(), 0.0) if isinstance(value, str) else ("", float(value or 0))


_FUNCTIONS: Final[dict[str, Callable[[Sequence[Value]], Value]]] = {
    "avg": _mean,
    "count": len,
    "count_distinct": _distinct,
    "max": _largest,
    "min": _smallest,
    "sum": _total,
}
