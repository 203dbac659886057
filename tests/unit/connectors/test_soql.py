"""SOQL text and times."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from connectors.errors import NotFound
from connectors.salesforce.soql import http_date, id_list, literal, moment, object_name, parse_time, record_id, select


@pytest.mark.parametrize(
    "value", ["", "500", "5000000000000", "500000000000001AA'", "500000000000001AAAA", "50000000000 0001"]
)
def test_what_is_no_id_never_reaches_a_query(value: str) -> None:
    """15 or 18 letters and digits, nothing else."""
    with pytest.raises(NotFound):
        record_id(value)
    with pytest.raises(NotFound):
        id_list([value])


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("500000000000001", "500000000000001AAA"),
        ("0055eN000000001", "0055eN000000001ABA"),
        ("0055eN00000000A", "0055eN00000000AABQ"),
        ("aBcDeFgHiJkLmNo", "aBcDeFgHiJkLmNoKVK"),
        ("500000000000001AAA", "500000000000001AAA"),
    ],
)
def test_ids_become_long(short: str, long: str) -> None:
    """So that the same record has one name everywhere."""
    assert record_id(short) == long


@pytest.mark.parametrize("value", ["", "Case WHERE", "Case;", "../Case", "_Case", "1Case"])
def test_what_is_no_object_never_reaches_a_query(value: str) -> None:
    """API names only."""
    with pytest.raises(NotFound):
        object_name(value)


def test_literals_cannot_end_early() -> None:
    """Quotes, backslashes and line ends are escaped."""
    assert literal("O'Neil \\ \n") == "'O\\'Neil \\\\ \\n'"


def test_select_names_each_field_once() -> None:
    """Salesforce refuses duplicates."""
    assert select(("Id", "Name", "Id"), "Case") == "SELECT Id,Name FROM Case"
    assert select(("Id",), "Case", "A = 1", "LIMIT 2") == "SELECT Id FROM Case WHERE A = 1 LIMIT 2"
    assert id_list(["500000000000001", "500000000000002AAA"]) == "('500000000000001AAA','500000000000002AAA')"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T05:53:54.000+0000", datetime(2026, 11, 24, 5, 53, 54, tzinfo=UTC)),
        ("2026-11-24T05:53:54Z", datetime(2026, 11, 24, 5, 53, 54, tzinfo=UTC)),
        ("2026-11-24T07:53:54.000+02:00", datetime(2026, 11, 24, 5, 53, 54, tzinfo=UTC)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("tomorrow", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_times_become_aware_and_utc(text: object, expected: datetime | None) -> None:
    """Salesforce writes +0000 without a colon."""
    assert parse_time(text) == expected


def test_times_go_out_in_the_form_that_each_place_wants() -> None:
    """SOQL without quotes, headers as RFC 1123 in GMT."""
    there = datetime(2026, 11, 24, 7, 53, 54, 999, tzinfo=timezone(timedelta(hours=2)))
    assert moment(there) == "2026-11-24T05:53:54Z"
    assert http_date("2026-11-24T05:53:54.000+0000") == "Tue, 24 Nov 2026 05:53:54 GMT"
    with pytest.raises(ValueError, match="version"):
        http_date("v7")
