"""When things happen: messages in working hours over the eighteen months before the sandbox's clock starts."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from connectors.sandbox.data.builder import NOW

OLDEST: Final = datetime(2025, 5, 26, 8, 0, tzinfo=UTC)
"""Nothing is said before; a Monday."""

_GAPS: Final = (25, 50, 95, 190, 410, 700, 1_440, 1_900, 2_900, 4_300)
"""Minutes between two messages."""

LONGEST_PROMISE: Final = 18
"""Days within which every promise falls due."""

_OPEN_DAYS: Final = 12
_WORK_STARTS, _WORK_ENDS = 6, 18
FRIDAY: Final = 4
"""The last working day, as `weekday()` counts."""


def schedule(rng: Random, size: int, *, closed: bool, pause: int = 0) -> tuple[datetime, ...]:
    """Moments of `size` messages: growing, in working hours, none after NOW.

    Open cases moved within the last days. Before message number `pause` (0: nowhere) weeks go by, long enough for
    a promise to fall due.
    """
    moments = [OLDEST]
    for number in range(1, size):
        gap = timedelta(minutes=rng.choice(_GAPS) + rng.randrange(-9, 45))
        if number == pause:
            gap += timedelta(days=LONGEST_PROMISE + rng.randrange(1, 5))
        moments.append(working_hours(moments[-1] + gap))
    room = (NOW - OLDEST - (moments[-1] - moments[0])).days - 1
    days = rng.randrange(room) if closed else room - rng.randrange(_OPEN_DAYS)
    days -= days % 7
    minutes = rng.randrange(45)
    return tuple(moment + timedelta(days=days, minutes=minutes) for moment in moments)


def working_hours(moment: datetime) -> datetime:
    """The moment itself on a working day; otherwise the same minutes of the next working morning."""
    if moment.hour >= _WORK_ENDS:
        moment = (moment + timedelta(days=1)).replace(hour=_WORK_STARTS + moment.hour % 5)
    elif moment.hour < _WORK_STARTS:
        moment = moment.replace(hour=_WORK_STARTS + moment.hour % 5)
    while moment.weekday() > FRIDAY:
        moment += timedelta(days=1)
    return moment
