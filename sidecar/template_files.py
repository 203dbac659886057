"""Template files: YAML that was reviewed like code, checked against its released digest, as frozen values.

A template is data: it names fields, sections and targets, and holds no code. `SHA256SUMS` beside the templates lists
the digest of every released version; a template that is not listed, or differs by a byte, is refused.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connectors.interfaces import Audience, TargetKind
from sidecar.domain import Role
from sidecar.errors import Misconfigured
from sidecar.vocabulary import VOCABULARIES

DIGESTS: Final = "SHA256SUMS"
SUBJECT_LENGTH: Final = 255
"""Characters of a task's subject (Salesforce Object Reference, Task)."""


class Seeks(StrEnum):
    """What kind of sentence a section wants. A closed set: reasoners that use no language model go by it."""

    PROBLEM = "problem"
    ATTEMPT = "attempt"
    STATE = "state"
    PROMISE = "promise"
    STEP = "step"
    QUESTION = "question"
    LIST = "list"
    RELATED = "related"


class Form(StrEnum):
    """What a draft becomes: one text, or one task for each claim."""

    DOCUMENT = "document"
    TASKS = "tasks"


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a draft. `guidance` is written for a language model, `seeks` for a reasoner without one.

    Only what records of `objects` and people in `roles` say belongs here; empty: anything, anybody.
    """

    name: str
    title: str
    seeks: Seeks
    guidance: str
    max_sentences: int
    objects: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the sentences of a letter in one language: fixed words, which claim nothing.

    "{name}" in `opening` is the addressee's name with a space before it, or nothing. `titles` are the sections'.
    """

    opening: str
    closing: str
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Template:
    """One released version of one action, for one CRM.

    `object` is what the button stands on and `noun` what that CRM calls it ("case"). `lines` groups some of `fields`:
    object -> the fields that are read as one line, each with the word before its value. `readers` is whom the text is
    meant for, `audience` the same in words. `frames` has a letter's fixed words by language; a text that is no letter
    has none. `targets` stand best first; `digest` is the SHA-256 of the file.
    """

    action: str
    version: int
    crm: str
    object: str
    noun: str
    title: str
    purpose: str
    task: str
    fields: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, tuple[Mapping[str, str], ...]]
    related: tuple[str, ...]
    related_limit: int
    sections: tuple[Section, ...]
    max_sentences: int
    form: Form
    subject: str
    status: str
    targets: tuple[TargetKind, ...]
    readers: Audience
    audience: str
    undo: str
    frames: Mapping[str, Frame]
    output: Mapping[str, Any]
    digest: str

    @property
    def id(self) -> str:
        """Name and version, as shown with every draft: "summarize_case@1"."""
        return f"{self.action}@{self.version}"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _SectionFile(_Strict):
    name: str = Field(pattern=r"^[a-z_]+$")
    title: str
    seeks: Seeks
    guidance: str
    max_sentences: int = Field(ge=1, le=10)
    objects: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()


class _FrameFile(_Strict):
    opening: str
    closing: str
    titles: dict[str, str]


class _RelatedFile(_Strict):
    objects: tuple[str, ...]
    limit: int = Field(ge=0, le=50)


class _WriteFile(_Strict):
    form: Form
    subject: str = Field(max_length=SUBJECT_LENGTH)
    status: str


Line = Annotated[str, Field(pattern=r"^[\w.]+( as [\w ]+)?( \+ [\w.]+( as [\w ]+)?)*$")]
"""A field, or several that are read as one line: "Name + Amount as worth"."""


class _CrmFile(_Strict):
    object: str = ""
    noun: str = Field(pattern=r"^[a-z]+$")
    title: str
    fields: dict[str, tuple[Line, ...]] = Field(min_length=1)
    related: _RelatedFile
    targets: tuple[TargetKind, ...] = Field(min_length=1)
    audience: str
    undo: str

    @model_validator(mode="after")
    def consistent(self) -> Self:
        """What is searched must be read."""
        if missing := set(self.related.objects) - self.fields.keys():
            raise ValueError(f"related objects without fields: {sorted(missing)}")
        return self


class _TemplateFile(_Strict):
    action: str = Field(pattern=r"^[a-z_]+$")
    version: int = Field(ge=1)
    purpose: str
    readers: Literal["agent", "record", "customer"] = "record"
    task: str
    crms: dict[str, _CrmFile] = Field(min_length=1)
    sections: tuple[_SectionFile, ...] = Field(min_length=1)
    max_sentences: int = Field(ge=1, le=20)
    write: _WriteFile
    frames: dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], _FrameFile] = {}
    output: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def first_form(cls, data: Any) -> Any:  # noqa: ANN401 - YAML as it comes
        """The first releases knew Salesforce only and had its part on the top level."""
        if not isinstance(data, dict) or "crms" in data or not isinstance(data.get("write"), dict):
            return data
        write = dict(data["write"])
        own = {name: write.pop(name) for name in ("targets", "audience", "undo") if name in write}
        rest = {name: value for name, value in data.items() if name not in {"title", "fields", "related", "write"}}
        own |= {name: data[name] for name in ("title", "fields", "related") if name in data}
        return rest | {"write": write, "crms": {"salesforce": {"noun": "case", **own}}}

    @model_validator(mode="after")
    def consistent(self) -> Self:
        """The output must speak of the same sections."""
        names = [section.name for section in self.sections]
        claims = self.output.get("properties", {}).get("claims", {})
        section = claims.get("items", {}).get("properties", {}).get("section", {})
        if section.get("enum") != names or claims.get("maxItems") != self.max_sentences:
            raise ValueError("output does not fit the sections")
        if self.frames and "en" not in self.frames:
            raise ValueError("a letter needs its frame in English, for all other languages")
        if any(frame.titles.keys() != set(names) for frame in self.frames.values()):
            raise ValueError("a frame does not fit the sections")
        return self


def read(directory: Path) -> list[Template]:
    """Read `<action>/<version>.yaml` below `directory` and check each file against its listed digest.

    Returns:
        A template for each CRM that a file speaks of.

    Raises:
        Misconfigured: the list or a template is missing, unlisted, altered, or does not fit the schema.
    """
    listed = _digests(directory)
    found = {path.relative_to(directory).as_posix(): path for path in sorted(directory.glob("*/*.yaml"))}
    for name in sorted(listed.keys() ^ found.keys()):
        raise Misconfigured(f"Template {name} stands in {DIGESTS} or on disk, not in both. Restore the release.")
    return [template for name, path in found.items() for template in _load(name, path, listed[name])]


def _digests(directory: Path) -> dict[str, str]:
    try:
        lines = (directory / DIGESTS).read_text("ascii").splitlines()
    except (OSError, UnicodeError) as error:
        raise Misconfigured(f"The templates have no readable {DIGESTS}. Restore the release.") from error
    matches = [re.fullmatch(r"([0-9a-f]{64}) [ *](\w+/\d+\.yaml)", line) for line in lines]
    if not matches or None in matches:
        raise Misconfigured(f"{DIGESTS} of the templates cannot be read. Restore the release.")
    return {match[2]: match[1] for match in matches if match}


def _load(name: str, path: Path, digest: str) -> list[Template]:
    content = path.read_bytes()
    if not secrets.compare_digest(hashlib.sha256(content).hexdigest(), digest):
        raise Misconfigured(f"Template {name} differs from its released digest. Restore it or release a new version.")
    try:
        file = _TemplateFile.model_validate(yaml.safe_load(content))
    except (yaml.YAMLError, ValidationError) as error:
        raise Misconfigured(f"Template {name} is not a valid template.") from error
    if name != f"{file.action}/{file.version}.yaml":
        raise Misconfigured(f"Template {name} names another action or version than its path.")
    common = file.model_dump(include={"action", "version", "purpose", "task", "max_sentences", "output"})
    return [
        Template(
            **common,
            **file.write.model_dump(),
            **part.model_dump(exclude={"object", "fields", "related"}),
            crm=crm,
            object=part.object or VOCABULARIES[crm].case,
            fields={object_: _names(entries) for object_, entries in part.fields.items()},
            lines={object_: found for object_, entries in part.fields.items() if (found := _lines(entries))},
            readers=Audience[file.readers.upper()],
            related=part.related.objects,
            related_limit=part.related.limit,
            sections=tuple(Section(**section.model_dump()) for section in file.sections),
            frames={language: Frame(**frame.model_dump()) for language, frame in file.frames.items()},
            digest=digest,
        )
        for crm, part in file.crms.items()
    ]


def _parts(entry: str) -> dict[str, str]:
    """The fields of an entry and the word before each: "Name + Amount as worth" names two."""
    return {name: word for name, _, word in (part.partition(" as ") for part in entry.split(" + "))}


def _names(entries: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for entry in entries for name in _parts(entry)))


def _lines(entries: Sequence[str]) -> tuple[Mapping[str, str], ...]:
    return tuple(parts for entry in entries if len(parts := _parts(entry)) > 1)
