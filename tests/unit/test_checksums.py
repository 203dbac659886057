"""Check digits: one genuine number of each kind, and no single wrong digit passes."""

from collections.abc import Callable

import pytest

from sidecar import checksums

GENUINE: list[tuple[Callable[[str], bool], str]] = [
    (checksums.luhn, "79927398713"),
    (checksums.card, "4111111111111111"),
    (checksums.card, "2720991111111113"),
    (checksums.card, "378282246310005"),
    (checksums.iban, "DE89370400440532013000"),
    (checksums.iban, "GB29NWBK60161331926819"),
    (checksums.nhs, "9434765919"),
    (checksums.german_tax_id, "86095742719"),
    (checksums.spanish_dni, "12345678Z"),
    (checksums.spanish_dni, "X1234567L"),
    (checksums.french_nir, "255081416802538"),
    (checksums.polish_pesel, "44051401359"),
    (checksums.dutch_bsn, "111222333"),
    (checksums.swedish_personnummer, "8112289874"),
    (checksums.italian_cf, "RSSMRA85T10A562S"),
    (checksums.swiss_ahv, "7569217076985"),
    (checksums.japanese_my_number, "123456789018"),
]


@pytest.mark.parametrize(("check", "number"), GENUINE, ids=[f"{check.__name__} {n}" for check, n in GENUINE])
def test_no_single_wrong_digit_passes(check: Callable[[str], bool], number: str) -> None:
    """The genuine number is right; every number with one other digit is wrong, nearly always."""
    assert check(number)
    wrong = [
        number[:i] + other + number[i + 1 :]
        for i, char in enumerate(number)
        if char.isdecimal()
        for other in "0123456789"
        if other != char
    ]
    passed = sum(check(each) for each in wrong)
    assert passed <= 0.04 * len(wrong), passed


@pytest.mark.parametrize("digits", ["000121234", "666121234", "123001234", "123120000", "900121234"])
def test_ranges_that_were_never_given(digits: str) -> None:
    """US numbers have no check digit, but ranges that nobody has."""
    assert not checksums.us_ssn(digits)


@pytest.mark.parametrize("digits", ["123121234", "987891234"])
def test_ranges_that_are_in_use(digits: str) -> None:
    """Social security numbers and the taxpayers' numbers that look like them."""
    assert checksums.us_ssn(digits)


def test_corsica() -> None:
    """Departments 2A and 2B have letters."""
    key = 97 - int("2550819168025") % 97
    assert checksums.french_nir(f"255082A168025{key:02d}")
    assert not checksums.french_nir(f"255082B168025{key:02d}")


def test_unknown_countries_have_no_accounts() -> None:
    """The length of an account is the country's."""
    assert not checksums.iban("XX89370400440532013000")
    assert not checksums.iban("DE8937040044053201300")
