"""Field values as the REST API carries them: instants in UTC text that sorts as time, ids in their long form."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime

Value = str | int | float | bool | None
Row = dict[str, Value]
"""One stored record. A row is never changed in place: a write stores a new one, so snapshots can share rows."""
Json = dict[str, object]

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE | re.ASCII
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def stamp(moment: datetime) -> str:
    """`2026-11-24T05:53:54.000+0000`: fixed width and always UTC, so comparing the text compares the instants."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000".rjust(28, "0")


def instant(text: str) -> datetime | None:
    """The instant that ISO `text` names (no zone means UTC), or None."""
    match = _INSTANT.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    zone = "+00:00" if zone is None or zone in "Zz" else f"{zone[:3]}:{zone[-2:]}"
    micro = (fraction or "").ljust(6, "0")[:6]
    try:
        return datetime.fromisoformat(
            f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}.{micro}{zone}"
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def normal_datetime(text: str) -> str | None:
    """`text` (an instant or a date) as a stored datetime, or None when it is neither."""
    moment = instant(text) or (instant(f"{text.strip()}T00:00:00") if _DATE.fullmatch(text.strip()) else None)
    return None if moment is None else stamp(moment)


def normal_date(text: str) -> str | None:
    """`text` (a date or an instant) as `YYYY-MM-DD`, or None when it is neither."""
    if _DATE.fullmatch(text.strip()):
        try:
            return date.fromisoformat(text.strip()).isoformat()
        except ValueError:
            return None
    moment = instant(text)
    return None if moment is None else moment.date().isoformat()


def http_date(text: str) -> str:
    """The RFC 1123 form (whole seconds) of a stored datetime."""
    moment = instant(text)
    return "" if moment is None else format_datetime(moment.replace(microsecond=0), usegmt=True)


def from_http_date(text: str) -> datetime | None:
    """The instant of an RFC 1123 date, or None when the text is malformed."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def text_of(row: Mapping[str, Value], field: str) -> str:
    """A text field of a row, empty when it is null."""
    value = row.get(field)
    return value if isinstance(value, str) else ""
