"""Conversations with a summary: the drafts of a reasoner beside what simple pickers make of the same sentences.

`evaluate(dev("chat"), reasoner).mean()` is the mean ROUGE of a reasoner on the development chats.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from bench.eval.baselines import COMPETING, baselines, oracle
from bench.eval.intervals import Ratio, ratio
from bench.eval.review import Review, Reviews, review
from sidecar.evaluation.items import Item, Way, load
from sidecar.evaluation.pipeline import Embed, Made, Pipeline, template
from sidecar.evaluation.rouge import Rouge, Score, mean
from sidecar.interfaces import Reasoner
from sidecar.policy import Policy
from sidecar.templates import Template
from sidecar.text import sentences as split

ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
KINDS: Final = ("chat", "spoken", "clinic", "brand", "support")
OURS: Final = "ours"
ORACLE: Final = "oracle"
DIALOGUE: Final = 3
"""Sentences of a dialogue's summary, as in published work."""
SUPPORT: Final = "support"
"""The kind whose conversations are cases of a CRM."""
CASE: Final = 7
"""Sentences of a support case's summary: what the template says itself."""
SEED: Final = "crm-sidecar"


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation: `scores` by who picked ("ours", the baselines, "oracle"), and what an editor would think."""

    item: Item
    made: Made
    scores: Mapping[str, Score] = field(repr=False)
    review: Review


@dataclass(frozen=True, slots=True)
class Scores:
    """What `evaluate` found, one row for each conversation."""

    rows: tuple[Row, ...]

    def of(self, kind: str) -> "Scores":
        """Those of one kind."""
        return Scores(tuple(row for row in self.rows if row.item.kind == kind))

    def mean(self, who: str = OURS) -> Score:
        """Mean ROUGE."""
        return mean([row.scores[who] for row in self.rows])

    def best(self) -> str:
        """The baseline with the best ROUGE-L."""
        return max(COMPETING, key=lambda who: self.mean(who).rougeL)

    def ratio(self) -> Ratio:
        """Our ROUGE-L over that of the best baseline."""
        by_name = {who: [row.scores[who].rougeL for row in self.rows] for who in (OURS, *COMPETING)}
        return ratio(by_name.pop(OURS), by_name)

    def reviews(self) -> Reviews:
        """What an editor would think of all drafts."""
        return Reviews.of([row.review for row in self.rows])


def evaluate(
    items: Sequence[Item],
    reasoner: Reasoner,
    sentences: int | None = None,
    *,
    way: Way = Way.THREAD,
    embed: Embed | None = None,
    bound: bool = True,
) -> Scores:
    """Draft a summary of each conversation and score it.

    Args:
        items: conversations with their summaries.
        reasoner: what is measured.
        sentences: at most so many in a draft and exactly so many in a baseline; None: `CASE` or `DIALOGUE` by kind.
        way: how the conversations lie in the CRM. Baselines see the same text.
        embed: makes the passages' vectors; without it there are none.
        bound: also find the oracle, which takes most of the time.
    """
    return Scores(tuple(_rows(items, reasoner, sentences, way, embed, bound=bound)))


def dev(kind: str) -> list[Item]:
    """The development conversations of one kind."""
    return load(HERE / "dev" / f"{kind}.jsonl")


def references() -> list[Item]:
    """The sixty that were written before any tuning. For the final measurement alone: nobody tunes on them."""
    return load(HERE / "references.jsonl")


def table(scores: Scores) -> Iterator[tuple[str, Score]]:
    """Mean ROUGE of us and all others."""
    for who in scores.rows[0].scores:
        yield who, scores.mean(who)


@cache
def policy() -> Policy:
    """The released policy."""
    return Policy.load(ROOT / "config")


@cache
def released(sentences: int) -> Template:
    """The released template of the summary, for so many sentences."""
    return template(ROOT / "templates", sentences)


@cache
def rouge() -> Rouge:
    """One scorer: it remembers stems."""
    return Rouge()


def _rows(
    items: Sequence[Item],
    reasoner: Reasoner,
    sentences: int | None,
    way: Way,
    embed: Embed | None,
    *,
    bound: bool,
) -> Iterator[Row]:
    others = baselines(rouge())
    for item in items:
        k = sentences or (CASE if item.kind == SUPPORT else DIALOGUE)
        pipeline = Pipeline(policy(), released(k), reasoner, embed=embed)
        made = pipeline.draft(item.records(way))
        told = [text[start:end] for text in item.raw(way) for start, end in split(text)]
        picks = {who: pick(told, k, f"{SEED}:{item.id}") for who, pick in others.items()}
        if bound:
            picks[ORACLE] = oracle(told, k, item.summary, rouge())
        texts = {OURS: made.text} | {who: " ".join(told[i] for i in chosen) for who, chosen in picks.items()}
        yield Row(
            item=item,
            made=made,
            scores={who: rouge().score(item.summary, text) for who, text in texts.items()},
            review=review(made, item.summary),
        )
