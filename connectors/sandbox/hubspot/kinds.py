"""What a portal's definitions are made of: object types, properties, pipelines and their stages."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

ENGAGEMENTS: Final = frozenset({"notes", "emails", "calls", "meetings", "tasks"})
TYPES: Final = frozenset({"string", "number", "date", "datetime", "enumeration", "bool"})


@dataclass(frozen=True, slots=True)
class Property:
    """One property. `options` are the values an enumeration takes (label by value); none means anything goes."""

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group: str = ""
    options: Mapping[str, str] | None = None
    unique: bool = False
    read_only: bool = False
    defined: bool = False
    required: bool = False
    """An admin made it required on the create form; only 2026-09 checks it (contract, 2.1)."""
    archived: bool = False
    description: str = ""
    email: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Properties that are shown together."""

    name: str
    label: str
    order: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a pipeline. `required` are the properties that an admin demands of records that enter it."""

    id: str
    label: str
    order: int
    metadata: Mapping[str, str]
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline with its stages by id."""

    id: str
    label: str
    order: int
    stages: Mapping[str, Stage]


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A kind of records. `name` is the plural by which paths call it; `custom` types have an id "2-…"."""

    name: str
    id: str
    singular: str
    shown: tuple[str, ...]
    """Properties of an answer that names none."""
    created: str
    modified: str
    searched: tuple[str, ...]
    needs: tuple[str, ...] = ()
    needs_any: tuple[str, ...] = ()
    stage: str = ""
    pipeline: str = ""
    custom: bool = False
    labels: tuple[str, str] = ("", "")
    display: str = ""
    read_only: bool = False

    @property
    def core(self) -> tuple[str, ...]:
        """Properties that every answer has."""
        return (self.created, self.modified, "hs_object_id")

    @property
    def constant(self) -> str:
        """The type as error messages call it."""
        return self.singular.upper()


def property_of(entry: Mapping[str, Any]) -> Property:
    """A property from its definition, as the API and the portal document write it."""
    options = entry.get("options")
    return Property(
        entry["name"],
        entry.get("label") or entry["name"],
        entry.get("type", "string"),
        entry.get("fieldType", "text"),
        entry.get("groupName", ""),
        {str(option["value"]): str(option.get("label", option["value"])) for option in options} if options else None,
        bool(entry.get("hasUniqueValue")),
        required=bool(entry.get("requiredOnCreate")),
        description=entry.get("description") or "",
    )


def pipeline_of(entry: Mapping[str, Any]) -> Pipeline:
    """A pipeline from its definition."""
    stages = {
        str(stage["id"]): Stage(
            str(stage["id"]),
            stage["label"],
            int(stage.get("displayOrder", place)),
            {name: str(value) for name, value in stage.get("metadata", {}).items()},
            tuple(stage.get("requiredProperties", ())),
        )
        for place, stage in enumerate(entry.get("stages", ()))
    }
    return Pipeline(str(entry["id"]), entry["label"], int(entry.get("displayOrder", 0)), stages)


def with_stage(pipeline: Pipeline, stage: Stage) -> Pipeline:
    """The pipeline with one stage added or replaced."""
    return replace(pipeline, stages={**pipeline.stages, stage.id: stage})
