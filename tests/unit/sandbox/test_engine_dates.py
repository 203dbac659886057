"""Date literals: every one of the SOQL guide as a span, and days that begin where the user is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.sandbox.salesforce.date_literals import span
from tests.unit.sandbox.engine_world import ANN, BEN, CASE_ANN, World

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("literal", "start", "end"),
    [
        ("YESTERDAY", "2026-11-23", "2026-11-24"),
        ("TODAY", "2026-11-24", "2026-11-25"),
        ("TOMORROW", "2026-11-25", "2026-11-26"),
        ("LAST_WEEK", "2026-11-15", "2026-11-22"),
        ("THIS_WEEK", "2026-11-22", "2026-11-29"),
        ("NEXT_WEEK", "2026-11-29", "2026-12-06"),
        ("LAST_MONTH", "2026-10-01", "2026-11-01"),
        ("THIS_MONTH", "2026-11-01", "2026-12-01"),
        ("NEXT_MONTH", "2026-12-01", "2027-01-01"),
        ("LAST_90_DAYS", "2026-08-26", "2026-11-25"),
        ("NEXT_90_DAYS", "2026-11-25", "2027-02-23"),
        ("LAST_N_DAYS:7", "2026-11-17", "2026-11-25"),
        ("NEXT_N_DAYS:7", "2026-11-25", "2026-12-02"),
        ("N_DAYS_AGO:3", "2026-11-21", "2026-11-22"),
        ("LAST_N_WEEKS:2", "2026-11-08", "2026-11-22"),
        ("NEXT_N_WEEKS:2", "2026-11-29", "2026-12-13"),
        ("N_WEEKS_AGO:2", "2026-11-08", "2026-11-15"),
        ("LAST_N_MONTHS:2", "2026-09-01", "2026-11-01"),
        ("NEXT_N_MONTHS:2", "2026-12-01", "2027-02-01"),
        ("N_MONTHS_AGO:2", "2026-09-01", "2026-10-01"),
        ("LAST_QUARTER", "2026-07-01", "2026-10-01"),
        ("THIS_QUARTER", "2026-10-01", "2027-01-01"),
        ("NEXT_QUARTER", "2027-01-01", "2027-04-01"),
        ("LAST_N_QUARTERS:2", "2026-04-01", "2026-10-01"),
        ("NEXT_N_QUARTERS:2", "2027-01-01", "2027-07-01"),
        ("N_QUARTERS_AGO:2", "2026-04-01", "2026-07-01"),
        ("LAST_YEAR", "2025-01-01", "2026-01-01"),
        ("THIS_YEAR", "2026-01-01", "2027-01-01"),
        ("NEXT_YEAR", "2027-01-01", "2028-01-01"),
        ("LAST_N_YEARS:2", "2024-01-01", "2026-01-01"),
        ("NEXT_N_YEARS:2", "2027-01-01", "2029-01-01"),
        ("N_YEARS_AGO:2", "2024-01-01", "2025-01-01"),
        ("LAST_FISCAL_QUARTER", "2026-07-01", "2026-10-01"),
        ("THIS_FISCAL_QUARTER", "2026-10-01", "2027-01-01"),
        ("NEXT_FISCAL_QUARTER", "2027-01-01", "2027-04-01"),
        ("LAST_N_FISCAL_QUARTERS:2", "2026-04-01", "2026-10-01"),
        ("NEXT_N_FISCAL_QUARTERS:2", "2027-01-01", "2027-07-01"),
        ("N_FISCAL_QUARTERS_AGO:2", "2026-04-01", "2026-07-01"),
        ("LAST_FISCAL_YEAR", "2025-01-01", "2026-01-01"),
        ("THIS_FISCAL_YEAR", "2026-01-01", "2027-01-01"),
        ("NEXT_FISCAL_YEAR", "2027-01-01", "2028-01-01"),
        ("LAST_N_FISCAL_YEARS:2", "2024-01-01", "2026-01-01"),
        ("NEXT_N_FISCAL_YEARS:2", "2027-01-01", "2029-01-01"),
        ("N_FISCAL_YEARS_AGO:2", "2024-01-01", "2025-01-01"),
    ],
)
def test_spans(literal: str, start: str, end: str) -> None:
    """The half-open span, and the parser takes the literal."""
    name, _, number = literal.partition(":")
    begin, stop = span(name.lower(), int(number or 0), NOW)
    assert (begin.isoformat(), stop.isoformat()) == (f"{start}T00:00:00+00:00", f"{end}T00:00:00+00:00")
    assert World().soql(ANN, f"SELECT Id FROM Case WHERE CreatedDate = {literal}").status == 200


def test_a_day_has_the_length_that_the_clocks_give_it() -> None:
    """Spans keep to local midnight when summer time ends."""
    begin, stop = span("today", 0, datetime(2026, 10, 25, 12, tzinfo=ZoneInfo("Europe/Berlin")))
    assert (begin.astimezone(UTC).hour, stop.astimezone(UTC).hour) == (22, 23)


def test_today_is_where_the_user_is() -> None:
    """Late in the evening in UTC it is tomorrow in Tokyo."""
    world = World()
    world.org.touch(CASE_ANN, CreatedDate="2026-11-24T07:00:00.000+0000", OwnerId=ANN)
    world.clock.advance(hours=10)
    question = "SELECT Id FROM Case WHERE CreatedDate = TODAY"
    assert world.ids(ANN, question) == [CASE_ANN]
    world.org.touch(ANN, TimeZoneSidKey="Asia/Tokyo")
    assert world.ids(ANN, question) == []
    world.org.touch(ANN, TimeZoneSidKey="Nowhere/Land")
    assert world.ids(ANN, question) == [CASE_ANN]
    assert world.ids(BEN, question) == []
