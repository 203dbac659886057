"""Sync checkpoints in SQL, and the lease that lets one worker run a sync."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, or_, select, update

from connectors.interfaces import Checkpoint
from sidecar.adapters.sql.engine import moment, reading, stamp, upsert, writing
from sidecar.adapters.sql.tables import checkpoints
from sidecar.errors import Conflict


class SqlCheckpoints:
    """The `CheckpointStore` protocol. Every method raises `Unavailable` when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self, tenant: str, object_: str) -> Checkpoint:
        """The stored checkpoint, or an empty one."""
        query = select(checkpoints).where(checkpoints.c.tenant == tenant, checkpoints.c.object == object_)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        if row is None:
            return Checkpoint(object_)
        return Checkpoint(object_, None if row.covered is None else moment(row.covered), row.cursor)

    def acquire(self, tenant: str, object_: str, owner: str, now: datetime, ttl: timedelta) -> bool:
        """Take or prolong the lease until `now + ttl`; False when somebody else holds it."""
        free = or_(checkpoints.c.owner == owner, checkpoints.c.until <= stamp(now))
        taken = (
            update(checkpoints)
            .where(checkpoints.c.tenant == tenant, checkpoints.c.object == object_, free)
            .values(owner=owner, until=stamp(now + ttl))
        )
        with writing(self._engine) as connection:
            upsert(connection, checkpoints, {"tenant": tenant, "object": object_})
            return connection.execute(taken).rowcount == 1

    def save(self, tenant: str, checkpoint: Checkpoint, owner: str, now: datetime) -> None:
        """Store durably.

        Raises:
            Conflict: `owner` does not hold the lease any more.
        """
        held = (
            checkpoints.c.tenant == tenant,
            checkpoints.c.object == checkpoint.object,
            checkpoints.c.owner == owner,
            checkpoints.c.until > stamp(now),
        )
        covered = None if checkpoint.covered is None else stamp(checkpoint.covered)
        with writing(self._engine) as connection:
            saved = connection.execute(
                update(checkpoints).where(*held).values(covered=covered, cursor=checkpoint.cursor)
            )
            if saved.rowcount != 1:
                raise Conflict("Another worker took this sync over; nothing was stored.")

    def release(self, tenant: str, object_: str, owner: str) -> None:
        """Give the lease back; nothing happens when it is not `owner`'s."""
        mine = (
            checkpoints.c.tenant == tenant,
            checkpoints.c.object == object_,
            checkpoints.c.owner == owner,
        )
        with writing(self._engine) as connection:
            connection.execute(update(checkpoints).where(*mine).values(owner="", until=0.0))
