"""The SQL stores among real processes: one winner, one chain, no lost update, and no trace of a killed holder."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from sidecar.adapters.sql import SqlAuditLog, SqlDraftStore, SqlTokenStore, open_database
from sidecar.domain import DraftState
from sidecar.errors import Unavailable
from tests.functional import sql_workers
from tests.functional.sql_workers import GRANT, keys, report, url
from tests.samples import make_draft

PROCESSES = 3
SPAWN = multiprocessing.get_context("spawn")


def in_processes(work: Callable[..., Any], folder: Path, count: int) -> list[Any]:
    """The results of `work` in several fresh interpreters that start at the same moment."""
    barrier, results = SPAWN.Barrier(PROCESSES), SPAWN.SimpleQueue()
    processes = [SPAWN.Process(target=report, args=(results, work, folder, barrier, count)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    try:
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0] * PROCESSES
        return [results.get() for _ in processes]
    finally:
        for process in processes:
            process.kill()


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds, at most 30 seconds."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_processes_that_open_a_new_database_share_one_chain(tmp_path: Path) -> None:
    """Migrations and the key file are made once, and the log never forks."""
    numbers = in_processes(sql_workers.open_and_append, tmp_path, 40)
    assert sorted(chain(*numbers)) == list(range(1, 40 * PROCESSES + 1))
    verified = SqlAuditLog(open_database(url(tmp_path)), keys(tmp_path)).verify("t")
    assert (verified.events, verified.broken) == (40 * PROCESSES, None)


def test_a_draft_is_claimed_by_one_process(tmp_path: Path) -> None:
    """However many click at once."""
    store = SqlDraftStore(open_database(url(tmp_path)), keys(tmp_path))
    for number in range(40):
        store.add(make_draft(id=f"d{number}", idempotency_key=f"k{number}"))
    won = in_processes(sql_workers.claim, tmp_path, 40)
    assert Counter(chain(*won)) == {f"d{number}": 1 for number in range(40)}
    assert len(store.in_state(DraftState.APPLYING)) == 40


def test_a_click_makes_one_draft(tmp_path: Path) -> None:
    """Processes that draft for the same click all get the first one's."""
    results = in_processes(sql_workers.add, tmp_path, 40)
    assert all(len({result[number] for result in results}) == 1 for number in range(40))
    store = SqlDraftStore(open_database(url(tmp_path)), keys(tmp_path))
    assert len(store.in_state(DraftState.DRAFT)) == 40


def test_no_token_is_lost(tmp_path: Path) -> None:
    """Each refresh sees the one before: a replayed refresh token would revoke the whole family."""
    in_processes(sql_workers.refresh, tmp_path, 40)
    token = SqlTokenStore(open_database(url(tmp_path)), keys(tmp_path)).load(GRANT)
    assert token is not None
    assert token.access_token == str(40 * PROCESSES)


def test_a_lease_goes_to_one_process(tmp_path: Path) -> None:
    """Every object is synchronised by somebody, and by nobody else."""
    assert sum(in_processes(sql_workers.lease, tmp_path, 40)) == 40


def test_processes_together_never_make_more_calls_than_the_limit(tmp_path: Path) -> None:
    """Three processes of five threads: no second has more than 24 calls, nor a click to wait for the syncs."""
    open_database(url(tmp_path)).dispose()
    calls = list(chain(*in_processes(sql_workers.call, tmp_path, 16)))
    rate = sql_workers.RATE
    assert len(calls) == PROCESSES * (16 + 4)
    moments = sorted(granted for _, granted, _ in calls)
    slack = 0.3  # between the grant and the moment that is noted, on a busy machine
    assert all(later - earlier > rate.seconds - slack for earlier, later in zip(moments, moments[24:], strict=False))
    clicks = sorted(granted - asked for asked, granted, urgent in calls if urgent)
    assert clicks[len(clicks) // 2] < rate.seconds / 5
    assert clicks[-1] < rate.seconds


def test_the_lock_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    """A kill -9 in the middle of a refresh does not lock the user out."""
    store = SqlTokenStore(open_database(url(tmp_path)), keys(tmp_path), wait=0.2)
    holder = SPAWN.Process(target=sql_workers.hold_the_lock, args=(tmp_path, tmp_path / "ready"))
    holder.start()
    wait_for((tmp_path / "ready").exists)
    with pytest.raises(Unavailable, match="takes too long"), store.exclusive(GRANT):
        raise AssertionError
    holder.kill()
    holder.join()
    with store.exclusive(GRANT):
        pass


def test_what_was_appended_survives_a_kill(tmp_path: Path) -> None:
    """After kill -9 the chain is whole and holds every acknowledged event, and at most one more."""
    ready = tmp_path / "acknowledged"
    writer = SPAWN.Process(target=sql_workers.append_for_ever, args=(tmp_path, ready))
    writer.start()
    wait_for(lambda: ready.exists() and ready.stat().st_size > 100)
    writer.kill()
    writer.join()
    acknowledged = int(ready.read_text(encoding="ascii").split("\n")[-2])
    log = SqlAuditLog(open_database(url(tmp_path)), keys(tmp_path))
    verified = log.verify("t")
    assert verified.broken is None
    assert acknowledged <= verified.events <= acknowledged + 1
    assert log.append("t", sql_workers.EVENT) == verified.events + 1
