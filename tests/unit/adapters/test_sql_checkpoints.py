"""Sync checkpoints in SQL: only the holder of the lease moves one."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from connectors.interfaces import Checkpoint
from sidecar.adapters.sql import SqlCheckpoints
from sidecar.errors import Conflict
from tests.samples import NOW

TTL = timedelta(minutes=5)
READ = Checkpoint("Case", NOW, "cursor-1")


@pytest.fixture
def store(engine: Engine) -> SqlCheckpoints:
    """An empty store."""
    return SqlCheckpoints(engine)


def test_without_the_lease_nothing_is_saved(store: SqlCheckpoints) -> None:
    """Never taken, taken by another, run out, or given back."""
    with pytest.raises(Conflict, match="took this sync over"):
        store.save("t", READ, "me", NOW)
    store.acquire("t", "Case", "other", NOW, TTL)
    with pytest.raises(Conflict):
        store.save("t", READ, "me", NOW)
    with pytest.raises(Conflict):
        store.save("t", READ, "other", NOW + TTL)
    store.release("t", "Case", "other")
    with pytest.raises(Conflict):
        store.save("t", READ, "other", NOW)
    assert store.load("t", "Case") == Checkpoint("Case")


def test_one_owner_holds_the_lease_until_it_runs_out(store: SqlCheckpoints) -> None:
    """The owner may prolong it; whoever comes after its end takes over and the old owner is shut out."""
    assert store.acquire("t", "Case", "me", NOW, TTL)
    assert not store.acquire("t", "Case", "other", NOW, TTL)
    assert store.acquire("t", "Case", "me", NOW + TTL / 2, TTL)
    assert not store.acquire("t", "Case", "other", NOW + TTL, TTL)
    assert store.acquire("t", "Case", "other", NOW + 1.5 * TTL, TTL)
    assert not store.acquire("t", "Case", "me", NOW + 1.5 * TTL, TTL)
    with pytest.raises(Conflict):
        store.save("t", READ, "me", NOW + 1.5 * TTL)


def test_leases_of_other_objects_and_tenants_are_their_own(store: SqlCheckpoints) -> None:
    """Many syncs run side by side."""
    assert store.acquire("t", "Case", "a", NOW, TTL)
    assert store.acquire("t", "Contact", "b", NOW, TTL)
    assert store.acquire("u", "Case", "c", NOW, TTL)


def test_a_checkpoint_comes_back(store: SqlCheckpoints) -> None:
    """To the microsecond, also after the lease went to another owner, and can be emptied again."""
    exact = Checkpoint("Case", NOW.replace(microsecond=123457), "cursor/1?x=ü")
    store.acquire("t", "Case", "me", NOW, TTL)
    store.save("t", exact, "me", NOW)
    store.release("t", "Case", "me")
    assert store.acquire("t", "Case", "other", NOW, TTL)
    assert store.load("t", "Case") == exact
    assert store.load("u", "Case") == Checkpoint("Case")
    store.save("t", Checkpoint("Case"), "other", NOW)
    assert store.load("t", "Case") == Checkpoint("Case")


def test_releasing_somebody_else_s_lease_does_nothing(store: SqlCheckpoints) -> None:
    """A worker that was too slow does not free the lease of its successor."""
    store.acquire("t", "Case", "me", NOW, TTL)
    store.release("t", "Case", "other")
    assert not store.acquire("t", "Case", "other", NOW, TTL)
