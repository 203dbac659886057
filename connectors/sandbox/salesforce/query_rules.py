"""Objects that answer a query only when it is filtered in a certain way, and what they say otherwise."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from connectors.sandbox.salesforce.errors import malformed_query
from connectors.sandbox.salesforce.soql_ast import (
    Comparison,
    Condition,
    Literal,
    Logical,
    Membership,
    Negation,
    Query,
    SemiJoin,
)

if TYPE_CHECKING:
    from connectors.sandbox.salesforce.soql_scope import View

_ALL_FILES_SINCE: Final = 59.0
_Leaf = Comparison | Membership | SemiJoin


def refuse_query(view: "View", kind: str, query: Query) -> None:
    """Refuse a query on object `kind` that lacks a filter which the object demands. Sub-queries are tied to a record.

    Raises:
        ApiError: `MALFORMED_QUERY`.
    """
    rule = _RULES.get(kind)
    if rule is not None:
        rule(view, query)


def _article(_view: "View", query: Query) -> None:
    """An article needs its status or its id; archived versions show only beside `IsLatestVersion = false`."""
    filters = {item.field.text.lower(): item for item in _leaves(query.where)}
    status = filters.get("publishstatus")
    if status is None and "id" not in filters:
        raise malformed_query(
            "Implementation restriction: When querying or searching the Knowledge__kav object, you must filter using "
            "the following syntax: PublishStatus = [a single value], or PublishStatus IN [values], or Id = [a value]"
        )
    values = (
        status.operands
        if isinstance(status, Membership)
        else (status.operand,)
        if isinstance(status, Comparison)
        else ()
    )
    archived = any(isinstance(item, Literal) and item.value == "Archived" for item in values)
    if archived and "islatestversion" not in filters:
        raise malformed_query(
            "Implementation restriction: When querying archived article versions, you must filter using "
            "IsLatestVersion = false"
        )


def _post(view: "View", query: Query) -> None:
    """Who does not see all data asks for the posts of given records."""
    filtered = {item.field.text.lower() for item in _leaves(query.where) if _equals(item)}
    if not filtered & {"parentid", "id"} and not view.org.permissions.has(view.user_id, "ViewAllData"):
        raise malformed_query("Implementation restriction: FeedItem requires a filter by ParentId or Id")


def _file_link(view: "View", query: Query) -> None:
    """Who may not query all files names the record or the document; before v59, everybody does."""
    if float(view.version[1:]) >= _ALL_FILES_SINCE and view.org.permissions.has(view.user_id, "QueryAllFiles"):
        return
    filtered = {item.field.text.lower() for item in _leaves(query.where) if _equals(item)}
    if not filtered & {"contentdocumentid", "linkedentityid", "id"}:
        raise malformed_query(
            "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or "
            "LinkedEntityId using the equals operator or multiple Id's using the IN operator."
        )


def _leaves(condition: Condition | None) -> Iterator[_Leaf]:
    """All comparisons of a condition, wherever they stand in it."""
    match condition:
        case Logical():
            for part in condition.parts:
                yield from _leaves(part)
        case Negation():
            yield from _leaves(condition.part)
        case Comparison() | Membership() | SemiJoin():
            yield condition


def _equals(item: _Leaf) -> bool:
    return not item.negated if isinstance(item, SemiJoin) else item.operator in {"=", "in"}


_RULES: Final[dict[str, Callable[["View", Query], None]]] = {
    "ContentDocumentLink": _file_link,
    "FeedItem": _post,
    "Knowledge__kav": _article,
}
