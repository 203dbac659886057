"""Reading as the user: a record, then what hangs on it and its people side by side; any mix of records side by side."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from connectors.errors import Forbidden
from connectors.hubspot import records
from connectors.hubspot.answers import JSON, MISSING_SCOPES, next_page, rows_of
from connectors.hubspot.audience import Audiences
from connectors.hubspot.belonging import SEARCHED, Belonging, Fields, Found, Links
from connectors.hubspot.client import Call, Client
from connectors.hubspot.contacts import CONTACTS
from connectors.hubspot.guard import Guard, Held, hanging, hidden_among, parts, read_call, shown
from connectors.hubspot.roots import NEWEST, OPEN_ONLY, ROOTS, THREAD_LIMIT
from connectors.hubspot.routes import missing, object_name, record_id
from connectors.hubspot.schema import KEY_PROPERTY, Facts, Schema
from connectors.interfaces import Bundle, Record, RecordRef

_LOOKED_AT = 5
"""Pages of a search that `recent` goes through to find what the rules show."""

_EPOCH = datetime.min.replace(tzinfo=UTC)


class Reader:
    """Reads as one user during one session."""

    def __init__(self, client: Client, schema: Schema, guard: Guard, audiences: Audiences) -> None:
        self._client = client
        self._schema = schema
        self._guard = guard
        self._audiences = audiences
        self._belonging = Belonging(client, guard)

    def read(self, ref: RecordRef, fields: Fields) -> Bundle:
        """`Session.read`: see there.

        Two round trips: the record with the ids of what belongs to it, then all of that. A third one when there are
        more ids of one object than HubSpot tells with the record (about 100); of a ticket's, one more for each 500
        beyond, of a company or contact only the newest are read. Where a rule decides, what hangs on a company or
        contact costs one more; an activity that is read by itself two more.
        """
        object_, id_ = object_name(ref.object), record_id(ref.id)
        facts, ref = self._schema.facts(), RecordRef(records.CRM, object_, id_)
        root, own = ROOTS.get(object_), records.PEOPLE.get(object_, ())
        thread = [name for name in root.thread if name in fields] if root else []
        linked = list(dict.fromkeys((*thread, *(root.people if root else ()))))
        row = self.row(object_, id_, [*own, *fields.get(object_, ())], linked)
        wanted = {name: (*records.PEOPLE.get(name, ()), *fields.get(name, ())) for name in linked}
        links = Links.of(row, linked)
        if root is None or root.whole:
            rows, more = self._belonging.whole(ref, links, wanted), False
        else:
            rows, more = self._belonging.newest(ref, row, links, wanted)
        groups = self._messages(ref, row, rows, {name: fields[name] for name in thread})
        limit = NEWEST
        if root and root.whole:
            groups, limit = [[message for group in groups for message in group]], THREAD_LIMIT
        newest = [message for group in groups for message in sorted(group, key=_moment)[-limit:]]
        return Bundle(
            record=records.record(
                object_, row, fields.get(object_, ()), facts, audience=self._audiences.of_root(object_, row)
            ),
            thread=tuple(sorted(newest, key=_moment)),
            people=tuple(_people(ref, row, rows, fields, facts)),
            truncated=more or any(len(group) > limit for group in groups),
            own_writes=frozenset(id_ for name in thread for id_, each in rows[name].items() if _own(each, facts)),
        )

    def row(self, object_: str, id_: str, wanted: Sequence[str], associations: Sequence[str] = ()) -> JSON:
        """One record as HubSpot tells it, if this user sees it.

        Raises:
            NotFound: she does not, or it was merged into another one.
            ConnectorError: see `connectors.errors`.
        """
        query: dict[str, str | Sequence[str]] = {"properties": records.asked(object_, wanted, self._guard.asked)}
        if associations:
            query["associations"] = list(associations)
        try:
            row = self._client.one(Call("GET", self._client.routes.record(object_, id_), query))
        except Forbidden as refused:
            if refused.code == MISSING_SCOPES:
                raise
            raise missing() from None
        if str(row.get("id")) != id_ or row.get("archived") or not self._guard.filtered(object_, [row]):
            raise missing()
        return row

    def reread(self, refs: Sequence[RecordRef], fields: Fields) -> dict[RecordRef, Record]:
        """`Session.reread`: see there.

        One round trip for 100 records of each object, side by side; one more when a rule has to look at what activities
        hang on. Activities name a record that they hang on as `parent`: one among `refs`, else their oldest ticket. Who
        else reads a record is not told: without the record at hand nobody knows.
        """
        groups: dict[str, dict[str, RecordRef]] = {}
        for ref in refs:
            name = ref.object if ref.object == records.OWNERS else object_name(ref.object)
            groups.setdefault(name, {})[record_id(ref.id)] = ref
        if not groups:
            return {}
        facts = self._schema.facts()
        owners = groups.pop(records.OWNERS, {})
        rows, parents = self._rows(groups, fields)
        found_: dict[RecordRef, Record] = {
            ref: records.owner(facts.owners[id_]) for id_, ref in owners.items() if id_ in facts.owners
        }
        for name, each in self._guard.keep(rows, parents).items():
            for id_, row in each.items():
                parent = _parent(parents.get(name, {}).get(id_, {}), groups)
                found_[groups[name][id_]] = records.record(name, row, fields.get(name, ()), facts, parent)
        return found_

    def recent(self, object_: str, fields: Sequence[str], limit: int) -> list[Record]:
        """`Session.recent`: see there. A search finds which; what is shown is read from the records themselves."""
        name = object_name(object_)
        modified = records.kind(name).modified
        after, ids = "0", dict[str, None]()
        for _ in range(_LOOKED_AT):
            body = {
                "filterGroups": [],
                "sorts": [{"propertyName": modified, "direction": "DESCENDING"}],
                "properties": [modified, *self._guard.asked],
                "limit": SEARCHED if self._guard.asked else min(limit, SEARCHED),
                "after": after,
            }
            page = self._client.one(Call("POST", self._client.routes.objects(name, "search"), body=body))
            ids |= dict.fromkeys(str(row["id"]) for row in self._guard.filtered(name, rows_of(page)))
            after = next_page(page)
            if len(ids) >= limit or not after:
                break
        again = self.reread([RecordRef(records.CRM, name, id_) for id_ in list(ids)[:limit]], {name: fields})
        return sorted(again.values(), key=lambda record: record.version, reverse=True)

    def _rows(
        self, groups: Mapping[str, Mapping[str, RecordRef]], fields: Fields
    ) -> tuple[Found, dict[str, dict[str, dict[str, Sequence[str]]]]]:
        """The rows of `groups` and what the activities among them hang on, all asked side by side."""
        reads = [
            (name, read_call(self._client, name, part, records.asked(name, fields.get(name, ()), self._guard.asked)))
            for name, group in groups.items()
            for part in parts(list(group))
        ]
        near = [name for name in ROOTS if name in groups]
        looks = [look for name, group in groups.items() for look in self._guard.looks(name, list(group), near)]
        outcomes = self._client.together([*(call for _, call in reads), *(look.call for look in looks)])
        rows: Found = {}
        for (name, _), outcome in zip(reads, outcomes, strict=False):
            rows.setdefault(name, {}).update(shown(outcome, groups[name]))
        told = outcomes[len(reads) :]
        for look, outcome in zip(looks, told, strict=True):
            if not self._guard.enforces:  # between two of these requests a right may end
                for id_ in hidden_among(look.ids, outcome):
                    rows[look.object].pop(id_, None)
        return rows, hanging(looks, told)

    def _messages(self, root: RecordRef, row: JSON, rows: Found, wanted: Fields) -> list[list[Record]]:
        """What is read like a thread, by object; of a company or contact without what is closed."""
        facts = self._schema.facts()
        people = {root.id: row} if root.object == CONTACTS else rows.get(CONTACTS, {})
        customers = [records.text(records.properties(each), "email") for each in people.values()]
        return [
            [
                records.record(
                    name, each, names, facts, root, audience=self._audiences.of(root.object, name, each, customers)
                )
                for each in rows[name].values()
                if name not in OPEN_ONLY or not records.closed(name, each, facts)
            ]
            for name, names in wanted.items()
        ]


def _moment(record: Record) -> tuple[datetime, str]:
    return record.at or _EPOCH, record.ref.id


def _parent(held: Held, groups: Mapping[str, Mapping[str, RecordRef]]) -> RecordRef | None:
    """The record that an activity is shown under: one that was asked for with it, else its oldest ticket."""
    for name in ROOTS:
        near = next((id_ for id_ in held.get(name, ()) if id_ in groups.get(name, {})), "")
        if near:
            return RecordRef(records.CRM, name, near)
    oldest = next(iter(held.get(records.TICKETS, ())), "")
    return RecordRef(records.CRM, records.TICKETS, oldest) if oldest else None


def _people(root: RecordRef, row: JSON, rows: Found, fields: Fields, facts: Facts) -> list[Record]:
    """The record itself if it is one of people or their company, those on it, and its owner."""
    shown_ = [
        records.record(name, each, (*names, *fields.get(name, ())), facts)
        for name, names in records.PEOPLE.items()
        for each in ({root.id: row} if name == root.object else rows.get(name, {})).values()
    ]
    owner = facts.owners.get(records.text(records.properties(row), records.OWNER))
    return [*shown_, *([records.owner(owner)] if owner else [])]


def _own(row: JSON, facts: Facts) -> bool:
    """Whether the assistant wrote a row: it carries our key, or our app is its source."""
    held = records.properties(row)
    return bool(held.get(KEY_PROPERTY)) or (bool(facts.app_id) and records.text(held, records.SOURCE) == facts.app_id)
