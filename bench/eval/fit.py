"""Fits the two small models of the extractive reasoner and prints their weights: `python -m bench.eval.fit`.

Both are logistic regressions with a ridge penalty, made in minutes. `worth` learns from the development dialogues
which words their summaries use; fitted on every second dialogue, it was confirmed on the others before all were used.
`letters` learns which sentences a case rests on, from generated cases of seeds that no test and no benchmark uses, and
from every second development thread of support. The frozen references are never opened here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.eval.facts import held
from bench.eval.scores import CASE, KINDS, dev, policy, released, rouge
from bench.eval.stories import tell
from connectors.interfaces import Record
from sidecar.adapters.extractive.letters import Letters
from sidecar.adapters.extractive.seeking import Thread
from sidecar.adapters.extractive.worth import FEATURES, features, units
from sidecar.candidates import Candidate, candidates
from sidecar.domain import Claim
from sidecar.evaluation.items import Way
from sidecar.evaluation.pipeline import Pipeline
from sidecar.interfaces import quiet
from sidecar.templates import Prompt

SEEDS: Final = (101, 102, 103)
CASES: Final = 150
"""Cases of each seed."""
PENALTY: Final = 3.0
ROUNDS: Final = 25
"""Newton steps; it converges in ten."""
SUPPORT_WEIGHT: Final = 3.0
"""Of a sentence of the few hand-written threads beside one of the many generated."""

Matrix = NDArray[np.float64]


@dataclass
class _Listener:
    """A reasoner that says nothing and keeps what it was given."""

    name: str = "listener"
    prompts: list[Prompt] = field(default_factory=list)

    def generate(self, prompt: Prompt, progress: Callable[[int], None] = quiet) -> tuple[Claim, ...]:
        """Nothing."""
        progress(0)
        self.prompts.append(prompt)
        return ()


def pool(records: Sequence[Record], people: Sequence[Record] = ()) -> list[Candidate]:
    """The candidates of a case behind the firewall."""
    listener = _Listener()
    Pipeline(policy(), released(CASE), listener).draft(records, people)
    return candidates(listener.prompts[0].passages, None)


def fitted(x: Matrix, y: Matrix, weight: Matrix) -> Matrix:
    """The weights of a logistic regression of y (n) on x (n, d), by Newton's method."""
    found = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        likely = 1 / (1 + np.exp(-x @ found))
        slope = x.T @ (weight * (y - likely)) - PENALTY * found
        curve = (x * (weight * likely * (1 - likely))[:, None]).T @ x + PENALTY * np.eye(len(found))
        found += np.linalg.solve(curve, slope)
    return found


def words() -> dict[str, float]:
    """The weights of `worth`: each dialogue counts the same, and so does each kind."""
    rows: list[tuple[Matrix, Matrix, float]] = []
    for kind in KINDS:
        items = [item for item in dev(kind) if item.language == "en"]
        for item, way in product(items, Way):
            sentences = pool(item.records(way))
            found = features(sentences, [units(c.text) for c in sentences])
            used = set(rouge().tokenize(item.summary))
            y = np.array([float(bool(stems := rouge().tokenize(word)) and used.issuperset(stems)) for word in found])
            rows.append((np.array(list(found.values())), y, 1 / len(y) / len(items)))
    weight = np.concatenate([np.full(len(y), share) for _, y, share in rows])
    x, y = np.vstack([x for x, _, _ in rows]), np.concatenate([y for _, y, _ in rows])
    return dict(zip(FEATURES, fitted(x, y, weight * len(y) / weight.sum()).tolist(), strict=True))


def sentences() -> dict[str, float]:
    """The weights of `letters`."""
    rows = [*_generated(), *_written()]
    names = list(rows[0][0][0])
    x = np.array([list(found.values()) for table, _, _ in rows for found in table])
    y = np.array([value for _, labels, _ in rows for value in labels])
    weight = np.array([share for _, labels, share in rows for _ in labels])
    return dict(zip(names, fitted(x, y, weight).tolist(), strict=True))


_Rows = tuple[list[dict[str, float]], list[float], float]


def _generated() -> Iterator[_Rows]:
    for seed in SEEDS:
        for told in tell(seed, CASES):
            found = pool(told.records, told.people)
            labels = [float(bool(facts)) for facts in held(told.facts, [c.text for c in found])]
            yield _table(found), labels, 1.0


def _written() -> Iterator[_Rows]:
    for item in dev("support")[::2]:
        found = pool(item.records())
        chosen = _oracle(found, item.summary)
        yield _table(found), [float(i in chosen) for i in range(len(found))], SUPPORT_WEIGHT


def _table(found: Sequence[Candidate]) -> list[dict[str, float]]:
    model = Letters(Thread(found))
    return [model.features(candidate) for candidate in found]


def _oracle(found: Sequence[Candidate], summary: str) -> set[int]:
    """The sentences that a greedy picker takes who knows the summary."""
    chosen: set[int] = set()
    best = 0.0
    while len(chosen) < min(CASE, len(found)):
        rated = [(_total(found, {*chosen, i}, summary), i) for i in range(len(found)) if i not in chosen]
        total, i = max(rated)
        if total <= best:
            break
        best = total
        chosen.add(i)
    return chosen


def _total(found: Sequence[Candidate], chosen: set[int], summary: str) -> float:
    score = rouge().score(summary, " ".join(found[i].text for i in sorted(chosen)))
    return score.rouge1 + score.rouge2 + score.rougeL


def main() -> None:
    """Print both sets of weights as they stand in the modules."""
    for name, weights in (("worth", words()), ("letters", sentences())):
        print(name)
        for feature, weight in weights.items():
            print(f'    "{feature}": {weight:.2f},')


if __name__ == "__main__":
    main()
