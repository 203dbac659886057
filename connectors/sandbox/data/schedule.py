"""When things happen: messages in working hours over the eighteen months before the sandbox's clock starts."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from connectors.sandbox.data.builder import NOW

OLDEST: Final = datetime(2025, 5, 26, 8, 0, tzinfo=UTC)
"""Nothing is said before; a Monday."""

_GAPS: Final = (25, 50, 95, 190, 410, 700, 1_440, 1_900, 2_900, 4_300)
"""Minutes between two messages."""

_OPEN_DAYS: Final = 12
_WORK_STARTS, _WORK_ENDS, _FRIDAY = 6, 18, 4


def schedule(rng: Random, size: int, *, closed: bool) -> tuple[datetime, ...]:
    """Moments of the messages: working hours, growing, none after NOW. Open cases moved within the last days."""
    moments = [OLDEST]
    for _ in range(size - 1):
        moments.append(working_hours(moments[-1] + timedelta(minutes=rng.choice(_GAPS) + rng.randrange(-9, 45))))
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
    while moment.weekday() > _FRIDAY:
        moment += timedelta(days=1)
    return moment
