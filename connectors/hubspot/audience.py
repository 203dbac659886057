"""Who else reads what hangs on a record, as far as anybody can be sure.

HubSpot gives each user a right to view by object: tickets, contacts, companies, deals, tasks, and apart from them CRM
emails, notes and calls: all of them, those of her teams, her own, or none (knowledge.hubspot.com, user permissions
guide of October 2024). No API tells these rights (contract, 2.3), so what one user sees proves nothing about the next:

* the record at hand is read by everyone who can read it. A ticket that came in by mail, form or chat holds the
  customer's own words: its fields may be hers as well, as far as the policy says so field by field;
* what hangs on it is so too where an administrator vouches for it (`shared`): every user who reads the record's object
  views all records of that kind. By default that holds for the mails, notes and calls of a ticket, as in the
  seats of people who do support. It is not the default for companies and contacts: marketing and sales read those and
  need not see a single mail. It never is for tasks, whose view is commonly narrowed to a team or an owner;
* a shared mail that came in or went out, with every contact of the ticket among its senders and receivers, is the
  customer's as well. One with a supplier is not, nor one that waits to be sent, nor one that an agent forwarded, whose
  text may begin with her own words;
* everything else, and whatever is read without its record, is for this user alone, as far as one knows.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from connectors.errors import Fatal
from connectors.hubspot import records
from connectors.hubspot.roots import ROOTS
from connectors.interfaces import Audience

SHARED: Mapping[str, Sequence[str]] = {records.TICKETS: ("emails", "notes", "calls")}
"""Object -> what hangs on it that everyone who reads it reads as well, unless an administrator says otherwise."""

_FROM_HER = frozenset({"EMAIL", "FORM", "CHAT"})
_EXCHANGED = frozenset({"EMAIL", "INCOMING_EMAIL"})
_WRITTEN_BY_US = "EMAIL"
_SENT = "SENT"
_ADDRESS = re.compile(r"[^\s;,<>\"'()\[\]{}:]+@[^\s;,<>\"'()\[\]{}:]+")


class Audiences:
    """What an administrator vouches for, by object.

    Raises:
        Fatal: a name is no object that buttons stand on, or nothing that is read with it.
    """

    def __init__(self, shared: Mapping[str, Sequence[str]] = SHARED) -> None:
        if not all(root in ROOTS and {*names} <= {*ROOTS[root].thread} for root, names in shared.items()):
            raise Fatal("shared says by object what hangs on it: tickets: [emails, notes, calls]", code="bad_shared")
        self._shared = {root: frozenset(names) for root, names in shared.items()}

    def of_root(self, object_: str, row: Mapping[str, Any]) -> Audience:
        """Who reads the record at hand, at most: `source_type` as this user sees it says where a ticket came from."""
        told = records.text(records.properties(row), records.SOURCE_TYPE)
        return Audience.CUSTOMER if object_ == records.TICKETS and told in _FROM_HER else Audience.RECORD

    def of(self, root: str, object_: str, row: Mapping[str, Any], customers: Collection[str]) -> Audience:
        """Who else reads a row of `object_` that hangs on a record of `root` with these customers' addresses."""
        held = records.properties(row)
        if object_ not in self._shared.get(root, ()) or records.unsent(held):
            return Audience.AGENT
        if object_ == "emails" and _exchanged(held) and _between(held, customers):
            return Audience.CUSTOMER
        return Audience.RECORD


def _folded(addresses: Collection[str]) -> set[str]:
    """Addresses as they are compared."""
    return {address.strip().casefold() for address in addresses}


def _exchanged(held: Mapping[str, Any]) -> bool:
    direction = records.text(held, "hs_email_direction")
    return direction in _EXCHANGED and (direction != _WRITTEN_BY_US or records.text(held, "hs_email_status") == _SENT)


def _between(held: Mapping[str, Any], customers: Collection[str]) -> bool:
    """Whether every customer is known to have a mail; one without an address is not."""
    return bool(customers) and all(customers) and _folded(customers) <= _addresses(held)


def _addresses(held: Mapping[str, Any]) -> set[str]:
    """Everyone who has a mail: senders and receivers, from its properties and its headers (a JSON text)."""
    told = " ".join(records.text(held, name) for name in records.MAIL_ADDRESSES)
    return _folded(_ADDRESS.findall(told))
