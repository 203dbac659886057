"""Which fields everyone reads, in SQL: one row a tenant, names of objects and fields alone."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update

from sidecar.adapters.sql.engine import reading, stamp, upsert, writing
from sidecar.adapters.sql.tables import open_fields


class SqlOpenFields:
    """The `OpenFields` protocol. Every method raises `Unavailable` when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, tenant: str, now: datetime, every: timedelta) -> bool:
        """`OpenFields.claim`: see there."""
        due = open_fields.c.asked <= stamp(now - every)
        with reading(self._engine) as connection:
            known = select(open_fields.c.asked).where(open_fields.c.tenant == tenant, ~due)
            if connection.execute(known).first():
                return False
        mine = update(open_fields).where(open_fields.c.tenant == tenant, due).values(asked=stamp(now))
        with writing(self._engine) as connection:
            upsert(connection, open_fields, {"tenant": tenant})
            return connection.execute(mine).rowcount == 1

    def save(self, tenant: str, fields: Mapping[str, frozenset[str]], now: datetime) -> None:
        """`OpenFields.save`: see there."""
        text = json.dumps({name: sorted(found) for name, found in sorted(fields.items())})
        with writing(self._engine) as connection:
            upsert(connection, open_fields, {"tenant": tenant, "fields": text, "asked": stamp(now)})

    def load(self, tenant: str) -> Mapping[str, frozenset[str]] | None:
        """`OpenFields.load`: see there."""
        query = select(open_fields.c.fields).where(open_fields.c.tenant == tenant)
        with reading(self._engine) as connection:
            text = connection.execute(query).scalar()
        return {name: frozenset(found) for name, found in json.loads(text).items()} if text else None
