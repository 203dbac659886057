"""The default reasoner: picks sentences from the passages and never writes one. No language model, no network.

Every claim is a verbatim sentence. Each section of a template says what it seeks; a sentence is scored for that by its
cues (see `sidecar.cues`), who says it, how new it is, where it stands and how central its passage is. Sections with the
most specific wish choose first; a sentence that repeats a chosen one is passed over.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from sidecar.candidates import Candidate, candidates
from sidecar.domain import Claim, Passage, Role, Vectors
from sidecar.interfaces import quiet
from sidecar.templates import Prompt, Section, Seeks
from sidecar.words import content, overlap

REPEATS: Final = 0.6
"""Share of content words from which a sentence counts as said already."""
NEARLY_ALL: Final = 0.85
"""The same for a sentence that holds a code or figure of its own."""
LONG: Final = 40
"""Words from which a sentence loses weight."""
RELATED_SCORE: Final = 0.35
"""Least similarity (cosine, or word overlap without vectors) of a related passage to the case."""
_FLAGGED: Final = 0.3
"""Weight of a sentence from a passage that looks manipulated."""
_LEAST: Final[Mapping[Seeks, float]] = {
    Seeks.PROBLEM: 0.4,
    Seeks.ATTEMPT: 0.4,
    Seeks.STATE: 0.35,
    Seeks.PROMISE: 0.45,
    Seeks.STEP: 0.45,
}
"""A sentence that scores less is left out: an empty section is better than a wrong one."""
_FIRST_TURN: Final = (Seeks.PROMISE, Seeks.STEP, Seeks.PROBLEM, Seeks.STATE, Seeks.ATTEMPT)
"""Who chooses first while every section still waits for its first sentence: the most specific wish."""
_LATER_TURNS: Final = (Seeks.PROMISE, Seeks.STEP, Seeks.ATTEMPT, Seeks.STATE, Seeks.PROBLEM)
"""Who chooses first afterwards: the section that most often has more to say."""


_Scored = tuple[float, Candidate]


class ExtractiveReasoner:
    """See the module. Holds no state; safe from many threads."""

    name = "extractive"

    def generate(self, prompt: Prompt, progress: Callable[[int], None] = quiet) -> tuple[Claim, ...]:  # noqa: ARG002 - it is done at once
        """Claims in the order of the template's sections; none when the passages hold no usable sentence."""
        own, own_vectors = _part(prompt, related=False)
        pool = candidates(own, own_vectors)
        thread = _Thread(pool)
        sections = [section for section in prompt.template.sections if section.seeks in _SCORES]
        ranked = {section.name: _ranked(section, thread) for section in sections}
        hints = {
            section.name: _related(prompt, section, own_vectors, pool)
            for section in prompt.template.sections
            if section.seeks is Seeks.RELATED
        }
        hints |= {s.name: _listed(prompt, s) for s in prompt.template.sections if s.seeks is Seeks.LIST}
        room = prompt.template.max_sentences - sum(map(len, hints.values()))
        chosen = _choose(sections, ranked, room)
        claims: list[Claim] = []
        for section in prompt.template.sections:
            claims += hints.get(section.name, ())
            claims += [_claim(section, score, c) for score, c in sorted(chosen.get(section.name, ()), key=_in_thread)]
        return tuple(claims)


class _Thread:
    """The candidates of one case and what depends on all of them."""

    def __init__(self, pool: Sequence[Candidate]) -> None:
        self.pool = pool
        told = [c.turn for c in pool if not (c.title or c.resolution or c.passage.role is Role.AGENT)]
        self.opening = min(told, default=0.0)
        self.titles_only = all(c.title for c in pool)
        self._said: dict[float, dict[bool, frozenset[str]]] = {}
        for c in pool:
            side = self._said.setdefault(c.turn, {})
            customer = c.passage.role is Role.CUSTOMER
            side[customer] = side.get(customer, frozenset()) | c.words
        self._turns = sorted(self._said)
        self._done = [c for c in pool if c.cues.done and not c.cues.request]

    def echo(self, answer: Candidate) -> float:
        """Share of its words that the other side used in the message before, 0 to 1."""
        before = bisect_left(self._turns, answer.turn) - 1
        heard = self._said[self._turns[before]].get(answer.passage.role is not Role.CUSTOMER) if before >= 0 else None
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
            and c.passage.role is not request.passage.role
            and not c.question
            and overlap(request.words, c.words) >= REPEATS / 2
            for c in self.pool
        )


def _part(prompt: Prompt, *, related: bool) -> tuple[list[Passage], Vectors | None]:
    rows = [i for i, passage in enumerate(prompt.passages) if passage.related is related]
    vectors = prompt.vectors
    usable = vectors is not None and vectors.shape[0] == len(prompt.passages)
    return [prompt.passages[i] for i in rows], vectors[rows] if vectors is not None and usable else None


def _ranked(section: Section, thread: _Thread) -> list[_Scored]:
    """The candidates good enough for a section, best first."""
    score, least = _SCORES[section.seeks], _LEAST[section.seeks]
    scored = ((score(candidate, thread) * _trust(candidate), candidate) for candidate in thread.pool)
    return sorted((pair for pair in scored if pair[0] >= least), key=lambda pair: -pair[0])


def _choose(sections: Sequence[Section], ranked: Mapping[str, list[_Scored]], limit: int) -> dict[str, list[_Scored]]:
    """Sections take turns, one sentence each, until `limit`; nothing is said twice."""
    chosen: dict[str, list[_Scored]] = {section.name: [] for section in sections}
    taken: list[Candidate] = []
    queues = {name: iter(pairs) for name, pairs in ranked.items()}
    for turn in range(limit):
        order = _LATER_TURNS if turn else _FIRST_TURN
        for section in sorted(sections, key=lambda section: order.index(section.seeks)):
            if len(chosen[section.name]) >= section.max_sentences or len(taken) >= limit:
                continue
            fresh = (pair for pair in queues[section.name] if not _said(pair[1], taken))
            if pair := next(fresh, None):
                chosen[section.name].append(pair)
                taken.append(pair[1])
    return chosen


def _said(candidate: Candidate, taken: Sequence[Candidate]) -> bool:
    """Whether it repeats what is taken already; a code or figure that is new is not a repetition."""
    if candidate.codes.difference(*(other.codes for other in taken)):
        return any(overlap(candidate.words, other.words) >= NEARLY_ALL for other in taken)
    return any(overlap(candidate.words, other.words) >= REPEATS for other in taken)


def _in_thread(pair: _Scored) -> tuple[float, int, int]:
    return pair[1].turn, pair[1].passage.number, pair[1].start


def _trust(candidate: Candidate) -> float:
    """Flags and extreme lengths lower a sentence."""
    exact = 0.15 if candidate.codes else 0.0
    length = min(1.0, 0.5 + candidate.count / 20 + exact, LONG / max(1, candidate.count))
    return length * (_FLAGGED if candidate.passage.flags else 1.0)


def _problem(c: Candidate, thread: _Thread) -> float:
    """Told first, by the customer, at the head of the message; then what gives codes and figures. Titles come last."""
    if c.passage.role is Role.AGENT or c.resolution:
        return 0.0
    opening = c.turn <= thread.opening
    told = opening * (0.25 + 0.3 * (c.place == 0) + 0.15 * bool(c.codes)) + 0.1 * c.cues.problem + 0.15 * c.specific
    told += 0.1 * c.topic
    title = c.title and not thread.titles_only
    return told + 0.05 * c.central - 0.5 * title - 0.1 * c.question - 0.2 * c.cues.polite - 0.1 * c.cues.promise


def _attempt(c: Candidate, thread: _Thread) -> float:
    """What an answer reports: it takes up what the other side wrote before, in the past tense, with its outcome."""
    middle = thread.opening < c.turn
    if c.question or not middle or c.passage.role is Role.RECORD:
        return 0.0
    customer = c.passage.role is Role.CUSTOMER
    told = 0.2 * c.cues.attempt + 0.2 * customer + 0.2 * thread.echo(c) + 0.2 * c.specific + 0.2 * c.topic
    return told - 0.2 * c.cues.polite - 0.2 * c.cues.promise - 0.15 * c.cues.request


def _state(c: Candidate, _: _Thread) -> float:
    """The newest word on it, the customer's before an internal note."""
    if c.question:
        return 0.0
    if c.resolution:
        return 1.0
    told = (
        0.4 * c.turn + 0.2 * c.cues.state + 0.15 * (c.passage.role is Role.CUSTOMER) + 0.1 * c.specific + 0.1 * c.topic
    )
    less = 0.15 * _note(c) + 0.1 * c.cues.polite + 0.2 * c.cues.promise + 0.2 * c.cues.request
    return told + 0.1 * (c.place == 0) - less


def _promise(c: Candidate, thread: _Thread) -> float:
    """A commitment: first person or future, or a deadline that an agent names; a date makes it firm."""
    agent = c.passage.role is Role.AGENT and not _note(c)
    if c.question or c.cues.attempt == 1 or not (c.cues.promise or c.cues.first_person or agent):
        return 0.0
    due = bool(c.due)
    if not (c.cues.promise or due):
        return 0.0
    made = 0.2 + 0.4 * due + 0.15 * agent + 0.1 * c.turn + 0.15 * c.cues.promise
    return made - 0.3 * c.cues.polite - 0.2 * c.cues.request - 0.5 * thread.kept(c)


def _note(c: Candidate) -> bool:
    """An internal comment, not said to the customer."""
    return c.passage.key.ref.object == "CaseComment"


def _step(c: Candidate, thread: _Thread) -> float:
    asked = 0.0
    if c.cues.request and not (c.cues.polite and not c.cues.problem):
        asked = 0.3 + 0.4 * c.turn + 0.2 * bool(c.due) - 0.4 * thread.answered(c)
    return max(_promise(c, thread), asked)


_SCORES: Final[Mapping[Seeks, Callable[[Candidate, _Thread], float]]] = {
    Seeks.PROBLEM: _problem,
    Seeks.ATTEMPT: _attempt,
    Seeks.STATE: _state,
    Seeks.PROMISE: _promise,
    Seeks.STEP: _step,
}


def _claim(section: Section, score: float, candidate: Candidate) -> Claim:
    dated = section.seeks in {Seeks.PROMISE, Seeks.STEP}
    return Claim(
        section=section.name,
        text=candidate.text,
        passage=candidate.passage.number,
        quote=candidate.text,
        start=candidate.start,
        end=candidate.end,
        score=round(min(1.0, max(0.0, score)), 3),
        due=candidate.due if dated else "",
    )


def _listed(prompt: Prompt, section: Section) -> list[Claim]:
    """One line for each record of the section's objects, the newest first."""
    rows = [p for p in prompt.passages if p.key.ref.object in section.objects and p.key.ordinal == 0 and not p.related]
    newest = sorted(rows, key=lambda p: (p.when is not None, p.when, -p.number), reverse=True)
    lines: dict[object, Claim] = {}
    for p in newest:
        if p.key.ref not in lines:
            lines[p.key.ref] = Claim(section.name, p.text, p.number, quote=p.text, end=len(p.text), score=1.0)
    return list(lines.values())[: section.max_sentences]


def _related(prompt: Prompt, section: Section, own_vectors: Vectors | None, pool: Sequence[Candidate]) -> list[Claim]:
    """What helped elsewhere: the sentences of related records that are nearest to this case, one for each record."""
    passages, vectors = _part(prompt, related=True)
    if not pool:
        return []
    near = _nearness(prompt, passages, vectors, own_vectors)
    topic = content(word for candidate in pool for word in candidate.words)
    best: dict[object, tuple[float, Candidate]] = {}
    for candidate in candidates(passages, vectors):
        similar = near.get(candidate.passage.number, overlap(candidate.words, topic))
        score = (similar + 0.1 * overlap(candidate.words, topic)) * _trust(candidate)
        helps = candidate.resolution or candidate.passage.role is Role.ARTICLE
        if helps and similar >= RELATED_SCORE and not (candidate.question or candidate.title):
            root = candidate.passage.root
            best[root] = max(best.get(root, (0.0, candidate)), (score, candidate), key=lambda pair: pair[0])
    ranked = sorted(best.values(), key=lambda pair: -pair[0])[: section.max_sentences]
    return [_claim(section, score, candidate) for score, candidate in ranked]


def _nearness(
    prompt: Prompt, passages: Sequence[Passage], vectors: Vectors | None, own: Vectors | None
) -> dict[int, float]:
    """Cosine of each related passage to what the case itself says, by passage number; empty without vectors."""
    if vectors is None or own is None or not len(own) or not len(vectors):
        return {}
    told = [passage for passage in prompt.passages if not passage.related]
    record = [i for i, passage in enumerate(told) if passage.key.ref == passage.root]
    centroid = own[record or slice(None)].mean(axis=0)
    cosine = np.nan_to_num(vectors @ (centroid / (np.linalg.norm(centroid) or 1.0)))
    return {passage.number: float(value) for passage, value in zip(passages, cosine, strict=True)}
