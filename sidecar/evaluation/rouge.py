"""ROUGE-1, ROUGE-2 and ROUGE-L (F1, stemmed) by `rouge_score`, for any script. Needs the extra "eval"."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from sidecar.errors import Misconfigured

TYPES: Final = ("rouge1", "rouge2", "rougeL")
_WORD: Final = re.compile(r"[^\W_]+")
_SPACELESS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+")
_STEMMED: Final = 3
"""Longer words than this are stemmed, as `rouge_score` does it."""


@dataclass(frozen=True, slots=True)
class Score:
    """F1 values, 0 to 1."""

    rouge1: float = 0.0
    rouge2: float = 0.0
    rougeL: float = 0.0  # noqa: N815 - its name everywhere


class Rouge:
    """Scores texts. For ASCII text the figures are those of `rouge_score` with its own tokenizer.

    That one drops every letter outside a to z: here other letters stay, and Japanese, Chinese or Thai become character
    pairs.
    """

    def __init__(self, load: Callable[[str], Any] = import_module) -> None:
        """Load the package, which an installation may do without.

        Raises:
            Misconfigured: it is not installed.
        """
        try:
            scorer = load("rouge_score.rouge_scorer")
            stemmer = load("nltk.stem.porter").PorterStemmer()
        except ImportError:
            raise Misconfigured("Measuring needs the package rouge-score: pip install 'crm-sidecar[eval]'.") from None
        self._stem = lru_cache(maxsize=100_000)(stemmer.stem)
        self._scorer = scorer.RougeScorer(list(TYPES), tokenizer=self)

    def score(self, reference: str, text: str) -> Score:
        """How near `text` is to `reference`."""
        found = self._scorer.score(reference, text)
        return Score(*(float(found[name].fmeasure) for name in TYPES))

    def tokenize(self, text: str) -> list[str]:
        """The stemmed words of a text."""
        tokens: list[str] = []
        for word in _WORD.findall(text.lower()):
            if word.isascii():
                tokens.append(self._stem(word) if len(word) > _STEMMED else word)
            elif _SPACELESS.search(word):
                tokens += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
            else:
                tokens.append(word)
        return tokens


def mean(scores: Sequence[Score]) -> Score:
    """The mean of each value; zeros when there is none."""
    if not scores:
        return Score()
    return Score(*(sum(getattr(score, name) for score in scores) / len(scores) for name in TYPES))
