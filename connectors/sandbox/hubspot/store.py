"""The records of one portal: a table per type, associations in both directions, an undo journal for transactions."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

Key = tuple[str, str]
"""(type name, record id)."""
Label = tuple[str, int]
"""(category, association type id)."""
Links = Mapping[str, frozenset[Label]]
"""Id of the other record -> by which types it is associated, seen from here."""

NO_LINKS: Final[Links] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Change:
    """One value that a property had since `at` (epoch ms); `source` and `source_id` say who gave it."""

    value: str
    at: int
    source: str
    source_id: str
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One record, never changed in place. Times are epoch ms; `archived_at` is 0 while it lives.

    `properties` holds no empty values. `history` has what properties were, newest first, for those that changed.
    """

    type: str
    id: str
    properties: Mapping[str, str]
    created_at: int
    updated_at: int
    archived_at: int = 0
    history: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Type and id."""
        return self.type, self.id

    def get(self, name: str) -> str:
        """A property's value, "" when unset."""
        return self.properties.get(name, "")


class Table:
    """The records of one type, in the order of their ids, with an index for every unique property (live ones only)."""

    def __init__(self, unique: frozenset[str]) -> None:
        self.rows: dict[str, Record] = {}
        self.order: list[int] = []
        self.unique: dict[str, dict[str, str]] = {name: {} for name in unique}

    def put(self, record_id: str, row: Record | None) -> Record | None:
        """Store `row` (None removes) and return what stood there."""
        old = self.rows.get(record_id)
        for name, index in self.unique.items():
            before = unique_key(old, name)
            if before and index.get(before) == record_id:
                del index[before]
            if after := unique_key(row, name):
                index[after] = record_id
        if row is None:
            if old is not None:
                del self.rows[record_id]
                del self.order[bisect_left(self.order, int(record_id))]
        else:
            if old is None:
                self._place(int(record_id))
            self.rows[record_id] = row
        return old

    def index(self, name: str) -> None:
        """Begin to keep a property unique."""
        if name not in self.unique:
            keys = ((unique_key(row, name), row.id) for row in self.rows.values())
            self.unique[name] = {key: record_id for key, record_id in keys if key}

    def find(self, name: str, value: str) -> Record | None:
        """The live record whose unique property has this value."""
        record_id = self.unique[name].get(value.casefold())
        return self.rows[record_id] if record_id else None

    def after(self, record_id: int) -> Iterator[Record]:
        """Records with a higher id, in order."""
        for place in range(bisect_right(self.order, record_id), len(self.order)):
            yield self.rows[str(self.order[place])]

    def _place(self, number: int) -> None:
        if not self.order or number > self.order[-1]:
            self.order.append(number)
        else:
            insort(self.order, number)


@dataclass(frozen=True, slots=True)
class StoreState:
    """What a snapshot keeps."""

    tables: Mapping[str, tuple[Mapping[str, Record], frozenset[str]]]
    links: Mapping[tuple[str, str, str], Links]
    merged: Mapping[Key, str]


class Store:
    """All tables and associations of one portal. Not thread-safe: the portal's lock guards it."""

    def __init__(self, unique: Mapping[str, frozenset[str]]) -> None:
        self.tables = {name: Table(names) for name, names in unique.items()}
        self.merged: dict[Key, str] = {}
        """A record that was merged away -> id of the one that took its place."""
        self.generation = 0
        """Moves with every change, also with one that is taken back."""
        self._links: dict[tuple[str, str, str], Links] = {}
        self._undo: list[Callable[[], object]] | None = None

    def get(self, type_name: str, record_id: str) -> Record | None:
        """A record, archived ones included; a merged id leads to the survivor."""
        rows = self.tables[type_name].rows
        found = rows.get(record_id)
        while found is None and (next_id := self.merged.get((type_name, record_id))):
            record_id = next_id
            found = rows.get(record_id)
        return found

    def put(self, row: Record) -> None:
        """Store a record."""
        table = self.tables[row.type]
        old = table.put(row.id, row)
        self.remember(lambda: table.put(row.id, old))

    def remove(self, key: Key) -> None:
        """Forget a record for good."""
        table = self.tables[key[0]]
        old = table.put(key[1], None)
        self.remember(lambda: table.put(key[1], old))

    def redirect(self, key: Key, survivor: str) -> None:
        """From now on a merged record's id leads to the survivor."""
        self.merged[key] = survivor
        self.remember(lambda: self.merged.pop(key, None))

    def links(self, key: Key, to_type: str) -> Links:
        """The records of a type that a record is associated with, archived ones included."""
        return self._links.get((*key, to_type), NO_LINKS)

    def set_link(self, key: Key, other: Record, labels: AbstractSet[Label]) -> None:
        """Say by which types a record is associated with another one, seen from `key`; none ends the association."""
        place = (*key, other.type)
        old = self._links.get(place, NO_LINKS)
        new = {**old, other.id: frozenset(labels)}
        if not labels:
            del new[other.id]
        self._links[place] = new
        self.remember(lambda: self._links.__setitem__(place, old))

    def load_links(self, links: dict[tuple[str, str, str], Links]) -> None:
        """Take over all associations at once, while a portal is loaded."""
        self._links = links

    def remember(self, undo: Callable[[], object]) -> None:
        """Something was changed; inside a transaction, `undo` takes it back."""
        self.generation += 1
        if self._undo is not None:
            self._undo.append(undo)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo every write made inside when the block raises. Nests: an inner block undoes only its own writes."""
        outer, steps = self._undo, list[Callable[[], object]]()
        self._undo = steps
        try:
            yield
        except BaseException:
            self._undo = None
            for step in reversed(steps):
                step()
            self.generation += 1
            raise
        else:
            if outer is not None:
                outer.extend(steps)
        finally:
            self._undo = outer

    def snapshot(self) -> StoreState:
        """The records as they stand; cheap, because records and links are never changed in place."""
        tables = {name: (dict(table.rows), frozenset(table.unique)) for name, table in self.tables.items()}
        return StoreState(tables, dict(self._links), dict(self.merged))

    def restore(self, state: StoreState) -> None:
        """Put back a snapshot and rebuild the indexes."""
        for name, (rows, unique) in state.tables.items():
            table = Table(unique)
            for record_id, row in rows.items():
                table.put(record_id, row)
            self.tables[name] = table
        self._links = dict(state.links)
        self.merged = dict(state.merged)
        self.generation += 1


def unique_key(row: Record | None, name: str) -> str:
    """What the index of a unique property holds for a record; "" for an archived one."""
    return "" if row is None or row.archived_at else row.get(name).casefold()
