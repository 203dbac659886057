"""An e-mail on a case that waits for its author to send it: what it takes to create one, and to whom it goes.

An EmailMessage of status "5" belongs to a case, may be changed while it is a draft, and is seen by its author alone
(contract, 1.5 and 1.7). A private one must come from an address of hers, so it is private only where that is known.

A text for a customer carries no key of ours. The key of the write stands in `MessageIdentifier` instead, the id that a
mail program would give the message: by it a draft is found again without our package, and known as our own.
"""

from collections.abc import Mapping
from typing import Any

from connectors.interfaces import Write
from connectors.salesforce.composite import Answer, Sub, query
from connectors.salesforce.describe import Shape, Shapes, visible
from connectors.salesforce.readers import DRAFT_STATUS
from connectors.salesforce.records import text
from connectors.salesforce.soql import literal, record_id, select

OBJECT = "EmailMessage"
TEXT = "TextBody"
REQUIRED = ("ParentId", "RelatedToId", "Status", "Incoming", "Subject", TEXT, "ToAddress")

IDENTIFIER = "MessageIdentifier"

_CASE, _AUTHOR = "addressee", "author"
_TO = ("Contact.Email", "Account.PersonEmail", "SuppliedEmail")
"""Where a case's customer can be written to, best first."""
_AUTOMATION = "AiAssisted"
_RE = "Re: "
_DOMAIN = "crm-sidecar.invalid"
"""A name that nobody can register (RFC 2606)."""


def identifier(key: str) -> str:
    """What the message of a write is called."""
    return f"<{key}@{_DOMAIN}>"


def is_named(row: Mapping[str, Any], key: str) -> bool:
    """Whether it is the message of that write."""
    return text(row, IDENTIFIER) == identifier(key)


def is_own(row: Mapping[str, Any]) -> bool:
    """Whether a message was drafted here. One that came in is not, whatever it calls itself."""
    return row.get("Incoming") is False and text(row, IDENTIFIER).endswith(f"@{_DOMAIN}>")


def queries(case_id: str, user_id: str, shapes: Shapes) -> list[Sub]:
    """What an e-mail on a case needs to know, as its author sees it: who the customer is, and her own address."""
    paths = [path for path in ("Id", "Subject", *_TO) if visible(path, "Case", shapes)]
    subs = [query(_CASE, select(paths, "Case", f"Id = {literal(record_id(case_id))}"))] if paths else []
    if visible("Email", "User", shapes):
        subs.append(query(_AUTHOR, select(("Id", "Email", "Name"), "User", f"Id = {literal(user_id)}")))
    return subs


def draft(
    write: Write, values: Mapping[str, str], answers: Mapping[str, Answer], shape: Shape | None
) -> Mapping[str, Any]:
    """The fields of the draft. Without a customer that its author sees it has no recipient, and she gives it one.

    A case that she does not see is no error here: the write finds out, after it has looked for its own key.
    """
    case, author, case_id = _row(answers, _CASE), _row(answers, _AUTHOR), record_id(write.record.id)
    about = text(case, "Subject")
    answer = about if about.casefold().startswith(_RE.strip().casefold()) else f"{_RE}{about}"
    body: dict[str, Any] = {
        "ParentId": case_id,
        "RelatedToId": case_id,
        "Incoming": False,
        "Status": DRAFT_STATUS,
        "Subject": values.get("subject") or answer,
        TEXT: values["body"],
    }
    if to := next(filter(None, (text(case, path) for path in _TO)), ""):
        body["ToAddress"] = to
    if (address := text(author, "Email")) and shape and shape.can_create("FromAddress", "FromName", "IsPrivateDraft"):
        body |= {"FromAddress": address, "FromName": text(author, "Name"), "IsPrivateDraft": True}
    if shape and shape.can_create(IDENTIFIER):
        body[IDENTIFIER] = identifier(write.key)
    if shape and shape.can_create("AutomationType"):
        body["AutomationType"] = _AUTOMATION
    return body


def _row(answers: Mapping[str, Answer], name: str) -> Mapping[str, Any]:
    rows = answers[name].result().get("records") if name in answers else None
    return rows[0] if rows else {}
