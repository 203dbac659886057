"""Reading as the user: a ticket, then its thread and people side by side; any mix of records side by side."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.errors import ConnectorError, Forbidden
from connectors.hubspot import records
from connectors.hubspot.answers import JSON, MISSING_SCOPES, next_page, rows_of
from connectors.hubspot.client import Call, Client
from connectors.hubspot.guard import Guard, Rows, found, hidden_among, parents_of, parts, read_call
from connectors.hubspot.routes import missing, object_name, record_id
from connectors.hubspot.schema import KEY_PROPERTY, Facts, Schema
from connectors.interfaces import Bundle, Record, RecordRef

THREAD_LIMIT = 2_000
"""Newest messages that are read of a thread."""
ASSOCIATIONS = 500
"""Associations on one page."""
SEARCHED = 200
"""Records on one page of a search."""
_LOOKED_AT = 5
"""Pages of a search that `recent` goes through to find what the rules show."""

_EPOCH = datetime.min.replace(tzinfo=UTC)

Fields = Mapping[str, Sequence[str]]


class Reader:
    """Reads as one user during one session."""

    def __init__(self, client: Client, schema: Schema, guard: Guard) -> None:
        self._client = client
        self._schema = schema
        self._guard = guard

    def read(self, ref: RecordRef, fields: Fields) -> Bundle:
        """`Session.read`: see there.

        Two round trips: the record with the ids of what belongs to it, then all of that. A third one when there are
        more ids of one object than HubSpot tells with the record (about 100), one more for each 500 beyond. Where a
        rule decides, an engagement that is read by itself costs two more: it is seen by who sees one of its tickets.
        """
        object_, id_ = object_name(ref.object), record_id(ref.id)
        facts = self._schema.facts()
        thread = [name for name in records.THREAD if name in fields and object_ == records.TICKETS]
        people = list(records.PEOPLE) if object_ == records.TICKETS else []
        row = self.row(object_, id_, fields.get(object_, ()), [*thread, *people])
        wanted = {name: (*records.PEOPLE.get(name, ()), *fields.get(name, ())) for name in (*thread, *people)}
        root = RecordRef(records.CRM, object_, id_)
        rows = self._belonging(root, _Links.of(row, [*thread, *people]), wanted)
        own = {id_ for name in thread for id_, each in rows[name].items() if _own(each, facts)}
        messages = [
            records.record(name, each, wanted[name], facts, root) for name in thread for each in rows[name].values()
        ]
        messages.sort(key=lambda record: (record.at or _EPOCH, record.ref.id))
        return Bundle(
            record=records.record(object_, row, fields.get(object_, ()), facts),
            thread=tuple(messages[-THREAD_LIMIT:]),
            people=tuple(_people(row, rows, wanted, facts)),
            truncated=len(messages) > THREAD_LIMIT,
            own_writes=frozenset(own),
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

        One round trip for 100 records of each object, side by side; one more when a rule has to look at the tickets of
        engagements. Engagements name their ticket as `parent`: the first one among `refs`, else the oldest.
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
        near = groups.get(records.TICKETS, {})
        found_: dict[RecordRef, Record] = {
            ref: records.owner(facts.owners[id_]) for id_, ref in owners.items() if id_ in facts.owners
        }
        for name, each in self._guard.keep(rows, parents).items():
            for id_, row in each.items():
                tickets = parents.get(name, {}).get(id_, [])
                ticket = next((one for one in tickets if one in near), next(iter(tickets), ""))
                parent = RecordRef(records.CRM, records.TICKETS, ticket) if ticket else None
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
    ) -> tuple[dict[str, dict[str, JSON]], dict[str, dict[str, list[str]]]]:
        """The rows of `groups` and the tickets of the engagements among them, all asked side by side."""
        reads = [
            (name, read_call(self._client, name, part, records.asked(name, fields.get(name, ()), self._guard.asked)))
            for name, group in groups.items()
            for part in parts(list(group))
        ]
        looks = [(name, call) for name, group in groups.items() for call in self._guard.parent_calls(name, list(group))]
        outcomes = self._client.together([call for _, call in (*reads, *looks)])
        rows: dict[str, dict[str, JSON]] = {}
        for (name, _), outcome in zip(reads, outcomes, strict=False):
            rows.setdefault(name, {}).update(_shown(outcome, groups[name]))
        parents: dict[str, dict[str, list[str]]] = {}
        for (name, _), outcome in zip(looks, outcomes[len(reads) :], strict=True):
            parents.setdefault(name, {}).update(parents_of([outcome]))
            for id_ in hidden_among(groups[name], outcome):  # between two of these requests a right may end
                rows[name].pop(id_, None)
        return rows, parents

    def _belonging(self, root: RecordRef, links: "_Links", wanted: Fields) -> dict[str, dict[str, JSON]]:
        """The rows behind the links that this user sees, and behind those on further pages."""
        rows: dict[str, dict[str, JSON]] = {name: {} for name in links.ids}
        known = {name: set(ids) for name, ids in links.ids.items()}
        ids, pages = links.ids, [(name, self._page(root, name)) for name in links.cut]
        while pages or any(ids.values()):
            reads = [
                (name, part, read_call(self._client, name, part, records.asked(name, wanted[name], self._guard.asked)))
                for name, each in ids.items()
                for part in parts(each)
            ]
            outcomes = self._client.together([*(call for *_, call in reads), *(call for _, call in pages)])
            for (name, part, _), outcome in zip(reads, outcomes, strict=False):
                answered = _shown(outcome, part, strictly=name in records.THREAD)
                rows[name] |= {id_: row for id_, row in answered.items() if self._guard.sees(name, row)}
            ids, further = {}, []
            for (name, _), outcome in zip(pages, outcomes[len(reads) :], strict=True):
                if isinstance(outcome, ConnectorError):
                    raise outcome
                told = [str(each.get("toObjectId") or "") for each in outcome.get("results") or []]
                ids[name] = [id_ for id_ in dict.fromkeys(told) if id_ and id_ not in known[name]]
                known[name].update(ids[name])
                if (after := next_page(outcome)) and len(known[name]) <= THREAD_LIMIT:
                    further.append((name, self._page(root, name, after)))
            pages = further
        return rows

    def _page(self, root: RecordRef, to: str, after: str = "") -> Call:
        query = {"limit": str(ASSOCIATIONS), **({"after": after} if after else {})}
        return Call("GET", self._client.routes.associations(root.object, root.id, to), query)


@dataclass(frozen=True, slots=True)
class _Links:
    """Ids of what belongs to a record, by object; `cut` are the objects of which HubSpot told only the first ones."""

    ids: Mapping[str, Sequence[str]]
    cut: Sequence[str]

    @classmethod
    def of(cls, row: JSON, objects: Sequence[str]) -> "_Links":
        """From the associations inside a record's answer. One record may be linked several times, with labels."""
        told = row.get("associations") or {}
        groups = {name: told.get(name) or {} for name in objects}
        ids = {
            name: list(dict.fromkeys(str(each["id"]) for each in group.get("results") or [] if each.get("id")))
            for name, group in groups.items()
        }
        return cls(ids, [name for name, group in groups.items() if next_page(group)])


def _people(row: JSON, rows: Rows, wanted: Fields, facts: Facts) -> list[Record]:
    shown = [
        records.record(name, each, wanted[name], facts)
        for name in records.PEOPLE
        for each in rows.get(name, {}).values()
    ]
    owner = facts.owners.get(records.text(records.properties(row), records.OWNER))
    return [*shown, *([records.owner(owner)] if owner else [])]


def _own(row: JSON, facts: Facts) -> bool:
    """Whether the assistant wrote a row: it carries our key, or our app is its source."""
    held = records.properties(row)
    return bool(held.get(KEY_PROPERTY)) or (bool(facts.app_id) and records.text(held, records.SOURCE) == facts.app_id)


def _shown(outcome: JSON | ConnectorError, ids: Collection[str], *, strictly: bool = False) -> dict[str, JSON]:
    """The rows of a batch; none when the user may not read the object. `strictly` tells a missing scope apart.

    Raises:
        ConnectorError: HubSpot did not say.
    """
    if isinstance(outcome, Forbidden) and not (strictly and outcome.code == MISSING_SCOPES):
        return {}
    if isinstance(outcome, ConnectorError):
        raise outcome
    return found(outcome, ids)
