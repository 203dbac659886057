"""Finds the records of a bound query: by index where one helps, tested, seen by the user, sorted and cut."""

import functools
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from itertools import islice
from operator import itemgetter
from typing import Final, TypeVar

from connectors.sandbox.salesforce.errors import malformed_query
from connectors.sandbox.salesforce.soql_ast import FieldRef, Order, Query
from connectors.sandbox.salesforce.soql_plan import Bound, bind, kind_of
from connectors.sandbox.salesforce.soql_scope import View
from connectors.sandbox.salesforce.soql_where import Compiler, folded
from connectors.sandbox.salesforce.values import Row, Value, text_of

T = TypeVar("T")
_ID: Final = itemgetter("Id")


def rows_of(bound: Bound, parent_id: str = "", most: int | None = None) -> list[Row]:
    """The first `most` records (None: all) that the query finds for the user, by their ids; neither sorted nor cut.

    Raises:
        ApiError: a condition names what there is not, or compares what cannot be compared.
    """
    query, view, kind = bound.query, bound.view, bound.kind.name
    table = view.org.store.tables[kind]
    candidates: AbstractSet[str] | None = table.find(bound.link, (parent_id,)) if bound.link else None
    tested = None
    if query.where is not None:
        compiled = Compiler(bound.scope, functools.partial(_column, view)).compile(query.where)
        tested = compiled.test
        if candidates is None:
            candidates = compiled.candidates
        elif compiled.candidates is not None and len(compiled.candidates) < len(candidates):
            candidates &= compiled.candidates
    pool = table.rows.values() if candidates is None else [table.rows[found] for found in candidates]
    if most is not None:
        ahead = (row for row in sorted(pool, key=_ID) if (tested is None or tested(row)) and view.sees(kind, row))
        return list(islice(ahead, most))
    rows = [row for row in pool if (tested is None or tested(row)) and view.sees(kind, row)]
    rows.sort(key=_ID)
    return rows


def ids_of(bound: Bound, parent_id: str = "") -> list[str]:
    """The ids of these records in the order that the query wants, LIMIT and OFFSET applied."""
    query = bound.query
    most = None if bound.order or query.limit is None else query.offset + query.limit
    rows = rows_of(bound, parent_id, most)
    for path, order in reversed(bound.order):
        sort(rows, folded(path.field, bound.scope.getter(path)), order)
    return [text_of(row, "Id") for row in cut(rows, query)]


def cut(rows: list[T], query: Query) -> list[T]:
    """What LIMIT and OFFSET leave."""
    return rows[query.offset : None if query.limit is None else query.offset + query.limit]


def sort(rows: list[T], get: Callable[[T], Value], order: Order) -> None:
    """Sort by one key (folded where case does not count), in place; nulls first unless the order says otherwise."""

    def key(row: T) -> tuple[bool, str | float]:
        value = get(row)
        if value is None:
            return (not order.nulls_first) is not order.descending, ""
        return order.nulls_first is not order.descending, value

    rows.sort(key=key, reverse=order.descending)


def _column(view: View, query: Query) -> frozenset[Value]:
    """The values of the one column of a semi-join."""
    column = query.select[0] if len(query.select) == 1 else None
    if not isinstance(column, FieldRef):
        raise malformed_query("A semi join sub-select must select exactly one field")
    bound = bind(view, query, kind_of(view, query))
    path = bound.scope.resolve(column)
    if path.field.type not in {"id", "reference"}:
        raise malformed_query("A semi join sub-select can only query id fields")
    get = bound.scope.getter(path)
    rows = view.org.store.tables[bound.kind.name].rows
    return frozenset(get(rows[found]) for found in ids_of(bound))
