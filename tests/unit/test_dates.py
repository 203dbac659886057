"""Due dates: what a sentence names, told from what it does not."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.dates import due, mentions

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We ship on 03/12", "en"),
        ("The fault is there since Monday.", "en"),
        ("It failed last Friday.", "en"),
        ("Der Fehler besteht seit Montag.", "de"),
        ("Guten Morgen, es geht um den Drucker.", "de"),
        ("Depuis lundi rien ne marche.", "fr"),
        ("Please update to version 3.12.4.", "en"),
        ("The host is 10.0.0.1", "en"),
        ("It ran for 3 days.", "en"),
        ("You may 3 times press the button.", "en"),
        ("We meet on 31 February.", "en"),
        ("We tried 3 times, no luck.", "en"),
        ("Use port 5/6 and 40/41.", "en"),
        ("", "en"),
    ],
)
def test_no_date_is_made_up(text: str, language: str) -> None:
    """Ambiguous dates, days of the past, versions, durations and impossible days are no due date."""
    assert due(text, TUESDAY, language=language) == ""


@pytest.mark.parametrize(
    ("text", "expected", "language"),
    [
        ("We ship on 2026-12-03.", "2026-12-03", "en"),
        ("We ship on 3 December 2026.", "2026-12-03", "en"),
        ("We ship by Dec 3.", "2026-12-03", "en"),
        ("We ship on December 1st, 2026", "2026-12-01", "en"),
        ("We ship by January 5", "2027-01-05", "en"),
        ("We ship on May 3", "2027-05-03", "en"),
        ("We ship on 12/25.", "2026-12-25", "en"),
        ("We ship on 03/12.", "2026-12-03", "en_GB"),
        ("We ship on 12/03.", "2026-12-03", "en_US"),
        ("We ship by Friday.", "2026-11-27", "en"),
        ("We ship by Tuesday.", "2026-12-01", "en"),
        ("We ship next Friday.", "2026-12-04", "en"),
        ("We ship tomorrow.", "2026-11-25", "en"),
        ("We ship the day after tomorrow.", "2026-11-26", "en"),
        ("We ship within 2 business days.", "2026-11-26", "en"),
        ("We ship within five working days.", "2026-12-01", "en"),
        ("We ship in 3 weeks.", "2026-12-15", "en"),
        ("We answer within 24 hours.", "2026-11-25", "en"),
        ("We ship by the end of the week.", "2026-11-27", "en"),
        ("We ship by the end of the month.", "2026-11-30", "en"),
        ("You will have it by end of day.", "2026-11-24", "en"),
        ("Since your call on Monday we know the cause and will ship by Friday.", "2026-11-27", "en"),
        ("The order of 20.11.2026 will arrive by 01.12.2026.", "2026-12-01", "en"),
        ("Wir liefern am 03.12.2026.", "2026-12-03", "de"),
        ("Wir liefern am 03.12.", "2026-12-03", "de"),
        ("Wir liefern am 3. Dezember.", "2026-12-03", "de"),
        ("Wir liefern bis Freitag.", "2026-11-27", "de"),
        ("Wir liefern bis Ende der Woche.", "2026-11-27", "de"),
        ("Wir melden uns bis morgen.", "2026-11-25", "de"),
        ("Wir melden uns übermorgen.", "2026-11-26", "de"),
        ("Wir melden uns innerhalb von zwei Werktagen.", "2026-11-26", "de"),
        ("Nous livrons le 3 décembre.", "2026-12-03", "fr"),
        ("Nous livrons le 1er décembre 2026.", "2026-12-01", "fr"),
        ("Nous livrons le 03/12.", "2026-12-03", "fr"),
        ("Nous livrons d'ici vendredi.", "2026-11-27", "fr"),
        ("Nous livrons d\u2019ici vendredi.", "2026-11-27", "fr"),
        ("Nous livrons avant la fin de la semaine.", "2026-11-27", "fr"),
        ("Nous rappelons dans 3 jours.", "2026-11-27", "fr"),
        ("Lo enviamos antes del viernes.", "2026-11-27", "es"),
        ("Lo enviamos el 5 de enero de 2027.", "2027-01-05", "es"),
        ("Le llamamos mañana.", "2026-11-25", "es"),
        ("12月3日までにお送りします。", "2026-12-03", "ja"),
        ("2026年12月3日に交換します。", "2026-12-03", "ja"),
        ("金曜日までにご連絡します。", "2026-11-27", "ja"),
        ("3営業日以内に対応します。", "2026-11-27", "ja"),
    ],
)
def test_due_date_is_found(text: str, expected: str, language: str) -> None:
    """Absolute and relative dates of the supported languages become a day, counted from the day of writing."""
    assert due(text, TUESDAY, language=language) == expected


def test_a_deadline_goes_before_another_date() -> None:
    """Of several days the one with a deadline word is due."""
    assert due("I am off on Wednesday and will send it by Friday.", TUESDAY) == "2026-11-27"


def test_relative_days_need_a_day_of_writing() -> None:
    """Without the message's date only complete dates count."""
    assert due("We ship tomorrow or on 3 December.", None) == ""
    assert due("We ship on 3 December 2026.", None) == "2026-12-03"


@given(st.dates(date(2001, 1, 1), date(2098, 1, 1)), st.integers(1, 14))
def test_weekdays_are_always_in_the_future(written: date, count: int) -> None:
    """A weekday means one of the coming seven days; working days never end on a weekend."""
    friday = date.fromisoformat(due("by Friday", written))
    assert timedelta(0) < friday - written <= timedelta(days=7)
    assert friday.weekday() == 4
    assert date.fromisoformat(due(f"within {count} business days", written)).weekday() < 5


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    """No text raises, and every mention is a place in the text."""
    for mention in mentions(text, TUESDAY):
        assert 0 <= mention.start < mention.end <= len(text)


def test_offsets_hold_beside_letters_that_grow_in_lower_case() -> None:
    """Offsets are those of the original text."""
    text = "İİİ ship by Friday"
    (mention,) = mentions(text, TUESDAY)
    assert text[mention.start : mention.end] == "Friday"
