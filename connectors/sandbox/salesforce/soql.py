"""Runs SOQL as one user: answers page by page, and renders what she may see."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.ids import canonical, mint
from connectors.sandbox.salesforce.record_access import access_of, query_access
from connectors.sandbox.salesforce.soql_aggregate import aggregate
from connectors.sandbox.salesforce.soql_ast import Query
from connectors.sandbox.salesforce.soql_parser import parse
from connectors.sandbox.salesforce.soql_plan import Bound, Plan, bind, kind_of
from connectors.sandbox.salesforce.soql_rows import ids_of
from connectors.sandbox.salesforce.soql_scope import ACCESS, View, entity_value
from connectors.sandbox.salesforce.values import Json, Row, text_of

MAX_BATCH: Final = 2_000
MIN_BATCH: Final = 200
CURSOR_LIFE: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A result that is being paged: the ids as they were found, rendered anew (and checked anew) page by page.

    `broken` once a record of it was deleted under the reader's hands, which a fault rule asks for.
    """

    user_id: str
    bound: Bound
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
    if query.aggregates:
        records = aggregate(view, query)
        return {"totalSize": len(records), "done": True, "records": records}
    bound = bind(view, query, kind_of(view, query))
    ids = ids_of(bound)
    if query.count:
        return {"totalSize": len(ids), "done": True, "records": []}
    return _page(bound, tuple(ids), "", 0, batch, fresh=True)


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


def _keep(bound: Bound, ids: tuple[str, ...]) -> str:
    """Remember a result that does not fit into one page; the name of its cursor."""
    org = bound.view.org
    name = mint("01g", org.pod, org.next_number("01g"))
    org.keep_cursor(name, Cursor(bound.view.user_id, bound, ids, org.clock.now() + CURSOR_LIFE))
    return name


def _page(bound: Bound, ids: tuple[str, ...], name: str, offset: int, batch: int, *, fresh: bool = False) -> Json:
    """One page: `batch` records at most, those of sub-queries counted, so that a page may be short.

    Of a result that is not `fresh`, the records are shown that the user still reads.
    """
    table, view, kind = bound.view.org.store.tables[bound.kind.name], bound.view, bound.kind.name
    records: list[Json] = []
    room, end = batch, offset
    children = [key for key, item in bound.plan.items.items() if isinstance(item, Bound)]
    while end < len(ids) and room > 0:
        row = table.rows.get(ids[end])
        end += 1
        room -= 1
        if row is not None and (fresh or view.sees(kind, row)):
            records.append(_render(view, kind, row, bound.plan, batch))
            room -= sum(_children(records[-1][key]) for key in children)
    page: Json = {"totalSize": len(ids), "done": end >= len(ids)}
    if end < len(ids):
        page["nextRecordsUrl"] = f"/services/data/{view.version}/query/{name or _keep(bound, ids)}-{end}"
    page["records"] = records
    return page


def _children(page: object) -> int:
    """How many records of a sub-query a record carries."""
    found = page["records"] if isinstance(page, dict) else ()
    return len(found) if isinstance(found, list) else 0


def _render(view: View, kind: str, row: Row, plan: Plan, batch: int, *, as_name: bool = False) -> Json:
    record: Json = {"attributes": {"type": kind, "url": view.url(kind, row["Id"])}}
    visible = view.visible(kind)
    for key, item in plan.items.items():
        if isinstance(item, str):
            record[key] = entity_value(view, kind, row, item) if as_name else row.get(item) if item in visible else None
        elif isinstance(item, Bound):
            child = replace(item, view=view)
            ids = ids_of(child, text_of(row, "Id"))
            record[key] = _page(child, tuple(ids), "", 0, batch, fresh=True) if ids else None
        elif item.step.relationship == ACCESS:
            access = access_of(view.org, view.user_id, row)
            shown = {name: access[str(name)] for name in item.plan.items}
            record[key] = {"attributes": {"type": ACCESS, "url": view.url(ACCESS, row["Id"])}, **shown}
        else:
            above = item.step.follow(view, row)
            record[key] = above and _render(view, *above, item.plan, batch, as_name=item.step.polymorphic)
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
