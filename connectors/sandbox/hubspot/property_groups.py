"""The groups in which the properties of a type are shown."""

import re
from dataclasses import replace
from typing import Final

from connectors.sandbox.hubspot.call import Answer, Call, id_in
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import Group, ObjectType
from connectors.sandbox.wire import JSON

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")


def list_groups(call: Call, type_name: str) -> Answer:
    """The groups that properties are shown in."""
    groups = call.portal.schema.groups(call.definitions(type_name, "read").name)
    return Answer(200, {"results": [_document(group) for group in groups.values()]})


def read_group(call: Call, type_name: str, name: str) -> Answer:
    """One group."""
    return Answer(200, _document(_group(call, call.definitions(type_name, "read"), name)))


def create_group(call: Call, type_name: str) -> Answer:
    """A new group."""
    kind, body = call.definitions(type_name, "write"), call.json()
    name = id_in(body, "name")
    groups = call.portal.schema.groups(kind.name)
    if not _NAME.fullmatch(name):
        raise HubError.invalid("A group name has lower-case letters, digits and underscores")
    if name in groups:
        raise HubError(409, "OBJECT_ALREADY_EXISTS", f"A property group named '{name}' already exists.")
    group = _changed(Group(name, name, len(groups)), body)
    call.portal.schema.set_group(kind.name, group)
    return Answer(201, _document(group))


def update_group(call: Call, type_name: str, name: str) -> Answer:
    """Change a group's label or place."""
    kind = call.definitions(type_name, "write")
    group = _changed(_group(call, kind, name), call.json())
    call.portal.schema.set_group(kind.name, group)
    return Answer(200, _document(group))


def archive_group(call: Call, type_name: str, name: str) -> Answer:
    """Archive a group in which no property is left."""
    kind = call.definitions(type_name, "write")
    _group(call, kind, name)
    if any(item.group == name for item in call.portal.schema.properties[kind.name].values()):
        raise HubError.invalid(f"property group '{name[:100]}' still has properties")
    call.portal.schema.drop_group(kind.name, name)
    return Answer(204)


def _group(call: Call, kind: ObjectType, name: str) -> Group:
    found = call.portal.schema.groups(kind.name).get(name)
    if found is None:
        raise HubError.not_found(name)
    return found


def _changed(group: Group, given: JSON) -> Group:
    """The group with what a request says about it.

    Raises:
        HubError: 400.
    """
    label, place = given.get("label", group.label), given.get("displayOrder", group.order)
    if not isinstance(label, str) or isinstance(place, bool) or not isinstance(place, int):
        raise HubError.invalid("label must be a text and displayOrder a number")
    return replace(group, label=label, order=place)


def _document(group: Group) -> JSON:
    return {"name": group.name, "label": group.label, "displayOrder": group.order, "archived": False}
