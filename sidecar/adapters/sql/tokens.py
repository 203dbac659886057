"""Users' OAuth tokens in SQL, sealed, and the lock that lets one refresh at a time run for a grant."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine, delete, select, text

from connectors.interfaces import Token
from sidecar.adapters.sql.engine import reading, upsert, writing
from sidecar.adapters.sql.tables import grants
from sidecar.errors import Unavailable
from sidecar.interfaces import KeyRing

_KEY = "@grants"
"""Tokens lie under a key of their own: a grant's id is opaque here, and no tenant's id begins with @."""
_POLL_SECONDS = 0.02


class SqlTokenStore:
    """The `TokenStore` protocol. Every method raises `Unavailable` when the database or the key cannot be used.

    `wait` is how many seconds `exclusive` waits for another holder.
    """

    def __init__(self, engine: Engine, keys: KeyRing, wait: float = 30.0) -> None:
        self._engine = engine
        self._keys = keys
        self._wait = wait
        # Connections that wait for a lock must not take those from the pool that its holder needs for `save`.
        self._locks = create_engine(engine.url, poolclass=NullPool, hide_parameters=True)

    def load(self, grant_id: str) -> Token | None:
        """The current token, or None."""
        id_ = self._id(grant_id)
        with reading(self._engine) as connection:
            sealed = connection.execute(select(grants.c.sealed).where(grants.c.id == id_)).scalar()
        return None if sealed is None else Token(**json.loads(self._keys.open(_KEY, f"grant/{id_}", sealed)))

    def save(self, grant_id: str, token: Token) -> None:
        """Store durably before returning: the old refresh token may already be dead."""
        id_ = self._id(grant_id)
        sealed = self._keys.seal(_KEY, f"grant/{id_}", json.dumps(asdict(token)).encode())
        with writing(self._engine) as connection:
            upsert(connection, grants, {"id": id_, "sealed": sealed})

    def delete(self, grant_id: str) -> None:
        """Forget the grant. The next purge clears its sealed bytes from the database's log (SQLite)."""
        with writing(self._engine) as connection:
            connection.execute(delete(grants).where(grants.c.id == self._id(grant_id)))

    def exclusive(self, grant_id: str) -> AbstractContextManager[None]:
        """Hold the grant's lock; not re-entrant. The lock of a process that dies is free at once.

        Raises:
            Unavailable: on entering, when another holder keeps it too long.
        """
        if self._engine.dialect.name == "postgresql":
            return self._advisory(grant_id)
        return self._file_lock(grant_id)

    def _id(self, grant_id: str) -> str:
        return self._keys.hasher(_KEY)(grant_id)

    @contextlib.contextmanager
    def _file_lock(self, grant_id: str) -> Iterator[None]:
        """flock(2) on a file beside the database. Each entry opens it anew, so that threads exclude each other too.

        The kernel frees it when the holder dies, which no lease with an expiry can match. The empty files stay:
        removing one could split the lock in two.
        """
        folder = Path(f"{self._engine.url.database}.locks")
        deadline = time.monotonic() + self._wait
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(folder / self._id(grant_id), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            raise Unavailable("The lock file cannot be made; check the database's folder and disk.") from None
        try:
            while not _locked(descriptor):
                if time.monotonic() >= deadline:
                    raise Unavailable("Another login refresh for this user takes too long; try again.")
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _advisory(self, grant_id: str) -> Iterator[None]:
        """A PostgreSQL advisory lock: freed with its transaction, also when the connection dies."""
        key = int.from_bytes(bytes.fromhex(self._id(grant_id))[:8], signed=True)
        with writing(self._locks) as connection:
            timeout = {"milliseconds": str(int(self._wait * 1000))}
            connection.execute(text("SELECT set_config('lock_timeout', :milliseconds, true)"), timeout)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
            yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
