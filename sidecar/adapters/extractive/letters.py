"""What matters in a thread of letters: a linear model of how likely a sentence is one that the case rests on. Pure.

What it sees of a sentence is its place in the exchange (the head of the first letter, the answer to what the other side
asked, the newest word), who writes it, its cues, and how much it says. The weights are those of a logistic regression
that `bench/eval/fit.py` made on cases of the sandbox's generator, with seeds that no test and no benchmark uses.
"""

import re
from collections.abc import Mapping
from typing import Final

from sidecar.adapters.extractive.seeking import Thread, internal
from sidecar.candidates import Candidate
from sidecar.domain import Role

WEIGHTS: Final[Mapping[str, float]] = {
    "bias": -2.11,
    "opening": -1.35,
    "opening_head": 1.98,
    "opening_code": 4.21,
    "answers": -0.31,
    "answers_head": -1.47,
    "answers_customer": 1.13,
    "answers_early": 0.70,
    "customer": 0.46,
    "note": -2.58,
    "resolution": 4.20,
    "title": -1.33,
    "newest_customer": 2.26,
    "due_agent": 2.42,
    "first_person_agent": -1.76,
    "attempt_agent": 0.90,
    "with_promise": 3.10,
    "state": 0.84,
    "state_customer": 2.53,
    "question": -2.44,
    "request": -1.49,
    "polite": -1.73,
    "echo": 1.27,
    "topic": -1.30,
    "fresh": -2.10,
    "length": 3.78,
    "short": -1.02,
    "private": -2.52,
    "names": 1.21,
    "dense": 0.40,
}
"""Log-odds."""
_FEW: Final = 4
_SHORT: Final = 5
_ENOUGH: Final = 16
_PRIVATE: Final = re.compile(r"\[[A-Z_]+_\d+\]|\S@\S|\+\d|(?:\d[ -]?){9,}|https?:|www\.")
"""Addresses, numbers to call, and what the firewall has put in their place: nothing that a case rests on."""


class Letters:
    """The model over one thread."""

    def __init__(self, thread: Thread) -> None:
        self._thread = thread
        pool = thread.pool
        asking: dict[int, str] = {}
        for c in pool:
            if c.question or c.cues.request:
                asking.setdefault(c.number, c.who)
        letters = {c.number: c.who for c in pool if not internal(c)}
        self._asked: dict[int, str] = {}
        before: int | None = None
        for number in sorted(letters):
            if before in asking:
                self._asked[number] = asking[before]
            before = number
        self._promising = {c.number for c in pool if c.due and c.cues.promise}

    def key(self, c: Candidate) -> float:
        """Log-odds that the case rests on it."""
        return sum(WEIGHTS.get(name, 0.0) * value for name, value in self.features(c).items())

    def features(self, c: Candidate) -> dict[str, float]:
        """What the model sees of a sentence."""
        note = internal(c)
        agent, customer = c.role is Role.AGENT and not note, c.role is Role.CUSTOMER
        told = c.role is not Role.AGENT and not (c.title or c.resolution)
        opening = told and c.turn <= self._thread.opening
        answers = not opening and self._asked.get(c.number, c.who) != c.who
        head = c.place == 0
        names = sum(word[:1].isupper() for word in c.text.split()[1:])
        return {
            "bias": 1.0,
            "opening": float(opening),
            "opening_head": float(opening and head),
            "opening_code": float(opening and bool(c.codes)),
            "answers": float(answers),
            "answers_head": float(answers and head),
            "answers_customer": float(answers and customer),
            "answers_early": float(answers and customer and c.turn < 1 / 2),
            "customer": float(customer),
            "note": float(note),
            "resolution": float(c.resolution),
            "title": float(c.title),
            "newest_customer": float(c.turn == 1 and customer),
            "due_agent": float(agent and bool(c.due)),
            "first_person_agent": float(agent and c.cues.first_person),
            "attempt_agent": c.cues.attempt * agent,
            "with_promise": float(agent and c.number in self._promising),
            "state": c.cues.state,
            "state_customer": c.cues.state * (customer and c.turn > 1 / 2),
            "question": float(c.question),
            "request": c.cues.request,
            "polite": c.cues.polite,
            "echo": self._thread.echo(c),
            "topic": c.topic,
            "fresh": c.fresh,
            "length": min(c.count, _ENOUGH) / _ENOUGH,
            "short": float(c.count < _SHORT),
            "private": float(_PRIVATE.search(c.text) is not None),
            "names": min(2, names) / 2,
            "dense": len(c.words) / max(_FEW, c.count),
        }
