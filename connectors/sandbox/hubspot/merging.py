"""Merges two records into a third one, and forgets a contact for good (contract, 2.7)."""

from collections.abc import Mapping
from typing import Final

from connectors.sandbox.hubspot.access import write_scopes
from connectors.sandbox.hubspot.association_types import PRIMARY, AssociationType
from connectors.sandbox.hubspot.call import Answer, Call, id_in
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ObjectType
from connectors.sandbox.hubspot.objects import by_unique, writable, writer_of
from connectors.sandbox.hubspot.store import Record
from connectors.sandbox.hubspot.values import instant
from connectors.sandbox.hubspot.views import View
from connectors.sandbox.hubspot.writer import Writer

_MERGED: Final = frozenset({"contacts", "companies", "deals", "tickets"})
_ERASED_EVERYWHERE: Final = "2025-09"
"""The one version that lists gdpr-delete for every type; the others have it for contacts."""


def merge(call: Call, type_name: str) -> Answer:
    """Merge `objectIdToMerge` into `primaryObjectId`; what survives has a new id, to which both old ones lead."""
    kind = writable(call, type_name)
    if kind.name not in _MERGED and not kind.custom:
        raise HubError.invalid(f"{kind.name} cannot be merged")
    body = call.json()
    primary, other = (call.record(kind, id_in(body, key)) for key in ("primaryObjectId", "objectIdToMerge"))
    if primary.id == other.id:
        raise HubError.invalid("A record cannot be merged with itself")
    for record in (primary, other):
        call.access.check_edit(record)
    return Answer(200, View(call, kind).written(merge_records(writer_of(call), kind, primary, other)))


def erase(call: Call, type_name: str) -> Answer:
    """Delete a record for good: contacts, in 2025-09 everything."""
    kind = call.kind(type_name)
    if kind.name != "contacts" and call.version != _ERASED_EVERYWHERE:
        raise HubError(404, "OBJECT_NOT_FOUND", "No resource matches the request path")
    call.access.need(write_scopes(kind))
    body = call.json()
    key, name = id_in(body, "objectId"), body.get("idProperty")
    record = by_unique(call, kind, str(name), key) if name else call.portal.store.get(kind.name, key)
    if record is None or not call.access.sees(record):
        raise HubError.not_found(key)
    call.access.check_edit(record)
    erase_record(writer_of(call), record)
    return Answer(204)


def merge_records(writer: Writer, kind: ObjectType, primary: Record, other: Record) -> Record:
    """The survivor: values of the primary record, of the other one where it has none, and all associations of both."""
    portal = writer.portal
    now, new_id = portal.now(), portal.mint(kind.name)
    properties = {**other.properties, **primary.properties}
    properties |= {
        "hs_object_id": new_id,
        "hs_merged_object_ids": ";".join(_ids(primary) + _ids(other)),
        kind.created: min(primary.get(kind.created), other.get(kind.created)),
        kind.modified: instant(now),
    }
    if kind.name == "contacts":
        merged = ";".join(f"{record.id}:{now}" for record in (primary, other))
        before = [record.get("hs_calculated_merged_vids") for record in (primary, other)]
        properties["hs_calculated_merged_vids"] = ";".join(filter(None, (*before, merged)))
    if kind.name == "tickets":
        properties["hs_ticket_id"] = new_id
    survivor = Record(
        kind.name, new_id, properties, min(primary.created_at, other.created_at), now, history=primary.history
    )
    for record in (primary, other):
        portal.remove(record.key)
        portal.store.redirect(record.key, new_id)
    portal.put(survivor)
    for record in (primary, other):
        _move_links(writer, record, survivor)
    writer.emit("merge", primary, merged_ids=(other.id,), new_id=new_id)
    return survivor


def erase_record(writer: Writer, record: Record) -> None:
    """Forget a record, its history and its associations."""
    store = writer.portal.store
    for to_type, links in _links(writer, record).items():
        for other_id in links:
            other = store.get(to_type, other_id)
            if other is not None:
                store.set_link(record.key, other, frozenset())
                store.set_link(other.key, record, frozenset())
    writer.portal.remove(record.key)
    writer.emit("privacyDeletion", record)


def _ids(record: Record) -> list[str]:
    before = record.get("hs_merged_object_ids")
    return [*(before.split(";") if before else ()), record.id]


def _links(writer: Writer, record: Record) -> Mapping[str, tuple[str, ...]]:
    store = writer.portal.store
    return {to_type: tuple(store.links(record.key, to_type)) for to_type in store.tables}


def _move_links(writer: Writer, record: Record, survivor: Record) -> None:
    """Hang everything that hung on a merged record on the survivor, whose primary company stays the primary one."""
    portal = writer.portal
    store = portal.store
    for to_type, ids in _links(writer, record).items():
        spare = _second_primaries(writer, survivor, to_type)
        for other_id in ids:
            other = store.tables[to_type].rows.get(other_id)
            if other is None:
                continue
            labels = store.links(record.key, to_type)[other_id]
            back = store.links(other.key, record.type).get(record.id, frozenset())
            store.set_link(record.key, other, frozenset())
            store.set_link(other.key, record, frozenset())
            labels = labels - {found.key for found in spare}
            back = back - {found.inverse_key for found in spare}
            have = store.links(survivor.key, to_type).get(other_id, frozenset())
            mine = store.links(other.key, survivor.type).get(survivor.id, frozenset())
            store.set_link(survivor.key, other, have | labels)
            store.set_link(other.key, survivor, mine | back)


def _second_primaries(writer: Writer, survivor: Record, to_type: str) -> list[AssociationType]:
    """The types that the survivor cannot take over, because it has its primary company already."""
    if to_type != "companies":
        return []
    primaries = [found for found in writer.portal.types.between(survivor.type, to_type) if found.label == PRIMARY]
    keys = {found.key for found in primaries}
    links = writer.portal.store.links(survivor.key, to_type)
    return primaries if any(keys & labels for labels in links.values()) else []
