"""Purging: everything that has a time limit is asked, and a failure is not hidden."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import pytest

from sidecar.errors import Unavailable
from sidecar.interfaces import DraftStore, SessionStore
from sidecar.lifecycle import PurgeReport, purge
from tests.samples import NOW


@dataclass
class FakeStore:
    """Something that can be purged."""

    result: int = 0
    fails: bool = False
    asked: list[datetime] = field(default_factory=list)

    def purge(self, now: datetime) -> int:
        """Give the result, or fail."""
        self.asked.append(now)
        if self.fails:
            raise Unavailable("The database is busy; try again.")
        return self.result


def test_a_store_that_fails_makes_the_purge_fail() -> None:
    """Nobody is told that data is gone when it is not."""
    with pytest.raises(Unavailable):
        purge(cast("DraftStore", FakeStore(3)), cast("SessionStore", FakeStore(fails=True)), NOW)


def test_purge_asks_every_store_for_the_same_moment() -> None:
    """And reports what each did."""
    drafts, sessions = FakeStore(3), FakeStore(2)
    assert purge(cast("DraftStore", drafts), cast("SessionStore", sessions), NOW) == PurgeReport(drafts=3, sessions=2)
    assert drafts.asked == sessions.asked == [NOW]
