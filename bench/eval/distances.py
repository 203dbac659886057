"""How much an editor would have to change: word by word, and which sentences could stay."""

from collections.abc import Sequence
from typing import Final

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
