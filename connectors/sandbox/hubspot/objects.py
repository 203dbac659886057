"""One record at a time: list, read, create, change, archive."""

from typing import Final

from connectors.sandbox.hubspot.access import read_scopes, write_scopes
from connectors.sandbox.hubspot.call import Answer, Call, mapping_in, position
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ENGAGEMENTS, ObjectType
from connectors.sandbox.hubspot.linking import link_inline, touch_all
from connectors.sandbox.hubspot.store import Record
from connectors.sandbox.hubspot.views import View
from connectors.sandbox.hubspot.writer import Hand, Writer

_PAGE: Final = 10
_MAX_PAGE, _MAX_PAGE_WITH_HISTORY = 100, 50


def list_records(call: Call, type_name: str) -> Answer:
    """A page of records in the order of their ids; `archived=true` lists the recycle bin instead."""
    kind = call.kind(type_name)
    call.access.need(read_scopes(kind))
    view = _view(call, kind)
    size = call.size(_PAGE, _MAX_PAGE_WITH_HISTORY if call.values("propertiesWithHistory") else _MAX_PAGE)
    archived, after = call.flag("archived"), position(call.value("after", "0"))
    page: list[Record] = []
    more = False
    for record in call.portal.store.tables[kind.name].after(after):
        if bool(record.archived_at) != archived or not call.access.sees(record):
            continue
        if len(page) == size:
            more = True
            break
        page.append(record)
    body: dict[str, object] = {"results": [view.document(record) for record in page]}
    if more:
        body["paging"] = call.next_link(page[-1].id)
    return Answer(200, body)


def read_record(call: Call, type_name: str, record_id: str) -> Answer:
    """One record, by id or by a unique property (`idProperty`)."""
    kind = call.kind(type_name)
    call.access.need(read_scopes(kind))
    view = _view(call, kind)
    return Answer(200, view.document(_find(call, kind, record_id, archived=call.flag("archived"))))


def create_record(call: Call, type_name: str) -> Answer:
    """A new record, with its associations or not at all."""
    kind = writable(call, type_name)
    body = call.json()
    record = create(call, kind, body.get("properties"), body.get("associations"))
    return Answer(201, View(call, kind).written(record), {"Location": f"{call.base_url}{call.path}/{record.id}"})


def update_record(call: Call, type_name: str, record_id: str) -> Answer:
    """Change properties of one record."""
    kind = writable(call, type_name)
    given = mapping_in(call.json(), "properties")
    record = update(call, _find(call, kind, record_id), given)
    return Answer(200, View(call, kind).written(record, given))


def archive_record(call: Call, type_name: str, record_id: str) -> Answer:
    """Into the recycle bin; a second time changes nothing."""
    kind = writable(call, type_name)
    found = call.portal.store.get(kind.name, record_id)
    if found is None or not call.access.sees(found):
        raise HubError.not_found(record_id)
    archive(call, found)
    return Answer(204)


def writable(call: Call, type_name: str) -> ObjectType:
    """The type of a path that is to be written to.

    Raises:
        HubError: no such type, read-only, or a missing scope.
    """
    kind = call.kind(type_name)
    if kind.read_only:
        raise HubError(405, "METHOD_NOT_ALLOWED", f"{kind.name} are read-only")
    call.access.need(write_scopes(kind))
    return kind


def create(call: Call, kind: ObjectType, properties: object, associations: object) -> Record:
    """Make a record and its associations; see `Writer.create` for what is refused."""
    call.access.check_create(kind)
    if properties is not None and not isinstance(properties, dict):
        raise HubError.invalid("Invalid input JSON: properties must be an object")
    writer = writer_of(call)
    record = writer.create(kind, properties or {})
    link_inline(call, writer, record, associations)
    return call.portal.store.get(kind.name, record.id) or record


def update(call: Call, record: Record, properties: dict[str, object]) -> Record:
    """Change a record; see `Writer.update` for what is refused."""
    call.access.check_edit(record)
    call.portal.check_lock(record)
    writer = writer_of(call)
    written = writer.update(record, properties)
    if record.type in ENGAGEMENTS:
        touch_all(writer, written)
    return written


def archive(call: Call, record: Record) -> None:
    """Put a record into the recycle bin.

    Raises:
        HubError: 403, or 423 while somebody holds it.
    """
    call.access.check_edit(record)
    call.portal.check_lock(record)
    writer_of(call).archive(record)


def writer_of(call: Call) -> Writer:
    """The caller's hand, under the rules of the version that it speaks."""
    return Writer(call.portal, Hand.of(call.caller), strict=call.strict)


def by_unique(call: Call, kind: ObjectType, name: str, value: str) -> Record | None:
    """The live record whose unique property `name` has this value, if it exists for the caller.

    Raises:
        HubError: 400, the property is not unique.
    """
    item = call.portal.schema.property(kind.name, name)
    if item is None or not item.unique or not call.access.shows(kind.name, item.name):
        raise HubError.invalid(f"{name[:100]} is not a unique property of {kind.name}")
    found = call.portal.store.tables[kind.name].find(item.name, value)
    return found if found and call.access.sees(found) else None


def _find(call: Call, kind: ObjectType, record_id: str, *, archived: bool = False) -> Record:
    name = call.value("idProperty")
    if not name or name == "hs_object_id":
        return call.record(kind, record_id, archived=archived)
    found = by_unique(call, kind, name, record_id)
    if found is None or archived:
        raise HubError.not_found()
    return found


def _view(call: Call, kind: ObjectType) -> View:
    return View(
        call, kind, call.values("properties"), call.values("propertiesWithHistory"), call.values("associations")
    )
