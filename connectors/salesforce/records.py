"""Salesforce rows as neutral records: what to ask of each object, and who wrote it, when, and from which side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.interfaces import Record, RecordRef, Value
from connectors.salesforce.describe import Shapes, visible
from connectors.salesforce.soql import parse_time

CRM = "salesforce"
DRAFT_STATUS = "5"
"""EmailMessage.Status of a draft, which Salesforce shows to its author only (contract, 1.5)."""

STAMPS = ("Id", "CreatedDate", "LastModifiedDate", "SystemModstamp")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one object is read.

    `title` parts are joined; of `author` and `at` the first that is there counts; `parent` is the lookup to the record
    that a person would open. `inbound` names the field that tells a customer's message from
    an agent's. `where` restricts every query of the object.
    """

    title: tuple[str, ...] = ("Name",)
    author: tuple[str, ...] = ()
    at: tuple[str, ...] = ("CreatedDate",)
    parent: str = ""
    inbound: str = ""
    where: str = ""
    internal: bool = False

    def paths(self) -> tuple[str, ...]:
        """Everything to ask besides the wanted fields."""
        return (*STAMPS, *self.title, *self.author, *self.at, *filter(None, (self.parent, self.inbound)))


KINDS: Mapping[str, Kind] = {
    "Case": Kind(title=("CaseNumber", "Subject")),
    "EmailMessage": Kind(
        title=("Subject",),
        author=("FromName", "FromAddress"),
        at=("MessageDate", "CreatedDate"),
        parent="ParentId",
        inbound="Incoming",
    ),
    "CaseComment": Kind(
        title=(), author=("CreatedBy.Name",), parent="ParentId", inbound="CreatedBy.UserType", internal=True
    ),
    "Task": Kind(title=("Subject",), author=("CreatedBy.Name",), parent="WhatId", internal=True),
    # A query on articles must say which version it means; readers see published ones (contract, 1.4).
    "Knowledge__kav": Kind(title=("Title",), at=("LastPublishedDate", "CreatedDate"), where="PublishStatus = 'Online'"),
}
_OTHER = Kind()

THREADS: Mapping[str, Mapping[str, str]] = {
    "Case": {"EmailMessage": "ParentId", "CaseComment": "ParentId", "Task": "WhatId"}
}
"""Root object -> object of its thread -> lookup to the root."""

PEOPLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Case": {
        "Contact": ("Id", "Name", "FirstName", "LastName", "Email", "Phone", "MobilePhone", "LastModifiedDate"),
        "Account": ("Id", "Name", "Phone", "LastModifiedDate"),
        "Owner": ("Id", "Name"),
    }
}
"""Root object -> relationship -> what is always read of that person or company, because masking must know it."""

_PREFIXES = {"500": "Case", "003": "Contact", "001": "Account", "006": "Opportunity", "005": "User", "00G": "Group"}
_STAFF = "Standard"
_EMAIL_DRAFT = "Status"


def kind(object_: str) -> Kind:
    """How `object_` is read."""
    return KINDS.get(object_, _OTHER)


def paths(object_: str, wanted: Iterable[str]) -> tuple[str, ...]:
    """Everything to ask of an object: the wanted fields and what a neutral record needs."""
    extra = (_EMAIL_DRAFT,) if object_ == "EmailMessage" else ()
    return tuple(dict.fromkeys((*kind(object_).paths(), *extra, *wanted)))


def shown(asked: Iterable[str], object_: str, shapes: Shapes) -> list[str]:
    """Those of `asked` that the user may name."""
    return [path for path in asked if visible(path, object_, shapes)]


def record(object_: str, row: Mapping[str, Any], wanted: Iterable[str], shapes: Shapes) -> Record:
    """A neutral record from a query row.

    `version` is LastModifiedDate, the stamp that If-Unmodified-Since compares (contract, 1.6); it has whole seconds.
    """
    how = kind(object_)
    return Record(
        ref=RecordRef(CRM, object_, str(row["Id"])),
        fields={path: scalar(row, path) for path in shown(wanted, object_, shapes)},
        version=version(row),
        parent=_parent(how, row),
        title=" · ".join(filter(None, (text(row, path) for path in how.title))),
        author=next(filter(None, (text(row, path) for path in how.author)), ""),
        at=moment(row, how.at),
        inbound=_inbound(how, row),
        draft=object_ == "EmailMessage" and text(row, _EMAIL_DRAFT) == DRAFT_STATUS,
    )


def people(object_: str, row: Mapping[str, Any], fields: Mapping[str, Sequence[str]], shapes: Shapes) -> list[Record]:
    """The contact, the account and the owner, as far as the user sees them, from the dotted parts of a row."""
    found: list[Record] = []
    for relation in PEOPLE.get(object_, {}):
        parent = row.get(relation)
        if not isinstance(parent, dict) or not parent.get("Id"):
            continue
        ref = RecordRef(CRM, _PREFIXES.get(str(parent["Id"])[:3], relation), str(parent["Id"]))
        names = [path.partition(".")[2] for path in person_paths(object_, relation, fields)]
        seen = [name for name in names if visible(f"{relation}.{name}", object_, shapes)]
        values = {name: scalar(parent, name) for name in seen if name not in STAMPS}
        found.append(Record(ref, values, version(parent), title=text(parent, "Name")))
    return found


def person_paths(object_: str, relation: str, fields: Mapping[str, Sequence[str]]) -> list[str]:
    """Dotted paths to ask for one related person or company."""
    wanted = (*PEOPLE[object_][relation], *(name for name in fields.get(relation, ()) if "." not in name))
    return [f"{relation}.{name}" for name in dict.fromkeys(wanted)]


def scalar(row: Mapping[str, Any], path: str) -> Value:
    """The value at a dotted path; compound values (addresses, locations) have no place in a record and read as None.

    JSON can name half a character (a lone surrogate), which no encoding can carry on: it becomes a question mark.
    """
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    return value if isinstance(value, int | float | bool) else None


def text(row: Mapping[str, Any], path: str) -> str:
    """The value at a path as text, empty for null."""
    value = scalar(row, path)
    return "" if value is None else str(value)


def moment(row: Mapping[str, Any], candidates: Iterable[str]) -> datetime | None:
    """The first of the candidate fields that holds a time."""
    return next(filter(None, (parse_time(scalar(row, path)) for path in candidates)), None)


def version(row: Mapping[str, Any]) -> str:
    """The record's modification stamp as Salesforce wrote it."""
    return text(row, "LastModifiedDate") or text(row, "SystemModstamp")


def _parent(how: Kind, row: Mapping[str, Any]) -> RecordRef | None:
    value = text(row, how.parent) if how.parent else ""
    object_ = _PREFIXES.get(value[:3])
    return RecordRef(CRM, object_, value) if object_ else None


def _inbound(how: Kind, row: Mapping[str, Any]) -> bool | None:
    """Incoming e-mail is a customer's; a comment or task is an agent's unless a portal user wrote it."""
    value = scalar(row, how.inbound) if how.inbound else None
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value != _STAFF
    return False if how.internal else None
