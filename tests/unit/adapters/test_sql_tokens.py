"""Tokens in SQL: sealed, and refreshed by one at a time."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from connectors.interfaces import Token
from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import SqlTokenStore
from sidecar.adapters.sql.engine import writing
from sidecar.errors import Unavailable

GRANT = "salesforce:00D000000000001AAA:005000000000001AAA"
TOKEN = Token("access-secret", "refresh-secret", "https://acme.my.salesforce.com", "api refresh_token", 1.5)


@pytest.fixture
def store(engine: Engine, keys: LocalKeyRing) -> SqlTokenStore:
    """An empty store that waits half a second for a lock."""
    return SqlTokenStore(engine, keys, wait=0.5)


def test_an_unknown_grant_has_no_token(store: SqlTokenStore) -> None:
    """Also an empty one, and forgetting it is no error."""
    store.delete("nobody")
    assert store.load("nobody") is None
    assert store.load("") is None


def test_a_token_comes_back_and_is_replaced_and_forgotten(store: SqlTokenStore) -> None:
    """Exactly, by its grant alone."""
    store.save(GRANT, TOKEN)
    assert store.load(GRANT) == TOKEN
    renewed = Token("a2", "r2", "https://x", "api")
    store.save(GRANT, renewed)
    assert store.load(GRANT) == renewed
    assert store.load(GRANT + "x") is None
    store.delete(GRANT)
    assert store.load(GRANT) is None


def test_neither_token_nor_user_stands_on_disk(store: SqlTokenStore, database: Path) -> None:
    """Not in the database, its log, or the name of the lock file."""
    store.save(GRANT, TOKEN)
    with store.exclusive(GRANT):
        files = [file for file in database.parent.rglob("*") if file.is_file()]
        everything = b"".join(file.read_bytes() + str(file.relative_to(database.parent)).encode() for file in files)
    for secret in ("access-secret", "refresh-secret", "acme", "005000000000001AAA", "00D000000000001AAA"):
        assert secret.encode() not in everything


def test_a_token_of_another_grant_cannot_be_slipped_in(store: SqlTokenStore, engine: Engine) -> None:
    """Swapping the sealed values of two users opens neither."""
    store.save(GRANT, TOKEN)
    store.save("other", Token("a", "r", "u", "s"))
    with writing(engine) as connection:
        connection.execute(text("UPDATE grants SET sealed = (SELECT sealed FROM grants g WHERE g.id <> grants.id)"))
    with pytest.raises(Unavailable, match="same backup"):
        store.load(GRANT)


def test_a_held_lock_is_refused_in_time(store: SqlTokenStore) -> None:
    """The same grant waits, then gives up; another one is free; afterwards it is free again."""
    with store.exclusive(GRANT):
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="try again"), store.exclusive(GRANT):
            raise AssertionError
        assert 0.4 < time.monotonic() - begun < 3
        with store.exclusive("other"):
            pass
    with store.exclusive(GRANT):
        pass


def test_an_exception_frees_the_lock(store: SqlTokenStore) -> None:
    """A failed refresh does not lock the user out."""
    with pytest.raises(RuntimeError), store.exclusive(GRANT):
        raise RuntimeError
    with store.exclusive(GRANT):
        pass


def test_the_token_can_be_used_while_the_lock_is_held(store: SqlTokenStore) -> None:
    """The holder reads and stores; other requests and other tables are not blocked by a slow refresh."""
    with store.exclusive(GRANT):
        store.save(GRANT, TOKEN)
        assert store.load(GRANT) == TOKEN


def test_threads_exclude_each_other(engine: Engine, keys: LocalKeyRing) -> None:
    """Read, wait, write under the lock: no update is lost."""
    store = SqlTokenStore(engine, keys)
    store.save(GRANT, Token("0", "r", "u", "s"))

    def work() -> None:
        for _ in range(5):
            with store.exclusive(GRANT):
                token = store.load(GRANT)
                assert token is not None
                time.sleep(0.002)
                store.save(GRANT, Token(str(int(token.access_token) + 1), "r", "u", "s"))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    token = store.load(GRANT)
    assert token is not None
    assert token.access_token == "30"


def test_a_lock_folder_that_cannot_be_made_is_an_error(store: SqlTokenStore, database: Path) -> None:
    """Without the lock nothing is refreshed."""
    Path(f"{database}.locks").write_bytes(b"")
    with pytest.raises(Unavailable, match="lock file"), store.exclusive(GRANT):
        raise AssertionError
