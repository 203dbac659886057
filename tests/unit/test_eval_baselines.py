"""Pickers, ROUGE, edit distance and intervals, on cases small enough to do by hand."""

import random

import pytest
from rouge_score.rouge_scorer import RougeScorer  # type: ignore[import-untyped]  # has no types

from bench.eval.baselines import baselines, lead, longest, oracle
from bench.eval.intervals import ratio
from bench.eval.review import distance, edits, stay
from sidecar.errors import Misconfigured
from sidecar.evaluation.rouge import Rouge, Score, mean

TOLD = [
    "Hello!",
    "The printer in the office has been broken since Monday.",
    "Thanks.",
    "We sent a new printer to the office on Tuesday.",
    "The printer in the office works again since Tuesday.",
    "Bye.",
]


@pytest.fixture(scope="module")
def rouge() -> Rouge:
    """One scorer."""
    return Rouge()


def test_without_the_package_measuring_says_what_to_install() -> None:
    """An installation without the extra gets one sentence, not a traceback."""

    def missing(name: str) -> None:
        raise ImportError(name)

    with pytest.raises(Misconfigured, match=r"crm-sidecar\[eval\]"):
        Rouge(load=missing)


def test_identical_texts_score_one_in_any_script(rouge: Rouge) -> None:
    """Also where the package's own tokenizer sees nothing at all."""
    for text in ("The pump leaks again.", "Die Größe passt nicht.", "ポンプがまた漏れています。", "ปั๊มรั่วอีกแล้ว"):
        assert rouge.score(text, text) == Score(1.0, 1.0, 1.0)
    assert rouge.score("ポンプがまた漏れています。", "請求書が届きません。").rougeL < 0.2
    assert rouge.score("The pump leaks.", "") == Score()


def test_english_scores_are_those_of_the_package(rouge: Rouge) -> None:
    """Our tokenizer changes nothing for ASCII text."""
    plain = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    text = "Re: ticket #4711 (urgent!) - she's been waiting 3 days, v2.1 isn't working"
    for told in TOLD:
        expected = plain.score(text, told)
        assert rouge.score(text, told) == Score(*(expected[name].fmeasure for name in expected))


def test_mean_of_nothing_is_zero() -> None:
    """No draft, no score."""
    assert mean([]) == Score()
    assert mean([Score(1, 1, 1), Score(0, 0.5, 0)]) == Score(0.5, 0.75, 0.5)


def test_lead_and_longest_pick_what_their_names_say() -> None:
    """In the order of the text, and all of them when there are not enough."""
    assert lead(TOLD, 3) == [0, 1, 2]
    assert longest(TOLD, 2) == [1, 4]
    assert lead(TOLD[:2], 7) == longest(TOLD[:2], 7) == [0, 1]


def test_lexrank_picks_what_shares_most(rouge: Rouge) -> None:
    """The sentence between the two others is the most central one; nothing breaks on little text."""
    rank = baselines(rouge)["LexRank"]
    assert rank(["Red blue.", "Grey.", "Red blue green black.", "Green black.", "White."], 1, "") == [2]
    assert rank([], 3, "") == []
    assert rank(["Alone."], 3, "") == [0]
    assert rank(["Twice.", "Twice.", "Once."], 3, "") == [0, 1, 2]


def test_random_picks_are_those_of_the_seed(rouge: Rouge) -> None:
    """Repeatable, and not always the same."""
    pick = baselines(rouge)["random"]
    assert pick(TOLD, 2, "a") == pick(TOLD, 2, "a")
    assert len({tuple(pick(TOLD, 2, str(seed))) for seed in range(30)}) > 5


def test_the_oracle_beats_all_others(rouge: Rouge) -> None:
    """On average over many made-up references; it also stops when more would lower the score."""
    rng = random.Random(7)
    words = sorted({word for told in TOLD for word in rouge.tokenize(told)})
    scores: dict[str, list[Score]] = {}
    for number in range(40):
        reference = " ".join(rng.choices(words, k=12))
        picks = {who: pick(TOLD, 2, str(number)) for who, pick in baselines(rouge).items()}
        picks["oracle"] = oracle(TOLD, 2, reference, rouge)
        for who, chosen in picks.items():
            scores.setdefault(who, []).append(rouge.score(reference, " ".join(TOLD[i] for i in chosen)))
    best = mean(scores.pop("oracle"))
    for others in map(mean, scores.values()):
        assert best.rouge1 > others.rouge1
        assert best.rougeL > others.rougeL
    assert oracle(TOLD, 5, TOLD[3], rouge) == [3]
    assert oracle([], 3, "Anything", rouge) == []


def test_distance_counts_words_to_change() -> None:
    """Insertions, deletions and replacements, as a share of the longer text."""
    assert distance("abc", "abc") == 0
    assert distance("abcd", "axc") == 0.5
    assert distance([], ["a"]) == 1
    assert distance([], []) == 0
    assert edits("The pump LEAKS.", "the pump leaks") == 0


def test_a_sentence_stays_when_half_of_it_is_wanted() -> None:
    """Content words count, stop words do not; a sentence without any does not stay."""
    said = ["The pump leaks badly.", "Greetings from Lyon.", "And so?"]
    assert stay(said, "Her pump leaks since Monday") == 1


def test_ratio_is_against_the_best_and_its_interval_holds_it() -> None:
    """The best competitor is named; equal figures give 1 in every draw; weights count."""
    found = ratio([2.0, 4.0, 6.0], {"a": [1.0, 2.0, 3.0], "b": [0.0, 0.0, 1.0]})
    assert (found.value, found.best) == (2.0, "a")
    assert found.low == pytest.approx(2.0)
    assert found.high == pytest.approx(2.0)
    assert ratio([1.0, 0.0], {"a": [0.0, 1.0]}, [3, 1]).value == 3.0
    spread = ratio([1.0, 2.0, 9.0], {"a": [1.0, 2.0, 3.0]})
    assert spread.low < spread.value < spread.high
    assert spread == ratio([1.0, 2.0, 9.0], {"a": [1.0, 2.0, 3.0]})
