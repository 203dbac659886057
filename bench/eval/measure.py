"""All figures of `make eval`: the generator's cases and the frozen references, as rows of the bench results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.eval.baselines import COMPETING
from bench.eval.facts import BOUND, Facts, recalled
from bench.eval.intervals import Ratio, ratio
from bench.eval.scores import CASE, KINDS, OURS, Scores, dev, evaluate, references
from bench.eval.stories import BORROWED, tell
from bench.results import Row
from sidecar.evaluation.items import Way
from sidecar.evaluation.pipeline import Embed
from sidecar.interfaces import Reasoner

SEEDS: Final = (1009, 2003, 3001)
"""Of the generator's cases; the product was made with seed 7."""
CASES: Final = 50
"""Cases of each seed."""
RECALL: Final = 0.80
RECALL_RATIO: Final = 1.3
ROUGE_RATIO: Final = 1.15
"""What issue 5 asks for."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: the generator's cases, the references as they may lie in a CRM, development conversations."""

    facts: Facts
    references: Mapping[Way, Scores]
    dev: Scores

    def named(self) -> Ratio:
        """Our ROUGE-L on threads over the best baseline whose lines begin with the speaker's name, as ours do not."""
        rows, named = self.references[Way.THREAD].rows, self.references[Way.TRANSCRIPT].rows
        others = {who: [row.scores[who].rougeL for row in named] for who in COMPETING}
        return ratio([row.scores[OURS].rougeL for row in rows], others)


def measure(reasoner: Reasoner, *, embed: Embed | None, seeds: Sequence[int] = SEEDS, cases: int = CASES) -> Measured:
    """Draft everything."""
    stories = [told for seed in seeds for told in tell(seed, cases)]
    written = references()
    return Measured(
        facts=recalled(stories, reasoner, embed=embed),
        references={way: evaluate(written, reasoner, way=way, embed=embed) for way in Way},
        dev=evaluate([item for kind in KINDS for item in dev(kind)], reasoner, embed=embed, bound=False),
    )


def coverage(measured: Measured) -> float:
    """Share of all sentences that have a verified citation."""
    reviews = [measured.facts.reviews(), *(scores.reviews() for scores in measured.references.values())]
    return sum(each.cited for each in reviews) / max(1, sum(each.said for each in reviews))


def rows(measured: Measured) -> list[Row]:
    """Rows for the bench results; the first four are what issue 5 names."""
    facts, thread = measured.facts, measured.references[Way.THREAD]
    return [
        _row("fact_recall", facts.recall(), "share", "goal", RECALL),
        _ratio("fact_recall_vs_best_baseline", facts.ratio()),
        _ratio("rouge_l_vs_best_baseline", thread.ratio()),
        _row("citation_coverage", coverage(measured), "share", "goal", 1.0),
        _row("fact_recall_at_7", facts.at(CASE), "share", "bound", facts.at(CASE, BOUND)),
        _row("fact_recall_of_bound", facts.recall() / facts.recall(BOUND), "share", "bound", 1.0),
        _row("fact_recall_bound", facts.recall(BOUND), "share", "ours", facts.recall()),
        *(_row(f"fact_recall_{who.lower()}", facts.recall(who), "share", "ours", facts.recall()) for who in COMPETING),
        *(_row(f"borrowed_{kind}", facts.borrowed[kind], "sentences", "goal", 0.0) for kind in BORROWED),
        _ratio("rouge_l_vs_best_baseline_transcript", measured.references[Way.TRANSCRIPT].ratio()),
        _ratio("rouge_l_vs_best_named_baseline", measured.named()),
        *_kinds(thread),
        _row("eval_edits", thread.reviews().edits, "share of words", "none", 0.0),
        _row("eval_stay", thread.reviews().stay, "share of sentences", "none", 0.0),
        _row("eval_draft_ms", 1000 * facts.reviews().seconds, "ms", "none", 0.0),
    ]


def _kinds(scores: Scores) -> Iterator[Row]:
    for kind in ("all", *KINDS):
        part = scores if kind == "all" else scores.of(kind)
        best = part.best()
        for name in ("rouge1", "rouge2", "rougeL"):
            ours, other = getattr(part.mean(OURS), name), getattr(part.mean(best), name)
            yield _row(f"eval_{kind}_{name.lower()}", 100 * ours, "points", best, 100 * other)


def _row(name: str, value: float, unit: str, peer: str, peer_value: float) -> Row:
    share = round(value / peer_value, 3) if peer_value else None
    found: dict[str, Any] = {"name": name, "value": round(value, 4), "unit": unit}
    return found | {"peer": peer, "peer_value": round(peer_value, 4), "ratio": share}


def _ratio(name: str, found: Ratio) -> Row:
    """The peer counts as 1; `interval` holds 95 % of the draws."""
    value = round(found.value, 3)
    row = {"name": name, "value": value, "unit": "x", "peer": found.best, "peer_value": 1.0, "ratio": value}
    return row | {"interval": [round(found.low, 3), round(found.high, 3)]}
