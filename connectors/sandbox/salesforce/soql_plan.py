"""Binds a parsed query to what one user may see: which fields to render, how to sort, which children to look for."""

from dataclasses import dataclass, field
from typing import Final

from connectors.sandbox.salesforce import rights_rows
from connectors.sandbox.salesforce.errors import ApiError, malformed_query, no_such_type
from connectors.sandbox.salesforce.query_rules import refuse_query
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.soql_ast import Aggregate, FieldRef, FieldsOf, Order, Query
from connectors.sandbox.salesforce.soql_scope import Path, Scope, Step, View

_FIELDS_LIMIT: Final = 200


@dataclass(slots=True)
class Plan:
    """What to render of one record: key -> a field name, a plan behind a lookup, or a bound sub-query."""

    items: dict[str, "str | Parent | Bound"] = field(default_factory=dict)


@dataclass(slots=True)
class Parent:
    """What to render of the record behind a lookup."""

    step: Step
    plan: Plan


@dataclass(frozen=True, slots=True)
class Bound:
    """A query whose names are resolved. `link` is the lookup that ties a sub-query to its parent record."""

    view: View
    kind: ObjectType
    query: Query
    plan: Plan
    order: tuple[tuple[Path, Order], ...]
    scope: Scope
    link: str = ""


def kind_of(view: View, query: Query) -> ObjectType:
    """The object that a query reads.

    Raises:
        ApiError: `INVALID_TYPE`, the same for unknown and hidden ones.
    """
    kind = view.org.schema.object(query.source)
    if kind is None or kind.virtual or not view.visible(kind.name):
        raise no_such_type(query.source, Scope(view, view.org.kind("User"), query.text).where(query.source_position))
    rights_rows.prepare(view.org, kind.name)
    return kind


def bind(view: View, query: Query, kind: ObjectType, link: str = "") -> Bound:
    """Resolve the names of a query that selects records.

    Raises:
        ApiError: a name is unknown or hidden, twice there or not sortable, or the object demands a filter.
    """
    scope = Scope(view, kind, query.text)
    plan = Plan()
    for item in query.select:
        if isinstance(item, Query):
            if link:
                raise malformed_query(f"{scope.where(item.source_position)}sub-queries cannot be nested")
            child, lookup = _child(view, kind, item, scope)
            _add(plan, item.source, bind(view, item, child, lookup), scope, item.source_position)
        elif isinstance(item, FieldsOf):
            for name in _fields_of(view, kind, item, query):
                plan.items.setdefault(name, name)
        elif isinstance(item, FieldRef):
            _select(plan, scope, item)
    order = tuple((_sortable(scope, item), item) for item in query.order)
    if not link:
        refuse_query(view, kind.name, query)
    return Bound(view, kind, query, plan, order, scope, link)


def _select(plan: Plan, scope: Scope, ref: FieldRef) -> None:
    path = scope.resolve(ref)
    for step in path.steps:
        found = plan.items.setdefault(step.relationship, Parent(step, Plan()))
        if not isinstance(found, Parent):
            raise malformed_query(f"{scope.where(ref.position)}duplicate alias: {step.relationship}")
        plan = found.plan
    _add(plan, path.field.name, path.field.name, scope, ref.position)


def _add(plan: Plan, key: str, item: "str | Bound", scope: Scope, position: int) -> None:
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
    if isinstance(item.field, Aggregate):
        text = "Ordered field must be grouped or aggregated"
        raise malformed_query(scope.where(item.field.position) + text)
    path = scope.resolve(item.field)
    if path.field.long_text:
        text = f"field '{path.field.name}' can not be sorted in a query call"
        raise ApiError(400, "INVALID_FIELD", scope.where(item.field.position) + text)
    return path
