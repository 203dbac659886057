"""What a sentence is worth to a section that seeks problems, attempts, the state, promises, steps or questions. Pure.

Scores run from about 0 to 1 and rest on the sentence's cues (see `sidecar.cues`), who says it, how new it is, where it
stands and what the rest of the thread says about it. A score below `LEAST` does not count.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sidecar.candidates import Candidate
from sidecar.domain import Role
from sidecar.templates import Seeks
from sidecar.words import overlap

LEAST: Final[Mapping[Seeks, float]] = {
    Seeks.PROBLEM: 0.4,
    Seeks.ATTEMPT: 0.4,
    Seeks.STATE: 0.35,
    Seeks.PROMISE: 0.45,
    Seeks.STEP: 0.45,
    Seeks.QUESTION: 0.4,
}
"""A sentence that scores less is left out: an empty section is better than a wrong one."""
REPEATS: Final = 0.6
"""Share of content words from which a sentence counts as said already."""
KEPT: Final = 0.5
"""Share of a promise's content words that a later "it is done" must say again."""
LONG: Final = 40
"""Words from which a sentence loses weight."""
_FLAGGED: Final = 0.3
"""Weight of a sentence from a passage that looks manipulated."""


class Thread:
    """The candidates of one case and what depends on all of them."""

    def __init__(self, pool: Sequence[Candidate]) -> None:
        self.pool = pool
        told = [c.turn for c in pool if not (c.title or c.resolution or c.role is Role.AGENT)]
        self.opening = min(told, default=0.0)
        self.titles_only = all(c.title for c in pool)
        self._said: dict[float, dict[bool, frozenset[str]]] = {}
        for c in pool:
            side = self._said.setdefault(c.turn, {})
            customer = c.role is Role.CUSTOMER
            side[customer] = side.get(customer, frozenset()) | c.words
        self._turns = sorted(self._said)
        self._over = any(c.resolution for c in pool)
        self._done = [c for c in pool if c.cues.done and not c.cues.request]

    def echo(self, answer: Candidate) -> float:
        """Share of its words that the other side used in the message before, 0 to 1."""
        before = bisect_left(self._turns, answer.turn) - 1
        heard = self._said[self._turns[before]].get(answer.role is not Role.CUSTOMER) if before >= 0 else None
        return min(1.0, 2 * overlap(answer.words, heard)) if heard else 0.0

    def kept(self, promise: Candidate) -> float:
        """How surely a later message says that this is done, 0 to 1."""
        later = (c for c in self._done if c.turn > promise.turn)
        shared = max((overlap(promise.words, c.words) for c in later), default=0.0)
        return shared if shared >= REPEATS / 2 else 0.0

    def answered(self, request: Candidate) -> bool:
        """Whether the other side took it up in a later message."""
        return any(
            c.turn > request.turn
            and c.who != request.who
            and not c.question
            and overlap(request.words, c.words) >= REPEATS / 2
            for c in self.pool
        )

    def open(self, question: Candidate) -> bool:
        """Whether nobody else has said anything since but courtesies and questions of their own, and it is not over."""
        return not self._over and not any(
            c.number > question.number and c.who != question.who and not (c.question or c.cues.polite or c.cues.request)
            for c in self.pool
        )


def trust(candidate: Candidate) -> float:
    """Flags lower a sentence, and so do extreme lengths, which are nothing odd in talk."""
    exact = 0.15 if candidate.codes else 0.0
    length = 1.0 if candidate.talk else min(1.0, 0.5 + candidate.count / 20 + exact, LONG / max(1, candidate.count))
    return length * (_FLAGGED if candidate.passage.flags else 1.0)


def _problem(c: Candidate, thread: Thread) -> float:
    """Told first, by the customer, at the head of the message; then what gives codes and figures. Titles come last."""
    if c.role is Role.AGENT or c.resolution:
        return 0.0
    opening = c.turn <= thread.opening
    told = opening * (0.25 + 0.3 * (c.place == 0) + 0.15 * bool(c.codes)) + 0.1 * c.cues.problem + 0.15 * c.specific
    told += 0.1 * c.topic
    title = c.title and not thread.titles_only
    return told + 0.05 * c.central - 0.5 * title - 0.1 * c.question - 0.2 * c.cues.polite - 0.1 * c.cues.promise


def _attempt(c: Candidate, thread: Thread) -> float:
    """What an answer reports: it takes up what the other side wrote before, in the past tense, with its outcome."""
    middle = thread.opening < c.turn
    if c.question or not middle or c.role is Role.RECORD:
        return 0.0
    customer = c.role is Role.CUSTOMER
    told = 0.2 * c.cues.attempt + 0.2 * customer + 0.2 * thread.echo(c) + 0.2 * c.specific + 0.2 * c.topic
    return told - 0.2 * c.cues.polite - 0.2 * c.cues.promise - 0.15 * c.cues.request


def _state(c: Candidate, _: Thread) -> float:
    """The newest word on it, the customer's before an internal note."""
    if c.question:
        return 0.0
    if c.resolution:
        return 1.0
    told = 0.4 * c.turn + 0.2 * c.cues.state + 0.15 * (c.role is Role.CUSTOMER) + 0.1 * c.specific + 0.1 * c.topic
    less = 0.15 * internal(c) + 0.1 * c.cues.polite + 0.2 * c.cues.promise + 0.2 * c.cues.request
    return told + 0.1 * (c.place == 0) - less


def _promise(c: Candidate, thread: Thread) -> float:
    """A commitment: first person or future, or a deadline that an agent names; a date makes it firm."""
    agent = c.role is Role.AGENT and not internal(c)
    if c.question or c.cues.attempt == 1 or not (c.cues.promise or c.cues.first_person or agent):
        return 0.0
    due, kept = bool(c.due), thread.kept(c)
    if not (c.cues.promise or due) or kept >= KEPT:
        return 0.0
    made = 0.2 + 0.4 * due + 0.15 * agent + 0.1 * c.turn + 0.15 * c.cues.promise
    return made - 0.3 * c.cues.polite - 0.2 * c.cues.request - 0.5 * kept


def internal(c: Candidate) -> bool:
    """An internal comment, not said to the customer."""
    return c.passage.key.ref.object == "CaseComment"


def _step(c: Candidate, thread: Thread) -> float:
    asked = 0.0
    if c.cues.request and not (c.cues.polite and not c.cues.problem):
        asked = 0.3 + 0.4 * c.turn + 0.2 * bool(c.due) - 0.4 * thread.answered(c)
    return max(_promise(c, thread), asked)


def _question(c: Candidate, thread: Thread) -> float:
    """What somebody asks and nobody has answered; the newest first."""
    if c.title or c.resolution or not (c.question or c.cues.request) or not thread.open(c):
        return 0.0
    return 0.4 * c.question + 0.25 * bool(c.cues.request) + 0.3 * c.turn + 0.1 * c.specific - 0.2 * bool(c.cues.polite)


SCORES: Final[Mapping[Seeks, Callable[[Candidate, Thread], float]]] = {
    Seeks.PROBLEM: _problem,
    Seeks.ATTEMPT: _attempt,
    Seeks.STATE: _state,
    Seeks.PROMISE: _promise,
    Seeks.STEP: _step,
    Seeks.QUESTION: _question,
}
