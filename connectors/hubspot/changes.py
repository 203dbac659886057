"""What changed since a checkpoint: a search by modification stamp, and the list of what was archived (contract, 2.4).

A search lags behind the records, gives short and even empty pages, and ends after 10,000 results. So it looks back
further than it lags, and it is never paged by offset while stamps move on: each page begins at the newest stamp seen,
which also keeps records in place that change while the sync is under way. Records with one and the same stamp are
parted by id, with numbers: sorting by id would be by letters.

A record that this user lost access to is in neither list, and a contact that was deleted for privacy is nowhere:
whoever keeps copies must re-check them with the user's token.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from connectors.errors import Resync
from connectors.hubspot import records
from connectors.hubspot.answers import JSON, next_page, rows_of
from connectors.hubspot.belonging import SEARCHED
from connectors.hubspot.client import Call, Client
from connectors.hubspot.contacts import contacts_of, wanted
from connectors.hubspot.guard import BATCH, Guard
from connectors.hubspot.routes import object_name
from connectors.hubspot.schema import Schema
from connectors.interfaces import Change, Checkpoint, RecordRef

OVERLAP = timedelta(minutes=5)
"""How far a sync looks back: the index lags by seconds (half a minute was seen), and clocks differ."""
KEPT = timedelta(days=89)
"""HubSpot forgets archived records after 90 days."""

MERGED = ("hs_merged_object_ids", "hs_calculated_merged_vids")
"""The losers of merges, on the survivor: "id;id", for contacts also "id:ms;id:ms" (contract, 2.7)."""

_ID = "hs_object_id"
_ALL_IDS = (0, 2**53)

Filter = dict[str, str]


def changes(
    client: Client, schema: Schema, guard: Guard, checkpoint: Checkpoint, fields: Sequence[str]
) -> Iterator[Change]:
    """`Session.changes`: see there.

    Archived records come first and leave the checkpoint where it was; each row then moves it to the row's own stamp,
    so a sync that stops anywhere loses nothing. `cursor` holds the time up to which the archive has been read. What
    the configured rule hides from this user counts as gone. Fields named "contacts.…" are asked of the contacts of the
    tickets on the same page, and come as `people`.
    """
    name = object_name(checkpoint.object)
    archived, cursor = _archived(client, name, checkpoint)
    for id_ in archived:
        yield Change(RecordRef(records.CRM, name, id_), None, checkpoint)
    gone = set(archived)  # the index may go on telling of them for a while
    covered = checkpoint.covered
    own, of_contacts = wanted(fields)
    asked = records.asked(name, own, (*MERGED, *guard.asked))
    for rows in _Search(client, name, asked).since(covered):
        kept = {str(row["id"]) for row in guard.filtered(name, rows)}
        people = tuple(contacts_of(client, schema.facts(), sorted(kept), of_contacts))
        for row in rows:
            ref = RecordRef(records.CRM, name, str(row["id"]))
            covered = max(filter(None, (covered, _stamp(name, row))), default=None)
            done = Checkpoint(name, covered, cursor)
            for lost in losers(row):
                gone.add(lost)
                yield Change(RecordRef(records.CRM, name, lost), None, done)
            if ref.id in gone:
                continue
            record = records.record(name, row, own, schema.facts()) if ref.id in kept else None
            yield Change(ref, record, done, people if record else ())


def losers(row: JSON) -> list[str]:
    """Ids that went up in this record."""
    held = records.properties(row)
    told = ";".join(records.text(held, name) for name in MERGED)
    ids = (part.partition(":")[0].strip() for part in told.split(";"))
    return [id_ for id_ in dict.fromkeys(ids) if id_.isdigit() and id_ != str(row["id"])]


class _Search:
    """Pages of one object's records by modification stamp, oldest first."""

    def __init__(self, client: Client, name: str, asked: Sequence[str]) -> None:
        self._client = client
        self._name = name
        self._asked = asked
        self._modified = records.kind(name).modified

    def since(self, covered: datetime | None) -> Iterator[list[JSON]]:
        """Everything since `covered` and a little before; rows may come twice."""
        start = _milliseconds(covered - OVERLAP) if covered else 0
        after = ""
        while True:
            page = self._page([self._at("GTE", start)] if start else [], after)
            rows = rows_of(page)
            yield rows
            after = next_page(page)
            if not after:
                return
            newest = max((_milliseconds(stamp) for row in rows if (stamp := _stamp(self._name, row))), default=0)
            if newest > start:
                start, after = newest, ""
            elif rows:  # nothing but this one stamp on a whole page
                yield from self._ties(start, *_ALL_IDS)
                start, after = start + 1, ""

    def _ties(self, stamp: int, low: int, high: int) -> Iterator[list[JSON]]:
        """Everything with this stamp and an id from `low` to `high`, in parts of one page."""
        filters = [self._at("EQ", stamp)]
        filters.append({"propertyName": _ID, "operator": "BETWEEN", "value": str(low), "highValue": str(high)})
        page = self._page(filters, "")
        if int(page.get("total") or 0) > SEARCHED and low < high:
            middle = (low + high) // 2
            yield from self._ties(stamp, low, middle)
            yield from self._ties(stamp, middle + 1, high)
            return
        yield rows_of(page)
        while after := next_page(page):
            page = self._page(filters, after)
            yield rows_of(page)

    def _at(self, operator: str, stamp: int) -> Filter:
        return {"propertyName": self._modified, "operator": operator, "value": str(stamp)}

    def _page(self, filters: Sequence[Filter], after: str) -> JSON:
        body = {
            "filterGroups": [{"filters": list(filters)}] if filters else [],
            "sorts": [{"propertyName": self._modified, "direction": "ASCENDING"}],
            "properties": list(self._asked),
            "limit": SEARCHED,
            "after": after or "0",
        }
        return self._client.one(Call("POST", self._client.routes.objects(self._name, "search"), body=body))


def _archived(client: Client, name: str, checkpoint: Checkpoint) -> tuple[list[str], str]:
    """Ids archived since the checkpoint, and the new cursor. A first sync has nothing to forget.

    Raises:
        Resync: HubSpot has forgotten records that were archived since.
    """
    now = datetime.fromtimestamp(client.clock(), UTC)
    since = records.parse_time(checkpoint.cursor) or checkpoint.covered
    if since is None:
        return [], now.isoformat()
    if now - since > KEPT:
        raise Resync("the archive does not reach back to the checkpoint", code="ARCHIVE_PURGED")
    gone: list[str] = []
    after = ""
    while True:
        query = {"archived": "true", "limit": str(BATCH), "properties": records.kind(name).modified}
        page = client.one(Call("GET", client.routes.objects(name), query | ({"after": after} if after else {})))
        for row in rows_of(page):
            when = records.parse_time(row.get("archivedAt"))
            if when is None or when >= since - OVERLAP:
                gone.append(str(row["id"]))
        after = next_page(page)
        if not after:
            return gone, now.isoformat()


def _stamp(name: str, row: JSON) -> datetime | None:
    return records.parse_time(records.version(name, row))


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
