"""The draft store against a dictionary: whatever the order of clicks, edits, purges and restarts, they agree."""

import shutil
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import SqlDraftStore, open_database
from sidecar.domain import DraftState, Retention
from sidecar.drafts import ALLOWED, Draft, Kept, keeps, move, reduce
from sidecar.errors import Conflict, NotFound
from tests.samples import NOW, make_draft

NUMBERS = st.integers(0, 2)
STATES = st.sampled_from(DraftState)
RETENTION = Retention()


class StoreAgainstDictionary(RuleBasedStateMachine):
    """`kept` holds what the store must give back, with the time of the last change."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.now = NOW
        self.kept: dict[str, tuple[Draft, datetime]] = {}
        self.open()

    def open(self) -> None:
        """Open the database, as a new process would."""
        self.engine = open_database(f"sqlite:///{self.folder / 'db'}")
        self.store = SqlDraftStore(self.engine, LocalKeyRing(self.folder / "keys"), RETENTION, lambda: self.now)

    @rule(number=NUMBERS)
    def click(self, number: int) -> None:
        """Draft, or the same click once more."""
        id_ = f"d{number}"
        offered = make_draft(
            id=id_, idempotency_key=f"k{number}", created=self.now, expires=self.now + timedelta(days=1)
        )
        expected = self.kept.setdefault(id_, (offered, self.now))[0]
        assert self.store.add(offered) == expected

    @rule(number=NUMBERS, state=STATES, stale=st.booleans())
    def step(self, number: int, state: DraftState, stale: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        """Move a draft on, from what is there or from what was there."""
        if f"d{number}" not in self.kept:
            return
        draft, _ = self.kept[f"d{number}"]
        if state not in ALLOWED[draft.state]:
            return
        moved = move(draft, state)
        if stale:
            with pytest.raises(Conflict):
                self.store.change(moved, draft.state, "00" * 32)
            with pytest.raises(Conflict):
                self.store.change(moved, state, draft.digest)
        else:
            assert self.store.change(moved, draft.state, draft.digest) == moved
            self.kept[draft.id] = (moved, self.now)

    @rule(number=NUMBERS, text=st.text(max_size=5))
    def edit(self, number: int, text: str) -> None:
        """Change what will be written; only an open draft is edited."""
        if f"d{number}" not in self.kept:
            return
        draft, _ = self.kept[f"d{number}"]
        if draft.state is DraftState.DRAFT:
            edited = replace(draft, claims=tuple(replace(claim, text=text) for claim in draft.claims), edited=True)
            assert self.store.change(edited, DraftState.DRAFT, draft.digest) == edited
            self.kept[draft.id] = (edited, self.now)

    @rule(hours=st.sampled_from([1, 13, 24, 24 * 29, 24 * 61]))
    def wait(self, hours: int) -> None:
        """Time passes."""
        self.now += timedelta(hours=hours)

    @rule()
    def purge(self) -> None:
        """Apply the retention rules to both."""
        for id_, (draft, changed) in list(self.kept.items()):
            if draft.state is DraftState.DRAFT:
                if draft.expires <= self.now:
                    self.kept[id_] = (move(reduce(draft, Kept.NOTHING), DraftState.EXPIRED), self.now)
                continue
            kept = keeps(draft.state, changed, self.now, RETENTION)
            if kept is None:
                del self.kept[id_]
            else:
                self.kept[id_] = (reduce(draft, kept), changed)
        self.store.purge(self.now)

    @rule()
    def restart(self) -> None:
        """The process ends and another one begins."""
        self.engine.dispose()
        self.open()

    @invariant()
    def they_agree(self) -> None:
        """Every draft is what it must be, and there is no other."""
        tenant, user = make_draft().tenant, make_draft().user_id
        for number in range(3):
            id_ = f"d{number}"
            if id_ in self.kept:
                assert self.store.get(tenant, user, id_) == self.kept[id_][0]
            else:
                with pytest.raises(NotFound):
                    self.store.get(tenant, user, id_)
        assert {draft.id for draft in self.store.newest(tenant, user)} == self.kept.keys()

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.engine.dispose()
        shutil.rmtree(self.folder)


TestStoreAgainstDictionary = StoreAgainstDictionary.TestCase
TestStoreAgainstDictionary.settings = settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
