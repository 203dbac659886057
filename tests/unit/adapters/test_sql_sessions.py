"""Panel sessions and login states in SQL: ids are secrets, time ends them, a login state works once."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import SqlSessions
from sidecar.adapters.sql.engine import writing
from sidecar.domain import Principal
from sidecar.errors import Unavailable
from sidecar.interfaces import LoginState
from tests.samples import NOW

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
JO = Principal("00D000000000001AAA", "salesforce", "005000000000001AAA", "Jo Vermeer", {"profile": "Agent"}, "acme")
LOGIN = LoginState("salesforce", "verifier-secret", "nonce-secret", "https://sidecar/callback", "/cases")


@pytest.fixture
def store(engine: Engine, keys: LocalKeyRing) -> SqlSessions:
    """An empty store: eight hours, one hour idle."""
    return SqlSessions(engine, keys)


@pytest.mark.parametrize("value", ["", "x", "../x", "\ud800", "x" * 10_000])
def test_an_unknown_value_is_no_session_and_no_login(store: SqlSessions, value: str) -> None:
    """Whatever a browser sends."""
    assert store.load(value, NOW) is None
    assert store.finish_login(value, NOW) is None
    store.end(value)


def test_a_session_comes_back_until_logout(store: SqlSessions) -> None:
    """With the same person and the same token against forged requests; two sessions never share either."""
    id_, session = store.create(JO, NOW)
    other, second = store.create(JO, NOW)
    assert store.load(id_, NOW) == session
    assert session.principal == JO
    assert len({id_, session.csrf, other, second.csrf}) == 4
    assert min(len(id_), len(session.csrf)) >= 43
    store.end(id_)
    assert store.load(id_, NOW) is None
    assert store.load(other, NOW) == second


def test_a_session_ends_by_age_and_by_idleness(store: SqlSessions) -> None:
    """An hour without a request ends it; eight hours end it even when it is used all the time."""
    idle, _ = store.create(JO, NOW)
    assert store.load(idle, NOW + HOUR - MINUTE) is not None
    assert store.load(idle, NOW + 2 * HOUR - MINUTE) is None
    used, _ = store.create(JO, NOW)
    for half_hours in range(1, 16):
        assert store.load(used, NOW + half_hours * HOUR / 2) is not None
    assert store.load(used, NOW + 8 * HOUR) is None


def test_using_a_session_does_not_write_every_time(store: SqlSessions, database: Path) -> None:
    """Within a minute a request costs no disk flush."""
    id_, _ = store.create(JO, NOW)
    wal = database.with_name(f"{database.name}-wal")
    before = wal.read_bytes()
    assert store.load(id_, NOW + MINUTE / 2) is not None
    assert wal.read_bytes() == before
    assert store.load(id_, NOW + MINUTE) is not None
    assert wal.read_bytes() != before


def test_a_login_state_works_once(store: SqlSessions) -> None:
    """The second use, by whomever, finds nothing."""
    state = store.start_login(LOGIN, NOW)
    assert store.finish_login(state, NOW + 9 * MINUTE) == LOGIN
    assert store.finish_login(state, NOW + 9 * MINUTE) is None


def test_a_late_login_is_refused_and_gone(store: SqlSessions) -> None:
    """Ten minutes, and then not even for an earlier clock."""
    state = store.start_login(LOGIN, NOW)
    assert store.finish_login(state, NOW + 10 * MINUTE) is None
    assert store.finish_login(state, NOW) is None


def test_logins_that_nobody_finishes_do_not_pile_up(store: SqlSessions) -> None:
    """Anybody may begin one: the next one clears what is over, and only that."""
    store.start_login(LOGIN, NOW)
    open_ = store.start_login(LOGIN, NOW + MINUTE)
    store.start_login(LOGIN, NOW + 10 * MINUTE)
    assert store.purge(NOW + 10 * MINUTE) == 0
    assert store.finish_login(open_, NOW + 10 * MINUTE) == LOGIN


def test_of_many_that_finish_a_login_one_wins(store: SqlSessions) -> None:
    """A state that was stolen and used at the same moment is still used once."""
    state = store.start_login(LOGIN, NOW)
    barrier, found = threading.Barrier(6), []

    def finish() -> None:
        barrier.wait()
        found.append(store.finish_login(state, NOW))

    threads = [threading.Thread(target=finish) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each is None for each in found) == [False, True, True, True, True, True]


def test_nothing_usable_stands_on_disk(store: SqlSessions, database: Path) -> None:
    """Who reads the database can neither log in as somebody nor learn who is logged in."""
    id_, session = store.create(JO, NOW)
    state = store.start_login(LOGIN, NOW)
    everything = b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))
    for secret in (id_, session.csrf, state, LOGIN.verifier, LOGIN.nonce, JO.user_id, JO.name):
        assert secret.encode() not in everything


def test_sessions_cannot_be_swapped(store: SqlSessions, engine: Engine) -> None:
    """Copying the sealed person of one session into another opens nothing."""
    id_, _ = store.create(JO, NOW)
    store.create(Principal("t", "salesforce", "admin"), NOW)
    with writing(engine) as connection:
        connection.execute(
            text("UPDATE sessions SET sealed = (SELECT sealed FROM sessions s WHERE s.id <> sessions.id)")
        )
    with pytest.raises(Unavailable, match="same backup"):
        store.load(id_, NOW)


def test_purge_removes_what_is_over(store: SqlSessions) -> None:
    """Old and idle sessions and late logins, and nothing that still works."""
    store.create(JO, NOW)
    store.start_login(LOGIN, NOW)
    fresh, _ = store.create(JO, NOW + HOUR / 2)
    assert store.purge(NOW + 10 * MINUTE) == 1
    assert store.purge(NOW + HOUR) == 1
    assert store.load(fresh, NOW + HOUR) is not None
    assert store.purge(NOW + HOUR) == 0
