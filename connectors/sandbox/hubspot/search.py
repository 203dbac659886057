"""Search: filters, words and sorting over an index that lags; 200 a page and 10,000 in all (contract, 2.4)."""

import json
from functools import partial
from typing import Any, Final

from connectors.sandbox.hubspot.access import read_scopes
from connectors.sandbox.hubspot.call import Answer, Call, names_in, page_size, position
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.filters import compile_filters, compile_query, ordered
from connectors.sandbox.hubspot.kinds import ObjectType, Property
from connectors.sandbox.hubspot.store import Record
from connectors.sandbox.hubspot.views import View
from connectors.sandbox.wire import JSON

PAGE: Final = 10
MAX_PAGE: Final = 200
MAX_RESULTS: Final = 10_000
MAX_QUERY: Final = 3_000
_OF_A_PAGE: Final = frozenset({"after", "limit", "properties"})


def search(call: Call, type_name: str) -> Answer:
    """One page of what the index finds. Archived records are never found.

    A page may be short, or empty, and still have a next one: see `SearchIndex.ghosts`.
    """
    kind = call.kind(type_name)
    call.access.need(read_scopes(kind))
    body = call.json()
    size, after = page_size(body.get("limit", PAGE), MAX_PAGE), position(body.get("after") or "0")
    if after + size > MAX_RESULTS:
        raise HubError.invalid(f"The search API returns at most {MAX_RESULTS} results: after + limit exceeds that")
    view = View(call, kind, names_in(body, "properties"))
    found = _results(call, kind, body)
    start, count = call.portal.search.ghosts
    start = min(start, len(found))
    entries: list[Record | None] = [*found[:start], *[None] * count, *found[start:]]
    shown = entries[after : after + size]
    answer: JSON = {"total": len(found), "results": [view.document(record) for record in shown if record]}
    if after + size < len(entries):
        answer["paging"] = {"next": {"after": str(after + size)}}
    return Answer(200, answer)


def _results(call: Call, kind: ObjectType, body: JSON) -> list[Record]:
    asked = {name: value for name, value in body.items() if name not in _OF_A_PAGE}
    question = (call.caller, kind.name, json.dumps(asked, sort_keys=True))
    portal = call.portal
    return portal.search.results(
        question, portal.store.generation, portal.clock.time(), lambda: _found(call, kind, body)
    )


def _found(call: Call, kind: ObjectType, body: JSON) -> list[Record]:
    """All records that match and exist for the caller, in order."""
    test = compile_filters(call, kind, body)
    query = body.get("query") or ""
    if not isinstance(query, str) or len(query) > MAX_QUERY:
        raise HubError.invalid(f"query must be a text of at most {MAX_QUERY} characters")
    orders = _sorts(call, kind, body.get("sorts"))
    portal = call.portal
    rows = portal.search.rows(portal.store.tables[kind.name], kind.name, portal.clock.time())
    if query:
        matches = compile_query(call, kind, query)
        rows = [row for row in rows if matches(row)]
    rows = [row for row in rows if test(row) and call.access.sees(row)]
    rows.sort(key=lambda row: int(row.id))
    for item, descending in reversed(orders):
        have = [row for row in rows if item.name in row.properties]
        lack = [row for row in rows if item.name not in row.properties]
        have.sort(key=partial(_sort_key, item), reverse=descending)
        rows = have + lack
    return rows


def _sort_key(item: Property, row: Record) -> Any:  # noqa: ANN401 - all values of one property are of one kind
    value = row.get(item.name)
    return value if item.name == "hs_object_id" else ordered(item, value)


def _sorts(call: Call, kind: ObjectType, sorts: object) -> list[tuple[Property, bool]]:
    """Properties to sort by, and whether in descending order; by creation when nothing is said."""
    if sorts is None:
        sorts = []
    if not isinstance(sorts, list):
        raise HubError.invalid("Invalid input JSON: sorts must be a list")
    found = [_sort(call, kind, entry) for entry in sorts]
    created = call.portal.schema.property(kind.name, kind.created)
    return found or ([(created, False)] if created else [])


def _sort(call: Call, kind: ObjectType, entry: object) -> tuple[Property, bool]:
    if isinstance(entry, str):
        name, descending = entry.lstrip("-"), entry.startswith("-")
    elif isinstance(entry, dict) and isinstance(entry.get("propertyName"), str):
        name, descending = entry["propertyName"], entry.get("direction") == "DESCENDING"
    else:
        raise HubError.invalid("Invalid input JSON: a sort is a property name, or an object with propertyName")
    item = call.portal.schema.property(kind.name, name)
    if item is None or not call.access.shows(kind.name, item.name):
        detail = {"message": f"Property {name[:100]} does not exist", "code": "PROPERTY_DOESNT_EXIST"}
        raise HubError(400, "VALIDATION_ERROR", "There was a problem with the request.", errors=(detail,))
    return item, descending
