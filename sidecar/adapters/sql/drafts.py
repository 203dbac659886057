"""Drafts in SQL: one row each, the content sealed under a key of its own, every change a compare-and-set.

The draft's key is random and lies wrapped under the tenant's key in the same row, so deleting either makes the content
unreadable. The clear columns `state` and `digest` are bound to the ciphertext: altering them makes a draft unreadable.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, insert, or_, select, update
from sqlalchemy.engine import Row

from connectors.interfaces import TargetKind
from sidecar.adapters.aead import KEY_BYTES, decrypt, encrypt
from sidecar.adapters.sql.engine import TakenError, clear_wal, moment, reading, stamp, upsert, writing
from sidecar.adapters.sql.tables import drafts, own_writes
from sidecar.domain import DraftState, Retention
from sidecar.drafts import Draft, Kept, keeps, move, reduce
from sidecar.drafts_codec import from_json, to_json
from sidecar.errors import Conflict, NotFound, Unavailable
from sidecar.interfaces import KeyRing

_BATCH = 100
_ENDED = (DraftState.APPLIED, DraftState.DISCARDED, DraftState.EXPIRED, DraftState.UNDONE)
_has_ended = drafts.c.state.in_([str(state) for state in _ENDED])


class SqlDraftStore:
    """The `DraftStore` protocol. Every method raises `Unavailable` when the database or a key cannot be used."""

    def __init__(
        self,
        engine: Engine,
        keys: KeyRing,
        retention: Retention | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._retention = retention or Retention()
        self._clock = clock

    def add(self, draft: Draft) -> Draft:
        """Insert; a known (tenant, user, idempotency key) gives the stored draft instead.

        Raises:
            Conflict: another draft has this id already.
        """
        key, digest = os.urandom(KEY_BYTES), draft.digest
        row = {
            "id": draft.id,
            "tenant": draft.tenant,
            "owner": self._hash(draft.tenant, "user", draft.user_id),
            "idempotency": self._idempotency(draft.tenant, draft.idempotency_key),
            "record": self._hash(draft.tenant, "record", draft.record.id),
            "state": str(draft.state),
            "digest": digest,
            "created": stamp(draft.created),
            "changed": stamp(draft.created),
            "expires": stamp(draft.expires),
            "kept": str(Kept.ALL),
            "key": self._keys.seal(draft.tenant, _key_context(draft.id), key),
            "content": _seal(key, draft, digest),
        }
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(drafts).values(row))
        except TakenError:
            stored = self.known(draft.tenant, draft.user_id, draft.idempotency_key)
            if stored is None:
                raise Conflict("A draft with this id exists already; draft again.") from None
            return stored
        return draft

    def get(self, tenant: str, user_id: str, draft_id: str) -> Draft:
        """One draft of its owner.

        Raises:
            NotFound: unknown, or somebody else's.
        """
        with reading(self._engine) as connection:
            row = connection.execute(select(drafts).where(*self._mine(tenant, user_id, draft_id))).first()
        if row is None:
            raise NotFound("There is no such draft; it may have been removed after its time.")
        return self._unseal(row)

    def known(self, tenant: str, user_id: str, idempotency_key: str) -> Draft | None:
        """The draft that this key made before, or None. An empty key knows nothing."""
        hashed = self._idempotency(tenant, idempotency_key)
        if hashed is None:
            return None
        owner = self._hash(tenant, "user", user_id)
        query = select(drafts).where(drafts.c.tenant == tenant, drafts.c.owner == owner, drafts.c.idempotency == hashed)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else self._unseal(row)

    def newest(self, tenant: str, user_id: str, record_id: str = "", limit: int = 50) -> list[Draft]:
        """The owner's newest drafts, on one record when it is named."""
        owner = self._hash(tenant, "user", user_id)
        query = select(drafts).where(drafts.c.tenant == tenant, drafts.c.owner == owner)
        if record_id:
            query = query.where(drafts.c.record == self._hash(tenant, "record", record_id))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(drafts.c.created.desc(), drafts.c.id).limit(limit)).all()
        return [self._unseal(row) for row in rows]

    def change(
        self, draft: Draft, expected: DraftState, expected_digest: str, claimed_at: datetime | None = None
    ) -> Draft:
        """Store `draft` if the stored state and digest (and claim) are still the expected ones; durable on return.

        Raises:
            NotFound: there is no such draft of this user.
            Conflict: somebody was faster.
        """
        mine, digest = self._mine(draft.tenant, draft.user_id, draft.id), draft.digest
        with writing(self._engine) as connection:
            row = connection.execute(select(drafts).where(*mine).with_for_update()).first()
            if row is None:
                raise NotFound("There is no such draft; it may have been removed after its time.")
            if claimed_at is not None and self._unseal(row).claimed_at != claimed_at:
                raise Conflict("The draft was changed by another request; load it again.", state=str(row.state))
            key = self._keys.open(draft.tenant, _key_context(draft.id), row.key)
            result = connection.execute(
                update(drafts)
                .where(*mine, drafts.c.state == str(expected), drafts.c.digest == expected_digest)
                .values(
                    state=str(draft.state),
                    digest=digest,
                    expires=stamp(draft.expires),
                    changed=stamp(self._clock()),
                    content=_seal(key, draft, digest),
                )
            )
            if result.rowcount != 1:
                raise Conflict("The draft was changed by another request; load it again.", state=str(row.state))
            self._remember_writes(connection, draft)
        return draft

    def in_state(self, state: DraftState) -> list[Draft]:
        """All drafts in a state, oldest first, for recovery after a crash."""
        query = select(drafts).where(drafts.c.state == str(state)).order_by(drafts.c.changed, drafts.c.id)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [self._unseal(row) for row in rows]

    def own_writes(self, tenant: str, record_id: str) -> frozenset[str]:
        """Ids of CRM records that drafts on this record created, kept after the drafts are gone."""
        record = self._hash(tenant, "record", record_id)
        query = select(own_writes.c.sealed).where(own_writes.c.tenant == tenant, own_writes.c.record == record)
        with reading(self._engine) as connection:
            sealed = connection.execute(query).scalars().all()
        return frozenset(self._keys.open(tenant, _write_context(record), each).decode() for each in sealed)

    def purge(self, now: datetime) -> int:
        """Expire what is past its time, erase content and delete rows as `Retention` says; the drafts touched.

        Erased bytes are overwritten in the database file and cut from its log (SQLite).
        """
        touched, after = 0, ""
        while True:
            with writing(self._engine) as connection:
                rows = connection.execute(self._past_their_time(now, after)).all()
                touched += sum(self._retire(connection, row, now) for row in rows)
            if len(rows) < _BATCH:
                break
            after = rows[-1].id
        clear_wal(self._engine)
        return touched

    def _past_their_time(self, now: datetime, after: str) -> Any:  # noqa: ANN401 - a Select of the row type
        not_empty = drafts.c.kept != str(Kept.NOTHING)
        due = or_(
            and_(drafts.c.state == str(DraftState.DRAFT), drafts.c.expires <= stamp(now)),
            and_(drafts.c.state == str(DraftState.EXPIRED), not_empty),
            and_(_has_ended, not_empty, drafts.c.changed <= stamp(now - self._retention.content)),
            and_(_has_ended, drafts.c.changed <= stamp(now - self._retention.rows)),
        )
        query = select(drafts).where(drafts.c.id > after, due).order_by(drafts.c.id).limit(_BATCH)
        return query.with_for_update()

    def _retire(self, connection: Connection, row: Row[Any], now: datetime) -> bool:
        state = DraftState(row.state)
        expired = state is DraftState.DRAFT
        kept = Kept.NOTHING if expired else keeps(state, moment(row.changed), now, self._retention)
        if kept is not None and kept == row.kept:
            return False
        try:
            draft = None if kept is None else reduce(self._unseal(row), kept)
        except Unavailable:
            if kept is Kept.UNDO:  # perhaps the keys come back, and with them the pre-image
                return False
            draft = None  # nobody needs to read it any more
        if draft is None:
            connection.execute(delete(drafts).where(drafts.c.id == row.id))
            return True
        if expired:
            draft = move(draft, DraftState.EXPIRED)
        key, digest = os.urandom(KEY_BYTES), draft.digest
        values = {
            "state": str(draft.state),
            "digest": digest,
            "kept": str(kept),
            "changed": stamp(now) if expired else row.changed,
            "key": self._keys.seal(draft.tenant, _key_context(draft.id), key),
            "content": _seal(key, draft, digest),
        }
        connection.execute(update(drafts).where(drafts.c.id == row.id).values(values))
        return True

    def _remember_writes(self, connection: Connection, draft: Draft) -> None:
        if draft.written is None or draft.write is None or draft.write.target.kind is TargetKind.SUMMARY_FIELD:
            return
        record = self._hash(draft.tenant, "record", draft.record.id)
        for id_ in draft.written.ids:
            written = self._hash(draft.tenant, "record", id_)
            if written != record:
                sealed = self._keys.seal(draft.tenant, _write_context(record), id_.encode())
                row = {"tenant": draft.tenant, "record": record, "written": written, "sealed": sealed}
                upsert(connection, own_writes, row)

    def _mine(self, tenant: str, user_id: str, draft_id: str) -> tuple[Any, ...]:
        owner = self._hash(tenant, "user", user_id)
        return drafts.c.id == draft_id, drafts.c.tenant == tenant, drafts.c.owner == owner

    def _hash(self, tenant: str, kind: str, value: str) -> str:
        return self._keys.hasher(tenant)(f"\x00draft\x00{kind}\x00{value}")

    def _idempotency(self, tenant: str, key: str) -> str | None:
        return self._hash(tenant, "idempotency", key) if key else None

    def _unseal(self, row: Row[Any]) -> Draft:
        key = self._keys.open(row.tenant, _key_context(row.id), row.key)
        plain = decrypt(key, _content_context(row.id, row.state, row.digest), row.content)
        try:
            return from_json(plain)
        except ValueError:
            raise Unavailable("A draft was stored by another version of this program; run that version.") from None


def _seal(key: bytes, draft: Draft, digest: str) -> bytes:
    return encrypt(key, _content_context(draft.id, str(draft.state), digest), to_json(draft))


def _key_context(draft_id: str) -> str:
    return f"draft-key/{draft_id}"


def _content_context(draft_id: str, state: str, digest: str) -> str:
    return f"draft/{draft_id}/{state}/{digest}"


def _write_context(record: str) -> str:
    return f"own-write/{record}"
