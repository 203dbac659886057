"""Stand-ins for the outside world, written by hand and as simple as they can be."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from connectors.interfaces import Change, Checkpoint, Record, RecordRef, User
from sidecar.domain import Vectors
from sidecar.errors import Unavailable
from sidecar.interfaces import Entry


class WordEmbedder:
    """Vectors from words: texts that share words are near. Counts what it embeds."""

    fingerprint = "words-0000000000000000"
    dimension = 64

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A hashed bag of words, unit length."""
        self.texts += texts
        result = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                result[row, int.from_bytes(hashlib.sha256(word.encode()).digest()[:2]) % self.dimension] += 1
            result[row] /= max(float(np.linalg.norm(result[row])), 1e-9)
        return result


class MemoryVectors:
    """A vector store in dictionaries. `broken` makes every call fail as a damaged folder would."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, tuple[Entry, Vectors]]] = {}
        self.broken = False

    def get(self, collection: str, ids: Sequence[str]) -> tuple[list[Entry], Vectors]:
        """See `VectorStore.get`."""
        found = [self._of(collection)[id_] for id_ in ids if id_ in self._of(collection)]
        vectors = np.stack([vector for _, vector in found]) if found else np.empty((0, 0), np.float32)
        return [entry for entry, _ in found], vectors

    def upsert(self, collection: str, entries: Sequence[Entry], vectors: Vectors) -> None:
        """See `VectorStore.upsert`."""
        self._check()
        rows = self.rows.setdefault(collection, {})
        for entry, vector in zip(entries, vectors, strict=True):
            rows[entry.id] = (entry, vector)

    def query(self, collection: str, vector: Vectors, limit: int) -> list[tuple[Entry, float]]:
        """See `VectorStore.query`."""
        scored = [(entry, float(other @ vector)) for entry, other in self._of(collection).values()]
        return sorted(scored, key=lambda pair: -pair[1])[:limit]

    def delete(self, collection: str, record_ids: Sequence[str]) -> None:
        """See `VectorStore.delete`."""
        rows = self._of(collection)
        for id_ in [id_ for id_, (entry, _) in rows.items() if entry.record_id in record_ids]:
            del rows[id_]

    def exists(self, collection: str) -> bool:
        """See `VectorStore.exists`."""
        self._check()
        return collection in self.rows

    def drop(self, collection: str) -> None:
        """See `VectorStore.drop`."""
        self._check()
        self.rows.pop(collection, None)

    def ping(self) -> None:
        """See `VectorStore.ping`."""
        self._check()

    def _of(self, collection: str) -> dict[str, tuple[Entry, Vectors]]:
        self._check()
        return self.rows.get(collection, {})

    def _check(self) -> None:
        if self.broken:
            raise Unavailable("The vector index cannot be used.", part="index")


@dataclass
class ReadingSession:
    """The reading half of a CRM session: `visible` is what this user may see now; re-reads are counted."""

    user: User
    visible: dict[RecordRef, Record] = field(default_factory=dict)
    stream: list[Change] = field(default_factory=list)
    rereads: list[list[RecordRef]] = field(default_factory=list)
    open: Mapping[str, frozenset[str]] | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def reread(self, refs: Sequence[RecordRef], fields: Mapping[str, Sequence[str]]) -> dict[RecordRef, Record]:
        """What is visible among `refs`."""
        self.rereads.append(list(refs))
        return {ref: self.visible[ref] for ref in refs if ref in self.visible}

    def open_fields(self, objects: Sequence[str]) -> Mapping[str, frozenset[str]] | None:
        """What was put into `open`; the objects that were asked for are noted."""
        self.asked.append(tuple(objects))
        return self.open

    def changes(self, checkpoint: Checkpoint, fields: Sequence[str]) -> Iterator[Change]:
        """What was put into `stream`, from the checkpoint's cursor on."""
        yield from self.stream[int(checkpoint.cursor or 0) :]
