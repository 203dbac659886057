"""`UserRecordAccess`: what a user may do with given records, under the odd rules of its queries."""

from typing import Final

from connectors.sandbox.salesforce.errors import ApiError, malformed_query, no_such_column
from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.sharing import Level
from connectors.sandbox.salesforce.soql_ast import Comparison, Condition, FieldRef, Literal, Logical, Membership, Query
from connectors.sandbox.salesforce.soql_tokens import excerpt
from connectors.sandbox.salesforce.values import Row, Value, text_of

MAX_RECORDS: Final = 200
_FLAGS: Final = ("HasReadAccess", "HasEditAccess", "HasDeleteAccess", "HasTransferAccess", "HasAllAccess")
_FIELDS: Final = {name.lower(): name for name in ("RecordId", "MaxAccessLevel", *_FLAGS)}


def access_of(org: Org, user_id: str, row: Row) -> dict[str, Value]:
    """The access flags of one user on one record, object permissions included."""
    kind = org.kind_of(text_of(row, "Id"))
    level = org.sharing.level(user_id, kind.name, row)
    letters = org.permissions.letters(user_id, kind.name)
    edit = level >= Level.EDIT and "E" in letters
    delete = level >= Level.FULL and "D" in letters
    transfer = level >= Level.FULL and edit
    names = [
        name
        for name, holds in (
            ("Read", level >= Level.READ),
            ("Edit", edit),
            ("Delete", delete),
            ("Transfer", transfer),
            ("All", delete and transfer),
        )
        if holds
    ]
    flags: dict[str, Value] = {flag: flag[3:-6] in names for flag in _FLAGS}
    return flags | {"RecordId": row["Id"], "MaxAccessLevel": names[-1] if names else "None"}


def query_access(org: Org, running_user: str, query: Query) -> tuple[list[str], list[dict[str, Value]]]:
    """Answer a query on UserRecordAccess: the selected fields and one mapping per record.

    Records that the running user cannot read herself are dropped. Restriction rules are not considered.

    Raises:
        ApiError: the query breaks one of the object's rules.
    """
    conditions = _conjunction(query)
    user_id = _one_user(conditions)
    record_ids = _record_ids(conditions)
    demands = [item for item in conditions if _name(item) not in {"userid", "recordid"}]
    selected = [_selected(query, item) for item in query.select]
    if not selected or (demands and selected != ["RecordId"]):
        raise malformed_query("When filtering on an access field, only RecordId may be selected from UserRecordAccess")
    if "RecordId" not in selected:
        raise malformed_query("RecordId must be selected from UserRecordAccess")
    found: list[dict[str, Value]] = []
    for record_id in dict.fromkeys(record_ids):
        row = _row(org, record_id)
        if row is None or not org.sharing.can_read(running_user, org.kind_of(record_id).name, row):
            continue
        access = access_of(org, user_id, row)
        if all(_meets(access, item) for item in demands):
            found.append({name: access[name] for name in selected})
    for order in reversed(query.order):
        name = _FIELDS.get(order.field.text.lower(), "") if isinstance(order.field, FieldRef) else ""
        if name not in selected:
            raise malformed_query("UserRecordAccess can only be ordered by a selected field")
        found.sort(key=lambda access, by=name: str(access[by]), reverse=order.descending)  # type: ignore[misc]  # a keyword default binds the loop variable
    return selected, found[query.offset :][: query.limit]


def _row(org: Org, record_id: str) -> Row | None:
    kind = org.schema.by_id(record_id)
    row = org.store.get(kind.name, record_id) if kind is not None and kind.owned else None
    return None if row is None or row.get("IsDeleted") else row


def _conjunction(query: Query) -> list[Condition]:
    where = query.where
    parts = list(where.parts) if isinstance(where, Logical) and where.operator == "and" else [where]
    if query.count or any(not isinstance(item, Comparison | Membership) for item in parts):
        raise malformed_query("UserRecordAccess must be filtered by UserId and RecordId")
    return [item for item in parts if item is not None]


def _name(item: Condition) -> str:
    return item.field.text.lower() if isinstance(item, Comparison | Membership) else ""


def _one_user(conditions: list[Condition]) -> str:
    users = [item for item in conditions if _name(item) == "userid"]
    if len(users) == 1 and isinstance(users[0], Comparison) and users[0].operator == "=":
        user_id = _id(users[0].operand)
        if user_id is not None:
            return user_id
    raise malformed_query("UserRecordAccess must be filtered by exactly one UserId")


def _record_ids(conditions: list[Condition]) -> list[str]:
    records = [item for item in conditions if _name(item) == "recordid"]
    if len(records) != 1:
        raise malformed_query("UserRecordAccess must be filtered by RecordId")
    item = records[0]
    operands: tuple[object, ...] = ()
    if isinstance(item, Comparison) and item.operator == "=":
        operands = (item.operand,)
    elif isinstance(item, Membership) and item.operator == "in":
        operands = item.operands
    ids = [record_id for record_id in map(_id, operands) if record_id is not None]
    if not ids or len(ids) != len(operands):
        raise malformed_query("RecordId must be compared with record ids")
    if len(ids) > MAX_RECORDS:
        raise malformed_query(f"The number of record ids in a query of UserRecordAccess exceeds {MAX_RECORDS}")
    return ids


def _id(operand: object) -> str | None:
    value = operand.value if isinstance(operand, Literal) else None
    return canonical(value) if isinstance(value, str) else None


def _selected(query: Query, item: object) -> str:
    if isinstance(item, FieldRef):
        name = _FIELDS.get(item.text.lower())
        if name is not None:
            return name
        raise no_such_column(item.text, "UserRecordAccess", excerpt(query.text, item.position))
    raise malformed_query("UserRecordAccess takes plain fields only")


def _meets(access: dict[str, Value], item: Condition) -> bool:
    name = _FIELDS.get(_name(item))
    if name is None:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{_name(item)}' on entity 'UserRecordAccess'.")
    if not isinstance(item, Comparison) or not isinstance(item.operand, Literal) or item.operator not in {"=", "!="}:
        raise malformed_query(f"{name} can only be compared with one value")
    return (access[name] == item.operand.value) == (item.operator == "=")
