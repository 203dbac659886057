"""Placeholders: what is replaced, what comes back, and what never does."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.masking import PLACEHOLDER, Placeholders, generic, mask
from sidecar.recognisers import NEVER_RESTORED, find

ALL = frozenset({"person", "email", "phone", "address"})
PEOPLE = {
    "person": ["Anna Müller", "Dr. Jean-Pierre O'Neil", "岡崎 健太", "林 明", "Will May"],
    "email": ["anna.mueller@pumps.example"],
    "phone": ["+49 30 23125 123"],
    "address": ["12 Mill Lane"],
}


def known() -> Placeholders:
    """The people of a case."""
    made = Placeholders()
    made.learn(PEOPLE)
    return made


@pytest.mark.parametrize(
    "name",
    [
        "Anna Müller",
        "ANNA MÜLLER",
        "anna müller",
        "Müller, Anna",
        "Anna Mueller",
        "Anna Muller",
        "Anna",
        "Müller",
        "MÜLLER",
        "Mueller",
        "Jean-Pierre O'Neil",
        "Jean-Pierre",
        "O'Neil",
        "岡崎 健太",
        "岡崎健太",
        "岡崎",
        "林様",
        "林さん",
    ],
)
def test_a_known_person_is_masked_in_every_form(name: str) -> None:
    """As people write names of each other, in every script."""
    text = f"Please ask {name}, or not." if name.isascii() else f"「{name}」"
    masked = mask(text, known())
    assert name not in masked
    assert "[PERSON_1]" in masked


@pytest.mark.parametrize("text", ["we will call you in may", "the annals", "森林の中", "Mullerian", "Annabel"])
def test_words_that_only_resemble_a_name_stay(text: str) -> None:
    """Single names count as they are written in the CRM, and as whole words only."""
    assert mask(text, known()) == text


def test_a_genitive_keeps_its_ending() -> None:
    """German and English possessives."""
    assert mask("Annas Pumpe, Anna's pump", known()) == "[PERSON_1]s Pumpe, [PERSON_1]'s pump"


def test_the_same_secret_has_one_placeholder_and_is_counted_once() -> None:
    """However it is written; what may come back has one for each spelling, so that it comes back as it stood."""
    placeholders = known()
    masked = mask("4111 1111 1111 1111 or 4111-1111-1111-1111 of anna müller; Anna Müller", placeholders)
    assert masked == "[CARD_1] or [CARD_1] of [PERSON_1]; [PERSON_2]"
    assert placeholders.counts() == {"card": 1, "person": 1}
    assert placeholders.restore(masked, ALL).endswith("of anna müller; Anna Müller")


def test_a_secret_is_swept_where_nothing_gives_it_away() -> None:
    """Recognised once by its label, hidden wherever it stands."""
    placeholders = known()
    mask("The password is hunter2!x.", placeholders)
    assert placeholders.sweep("I typed hunter2!x twice") == "I typed [CREDENTIAL_1] twice"
    assert placeholders.sweep("hunter2!xy") == "hunter2!xy"


def test_a_link_is_only_a_word_to_the_reader() -> None:
    """No passage and no claim can hold one; what a sentence put behind it stays."""
    placeholders = known()
    masked = mask("See (https://x.example/a?b=1), [docs](www.x.example/anna) and HTTPS://X.example.", placeholders)
    assert masked == "See ([LINK_1]), [docs]([LINK_2]) and [LINK_3]."
    assert placeholders.restore(masked, ALL | {"link"}) == "See ([link]), [docs]([link]) and [link]."


@pytest.mark.parametrize("category", sorted(NEVER_RESTORED - {"link"}))
def test_what_never_comes_back(category: str) -> None:
    """Not even when a purpose lists it: the reader sees its kind, of cards and accounts also the end."""
    placeholders = Placeholders()
    token = placeholders.token(category, "DE89 3704 4471")
    shown = placeholders.restore(token, {category})
    assert "3704" not in shown
    assert shown == (
        f"[{category} ending 4471]" if category in ("card", "iban") else f"[{category.replace('_', ' ')} hidden]"
    )


def test_only_own_placeholders_are_restored() -> None:
    """A placeholder that was in the text is taken apart; one that nobody gave out stays as it is."""
    placeholders = known()
    assert mask("[PERSON_1] and Anna", placeholders) == "(PERSON 1) and [PERSON_1]"
    assert placeholders.restore("[PERSON_1] [PERSON_2] [PERSON_1", ALL) == "Anna [PERSON_2] [PERSON_1"


def test_repr_and_generic_reveal_nothing() -> None:
    """What may end up in a log or in the index holds neither values nor numbering."""
    placeholders = known()
    masked = mask("Anna: 4111 1111 1111 1111", placeholders)
    assert generic(masked) == "person: card"
    assert "Anna" not in repr(placeholders) + repr(placeholders._masks)


PIECES = st.sampled_from([
    *PEOPLE["person"], *PEOPLE["email"], *PEOPLE["phone"], "anna", "Müller", "林様", "[PERSON_1]", "[CARD_1]", " ",
    "\n", ", ", "jo@x.example", "0171 3920012", "é", "\u200b", "漢", "1", "\ud800", "s", "12 mill lane",
])  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES, max_size=25).map("".join)))
def test_what_is_masked_comes_back_as_it_stood(text: str) -> None:
    """For every text without forged placeholders and without secrets, mask and restore are the identity."""
    placeholders = known()
    masked = mask(text, placeholders)
    harmless = PLACEHOLDER.sub(r"(\1 \2)", text)
    if not placeholders.counts().keys() & NEVER_RESTORED:
        assert placeholders.restore(masked, ALL) == harmless
    assert not [span for span in find(PLACEHOLDER.sub("", masked)) if span.category in NEVER_RESTORED]


@given(
    st.lists(st.sampled_from(["https://", "http", "s", ":", "//", "www.", "x", "é", "漢", ".", ")", " "])).map("".join)
)
def test_no_link_is_left(text: str) -> None:
    """However the pieces fall, masked text holds no scheme and no host that begins with www."""
    masked = mask(text, Placeholders())
    assert not re.search(r"https?://|www\.[a-z0-9]", masked, re.IGNORECASE)


SECRETS = st.sampled_from(
    ["4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "219-09-9999", "203.0.113.7", "AKIAIOSFODNN7EXAMPLE"]
)


@given(st.text(), SECRETS, st.text())
def test_a_secret_between_words_is_always_masked(before: str, secret: str, after: str) -> None:
    """Whatever surrounds it, as long as it stands alone."""
    placeholders = Placeholders()
    masked = mask(f"{before} ; {secret} ; {after}", placeholders)
    assert f" {secret} " not in masked
    assert secret not in placeholders.restore(masked, ALL | NEVER_RESTORED)
