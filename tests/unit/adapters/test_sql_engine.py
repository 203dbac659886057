"""Opening the database, and what becomes of a broken, full, locked or foreign one."""

import os
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, insert, select, text

from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import SqlAuditLog, SqlDraftStore, SqlTokenStore, open_database
from sidecar.adapters.sql import engine as sql_engine
from sidecar.adapters.sql.engine import TakenError, clear_wal, moment, reading, stamp, writing
from sidecar.adapters.sql.migrate import configuration
from sidecar.adapters.sql.tables import HEAD, grants, metadata
from sidecar.audit import event as audit_event
from sidecar.errors import Misconfigured, Unavailable
from tests.samples import NOW, SECRET_TEXT, make_draft

EVENT = audit_event(kind="draft", ts=NOW.isoformat())


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "oracle://x", "no-such-driver://x", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=1"],
)
def test_an_unusable_url_is_refused(url: str) -> None:
    """Also one that would keep nothing: the error says which forms work and repeats nothing of it."""
    with pytest.raises(Misconfigured, match="sqlite:///FILE"):
        open_database(url)


def test_a_new_file_is_private(database: Path, engine: Engine) -> None:
    """The database and its log are readable by their owner only."""
    with writing(engine) as connection:
        connection.execute(insert(grants).values(id="a", sealed=b"b"))
    names = {each.name: stat.S_IMODE(each.stat().st_mode) for each in database.parent.iterdir()}
    assert names["sidecar.sqlite3"] == 0o600
    assert set(names.values()) == {0o600}
    assert "sidecar.sqlite3-wal" in names


def test_every_connection_is_durable_and_careful(engine: Engine) -> None:
    """WAL, a flush at every commit, overwritten deletions, foreign keys, a time limit for waiting."""
    expected = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "busy_timeout": 5000}
    with reading(engine) as first, reading(engine) as second:
        for connection in (first, second):
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}
            assert found == expected


def test_the_migrations_make_exactly_the_tables(engine: Engine) -> None:
    """The scripts and `tables.py` do not drift apart, and HEAD names the newest script."""
    with writing(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert ScriptDirectory.from_config(configuration(connection)).get_current_head() == HEAD


def test_opening_again_keeps_everything(database: Path, engine: Engine, keys: LocalKeyRing) -> None:
    """A restart finds what was stored."""
    SqlAuditLog(engine, keys).append("t", EVENT)
    again = open_database(f"sqlite:///{database}")
    assert SqlAuditLog(again, keys).verify("t").events == 1
    again.dispose()


def test_a_database_of_a_newer_program_is_left_alone(database: Path, engine: Engine) -> None:
    """It is neither changed nor used."""
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    before = database.read_bytes()
    with pytest.raises(Misconfigured, match="newer program"):
        open_database(f"sqlite:///{database}")
    assert database.read_bytes() == before


def test_a_failed_migration_leaves_nothing(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All scripts run in one transaction: after a crash inside it the next start begins afresh."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    created = sqlite3.connect(database)
    created.close()
    with monkeypatch.context() as patched:
        patched.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", crash)
        with pytest.raises(KeyboardInterrupt):
            open_database(f"sqlite:///{database}")
    raw = sqlite3.connect(database)
    assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    raw.close()
    open_database(f"sqlite:///{database}").dispose()


@pytest.mark.parametrize("content", [b"this is no database" * 300, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_foreign_file_is_refused_and_kept(database: Path, content: bytes) -> None:
    """What is not a database of ours is not overwritten."""
    database.write_bytes(content)
    with pytest.raises(Unavailable, match="damaged"):
        open_database(f"sqlite:///{database}")
    assert database.read_bytes() == content


def test_a_damaged_page_is_an_error_not_a_wrong_answer(database: Path, engine: Engine, keys: LocalKeyRing) -> None:
    """The error says to restore a backup."""
    log = SqlAuditLog(engine, keys)
    for _ in range(200):
        log.append("t", EVENT)
    clear_wal(engine)
    engine.dispose()
    with database.open("r+b") as file:
        for page in range(1, database.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(os.urandom(200))
    damaged = create_engine(f"sqlite:///{database}")
    with pytest.raises(Unavailable, match="restore the file from a backup"):
        SqlAuditLog(damaged, keys).verify("t")
    damaged.dispose()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """It is not made silently somewhere."""
    with pytest.raises(Unavailable, match="path"):
        open_database(f"sqlite:///{tmp_path / 'no' / 'db'}")


def test_a_locked_database_gives_up_in_time(
    database: Path, keys: LocalKeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that never ends makes others fail with the advice to try again; readers go on."""
    monkeypatch.setattr(sql_engine, "_PRAGMAS", (*sql_engine._PRAGMAS, "busy_timeout=50"))
    engine = open_database(f"sqlite:///{database}")
    log = SqlAuditLog(engine, keys)
    log.append("t", EVENT)
    blocker = sqlite3.connect(database, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="busy"):
        log.append("t", EVENT)
    assert log.verify("t").events == 1
    blocker.execute("ROLLBACK")
    blocker.close()
    assert log.append("t", EVENT) == 2
    engine.dispose()


def add_many(drafts: SqlDraftStore) -> None:
    """More than fits."""
    for number in range(1000):
        drafts.add(make_draft(id=f"more-{number}", idempotency_key=f"more-{number}"))


def append_many(log: SqlAuditLog) -> None:
    """More than fits."""
    for _ in range(1000):
        log.append("t", EVENT)


def fill(file: Path) -> None:
    """Leave no free block."""
    with file.open("wb", buffering=0) as opened:
        while True:
            opened.write(bytes(4096))


def test_a_full_database_loses_nothing(engine: Engine, keys: LocalKeyRing) -> None:
    """Each store refuses with the advice to free space, keeps what it had, and works again afterwards."""
    drafts, log, tokens = SqlDraftStore(engine, keys), SqlAuditLog(engine, keys), SqlTokenStore(engine, keys)
    drafts.add(make_draft())
    log.append("t", EVENT)
    full = True

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages if full else 1_000_000}")

    engine.dispose()
    event.listen(engine, "connect", limit)
    with pytest.raises(Unavailable, match="free space"):
        add_many(drafts)
    with pytest.raises(Unavailable, match="free space"):
        append_many(log)
    events = log.verify("t").events
    assert log.verify("t").broken is None
    assert drafts.get(make_draft().tenant, make_draft().user_id, "draft-1") == make_draft()
    full = False
    engine.dispose()
    assert log.append("t", EVENT) == events + 1
    assert tokens.load("nobody") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_full_disk_loses_nothing(tmp_path: Path, keys: LocalKeyRing) -> None:
    """The same on a real file system without a free block."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        engine = open_database(f"sqlite:///{disk / 'db'}")
        drafts, log = SqlDraftStore(engine, keys), SqlAuditLog(engine, keys)
        drafts.add(make_draft())
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space"):
            fill(filler)
        with pytest.raises(Unavailable, match="full"):
            append_many(log)
        with pytest.raises(Unavailable, match="full"):
            drafts.add(make_draft(id="x" * 60, idempotency_key="other", before="x" * 200_000))
        filler.unlink()
        assert log.verify("t").broken is None
        assert log.append("t", EVENT) == log.verify("t").events
        assert drafts.newest(make_draft().tenant, make_draft().user_id) == [make_draft()]
        engine.dispose()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_read_only_database_says_so(database: Path, keys: LocalKeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading goes on; writing names the rights to check."""
    open_database(f"sqlite:///{database}").dispose()
    monkeypatch.setattr(sql_engine, "_PRAGMAS", ("query_only=ON",))
    engine = open_database(f"sqlite:///{database}")
    log = SqlAuditLog(engine, keys)
    assert log.verify("t").events == 0
    for attempt in (log.ping, lambda: log.append("t", EVENT)):
        with pytest.raises(Unavailable, match="cannot be written; check the rights"):
            attempt()
    engine.dispose()


def test_an_error_shows_no_value(engine: Engine, keys: LocalKeyRing) -> None:
    """Not in its text, and not in the chain of causes that ends up in a traceback."""
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE drafts"))
    with pytest.raises(Unavailable) as failure:
        SqlDraftStore(engine, keys).add(make_draft(id=SECRET_TEXT))
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__
    assert SECRET_TEXT not in failure.value.detail


def test_a_failed_block_writes_nothing(engine: Engine) -> None:
    """An exception inside `writing` takes everything back, and an equal key is told apart from a failure."""
    row = insert(grants).values(id="a", sealed=b"b")

    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(row)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with reading(engine) as connection:
        assert connection.execute(select(grants)).all() == []
    with writing(engine) as connection:
        connection.execute(row)
    with pytest.raises(TakenError), writing(engine) as connection:
        connection.execute(row)


def test_a_log_that_readers_hold_is_not_called_clear(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`clear_wal` never reports erased bytes as gone while an old snapshot keeps them."""
    monkeypatch.setattr(sql_engine, "_PRAGMAS", (*sql_engine._PRAGMAS, "busy_timeout=50"))
    engine = open_database(f"sqlite:///{database}")
    with reading(engine) as reader:
        reader.execute(select(grants)).all()
        with writing(engine) as connection:
            connection.execute(insert(grants).values(id="a", sealed=b"b"))
        with pytest.raises(Unavailable, match="purge again"):
            clear_wal(engine)
    clear_wal(engine)
    assert database.with_name(database.name + "-wal").stat().st_size == 0
    engine.dispose()


def test_moments_survive_and_need_a_zone() -> None:
    """To the microsecond, in UTC."""
    exact = NOW.replace(microsecond=123457)
    assert moment(stamp(exact)) == exact
    with pytest.raises(ValueError, match="time zone"):
        stamp(NOW.replace(tzinfo=None))
