"""Opening the database, transactions, and what becomes of database errors."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from sidecar.adapters.sql.tables import HEAD
from sidecar.errors import Misconfigured, Unavailable

BUSY_SECONDS = 5.0
"""How long a statement waits for another writer before it gives up."""

_MIGRATION_LOCK = 0x63726D2D73646361
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={int(BUSY_SECONDS * 1000)}",
    "foreign_keys=ON",
    "secure_delete=ON",
    "trusted_schema=OFF",
)


class TakenError(Exception):
    """An insert met a row with the same key. Never leaves the adapter."""


def open_database(url: str) -> Engine:
    """Connect, and bring the schema up to date. A new SQLite file is made for its owner only.

    Raises:
        Misconfigured: the URL is not usable, or a newer program wrote this database.
        Unavailable: it cannot be reached, read or written.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            _prepare_file(parsed)
        engine = create_engine(parsed, hide_parameters=True, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise Misconfigured(
            "The database URL is not usable, or its driver is missing: sqlite:///FILE or postgresql+psycopg://…."
        ) from None
    _listen(engine)
    try:
        _migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def relaxed(engine: Engine) -> Engine:
    """A pool of its own on the same database, for what may be lost when the machine dies, but not with the process.

    On SQLite its commits do not wait for the disk.
    """
    twin = create_engine(engine.url, hide_parameters=True, pool_pre_ping=engine.dialect.name != "sqlite")
    _listen(twin)
    if twin.dialect.name == "sqlite":
        event.listen(twin, "connect", _relax_sqlite)
    return twin


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A consistent read: all statements see the same moment."""
    with _translated(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write: durable when the block ends, undone when it raises.

    On SQLite it holds the write lock from the start, so that what it read cannot change under it.

    Raises:
        TakenError: an insert met a row with the same key.
        Unavailable: the database cannot be used; nothing was written.
    """
    with _translated(), engine.connect() as connection:
        connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection.begin():
            yield connection


def upsert(connection: Connection, table: Table, values: Mapping[str, object]) -> None:
    """Insert the row, or give the one with the same primary key these values."""
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in values.items() if name not in keys}
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(table).values(values)
    if changed:
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))
    else:
        connection.execute(statement.on_conflict_do_nothing(index_elements=keys))


def clear_wal(engine: Engine) -> None:
    """Move the write-ahead log into the database and cut it, so that erased bytes do not linger in it (SQLite).

    Raises:
        Unavailable: readers kept the log busy all the time.
    """
    if engine.dialect.name != "sqlite":
        return
    with _translated(), engine.connect() as connection:
        connection.execution_options(sqlite_begin=None)
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar_one()
    if busy:
        raise Unavailable("The database was too busy to clear erased data from its log; purge again.")


def stamp(moment: datetime) -> float:
    """Epoch seconds.

    Raises:
        ValueError: a moment without a time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("A stored moment needs a time zone.")
    return moment.timestamp()


def moment(seconds: float) -> datetime:
    """The moment of a stamp, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Database errors become `Unavailable`; their own text may hold values and is dropped."""
    try:
        yield
    except IntegrityError:
        raise TakenError from None
    except SQLAlchemyError as error:
        raise Unavailable(_advice(error)) from None


def _advice(error: SQLAlchemyError) -> str:
    origin = error.orig if isinstance(error, DatabaseError) else None
    code = getattr(origin, "sqlstate", None) or getattr(origin, "sqlite_errorcode", 0) & 0xFF
    return _ADVICE.get(code, "The database does not answer as it should; check that it runs and can be reached.")


_BUSY = "The database is busy; try again."
_FULL = "The disk that holds the database is full; free space on it."
_READ_ONLY = "The database cannot be written; check the rights of its file and folder."
_DAMAGED = "The database file is damaged; stop the service and restore the file from a backup."
_ADVICE: dict[int | str, str] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: "The disk that holds the database fails or is full; check it.",
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened; check its path and rights.",
    sqlite3.SQLITE_PERM: "The database file cannot be opened; check its path and rights.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    "40001": _BUSY,  # PostgreSQL: serialization_failure
    "40P01": _BUSY,  # deadlock_detected
    "55P03": _BUSY,  # lock_not_available
    "53100": _FULL,  # disk_full
    "25006": _READ_ONLY,  # read_only_sql_transaction
}


def _prepare_file(url: URL) -> None:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise Misconfigured("The database must be a file that outlives the process: sqlite:///FILE.")
    path = Path(url.database)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError:
        raise Unavailable("The database file cannot be opened; check its path, its rights and the disk.") from None


def _listen(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def _configure_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    """Per connection; also takes transactions away from the driver, which begins them too late."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _relax_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin_sqlite(connection: Connection) -> None:
    statement = connection.get_execution_options().get("sqlite_begin", "BEGIN")
    if statement:
        connection.exec_driver_sql(statement)


def _migrate(engine: Engine) -> None:
    with reading(engine) as connection:
        if _version(connection) == HEAD:
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        if _version(connection) == HEAD:
            return
        from sidecar.adapters.sql.migrate import upgrade  # noqa: PLC0415 - Alembic is slow to import and needed once

        upgrade(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
