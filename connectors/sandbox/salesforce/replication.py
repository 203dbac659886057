"""What changed and what went: `updated` and `deleted`, by the minute, as far as the user can see."""

from datetime import timedelta
from typing import Final

from connectors.sandbox.salesforce.call import Answer, Call
from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.values import instant, stamp, text_of

UPDATED_WINDOW: Final = timedelta(days=30)
DELETED_WINDOW: Final = timedelta(days=15)


def updated(call: Call, name: str) -> Answer:
    """`GET sobjects/X/updated?start&end`: ids of records that the user can read and that changed (30 days back)."""
    kind, start, end = _window(call, name, UPDATED_WINDOW)
    rows = call.org.store.tables[kind.name].rows.values()
    ids = [
        text_of(row, "Id")
        for row in rows
        if start <= text_of(row, "SystemModstamp") < end
        and not row.get("IsDeleted")
        and call.org.can_read(call.user_id, kind.name, row)
    ]
    _refuse_too_many(call, len(ids))
    return Answer(200, {"ids": sorted(ids), "latestDateCovered": end})


def deleted(call: Call, name: str) -> Answer:
    """`GET sobjects/X/deleted?start&end`: records deleted in the time (15 days back) that the user could read."""
    kind, start, end = _window(call, name, DELETED_WINDOW)
    rows = call.org.store.tables[kind.name].rows.values()
    gone = [
        {"id": row["Id"], "deletedDate": row["SystemModstamp"]}
        for row in rows
        if row.get("IsDeleted")
        and start <= text_of(row, "SystemModstamp") < end
        and call.org.can_read(call.user_id, kind.name, row)
    ]
    _refuse_too_many(call, len(gone))
    earliest = stamp((call.org.clock.now() - DELETED_WINDOW).replace(second=0, microsecond=0))
    gone.sort(key=lambda item: str(item["id"]))
    return Answer(200, {"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": end})


def _refuse_too_many(call: Call, found: int) -> None:
    if found > (most := call.org.setup.limits.replicated_ids):
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"The number of records exceeds {most}: choose a shorter time")


def _window(call: Call, name: str, longest: timedelta) -> tuple[ObjectType, str, str]:
    """The object and the span of a replication call, in whole minutes and not beyond now."""
    kind = call.kind(name)
    start, end = instant(call.query.get("start", "")), instant(call.query.get("end", ""))
    now = call.org.clock.now()
    if kind.virtual:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"{kind.name} is not replicable")
    if start is None or end is None:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "start and end must be dates such as 2026-11-24T05:53:54+00:00")
    start, end = (moment.replace(second=0, microsecond=0) for moment in (start, min(end, now)))
    if start >= end or start < now - longest:
        text = f"startDate must be before endDate and at most {longest.days} days back"
        raise ApiError(400, "INVALID_REPLICATION_DATE", text)
    return kind, stamp(start), stamp(end)
