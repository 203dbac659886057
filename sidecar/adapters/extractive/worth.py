"""How well sentences stand for their thread, whatever it is about: a small model of the words of a report. Pure.

Word by word, a logistic model says how likely a report of the thread holds it: from the word itself (I and you hardly,
numbers and weekdays often), where it first stands and in how many messages it comes back. A set of sentences is worth
the words that it so shares with a report, each counted once, against the length of both (the expected ROUGE-1 F1).
The weights were fitted by `bench/eval/fit.py` on the development dialogues (see there).
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sidecar.candidates import Candidate
from sidecar.lexicon import LINKS, SPOKEN, TIMES
from sidecar.words import spaceless, tokens

Floats = NDArray[np.float64]

WORDS_PER_SENTENCE: Final = 9
"""Length of a report's sentence."""
AGAIN: Final = 0.5
"""What the second occurrence of a word is worth, of the first."""
WEIGHTS: Final[Mapping[str, float]] = {
    "bias": -1.31,
    "spoken": -2.14,
    "link": 0.88,
    "time": 0.46,
    "digit": 0.64,
    "name": 0.29,
    "length": 0.68,
    "spread": 1.07,
    "opening": 0.53,
    "late": 0.44,
    "common": -1.52,
    "loud": 0.65,
}
"""Log-odds."""
FEATURES: Final = tuple(WEIGHTS)
OPENING: Final = 0.02
"""What the very first sentence is worth more: it often says what it is about. In points of F1."""
_LONG: Final = 10
_LOUD: Final = 3
_OCCURRENCES: Final = np.array([1.0, AGAIN, 0.0])
_PERSON: Final = re.compile(r"\[PERSON_(\d+)\]")
_HIDDEN: Final = re.compile(r"\[[A-Z][A-Z_]*_\d+\]")
"""What the firewall has put in the place of a name, and of anything else that is private."""
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


class Worth:
    """The model over one thread: `gains` says what each sentence would add to those chosen, `add` chooses one."""

    def __init__(self, pool: Sequence[Candidate], sentences: int) -> None:
        """`sentences` is how many will be chosen."""
        words = [units(candidate.text) or [""] for candidate in pool]
        likely = likelihood(pool, words)
        place = {word: i for i, word in enumerate(likely)}
        self._likely = np.array([*likely.values()])
        self._lengths = np.array([len(found) for found in words])
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._words = np.array([place[word] for found in words for word in found])
        self._before = np.array([found.index(word) < i for found in words for i, word in enumerate(found)], dtype=int)
        self._opening = np.array([OPENING * (c.number == 0 and c.place == 0) for c in pool])
        self._report = WORDS_PER_SENTENCE * sentences
        self._counts = np.zeros(len(likely), dtype=int)
        self._hits = 0.0
        self._length = 0

    def gains(self) -> Floats:
        """How much the expected F1 rises with each candidate; less than nothing where it falls. Shape (len(pool),)."""
        now = 2 * self._hits / (self._length + self._report)
        then = 2 * (self._hits + self._new()) / (self._length + self._lengths + self._report)
        found: Floats = self._opening + then - now
        return found

    def add(self, i: int) -> None:
        """Choose candidate `i`."""
        self._hits += float(self._new()[i])
        self._length += int(self._lengths[i])
        start = self._starts[i]
        np.add.at(self._counts, self._words[start : start + self._lengths[i]], 1)

    def _new(self) -> Floats:
        """The words that each candidate would share with a report, beyond those that are shared already."""
        worth = _OCCURRENCES[np.minimum(self._counts[self._words] + self._before, len(_OCCURRENCES) - 1)]
        shared: Floats = np.add.reduceat(self._likely[self._words] * worth, self._starts)
        return shared


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
        for i, word in enumerate(_WORD.findall(_plain(candidate.text))):
            if word[0].isupper():
                folded = word.casefold()
                if i > 2 * candidate.labelled:
                    names.add(folded)
                if len(word) >= _LOUD and word.isupper() and word.isalpha():
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
    for word in tokens(_plain(text)):
        if spaceless(word):
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        else:
            found.append(word)
    return found


def _plain(text: str) -> str:
    """`text` with hidden people as names and without other hidden values."""
    return _HIDDEN.sub(" ", _PERSON.sub(r"Person\1", text)) if "[" in text else text
