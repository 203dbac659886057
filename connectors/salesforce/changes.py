"""What changed since a checkpoint: rows by SystemModstamp with an overlap, and the delete log (contract, 1.6).

A record that this user lost access to is in neither: whoever keeps copies must re-check them with the user's token.
One that was merged into another record is gone: losers are in the delete log, and a case that is kept after a merge
names its master. An article that is no longer published counts as changed only when a newer version is published.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import ConnectorError, Resync
from connectors.interfaces import Change, Checkpoint, RecordRef
from connectors.salesforce import records
from connectors.salesforce.answers import records_of
from connectors.salesforce.catalogue import MASTER
from connectors.salesforce.client import Client
from connectors.salesforce.composite import query
from connectors.salesforce.describe import Shapes
from connectors.salesforce.pages import next_page
from connectors.salesforce.schema import Schema
from connectors.salesforce.soql import moment, object_name, parse_time, record_id, select

OVERLAP = timedelta(minutes=5)
"""How far a sync looks back: a long transaction commits rows with stamps from before the last look."""

_MINIMUM_WINDOW = timedelta(minutes=2)
_ROWS = "rows"


def changes(client: Client, schema: Schema, checkpoint: Checkpoint, fields: Sequence[str]) -> Iterator[Change]:
    """`Session.changes`: see there.

    Deletions come first and leave the checkpoint where it was; each row then moves it to the row's own stamp, so a
    sync that stops anywhere loses nothing. `cursor` holds the time up to which the delete log has been read.
    """
    name = object_name(checkpoint.object)
    how = schema.catalogue.kind(name)
    paths = how.paths([*fields, *([MASTER] if how.merged else [])])
    if not schema.shapes({name: paths}).get(name):
        return
    deleted, cursor = _deleted(client, name, checkpoint)
    for gone in deleted:
        yield Change(RecordRef(records.CRM, name, gone), None, checkpoint)

    since = f"SystemModstamp >= {moment(checkpoint.covered - OVERLAP)}" if checkpoint.covered else ""

    def build(shapes: Shapes) -> list[Any]:
        if not shapes.get(name):
            return []
        shown = records.shown(paths, name, shapes)
        where = " AND ".join(filter(None, (how.where, since)))
        return [query(_ROWS, select(shown, name, where, "ORDER BY SystemModstamp, Id"))]

    shapes, answers = schema.ask({name: paths}, build)
    if _ROWS not in answers:  # the user has lost the object since it was described
        return
    covered = checkpoint.covered
    page = answers[_ROWS].result()
    while True:
        for row in records_of(page):
            stamp = parse_time(row.get("SystemModstamp"))
            covered = max(filter(None, (covered, stamp)), default=None)
            record = records.record(how, name, row, fields, shapes)
            merged = how.merged and row.get(MASTER)
            yield Change(record.ref, None if merged else record, Checkpoint(name, covered, cursor))
        if page.get("done", True):
            return
        page = next_page(client, page)


def _deleted(client: Client, name: str, checkpoint: Checkpoint) -> tuple[list[str], str]:
    """Ids deleted since the checkpoint, and the new cursor. A first sync has nothing to forget.

    Raises:
        Resync: the delete log does not reach back that far (it holds 15 days at most).
    """
    now = datetime.now(UTC)
    since = parse_time(checkpoint.cursor) or checkpoint.covered
    if since is None:
        return [], now.isoformat()
    start = since - OVERLAP
    end = max(now, start + _MINIMUM_WINDOW)
    window = {"start": start.isoformat(timespec="seconds"), "end": end.isoformat(timespec="seconds")}
    try:
        log = client.get(f"sobjects/{name}/deleted/", window)
    except ConnectorError as refused:
        if refused.code == "INVALID_REPLICATION_DATE":
            raise Resync("the delete log does not reach back to the checkpoint", code=refused.code) from None
        raise
    earliest = parse_time(log.get("earliestDateAvailable"))
    if earliest and earliest > start:
        raise Resync("the delete log does not reach back to the checkpoint", code="DELETE_LOG_PURGED")
    covered = parse_time(log.get("latestDateCovered")) or since
    return [record_id(str(entry["id"])) for entry in log.get("deletedRecords") or []], covered.isoformat()
