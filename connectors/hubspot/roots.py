"""The objects that buttons stand on: what is read of each, and how a note or task is associated with it."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.hubspot import records

THREAD_LIMIT = 2_000
"""Newest messages that are read of a ticket's thread."""
NEWEST = 50
"""Newest records of each object that are read of a company or a contact."""

OPEN_ONLY = frozenset({records.TICKETS, "deals"})
"""Objects of which a company or a contact shows the open ones only."""


@dataclass(frozen=True, slots=True)
class Root:
    """One object that buttons stand on.

    `noun` is what people call it. `thread` are the objects that are read like a thread if they are wanted, `people`
    those that are always read, because masking must know their names. `whole`: all of the thread, else the newest of
    each object. `types` are the type ids of HubSpot's own associations from notes and tasks to it (contract, 2.4).
    """

    noun: str
    thread: tuple[str, ...]
    people: tuple[str, ...]
    types: Mapping[str, int]
    whole: bool = False

    @property
    def everyone(self) -> str:
        """Who reads what is written there, in words."""
        return f"everyone who can read the {self.noun}"


ROOTS: Mapping[str, Root] = {
    records.TICKETS: Root(
        "ticket", records.ACTIVITIES, ("contacts", "companies"), {"notes": 228, "tasks": 230}, whole=True
    ),
    "companies": Root(
        "company", ("contacts", *sorted(OPEN_ONLY), *records.ACTIVITIES), ("contacts",), {"notes": 190, "tasks": 192}
    ),
    "contacts": Root(
        "contact", (*sorted(OPEN_ONLY), *records.ACTIVITIES), ("companies",), {"notes": 202, "tasks": 204}
    ),
}
