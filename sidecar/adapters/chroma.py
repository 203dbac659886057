"""The vector store on embedded Chroma: ids, keyed hashes and protected vectors, no documents, no telemetry.

Chroma's own exceptions never leave this module: a broken folder becomes `Unavailable`, which says how to rebuild.
One process may open a folder at a time (Chroma's embedded client is not safe across processes).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from chromadb.errors import NotFoundError

from sidecar.domain import Vectors
from sidecar.errors import Unavailable
from sidecar.interfaces import Entry

BATCH = 1000
"""Rows per call; well below SQLite's limit of bound variables."""


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except (Unavailable, NotFoundError):
        raise
    except BaseException as error:
        # Chroma's core is Rust: a damaged folder may surface as a PanicException, which is no Exception.
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        raise Unavailable(
            "The vector index cannot be used. It holds no text and can be rebuilt at any time: "
            "stop the sidecar, remove the index folder, start it and run `crm-sidecar sync`.",
            part="index",
        ) from None


class ChromaStore:
    """`sidecar.interfaces.VectorStore` on a folder. Cosine distance; collections are made on first write.

    A folder that cannot be opened does not keep a sidecar from starting: drafts do without related records until then.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._collections: dict[str, Collection] = {}
        self._lock = RLock()
        self._opened: ClientAPI | None = None
        with suppress(Unavailable):
            self.ping()

    def get(self, collection: str, ids: Sequence[str]) -> tuple[list[Entry], Vectors]:
        """See `VectorStore.get`."""
        entries: list[Entry] = []
        vectors: list[Vectors] = []
        with _guarded():
            found = self._find(collection)
            for start in range(0, len(ids) if found else 0, BATCH):
                rows: Any = found.get(ids=list(ids[start : start + BATCH]), include=["embeddings", "metadatas"])  # type: ignore[union-attr]  # the range is empty without a collection
                if rows["ids"]:
                    entries.extend(map(_entry, rows["ids"], rows["metadatas"]))
                    vectors.append(np.asarray(rows["embeddings"], dtype=np.float32))
        return entries, np.concatenate(vectors or [np.empty((0, 0), np.float32)])

    def upsert(self, collection: str, entries: Sequence[Entry], vectors: Vectors) -> None:
        """See `VectorStore.upsert`."""
        with _guarded():
            target = self._find(collection, create=True)
            for start in range(0, len(entries), BATCH):
                part = entries[start : start + BATCH]
                target.upsert(  # type: ignore[union-attr]  # created above
                    ids=[entry.id for entry in part],
                    embeddings=vectors[start : start + BATCH],
                    metadatas=[
                        {"record": e.record_id, "root": e.root_id, "hash": e.hash, "label": e.label} for e in part
                    ],
                )

    def query(self, collection: str, vector: Vectors, limit: int) -> list[tuple[Entry, float]]:
        """See `VectorStore.query`."""
        with _guarded():
            found = self._find(collection)
            if found is None:
                return []
            rows: Any = found.query(
                query_embeddings=vector[np.newaxis, :], n_results=limit, include=["metadatas", "distances"]
            )
        return [
            (_entry(id_, metadata), 1.0 - float(distance))
            for id_, metadata, distance in zip(rows["ids"][0], rows["metadatas"][0], rows["distances"][0], strict=True)
        ]

    def delete(self, collection: str, record_ids: Sequence[str]) -> None:
        """See `VectorStore.delete`."""
        with _guarded():
            found = self._find(collection)
            if found is None:
                return
            for start in range(0, len(record_ids), BATCH):
                among = {"$in": list(record_ids[start : start + BATCH])}
                found.delete(where={"record": among})  # type: ignore[dict-item]  # its keys are literals, a list is invariant

    def exists(self, collection: str) -> bool:
        """See `VectorStore.exists`."""
        with _guarded():
            return self._find(collection) is not None

    def drop(self, collection: str) -> None:
        """See `VectorStore.drop`."""
        with _guarded(), self._lock:
            self._collections.pop(collection, None)
            client = self._client()
            if collection in {found.name for found in client.list_collections()}:
                client.delete_collection(collection)

    def ping(self) -> None:
        """See `VectorStore.ping`."""
        with _guarded():
            client = self._client()
            client.heartbeat()
            client.count_collections()

    def _client(self) -> ClientAPI:
        with self._lock:
            if self._opened is None:
                self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._opened = chromadb.PersistentClient(
                    str(self._directory), settings=Settings(anonymized_telemetry=False, allow_reset=False)
                )
            return self._opened

    def _find(self, name: str, *, create: bool = False) -> Collection | None:
        with self._lock:
            known = self._collections.get(name)
            if known is not None:
                return known
            try:
                found = self._client().get_collection(name, embedding_function=None)
            except NotFoundError:
                if not create:
                    return None
                found = self._client().get_or_create_collection(
                    name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
                )
            return self._collections.setdefault(name, found)


def _entry(id_: str, metadata: Any) -> Entry:  # noqa: ANN401 - Chroma types metadata as a wide union
    return Entry(id_, str(metadata["record"]), str(metadata["root"]), str(metadata["hash"]), int(metadata["label"]))
