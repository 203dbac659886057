"""How many of a case's facts seven sentences hold: ours, the baselines', and the most that any seven can."""

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from bench.eval.baselines import COMPETING, baselines
from bench.eval.intervals import Ratio, ratio
from bench.eval.review import Review, Reviews, review
from bench.eval.scores import CASE, OURS, SEED, policy, released, rouge
from bench.eval.stories import Told
from connectors.sandbox.data.truth import FactKind
from sidecar.evaluation.pipeline import Embed, Made, Pipeline
from sidecar.interfaces import Reasoner
from sidecar.words import content, tokens

ENOUGH: Final = 0.8
"""Share of a fact's content words that one sentence must hold to count as saying it."""
BOUND: Final = "bound"


@dataclass(frozen=True, slots=True)
class Row:
    """One case: `held` facts by who picked, `said` the places of those that are ours, and what an editor would think.

    `borrowed` counts sentences of the draft that are not their writer's new words.
    """

    told: Told
    made: Made
    held: Mapping[str, int]
    said: frozenset[int]
    review: Review
    borrowed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What `recalled` found, one row for each case."""

    rows: tuple[Row, ...]

    def recall(self, who: str = OURS) -> float:
        """Share of all facts of all cases that the seven sentences hold."""
        return sum(row.held[who] for row in self.rows) / sum(len(row.told.facts) for row in self.rows)

    def at(self, k: int, who: str = OURS) -> float:
        """Mean share of a case's facts, or of k where it has more: 1 for k sentences with a fact each."""
        return statistics.fmean(row.held[who] / min(k, len(row.told.facts)) for row in self.rows)

    def by_kind(self) -> dict[FactKind, tuple[float, int]]:
        """Our recall of each kind of fact, and how many there are."""
        found: dict[FactKind, list[bool]] = {}
        for row in self.rows:
            for place, fact in enumerate(row.told.story.facts):
                found.setdefault(fact.kind, []).append(place in row.said)
        return {kind: (statistics.fmean(said), len(said)) for kind, said in found.items()}

    def between(self, least: int, most: int) -> "Facts":
        """The cases of `least` to `most` messages."""
        return Facts(tuple(row for row in self.rows if least <= row.told.story.messages <= most))

    def ratio(self) -> Ratio:
        """Our recall over that of the best baseline."""
        shares = {who: [row.held[who] / len(row.told.facts) for row in self.rows] for who in (OURS, *COMPETING)}
        return ratio(shares.pop(OURS), shares, [len(row.told.facts) for row in self.rows])

    @property
    def borrowed(self) -> Counter[str]:
        """How many sentences quote a signature, a quoted reply, or our own earlier text."""
        return sum((Counter(row.borrowed) for row in self.rows), Counter())

    def reviews(self) -> Reviews:
        """What an editor who wants all facts would think of all drafts."""
        return Reviews.of([row.review for row in self.rows])


def recalled(stories: Sequence[Told], reasoner: Reasoner, *, embed: Embed | None = None) -> Facts:
    """Draft a summary of each case in seven sentences and look for its facts."""
    return Facts(tuple(_rows(stories, reasoner, embed)))


def held(facts: Sequence[str], said: Sequence[str]) -> list[set[int]]:
    """For each sentence which facts it says, by their places."""
    return [{i for i, fact in enumerate(facts) if _says(sentence, fact)} for sentence in said]


def most(found: Sequence[set[int]], k: int) -> int:
    """How many facts k sentences can say, choosing each time the one that adds most."""
    reached: set[int] = set()
    for _ in range(k):
        reached |= max(found, key=lambda facts: len(facts - reached), default=set())
    return len(reached)


def _rows(stories: Sequence[Told], reasoner: Reasoner, embed: Embed | None) -> Iterator[Row]:
    others = baselines(rouge())
    pipeline = Pipeline(policy(), released(CASE), reasoner, embed=embed)
    for told in stories:
        made = pipeline.draft(told.records, told.people)
        sentences = told.sentences()
        found = held(told.facts, sentences)
        picked = {who: pick(sentences, CASE, f"{SEED}:{told.story.case_id}") for who, pick in others.items()}
        counts = {who: len(set().union(*(found[i] for i in chosen))) for who, chosen in picked.items()}
        kinds = (told.borrowed(made.keys[claim.passage].ref.id, claim.quote) for claim in made.claims)
        said = frozenset().union(*held(told.facts, made.said))
        yield Row(
            told=told,
            made=made,
            held={OURS: len(said)} | counts | {BOUND: most(found, CASE)},
            said=said,
            review=review(made, told.ideal),
            borrowed=Counter(filter(None, kinds)),
        )


def _says(sentence: str, fact: str) -> bool:
    wanted = _meaning(fact)
    return len(wanted & _meaning(sentence)) >= ENOUGH * len(wanted)


@cache
def _meaning(text: str) -> frozenset[str]:
    return content(tokens(text))
