"""How sure a ratio of two means is: intervals by drawing the cases again (Efron's percentile bootstrap), seeded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS: Final = 2000
SEED: Final = 20261124


@dataclass(frozen=True, slots=True)
class Ratio:
    """`value` is ours over the best of the others (named `best`) on all cases; 95 % of draws lie in between."""

    value: float
    best: str
    low: float
    high: float


def ratio(
    ours: ArrayLike, others: Mapping[str, ArrayLike], weights: ArrayLike | None = None, *, draws: int = DRAWS
) -> Ratio:
    """Our mean over the best of the other means.

    Args:
        ours: a figure per case, shape (n,).
        others: the same of each competitor.
        weights: how much a case counts, shape (n,); all alike without.
        draws: how often n cases are drawn with replacement. Who is best is found anew in each draw.
    """
    mine = np.asarray(ours, dtype=np.float64)
    rest = np.stack([np.asarray(values, dtype=np.float64) for values in others.values()])
    weight = np.ones_like(mine) if weights is None else np.asarray(weights, dtype=np.float64)
    means = (rest * weight).sum(axis=1) / weight.sum()
    best = int(means.argmax())
    value = float((mine * weight).sum() / weight.sum() / means[best]) if means[best] else 0.0
    drawn = np.random.default_rng(SEED).integers(len(mine), size=(draws, len(mine)))
    found = _drawn(mine * weight, drawn) / np.maximum(_drawn(rest * weight, drawn).max(axis=0), 1e-12)
    low, high = (float(edge) for edge in np.quantile(found, [0.025, 0.975]))
    return Ratio(value, list(others)[best], low, high)


def _drawn(values: NDArray[np.float64], drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums over the drawn cases: weights cancel out in the ratio."""
    return np.asarray(values[..., drawn].sum(axis=-1))
