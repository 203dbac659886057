"""Schemas of object types, and the labels that associations can have."""

from collections.abc import Iterator
from typing import Final

from connectors.sandbox.hubspot.association_types import AssociationType
from connectors.sandbox.hubspot.associations import pair
from connectors.sandbox.hubspot.call import Answer, Call, id_in
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ObjectType
from connectors.sandbox.hubspot.properties import property_document
from connectors.sandbox.hubspot.values import instant
from connectors.sandbox.wire import JSON

_CREATED: Final = instant(1_609_459_200_000)
_USER: Final = "USER_DEFINED"


def list_schemas(call: Call) -> Answer:
    """The portal's custom objects."""
    call.access.need(("crm.schemas.custom.read", "crm.objects.custom.read"))
    call.need_tier("enterprise", "Custom objects")
    custom = [kind for kind in call.portal.schema.types.values() if kind.custom]
    return Answer(200, {"results": [_schema(call, kind) for kind in custom] if not call.flag("archived") else []})


def read_schema(call: Call, type_name: str) -> Answer:
    """One object type, HubSpot's own ones too."""
    return Answer(200, _schema(call, call.definitions(type_name, "read")))


def list_labels(call: Call, from_name: str, to_name: str) -> Answer:
    """The association types from one kind of records to another."""
    kind, to_kind = pair(call, from_name, to_name, write=False)
    return Answer(200, {"results": [_label(found) for found in call.portal.types.between(kind.name, to_kind.name)]})


def create_label(call: Call, from_name: str, to_name: str) -> Answer:
    """A new label with its way back; for professional accounts and better ones."""
    call.need_tier("professional", "Association labels")
    kind, to_kind = pair(call, from_name, to_name, write=True)
    label = id_in(call.json(), "label")
    call.portal.types.default(kind.name, to_kind.name)
    found = call.portal.types.define(kind.name, to_kind.name, label)
    back = call.portal.types.type(to_kind.name, kind.name, found.inverse_key)
    return Answer(200, {"results": [_label(found), _label(back)]})


def rename_label(call: Call, from_name: str, to_name: str) -> Answer:
    """Give a label of the portal's own another text."""
    kind, to_kind = pair(call, from_name, to_name, write=True)
    body = call.json()
    type_id, label = id_in(body, "associationTypeId"), id_in(body, "label")
    if not type_id.isdigit() or not call.portal.types.rename(kind.name, to_kind.name, (_USER, int(type_id)), label):
        raise HubError.not_found(type_id)
    return Answer(204)


def delete_label(call: Call, from_name: str, to_name: str, type_id: str) -> Answer:
    """Take a label of the portal's own away, from every association that has it."""
    kind, to_kind = pair(call, from_name, to_name, write=True)
    gone = call.portal.types.remove(kind.name, to_kind.name, (_USER, int(type_id)))
    if gone is None:
        raise HubError.not_found(type_id)
    store = call.portal.store
    for here, there, label in ((kind, to_kind, gone.key), (to_kind, kind, gone.inverse_key)):
        for row in list(store.tables[here.name].rows.values()):
            for other_id, labels in store.links(row.key, there.name).items():
                other = store.get(there.name, other_id)
                if label in labels and other is not None:
                    store.set_link(row.key, other, labels - {label})
    return Answer(204)


def _label(found: AssociationType) -> JSON:
    return {"category": found.category, "typeId": found.id, "label": found.label}


def _schema(call: Call, kind: ObjectType) -> JSON:
    schema = call.portal.schema
    items = schema.properties[kind.name].values()
    shown = [item for item in items if not item.archived and call.access.shows(kind.name, item.name)]
    return {
        "id": kind.id,
        "objectTypeId": kind.id,
        "fullyQualifiedName": f"p{schema.hub_id}_{kind.name}" if kind.custom else kind.constant,
        "name": kind.name if kind.custom else kind.constant,
        "labels": {"singular": kind.labels[0], "plural": kind.labels[1]},
        "requiredProperties": list(kind.needs),
        "searchableProperties": list(kind.searched),
        "primaryDisplayProperty": kind.display,
        "secondaryDisplayProperties": [],
        "archived": False,
        "createdAt": _CREATED,
        "updatedAt": _CREATED,
        "properties": [property_document(call, kind, item) for item in shown],
        "associations": list(_associations(call, kind)),
    }


def _associations(call: Call, kind: ObjectType) -> Iterator[JSON]:
    for found in call.portal.types.of(kind.name):
        ends = [call.portal.schema.types[name].id for name in (found.from_type, found.to_type)]
        yield {"id": str(found.id), "fromObjectTypeId": ends[0], "toObjectTypeId": ends[1], "name": found.name}
