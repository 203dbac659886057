"""Where a draft can go in HubSpot: notes and tasks on a ticket, company or contact, and their properties."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime

from connectors.errors import Fatal, Forbidden
from connectors.hubspot import records
from connectors.hubspot.roots import ROOTS
from connectors.hubspot.schema import KEY_PROPERTY
from connectors.interfaces import RecordRef, Target, TargetKind, Write

WRITE_SCOPE = "crm.objects.contacts.write"
"""Notes and tasks ride on the contacts scope (contract, 2.3)."""

BODY_CHARACTERS = 65_536
"""What a body holds, markup included (contract, 2.4)."""
MAX_BYTES = 32_000

_OBJECTS: Mapping[TargetKind, str] = {TargetKind.COMMENT: "notes", TargetKind.TASKS: "tasks"}
_BODIES: Mapping[str, str] = {"notes": "hs_note_body", "tasks": "hs_task_body"}
_COMPLETED = "COMPLETED"
_OPEN = "NOT_STARTED"
_NOON = "T12:00:00.000Z"
"""A due date is a moment in HubSpot; noon in UTC is that day nearly everywhere."""


def available(ref: RecordRef, scope: str) -> tuple[Target, ...]:
    """What can be written to a record, best first; nothing to others than `ROOTS` or without the scope to write.

    A reply that is to be sent goes into a note, too: HubSpot's API knows no drafts of mails.
    """
    root = ROOTS.get(ref.object)
    if root is None or (scope and WRITE_SCOPE not in scope.split()):
        return ()
    return (
        Target(TargetKind.COMMENT, "Note", root.everyone, undoable=True, max_bytes=MAX_BYTES),
        Target(TargetKind.TASKS, "Open tasks", root.everyone, undoable=True, max_bytes=MAX_BYTES),
    )


def written_object(write: Write) -> str:
    """The object that a write creates.

    Raises:
        Fatal: the target is not one that `available` made.
    """
    object_ = _OBJECTS.get(write.target.kind)
    if object_ is None or write.record.object not in ROOTS:
        raise Fatal("this is no target of the assistant", code="bad_target")
    return object_


def association_type(write: Write) -> int:
    """The type id of the association from what a write creates to its record."""
    return ROOTS[write.record.object].types[written_object(write)]


def body_property(object_: str) -> str:
    """The property that holds the text of a note or task."""
    return _BODIES[object_]


def keys(write: Write) -> tuple[str, ...]:
    """The unique key of each record that a write creates."""
    if write.target.kind is TargetKind.COMMENT:
        return (write.key,)
    return tuple(f"{write.key}.{number}" for number in range(len(write.values)))


def creations(write: Write, at: datetime, owner_id: str, *, keyed: bool) -> list[dict[str, str]]:
    """The properties of each record that a write creates: the same ones for the same write and `at`.

    Raises:
        Forbidden: a text is longer than HubSpot takes.
    """
    object_ = written_object(write)
    created = []
    for key, values in zip(keys(write), write.values, strict=True):
        body = markup(values["body"])
        if len(body) > BODY_CHARACTERS:
            raise Forbidden("the text is longer than HubSpot takes", code="TOO_LONG")
        properties = {body_property(object_): body, "hs_timestamp": _stamp(at)}
        if object_ == "tasks":
            done = values.get("status", "").casefold() == _COMPLETED.casefold()
            properties["hs_task_subject"] = values.get("subject", "")
            properties["hs_task_status"] = _COMPLETED if done else _OPEN
            properties["hs_task_type"] = "TODO"
            if values.get("due"):
                properties["hs_timestamp"] = values["due"] + _NOON
        if owner_id:
            properties[records.OWNER] = owner_id
        if keyed:
            properties[KEY_PROPERTY] = key
        created.append(properties)
    return created


def markup(text: str) -> str:
    """Plain text as the HTML that a body holds."""
    return html.escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>")


def same(object_: str, written: Mapping[str, str], held: Mapping[str, object]) -> bool:
    """Whether a record still says what was written, whatever HubSpot did to the markup or spelling of times."""
    for name, value in written.items():
        now = records.text(held, name)
        if name == body_property(object_):
            if records.plain(now) != records.plain(value):
                return False
        elif name == "hs_timestamp":
            if records.parse_time(now) != records.parse_time(value):
                return False
        elif now != value:
            return False
    return True


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
