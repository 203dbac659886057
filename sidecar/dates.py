"""Dates that a sentence names, as calendar days: absolute ones, and ones relative to the day it was written.

Understands ISO and numeric forms, month names, weekdays and spans ("within two business days") in the languages of
`sidecar.date_patterns`. What stays ambiguous (03/12 in an English text) is left out rather than guessed. Days of the
past ("since Monday", "letzten Freitag") are no due dates.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sidecar import date_patterns as forms
from sidecar.lexicon import NUMBERS

_DAY_FIRST_LANGUAGES: Final = frozenset({"de", "fr", "es", "it", "pt", "nl"})
_ALSO_WORDS: Final = frozenset({"may", "march", "mar", "mars", "set", "out", "ago"})
"""Month names that are other words too: before a number they count only with a capital ("May 3", not "may 3")."""
_FRIDAY: Final = 4
_SATURDAY: Final = 5
_LAST_MONTH: Final = 12
_PAST_TOLERANCE: Final = timedelta(days=60)
_HOURS_PER_DAY: Final = 24


@dataclass(frozen=True, slots=True)
class Mention:
    """A day that text[start:end] names. `deadline` says that a word such as "by" stands before it."""

    start: int
    end: int
    day: date
    deadline: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """One match with what decides its meaning: the day of writing, the language, the words around it."""

    match: re.Match[str]
    written: date | None
    language: str
    before: str
    after: str
    original: str


def due(text: str, written: date | None, *, language: str = "") -> str:
    """The day by which `text` promises something, as YYYY-MM-DD, or "".

    Prefers a day with a deadline word ("by Friday"), then the first day that is not before `written`. `language` is a
    two-letter code, or "en_US"/"en_GB"; it decides the order of 03/12.
    """
    named = [m for m in mentions(text, written, language=language) if written is None or m.day >= written]
    best = next((m for m in named if m.deadline), named[0] if named else None)
    return best.day.isoformat() if best else ""


def mentions(text: str, written: date | None, *, language: str = "") -> list[Mention]:
    """Every day that `text` names, in order. Without `written` only complete dates count."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters grow in lower case; offsets must stay those of the text
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    lowered = lowered.replace("\u2019", "'")
    if lowered.isascii() and forms.HINTS.isdisjoint(forms.HINT_WORD.findall(lowered)) and not forms.DIGIT.search(text):
        return []
    return list(_mentions(text, lowered, written, language))


def _mentions(text: str, lowered: str, written: date | None, language: str) -> Iterator[Mention]:
    for match in forms.FORMS.finditer(lowered):
        start, end = match.span()
        before, after = lowered[max(0, start - 40) : start], lowered[end : end + 30]
        deadline = bool(forms.DEADLINE.search(before)) or after.startswith("まで")
        if not deadline and (forms.PAST.search(before) or forms.PAST_AFTER.search(after)):
            continue
        kind = next(kind for kind in forms.KINDS if match[kind])
        try:
            day = _READERS[kind](_Found(match, written, language, before, after, text[start:end]))
        except (ValueError, OverflowError):
            continue
        if day is not None:
            yield Mention(start, end, day, deadline or kind in {"span", "jaspan"})


def _numeric(year: str, month: str, day: str) -> Callable[[_Found], date | None]:
    return lambda f: _day(f.match[year], int(f.match[month]), int(f.match[day]), f.written)


def _day_month(f: _Found) -> date | None:
    return _day(f.match["fy"], forms.MONTHS[f.match["fm"].rstrip(".")], int(f.match["fd"]), f.written)


def _month_day(f: _Found) -> date | None:
    month = f.match["mm"].rstrip(".")
    if month in _ALSO_WORDS and not f.original[0].isupper():
        return None
    return _day(f.match["my"], forms.MONTHS[month], int(f.match["md"]), f.written)


def _slashed(f: _Found) -> date | None:
    first, second = int(f.match["sa"]), int(f.match["sb"])
    if first > _LAST_MONTH or first == second or f.language == "en_GB" or f.language[:2] in _DAY_FIRST_LANGUAGES:
        return _day(f.match["sy"], second, first, f.written)
    if second > _LAST_MONTH or f.language == "en_US":
        return _day(f.match["sy"], first, second, f.written)
    return None


def _day(year: str | None, month: int, day: int, written: date | None) -> date | None:
    """The calendar day; without a year, the next such day after `written` or one at most 60 days before it."""
    if year is not None:
        return date(int(year) % 100 + 2000, month, day)
    if written is None:
        return None
    near = date(written.year, month, day)
    return near if near >= written - _PAST_TOLERANCE else date(written.year + 1, month, day)


def _since(reader: Callable[[date, _Found], date | None]) -> Callable[[_Found], date | None]:
    """A form that means nothing without the day of writing."""
    return lambda f: reader(f.written, f) if f.written else None


def _named_weekday(written: date, f: _Found) -> date:
    following = bool(forms.NEXT.search(f.before) or forms.NEXT_AFTER.search(f.after))
    return _weekday(forms.WEEKDAYS[f.match["weekday"]], written, following=following)


def _weekday(weekday: int, written: date, *, following: bool) -> date:
    """The next such day after `written`; with `following`, the one in the next calendar week."""
    if following:
        return written + timedelta(days=7 - written.weekday() + weekday)
    return written + timedelta(days=(weekday - written.weekday() - 1) % 7 + 1)


def _span(written: date, f: _Found) -> date | None:
    if not (forms.SPAN_LEAD.search(f.before) or forms.SPAN_AFTER.search(f.after)):
        return None
    count = NUMBERS.get(f.match["count"]) or int(f.match["count"])
    unit = next(name for name in ("business", "days", "weeks", "hours") if f.match[name])
    return _after(count, unit, written)


def _after(count: int, unit: str, written: date) -> date:
    if unit in {"business", "営業日"}:
        day = written
        while count > 0:
            day += timedelta(days=1)
            count -= day.weekday() < _SATURDAY
        return day
    if unit in {"hours", "時間"}:
        return written + timedelta(days=-(-count // _HOURS_PER_DAY))
    return written + timedelta(days=count * (7 if unit in {"weeks", "週間"} else 1))


def _end_of_month(written: date, _: _Found) -> date:
    return (written.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


_READERS: Final[Mapping[str, Callable[[_Found], date | None]]] = {
    "iso": _numeric("iy", "im", "id"),
    "ja": _numeric("jy", "jm", "jd"),
    "dot": _numeric("dy", "dm", "dd"),
    "slash": _slashed,
    "dayfirst": _day_month,
    "monthfirst": _month_day,
    "endweek": _since(lambda written, _: written + timedelta(days=(_FRIDAY - written.weekday()) % 7)),
    "nextweek": _since(lambda written, _: _weekday(_FRIDAY, written, following=True)),
    "endmonth": _since(_end_of_month),
    "span": _since(_span),
    "jaspan": _since(lambda written, f: _after(int(f.match["jn"]), f.match["ju"], written)),
    "word": _since(lambda written, f: written + timedelta(days=forms.DAY_WORDS.get(f.match["word"], 1))),
    "weekday": _since(_named_weekday),
    "eod": _since(lambda written, _: written),
}
