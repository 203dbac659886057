"""Vectors in, references out. Text is never stored here: whatever the index finds is read again as the user.

`Index.vectors` reuses the stored vector of every passage whose keyed hash is unchanged, so a second draft embeds
nothing. `Index.related` over-fetches, lets the CRM decide what this user may see (one round trip, `OVERFETCH` records),
drops knowledge that changed since it was indexed, scores again what changed, and refills from the over-fetched rest:
no further round trip is made.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from connectors.interfaces import Record, RecordRef, Session
from sidecar.domain import Passage, Vectors
from sidecar.firewall import Admitted, index_text
from sidecar.interfaces import Embedder, Entry, KeyRing, VectorStore

OVERFETCH = 50
"""Distinct records that are read again for one draft."""
PASSAGES_PER_RECORD = 4
"""How many rows are asked of the store per wanted record: several passages of one record may be near."""
UNTRUSTED_WHEN_CHANGED = frozenset({"Knowledge__kav"})
"""Objects whose text counts as evidence only in the version that was indexed (poisoning defence)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A related record, read live as the user. `score` is the cosine similarity of its nearest passage."""

    record: Record
    score: float


class Index:
    """The vectors of one installation. Holds no state of its own."""

    def __init__(self, embedder: Embedder, store: VectorStore, keys: KeyRing) -> None:
        self._embedder = embedder
        self._store = store
        self._keys = keys

    def vectors(self, tenant: str, admitted: Admitted, *, known: Vectors | None = None) -> Vectors:
        """Protected vectors of `admitted.passages`, in their order; new and changed ones are embedded and stored.

        `known` are the vectors of the first passages, when the caller has them already. Only passages that the purpose
        "index" allows (`indexable`) are looked up or stored.
        """
        passages = admitted.passages[0 if known is None else len(known) :]
        result = np.zeros((len(passages), self._embedder.dimension), dtype=np.float32)
        missing = set(range(len(passages)))
        for object_, positions in _by_object(passages).items():
            stored = self._stored(self.collection(tenant, object_), [passages[i] for i in positions])
            for i in positions:
                if (vector := stored.get(passages[i].key.id)) is not None:
                    result[i] = vector
                    missing.discard(i)
        if missing:
            new = sorted(missing)
            result[new] = self._protect(tenant, self._embedder.embed([index_text(passages[i]) for i in new]))
            self._remember(tenant, [passages[i] for i in new], result[new])
        return result if known is None else np.concatenate([known, result])

    def related(
        self,
        session: Session,
        query: Vectors,
        *,
        objects: Sequence[str],
        fields: Mapping[str, Sequence[str]],
        limit: int,
        exclude: RecordRef,
        rescore: Callable[[Record], Admitted],
    ) -> list[Hit]:
        """The `limit` nearest records that the CRM shows to this user now, best first. One round trip.

        `query` has shape (dimension,), protected. `rescore` admits a record whose text changed, for a new score.
        """
        tenant = session.user.tenant
        nearest = self._nearest(tenant, query, objects, exclude)
        if not nearest:
            return []
        records = session.reread(list(nearest), fields)
        fingerprint = self._keys.hasher(tenant)
        hits: list[Hit] = []
        for ref, rows in nearest.items():
            record = records.get(ref)
            if record is None or record.draft:
                continue
            # What only a field that she may not see has found is not found.
            shown = [(entry, score) for entry, score in rows if _field(entry) in record.fields]
            if not shown:
                continue
            entry, score = shown[0]
            if fingerprint(str(record.fields[_field(entry)] or "")) == entry.hash:
                hits.append(Hit(record, score))
            elif ref.object not in UNTRUSTED_WHEN_CHANGED:
                fresh = self.vectors(tenant, rescore(record))
                hits.append(Hit(record, float((fresh @ query).max(initial=-1.0))))
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def forget(self, tenant: str, refs: Iterable[RecordRef]) -> None:
        """Delete all rows of these records."""
        by_object: dict[str, list[str]] = {}
        for ref in refs:
            by_object.setdefault(ref.object, []).append(ref.id)
        for object_, ids in by_object.items():
            self._store.delete(self.collection(tenant, object_), ids)

    def start_over(self, collection: str) -> None:
        """Leave an empty collection: whoever finds it knows that a sync has begun, even when it stores nothing."""
        self._store.drop(collection)
        self._store.upsert(collection, [], np.empty((0, self._embedder.dimension), np.float32))

    def collection(self, tenant: str, object_: str) -> str:
        """One collection per tenant, object type and model fingerprint."""
        return f"{tenant}.{object_}.{self._embedder.fingerprint[:16]}"

    def _stored(self, collection: str, passages: Sequence[Passage]) -> dict[str, Vectors]:
        wanted = {passage.key.id: passage.hash for passage in passages if passage.indexable}
        if not wanted:
            return {}
        entries, vectors = self._store.get(collection, list(wanted))
        return {
            entry.id: vector for entry, vector in zip(entries, vectors, strict=True) if wanted[entry.id] == entry.hash
        }

    def _remember(self, tenant: str, passages: Sequence[Passage], vectors: Vectors) -> None:
        for object_, positions in _by_object(passages).items():
            keep = [i for i in positions if passages[i].indexable]
            if keep:
                entries = [_entry(passages[i]) for i in keep]
                self._store.upsert(self.collection(tenant, object_), entries, vectors[keep])

    def _protect(self, tenant: str, vectors: Vectors) -> Vectors:
        rotation = self._keys.rotation(tenant, self._embedder.fingerprint, self._embedder.dimension)
        return np.asarray(vectors @ rotation, dtype=np.float32)

    def _nearest(
        self, tenant: str, query: Vectors, objects: Sequence[str], exclude: RecordRef
    ) -> dict[RecordRef, list[tuple[Entry, float]]]:
        """The nearest records, each with its rows that were found, best first."""
        rows = [
            (RecordRef(exclude.crm, object_, entry.record_id), entry, score)
            for object_ in objects
            for entry, score in self._store.query(
                self.collection(tenant, object_), query, OVERFETCH * PASSAGES_PER_RECORD
            )
        ]
        nearest: dict[RecordRef, list[tuple[Entry, float]]] = {}
        for ref, entry, score in sorted(rows, key=lambda row: -row[2]):
            if ref != exclude and entry.root_id != exclude.id and (ref in nearest or len(nearest) < OVERFETCH):
                nearest.setdefault(ref, []).append((entry, score))
        return nearest


def centre(vectors: Vectors, passages: Sequence[Passage]) -> Vectors:
    """The query for related records: the mean of the record's own passages, of its thread when it has none."""
    own = [i for i, passage in enumerate(passages) if passage.key.ref == passage.root]
    mean = vectors[own or slice(None)].mean(axis=0)
    norm = float(np.linalg.norm(mean))
    return np.asarray(mean / norm if norm else mean, dtype=np.float32)


def _by_object(passages: Sequence[Passage]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for i, passage in enumerate(passages):
        groups.setdefault(passage.key.ref.object, []).append(i)
    return groups


def _entry(passage: Passage) -> Entry:
    return Entry(passage.key.id, passage.key.ref.id, passage.root.id, passage.hash, int(passage.label))


def _field(entry: Entry) -> str:
    return entry.id.split(":")[2]
