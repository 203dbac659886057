"""Makes and ends associations: both directions, one primary company, activity dates of what an engagement hangs on."""

from collections.abc import Iterable
from typing import Final

from connectors.sandbox.hubspot.association_types import PRIMARY, AssociationType
from connectors.sandbox.hubspot.call import Call
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ENGAGEMENTS
from connectors.sandbox.hubspot.store import Label, Record
from connectors.sandbox.hubspot.values import instant
from connectors.sandbox.hubspot.writer import Writer
from connectors.sandbox.wire import JSON

_COUNTED: Final = "num_notes"


def link(writer: Writer, record: Record, other: Record, types: Iterable[AssociationType]) -> None:
    """Associate two records by `types` (seen from `record`) and by the unlabelled type, which every association has."""
    portal = writer.portal
    wanted = {found.key: found for found in (*types, portal.types.default(record.type, other.type))}
    have = portal.store.links(record.key, other.type).get(other.id, frozenset())
    if wanted.keys() <= have:
        return
    for found in wanted.values():
        if found.label == PRIMARY:
            _demote(writer, record, other, found)
    inverse = {found.inverse_key for found in wanted.values()}
    back = portal.store.links(other.key, record.type).get(record.id, frozenset())
    portal.store.set_link(record.key, other, have | wanted.keys())
    portal.store.set_link(other.key, record, back | inverse)
    _tell(writer, record, other)
    for engagement, target in ((record, other), (other, record)):
        if engagement.type in ENGAGEMENTS and target.type not in ENGAGEMENTS:
            touch(writer, engagement, target, more=not have)


def unlink(writer: Writer, record: Record, other: Record) -> None:
    """End an association with all its labels."""
    store = writer.portal.store
    if other.id in store.links(record.key, other.type):
        store.set_link(record.key, other, frozenset())
        store.set_link(other.key, record, frozenset())
        _tell(writer, record, other, "removed")


def unlabel(writer: Writer, record: Record, other: Record, types: Iterable[AssociationType]) -> None:
    """Take labels off an association; without the unlabelled type nothing of it is left."""
    store, gone = writer.portal.store, list(types)
    default = writer.portal.types.default(record.type, other.type)
    if any(found.key == default.key for found in gone):
        unlink(writer, record, other)
        return
    for here, there, labels in ((record, other, {found.key for found in gone}),
                                (other, record, {found.inverse_key for found in gone})):  # fmt: skip
        have = store.links(here.key, there.type).get(there.id)
        if have is not None:
            store.set_link(here.key, there, have - labels)


def touch(writer: Writer, engagement: Record, target: Record, *, more: bool) -> None:
    """An engagement was written: its record's activity date moves, and with it the modification stamp."""
    schema = writer.portal.schema.properties[target.type]
    current = writer.portal.store.get(target.type, target.id)
    if current is None or "notes_last_updated" not in schema:
        return
    changes = {"notes_last_updated": instant(max(engagement.updated_at, writer.portal.now()))}
    if more and _COUNTED in schema:
        changes[_COUNTED] = str(int(current.get(_COUNTED) or 0) + 1)
    writer.change(current, changes)


def touch_all(writer: Writer, engagement: Record) -> None:
    """An engagement was changed: everything it hangs on hears of it."""
    for target in list(writer.portal.companions(engagement)):
        touch(writer, engagement, target, more=False)


def link_inline(call: Call, writer: Writer, record: Record, associations: object) -> None:
    """The `associations` of a create request.

    Raises:
        HubError: 400 for a wrong type or direction, or a target that does not exist for the caller; 403.
    """
    if not associations:
        return
    if not isinstance(associations, list) or not all(isinstance(entry, dict) for entry in associations):
        raise HubError.invalid("Invalid input JSON: associations must be a list of objects")
    if call.strict:
        call.access.check_associate()
    for entry in associations:
        to = entry.get("to")
        labels = labels_in(entry.get("types"))
        if not isinstance(to, dict) or not to.get("id") or not labels:
            raise HubError.invalid("Some required fields were not set: [to, types]")
        types = [call.portal.types.leading(record.type, label) for label in labels]
        for found in types:
            other = call.portal.store.get(found.to_type, str(to["id"]))
            if other is None or other.archived_at or not call.access.sees(other):
                raise _invalid_target(str(to["id"]))
            link(writer, record, other, (found,))


def labels_in(types: object) -> list[Label]:
    """Categories and ids of association types in a request.

    Raises:
        HubError: 400, something else.
    """
    if not isinstance(types, list):
        raise HubError.invalid("Invalid input JSON: types must be a list of objects")
    return [_label(entry) for entry in types]


def _label(entry: object) -> Label:
    found: JSON = entry if isinstance(entry, dict) else {}
    category, number = found.get("associationCategory"), found.get("associationTypeId")
    if not isinstance(category, str) or isinstance(number, bool) or not isinstance(number, int):
        raise HubError.invalid("Some required fields were not set: [associationCategory, associationTypeId]")
    return category, number


def _invalid_target(record_id: str) -> HubError:
    detail = {"message": "One or more associations are invalid", "context": {"id": [record_id[:20]]}}
    return HubError(400, "VALIDATION_ERROR", "One or more associations are invalid", errors=(detail,))


def _demote(writer: Writer, record: Record, other: Record, primary: AssociationType) -> None:
    """A record has one primary company: it stops being that of the one that `record` or `other` had before."""
    store = writer.portal.store
    holder, company, there, back = record, other, primary.key, primary.inverse_key
    if other.type != "companies":
        holder, company, there, back = other, record, back, there
    for rival_id, labels in store.links(holder.key, company.type).items():
        rival = store.get(company.type, rival_id)
        if there in labels and rival_id != company.id and rival is not None:
            mine = store.links(rival.key, holder.type).get(holder.id, frozenset())
            store.set_link(holder.key, rival, labels - {there})
            store.set_link(rival.key, holder, mine - {back})


def _tell(writer: Writer, record: Record, other: Record, what: str = "added") -> None:
    """An association is an event of both its ends."""
    for here, there in ((record, other), (other, record)):
        type_id = writer.portal.schema.types[there.type].id
        writer.emit("associationChange", here, property=what, value=f"{type_id}:{there.id}")
