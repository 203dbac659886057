"""What kinds of records a portal has, with which properties and pipelines; standard ones come from `standard.yaml`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import (
    ENGAGEMENTS,
    Group,
    ObjectType,
    Pipeline,
    Property,
    Stage,
    pipeline_of,
    property_of,
)
from connectors.sandbox.wire import JSON


@dataclass(frozen=True, slots=True)
class SchemaState:
    """What a snapshot keeps; its inner mappings are never changed in place."""

    properties: Mapping[str, dict[str, Property]]
    pipelines: Mapping[str, dict[str, Pipeline]]
    groups: Mapping[str, dict[str, Group]]


class Schema:
    """All types of one portal. Properties and pipelines may change at run time, types may not."""

    def __init__(self, hub_id: str, document: Mapping[str, Any]) -> None:
        self.hub_id = hub_id
        self.types: dict[str, ObjectType] = {}
        self.properties: dict[str, dict[str, Property]] = {}
        self.pipelines: dict[str, dict[str, Pipeline]] = {}
        self._moments: dict[str, tuple[Mapping[str, Property], frozenset[str]]] = {}
        self._groups: dict[str, dict[str, Group]] = {}
        self._names: dict[str, str] = {}
        shipped = standard()
        for name, entry in shipped["types"].items():
            self._add(_type(name, entry))
        for entry in document.get("objects", ()):
            self._add(_custom(entry))
            self._extend(entry["name"], entry.get("properties", ()))
        for name, entries in document.get("properties", {}).items():
            self._extend(self.type(name).name, entries)
        pipelines = {**shipped["pipelines"], **document.get("pipelines", {})}
        for name, entries in pipelines.items():
            self.pipelines[self.type(name).name] = {entry["id"]: pipeline_of(entry) for entry in entries}

    def type(self, key: str) -> ObjectType:
        """The type of a plural or singular name, an object type id or a fully qualified name.

        Raises:
            HubError: 400, there is none.
        """
        name = self._names.get(key) or self._names.get(key.lower())
        if name is None:
            raise HubError.invalid(f"Unable to infer object type from: {key[:100]}")
        return self.types[name]

    def property(self, type_name: str, name: str) -> Property | None:
        """A live property; names are written in lower case, whatever the request says."""
        found = self.properties[type_name].get(name) or self.properties[type_name].get(name.lower())
        return None if found is None or found.archived else found

    def set_property(self, type_name: str, item: Property) -> None:
        """Add or replace a property."""
        self.properties[type_name] = {**self.properties[type_name], item.name: item}

    def moments(self, type_name: str) -> frozenset[str]:
        """The names of a type's dates and times; kept until its properties change."""
        properties = self.properties[type_name]
        kept = self._moments.get(type_name)
        if kept is None or kept[0] is not properties:
            names = frozenset(item.name for item in properties.values() if item.type in {"date", "datetime"})
            kept = self._moments[type_name] = (properties, names)
        return kept[1]

    def groups(self, type_name: str) -> dict[str, Group]:
        """The groups of a type's properties by name."""
        used = (item.group for item in self.properties[type_name].values() if item.group)
        made = self._groups.get(type_name, {})
        names = dict.fromkeys((*used, *made))
        return {
            name: made.get(name) or Group(name, name.replace("_", " ").capitalize(), place)
            for place, name in enumerate(names)
        }

    def set_group(self, type_name: str, group: Group) -> None:
        """Add a group, or change one."""
        self._groups[type_name] = {**self._groups.get(type_name, {}), group.name: group}

    def drop_group(self, type_name: str, name: str) -> None:
        """Forget a group that has no property."""
        self._groups[type_name] = {key: one for key, one in self._groups.get(type_name, {}).items() if key != name}

    def stage(self, type_name: str, stage_id: str) -> tuple[Pipeline, Stage] | None:
        """A stage and the pipeline it belongs to."""
        for pipeline in self.pipelines.get(type_name, {}).values():
            if stage_id in pipeline.stages:
                return pipeline, pipeline.stages[stage_id]
        return None

    def values_of(self, type_name: str, item: Property) -> Mapping[str, str]:
        """The values that a property takes, label by value: stages and pipelines follow from the definitions."""
        kind, pipelines = self.types[type_name], self.pipelines.get(type_name, {})
        if item.name == kind.pipeline:
            return {found.id: found.label for found in pipelines.values()}
        if item.name == kind.stage:
            return {stage.id: stage.label for found in pipelines.values() for stage in found.stages.values()}
        return item.options or {}

    def snapshot(self) -> SchemaState:
        """The properties and pipelines as they stand."""
        return SchemaState(dict(self.properties), dict(self.pipelines), dict(self._groups))

    def restore(self, state: SchemaState) -> None:
        """Put back a snapshot."""
        self.properties, self.pipelines = dict(state.properties), dict(state.pipelines)
        self._groups = dict(state.groups)

    def _add(self, kind: ObjectType) -> None:
        self.types[kind.name] = kind
        self.properties[kind.name] = dict(_shipped(kind))
        qualified = {f"p_{kind.name}", f"p{self.hub_id}_{kind.name}"} if kind.custom else set()
        for key in {kind.name, kind.singular, kind.id, *qualified}:
            self._names[key.lower()] = kind.name

    def _extend(self, name: str, entries: Sequence[JSON]) -> None:
        for entry in entries:
            self.properties[name][entry["name"]] = property_of(entry)


@cache
def standard() -> dict[str, Any]:
    """What `standard.yaml` says."""
    text = files("connectors.sandbox.hubspot").joinpath("standard.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@cache
def _shipped(kind: ObjectType) -> Mapping[str, Property]:
    """The properties that every portal's type has."""
    stamps = {
        stamp: Property(stamp, label, "datetime", "date", _group(kind.name), read_only=True, defined=True)
        for stamp, label in ((kind.created, "Create Date"), (kind.modified, "Last Modified Date"))
    }
    own = {} if kind.custom else standard()["types"][kind.name]["properties"]
    return {**_listed(standard()["common"], kind.name), **_listed(own, kind.name), **stamps}


def _listed(entries: Mapping[str, Sequence[Any]], type_name: str) -> dict[str, Property]:
    """Properties from `name: [label, type, field type, {more}]`."""
    found = {}
    for name, (label, type_, field, *more) in entries.items():
        extra: dict[str, Any] = dict(more[0]) if more else {}
        options = extra.pop("options", None)
        labels = {str(value): str(value).replace("_", " ").capitalize() for value in options} if options else None
        group = _group(type_name)
        found[name] = Property(name, label, type_, field, group, labels, defined=True, **extra)
    return found


def _group(type_name: str) -> str:
    """The group that HubSpot puts its own properties of a type into."""
    entry = standard()["types"].get(type_name)
    if entry is None:
        return f"{type_name}_information"
    return entry["singular"] if type_name in ENGAGEMENTS else f"{entry['singular']}information"


def _type(name: str, entry: Mapping[str, Any]) -> ObjectType:
    engagement = name in ENGAGEMENTS
    return ObjectType(
        name,
        entry["id"],
        entry["singular"],
        tuple(entry.get("shown", ())),
        entry.get("created", "hs_createdate"),
        entry.get("modified", "hs_lastmodifieddate"),
        tuple(entry.get("searched", ())),
        ("hs_timestamp",) if engagement else tuple(entry.get("needs", ())),
        tuple(entry.get("needs_any", ())),
        entry.get("stage", ""),
        entry.get("pipeline", ""),
        read_only=bool(entry.get("read_only")),
        display=entry.get("display", ""),
        labels=(entry["singular"].replace("_", " ").capitalize(), name.replace("_", " ").capitalize()),
    )


def _custom(entry: Mapping[str, Any]) -> ObjectType:
    labels = entry.get("labels", {})
    name, display = entry["name"], entry.get("primaryDisplayProperty", "")
    singular, plural = labels.get("singular", name), labels.get("plural", name)
    return ObjectType(
        name,
        entry["objectTypeId"],
        singular.lower(),
        (display,) if display else (),
        "hs_createdate",
        "hs_lastmodifieddate",
        (display,) if display else (),
        tuple(entry.get("requiredProperties", ())),
        custom=True,
        labels=(singular, plural),
        display=display,
    )
