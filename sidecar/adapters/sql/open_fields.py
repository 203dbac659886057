"""Which fields everyone reads, in SQL: names of objects and fields alone, and who asked when (as a keyed hash)."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update

from sidecar.adapters.sql.engine import reading, stamp, upsert, writing
from sidecar.adapters.sql.tables import open_fields

_ANSWER = ""
"""Stands for the asker in the row that holds the answer."""


class SqlOpenFields:
    """The `OpenFields` protocol. Every method raises `Unavailable` when the database cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, tenant: str, asker: str, now: datetime, every: timedelta) -> bool:
        """`OpenFields.claim`: see there."""
        due = open_fields.c.asked <= stamp(now - every)
        rows = open_fields.c.tenant == tenant, open_fields.c.asker.in_((_ANSWER, asker))
        with reading(self._engine) as connection:
            if connection.execute(select(open_fields.c.asked).where(*rows, ~due)).first():
                return False
        mine = open_fields.c.tenant == tenant, open_fields.c.asker == asker, due
        with writing(self._engine) as connection:
            upsert(connection, open_fields, {"tenant": tenant, "asker": asker})
            return connection.execute(update(open_fields).where(*mine).values(asked=stamp(now))).rowcount == 1

    def save(self, tenant: str, fields: Mapping[str, frozenset[str]], now: datetime) -> None:
        """`OpenFields.save`: see there."""
        text = json.dumps({name: sorted(found) for name, found in sorted(fields.items())})
        with writing(self._engine) as connection:
            row = {"tenant": tenant, "asker": _ANSWER, "fields": text, "asked": stamp(now)}
            upsert(connection, open_fields, row)

    def load(self, tenant: str) -> Mapping[str, frozenset[str]] | None:
        """`OpenFields.load`: see there."""
        query = select(open_fields.c.fields).where(open_fields.c.tenant == tenant, open_fields.c.asker == _ANSWER)
        with reading(self._engine) as connection:
            text = connection.execute(query).scalar()
        return {name: frozenset(found) for name, found in json.loads(text).items()} if text else None
