"""Ids and values: the checksum of long ids, and instants that compare as text."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.salesforce import ids, values

_ALPHABET = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=15, max_size=15)


@pytest.mark.parametrize("text", ["", "500", "5005e0000000001AA", "5005e0000000001AA!", "5005e0000000001ÀAA", "x" * 19])
def test_what_is_not_an_id_is_refused(text: str) -> None:
    """Wrong length or foreign characters are no id."""
    assert ids.canonical(text) is None


def test_checksum_of_a_published_id() -> None:
    """A known pair of a short id and its long form."""
    assert ids.widen("001A0000006Vm9u") == "001A0000006Vm9uIAC"


@given(_ALPHABET)
def test_long_ids_survive_the_loss_of_case(short: str) -> None:
    """The suffix restores the letters' case, whatever happened to it."""
    wide = ids.widen(short)
    assert (
        ids.canonical(short)
        == ids.canonical(wide)
        == ids.canonical(wide.lower())
        == ids.canonical(wide.upper())
        == wide
    )


def test_a_checksum_of_another_id_is_refused() -> None:
    """A suffix that no spelling of the fifteen letters gives is no id."""
    assert ids.canonical("001A0000006Vm9u555") is None


_MOMENTS = st.datetimes(
    datetime.fromisoformat("1700-01-01"), datetime.fromisoformat("4000-01-01"), timezones=st.just(UTC)
)


@given(_MOMENTS, _MOMENTS)
def test_stored_instants_sort_like_time(left: datetime, right: datetime) -> None:
    """Comparing the stored text compares the instants, to the millisecond."""
    left, right = (moment.replace(microsecond=moment.microsecond // 1000 * 1000) for moment in (left, right))
    assert (values.stamp(left) < values.stamp(right)) == (left < right)
    assert values.instant(values.stamp(left)) == left


@pytest.mark.parametrize("text", ["2026-11-24T05:53:54Z", "2026-11-24T06:53:54+01:00", "2026-11-24T05:53:54.000+0000"])
def test_all_spellings_of_an_instant_become_one(text: str) -> None:
    """Zones with and without colon, `Z`, and fractions are read."""
    assert values.normal_datetime(text) == "2026-11-24T05:53:54.000+0000"


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-11-24T25:00:00Z"])
def test_what_is_not_a_date_is_refused(text: str) -> None:
    """Nonsense and impossible dates are None, not an exception."""
    assert values.normal_datetime(text) is None
    assert values.normal_date(text) is None


def test_http_dates_have_whole_seconds() -> None:
    """RFC 1123 both ways; malformed text is None."""
    assert values.http_date("2026-11-24T05:53:54.999+0000") == "Tue, 24 Nov 2026 05:53:54 GMT"
    assert values.from_http_date("Tue, 24 Nov 2026 05:53:54 GMT") == datetime(2026, 11, 24, 5, 53, 54, tzinfo=UTC)
    assert values.from_http_date("yesterday") is None
