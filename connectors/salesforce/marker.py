"""The marker object that our package installs: one row a write, with a unique key, in the write's own transaction.

CaseComment and FeedItem cannot carry an external id, so the key lives in `Writeback__c`: inserting it first makes a
second attempt with the same key fail and roll back as a whole (contract, 1.8).

When a write got no answer and its marker is not there, the request may still be on its way. `find` then inserts a
marker of kind `VOID` under the same key: from that moment the late request can only fail. A new attempt uses the next
key of the series ("K", "K.1", "K.2"), chosen with its pre-image and kept with it, so that an attempt that was declared
lost cannot go on under another key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import Fatal
from connectors.salesforce.composite import Sub, query
from connectors.salesforce.describe import Shape
from connectors.salesforce.soql import literal, select

MARKER = "Writeback__c"
VOID = "void"
MAX_ATTEMPTS = 8

_FIELDS = ("Id", "Key__c", "Record_Id__c", "Kind__c", "Target_Ids__c", "Undone__c")


@dataclass(frozen=True, slots=True)
class Marker:
    """One row of the marker object. `targets` are the ids that the write touched or created."""

    id: str
    key: str
    kind: str
    targets: tuple[str, ...]
    undone: bool

    @property
    def void(self) -> bool:
        """Whether this row only fences off a lost request."""
        return self.kind == VOID


def installed(shape: Shape | None) -> bool:
    """Whether this user can keep markers."""
    return shape is not None and shape.can_create("Key__c", "Kind__c", "Record_Id__c", "Target_Ids__c")


def attempt_key(key: str, attempt: int) -> str:
    """The key of the n-th attempt, counting from 0."""
    return f"{key}.{attempt}" if attempt else key


def next_attempt(key: str, markers: Sequence[Marker]) -> str:
    """The key of the attempt that has arrived, else the first one that is not fenced off.

    Raises:
        Fatal: too many attempts were lost; a person looks.
    """
    fenced = {mark.key for mark in markers if mark.void}
    keys = [attempt_key(key, attempt) for attempt in range(MAX_ATTEMPTS)]
    free = next((each for each in keys if each not in fenced), None)
    if free is None:
        raise Fatal("too many attempts of one write were lost", code="attempts")
    return free


def insert(name: str, key: str, record_id: str, kind: str) -> Sub:
    """Claims `key`: fails with DUPLICATE_VALUE when it is taken."""
    body = {"Key__c": key, "Record_Id__c": record_id, "Kind__c": kind}
    return Sub(name, "POST", f"sobjects/{MARKER}", body)


def note_targets(name: str, marker: str, ids: Sequence[str]) -> Sub:
    """Writes down the ids of a write; `marker` and `ids` may be references to earlier answers."""
    return Sub(name, "PATCH", f"sobjects/{MARKER}/{marker}", {"Target_Ids__c": ",".join(ids)})


def note_undone(name: str, marker: str) -> Sub:
    """Says that the write was taken back."""
    return Sub(name, "PATCH", f"sobjects/{MARKER}/{marker}", {"Undone__c": True})


def by_key(name: str, key: str) -> Sub:
    """All attempts of one write."""
    keys = ",".join(literal(attempt_key(key, attempt)) for attempt in range(MAX_ATTEMPTS))
    return query(name, select(_FIELDS, MARKER, f"Key__c IN ({keys})"))


def by_record(name: str, record_id: str) -> Sub:
    """The newest writes for one record."""
    return query(name, select(_FIELDS, MARKER, f"Record_Id__c = {literal(record_id)}", "ORDER BY Id DESC LIMIT 2000"))


def parse(rows: Sequence[Mapping[str, Any]]) -> list[Marker]:
    """Markers from query rows."""
    return [
        Marker(
            id=str(row["Id"]),
            key=str(row.get("Key__c") or ""),
            kind=str(row.get("Kind__c") or ""),
            targets=tuple(part for part in str(row.get("Target_Ids__c") or "").split(",") if part),
            undone=bool(row.get("Undone__c")),
        )
        for row in rows
    ]
