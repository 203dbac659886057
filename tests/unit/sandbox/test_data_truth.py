"""The ground truth says exactly what stands in the records."""

import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from random import Random

import phonenumbers
import pytest

from connectors.sandbox.data import DEMO_CASE_ID, build
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.identifiers import luhn, national_id
from connectors.sandbox.data.truth import CATEGORIES, FactKind, Place
from tests.unit.sandbox.data_world import by_id, document, records, text_at, world


def values(category: str) -> set[str]:
    """The different values of one category."""
    return {item.value for item in world()[1].planted if item.category == category}


def test_every_fact_stands_where_the_truth_says() -> None:
    """Each fact's place holds exactly its sentence, in a record of its case."""
    for story in world()[1].cases.values():
        for fact in story.facts:
            assert text_at(fact.place) == fact.text
            row = by_id()[fact.place.record_id][1]
            assert story.case_id in {row["Id"], row.get("ParentId")}


def test_every_planted_value_stands_where_the_truth_says() -> None:
    """Each piece of personal data is at its place, places do not overlap, and all categories occur."""
    taken: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for item in world()[1].planted:
        assert text_at(item.place) == item.value
        taken.setdefault((item.place.record_id, item.place.field), []).append((item.place.start, item.place.end))
    for stretches in taken.values():
        stretches.sort()
        assert all(left[1] <= right[0] for left, right in pairwise(stretches))
    assert {item.category for item in world()[1].planted} == CATEGORIES


def test_no_occurrence_of_a_planted_secret_is_forgotten() -> None:
    """Quotes repeat secrets: in every mail each one is counted as often as it stands there."""
    for category in ("card", "iban", "api_key", "national_id"):
        found = Counter(item.place.record_id for item in world()[1].planted if item.category == category)
        secrets = values(category)
        for row in records("EmailMessage"):
            bodies = f"{row['TextBody']}\n{row['HtmlBody']}"
            assert sum(bodies.count(value) for value in secrets) == found[str(row["Id"])]


def test_health_remarks_are_found_at_the_start_of_a_sentence_too() -> None:
    """A remark that opens a sentence has a capital letter, and the truth knows it so."""
    remarks = {
        value for language in ("en", "de", "fr", "es", "ja") for value in bank(f"phrases_{language}")["health_values"]
    }
    found = values("health")
    assert found & {remark[0].upper() + remark[1:] for remark in remarks} - remarks
    bodies = [f"{row['TextBody']}{row['HtmlBody']}" for row in records("EmailMessage")]
    for remark in remarks:
        stands = any(re.search(re.escape(remark), body, re.IGNORECASE) for body in bodies)
        assert stands == any(value.lower() == remark.lower() for value in found)


def test_cards_pass_luhn_and_include_the_second_mastercard_range() -> None:
    """Card numbers are valid and come from several networks."""
    numbers = {re.sub(r"\D", "", value) for value in values("card")}
    assert all(luhn(number[:-1]) == number[-1] for number in numbers)
    assert {number[:2] for number in numbers} >= {"22", "41"}
    assert len(numbers) >= 10


def test_ibans_have_valid_check_digits_of_several_countries() -> None:
    """The remainder by 97 is 1 for each."""
    accounts = {value.replace(" ", "") for value in values("iban")}
    for account in accounts:
        assert int("".join(str(int(char, 36)) for char in account[4:] + account[:4])) % 97 == 1
    assert len({account[:2] for account in accounts}) >= 4


def test_phone_numbers_are_possible_numbers_of_several_countries() -> None:
    """International numbers parse and are possible."""
    numbers = [phonenumbers.parse(value) for value in values("phone") if value.startswith("+")]
    assert all(phonenumbers.is_possible_number(number) for number in numbers)
    assert len({number.country_code for number in numbers}) >= 7


def weighted(text: str, weights: tuple[int, ...]) -> int:
    """The sum of the digits, each times its weight."""
    return sum(int(char) * weight for char, weight in zip(text, weights, strict=True))


def tax_id_is_valid(text: str) -> bool:
    """ISO 7064 MOD 11,10 over the first ten digits, of which one occurs twice."""
    product = 10
    for char in text[:10]:
        product = ((int(char) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(text[10]) and len(set(text[:10])) == 9


VALID: dict[str, Callable[[str], bool]] = {
    "es": lambda text: "TRWAGMYFPDXBNJZSQVHLCKE"[int(text[:8]) % 23] == text[8],
    "fr": lambda text: (int(text[:13]) + int(text[13:])) % 97 == 0,
    "nl": lambda text: weighted(text, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0,
    "pl": lambda text: weighted(text, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0,
    "de": tax_id_is_valid,
}


@pytest.mark.parametrize("locale", VALID)
def test_national_ids_have_valid_check_characters(locale: str) -> None:
    """Ids of countries with a checksum pass it."""
    rng = Random(3)
    made = [national_id(rng, locale).replace(" ", "") for _ in range(200)]
    assert all(VALID[locale](number) for number in made)
    assert len(set(made)) > 150


def test_national_ids_of_several_countries_are_planted() -> None:
    """The texts hold ids in at least five shapes."""
    shapes = {re.sub(r"\d", "0", re.sub(r"[A-Z]", "A", value)) for value in values("national_id")}
    assert len(shapes) >= 5


def test_forty_records_are_hostile_each_in_its_own_way() -> None:
    """Forty records in nine kinds of fields, forty disguises, every text at its place and nowhere else."""
    hostile = world()[1].hostile
    assert len({item.place.record_id for item in hostile}) == 40
    assert len({item.disguise for item in hostile}) == 40
    assert {item.place.org for item in hostile} == {"northwind", "globex"}
    assert len({(item.place.object, item.place.field) for item in hostile}) >= 9
    assert all(text_at(item.place) == item.text for item in hostile)


def test_instructions_in_hidden_markup_are_not_in_the_plain_body() -> None:
    """What the recipient's eye does not see in HTML is missing from the text part, as in real attacks."""
    hidden = [item for item in world()[1].hostile if item.disguise.startswith("html_")]
    assert len(hidden) >= 6
    for item in hidden:
        row = by_id()[item.place.record_id][1]
        assert item.place.field == "HtmlBody"
        assert not any(word in str(row["TextBody"]) for word in ("Assistant", "AI reader", "related case of other"))


@pytest.mark.parametrize("seed", [1, 23])
def test_the_truth_holds_at_other_seeds(seed: int) -> None:
    """Nothing above is luck of the default seed."""
    orgs, truth = build(seed)
    rows = {str(row["Id"]): row for _, records_of_org in orgs for _, row in records_of_org}

    def text(place: Place) -> str:
        return str(rows[place.record_id][place.field])[place.start : place.end]

    assert all(text(fact.place) == fact.text for story in truth.cases.values() for fact in story.facts)
    assert all(text(item.place) == item.value for item in truth.planted)
    assert all(text(item.place) == item.text for item in truth.hostile)
    assert len({item.place.record_id for item in truth.hostile}) == 40
    assert len(truth.cases) == 406


def test_the_demo_case_holds_what_the_demo_shows() -> None:
    """A card, an account, a phone, an address, a promise for 3 December 2026, steps, a state and one attack."""
    truth = world()[1]
    story = truth.cases[DEMO_CASE_ID]
    mails = {str(row["Id"]) for row in records("EmailMessage") if row["ParentId"] == DEMO_CASE_ID}
    found = {item.category for item in truth.planted if item.place.record_id in mails}
    assert found >= {"card", "iban", "phone", "email", "ip", "health", "name"}
    assert "2026-12-03" in {fact.due for fact in story.of(FactKind.PROMISE)}
    assert len(story.of(FactKind.TRIED)) == 3
    assert {item.disguise for item in truth.hostile if item.place.record_id in mails} == {"fake_system"}


def test_drafts_name_their_author() -> None:
    """Every unsent mail is in the truth with the user who wrote it."""
    unsent = {row["Id"]: row["CreatedById"] for row in records("EmailMessage") if row["Status"] == "5"}
    assert unsent == dict(world()[1].drafts)
    assert len(unsent) >= 20


def test_hidden_fields_are_those_of_the_profiles() -> None:
    """Field-level security in the truth is that of the documents."""
    hidden = world()[1].hidden_fields
    assert "Case.Refund_Amount__c" in hidden["northwind"]["Support Tier 1"]
    assert "Case.Refund_Amount__c" not in hidden["northwind"]["Support Tier 2"]
    for alias in ("northwind", "globex"):
        for profile in document(alias)["profiles"]:
            assert tuple(profile["hidden_fields"]) == hidden[alias][profile["Name"]]
