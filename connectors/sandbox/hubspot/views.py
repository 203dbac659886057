"""Records as the API shows them to one caller."""

from collections.abc import Iterable, Sequence
from typing import Final

from connectors.sandbox.hubspot.call import Call
from connectors.sandbox.hubspot.kinds import ObjectType
from connectors.sandbox.hubspot.store import Change, Record
from connectors.sandbox.hubspot.values import instant
from connectors.sandbox.wire import JSON

MAX_INLINE: Final = 100
"""Associations of a type that a record carries; the rest is behind `paging`."""


class View:
    """Shows records of one type with the properties, histories and associations that a request asks for.

    Unknown and hidden properties are left out silently; known ones without a value are null.
    """

    def __init__(
        self,
        call: Call,
        kind: ObjectType,
        properties: Sequence[str] = (),
        history: Sequence[str] = (),
        associations: Sequence[str] = (),
    ) -> None:
        self._call = call
        self._kind = kind
        self._names = self._known((*kind.core, *(properties or kind.shown)))
        self._history = self._known(history)
        self._others = list(dict.fromkeys(call.kind(name).name for name in associations))

    def document(self, record: Record) -> JSON:
        """One record."""
        values = record.properties
        found = self._frame(record, {name: values.get(name) for name in self._names})
        if self._history:
            found["propertiesWithHistory"] = {name: _history(record, name) for name in self._history}
        if linked := self._associations(record):
            found["associations"] = linked
        return found

    def written(self, record: Record, names: Iterable[str] | None = None) -> JSON:
        """A record after a write: all its values, or those of `names` and the core ones."""
        kind, access = self._kind, self._call.access
        chosen = record.properties.keys() if names is None else {*names, *kind.core}
        shown = sorted(name for name in chosen if access.shows(kind.name, name))
        return self._frame(record, {name: record.properties.get(name) for name in shown})

    def _frame(self, record: Record, properties: JSON) -> JSON:
        found: JSON = {
            "id": record.id,
            "properties": properties,
            "createdAt": instant(record.created_at),
            "updatedAt": instant(record.updated_at),
            "archived": bool(record.archived_at),
        }
        if record.archived_at:
            found["archivedAt"] = instant(record.archived_at)
        if self._call.dated:
            hub, kind = self._call.portal.hub_id, self._kind.id
            found["url"] = f"{self._call.base_url}/contacts/{hub}/record/{kind}/{record.id}"
        return found

    def _known(self, names: Iterable[str]) -> list[str]:
        kind, schema, access = self._kind.name, self._call.portal.schema, self._call.access
        items = (schema.property(kind, name) for name in names)
        return list(dict.fromkeys(item.name for item in items if item and access.shows(kind, item.name)))

    def _associations(self, record: Record) -> JSON:
        call, found = self._call, dict[str, JSON]()
        for to_type in self._others:
            ids = visible_links(call, record, to_type)
            if not ids:
                continue
            page = {"results": associated(call, record, to_type, ids[:MAX_INLINE])}
            if len(ids) > MAX_INLINE:
                after = ids[MAX_INLINE - 1]
                link = f"{call.base_url}{_place(call, record)}/associations/{to_type}?after={after}"
                page["paging"] = {"next": {"after": after, "link": link}}  # type: ignore[assignment]  # JSON of both kinds
            kind = call.portal.schema.types[to_type]
            found[f"p{call.portal.hub_id}_{to_type}" if kind.custom else to_type] = page
        return found


def visible_links(call: Call, record: Record, to_type: str) -> list[str]:
    """The ids of the live records of a type that a record is associated with and that exist for the caller, by id."""
    store, access = call.portal.store, call.access
    rows = store.tables[to_type].rows
    others = (rows.get(record_id) for record_id in store.links(record.key, to_type))
    return sorted((row.id for row in others if row and not row.archived_at and access.sees(row)), key=int)


def associated(call: Call, record: Record, to_type: str, ids: Iterable[str]) -> list[JSON]:
    """Associations as v3 lists them: an entry per type, so that one record may come twice."""
    portal = call.portal
    links = portal.store.links(record.key, to_type)
    found = []
    for other_id in ids:
        for label in sorted(links[other_id]):
            kind = portal.types.find(record.type, to_type, label)
            found.append({"id": other_id, "type": kind.name if kind else str(label[1])})
    return found


def _place(call: Call, record: Record) -> str:
    prefix = f"/crm/objects/{call.version}" if call.dated else "/crm/v3/objects"
    return f"{prefix}/{record.type}/{record.id}"


def _history(record: Record, name: str) -> list[JSON]:
    changes = record.history.get(name)
    if changes is None:
        if name not in record.properties:
            return []
        changes = (Change(record.properties[name], record.created_at, record.get("hs_object_source"), ""),)
    return [_change(change) for change in changes]


def _change(change: Change) -> JSON:
    found: JSON = {
        "value": change.value,
        "timestamp": instant(change.at),
        "sourceType": change.source,
        "sourceId": change.source_id,
    }
    if change.user_id:
        found["updatedByUserId"] = int(change.user_id)
    return found
