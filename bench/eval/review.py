"""How much an editor would have to change: word by word, and which sentences could stay."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from sidecar.evaluation.pipeline import Made
from sidecar.words import content, tokens

ENOUGH: Final = 0.5
"""Share of a sentence's content words that the ideal must hold for the sentence to stay."""


def distance(draft: Sequence[str], ideal: Sequence[str]) -> float:
    """Words to insert, delete or replace, as a share of the longer text: 0 (the same) to 1 (nothing in common)."""
    longer = max(len(draft), len(ideal))
    if not longer:
        return 0.0
    row = list(range(len(ideal) + 1))
    for i, word in enumerate(draft, 1):
        diagonal, row[0] = row[0], i
        for j, wanted in enumerate(ideal, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != wanted))
    return row[-1] / longer


def edits(draft: str, ideal: str) -> float:
    """`distance` of two texts."""
    return distance(tokens(draft), tokens(ideal))


def stay(sentences: Sequence[str], ideal: str) -> int:
    """How many of the sentences say what the ideal says too."""
    wanted = content(tokens(ideal))
    said = [content(tokens(sentence)) for sentence in sentences]
    return sum(1 for words in said if words and len(words & wanted) >= ENOUGH * len(words))


@dataclass(frozen=True, slots=True)
class Review:
    """One draft beside its ideal: `edits` is 0 to 1, the rest counts sentences; `cited` have a verified citation."""

    edits: float
    stay: int
    said: int
    cited: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Reviews:
    """What many drafts have in common."""

    edits: float
    stay: float
    said: int
    cited: int
    seconds: float

    @classmethod
    def of(cls, reviews: Sequence[Review]) -> Self:
        """Means, and the median time of a draft; `stay` is the share of all sentences."""
        said = sum(review.said for review in reviews)
        return cls(
            edits=statistics.fmean(review.edits for review in reviews),
            stay=sum(review.stay for review in reviews) / max(1, said),
            said=said,
            cited=sum(review.cited for review in reviews),
            seconds=statistics.median(review.seconds for review in reviews),
        )


def review(made: Made, ideal: str) -> Review:
    """What an editor who wants `ideal` would think of a draft."""
    return Review(
        edits=edits(made.text, ideal),
        stay=stay(made.said, ideal),
        said=len(made.claims),
        cited=sum(map(made.cited, made.claims)),
        seconds=made.seconds,
    )
