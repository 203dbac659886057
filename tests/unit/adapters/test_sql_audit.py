"""The audit log in SQL: appended in order by many at once, and every way of tampering with the tables shows."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import SqlAuditLog
from sidecar.adapters.sql.engine import writing
from sidecar.audit import canonical, chain, event, genesis
from sidecar.errors import Unavailable
from tests.samples import NOW

EVENT = event(kind="draft", ts=NOW.isoformat(), result="created")


@pytest.fixture
def log(engine: Engine, keys: LocalKeyRing) -> SqlAuditLog:
    """An empty log."""
    return SqlAuditLog(engine, keys)


@pytest.fixture
def filled(log: SqlAuditLog) -> SqlAuditLog:
    """A log with five events of tenant "a" and two of tenant "b"."""
    for tenant in "aaaaabb":
        log.append(tenant, EVENT)
    return log


def run(engine: Engine, *statements: str) -> None:
    """What somebody with access to the database could do."""
    with writing(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_content_is_refused_and_nothing_is_written(log: SqlAuditLog) -> None:
    """The log checks by itself, whoever made the event."""
    for bad in ({}, EVENT | {"body": "x"}, EVENT | {"rule": "two words"}, EVENT | {"seq": 1}):
        with pytest.raises(ValueError, match="audit event"):
            log.append("a", bad)
    assert log.verify("a").events == 0


def test_events_are_numbered_and_listed(filled: SqlAuditLog) -> None:
    """From one, by tenant; the newest comes first."""
    assert [each["seq"] for each in filled.events("a")] == [5, 4, 3, 2, 1]
    assert filled.events("b", limit=1) == [EVENT | {"seq": 2}]
    assert filled.events("nobody") == []


def test_a_whole_log_verifies(filled: SqlAuditLog) -> None:
    """One tenant with its head, or all together."""
    report = filled.verify("b")
    first = chain(genesis("b"), EVENT | {"seq": 1})
    assert (report.events, report.broken, report.head) == (2, None, chain(first, EVENT | {"seq": 2}))
    assert (filled.verify().events, filled.verify().broken) == (7, None)
    assert filled.verify("nobody").broken is None


FORGED = canonical(EVENT | {"seq": 3, "result": "discarded"}).decode()
CUT_HEAD = """UPDATE audit_heads SET seq = 4,
    hash = (SELECT hash FROM audit_events WHERE tenant = 'a' AND seq = 4) WHERE tenant = 'a'"""
FORGED_HASH = chain("00" * 32, EVENT | {"seq": 3, "result": "discarded"})


@pytest.mark.parametrize(
    ("broken", "statements"),
    [
        (3, [f"UPDATE audit_events SET event = '{FORGED}' WHERE tenant = 'a' AND seq = 3"]),
        (3, [f"UPDATE audit_events SET event = '{FORGED}', hash = '{FORGED_HASH}' WHERE tenant = 'a' AND seq = 3"]),
        (3, ["UPDATE audit_events SET event = event || ' ' WHERE tenant = 'a' AND seq = 3"]),
        (3, ["UPDATE audit_events SET event = 'no json' WHERE tenant = 'a' AND seq = 3"]),
        (3, ["UPDATE audit_events SET event = '[]' WHERE tenant = 'a' AND seq = 3"]),
        (3, ["UPDATE audit_events SET event = '{\"seq\":NaN}' WHERE tenant = 'a' AND seq = 3"]),
        (3, [f"UPDATE audit_events SET event = '{'[' * 100_000}' WHERE tenant = 'a' AND seq = 3"]),
        (3, ["DELETE FROM audit_events WHERE tenant = 'a' AND seq = 3"]),
        (3, ["DELETE FROM audit_events WHERE tenant = 'a' AND seq = 3",
             "UPDATE audit_events SET seq = seq - 1 WHERE tenant = 'a' AND seq > 3"]),
        (1, ["DELETE FROM audit_events WHERE tenant = 'a' AND seq = 1"]),
        (5, ["DELETE FROM audit_events WHERE tenant = 'a' AND seq = 5"]),
        (1, ["DELETE FROM audit_events WHERE tenant = 'a'"]),
        (4, ["DELETE FROM audit_events WHERE tenant = 'a' AND seq > 4",
             CUT_HEAD]),
        (1, ["DELETE FROM audit_heads WHERE tenant = 'a'"]),
        (5, ["UPDATE audit_heads SET mac = '00' WHERE tenant = 'a'"]),
        (3, ["UPDATE audit_events SET seq = 99 WHERE tenant = 'a' AND seq = 3",
             "UPDATE audit_events SET seq = 3 WHERE tenant = 'a' AND seq = 4",
             "UPDATE audit_events SET seq = 4 WHERE tenant = 'a' AND seq = 99"]),
        (6, ["""INSERT INTO audit_events
             SELECT tenant, 6, event, hash FROM audit_events WHERE tenant = 'a' AND seq = 5"""]),
        (1, ["DELETE FROM audit_events WHERE tenant = 'a' AND seq < 3",
             "UPDATE audit_events SET tenant = 'a' WHERE tenant = 'b'"]),
    ],
)  # fmt: skip
def test_tampering_shows(filled: SqlAuditLog, engine: Engine, broken: int, statements: list[str]) -> None:
    """Edited, removed (middle, start, tail, all), reordered, inserted, forked, moved between tenants: each is found."""
    run(engine, *statements)
    assert filled.verify("a").broken == broken
    report = filled.verify()
    assert (report.broken, report.tenant) == (broken, "a")


@pytest.mark.parametrize(
    "statements",
    [
        [CUT_HEAD,
         "DELETE FROM audit_events WHERE tenant = 'a' AND seq = 5"],
        ["UPDATE audit_heads SET mac = '00'"],
        ["UPDATE audit_heads SET hash = 'no hash'"],
        ["DELETE FROM audit_heads"],
    ],
)  # fmt: skip
def test_nothing_is_appended_to_a_broken_head(filled: SqlAuditLog, engine: Engine, statements: list[str]) -> None:
    """Otherwise the next event would give a shortened chain an authentic head: the caller must stop."""
    run(engine, *statements)
    with pytest.raises(Unavailable):
        filled.append("a", EVENT)
    assert filled.verify("a").broken is not None


def test_an_altered_event_is_not_listed(filled: SqlAuditLog, engine: Engine) -> None:
    """A list that cannot be trusted is an error that says which command to run."""
    run(engine, "UPDATE audit_events SET event = '{}' WHERE tenant = 'a' AND seq = 3")
    with pytest.raises(Unavailable, match="audit verify"):
        filled.events("a")


def test_a_head_cannot_be_made_without_the_key(filled: SqlAuditLog, engine: Engine, tmp_path: Path) -> None:
    """Another key ring's log neither verifies nor extends this one."""
    other = SqlAuditLog(engine, LocalKeyRing(tmp_path / "other"))
    assert other.verify("a").broken == 5
    with pytest.raises(Unavailable, match="altered"):
        other.append("a", EVENT)


def test_ping_fails_when_nothing_could_be_appended(log: SqlAuditLog, engine: Engine) -> None:
    """It passes on a working log, and asks for the table and for the right to write."""
    log.ping()
    with writing(engine) as connection:
        connection.exec_driver_sql("DROP TABLE audit_heads")
    with pytest.raises(Unavailable):
        log.ping()


def test_threads_do_not_fork_the_chain(log: SqlAuditLog) -> None:
    """Many at once: every number once, one chain."""
    numbers: list[int] = []

    def work() -> None:
        numbers.extend(log.append("a", EVENT) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 121))
    assert (log.verify("a").events, log.verify("a").broken) == (120, None)
