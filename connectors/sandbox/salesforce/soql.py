"""Runs SOQL as one user: chooses records by index, filters, sorts, pages, and renders what she may see."""

import functools
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from connectors.sandbox.salesforce.errors import ApiError, malformed_query, no_such_type
from connectors.sandbox.salesforce.ids import canonical, mint
from connectors.sandbox.salesforce.record_access import access_of, query_access
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.soql_ast import (
    Comparison,
    Condition,
    FieldRef,
    FieldsOf,
    Logical,
    Membership,
    Negation,
    Order,
    Query,
    SemiJoin,
)
from connectors.sandbox.salesforce.soql_parser import parse
from connectors.sandbox.salesforce.soql_scope import ACCESS, Path, Scope, Step, View, entity_value
from connectors.sandbox.salesforce.soql_where import Compiler
from connectors.sandbox.salesforce.values import Json, Row, Value, text_of

MAX_BATCH: Final = 2_000
MIN_BATCH: Final = 200
_FIELDS_LIMIT: Final = 200
CURSOR_LIFE: Final = timedelta(days=2)
_NEEDS: Final = {"Knowledge__kav": {"publishstatus", "id"}, "FeedItem": {"parentid", "id"}}
"""Objects that answer a query only when one of these fields is filtered (FeedItem: unless the user views all data)."""


@dataclass(slots=True)
class _Plan:
    """What to render of one record: key -> a field name, a plan behind a lookup, or a bound sub-query."""

    items: dict[str, "str | _Parent | _Bound"] = field(default_factory=dict)


@dataclass(slots=True)
class _Parent:
    step: Step
    plan: _Plan


@dataclass(frozen=True, slots=True)
class _Bound:
    """A query whose names are resolved. `link` is the lookup that ties a sub-query to its parent record."""

    view: View
    kind: ObjectType
    query: Query
    plan: _Plan
    order: tuple[tuple[Path, Order], ...]
    scope: Scope
    link: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A result that is being paged: the ids as they were found, rendered anew (and checked anew) page by page.

    `broken` once a record of it was deleted under the reader's hands, which a fault rule asks for.
    """

    user_id: str
    bound: _Bound
    ids: tuple[str, ...]
    expires: datetime
    broken: bool = False


def run(view: View, text: str, batch: int = MAX_BATCH) -> Json:
    """Answer one query with its first page.

    Raises:
        ApiError: as `/query` answers.
    """
    query = parse(text)
    if query.source.lower() == ACCESS.lower():
        return _access_result(view, query)
    bound = _bind(view, query, _kind(view, query))
    ids = _ids(bound)
    if query.count:
        return {"totalSize": len(ids), "done": True, "records": []}
    return _first_page(bound, ids, batch)


def more(view: View, locator: str, batch: int = MAX_BATCH) -> Json:
    """Answer `/query/01g…-2000`: any page of a cursor, as often as wanted, until it expires.

    Raises:
        ApiError: `INVALID_QUERY_LOCATOR`, `ENTITY_IS_DELETED`.
    """
    name, _, offset = locator.rpartition("-")
    cursor = view.org.cursors.get(canonical(name) or "")
    if cursor is None or not offset.isdecimal() or cursor.user_id != view.user_id:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    if cursor.expires <= view.org.clock.now() or int(offset) >= len(cursor.ids):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    if cursor.broken:
        raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
    bound = replace(cursor.bound, view=replace(cursor.bound.view, version=view.version))
    return _page(bound, cursor.ids, name, int(offset), batch)


def _kind(view: View, query: Query, name: str | None = None) -> ObjectType:
    kind = view.org.schema.object(name or query.source)
    if kind is None or kind.virtual or not view.visible(kind.name):
        raise no_such_type(query.source, Scope(view, view.org.kind("User"), query.text).where(query.source_position))
    return kind


def _bind(view: View, query: Query, kind: ObjectType, link: str = "") -> _Bound:
    scope = Scope(view, kind, query.text)
    plan = _Plan()
    for item in query.select:
        if isinstance(item, Query):
            if link:
                raise malformed_query(f"{scope.where(item.source_position)}sub-queries cannot be nested")
            child, lookup = _child(view, kind, item, scope)
            _add(plan, item.source, _bind(view, item, child, lookup), scope, item.source_position)
        elif isinstance(item, FieldsOf):
            for name in _fields_of(view, kind, item, query):
                plan.items.setdefault(name, name)
        else:
            _select(plan, scope, item)
    order = tuple((_sortable(scope, item), item) for item in query.order)
    needed = _NEEDS.get(kind.name)
    exempt = kind.name == "FeedItem" and view.org.permissions.has(view.user_id, "ViewAllData")
    if needed and not exempt and not link and not needed & set(_filtered(query.where)):
        text = f"Implementation restriction: {kind.name} requires a filter on {' or '.join(sorted(needed))}"
        raise malformed_query(text)
    return _Bound(view, kind, query, plan, order, scope, link)


def _select(plan: _Plan, scope: Scope, ref: FieldRef) -> None:
    path = scope.resolve(ref)
    for step in path.steps:
        found = plan.items.setdefault(step.relationship, _Parent(step, _Plan()))
        if not isinstance(found, _Parent):
            raise malformed_query(f"{scope.where(ref.position)}duplicate alias: {step.relationship}")
        plan = found.plan
    _add(plan, path.field.name, path.field.name, scope, ref.position)


def _add(plan: _Plan, key: str, item: "str | _Bound", scope: Scope, position: int) -> None:
    if key in plan.items:
        raise ApiError(400, "INVALID_FIELD", f"{scope.where(position)}duplicate field selected: {key}")
    plan.items[key] = item


def _fields_of(view: View, kind: ObjectType, item: FieldsOf, query: Query) -> list[str]:
    if item.which != "standard" and (query.limit is None or query.limit > _FIELDS_LIMIT):
        text = f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT}"
        raise malformed_query(text)
    wanted = {"all": (True, False), "standard": (False,), "custom": (True,)}[item.which]
    visible = view.visible(kind.name)
    return [each.name for each in kind.fields.values() if each.name in visible and each.custom in wanted]


def _child(view: View, kind: ObjectType, query: Query, scope: Scope) -> tuple[ObjectType, str]:
    for child, lookup in view.org.schema.children(kind.name):
        if lookup.child_relationship.lower() == query.source.lower() and lookup.name in view.visible(child.name):
            return child, lookup.name
    text = f"Didn't understand relationship '{query.source}' in FROM part of query call."
    raise ApiError(400, "INVALID_TYPE", scope.where(query.source_position) + text)


def _sortable(scope: Scope, item: Order) -> Path:
    path = scope.resolve(item.field)
    if path.field.long_text:
        text = f"field '{path.field.name}' can not be sorted in a query call"
        raise ApiError(400, "INVALID_FIELD", scope.where(item.field.position) + text)
    return path


def _filtered(condition: Condition | None) -> Iterator[str]:
    match condition:
        case Logical():
            for part in condition.parts:
                yield from _filtered(part)
        case Negation():
            yield from _filtered(condition.part)
        case Comparison() | Membership() | SemiJoin():
            yield condition.field.text.lower()


def _ids(bound: _Bound, parent_id: str = "") -> list[str]:
    """The ids of the records that the query finds for the user, in order, LIMIT and OFFSET applied."""
    query, view, kind = bound.query, bound.view, bound.kind.name
    table = view.org.store.tables[kind]
    candidates: AbstractSet[str] | None = table.find(bound.link, (parent_id,)) if bound.link else None
    rows: list[Row]
    if query.where is None:
        tested = None
    else:
        compiled = Compiler(bound.scope, functools.partial(_column, view)).compile(query.where)
        tested = compiled.test
        if candidates is None or (compiled.candidates is not None and len(compiled.candidates) < len(candidates)):
            if candidates is not None and compiled.candidates is not None:
                candidates &= compiled.candidates
            else:
                candidates = compiled.candidates
    pool = table.rows.values() if candidates is None else [table.rows[found] for found in candidates]
    rows = [row for row in pool if (tested is None or tested(row)) and view.sees(kind, row)]
    rows.sort(key=lambda row: text_of(row, "Id"))
    for path, order in reversed(bound.order):
        _sort(rows, bound.scope, path, order)
    end = None if query.limit is None else query.offset + query.limit
    return [text_of(row, "Id") for row in rows[query.offset : end]]


def _sort(rows: list[Row], scope: Scope, path: Path, order: Order) -> None:
    get = scope.getter(path)

    def key(row: Row) -> tuple[bool, str | float]:
        value = get(row)
        if value is None:
            return (not order.nulls_first) is not order.descending, ""
        return order.nulls_first is not order.descending, value.casefold() if isinstance(value, str) else value

    rows.sort(key=key, reverse=order.descending)


def _column(view: View, query: Query) -> frozenset[Value]:
    """The values of the one column of a semi-join."""
    column = query.select[0] if len(query.select) == 1 else None
    if not isinstance(column, FieldRef):
        raise malformed_query("A semi join sub-select must select exactly one field")
    bound = _bind(view, query, _kind(view, query))
    path = bound.scope.resolve(column)
    if path.field.type not in {"id", "reference"}:
        raise malformed_query("A semi join sub-select can only query id fields")
    get = bound.scope.getter(path)
    rows = view.org.store.tables[bound.kind.name].rows
    return frozenset(get(rows[found]) for found in _ids(bound))


def _first_page(bound: _Bound, ids: list[str], batch: int) -> Json:
    if len(ids) <= batch:
        return _page(bound, tuple(ids), "", 0, batch)
    org = bound.view.org
    name = mint("01g", org.pod, org.next_number("01g"))
    org.keep_cursor(name, Cursor(bound.view.user_id, bound, tuple(ids), org.clock.now() + CURSOR_LIFE))
    return _page(bound, tuple(ids), name, 0, batch)


def _page(bound: _Bound, ids: tuple[str, ...], name: str, offset: int, batch: int) -> Json:
    table, view, kind = bound.view.org.store.tables[bound.kind.name], bound.view, bound.kind.name
    rows = [table.rows[found] for found in ids[offset : offset + batch] if found in table.rows]
    records = [_render(view, kind, row, bound.plan) for row in rows if view.sees(kind, row)]
    end = offset + batch
    page: Json = {"totalSize": len(ids), "done": end >= len(ids)}
    if end < len(ids):
        page["nextRecordsUrl"] = f"/services/data/{view.version}/query/{name}-{end}"
    page["records"] = records
    return page


def _render(view: View, kind: str, row: Row, plan: _Plan, *, as_name: bool = False) -> Json:
    record: Json = {"attributes": {"type": kind, "url": view.url(kind, row["Id"])}}
    visible = view.visible(kind)
    for key, item in plan.items.items():
        if isinstance(item, str):
            record[key] = entity_value(view, kind, row, item) if as_name else row.get(item) if item in visible else None
        elif isinstance(item, _Bound):
            ids = _ids(replace(item, view=view), text_of(row, "Id"))
            record[key] = _first_page(item, ids, MAX_BATCH) if ids else None
        elif item.step.relationship == ACCESS:
            access = access_of(view.org, view.user_id, row)
            shown = {name: access[str(name)] for name in item.plan.items}
            record[key] = {"attributes": {"type": ACCESS, "url": view.url(ACCESS, row["Id"])}, **shown}
        else:
            above = item.step.follow(view, row)
            record[key] = above and _render(view, *above, item.plan, as_name=item.step.polymorphic)
    return record


def _access_result(view: View, query: Query) -> Json:
    selected, found = query_access(view.org, view.user_id, query)
    records = [
        {
            "attributes": {"type": ACCESS, "url": view.url(ACCESS, access["RecordId"])},
            **{name: access[name] for name in selected},
        }
        for access in found
    ]
    return {"totalSize": len(records), "done": True, "records": records}
