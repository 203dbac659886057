"""One HubSpot portal in memory: records, people, definitions, what happened; safe to share by its lock."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from connectors.sandbox.hubspot import loading
from connectors.sandbox.hubspot.association_types import AssociationType, AssociationTypes
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ENGAGEMENTS
from connectors.sandbox.hubspot.people import Directory, HubUser
from connectors.sandbox.hubspot.schema import Schema, SchemaState
from connectors.sandbox.hubspot.search_index import SearchIndex
from connectors.sandbox.hubspot.store import Key, Record, Store, StoreState
from connectors.sandbox.wire import JSON

__all__ = ["Event", "HubUser", "Portal"]

SEARCH_DELAY: Final = 2.0


class Clock(Protocol):
    """Virtual time."""

    def time(self) -> float:
        """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Event:
    """A committed change; `source` is HubSpot's word for who did it (`INTEGRATION`, `CRM_UI`).

    `kind` is creation, propertyChange, deletion, restore, merge, associationChange or privacyDeletion.
    A merge has the primary record as `object_id`, the other one in `merged_ids` and the survivor as `new_id`. An
    association has the other record's "type id:record id" as `value`, and "added" or "removed" as `property`.
    """

    sequence: int
    kind: str
    object_type_id: str
    object_id: str
    occurred_at_ms: int
    property: str = ""
    value: str = ""
    source: str = ""
    source_id: str = ""
    merged_ids: tuple[str, ...] = ()
    new_id: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that `Portal.restore` puts back."""

    store: StoreState
    users: Mapping[str, HubUser]
    schema: SchemaState
    types: dict[tuple[str, str], tuple[AssociationType, ...]]
    events: tuple[Event, ...]
    search: tuple[float, tuple[int, int]]
    minted: Mapping[str, int]


class Portal:
    """One portal. Callers hold `lock` around anything that reads or writes more than one thing."""

    def __init__(self, document: Mapping[str, Any], clock: Clock) -> None:
        about = document["portal"]
        self.hub_id = str(about["id"])
        self.alias: str = about.get("alias", "portal")
        self.name: str = about.get("name", self.alias)
        self.tier: str = about.get("tier", "enterprise")
        self.clock = clock
        self.lock = threading.RLock()
        self.schema = Schema(self.hub_id, document)
        self.types = AssociationTypes(self.schema)
        self.people = Directory(document)
        unique = {
            name: frozenset(item.name for item in properties.values() if item.unique)
            for name, properties in self.schema.properties.items()
        }
        self.store = Store(unique)
        self.search = SearchIndex(SEARCH_DELAY)
        self.events: list[Event] = []
        self.locked: dict[Key, int] = {}
        """Records that somebody holds, and how many writes to each will be refused."""
        self._sequence = 0
        self._minted: dict[str, int] = {}

    @classmethod
    def load(cls, document: Mapping[str, Any], records: Iterable[tuple[str, JSON]], clock: Clock) -> "Portal":
        """Build a portal from its document and (type name, row) pairs, associations among them.

        Raises:
            ValueError: the document or a record cannot be understood; the message names the place, not the content.
        """
        portal = cls(document, clock)
        loading.fill(portal, records)
        return portal

    # ── People ───────────────────────────────────────────────────────────
    def users(self) -> list[HubUser]:
        """All users, deactivated ones included."""
        return list(self.people.users.values())

    def user(self, user_id: str) -> HubUser | None:
        """The user with this id."""
        return self.people.users.get(user_id)

    def set_user(self, user: HubUser) -> None:
        """Replace a user (by id) with changed rights."""
        self.people.users[user.id] = user
        self.store.generation += 1

    @property
    def owners(self) -> list[JSON]:
        """Owners as the document has them."""
        return self.people.owners

    @property
    def teams(self) -> list[JSON]:
        """Teams as the document has them."""
        return self.people.teams

    @property
    def roles(self) -> list[JSON]:
        """Roles as the document has them."""
        return self.people.roles

    # ── The world that rights depend on (`permissions.World`) ────────────
    def owner_of(self, user_id: str) -> str:
        """The owner id of a user, or ""."""
        return self.people.owner_of(user_id)

    def line(self, team_id: str) -> tuple[str, ...]:
        """A team and those above it."""
        return self.people.line(team_id)

    def companions(self, record: Record) -> Iterator[Record]:
        """The live records, other than engagements, that a record is associated with."""
        for to_type in self.schema.types:
            if to_type in ENGAGEMENTS:
                continue
            for other_id in self.store.links(record.key, to_type):
                other = self.store.get(to_type, other_id)
                if other is not None and not other.archived_at:
                    yield other

    # ── Reading and writing ──────────────────────────────────────────────
    def now(self) -> int:
        """Epoch milliseconds."""
        return int(self.clock.time() * 1000)

    def mint(self, type_name: str) -> str:
        """An id for a new record: higher than all others of its type."""
        order = self.store.tables[type_name].order
        number = max(self._minted.get(type_name, 0), order[-1] if order else _FIRST_ID) + 1
        self._minted[type_name] = number
        return str(number)

    def put(self, record: Record) -> None:
        """Store a record; the search index hears of it later."""
        self.search.note(record.key, self.store.tables[record.type].rows.get(record.id), self.clock.time())
        self.store.put(record)

    def check_lock(self, record: Record) -> None:
        """Refuse a write to a record that somebody holds.

        Raises:
            HubError: 423.
        """
        left = self.locked.get(record.key, 0)
        if left > 0:
            self.locked[record.key] = left - 1
            raise HubError(423, "LOCKED", "The resource is locked: try again in 2 seconds or later")

    def remove(self, key: Key) -> None:
        """Forget a record for good."""
        self.search.note(key, self.store.tables[key[0]].rows.get(key[1]), self.clock.time())
        self.store.remove(key)

    def emit(self, event: Event) -> None:
        """Append to what happened; a transaction that fails takes it back."""
        self._sequence += 1
        self.events.append(replace(event, sequence=self._sequence))
        self.store.remember(self.events.pop)

    def records_as_system(self, type_name: str, filters: Mapping[str, str]) -> list[JSON]:
        """All live records of a type whose properties equal `filters`, flat: id, archived and every property.

        Raises:
            HubError: unknown type.
        """
        rows = self.store.tables[self.schema.type(type_name).name].rows.values()
        found = [{"id": row.id, "archived": False, **row.properties} for row in rows if not row.archived_at]
        return [row for row in found if all(str(row.get(name, "")) == value for name, value in filters.items())]

    # ── Snapshots ────────────────────────────────────────────────────────
    def snapshot(self) -> Snapshot:
        """The portal as it stands."""
        with self.lock:
            return Snapshot(
                self.store.snapshot(),
                dict(self.people.users),
                self.schema.snapshot(),
                self.types.snapshot(),
                tuple(self.events),
                (self.search.delay, self.search.ghosts),
                dict(self._minted),
            )

    def restore(self, state: Snapshot) -> None:
        """Put a snapshot back. Sequence numbers of events go on counting."""
        with self.lock:
            self.store.restore(state.store)
            self.people.users = dict(state.users)
            self.schema.restore(state.schema)
            self.types.restore(state.types)
            self.events[:] = state.events
            self.search.settle()
            self.search.delay, self.search.ghosts = state.search
            self._minted = dict(state.minted)
            self.locked.clear()


_FIRST_ID: Final = 10_000_000_000
