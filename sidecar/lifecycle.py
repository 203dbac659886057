"""What becomes of stored things with time: `purge` applies the retention rules to everything that has one."""

from dataclasses import dataclass
from datetime import datetime

from sidecar.interfaces import Services


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """How many drafts were expired, erased or deleted, and how many sessions and login states were deleted."""

    drafts: int
    sessions: int


def purge(services: Services, now: datetime) -> PurgeReport:
    """Expire, erase and delete what is past its time at `now`. Running it again changes nothing more.

    Raises:
        Unavailable: a store cannot be used; run it again.
    """
    return PurgeReport(drafts=services.drafts.purge(now), sessions=services.sessions.purge(now))
