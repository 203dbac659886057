"""The rules that an admin wrote and every write must pass: validation rules, duplicate rules, record types."""

from typing import TYPE_CHECKING, Final

from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.soql_parser import parse
from connectors.sandbox.salesforce.soql_scope import Scope, View
from connectors.sandbox.salesforce.soql_where import Compiler
from connectors.sandbox.salesforce.values import Row, Value, text_of

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from connectors.sandbox.salesforce.org import Org
    from connectors.sandbox.salesforce.schema import ObjectType
    from connectors.sandbox.salesforce.setup import DuplicateRule
    from connectors.sandbox.salesforce.soql_ast import Query

RECORD_TYPE: Final = "RecordTypeId"
_NEWEST: Final = "v68.0"


class _System(View):
    """Sees everything: rules are not bound to the user who saves."""

    def sees(self, _kind: str, _row: Row) -> bool:
        """Every record, deleted ones too."""
        return True

    def visible(self, kind: str) -> frozenset[str]:
        """Every field."""
        return frozenset(item.name for item in self.org.kind(kind).fields.values())


def refuse_invalid(org: "Org", kind: "ObjectType", row: Row) -> None:
    """Refuse a record for which the condition of a validation rule holds.

    Raises:
        ApiError: `FIELD_CUSTOM_VALIDATION_EXCEPTION` with the rule's message.
    """
    for rule in org.setup.validation:
        if rule.target == kind.name and holds(org, kind, rule.condition, row):
            fields = (rule.field,) if rule.field else ()
            raise ApiError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)


def holds(org: "Org", kind: "ObjectType", condition: str, row: Row) -> bool:
    """Whether a WHERE clause is true of a record, for the system.

    Raises:
        ApiError: the clause cannot be read or names what there is not.
    """
    text = f"SELECT Id FROM {kind.name} WHERE {condition}"  # noqa: S608 - parsed by our own parser, run on nothing
    where = parse(text).where
    if where is None:
        return False
    scope = Scope(_System(org, "", _NEWEST), kind, text)
    return Compiler(scope, _no_semi_join).compile(where).test(row)


def refuse_duplicate(org: "Org", kind: "ObjectType", row: Row, *, allowed: bool) -> None:
    """Refuse a record that a duplicate rule takes for a copy; `allowed` when the request says `allowSave=true`.

    Raises:
        ApiError: `DUPLICATES_DETECTED`.
    """
    for rule in org.setup.duplicates:
        if rule.target == kind.name and not (allowed and not rule.blocks) and _has_twin(org, kind, rule, row):
            raise ApiError(400, "DUPLICATES_DETECTED", rule.message, ())


def give_record_type(org: "Org", kind: "ObjectType", row: Row, user_id: str) -> None:
    """Give a new record the user's default record type when it has none.

    Raises:
        ApiError: `INVALID_CROSS_REFERENCE_KEY`, the record type is another object's or not open to her.
    """
    types = org.setup.types_of(kind.name)
    if not types:
        return
    profile = text_of(org.user(user_id) or {}, "ProfileId")
    usable = [item for item in types if item.open_to(profile)]
    wanted = row.get(RECORD_TYPE)
    if wanted is None:
        row[RECORD_TYPE] = next((item.id for item in usable if item.default), None)
    elif all(item.id != wanted for item in usable):
        text = f"Record Type ID: this ID value isn't valid for the user: {wanted}"
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", text, (RECORD_TYPE,))


def _has_twin(org: "Org", kind: "ObjectType", rule: "DuplicateRule", row: Row) -> bool:
    wanted = [_folded(row.get(name)) for name in rule.fields]
    if None in wanted:
        return False
    return any(
        other["Id"] != row.get("Id")
        and not other.get("IsDeleted")
        and [_folded(other.get(name)) for name in rule.fields] == wanted
        for other in org.store.tables[kind.name].rows.values()
    )


def _folded(value: Value) -> Value:
    return value.strip().casefold() if isinstance(value, str) else value


def _no_semi_join(query: "Query") -> "AbstractSet[Value]":
    raise ApiError(400, "INVALID_FIELD", f"a rule cannot look at {query.source}")
