"""What becomes of stored things with time: `purge` applies the retention rules to everything that has one."""

from dataclasses import dataclass
from datetime import datetime

from sidecar.interfaces import DraftStore, SessionStore


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """How many drafts were expired, erased or deleted, and how many sessions and login states were deleted."""

    drafts: int
    sessions: int


def purge(drafts: DraftStore, sessions: SessionStore, now: datetime) -> PurgeReport:
    """Expire, erase and delete what is past its time at `now`. Running it again changes nothing more.

    Raises:
        Unavailable: a store cannot be used; run it again.
    """
    return PurgeReport(drafts=drafts.purge(now), sessions=sessions.purge(now))
