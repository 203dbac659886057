"""Date literals of SOQL (`TODAY`, `LAST_N_DAYS:7`, …) as spans of time in the user's zone.

Weeks begin on Sunday (en_US); the fiscal year is the calendar year, as in an org that never changed it.
"""

from datetime import datetime, timedelta
from typing import Final

_SPANS: Final = {"yesterday": ("day", -1), "today": ("day", 0), "tomorrow": ("day", 1)}
_UNITS: Final = {"last": -1, "this": 0, "next": 1}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_NINETY: Final = 90


def span(name: str, number: int, now: datetime) -> tuple[datetime, datetime]:
    """The half-open span [start, end) that a literal (lower case) means at `now`, whose zone says where days begin.

    Raises:
        OverflowError: the span leaves the calendar.
    """
    words = name.replace("fiscal_", "").split("_")
    if name in _SPANS:
        unit, shift = _SPANS[name]
        return _start(unit, shift, now), _start(unit, shift + 1, now)
    if words[-1] == "ago":  # N_DAYS_AGO:n
        unit = words[1].removesuffix("s")
        return _start(unit, -number, now), _start(unit, 1 - number, now)
    if words[1] == "n" or words[1] == str(_NINETY):
        unit = words[2].removesuffix("s")
        count = number if words[1] == "n" else _NINETY
        if words[0] == "last":  # today belongs to LAST_N_DAYS, the running week or month not to the others
            return _start(unit, -count, now), _start(unit, 1 if unit == "day" else 0, now)
        return _start(unit, 1, now), _start(unit, count + 1, now)
    shift = _UNITS[words[0]]
    return _start(words[1], shift, now), _start(words[1], shift + 1, now)


def _start(unit: str, shift: int, now: datetime) -> datetime:
    """The beginning of the unit (day, week, month, quarter, year) that lies `shift` units from now."""
    day = datetime(now.year, now.month, now.day, tzinfo=now.tzinfo)
    if unit == "day":
        return day + timedelta(days=shift)
    if unit == "week":
        return day - timedelta(days=(day.weekday() + 1) % 7) + timedelta(weeks=shift)
    size = _MONTHS[unit]
    months = now.year * 12 + (now.month - 1) // size * size + shift * size
    if not 12 <= months < 12 * 10_000:  # noqa: PLR2004 - the years 1 to 9999
        raise OverflowError(unit)
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=now.tzinfo)
