"""Salesforce rows as neutral records: what to ask of each object, and who wrote it, when, and from which side."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.interfaces import Record, RecordRef, Value
from connectors.salesforce.catalogue import STAMPS, Kind
from connectors.salesforce.describe import Shapes, visible
from connectors.salesforce.readers import DRAFT_STATUS, ROOT_ASKED
from connectors.salesforce.soql import parse_time

CRM = "salesforce"

IDENTITY: Mapping[str, tuple[str, ...]] = {
    "Contact": ("Id", "Name", "FirstName", "LastName", "Email", "Phone", "MobilePhone", "LastModifiedDate"),
    # The last ones exist where person accounts are in use: there the account is the customer herself.
    "Account": (
        "Id",
        "Name",
        "Phone",
        "LastModifiedDate",
        "IsPersonAccount",
        "FirstName",
        "LastName",
        "PersonEmail",
        "PersonMobilePhone",
    ),
}
"""What is always read of a person or company, because masking must know it."""

_OWNER = {"Owner": ("Id", "Name")}
PEOPLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Case": {**IDENTITY, **_OWNER},
    "Contact": {"Account": IDENTITY["Account"], **_OWNER},
    "Account": _OWNER,
}
"""Root object -> relationship -> what is always read of that person or company."""

_PREFIXES = {"500": "Case", "003": "Contact", "001": "Account", "006": "Opportunity", "005": "User", "00G": "Group"}
_STAFF = "Standard"


def shown(asked: Iterable[str], object_: str, shapes: Shapes) -> list[str]:
    """Those of `asked` that the user may name."""
    return [path for path in asked if visible(path, object_, shapes)]


def record(how: Kind, object_: str, row: Mapping[str, Any], wanted: Iterable[str], shapes: Shapes) -> Record:
    """A neutral record from a query row. All times are UTC.

    `version` is LastModifiedDate, the stamp that If-Unmodified-Since compares (contract, 1.6); it has whole seconds.
    """
    return Record(
        ref=RecordRef(CRM, object_, str(row["Id"])),
        fields={path: scalar(row, path) for path in shown((*how.texts, *wanted), object_, shapes)},
        version=version(row),
        parent=_parent(how, row),
        title=" · ".join(filter(None, (text(row, path) for path in how.title))),
        author=next(filter(None, (text(row, path) for path in how.author)), ""),
        at=moment(row, how.at),
        inbound=_inbound(how, row),
        draft=bool(how.draft) and text(row, how.draft) == DRAFT_STATUS,
    )


def people(object_: str, row: Mapping[str, Any], fields: Mapping[str, Sequence[str]], shapes: Shapes) -> list[Record]:
    """The contact, the account and the owner, as far as the user sees them, from the dotted parts of a row.

    A contact or an account that was asked for is one of the people itself.
    """
    found = named({object_: [row]}, shapes)
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


def named(rows: Mapping[str, Sequence[Mapping[str, Any]]], shapes: Shapes) -> list[Record]:
    """The people and companies among rows, by object, with what masking must know of each."""
    return [
        Record(
            RecordRef(CRM, object_, str(row["Id"])),
            {name: scalar(row, name) for name in shown(identity(object_), object_, shapes) if name not in STAMPS},
            version(row),
            title=text(row, "Name"),
        )
        for object_, found in rows.items()
        if identity(object_)
        for row in found
    ]


def identity(object_: str) -> tuple[str, ...]:
    """What is always read of a record that is a person or a company; nothing for others."""
    return IDENTITY.get(object_, ())


def root_paths(object_: str, fields: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What is always asked of a record that is read with its thread: its people, and what tells its customer."""
    related = [path for relation in PEOPLE.get(object_, {}) for path in person_paths(object_, relation, fields)]
    return (*identity(object_), *related, *ROOT_ASKED.get(object_, ()))


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
    object_ = _PREFIXES.get(value[:3]) or how.parent_object
    return RecordRef(CRM, object_, value) if value and object_ else None


def _inbound(how: Kind, row: Mapping[str, Any]) -> bool | None:
    """Incoming e-mail is a customer's; a comment or task is an agent's unless a portal user wrote it."""
    value = scalar(row, how.inbound) if how.inbound else None
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value != _STAFF
    return False if how.internal else None
