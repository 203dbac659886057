"""`composite/sobjects`: up to 200 records created, changed, upserted, deleted or read in one call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.sandbox.salesforce.call import Answer, Call, flag, listed, object_of
from connectors.sandbox.salesforce.content import with_blob_paths
from connectors.sandbox.salesforce.errors import ApiError, no_such_column, no_such_type
from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.values import Json

MAX_RECORDS: Final = 200
MAX_READ: Final = 2_000
_ROLLED_BACK: Final = "Record rolled back because not all records were valid and the request was using AllOrNone header"


class _RollbackError(Exception):
    """Leaves a transaction that must leave no trace."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    body: Json
    ok: bool


def create(call: Call) -> Answer:
    """`POST composite/sobjects`: records of any objects, each naming its type."""
    body = call.json_object()

    def one(item: object) -> Json:
        record = object_of(item)
        return {"id": call.writer.create(_kind(call, record), record)}

    return _each(call, listed(body, "records", MAX_RECORDS), one, all_or_none=flag(body.get("allOrNone", False)))


def update(call: Call) -> Answer:
    """`PATCH composite/sobjects`: records with type and id."""
    body = call.json_object()

    def one(item: object) -> Json:
        record = object_of(item)
        kind = _kind(call, record)
        given = next((str(value) for key, value in record.items() if key.lower() == "id"), "")
        row = call.writer.readable(kind, given, deleted=True)
        call.writer.update(kind, row, {key: value for key, value in record.items() if key.lower() != "id"})
        return {"id": row["Id"]}

    return _each(call, listed(body, "records", MAX_RECORDS), one, all_or_none=flag(body.get("allOrNone", False)))


def delete(call: Call) -> Answer:
    """`DELETE composite/sobjects?ids=a,b&allOrNone=`."""
    ids = [text.strip() for text in call.query.get("ids", "").split(",") if text.strip()]

    def one(item: object) -> Json:
        kind = call.org.schema.by_id(str(item))
        if kind is None:
            raise ApiError(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
        row = call.writer.readable(call.kind(kind.name), str(item), deleted=True)
        call.writer.delete(kind, row)
        return {"id": row["Id"]}

    found = listed({"ids": ids}, "ids", MAX_RECORDS)
    return _each(call, found, one, all_or_none=flag(call.query.get("allOrNone", False)))


def upsert(call: Call, name: str, key: str) -> Answer:
    """`PATCH composite/sobjects/X/Ext__c`: records of one object that carry their external id."""
    body = call.json_object()
    kind = call.kind(name)
    field = call.writer.key_field(kind, key)

    def one(item: object) -> Json:
        record = object_of(item)
        given = next((value for name, value in record.items() if name.lower() == field.name.lower()), None)
        rest = {name: value for name, value in record.items() if name.lower() != field.name.lower()}
        if given is None and field.type != "id":
            raise ApiError(400, "MISSING_ARGUMENT", f"{field.name} not specified", ())
        matches = [] if given is None else call.writer.matches(kind, field, str(given))
        if len(matches) > 1:
            raise ApiError(
                400, "DUPLICATE_EXTERNAL_ID", f"More than one record found for external id field: {given}", ()
            )
        if matches:
            call.writer.update(kind, matches[0], rest)
            return {"id": matches[0]["Id"], "created": False}
        if given is not None and field.type == "id":
            raise ApiError(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
        own = {} if field.type == "id" else {field.name: given}
        return {"id": call.writer.create(kind, rest | own), "created": True}

    return _each(call, listed(body, "records", MAX_RECORDS), one, all_or_none=flag(body.get("allOrNone", False)))


def read(call: Call, name: str) -> Answer:
    """`POST composite/sobjects/X {"ids","fields"}` (or `GET ?ids=&fields=`): null where the user cannot read."""
    body: Json = call.json_object() if call.method == "POST" else {
        key: [text.strip() for text in call.query.get(key, "").split(",") if text.strip()] for key in ("ids", "fields")
    }  # fmt: skip
    kind = call.kind(name)
    ids, fields = listed(body, "ids", MAX_READ), listed(body, "fields", MAX_READ)
    visible = call.org.permissions.visible(call.user_id, kind.name)
    names: list[str] = []
    for wanted in map(str, fields):
        field = kind.field(wanted)
        if field is None or field.name not in visible:
            raise no_such_column(wanted, kind.name)
        names.append(field.name)
    view = call.view()
    found: list[Json | None] = []
    for wanted in map(str, ids):
        row = call.org.store.get(kind.name, canonical(wanted))
        if row is None or not view.sees(kind.name, row):
            found.append(None)
            continue
        attributes = {"type": kind.name, "url": view.url(kind.name, row["Id"])}
        found.append({"attributes": attributes, "Id": row["Id"], **{each: row.get(each) for each in names}})
    with_blob_paths({"records": [record for record in found if record]})
    return Answer(200, found)


def _each(call: Call, items: Sequence[object], one: Callable[[object], Json], *, all_or_none: bool) -> Answer:
    """Do `one` to every item, each in its own transaction, all in one when `all_or_none`; always 200."""
    outcomes: list[_Outcome] = []
    try:
        with call.org.store.transaction():
            for item in items:
                try:
                    with call.org.store.transaction():
                        done = one(item)
                    outcomes.append(_Outcome({**done, "success": True, "errors": []}, ok=True))
                except ApiError as error:
                    outcomes.append(_Outcome({"success": False, "errors": [error.save_error()]}, ok=False))
            _go_on(outcomes, all_or_none=all_or_none)
    except _RollbackError:
        refusal = ApiError(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", _ROLLED_BACK)
        rolled_back: Json = {"success": False, "errors": [refusal.save_error()]}
        return Answer(200, [rolled_back if outcome.ok else outcome.body for outcome in outcomes])
    return Answer(200, [outcome.body for outcome in outcomes])


def _go_on(outcomes: Sequence[_Outcome], *, all_or_none: bool) -> None:
    if all_or_none and not all(outcome.ok for outcome in outcomes):
        raise _RollbackError


def _kind(call: Call, record: Json) -> ObjectType:
    """The object that a record's `attributes` name, when the user may see it at all."""
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    kind = call.org.schema.object(name) if isinstance(name, str) else None
    if kind is None or not call.org.permissions.visible(call.user_id, kind.name):
        raise no_such_type(str(name or ""))
    return kind
