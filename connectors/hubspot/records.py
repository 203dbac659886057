"""HubSpot rows as neutral records: what to ask of each object, and who wrote it, when, and from which side."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

from connectors.hubspot.schema import KEY_PROPERTY, Facts, Owner
from connectors.interfaces import Audience, Record, RecordRef, Value

CRM = "hubspot"
TICKETS = "tickets"
OWNERS = "owners"
MODIFIED = "hs_lastmodifieddate"
OWNER = "hubspot_owner_id"
SOURCE = "hs_object_source_id"
SOURCE_TYPE = "source_type"
"""Of a ticket: EMAIL, FORM, CHAT or PHONE (knowledge.hubspot.com, HubSpot's default ticket properties)."""
NAME = "Name"
"""The one field that HubSpot does not have: first and last name of a contact or an owner, for masking."""

_OUTGOING = "EMAIL"
"""The direction of a mail that an agent has sent; any other came from outside, or was forwarded from there."""
_UNSENT = frozenset({"DRAFT", "SCHEDULED"})
_CREATED = ("hs_createdate", "createdate")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one object is read. `title` parts are joined; of `author` and `at` the first that is there counts.

    `author` are properties that hold a user id or an owner id. `internal` marks what agents write. `stage` names the
    properties of pipeline and stage, which are given by their labels.
    """

    title: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    at: tuple[str, ...] = _CREATED
    more: tuple[str, ...] = ()
    modified: str = MODIFIED
    internal: bool = False
    stage: tuple[str, str] | None = None

    def asked(self) -> tuple[str, ...]:
        """Every property to ask besides the wanted ones."""
        return (self.modified, *self.title, *self.author, *self.at, *self.more, *(self.stage or ()))


_BY_USER = ("hs_created_by_user_id", "hs_created_by", OWNER)
_MAIL_FROM = ("hs_email_from_firstname", "hs_email_from_lastname", "hs_email_from_email", "hs_email_headers")
MAIL_ADDRESSES = ("hs_email_from_email", "hs_email_to_email", "hs_email_cc_email", "hs_email_headers")
"""Properties of a mail that hold its senders and receivers."""

KINDS: Mapping[str, Kind] = {
    TICKETS: Kind(
        title=("hs_object_id", "subject"), stage=("hs_pipeline", "hs_pipeline_stage"), more=(OWNER, SOURCE_TYPE)
    ),
    "contacts": Kind(title=("firstname", "lastname"), modified="lastmodifieddate", more=("email",)),
    "companies": Kind(title=("name",)),
    "deals": Kind(title=("dealname",), stage=("pipeline", "dealstage")),
    "emails": Kind(
        title=("hs_email_subject",),
        author=(OWNER,),
        at=("hs_timestamp", *_CREATED),
        more=("hs_email_direction", "hs_email_status", *_MAIL_FROM, *MAIL_ADDRESSES),
    ),
    "notes": Kind(author=_BY_USER, at=("hs_timestamp", *_CREATED), more=(KEY_PROPERTY, SOURCE), internal=True),
    "calls": Kind(title=("hs_call_title",), author=_BY_USER, at=("hs_timestamp", *_CREATED), internal=True),
    # A task's hs_timestamp is when it is due; in a thread it stands where it was made.
    "tasks": Kind(title=("hs_task_subject",), author=_BY_USER, more=(KEY_PROPERTY, SOURCE), internal=True),
}
_OTHER = Kind()

ACTIVITIES = ("emails", "notes", "calls", "tasks")
"""What people write and do, and hang on records."""
PEOPLE: Mapping[str, tuple[str, ...]] = {
    "contacts": (NAME, "firstname", "lastname", "email", "phone", "mobilephone"),
    "companies": ("name", "domain", "phone"),
}
"""Object -> what is always read of a record's people, because masking must know it."""
OWNER_FIELDS = (NAME, "FirstName", "LastName", "Email")

_SEPARATORS = {TICKETS: " · "}
_BREAKS = re.compile(r"<\s*(?:br|/p|/div|/li)\b[^>]*>", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]*>")


def kind(object_: str) -> Kind:
    """How `object_` is read."""
    return KINDS.get(object_, _OTHER)


def asked(object_: str, wanted: Iterable[str], more: Sequence[str] = ()) -> list[str]:
    """Every property to ask of an object: the wanted ones, what a neutral record needs, and `more`."""
    return list(dict.fromkeys([*kind(object_).asked(), *(name for name in wanted if name != NAME), *more]))


def record(
    object_: str,
    row: Mapping[str, Any],
    wanted: Iterable[str],
    facts: Facts,
    parent: RecordRef | None = None,
    *,
    audience: Audience = Audience.AGENT,
) -> Record:
    """A neutral record from a row. `version` is the modification stamp in one spelling, whoever told it."""
    how, held = kind(object_), properties(row)
    return Record(
        ref=RecordRef(CRM, object_, str(row["id"])),
        fields=_fields(object_, how, held, wanted, facts),
        version=version(object_, row),
        parent=parent,
        title=_SEPARATORS.get(object_, " ").join(filter(None, (text(held, name) for name in how.title))),
        author=_author(object_, how, held, facts),
        at=moment(held, how.at) or parse_time(row.get("createdAt")),
        inbound=_inbound(object_, how, held),
        draft=unsent(held),
        audience=audience,
    )


def owner(found: Owner) -> Record:
    """An owner as a person of a bundle."""
    values = dict(zip(OWNER_FIELDS, (found.name, found.first, found.last, found.email), strict=True))
    return Record(RecordRef(CRM, OWNERS, found.id), values, found.updated, title=found.name)


def properties(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of a row; those that HubSpot did not tell are absent."""
    held = row.get("properties")
    return held if isinstance(held, dict) else {}


def unsent(held: Mapping[str, Any]) -> bool:
    """Whether a mail has not been sent; nothing else is."""
    return text(held, "hs_email_status") in _UNSENT


def closed(object_: str, row: Mapping[str, Any], facts: Facts) -> bool:
    """Whether a row stands in a stage in which nothing is to be done any more."""
    held, stage = properties(row), kind(object_).stage
    return stage is not None and (object_, *(text(held, name) for name in stage)) in facts.closed


def version(object_: str, row: Mapping[str, Any]) -> str:
    """When a row was last modified: UTC with milliseconds, in the same spelling from every endpoint."""
    stamp = moment(properties(row), (kind(object_).modified,)) or parse_time(row.get("updatedAt"))
    return stamp.isoformat(timespec="milliseconds") if stamp else ""


def scalar(held: Mapping[str, Any], name: str) -> Value:
    """A property's value, which HubSpot tells as text.

    Half a character (a lone surrogate) becomes a question mark, because no encoding can carry it on.
    """
    value = held.get(name)
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    return value if isinstance(value, int | float | bool) else None


def text(held: Mapping[str, Any], name: str) -> str:
    """A property's value as text, empty for null."""
    value = scalar(held, name)
    return "" if value is None else str(value)


def moment(held: Mapping[str, Any], candidates: Iterable[str]) -> datetime | None:
    """The first of the candidate properties that holds a time."""
    return next(filter(None, (parse_time(scalar(held, name)) for name in candidates)), None)


def parse_time(value: object) -> datetime | None:
    """An aware UTC time from "2026-11-24T05:53:54.123Z" or from epoch milliseconds; None for what is no time."""
    try:
        if isinstance(value, str) and not value.isdigit():
            parsed = datetime.fromisoformat(value)
            return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
        return datetime.fromtimestamp(int(str(value)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def plain(html: str) -> str:
    """The words of an HTML body, with single spaces: equal for bodies that differ in markup only."""
    return " ".join(unescape(_TAGS.sub("", _BREAKS.sub("\n", html))).split())


def _fields(object_: str, how: Kind, held: Mapping[str, Any], wanted: Iterable[str], facts: Facts) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name in wanted:
        if name == NAME and object_ == "contacts":
            values[name] = _full_name(held)
        elif name in held:
            values[name] = scalar(held, name)
    if how.stage:
        pipeline, stage = (text(held, name) for name in how.stage)
        for name, key in zip(how.stage, ((object_, pipeline, ""), (object_, pipeline, stage)), strict=True):
            if values.get(name):
                values[name] = facts.labels.get(key) or values[name]
    return values


def _full_name(held: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (text(held, "firstname"), text(held, "lastname")))) or text(held, "email")


def _author(object_: str, how: Kind, held: Mapping[str, Any], facts: Facts) -> str:
    if object_ == "emails" and (sender := _sender(held)):
        return sender
    for name in how.author:
        people = facts.owners if name == OWNER else facts.by_user
        if found := people.get(text(held, name)):
            return found.name
    return ""


def _sender(held: Mapping[str, Any]) -> str:
    """Who sent a mail: as its properties say, else as its headers do (a JSON text)."""
    first, last, address, headers = (text(held, name) for name in _MAIL_FROM)
    if first or last or address:
        return " ".join(filter(None, (first, last))) or address
    try:
        parsed = json.loads(headers or "{}")
    except ValueError:
        return ""
    sender = parsed.get("from") if isinstance(parsed, dict) else None
    if not isinstance(sender, dict):
        return ""
    name = " ".join(str(sender[part]) for part in ("firstName", "lastName") if sender.get(part))
    return name or str(sender.get("email") or "")


def _inbound(object_: str, how: Kind, held: Mapping[str, Any]) -> bool | None:
    """A mail that no agent sent is a customer's, also when HubSpot does not tell the direction."""
    if object_ == "emails":
        return text(held, "hs_email_direction") != _OUTGOING
    return False if how.internal else None
