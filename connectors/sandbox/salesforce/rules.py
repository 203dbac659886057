"""What Salesforce itself does to records of some objects: derived fields, defaults, and rules that refuse a write."""

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Final

from connectors.sandbox.salesforce.errors import ApiError, no_access, not_writable
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.sharing import DRAFT
from connectors.sandbox.salesforce.values import Row, Value, text_of

if TYPE_CHECKING:
    from connectors.sandbox.salesforce.org import Org

COMMENT_BYTES: Final = 4_000
ACTIVITIES: Final = ("Task", "Event")
_SENT: Final = "3"
_STATUS_STEP: Final = ("0", "1")
"""New, Read: the only step that a client may take with the status of an e-mail."""
_ALWAYS_EDITABLE_MAIL: Final = frozenset({"IsExternallyVisible", "IsTracked"})


def derive(kind: ObjectType, row: Row, keep: AbstractSet[str] = frozenset()) -> Row:
    """The row with its derived fields. Those in `keep` (given by an import) stay as they are."""
    compute = _DERIVED.get(kind.name)
    if compute is None:
        return row
    return row | {name: value for name, value in compute(row).items() if name not in keep}


def prepare(org: "Org", kind: ObjectType, row: Row, user_id: str) -> None:
    """Fill in what a new record gets by itself: defaults, the owner, numbers, the account of its contact."""
    for item in kind.fields.values():
        if item.auto_number:
            row[item.name] = f"{org.next_number(f'{kind.name}.{item.name}'):08d}"
        elif row.get(item.name) is None and item.default is not None:
            row[item.name] = item.default
    if kind.owned and row.get("OwnerId") is None:
        row["OwnerId"] = user_id
    if kind.name == "Case" and row.get("AccountId") is None:
        row["AccountId"] = (org.store.get("Contact", row.get("ContactId")) or {}).get("AccountId")
    if kind.name in ACTIVITIES:
        row["AccountId"] = account_of(org, row)
    if kind.name == "EmailMessage":
        row["RelatedToId"] = row.get("RelatedToId") or row.get("ParentId")


def refuse_create(org: "Org", kind: ObjectType, row: Row, user_id: str) -> None:
    """Refuse a new record that breaks a rule of its object.

    Raises:
        ApiError: as the object's reference page says.
    """
    if kind.name == "EmailMessage":
        _refuse_email(org, row, user_id)
    _refuse_comment_size(kind, row)


def refuse_update(org: "Org", kind: ObjectType, old: Row, new: Row, *, changed: AbstractSet[str], user_id: str) -> None:
    """Refuse a change that breaks a rule of the object.

    Raises:
        ApiError: as the object's reference page says.
    """
    admin = org.permissions.has(user_id, "ModifyAllData")
    if kind.name == "CaseComment" and changed - {"IsPublished"} and not admin:
        raise no_access()
    if kind.name == "FeedItem" and old.get("CreatedById") != user_id and not admin:
        raise no_access()
    if kind.name == "EmailMessage":
        _refuse_email_change(old, new, changed, user_id)
        _refuse_email(org, new, user_id)
    _refuse_comment_size(kind, new)


def assigned_owner(org: "Org", kind: ObjectType) -> str | None:
    """Who the object's active assignment rule gives a record to, if it has one."""
    return org.setup.assignment.get(kind.name)


def _refuse_email_change(old: Row, new: Row, changed: AbstractSet[str], user_id: str) -> None:
    """Only a draft changes, a private one by its author alone; a status only from New to Read, never to Sent."""
    if "Status" in changed and (old.get("Status"), new.get("Status")) != _STATUS_STEP:
        raise not_writable(("Status",))
    locked = changed - _ALWAYS_EDITABLE_MAIL - {"Status"}
    if old.get("Status") != DRAFT and locked:
        raise not_writable(tuple(sorted(locked)))
    if old.get("IsPrivateDraft") and old.get("CreatedById") != user_id:
        raise no_access()


def _refuse_email(org: "Org", row: Row, user_id: str) -> None:
    parent, related, status = row.get("ParentId"), row.get("RelatedToId"), row.get("Status")
    if parent is not None and parent != related:
        text = "The ParentId and RelatedToId fields must have the same value for emails that are part of a case."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", text, ("ParentId", "RelatedToId"))
    if parent is None and status != _SENT:
        text = "For emails that aren't sent as part of a case, the status must be 3 (Sent)."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", text, ("Status",))
    if row.get("IsPrivateDraft"):
        own = text_of(org.user(user_id) or {}, "Email")
        if status != DRAFT or text_of(row, "FromAddress").casefold() != own.casefold():
            text = "A private draft must be a draft, from your own or a verified address."
            raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", text, ("FromAddress",))


def _refuse_comment_size(kind: ObjectType, row: Row) -> None:
    """A comment is measured in UTF-8 bytes, unlike every other text."""
    body = text_of(row, "CommentBody")
    if kind.name == "CaseComment" and len(body.encode("utf-8", "surrogatepass")) > COMMENT_BYTES:
        text = f"Comment Body: data value too large: {body} (max length={COMMENT_BYTES})"
        raise ApiError(400, "STRING_TOO_LONG", text, ("CommentBody",))


def account_of(org: "Org", row: Row) -> Value:
    """The account of an activity: that of what it is about, else that of whom it is about."""
    for lookup in ("WhatId", "WhoId"):
        target = org.schema.by_id(text_of(row, lookup))
        above = org.store.get(target.name, row.get(lookup)) if target is not None else None
        if target is not None and above is not None:
            return above["Id"] if target.name == "Account" else above.get("AccountId")
    return None


def _person(row: Row) -> Row:
    return {"Name": " ".join(part for part in (text_of(row, "FirstName"), text_of(row, "LastName")) if part)}


def _case(row: Row) -> Row:
    closed = "closed" in text_of(row, "Status").lower()
    return {
        "IsClosed": closed,
        "ClosedDate": (row.get("ClosedDate") or row.get("LastModifiedDate")) if closed else None,
    }


def _opportunity(row: Row) -> Row:
    stage = text_of(row, "StageName").lower()
    return {"IsClosed": stage.startswith("closed"), "IsWon": stage == "closed won"}


def _task(row: Row) -> Row:
    done = text_of(row, "Status").lower() == "completed"
    finished = row.get("CompletedDateTime") or row.get("LastModifiedDate")
    return {
        "IsClosed": done,
        "IsHighPriority": row.get("Priority") == "High",
        "CompletedDateTime": finished if done else None,
    }


def _email(row: Row) -> Row:
    return {"MessageDate": row.get("MessageDate") or row.get("CreatedDate")}


def _record_type(row: Row) -> Row:
    return {"DeveloperName": row.get("DeveloperName") or text_of(row, "Name").replace(" ", "_")}


_DERIVED: Final = {
    "Case": _case,
    "Contact": _person,
    "EmailMessage": _email,
    "Opportunity": _opportunity,
    "RecordType": _record_type,
    "Task": _task,
    "User": _person,
}
