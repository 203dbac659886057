"""The REST resources of records and queries: versions root, describe, rows, external ids, query, limits, recent."""

from typing import Final

from connectors.sandbox.salesforce import soql
from connectors.sandbox.salesforce.call import Answer, Call, flag
from connectors.sandbox.salesforce.conditions import check_dates, check_record, record_headers
from connectors.sandbox.salesforce.content import with_blob_paths
from connectors.sandbox.salesforce.describe import describe, describe_global, summary
from connectors.sandbox.salesforce.errors import ApiError, malformed_query, no_such_column, not_found
from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.values import Json, Row, http_date, stamp, text_of

_ROOT_RESOURCES: Final = (
    "chatter", "composite", "jobs", "limits", "parameterizedSearch", "query", "queryAll", "recent", "search",
    "sobjects", "tabs",
)  # fmt: skip
_RECENT: Final = 200


def root(call: Call) -> Answer:
    """`/services/data/vXX.X`: where the resources are, and whose session this is."""
    body = {name: f"{call.root}/{name}" for name in _ROOT_RESOURCES}
    return Answer(200, body | {"identity": f"{call.base_url}/id/{call.org.id}/{call.user_id}"})


def sobjects(call: Call) -> Answer:
    """`GET sobjects`: the global describe, with `If-Modified-Since`."""
    modified = call.org.metadata_modified
    headers = {"Last-Modified": http_date(stamp(modified))}
    return check_dates(call, modified, headers) or Answer(200, describe_global(call.view()), headers)


def basic(call: Call, name: str) -> Answer:
    """`GET sobjects/X`: the object in short, and what the user looked at last."""
    kind = call.kind(name)
    return Answer(200, {"objectDescribe": summary(call.view(), kind), "recentItems": _recent(call, kind)})


def describe_one(call: Call, name: str) -> Answer:
    """`GET sobjects/X/describe`, with `If-Modified-Since`."""
    kind = call.kind(name)
    modified = call.org.metadata_modified
    headers = {"Last-Modified": http_date(stamp(modified))}
    return check_dates(call, modified, headers) or Answer(200, describe(call.view(), kind), headers)


def create(call: Call, name: str) -> Answer:
    """`POST sobjects/X`."""
    kind = call.kind(name)
    record_id = call.writer.create(kind, call.record())
    return _created(call, kind, record_id)


def read(call: Call, name: str, record_id: str) -> Answer:
    """`GET sobjects/X/{id}`: without `fields`, hidden ones are left out; with it, they are an error."""
    kind = call.kind(name)
    row = call.writer.readable(kind, record_id)
    return _shown(call, kind, row)


def update(call: Call, name: str, record_id: str) -> Answer:
    """`PATCH sobjects/X/{id}`, with `If-Unmodified-Since` (and `If-Match` on accounts)."""
    kind = call.kind(name)
    row = call.writer.readable(kind, record_id, deleted=True)
    check_record(call, kind, row)
    call.writer.update(kind, row, call.json_object())
    return Answer(204)


def delete(call: Call, name: str, record_id: str) -> Answer:
    """`DELETE sobjects/X/{id}`."""
    kind = call.kind(name)
    call.writer.delete(kind, call.writer.readable(kind, record_id, deleted=True))
    return Answer(204)


def read_by_key(call: Call, name: str, key: str, value: str) -> Answer:
    """`GET sobjects/X/Ext__c/{value}`."""
    kind = call.kind(name)
    found = _by_key(call, kind, key, value)
    return found if isinstance(found, Answer) else _shown(call, kind, found)


def delete_by_key(call: Call, name: str, key: str, value: str) -> Answer:
    """`DELETE sobjects/X/Ext__c/{value}`."""
    kind = call.kind(name)
    found = _by_key(call, kind, key, value)
    if isinstance(found, Answer):
        return found
    call.writer.delete(kind, found)
    return Answer(204)


def create_by_null_id(call: Call, name: str, key: str) -> Answer:
    """`POST sobjects/X/Id`: the create that looks like an upsert."""
    if key.lower() != "id":
        raise not_found()
    return create(call, name)


def upsert(call: Call, name: str, key: str, value: str) -> Answer:
    """`PATCH sobjects/X/Ext__c/{value}`: 201 created, 200 updated, 300 when several match."""
    kind = call.kind(name)
    field = call.writer.key_field(kind, key)
    body = call.json_object()
    if any(name.lower() == field.name.lower() for name in body):
        raise ApiError(400, "INVALID_FIELD", f"The {field.name} field should not be specified in the sobject data.")
    matches = call.writer.matches(kind, field, value)
    if len(matches) > 1:
        return _several(call, kind, matches)
    if matches:
        check_record(call, kind, matches[0])
        call.writer.update(kind, matches[0], body)
        if not call.upsert_has_body:
            return Answer(204)
        return Answer(200, _saved(text_of(matches[0], "Id")) | {"created": False})
    if flag(call.query.get("updateOnly")) or field.type == "id":
        raise not_found()
    record_id = call.writer.create(kind, body | {field.name: value})
    created = _created(call, kind, record_id)
    extra = {"created": True} if call.upsert_has_body else {}
    return Answer(201, _saved(record_id) | extra, created.headers)


def query(call: Call) -> Answer:
    """`GET query?q=`: the first page."""
    return _query(call, include_deleted=False)


def query_all(call: Call) -> Answer:
    """`GET queryAll?q=`: deleted records too."""
    return _query(call, include_deleted=True)


def query_more(call: Call, locator: str) -> Answer:
    """`GET query/01g…-2000` (and under `queryAll`): another page."""
    return Answer(200, with_blob_paths(soql.more(call.view(), locator, call.batch)))


def limits(call: Call) -> Answer:
    """`GET limits`."""
    most, jobs = call.org.setup.limits.daily_calls, call.org.jobs
    body = {
        "DailyApiRequests": {"Max": most, "Remaining": max(0, most - call.org.usage)},
        "DailyBulkV2QueryJobs": {"Max": jobs.daily, "Remaining": max(0, jobs.daily - jobs.used)},
        "DailyAsyncApexExecutions": {"Max": 250_000, "Remaining": 250_000},
        "SingleEmail": {"Max": 5_000, "Remaining": 5_000},
    }
    return Answer(200, body)


def recent(call: Call) -> Answer:
    """`GET recent`: the records that the user opened last."""
    return Answer(200, _recent(call, None))


def tabs(_call: Call) -> Answer:
    """`GET tabs`: the sandbox has no pages of its own."""
    return Answer(200, [])


def _query(call: Call, *, include_deleted: bool) -> Answer:
    text = call.query.get("q")
    if not text:
        raise malformed_query("SOQL statement is required in the parameter q")
    return Answer(200, with_blob_paths(soql.run(call.view(include_deleted=include_deleted), text, call.batch)))


def _shown(call: Call, kind: ObjectType, row: Row) -> Answer:
    not_modified = check_record(call, kind, row)
    if not_modified is not None:
        return not_modified
    visible = call.org.permissions.visible(call.user_id, kind.name)
    names = [field.name for field in kind.fields.values() if field.name in visible]
    if call.query.get("fields"):
        names = []
        for wanted in call.query["fields"].split(","):
            field = kind.field(wanted.strip())
            if field is None or field.name not in visible:
                raise no_such_column(wanted.strip(), kind.name)
            names.append(field.name)
    _remember(call, text_of(row, "Id"))
    attributes = {"type": kind.name, "url": call.view().url(kind.name, row["Id"])}
    body: Json = {"attributes": attributes, **{name: row.get(name) for name in names}}
    with_blob_paths({"records": [body]})
    return Answer(200, body, record_headers(kind, row))


def _by_key(call: Call, kind: ObjectType, key: str, value: str) -> Row | Answer:
    matches = call.writer.matches(kind, call.writer.key_field(kind, key), value)
    if not matches:
        raise not_found()
    return matches[0] if len(matches) == 1 else _several(call, kind, matches)


def _several(call: Call, kind: ObjectType, matches: list[Row]) -> Answer:
    return Answer(300, [call.view().url(kind.name, row["Id"]) for row in matches])


def _saved(record_id: str) -> Json:
    return {"id": record_id, "success": True, "errors": []}


def _created(call: Call, kind: ObjectType, record_id: str) -> Answer:
    _remember(call, record_id)
    return Answer(201, _saved(record_id), {"Location": call.view().url(kind.name, record_id)})


def _remember(call: Call, record_id: str) -> None:
    opened = call.org.recent.setdefault(call.user_id, {})
    opened.pop(record_id, None)
    opened[record_id] = None
    while len(opened) > _RECENT:
        del opened[next(iter(opened))]


def _recent(call: Call, only: ObjectType | None) -> list[Json]:
    try:
        most = min(max(int(call.query.get("limit", _RECENT)), 1), _RECENT)
    except ValueError as error:
        raise ApiError(400, "INVALID_INPUT", "limit must be a number") from error
    items: list[Json] = []
    for record_id in reversed(call.org.recent.get(call.user_id, {})):
        kind = call.org.schema.by_id(canonical(record_id) or "")
        row = call.org.store.get(kind.name, record_id) if kind is not None else None
        if kind is None or row is None or (only is not None and kind.name != only.name):
            continue
        if not row.get("IsDeleted") and call.org.can_read(call.user_id, kind.name, row):
            name = kind.name_field if kind.name_field in call.view().visible(kind.name) else "Id"
            attributes = {"type": kind.name, "url": call.view().url(kind.name, record_id)}
            items.append({"attributes": attributes, "Id": record_id, "Name": row.get(name)})
    return items[:most]
