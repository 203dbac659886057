"""What needs no product: pickers of k sentences, as published work compares with, and the best that one could pick.

Each takes the sentences of a conversation and gives the places of those it picks, in the order of the text.
"""

import random as random_
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence  # type: ignore[import-untyped]  # has no types
from sumy.summarizers.lex_rank import LexRankSummarizer  # type: ignore[import-untyped]  # has no types
from sumy.utils import get_stop_words  # type: ignore[import-untyped]  # has no types

from sidecar.evaluation.rouge import Rouge

Pick = Callable[[Sequence[str], int, str], list[int]]
"""Sentences, how many of them, and a seed."""


def lead(sentences: Sequence[str], k: int, _: str = "") -> list[int]:
    """The first ones."""
    return list(range(min(k, len(sentences))))


def longest(sentences: Sequence[str], k: int, _: str = "") -> list[int]:
    """Those with the most characters; of equals the first."""
    return sorted(sorted(range(len(sentences)), key=lambda i: (-len(sentences[i]), i))[:k])


def random(sentences: Sequence[str], k: int, seed: str) -> list[int]:
    """Any; the same ones for the same seed."""
    return sorted(random_.Random(seed).sample(range(len(sentences)), min(k, len(sentences))))


class LexRank:
    """LexRank (Erkan and Radev, 2004) as sumy has it, with our words: sumy's own tokenizer needs a download."""

    def __init__(self, rouge: Rouge) -> None:
        self._rouge = rouge
        self._rank = LexRankSummarizer()
        self._rank.stop_words = [word for stop in get_stop_words("english") for word in rouge.tokenize(stop)]

    def __call__(self, sentences: Sequence[str], k: int, _: str = "") -> list[int]:
        """The most central ones."""
        model = ObjectDocumentModel([Paragraph([Sentence(text, self) for text in sentences])])
        with np.errstate(invalid="ignore"):  # of sentences that share nothing none is central
            chosen = self._rank(model, k)
        places: list[int] = []
        for sentence in chosen:
            text = str(sentence)
            places.append(next(i for i, own in enumerate(sentences) if i not in places and own.strip() == text))
        return sorted(places)

    def to_words(self, text: str) -> tuple[str, ...]:
        """What sumy asks of a tokenizer."""
        return tuple(self._rouge.tokenize(text))


def baselines(rouge: Rouge) -> Mapping[str, Pick]:
    """All that the product is compared with, by name."""
    return {"lead": lead, "longest": longest, "LexRank": LexRank(rouge), "random": random}


COMPETING: Final = ("lead", "longest", "LexRank")
"""The best of these is what counts."""


def oracle(sentences: Sequence[str], k: int, reference: str, rouge: Rouge) -> list[int]:
    """What one picks who knows the reference: each time the sentence that adds most to ROUGE-1, -2 and -L together.

    Not the best there is, which nobody can compute, but the bound that published work gives. It stops before the score
    falls.
    """
    wanted = rouge.tokenize(reference)
    words = [rouge.tokenize(text) for text in sentences]
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < k:
        rated = [(_sum(wanted, words, sorted([*chosen, i])), -i) for i in range(len(words)) if i not in chosen]
        score, place = max(rated, default=(0.0, 0))
        if score <= best:
            break
        best = score
        chosen.append(-place)
    return sorted(chosen)


def _sum(wanted: Sequence[str], words: Sequence[Sequence[str]], chosen: Sequence[int]) -> float:
    """ROUGE-1 + ROUGE-2 + ROUGE-L (F1) of the chosen sentences against the wanted words."""
    said = [word for i in chosen for word in words[i]]
    shared = (_shared(wanted, said, 1), _shared(wanted, said, 2), _common(wanted, said))
    lengths = ((len(wanted), len(said)), (len(wanted) - 1, len(said) - 1), (len(wanted), len(said)))
    return sum(2 * both / (one + other) for both, (one, other) in zip(shared, lengths, strict=True) if both)


def _shared(one: Sequence[str], other: Sequence[str], size: int) -> int:
    counts = [Counter(zip(*(text[i:] for i in range(size)), strict=False)) for text in (one, other)]
    return (counts[0] & counts[1]).total()


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence: bits of a number stand for the places in `one` (Hyyrö, 2004)."""
    places: dict[str, int] = {}
    for i, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << i
    full = (1 << len(one)) - 1
    row = full
    for word in other:
        matches = row & places.get(word, 0)
        row = (row + matches | row - matches) & full
    return len(one) - row.bit_count()
