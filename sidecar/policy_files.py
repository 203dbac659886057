"""Reads `config/` strictly: an unknown key or label, or a Cedar rule that does not fit its schema, stops the start."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import cedarpy
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sidecar.domain import Label
from sidecar.errors import Misconfigured

Category = Annotated[str, Field(pattern=r"^(user|system)(\.[a-z_]+)*$")]

Restorable = Literal["person", "email", "phone", "address"]
"""What masking.py may give back to the reader of a draft."""

Hidable = Literal["amount"]
"""What recognisers.py finds in free text for those purposes only that may not use it."""


def _label(value: object) -> object:
    return Label[value.upper()] if isinstance(value, str) and value.upper() in Label.__members__ else value


def _labelled(value: object) -> object:
    match value:
        case [label, category, *more]:
            return label, frozenset([category, *more])
        case _:
            raise ValueError("write [label, category, …]")


M = TypeVar("M", bound=BaseModel)
LabelName = Annotated[Label, BeforeValidator(_label)]
Labelled = Annotated[tuple[LabelName, frozenset[Category]], BeforeValidator(_labelled)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Classification(_Strict):
    """classification.yaml."""

    objects: dict[str, dict[str, Labelled]]


class Audiences(_Strict):
    """audience.yaml: object -> the fields that everyone who can read the record can read, or the customer has too."""

    record: dict[str, frozenset[str]]
    customer: dict[str, frozenset[str]]


class PurposeFile(_Strict):
    """One purpose."""

    title: str
    data_use: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$")]
    actions: Annotated[frozenset[str], Field(min_length=1)]
    max_label: LabelName
    categories: frozenset[Category]
    passages: Annotated[int, Field(ge=1)]
    related_passages: Annotated[int, Field(ge=0)]
    restore: frozenset[Restorable]
    mask: frozenset[Hidable] = frozenset()


class Purposes(_Strict):
    """purposes.yaml."""

    purposes: dict[str, PurposeFile]
    defaults: dict[str, str]


class Retention(_Strict):
    """retention.yaml."""

    draft_hours: Annotated[int, Field(ge=1, le=24 * 30)]
    content_hours: Annotated[int, Field(ge=1, le=24 * 365)]
    undo_days: Annotated[int, Field(ge=0, le=365)]
    rows_days: Annotated[int, Field(ge=1, le=3650)]


@dataclass(frozen=True, slots=True)
class Files:
    """Everything that `config/` says. `digest` is the SHA-256 over all files, names included."""

    classification: Classification
    audiences: Audiences
    purposes: Purposes
    retention: Retention
    cedar: str
    cedar_schema: str
    digest: str


def read(directory: Path) -> Files:
    """Read and validate `directory`.

    Raises:
        Misconfigured: names the file and the key.
    """
    schema = _text(directory / "access" / "schema.cedarschema")
    rules = "\n".join(_text(path) for path in sorted((directory / "access").glob("*.cedar")))
    _check_cedar(rules, schema)
    purposes = _parse(Purposes, directory / "purposes.yaml")
    for action, name in purposes.defaults.items():
        if name not in purposes.purposes or action not in purposes.purposes[name].actions:
            raise Misconfigured(f"purposes.yaml: the default purpose of {action} does not allow it.")
    classification = _parse(Classification, directory / "classification.yaml")
    used = {
        category for fields in classification.objects.values() for _, found in fields.values() for category in found
    }
    for name, purpose in purposes.purposes.items():
        if idle := sorted(purpose.categories - used):
            raise Misconfigured(f"purposes.yaml: {name}: no field has the category {idle[0]}.")
    audiences = _parse(Audiences, directory / "audience.yaml")
    for listed in (audiences.record, audiences.customer):
        for object_, names in listed.items():
            if strange := sorted(names - classification.objects.get(object_, {}).keys()):
                raise Misconfigured(f"audience.yaml: {object_}.{strange[0]} has no label in classification.yaml.")
    return Files(
        classification=classification,
        audiences=audiences,
        purposes=purposes,
        retention=_parse(Retention, directory / "retention.yaml"),
        cedar=rules,
        cedar_schema=schema,
        digest=_digest(directory),
    )


def _check_cedar(rules: str, schema: str) -> None:
    try:
        result = cedarpy.validate_policies(rules, schema)
        parsed: dict[str, Any] = json.loads(cedarpy.policies_to_json_str(rules))["staticPolicies"]
    except ValueError as error:
        raise Misconfigured("access/: the Cedar rules or their schema cannot be parsed.") from error
    if not result.validation_passed:
        raise Misconfigured("access/: a Cedar rule does not fit access/schema.cedarschema.")
    names = [rule.get("annotations", {}).get("id") for rule in parsed.values()]
    if not names or None in names or len(set(names)) != len(names):
        raise Misconfigured('access/: every Cedar rule needs an @id("…") of its own, and there must be one.')


def _parse(model: type[M], path: Path) -> M:
    try:
        return model.model_validate(yaml.safe_load(_text(path)))
    except yaml.YAMLError as error:
        raise Misconfigured(f"{path.name} is not valid YAML.") from error
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Misconfigured(f"{path.name}: check {where or 'the file'}.") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise Misconfigured(f"{path.name} of the policy cannot be read.") from error


def _digest(directory: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            total.update(f"{path.relative_to(directory).as_posix()}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()
