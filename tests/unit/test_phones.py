"""Which runs of digits are phone numbers, by how they are written and by what is said before them."""

import pytest

from sidecar.recognisers import find

PHONES = [
    "+49 (0)30 23125 123", "+44 20 7946 0123", "+33 1 99 00 12 34", "+34 612 34 56 78", "+81 3-5550-0190",
    "+1 (415) 555-0132", "+48 512 345 678", "030 23125123", "020 7946 0123", "06 12 34 56 78", "612 34 56 78",
    "090-1234-5678", "415-555-0132",
]  # fmt: skip
NUMBERS = [
    "order number 0301234567", "Bestellnummer: 030 1234567", "invoice 415-555-0132", "Seriennummer 0171 3920012",
    "2026-11-24 10:00", "24.11.2026", "2025-2026", "1.234.567,89 EUR", "12 345 678 kWh", "ticket #0301234567",
    "SN0301234567", "1234567", "firmware 4.12.0301", "tracking 0340 4349 8123 4567",
]  # fmt: skip


@pytest.mark.parametrize("number", PHONES)
@pytest.mark.parametrize("said", ["Call me on {}.", "Tel.: {}", "My new number: {}, from Monday"])
def test_a_phone_number_is_found_whole(number: str, said: str) -> None:
    """In the national and in the international form of six countries."""
    text = said.format(number)
    assert [(span.category, text[span.start : span.end]) for span in find(text)] == [("phone", number)]


@pytest.mark.parametrize("text", NUMBERS)
def test_other_numbers_are_no_phones(text: str) -> None:
    """What stands before or behind a number says what it is."""
    assert not find(text)
