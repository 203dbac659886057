"""The properties of a type: read, made (unique ones too), changed, archived; groups follow from them."""

import re
from dataclasses import replace
from typing import Any, Final

from connectors.sandbox.hubspot.batch import answer_of, missing
from connectors.sandbox.hubspot.call import Answer, Call, id_in, inputs_of
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import TYPES, ObjectType, Property, property_of
from connectors.sandbox.hubspot.values import instant
from connectors.sandbox.wire import JSON

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_FIELDS: Final = frozenset(
    (
        "textarea",
        "text",
        "date",
        "file",
        "number",
        "select",
        "radio",
        "checkbox",
        "booleancheckbox",
        "calculation_equation",
        "html",
        "phonenumber",
    )
)
_CREATED: Final = instant(1_609_459_200_000)
_REQUIRED: Final = ("name", "label", "type", "fieldType", "groupName")


def list_properties(call: Call, type_name: str) -> Answer:
    """All properties of a type that exist for the caller; `archived=true` lists the archived ones instead."""
    kind = call.definitions(type_name, "read")
    archived = call.flag("archived")
    found = [
        property_document(call, kind, item)
        for item in call.portal.schema.properties[kind.name].values()
        if item.archived == archived and call.access.shows(kind.name, item.name)
    ]
    return Answer(200, {"results": found})


def read_property(call: Call, type_name: str, name: str) -> Answer:
    """One property."""
    kind = call.definitions(type_name, "read")
    return Answer(200, property_document(call, kind, _one(call, kind, name, archived=call.flag("archived"))))


def create_property(call: Call, type_name: str) -> Answer:
    """A new property; with `hasUniqueValue` it can be a key of upserts from then on."""
    kind = call.definitions(type_name, "write")
    return Answer(201, property_document(call, kind, _create(call, kind, call.json())))


def update_property(call: Call, type_name: str, name: str) -> Answer:
    """Change a property's label, description, group or options; nothing else can be changed."""
    kind, given = call.definitions(type_name, "write"), call.json()
    item = _one(call, kind, name)
    fresh = property_of(
        _checked({**property_document(call, kind, item), **given, "name": item.name, "type": item.type})
    )
    kept = replace(fresh, unique=item.unique, read_only=item.read_only, defined=item.defined, email=item.email)
    options = fresh.options if "options" in given else item.options
    call.portal.schema.set_property(kind.name, replace(kept, required=item.required, options=options))
    return Answer(200, property_document(call, kind, _one(call, kind, name)))


def archive_property(call: Call, type_name: str, name: str) -> Answer:
    """Archive a property that HubSpot did not define."""
    _archive(call, call.definitions(type_name, "write"), name)
    return Answer(204)


def read_batch(call: Call, type_name: str) -> Answer:
    """Several properties by name."""
    kind = call.definitions(type_name, "read")
    names = [id_in(given, "name") for given in inputs_of(call.json())]
    items = [call.portal.schema.property(kind.name, name) for name in names]
    found = [property_document(call, kind, item) for item in items if item and call.access.shows(kind.name, item.name)]
    lost = [name for name, item in zip(names, items, strict=True) if item is None]
    return answer_of(call, found, [missing(kind, lost)] if lost else [])


def create_batch(call: Call, type_name: str) -> Answer:
    """Several new properties, or none."""
    kind = call.definitions(type_name, "write")
    return answer_of(
        call,
        [property_document(call, kind, _create(call, kind, given)) for given in inputs_of(call.json())],
        [],
        status=201,
    )


def archive_batch(call: Call, type_name: str) -> Answer:
    """Archive several properties; unknown names are ignored."""
    kind = call.definitions(type_name, "write")
    for given in inputs_of(call.json()):
        if call.portal.schema.property(kind.name, id_in(given, "name")):
            _archive(call, kind, id_in(given, "name"))
    return Answer(204)


def _one(call: Call, kind: ObjectType, name: str, *, archived: bool = False) -> Property:
    found = call.portal.schema.properties[kind.name].get(name)
    if found is None or found.archived != archived or not call.access.shows(kind.name, name):
        raise HubError(404, "OBJECT_NOT_FOUND", f"Property {name[:100]} does not exist")
    return found


def _create(call: Call, kind: ObjectType, given: JSON) -> Property:
    item = property_of(_checked(given))
    if item.name in call.portal.schema.properties[kind.name]:
        text = f"A property named '{item.name}' already exists."
        raise HubError(409, "OBJECT_ALREADY_EXISTS", text, sub_category="Properties.PROPERTY_EXISTS")
    if item.group not in call.portal.schema.groups(kind.name):
        raise HubError.invalid(f"property group '{item.group[:100]}' does not exist")
    call.portal.schema.set_property(kind.name, item)
    if item.unique:
        call.portal.store.tables[kind.name].index(item.name)
    return item


def _checked(given: JSON) -> JSON:
    """A definition that makes sense.

    Raises:
        HubError: 400.
    """
    if absent := [name for name in _REQUIRED if not isinstance(given.get(name), str) or not given[name]]:
        raise HubError.invalid(f"Some required fields were not set: [{', '.join(absent)}]")
    if not _NAME.fullmatch(given["name"]):
        raise HubError.invalid("A property name has lower-case letters, digits and underscores, a letter first")
    if given["type"] not in TYPES or given["fieldType"] not in _FIELDS:
        raise HubError.invalid("Invalid type or fieldType")
    options: Any = given.get("options") or []
    if not isinstance(options, list) or not all(
        isinstance(option, dict) and isinstance(option.get("value"), str) for option in options
    ):
        raise HubError.invalid("options must be a list of objects with label and value")
    if not isinstance(given.get("description", ""), str | None):
        raise HubError.invalid("description must be a text")
    if given.get("hasUniqueValue") and given["type"] not in {"string", "number"}:
        raise HubError.invalid("Only text and numbers can be unique")
    return given


def _archive(call: Call, kind: ObjectType, name: str) -> None:
    item = _one(call, kind, name)
    if item.defined:
        raise HubError.invalid(f"{item.name} is defined by HubSpot and cannot be archived")
    call.portal.schema.set_property(kind.name, replace(item, archived=True))


def property_document(call: Call, kind: ObjectType, item: Property) -> JSON:
    """A property as the API describes it."""
    options = [
        {"label": label or value, "value": value, "displayOrder": place, "hidden": False, "description": ""}
        for place, (value, label) in enumerate(call.portal.schema.values_of(kind.name, item).items())
    ]
    return {
        "name": item.name,
        "label": item.label,
        "type": item.type,
        "fieldType": item.field_type,
        "description": item.description,
        "groupName": item.group,
        "options": options,
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": item.name == "hubspot_owner_id",
        **({"referencedObjectType": "OWNER"} if item.name == "hubspot_owner_id" else {}),
        "hasUniqueValue": item.unique and not item.email,
        "hidden": False,
        "hubspotDefined": item.defined,
        "formField": not item.read_only,
        "archived": item.archived,
        "createdAt": _CREATED,
        "updatedAt": _CREATED,
        "modificationMetadata": {
            "archivable": not item.defined,
            "readOnlyDefinition": item.defined,
            "readOnlyValue": item.read_only,
        },
    }
