"""Open fields in SQL: the newest answer stands, and nobody asks for it all the time."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from sidecar.adapters.sql import SqlOpenFields
from tests.samples import NOW

EVERY = timedelta(minutes=10)
FOUND = {"Case": frozenset({"Subject", "Status"}), "Task": frozenset[str]()}


@pytest.fixture
def store(engine: Engine) -> SqlOpenFields:
    """An empty store."""
    return SqlOpenFields(engine)


def test_nothing_is_known_until_it_was_told(store: SqlOpenFields) -> None:
    """Unknown is None, not empty: also after somebody took her turn and got no answer."""
    assert store.load("t") is None
    assert store.claim("t", "me", NOW, EVERY)
    assert store.load("t") is None


def test_the_newest_answer_of_each_tenant_stands(store: SqlOpenFields) -> None:
    """An answer replaces the one before; an object without open fields stays known; tenants are apart."""
    store.save("t", FOUND, NOW)
    store.save("other", {"Case": frozenset({"Origin"})}, NOW)
    assert store.load("t") == FOUND
    store.save("t", {"Case": frozenset({"Subject"})}, NOW)
    assert store.load("t") == {"Case": frozenset({"Subject"})}


def test_each_asks_now_and_then_and_only_for_an_old_answer(store: SqlOpenFields) -> None:
    """Who got no answer waits for her next turn, and keeps nobody else from asking; a fresh answer keeps everybody."""
    assert store.claim("t", "integration", NOW, EVERY)
    assert not store.claim("t", "integration", NOW, EVERY)
    assert store.claim("t", "admin", NOW, EVERY)
    assert store.claim("other", "integration", NOW, EVERY)
    store.save("t", FOUND, NOW + timedelta(minutes=1))
    for asker in ("integration", "admin", "somebody"):
        assert not store.claim("t", asker, NOW + EVERY, EVERY)
    assert store.claim("t", "integration", NOW + EVERY + timedelta(minutes=1), EVERY)
    assert store.load("t") == FOUND
