"""What time alone does to records: activities go to the archive, deleted ones leave the recycle bin for good."""

from datetime import datetime, timedelta
from typing import Final

from connectors.sandbox.salesforce.store import Store
from connectors.sandbox.salesforce.values import Row, stamp, text_of

RECYCLE_BIN: Final = timedelta(days=15)
ACTIVITY_LIFE: Final = timedelta(days=365)
ACTIVITIES: Final = ("Task", "Event")


def archived(kind: str, row: Row, now: datetime) -> bool:
    """Whether an activity belongs into the archive: an event that ended, or a closed task that was due, a year ago.

    A closed task without a due date counts from its creation.
    """
    if kind == "Task" and not row.get("IsClosed"):
        return False
    edge = stamp(now - ACTIVITY_LIFE)
    if kind == "Event":
        ended = text_of(row, "EndDateTime") or text_of(row, "ActivityDate")
    else:
        ended = text_of(row, "ActivityDate")
    return (ended or text_of(row, "CreatedDate"))[: len("2026-11-24")] < edge[: len("2026-11-24")]


def archive(store: Store, now: datetime) -> None:
    """Put the activities into the archive that belong there."""
    for kind in ACTIVITIES:
        for record_id, row in list(store.tables[kind].rows.items()):
            if not row.get("IsArchived") and archived(kind, row, now):
                store.put(kind, record_id, row | {"IsArchived": True})


def purged(row: Row, now: datetime) -> bool:
    """Whether a deleted record has left the recycle bin."""
    return text_of(row, "SystemModstamp") < stamp(now - RECYCLE_BIN)
