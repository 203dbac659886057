"""Runs the query of a bulk job as its user, and writes what it finds as CSV: all values quoted, null as nothing."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from connectors.sandbox.salesforce import soql
from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.soql_ast import FieldRef, FieldsOf, Query
from connectors.sandbox.salesforce.soql_parser import parse
from connectors.sandbox.salesforce.soql_scope import Scope, View
from connectors.sandbox.salesforce.soql_tokens import tokenize

_EVERYTHING: Final = 1 << 62
_COMPOUND: Final = frozenset(
    {"address", "billingaddress", "mailingaddress", "otheraddress", "shippingaddress", "geolocation"}
)
Cell = Callable[[dict[str, object]], str]


def check(view: View, text: str) -> ObjectType:
    """Refuse what a bulk job cannot run, at the price of one record; the object that the query is about.

    Raises:
        ApiError: `FUNCTIONALITY_NOT_ENABLED`, `API_ERROR`, or what `/query` answers.
    """
    _refuse_words(text)
    query = parse(text)
    _refuse_shape(query)
    kind = view.org.schema.object(query.source)
    if kind is not None and kind.virtual:
        raise ApiError(400, "API_ERROR", "API does not support query")
    soql.run(view, text if query.limit is not None else f"{text} LIMIT 1")
    return view.org.kind(query.source)


def csv_lines(view: View, text: str, delimiter: str, end: str) -> list[str]:
    """The whole result: a header and one line per record, each with its line end.

    Raises:
        ApiError: the user may no longer ask this.
    """
    found = soql.run(view, text, _EVERYTHING)["records"]
    records: list[dict[str, object]] = found if isinstance(found, list) else []
    columns = _columns(view, parse(text))
    cells = [_cell(path, is_time=is_time) for path, is_time in columns]
    between, first, last = f'"{delimiter}"', '"', f'"{end}'
    lines = [first + between.join(".".join(path) for path, _ in columns) + last]
    lines += [first + between.join([cell(record) for cell in cells]) + last for record in records]
    return lines


def _columns(view: View, query: Query) -> list[tuple[tuple[str, ...], bool]]:
    """The selected paths in the schema's own spelling, and whether each is a date with a time."""
    kind = view.org.kind(query.source)
    scope, visible = Scope(view, kind, query.text), view.visible(kind.name)
    columns: list[tuple[tuple[str, ...], bool]] = []
    for item in query.select:
        if isinstance(item, FieldRef):
            path = scope.resolve(item)
            steps = tuple(step.relationship for step in path.steps)
            columns.append(((*steps, path.field.name), path.field.type == "datetime"))
        else:
            shown = (field for field in kind.fields.values() if field.name in visible and field.type != "base64")
            columns += [((field.name,), field.type == "datetime") for field in shown if not field.custom]
    return columns


def _cell(path: tuple[str, ...], *, is_time: bool) -> Cell:
    """A function from a rendered record to the text of one column."""
    name = path[-1]

    def climb(record: dict[str, object]) -> str:
        at: object = record
        for step in path:
            at = at.get(step) if isinstance(at, dict) else None
        return _text(at, is_time=is_time)

    if len(path) > 1:
        return climb
    return lambda record: _text(record.get(name), is_time=is_time)


def _text(value: object, *, is_time: bool) -> str:
    if isinstance(value, str):
        if is_time:
            return value.replace("+0000", "Z")
        return value.replace('"', '""') if '"' in value else value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refuse_words(text: str) -> None:
    words = [token.word for token in tokenize(text)]
    if ("group", "by") in pairwise(words) or "having" in words:
        raise _unsupported("GROUP BY not supported in Bulk V2 Query")
    for word in ("offset", "typeof"):
        if word in words:
            raise _unsupported(f"{word.upper()} not supported in Bulk V2 Query")


def _refuse_shape(query: Query) -> None:
    if any(isinstance(item, Query) for item in query.select):
        raise _unsupported("Aggregate Relationships not supported in Bulk V2 Query with CSV content type.")
    if query.count or any(not isinstance(item, FieldRef | FieldsOf) for item in query.select):
        raise _unsupported("Aggregate functions not supported in Bulk V2 Query")
    if any(isinstance(item, FieldsOf) and item.which != "standard" for item in query.select):
        raise _unsupported("FIELDS(ALL) and FIELDS(CUSTOM) not supported in Bulk V2 Query")
    names = {item.path[-1].lower() for item in query.select if isinstance(item, FieldRef)}
    if names & _COMPOUND:
        raise _unsupported("Selecting compound data not supported in Bulk Query")
    if "versiondata" in names:
        raise _unsupported("Selecting binary data not supported in Bulk Query")


def _unsupported(message: str) -> ApiError:
    return ApiError(400, "FUNCTIONALITY_NOT_ENABLED", message)
