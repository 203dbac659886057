"""The audit log in SQL: one row an event, and one authenticated head a tenant. Rows are only ever inserted."""

import json
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, insert, select

from sidecar.adapters.sql.engine import TakenError, reading, upsert, writing
from sidecar.adapters.sql.tables import audit_events, audit_heads
from sidecar.audit import AuditReport, Head, Row, canonical, chain, check, genesis, head_mac, verify
from sidecar.domain import JSON
from sidecar.errors import Unavailable
from sidecar.interfaces import KeyRing

_ATTEMPTS = 5
_ALTERED = "The audit log was altered outside this program; run `crm-sidecar audit verify`."


class SqlAuditLog:
    """The `AuditLog` protocol. Appending is serialised per tenant by the row of its head."""

    def __init__(self, engine: Engine, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    def append(self, tenant: str, event: JSON) -> int:
        """Durable on return; the event's sequence number, from 1.

        Raises:
            ValueError: the event holds something that is not allowed in it (`sidecar.audit.check`).
            Unavailable: it cannot be written, or the log was tampered with. The caller must stop.
        """
        check(event)
        for _ in range(_ATTEMPTS):
            try:
                with writing(self._engine) as connection:
                    return self._link(connection, tenant, event)
            except TakenError:
                continue
        raise Unavailable("The audit log is too busy; try again.")

    def verify(self, tenant: str | None = None) -> AuditReport:
        """Walk the chain of one tenant, or of all and report the first broken one.

        Over several tenants `events` is the sum and `head` is empty.
        """
        with reading(self._engine) as connection:
            if tenant is not None:
                return self._verify(connection, tenant)
            known = select(audit_events.c.tenant).union(select(audit_heads.c.tenant))
            reports = [self._verify(connection, each) for each in sorted(connection.execute(known).scalars())]
        if len(reports) == 1:
            return reports[0]
        broken = next((report for report in reports if report.broken is not None), None)
        return broken or AuditReport(events=sum(report.events for report in reports), head="", broken=None)

    def events(self, tenant: str, limit: int = 100) -> list[JSON]:
        """The newest events, newest first, each with its "seq".

        Raises:
            Unavailable: one of them was altered.
        """
        query = select(audit_events.c.event).where(audit_events.c.tenant == tenant)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(audit_events.c.seq.desc()).limit(limit)).scalars().all()
        events = [_parsed(row) for row in rows]
        if not all(events):
            raise Unavailable(_ALTERED)
        return events

    def ping(self) -> None:
        """Return when it can be read and written.

        Raises:
            Unavailable: it cannot.
        """
        with writing(self._engine) as connection:
            connection.execute(select(audit_heads.c.seq).limit(1)).first()

    def _link(self, connection: Connection, tenant: str, event: JSON) -> int:
        query = select(audit_heads).where(audit_heads.c.tenant == tenant).with_for_update()
        head = connection.execute(query).first()
        if head and head.mac != self._mac(tenant, head.seq, head.hash):
            raise Unavailable(_ALTERED)
        seq, previous = (head.seq + 1, head.hash) if head else (1, genesis(tenant))
        link = event | {"seq": seq}
        hash_ = chain(previous, link)
        values = {"seq": seq, "hash": hash_, "mac": self._mac(tenant, seq, hash_)}
        row = {"tenant": tenant, "seq": seq, "event": canonical(link).decode(), "hash": hash_}
        connection.execute(insert(audit_events).values(row))
        upsert(connection, audit_heads, {"tenant": tenant, **values})
        return seq

    def _verify(self, connection: Connection, tenant: str) -> AuditReport:
        row = connection.execute(select(audit_heads).where(audit_heads.c.tenant == tenant)).first()
        head = None
        if row is not None:
            head = Head(row.seq, row.hash, authentic=row.mac == self._mac(tenant, row.seq, row.hash))
        return verify(_rows(connection, tenant), tenant=tenant, head=head)

    def _mac(self, tenant: str, seq: int, hash_: str) -> str:
        return head_mac(self._keys.hasher(tenant), tenant, seq, hash_)


def _rows(connection: Connection, tenant: str) -> Iterator[Row]:
    query = select(audit_events).where(audit_events.c.tenant == tenant).order_by(audit_events.c.seq)
    for row in connection.execute(query.execution_options(yield_per=1000)):
        yield Row(seq=row.seq, event=_parsed(row.event), hash=row.hash)


def _parsed(stored: str) -> JSON:
    """The event, or an empty one, which fits no chain, when the text is not exactly what `append` writes."""
    try:
        event = json.loads(stored)
        exact = isinstance(event, dict) and canonical(event).decode() == stored
    except (ValueError, RecursionError):
        return {}
    return event if exact else {}
