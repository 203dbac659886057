"""The records of one org: a table per object, hash indexes kept up to date, and an undo journal for transactions."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.values import Row, Value

_PEOPLE: Final = frozenset({"User", "UserRole", "Group"})
_STATUSES: Final = {"EmailMessage": "Status", "Knowledge__kav": "PublishStatus"}
_LEND_THEIR_ACCOUNT: Final = frozenset({"Case", "Contact", "Opportunity"})
"""A record of these opens its account to its readers, so a new one may change who reads an older record."""
_LINKS: Final = frozenset({"ContentDocumentLink"})
"""A record of these opens another one to the readers of a third."""


class Table:
    """The records of one object by id, with an index for every lookup, external-id and unique field."""

    def __init__(self, kind: ObjectType) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self._folded = {item.name: not item.by_case for item in kind.fields.values() if item.indexed}
        self._indexes: dict[str, dict[Value, set[str]]] = {name: {} for name in self._folded if name != "Id"}

    def put(self, record_id: str, row: Row | None) -> Row | None:
        """Store `row` (None removes) and return what stood there."""
        old = self.rows.get(record_id)
        for name, index in self._indexes.items():
            before = None if old is None else self._key(name, old.get(name))
            after = None if row is None else self._key(name, row.get(name))
            if before == after:
                continue
            if before is not None:
                bucket = index[before]
                bucket.discard(record_id)
                if not bucket:
                    del index[before]
            if after is not None:
                index.setdefault(after, set()).add(record_id)
        if row is None:
            self.rows.pop(record_id, None)
        else:
            self.rows[record_id] = row
        return old

    def find(self, field: str, values: Iterable[Value]) -> set[str] | None:
        """The ids whose indexed `field` has one of the `values`, or None when the field has no index."""
        if field == "Id":
            return {value for value in values if isinstance(value, str) and value in self.rows}
        index = self._indexes.get(field)
        if index is None:
            return None
        found: set[str] = set()
        for value in values:
            key = self._key(field, value)
            if key is None:
                return None
            found |= index.get(key, set())
        return found

    def _key(self, field: str, value: Value) -> Value:
        return value.casefold() if isinstance(value, str) and self._folded[field] else value


class Store:
    """All tables of one org. Not thread-safe: the org's lock guards it.

    `blobs` holds the bytes of files by their checksum: the same bytes are kept once, and a rollback or an older
    snapshot finds what it needs.
    """

    def __init__(self, kinds: Iterable[ObjectType]) -> None:
        self.tables: dict[str, Table] = {kind.name: Table(kind) for kind in kinds if not kind.virtual}
        self.blobs: dict[str, bytes] = {}
        self.sharing_generation = 0
        self._journal: list[tuple[str, str, Row | None]] | None = None

    def put(self, kind: str, record_id: str, row: Row | None) -> None:
        """Store one record of object `kind`; inside a transaction it can still be rolled back."""
        table = self.tables[kind]
        old = table.put(record_id, row)
        if self._journal is not None:
            self._journal.append((kind, record_id, old))
        if _moves_sharing(table.kind, old, row):
            self.sharing_generation += 1

    def get(self, kind: str, record_id: Value) -> Row | None:
        """One record, deleted ones included."""
        table = self.tables.get(kind)
        return table.rows.get(record_id) if table is not None and isinstance(record_id, str) else None

    def linked(self, kind: str, field: str, record_id: str) -> Iterator[Row]:
        """The live records of object `kind` whose lookup `field` points at `record_id`."""
        table = self.tables[kind]
        for found in table.find(field, (record_id,)) or ():
            row = table.rows[found]
            if not row.get("IsDeleted"):
                yield row

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo every write made inside when the block raises. Nests: an inner block undoes only its own writes."""
        outer = self._journal
        journal: list[tuple[str, str, Row | None]] = []
        self._journal = journal
        try:
            yield
        except BaseException:
            self._journal = None
            for kind, record_id, old in reversed(journal):
                self.put(kind, record_id, old)
            raise
        else:
            if outer is not None:
                outer.extend(journal)
        finally:
            self._journal = outer

    def snapshot(self) -> Mapping[str, dict[str, Row]]:
        """The rows as they stand; cheap, because rows are shared and never changed in place."""
        return {name: dict(table.rows) for name, table in self.tables.items()}

    def restore(self, rows: Mapping[str, dict[str, Row]]) -> None:
        """Put back a snapshot and rebuild the indexes."""
        for name, kept in rows.items():
            table = Table(self.tables[name].kind)
            for record_id, row in kept.items():
                table.put(record_id, row)
            self.tables[name] = table
        self.sharing_generation += 1


def _moves_sharing(kind: ObjectType, old: Row | None, row: Row | None) -> bool:
    """May this write change who sees which record? Lookups lead to owners and parents, so any of them may."""
    if kind.name in _PEOPLE:
        return True
    if old is None or row is None:
        present = row or old or {}
        return kind.name in _LINKS or (kind.name in _LEND_THEIR_ACCOUNT and bool(present.get("AccountId")))
    fields = ("IsDeleted", _STATUSES.get(kind.name, "IsDeleted"), *kind.lookups)
    return any(old.get(name) != row.get(name) for name in fields)
