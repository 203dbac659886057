"""How well sentences stand for their thread, whatever it is about: a small model of the words of a report. Pure.

Word by word, a logistic model says how likely a report of the thread holds it: from the word itself (I and you hardly,
numbers and weekdays often), where it first stands and in how many messages it comes back. A set of sentences is worth
the words that it so shares with a report, each counted once, against the length of both (the expected ROUGE-1 F1).
The weights were fitted by `bench/eval/fit.py` on the development dialogues (see there).
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from sidecar.candidates import Candidate
from sidecar.lexicon import LINKS, SPOKEN, TIMES
from sidecar.words import spaceless, tokens

WORDS_PER_SENTENCE: Final = 9
"""Length of a report's sentence."""
AGAIN: Final = 0.5
"""What the second occurrence of a word is worth, of the first."""
WEIGHTS: Final[Mapping[str, float]] = {
    "bias": -1.45,
    "spoken": -2.13,
    "link": 1.00,
    "time": 0.54,
    "digit": 0.79,
    "name": 0.35,
    "length": 0.85,
    "spread": 0.95,
    "opening": 0.63,
    "late": 0.56,
    "common": -1.59,
    "loud": 0.95,
}
"""Log-odds."""
FEATURES: Final = tuple(WEIGHTS)
OPENING: Final = 0.02
"""What the very first sentence is worth more: it often says what it is about. In points of F1."""
_LONG: Final = 10
_LOUD: Final = 3
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


class Worth:
    """The model over one thread; `add` sentences one by one, `gain` says what the next would be worth."""

    def __init__(self, pool: Sequence[Candidate], sentences: int) -> None:
        """`sentences` is how many will be chosen."""
        self._words = {(c.passage.number, c.start): units(c.text) for c in pool}
        self._likely = likelihood(pool, list(self._words.values()))
        self._report = WORDS_PER_SENTENCE * sentences
        self._counts: Counter[str] = Counter()
        self._hits = 0.0
        self._length = 0

    def gain(self, candidate: Candidate) -> float:
        """How much the expected F1 of what has been chosen rises with this one; less than nothing when it falls."""
        hits, length = self._with(candidate)
        first = OPENING * (candidate.number == 0 and candidate.place == 0)
        return first + 2 * hits / (length + self._report) - 2 * self._hits / (self._length + self._report)

    def add(self, candidate: Candidate) -> None:
        """Choose a sentence."""
        self._hits, self._length = self._with(candidate)
        self._counts.update(self._words[candidate.passage.number, candidate.start])

    def _with(self, candidate: Candidate) -> tuple[float, int]:
        words = self._words[candidate.passage.number, candidate.start]
        hits, here = self._hits, Counter[str]()
        for word in words:
            before = self._counts[word] + here[word]
            here[word] += 1
            hits += self._likely[word] * (1.0 if not before else AGAIN if before == 1 else 0.0)
        return hits, self._length + len(words)


def likelihood(pool: Sequence[Candidate], units: Sequence[Sequence[str]]) -> dict[str, float]:
    """For each word how likely a report of the thread uses it; `units` are the words of each candidate."""
    return {
        word: 1 / (1 + math.exp(-sum(w * value for w, value in zip(WEIGHTS.values(), found, strict=True))))
        for word, found in features(pool, units).items()
    }


def features(pool: Sequence[Candidate], units: Sequence[Sequence[str]]) -> dict[str, tuple[float, ...]]:
    """What the model sees of each word, in the order of `FEATURES`."""
    spread: dict[str, set[int]] = {}
    first: dict[str, float] = {}
    names: set[str] = set()
    loud: set[str] = set()
    for candidate, words in zip(pool, units, strict=True):
        for word in words:
            spread.setdefault(word, set()).add(candidate.number)
            first.setdefault(word, candidate.turn)
        for i, word in enumerate(_WORD.findall(candidate.text)):
            if word[0].isupper():
                folded = word.casefold()
                if i > 2 * candidate.labelled:
                    names.add(folded)
                if len(word) >= _LOUD and word.isupper():
                    loud.add(folded)
    messages = max(1, len({candidate.number for candidate in pool}))
    return {
        word: (
            1.0,
            float(word in SPOKEN),
            float(word in LINKS),
            float(word in TIMES),
            float(any(map(str.isdigit, word))),
            float(word in names and word not in SPOKEN),
            min(len(word), _LONG) / _LONG,
            math.log(len(where)),
            float(first[word] == 0),
            first[word],
            len(where) / messages,
            float(word in loud),
        )
        for word, where in spread.items()
    }


def units(text: str) -> list[str]:
    """The words of a sentence, function words too; of scripts without spaces the pairs of characters."""
    found: list[str] = []
    for word in tokens(text):
        if spaceless(word):
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        else:
            found.append(word)
    return found
