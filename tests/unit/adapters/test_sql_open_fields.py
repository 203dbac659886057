"""Open fields in SQL: the newest answer stands, and one process at a time asks for it."""

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
    assert store.claim("t", NOW, EVERY)
    assert store.load("t") is None


def test_the_newest_answer_of_each_tenant_stands(store: SqlOpenFields) -> None:
    """An answer replaces the one before; an object without open fields stays known; tenants are apart."""
    store.save("t", FOUND, NOW)
    store.save("other", {"Case": frozenset({"Origin"})}, NOW)
    assert store.load("t") == FOUND
    store.save("t", {"Case": frozenset({"Subject"})}, NOW)
    assert store.load("t") == {"Case": frozenset({"Subject"})}


def test_one_asks_and_the_others_wait(store: SqlOpenFields) -> None:
    """A turn lasts until it is time again, whether an answer came or not; another tenant has turns of its own."""
    assert store.claim("t", NOW, EVERY)
    assert not store.claim("t", NOW, EVERY)
    assert store.claim("other", NOW, EVERY)
    store.save("t", FOUND, NOW + timedelta(minutes=1))
    assert not store.claim("t", NOW + EVERY, EVERY)
    assert store.claim("t", NOW + EVERY + timedelta(minutes=1), EVERY)
    assert store.load("t") == FOUND
