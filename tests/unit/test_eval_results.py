"""The figures of `make eval`: what counts as said and as borrowed, and what stands in the results and the report."""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from bench.eval.baselines import COMPETING
from bench.eval.facts import BOUND, Facts, held, most, recalled
from bench.eval.measure import Measured, rows
from bench.eval.report import page
from bench.eval.scores import KINDS, ORACLE, OURS, Scores, dev, evaluate, references
from bench.eval.stories import OWN, QUOTED, SIGNATURE, Told, tell
from bench.results import store
from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.domain import OWN_MARK
from sidecar.evaluation.items import Way
from sidecar.text import sentences

BENCH = Path(__file__).parents[2] / "bench"
FROZEN = "c645ea9e69d5ece4b1a24b98768f277bc24c247331b7950e451325e7fedfbb48"
NAMED = ("fact_recall", "fact_recall_vs_best_baseline", "rouge_l_vs_best_baseline", "citation_coverage")


@pytest.fixture(scope="module")
def stories() -> list[Told]:
    """A dozen cases of the development seed, from the shortest to the longest."""
    return tell(7, 12)


@pytest.fixture(scope="module")
def facts(stories: list[Told]) -> Facts:
    """What the reasoner says of them."""
    return recalled(stories, ExtractiveReasoner())


@pytest.fixture(scope="module")
def scores() -> Scores:
    """Two development conversations of each kind: the frozen references are for `make eval` alone."""
    return evaluate([item for kind in KINDS for item in dev(kind)[:2]], ExtractiveReasoner())


@pytest.fixture(scope="module")
def measured(facts: Facts, scores: Scores) -> Measured:
    """As `measure` returns it, of much less."""
    return Measured(facts, {Way.THREAD: scores, Way.TRANSCRIPT: scores}, scores)


def test_the_references_are_those_that_were_written_first() -> None:
    """Sixty of five kinds, not a byte changed since."""
    assert hashlib.sha256((BENCH / "eval" / "references.jsonl").read_bytes()).hexdigest() == FROZEN
    counts = Counter(item.kind for item in references())
    assert counts.keys() == set(KINDS)
    assert counts.total() == 60


def test_only_the_final_measurement_reads_the_references() -> None:
    """Nothing that tunes comes near them."""
    code = {path.name: path.read_text("utf-8") for path in BENCH.rglob("*.py")}
    assert [name for name, text in code.items() if "references.jsonl" in text] == ["scores.py"]
    assert [name for name, text in code.items() if re.search(r"(?<!def )\breferences\(\)", text)] == ["measure.py"]


def test_a_fact_is_said_when_most_of_its_words_stand_in_one_sentence() -> None:
    """Four of five content words are enough, three are not, and two sentences do not help each other."""
    fact = "Gateway seventeen lost power yesterday"
    said = ["The gateway seventeen lost power.", "Gateway seventeen lost.", "Power yesterday."]
    assert held([fact], said) == [{0}, set(), set()]


def test_most_is_what_the_best_sentences_hold_together() -> None:
    """Sentences that repeat each other add nothing."""
    assert most([{0, 1}, {0}, {2}, {1, 2}], 2) == 3
    assert most([], 7) == 0


def test_cases_are_spread_over_all_lengths(stories: list[Told]) -> None:
    """From five messages on, each with facts and people, and the same ones each time."""
    lengths = [told.story.messages for told in stories]
    assert lengths == sorted(lengths)
    assert min(lengths) >= 5
    assert max(lengths) > 20
    assert all(told.facts and told.people for told in stories)
    assert [told.story.case_id for told in tell(7, 12)] == [told.story.case_id for told in stories]


def test_what_is_not_a_writers_own_is_told_apart(stories: list[Told]) -> None:
    """The generator knows which words are new, which sign, and which are quoted."""
    told, answer = next(
        (told, record)
        for told in stories
        for record in told.records[2:]
        if record.ref.id in told.letters and "\n> " in str(record.fields.get("TextBody"))
    )
    letter = told.letters[answer.ref.id]
    quoted = max(re.findall(r"^> ([^>\n]+)$", str(answer.fields["TextBody"]), re.MULTILINE), key=len)
    assert told.borrowed(answer.ref.id, letter.paragraphs[-1]) == ""
    assert told.borrowed(answer.ref.id, f"{letter.paragraphs[-1]}\n{letter.signature}") == SIGNATURE
    assert told.borrowed(answer.ref.id, letter.signature.splitlines()[1]) == SIGNATURE
    assert told.borrowed(answer.ref.id, quoted) == QUOTED
    assert told.borrowed(told.own, told.facts[0]) == OWN


def test_pickers_see_neither_signatures_nor_our_own_text(stories: list[Told]) -> None:
    """They are given the people's own words: a baseline shall not lose by what we left in its way."""
    for told in stories:
        assert not any(OWN_MARK in sentence or sentence.startswith(">") for sentence in told.sentences())
        first = told.letters[told.records[1].ref.id]
        start, end = sentences(first.paragraphs[1])[0]
        assert first.paragraphs[1][start:end] in told.sentences()


def test_nobody_beats_the_bounds(facts: Facts, scores: Scores) -> None:
    """Ours lies between the best baseline and what can be reached."""
    assert max(facts.recall(who) for who in COMPETING) < facts.recall() <= facts.recall(BOUND)
    best = scores.mean(ORACLE)
    for who in (OURS, *COMPETING, "random"):
        assert scores.mean(who).rougeL < best.rougeL


def test_the_results_hold_the_four_figures_and_their_intervals(measured: Measured, tmp_path: Path) -> None:
    """Rows like those of `make bench`, which keeps its own beside them."""
    path = tmp_path / "results" / "latest.json"
    store([{"name": "draft_p50_ms", "value": 1}, {"name": "fact_recall", "value": 0}], path)
    store(rows(measured), path)
    found = {row["name"]: row for row in json.loads(path.read_text("utf-8"))}
    assert found["draft_p50_ms"]["value"] == 1
    assert all(found[name]["value"] > 0 for name in NAMED)
    assert found["citation_coverage"]["value"] == 1.0
    for name in NAMED[1:3]:
        low, high = found[name]["interval"]
        assert low <= found[name]["value"] == found[name]["ratio"] <= high
        assert found[name]["peer"] in COMPETING
    for row in rows(measured):
        assert {"name", "value", "unit", "peer", "peer_value", "ratio"} <= set(row)
    assert [row["value"] for name, row in found.items() if name.startswith("borrowed_")] == [0, 0, 0]


def test_the_report_stands_alone_and_hides_the_references(measured: Measured) -> None:
    """No outside resource and no script; text of conversations stands escaped."""
    html = page(measured)
    assert re.search(r"\b(?:src|href|url)\s*[=(]|<script|<link|@import", html) is None
    assert html.count("<article") == 2 * len(KINDS) + 4
    assert "prefers-color-scheme: dark" in html


def test_a_report_escapes_what_people_wrote(measured: Measured, scores: Scores) -> None:
    """Markup of a message is shown, not run."""
    html = page(measured)
    written = [turn.text for row in scores.rows for turn in row.item.turns if "'" in turn.text]
    assert written
    assert any(text.replace("&", "&amp;").replace("'", "&#x27;") in html for text in written)
