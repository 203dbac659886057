"""Grounding: planted errors are caught, verbatim sentences are not suspected, nothing raises."""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.domain import Claim, Grounding
from sidecar.grounding import supports, verify
from tests.unit.passages import passage

SOURCE = (
    "Hi [PERSON_1], we will ship 12 units of the LP-220 to Maria Lopez by Friday. It is not fixed yet. "
    "The refund of 1,200 EUR was approved on 3 December 2026 by [PERSON_2]."
)
SHIP = "we will ship 12 units of the LP-220 to Maria Lopez by Friday."
REFUND = "The refund of 1,200 EUR was approved on 3 December 2026 by [PERSON_2]."


def check(text: str, quote: str, source: str = SOURCE, *, due: str = "", score: float = 1.0, start: int = 0) -> Claim:
    """The verdict on one claim about a message of Friday, 20 November 2026."""
    claim = Claim("state", text, 1, quote, start, start + len(quote) if start else 0, score, due=due)
    return verify([claim], [passage(1, source)])[0]


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        (SHIP.replace("12", "13"), SHIP),
        (SHIP.replace("12 units", "12 pallets"), SHIP),
        (SHIP.replace("12", "twelve hundred"), SHIP),
        (SHIP.replace("Friday", "Monday"), SHIP),
        (SHIP.replace("Maria", "Peter"), SHIP),
        (SHIP.replace("LP-220", "LP-240"), SHIP),
        (SHIP.replace("will", "will not"), SHIP),
        ("We never ship 12 units of the LP-220 to Maria Lopez by Friday.", SHIP),
        (REFUND.replace("EUR", "USD"), REFUND),
        (REFUND.replace("1,200", "12,00"), REFUND),
        (REFUND.replace("3 December", "4 December"), REFUND),
        (REFUND.replace("December", "October"), REFUND),
        (REFUND.replace("2026", "2027"), REFUND),
        (REFUND.replace("approved", "rejected"), REFUND),
        (REFUND.replace("PERSON_2", "PERSON_1"), REFUND),
        ("fixed yet.", "fixed yet."),
        ("200 EUR was approved", "200 EUR was approved"),
        ("The refund of 1", "The refund of 1"),
        ("ship 12 units of the LP-2", "ship 12 units of the LP-2"),
        (SHIP, "we will ship 99 units"),
        (SHIP, ""),
        ("", SHIP),
        ("Everything about cooking pasta with tomatoes and basil.", SHIP),
    ],
)
def test_claim_that_the_source_does_not_carry_is_refused(text: str, quote: str) -> None:
    """A changed number, unit, date, name, placeholder or negation, and a doctored quote, are UNSUPPORTED."""
    verdict = check(text, quote)
    assert verdict.grounding is Grounding.UNSUPPORTED
    assert verdict.score == 0


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        (
            "We promise compensation for the damaged device screen.",
            "The device screen is damaged, said the device team.",
        ),
        ("Replacement battery is free of charge.", "A replacement battery has its usual charge."),
        (
            "Das Gerät ist defekt, Erstattung für das Gerät folgt.",
            "Das Gerät ist defekt, Nachricht für das Gerät folgt.",
        ),
        ("The customer of line 7 committed fraud.", "The customer of line 7 committed an order."),
    ],
)
def test_nobody_adds_money_a_promise_or_the_law(text: str, quote: str) -> None:
    """Most words of the quote do not carry one that binds or accuses somebody; said with it, the sentence holds."""
    assert check(text, quote, quote).grounding is Grounding.UNSUPPORTED
    assert check(text, text, text).grounding is Grounding.VERIFIED


@pytest.mark.parametrize(
    ("text", "quote", "source"),
    [
        ("We will refund the fee.", "we will refund the fee", "If the lab confirms it, we will refund the fee."),
        ("We will refund the fee.", "We will refund the fee", "We will refund the fee, if the lab confirms it."),
        (
            "Wir erstatten die Gebühr.",
            "Wir erstatten die Gebühr",
            "Wir erstatten die Gebühr, sofern das Labor zustimmt.",
        ),
        (
            "We will refund the fee.",
            "If the lab confirms it, we will refund the fee.",
            "If the lab confirms it, we will refund the fee.",
        ),
    ],
)
def test_a_condition_is_never_left_out(text: str, quote: str, source: str) -> None:
    """Neither a quote that stops before its "if" nor a claim that forgets it is supported."""
    (checked,) = verify([Claim("state", text, 1, quote)], [passage(1, source)])
    assert checked.grounding is Grounding.UNSUPPORTED


def test_claim_about_a_missing_passage_is_refused() -> None:
    """A passage number that was never shown supports nothing."""
    (verdict,) = verify([Claim("state", SHIP, 7, SHIP)], [passage(1, SOURCE)])
    assert verdict.grounding is Grounding.UNSUPPORTED


@pytest.mark.parametrize(("due", "grounding"), [("2026-11-27", "verified"), ("2026-11-28", "unsupported")])
def test_due_date_must_follow_from_the_quote(due: str, grounding: str) -> None:
    """A due date is right only when the quote and the day of its message give it."""
    assert check(SHIP, SHIP, due=due).grounding == grounding


def test_verbatim_claim_is_verified_where_it_stands() -> None:
    """Offsets point at the quote, and the score follows the documented formula."""
    verdict = check(SHIP, SHIP, score=0.5)
    assert verdict.grounding is Grounding.VERIFIED
    assert SOURCE[verdict.start : verdict.end] == SHIP == verdict.quote
    assert verdict.score == 0.8


def test_given_offsets_choose_between_equal_quotes() -> None:
    """When a sentence stands twice, the reasoner's own place is kept."""
    source = "It works again. We waited. It works again."
    assert check("It works again.", "It works again.", source, start=27).start == 27


@pytest.mark.parametrize(
    "text",
    [
        "We will ship 12 units of the LP-220 to Maria Lopez.",
        "They will ship Maria Lopez 12 units of the LP-220 by Friday.",
        "12 units of the LP-220 will be shipped to Maria Lopez by Friday.",
    ],
)
def test_faithful_rewording_is_verified(text: str) -> None:
    """A language model may shorten and reorder."""
    assert check(text, SHIP).grounding is Grounding.VERIFIED
    assert supports(text, SHIP)


def test_the_agents_edit_is_judged_by_the_same_rules() -> None:
    """`supports` is what an edited text is checked with."""
    assert not supports("We will ship 14 units.", SHIP)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_composition_and_white_space_do_not_matter(form: Literal["NFC", "NFD"]) -> None:
    """A quote is found in another Unicode composition, and the stored quote is the passage's own text."""
    source = unicodedata.normalize("NFD" if form == "NFC" else "NFC", "Voilà : l'été dernier,\n le café était  fermé.")
    quote = unicodedata.normalize(form, "l'été dernier, le café était fermé.")
    verdict = check(quote, quote, source)
    assert verdict.grounding is Grounding.VERIFIED
    assert source[verdict.start : verdict.end] == verdict.quote


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.integers(-3, 90), st.floats())
def test_odd_input_never_raises(text: str, quote: str, source: str, start: int, score: float) -> None:
    """Any text, offset and score gives a verdict; a verified quote always stands at its offsets."""
    claim = Claim("state", text, 1, quote, start, start + 5, score, due=quote[:10])
    (verdict,) = verify([claim], [passage(1, source, day=None)])
    assert 0 <= verdict.score <= 1
    if verdict.grounding is Grounding.VERIFIED:
        assert source[verdict.start : verdict.end] == verdict.quote != ""


PEOPLE = "Anna Tom Lucía Jürgen Chloé Marco Ingrid Pavel Noor Kenji".split()  # noqa: SIM905 - reads as the list it is
THINGS = (
    "gateway GX-40",
    "pump P-9",
    "licence key",
    "invoice",
    "display panel",
    "cooling unit",
    "sensor kit",
    "router R7",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
MONTHS = ("January", "March", "May", "July", "October", "December")
SHAPES = (
    "{p} confirmed that the {t} was replaced after {n} hours on {d}.",
    "The {t} lost {n} MB of data on {k} {m} and {p} restarted it.",
    "We could not reproduce the fault of the {t} that {p} reported {n} times since {d}.",
    "Our engineer {p} will visit Hamburg on {k} {m} with {n} spare parts for the {t}.",
    "The {t} has not worked since {d}, and {p} needs {n} of them.",
    "{p} is waiting for {n} EUR, which we promised by {k} {m} for the {t}.",
    "Der Techniker {p} konnte den Fehler {n} nicht finden, obwohl {t} seit {k}. November läuft.",
    "Le client {p} n'a pas reçu les {n} pièces pour {t} le {k} novembre.",
    "El técnico {p} no encontró el fallo {n} en {t} el {k} de noviembre.",
)
NEGATIONS = {
    " could not ": " could ", " has not ": " has ", " will ": " will not ", " was ": " was not ", " is ": " is not ",
    " lost ": " never lost ", " nicht ": " ", "n'a pas ": "a ", " no ": " ",
}  # fmt: skip


def other(dice: random.Random, pool: tuple[str, ...] | list[str], current: str) -> str:
    """Another element of the pool."""
    return dice.choice([item for item in pool if item != current])


def sentences_and_errors(count: int) -> list[tuple[str, str, str]]:
    """(kind of error, true sentence, planted sentence), `count` of each kind."""
    dice = random.Random(7)
    made: list[tuple[str, str, str]] = []
    while len(made) < 4 * count:
        values = {
            "p": dice.choice(PEOPLE), "t": dice.choice(THINGS), "n": str(dice.randint(2, 9999)),
            "d": dice.choice(DAYS), "m": dice.choice(MONTHS), "k": str(dice.randint(1, 28)),
        }  # fmt: skip
        shape = dice.choice(SHAPES)
        true = shape.format(**values)
        dated = "d" if "{d}" in shape else dice.choice(["k", "m"] if "{m}" in shape else ["k"])
        swap: dict[str, Callable[[], str]] = {
            "n": lambda: str(dice.randint(10_000, 99_999)),
            "p": lambda: other(dice, PEOPLE, values["p"]),  # noqa: B023 - called in this turn of the loop
            "d": lambda: other(dice, DAYS, values["d"]),  # noqa: B023 - the same
            "m": lambda: other(dice, MONTHS, values["m"]),  # noqa: B023 - the same
            "k": lambda: str(int(values["k"]) % 28 + 1),  # noqa: B023 - the same
        }
        for kind, name in (("number", "n"), ("name", "p"), ("date", dated)):
            made.append((kind, true, shape.format(**{**values, name: swap[name]()})))
        negated = next(true.replace(old, new, 1) for old, new in NEGATIONS.items() if old in true)
        made.append(("negation", true, negated))
    return made


@pytest.mark.parametrize("kind", ["number", "name", "date", "negation"])
def test_planted_errors_are_caught(kind: str) -> None:
    """Of 500 planted errors of each kind at least 99 % are refused."""
    cases = [(true, planted) for of, true, planted in sentences_and_errors(500) if of == kind and planted != true]
    assert len(cases) >= 480
    verdicts = [check(planted, true, f"Hello. {true} Regards.").grounding for true, planted in cases]
    assert verdicts.count(Grounding.UNSUPPORTED) >= 0.99 * len(cases)


def test_verbatim_sentences_are_never_suspected() -> None:
    """No false alarm on 500 true sentences."""
    for _, true, _ in sentences_and_errors(125):
        assert check(true, true, f"Hello. {true} Regards.").grounding is Grounding.VERIFIED


def test_order_and_other_fields_stay() -> None:
    """The verdicts come in the order of the claims, which keep their section and text."""
    claims = [Claim("state", SHIP, 1, SHIP), Claim("tried", "Nonsense", 1, "Nonsense")]
    verdicts = verify(claims, [passage(1, SOURCE)])
    assert [(v.section, v.text) for v in verdicts] == [(c.section, c.text) for c in claims]
    assert replace(verdicts[0], grounding=Grounding.UNSUPPORTED, score=0.0, start=0, end=0) == claims[0]
