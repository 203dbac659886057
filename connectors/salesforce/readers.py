"""Who else reads a record that hangs on another one: told from what the record itself shows, else nobody.

The facts (Salesforce Object Reference): messages, comments and posts of a case are seen by whoever sees the case; a
draft by its author alone; a post under review by its author; a published comment by the customer in the portal; a file
by whoever sees the record, unless it is "private on records". A message is the customer's as well when it was sent and
her own address is among those that it went through: messages of a case may be between colleagues, or with a supplier.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectors.interfaces import Audience

DRAFT_STATUS = "5"
"""EmailMessage.Status of a draft, which Salesforce shows to its author only (contract, 1.5)."""
SENT_STATUS = "3"

CUSTOMER_PATHS: Mapping[str, tuple[str, ...]] = {"Case": ("SuppliedEmail", "Contact.Email", "Account.PersonEmail")}
"""Root object -> where the addresses of its customer stand."""

ASKED: Mapping[str, tuple[str, ...]] = {
    "EmailMessage": ("Status", "Incoming", "IsBounced", "FromAddress", "ToAddress", "CcAddress"),
    "CaseComment": ("IsPublished",),
    "FeedItem": ("Visibility", "Status"),
}
"""Object -> what has to be asked to tell."""

FROM_HER = frozenset({"Email", "Web"})
"""Case.Origin of a case whose texts the customer wrote herself."""
ROOT_ASKED: Mapping[str, tuple[str, ...]] = {"Case": (*CUSTOMER_PATHS["Case"], "Origin")}
"""Root object -> what has to be asked of it."""

_ADDRESS = re.compile(r"[^\s<>,;:\"']+@[^\s<>,;:\"']+")
_PARTIES = ("FromAddress", "ToAddress", "CcAddress")
_SHOWN = frozenset({"AllUsers", "InternalUsers"})

Row = Mapping[str, Any]


def of_root(object_: str, row: Row) -> Audience:
    """Who reads the record at hand, its fields aside: the customer as well when she opened the case herself."""
    return Audience.CUSTOMER if object_ == "Case" and row.get("Origin") in FROM_HER else Audience.RECORD


def of_child(object_: str, row: Row, customer: Iterable[str]) -> Audience:
    """Who reads a record of a case's thread once she reads the case; `customer` holds the customer's addresses."""
    tell = _RULES.get(object_)
    return tell(row, frozenset(customer)) if tell else Audience.AGENT


def of_file(link: Row) -> Audience:
    """Who reads a file once she reads the record that it is linked to; `link` is a row of ContentDocumentLink."""
    document = link.get("ContentDocument")
    shared = isinstance(document, Mapping) and document.get("SharingPrivacy") == "N"
    return Audience.RECORD if shared and link.get("Visibility") in _SHOWN else Audience.AGENT


def addresses(*texts: object) -> frozenset[str]:
    """The e-mail addresses in fields that hold one or several, folded for comparing."""
    return frozenset(found.casefold() for text in texts if isinstance(text, str) for found in _ADDRESS.findall(text))


def _message(row: Row, customer: frozenset[str]) -> Audience:
    status, incoming = row.get("Status"), row.get("Incoming")
    if not isinstance(status, str) or status == DRAFT_STATUS:
        return Audience.AGENT
    exchanged = incoming is True or (incoming is False and status == SENT_STATUS and row.get("IsBounced") is not True)
    hers = customer & addresses(*(row.get(name) for name in _PARTIES))
    return Audience.CUSTOMER if exchanged and hers else Audience.RECORD


def _comment(row: Row, _customer: frozenset[str]) -> Audience:
    return Audience.CUSTOMER if row.get("IsPublished") is True else Audience.RECORD


def _post(row: Row, _customer: frozenset[str]) -> Audience:
    shown = row.get("Visibility") in _SHOWN and row.get("Status") == "Published"
    return Audience.RECORD if shown else Audience.AGENT


_RULES: Mapping[str, Callable[[Row, frozenset[str]], Audience]] = {
    "EmailMessage": _message,
    "CaseComment": _comment,
    "FeedItem": _post,
}
