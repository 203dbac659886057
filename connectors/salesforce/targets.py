"""Where a draft can go in Salesforce: the targets that a user has, and the requests that write to them."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.errors import Fatal
from connectors.interfaces import Audience, RecordRef, Target, TargetKind, Write
from connectors.salesforce import mails, marker
from connectors.salesforce.composite import Sub, query
from connectors.salesforce.describe import Shapes
from connectors.salesforce.soql import http_date, id_list, literal, record_id, select

SUMMARY_FIELD = "Assistant_Summary__c"
"""The field that our package adds to Case."""
SUMMARY_PATH = f"Case.{SUMMARY_FIELD}"

COMMENT_BYTES = 4_000
"""CaseComment.CommentBody is limited in UTF-8 bytes, not characters (contract, 1.7)."""

COMPLETED = "Completed"
NOT_STARTED = "Not Started"

_LOOKUPS: Mapping[str, Mapping[str, str]] = {
    "Case": {"Task": "WhatId", "CaseComment": "ParentId", mails.OBJECT: "ParentId"},
    "Account": {"Task": "WhatId"},
    "Contact": {"Task": "WhoId"},
}
"""Root object -> object that can be created for it -> the lookup to the root."""
_CREATED: Mapping[TargetKind, tuple[str, str]] = {
    TargetKind.COMPLETED_TASK: ("Task", "Description"),
    TargetKind.TASKS: ("Task", "Description"),
    TargetKind.COMMENT: ("CaseComment", "CommentBody"),
    TargetKind.EMAIL_DRAFT: (mails.OBJECT, mails.TEXT),
}


def created(write: Write) -> tuple[str, str, str]:
    """For a target that creates records: their object, the lookup to the record at hand, and the field of the text.

    Raises:
        Fatal: the target is not one that `available` made.
    """
    object_, text = _CREATED.get(write.target.kind, ("", ""))
    lookup = _LOOKUPS.get(write.record.object, {}).get(object_, "")
    if not lookup:
        raise Fatal("this record is no target of the assistant", code="bad_target")
    return object_, lookup, text


def written_object(write: Write) -> str:
    """The object that a write changes or creates."""
    return write.record.object if write.target.kind is TargetKind.SUMMARY_FIELD else created(write)[0]


def available(ref: RecordRef, shapes: Shapes) -> tuple[Target, ...]:
    """What this user can write for a case, an account or a contact, best first; nothing for other objects.

    The summary field is offered only together with its marker object: without one, an answer that gets lost could not
    be told from a write that did not happen. An e-mail has a place for the key itself.
    """
    lookups = _LOOKUPS.get(ref.object)
    root = shapes.get(ref.object)
    if not lookups or root is None:
        return ()
    audience = f"everyone who can read the {ref.object.lower()}"
    found: list[Target] = []
    task, comment, mail = (
        shapes.get(name) if name in lookups else None for name in ("Task", "CaseComment", mails.OBJECT)
    )
    summary = root.fields.get(SUMMARY_FIELD) if ref.object == "Case" else None
    installed = marker.installed(shapes.get(marker.MARKER))
    if root.updateable and summary and summary.updateable and installed:
        found.append(
            Target(
                TargetKind.SUMMARY_FIELD, summary.label, audience, undoable=True, field=SUMMARY_PATH,
                max_bytes=summary.length,
            )
        )  # fmt: skip
    if task and task.can_create(lookups["Task"], "Subject", "Description", "Status"):
        size, undoable = task.fields["Description"].length, task.deletable
        found.append(Target(TargetKind.COMPLETED_TASK, "Completed task", audience, undoable, max_bytes=size))
        found.append(Target(TargetKind.TASKS, "Open tasks", audience, undoable, max_bytes=size))
    if comment and comment.can_create("ParentId", "CommentBody"):
        label = "Internal case comment"
        found.append(Target(TargetKind.COMMENT, label, audience, undoable=False, max_bytes=COMMENT_BYTES))
    keyed = mail is not None and (installed or mail.can_create(mails.IDENTIFIER))
    if mail and keyed and mail.can_create(*mails.REQUIRED):
        found.append(
            Target(
                TargetKind.EMAIL_DRAFT, "E-mail draft on the case", "only you, until you send it to the customer",
                undoable=mail.deletable, max_bytes=mail.fields[mails.TEXT].length, readers=Audience.CUSTOMER,
            )
        )  # fmt: skip
    return tuple(found)


def condition(write: Write, version: str) -> Sub:
    """Fails with 412, and an all-or-none request with it, when the record at hand was modified after `version`."""
    return unmodified("unchanged", write.record.object, write.record.id, version)


def unmodified(name: str, object_: str, id_: str, version: str) -> Sub:
    """The same for any record."""
    path = f"sobjects/{object_}/{record_id(id_)}?fields=Id"
    return Sub(name, "GET", path, headers=unmodified_since(version))


def unmodified_since(version: str) -> dict[str, str]:
    """The conditional header (RFC 9110, 13.1.4). It has whole seconds, as LastModifiedDate has."""
    return {"If-Unmodified-Since": http_date(version)}


def set_field(name: str, write: Write, value: str | None, version: str) -> Sub:
    """Sets the summary field if the case is unmodified; assignment rules stay out of it (contract, 1.6)."""
    headers = {**unmodified_since(version), "Sforce-Auto-Assign": "FALSE"}
    path = f"sobjects/{write.record.object}/{record_id(write.record.id)}"
    return Sub(name, "PATCH", path, {field_name(write): value}, headers)


def insert(name: str, write: Write, values: Mapping[str, str]) -> Sub:
    """Creates one task or comment."""
    object_, lookup, text = created(write)
    body: dict[str, Any] = {lookup: record_id(write.record.id), text: values["body"]}
    if object_ == "Task":
        done = write.target.kind is TargetKind.COMPLETED_TASK
        body["Subject"] = values.get("subject", "")
        body["Status"] = values.get("status") or (COMPLETED if done else NOT_STARTED)
        if values.get("due"):
            body["ActivityDate"] = values["due"]
    else:
        body["IsPublished"] = False
    return Sub(name, "POST", f"sobjects/{object_}", body)


def versions(name: str, object_: str, ids: Sequence[str], *fields: str) -> Sub:
    """Reads the stamps (and `fields`) of records by id; ids may be references to earlier answers."""
    among = "(" + ",".join(literal(value) for value in ids) + ")" if ids[0].startswith("@") else id_list(ids)
    return query(name, select(("Id", "LastModifiedDate", *fields), object_, f"Id IN {among}"))


def recognised(write: Write, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of the records of a write among rows: by the key that names a message, else by text with the key in it.

    Empty when they are not (all) there.
    """
    _, _, text = created(write)
    if write.target.kind is TargetKind.EMAIL_DRAFT and (named := [r for r in rows if mails.is_named(r, write.key)]):
        return [str(named[0]["Id"])]
    ids: list[str] = []
    for values in write.values:
        match = [row for row in rows if same_text(row.get(text), values["body"]) and row["Id"] not in ids]
        if not match or write.key not in values["body"]:
            return []
        ids.append(str(match[0]["Id"]))
    return ids


def field_name(write: Write) -> str:
    """The API name of the field of a SUMMARY_FIELD write.

    Raises:
        Fatal: the target is not one that `available` made.
    """
    if write.target.field != SUMMARY_PATH or write.record.object != "Case":
        raise Fatal("this field is no target of the assistant", code="bad_target")
    return SUMMARY_FIELD


def same_text(one: str | None, other: str | None) -> bool:
    """Whether two texts are equal for Salesforce, which trims ends and may store line ends as CR LF."""
    return _plain(one) == _plain(other)


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()
