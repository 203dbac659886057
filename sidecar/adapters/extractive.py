"""The default reasoner: picks sentences from the passages and never writes one. No language model, no network.

Every claim is a verbatim sentence. Each section of a template says what it seeks; a sentence is scored for that by its
cues (see `sidecar.cues`), who says it, how new it is, where it stands and how central its passage is. Sections with the
most specific wish choose first; a sentence that repeats a chosen one is passed over.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from sidecar.candidates import Candidate, candidates
from sidecar.domain import Claim, Passage, Role, Vectors
from sidecar.templates import Prompt, Section, Seeks
from sidecar.words import content, overlap

REPEATS: Final = 0.6
"""Share of content words from which a sentence counts as said already."""
LONG: Final = 40
"""Words from which a sentence loses weight."""
RELATED_SCORE: Final = 0.35
"""Least similarity (cosine, or word overlap without vectors) of a related passage to the case."""
_FLAGGED: Final = 0.3
"""Weight of a sentence from a passage that looks manipulated."""
_LEAST: Final[Mapping[Seeks, float]] = {
    Seeks.PROBLEM: 0.25,
    Seeks.ATTEMPT: 0.4,
    Seeks.STATE: 0.35,
    Seeks.PROMISE: 0.45,
    Seeks.STEP: 0.45,
}
"""A sentence that scores less is left out: an empty section is better than a wrong one."""
_FIRST_CHOICE: Final = (Seeks.PROMISE, Seeks.STEP, Seeks.PROBLEM, Seeks.STATE, Seeks.ATTEMPT)


class ExtractiveReasoner:
    """See the module. Holds no state; safe from many threads."""

    name = "extractive"

    def generate(self, prompt: Prompt) -> tuple[Claim, ...]:
        """Claims in the order of the template's sections; none when the passages hold no usable sentence."""
        own, own_vectors = _part(prompt, related=False)
        pool = candidates(own, own_vectors)
        thread = _Thread(pool)
        taken: list[Candidate] = []
        chosen: dict[str, list[Claim]] = {}
        left = prompt.template.max_sentences
        for section in sorted(prompt.template.sections, key=_choice):
            if section.seeks is Seeks.RELATED:
                claims = _related(prompt, section, own_vectors, pool, min(left, section.max_sentences))
            else:
                picked = _pick(section, thread, taken, min(left, section.max_sentences))
                taken += [candidate for _, candidate in picked]
                claims = [_claim(section, score, candidate) for score, candidate in picked]
            chosen[section.name] = claims
            left -= len(claims)
        return tuple(claim for section in prompt.template.sections for claim in chosen[section.name])


class _Thread:
    """The candidates of one case and what depends on all of them."""

    def __init__(self, pool: Sequence[Candidate]) -> None:
        self.pool = pool
        self.first_inbound = min((c.turn for c in pool if c.passage.role is Role.CUSTOMER), default=0.0)
        self._done = [c for c in pool if c.cues.done and not c.cues.request]

    def kept(self, promise: Candidate) -> float:
        """How surely a later message says that this is done, 0 to 1."""
        later = (c for c in self._done if c.turn > promise.turn)
        return max((overlap(promise.words, c.words) for c in later), default=0.0)

    def answered(self, request: Candidate) -> bool:
        """Whether the other side took it up in a later message."""
        return any(
            c.turn > request.turn
            and c.passage.role is not request.passage.role
            and overlap(request.words, c.words) >= REPEATS / 2
            for c in self._done
        )


def _choice(section: Section) -> int:
    return _FIRST_CHOICE.index(section.seeks) if section.seeks in _FIRST_CHOICE else len(_FIRST_CHOICE)


def _part(prompt: Prompt, *, related: bool) -> tuple[list[Passage], Vectors | None]:
    rows = [i for i, passage in enumerate(prompt.passages) if passage.related is related]
    vectors = prompt.vectors
    usable = vectors is not None and vectors.shape[0] == len(prompt.passages)
    return [prompt.passages[i] for i in rows], vectors[rows] if vectors is not None and usable else None


def _pick(section: Section, thread: _Thread, taken: Sequence[Candidate], limit: int) -> list[tuple[float, Candidate]]:
    """The best candidates for a section, none of them said before, in the order of the thread."""
    score = _SCORES[section.seeks]
    ranked = sorted(
        ((score(candidate, thread) * _trust(candidate), candidate) for candidate in thread.pool),
        key=lambda pair: -pair[0],
    )
    picked: list[tuple[float, Candidate]] = []
    for value, candidate in ranked:
        if len(picked) >= limit or value < _LEAST[section.seeks]:
            break
        said = [*taken, *(other for _, other in picked)]
        if all(overlap(candidate.words, other.words) < REPEATS for other in said):
            picked.append((value, candidate))
    return sorted(picked, key=lambda pair: (pair[1].turn, pair[1].passage.number, pair[1].start))


def _trust(candidate: Candidate) -> float:
    """Flags and extreme lengths lower a sentence."""
    length = min(1.0, 0.55 + candidate.count / 16, LONG / candidate.count)
    return length * (_FLAGGED if candidate.passage.flags else 1.0)


def _problem(c: Candidate, thread: _Thread) -> float:
    customer = c.passage.role is Role.CUSTOMER
    opening = c.turn <= thread.first_inbound or c.passage.role is Role.RECORD
    told = 0.4 * c.cues.problem + 0.15 * customer + 0.3 * opening + 0.1 * (1 - c.place) + 0.1 * c.central
    return told - 0.1 * c.question - 0.2 * c.cues.polite - 0.15 * c.cues.promise - 0.25 * (c.passage.role is Role.AGENT)


def _attempt(c: Candidate, _: _Thread) -> float:
    if not c.cues.attempt or c.question:
        return 0.0
    agent = c.passage.role is Role.AGENT
    told = 0.45 * c.cues.attempt + 0.15 * agent + 0.15 * c.cues.first_person + 0.1 * c.cues.state + 0.1 * c.central
    return told - 0.3 * c.cues.polite - 0.15 * c.cues.promise


def _state(c: Candidate, _: _Thread) -> float:
    if c.question:
        return 0.0
    told = 0.45 * c.turn + 0.35 * c.cues.state + 0.1 * c.central + 0.1 * (c.passage.role is Role.AGENT)
    return told - 0.3 * c.cues.polite - 0.2 * c.cues.promise - 0.2 * c.cues.request


def _promise(c: Candidate, thread: _Thread) -> float:
    if c.question or not (c.cues.promise or (c.cues.first_person and not c.cues.attempt)):
        return 0.0
    due = bool(c.due)
    if not (c.cues.promise or due):
        return 0.0
    agent = c.passage.role is Role.AGENT
    made = 0.3 + 0.35 * due + 0.1 * agent + 0.15 * c.turn + 0.1 * c.cues.first_person
    return made - 0.25 * c.cues.polite - 0.5 * thread.kept(c)


def _step(c: Candidate, thread: _Thread) -> float:
    asked = 0.0
    if c.cues.request and not (c.cues.polite and not c.cues.problem):
        asked = 0.4 + 0.3 * c.turn + 0.2 * bool(c.due) - 0.4 * thread.answered(c)
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


def _related(
    prompt: Prompt, section: Section, own_vectors: Vectors | None, pool: Sequence[Candidate], limit: int
) -> list[Claim]:
    """The sentences of related records that are nearest to this case, one for each record."""
    passages, vectors = _part(prompt, related=True)
    if limit <= 0 or not pool:
        return []
    near = _nearness(passages, vectors, own_vectors)
    topic = content(word for candidate in pool for word in candidate.words)
    best: dict[object, tuple[float, Candidate]] = {}
    for candidate in candidates(passages, vectors):
        similar = near.get(candidate.passage.number, overlap(candidate.words, topic))
        score = (similar + 0.1 * overlap(candidate.words, topic)) * _trust(candidate)
        if similar >= RELATED_SCORE and not candidate.question:
            root = candidate.passage.root
            best[root] = max(best.get(root, (0.0, candidate)), (score, candidate), key=lambda pair: pair[0])
    ranked = sorted(best.values(), key=lambda pair: -pair[0])[:limit]
    return [_claim(section, score, candidate) for score, candidate in ranked]


def _nearness(passages: Sequence[Passage], vectors: Vectors | None, own: Vectors | None) -> dict[int, float]:
    """Cosine of each related passage to the centroid of the case, by passage number; empty without vectors."""
    if vectors is None or own is None or not len(own) or not len(vectors):
        return {}
    centroid = own.mean(axis=0)
    cosine = np.nan_to_num(vectors @ (centroid / (np.linalg.norm(centroid) or 1.0)))
    return {passage.number: float(value) for passage, value in zip(passages, cosine, strict=True)}
