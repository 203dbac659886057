"""What the processes of `test_sql_processes` do. Importable, so that a fresh interpreter can run it."""

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from connectors.interfaces import Rate, Token
from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import SqlAuditLog, SqlCheckpoints, SqlDraftStore, SqlLimiter, SqlTokenStore, open_database
from sidecar.audit import event
from sidecar.domain import DraftState
from sidecar.drafts import move
from sidecar.errors import Conflict
from tests.samples import NOW, make_draft

RATE = Rate(limit=24, seconds=1.0, reserve=6)
EVENT = event(kind="draft", ts=NOW.isoformat())
GRANT = "salesforce:org:user"


def keys(folder: Path) -> LocalKeyRing:
    """The folder's key ring."""
    return LocalKeyRing(folder / "keys")


def url(folder: Path) -> str:
    """The folder's database."""
    return f"sqlite:///{folder / 'db'}"


def report(results: SimpleQueue[Any], work: Callable[..., Any], *arguments: object) -> None:
    """Run `work` and hand its result to the test."""
    results.put(work(*arguments))


def open_and_append(folder: Path, barrier: Barrier, count: int) -> list[int]:
    """Open the (perhaps still missing) database and key file at the same moment, then append."""
    barrier.wait()
    log = SqlAuditLog(open_database(url(folder)), keys(folder))
    return [log.append("t", EVENT) for _ in range(count)]


def claim(folder: Path, barrier: Barrier, count: int) -> list[str]:
    """Try to claim every draft; the ids that were won."""
    store = SqlDraftStore(open_database(url(folder)), keys(folder))
    barrier.wait()
    won = []
    for number in range(count):
        draft = make_draft(id=f"d{number}", idempotency_key=f"k{number}")
        try:
            store.change(move(draft, DraftState.APPLYING), DraftState.DRAFT, draft.digest)
        except Conflict:
            continue
        won.append(draft.id)
    return won


def add(folder: Path, barrier: Barrier, count: int) -> list[str]:
    """Offer a draft of one's own for each of the same clicks; the ids that the store gave back."""
    store = SqlDraftStore(open_database(url(folder)), keys(folder))
    barrier.wait()
    return [
        store.add(make_draft(id=f"{os.getpid()}-{number}", idempotency_key=f"k{number}")).id for number in range(count)
    ]


def refresh(folder: Path, barrier: Barrier, count: int) -> None:
    """Count the token up under the lock, with a pause between reading and writing."""
    store = SqlTokenStore(open_database(url(folder)), keys(folder))
    barrier.wait()
    for _ in range(count):
        with store.exclusive(GRANT):
            token = store.load(GRANT)
            value = int(token.access_token) if token else 0
            time.sleep(0.001)
            store.save(GRANT, Token(str(value + 1), "r", "u", "s"))


def lease(folder: Path, barrier: Barrier, count: int) -> int:
    """How many of `count` objects this process gets the lease of."""
    store = SqlCheckpoints(open_database(url(folder)))
    barrier.wait()
    owner = str(os.getpid())
    return sum(store.acquire("t", f"O{number}", owner, NOW, timedelta(minutes=5)) for number in range(count))


def call(folder: Path, barrier: Barrier, count: int) -> list[tuple[float, float, bool]]:
    """Calls of four sync threads and one person: when each was asked for and let through (epoch seconds), urgent?."""
    limiter = SqlLimiter(open_database(url(folder)))
    calls: list[tuple[float, float, bool]] = []

    def work(number: int, pause: float, *, urgent: bool) -> None:
        for _ in range(number):
            time.sleep(pause)
            asked = time.time()
            limiter.acquire("b", RATE, urgent=urgent)
            calls.append((asked, time.time(), urgent))

    threads = [threading.Thread(target=work, args=(count // 4, 0.0), kwargs={"urgent": False}) for _ in range(4)]
    threads.append(threading.Thread(target=work, args=(4, 0.6), kwargs={"urgent": True}))
    barrier.wait()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return calls


def hold_the_lock(folder: Path, ready: Path) -> None:
    """Take the grant's lock, say so, and never give it back."""
    store = SqlTokenStore(open_database(url(folder)), keys(folder))
    with store.exclusive(GRANT):
        ready.touch()
        time.sleep(600)


def append_for_ever(folder: Path, ready: Path) -> None:
    """Append, and note each number outside once `append` has returned."""
    log = SqlAuditLog(open_database(url(folder)), keys(folder))
    with ready.open("a", encoding="ascii") as acknowledged:
        while True:
            acknowledged.write(f"{log.append('t', EVENT)}\n")
            acknowledged.flush()
