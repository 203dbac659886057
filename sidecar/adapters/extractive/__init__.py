"""The default reasoner: picks sentences from the passages and never writes one. No language model, no network.

Every claim is a verbatim sentence. Sentences are chosen one by one, each time the one that is worth most: how well it
fits what a section of the template seeks (see `seeking`), more so while that section is empty, and how much of
a report of the whole thread it adds to those chosen already (see `worth`). A sentence that repeats a chosen one
is passed over. A summary's room that no section claims is filled with what stands for the thread best.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from sidecar.adapters.extractive.seeking import LEAST, REPEATS, SCORES, Thread, trust
from sidecar.adapters.extractive.worth import Worth
from sidecar.candidates import Candidate, candidates
from sidecar.domain import NAME_FIELDS, Claim, Passage, Role, Vectors
from sidecar.interfaces import quiet
from sidecar.templates import Prompt, Section, Seeks, Template
from sidecar.words import content, overlap

NEARLY_ALL: Final = 0.85
"""Share of content words from which a sentence with a code or figure of its own counts as said already."""
RELATED_SCORE: Final = 0.35
"""Least similarity (cosine, or word overlap without vectors) of a related passage to the case."""
FIT: Final = 1.0
"""Weight of how well a sentence fits a section, where its worth for the thread has 1."""
TURNS: Final = 0.5
"""What each sentence that a section has already takes from its next one: sections take turns."""
FIT_TALK: Final = 0.02
TURNS_TALK: Final = 0.0
"""The same in talk, which has fewer signs of what a sentence is."""
FIRST: Final[Mapping[Seeks, float]] = {
    Seeks.PROMISE: 0.3,
    Seeks.STEP: 0.3,
    Seeks.QUESTION: 0.3,
    Seeks.PROBLEM: 0.2,
    Seeks.STATE: 0.1,
    Seeks.ATTEMPT: 0.0,
}
"""Which section chooses first: the one with the most specific wish."""
RESERVED: Final = 0.2
"""Taken from a sentence that fewer may see than will read the text: it would not be written."""
_TOLD: Final = (Seeks.PROBLEM, Seeks.ATTEMPT, Seeks.STATE)
"""Sections that tell the story take what no section seeks: the earlier half of the thread goes to the first of them."""
_DATED: Final = frozenset({Seeks.PROMISE, Seeks.STEP})

_Scored = tuple[float, Candidate]


class ExtractiveReasoner:
    """See the module. Holds no state; safe from many threads."""

    name = "extractive"

    def generate(self, prompt: Prompt, progress: Callable[[int], None] = quiet) -> tuple[Claim, ...]:  # noqa: ARG002 - it is done at once
        """Claims in the order of the template's sections; none when the passages hold no usable sentence."""
        template = prompt.template
        own, own_vectors = _part(prompt, related=False)
        pool = candidates(own, own_vectors)
        lists = {s.name: _listed(s, own) for s in template.sections if s.seeks is Seeks.LIST}
        hints = {s.name: _related(prompt, s, own_vectors, pool) for s in template.sections if s.seeks is Seeks.RELATED}
        ready = lists | hints
        room = template.max_sentences - sum(map(len, ready.values()))
        chosen = _choose(template, pool, max(0, room))
        claims: list[Claim] = []
        for section in template.sections:
            claims += ready.get(section.name, ())
            found = sorted(chosen.get(section.name, ()), key=lambda pair: _in_thread(pair[1]))
            claims += [_claim(section, score, candidate) for score, candidate in found]
        return tuple(claims[: template.max_sentences])


def _part(prompt: Prompt, *, related: bool) -> tuple[list[Passage], Vectors | None]:
    rows = [i for i, passage in enumerate(prompt.passages) if passage.related is related]
    vectors = prompt.vectors
    usable = vectors is not None and vectors.shape[0] == len(prompt.passages)
    return [prompt.passages[i] for i in rows], vectors[rows] if vectors is not None and usable else None


def _choose(template: Template, pool: Sequence[Candidate], room: int) -> dict[str, list[_Scored]]:
    """For each section its sentences with their scores, `room` at most over all; nothing is said twice."""
    sections = [section for section in template.sections if section.seeks in SCORES]
    thread, worth = Thread(pool), Worth(pool, room)
    fits = [_fits(candidate, sections, thread) for candidate in pool]
    chosen: dict[str, list[_Scored]] = {section.name: [] for section in sections}
    fills = {Seeks.PROBLEM, Seeks.STATE} <= {section.seeks for section in sections}
    left = list(range(len(pool)))
    for _ in range(room):
        best: tuple[float, int, Section, float] | None = None
        for i in left:
            candidate = pool[i]
            gain = worth.gain(candidate) * trust(candidate) if fills else 0.0
            options = [pair for pair in fits[i] if len(chosen[pair[0].name]) < pair[0].max_sentences]
            weight, turns = (FIT_TALK, TURNS_TALK) if candidate.talk else (FIT, TURNS)
            if not options and fills and (home := _home(candidate, sections, chosen)):
                options = [(home, 0.0)]
            for section, fit in options:
                excess = fit - LEAST[section.seeks] + FIRST[section.seeks] if fit else -LEAST[section.seeks]
                value = gain + weight * excess - turns * len(chosen[section.name])
                value -= RESERVED * (candidate.passage.audience < template.readers)
                if best is None or value > best[0]:
                    best = value, i, section, fit or gain
        if best is None:
            break
        _, i, section, fit = best
        chosen[section.name].append((fit, pool[i]))
        worth.add(pool[i])
        taken = [candidate for pairs in chosen.values() for _, candidate in pairs]
        left = [k for k in left if k != i and not _said(pool[k], taken)]
    return chosen


def _fits(candidate: Candidate, sections: Sequence[Section], thread: Thread) -> list[tuple[Section, float]]:
    """The sections that it may stand in, with its scores."""
    found = []
    for section in sections:
        if _wants(section, candidate.passage, candidate.role):
            score = SCORES[section.seeks](candidate, thread) * trust(candidate)
            if score >= LEAST[section.seeks]:
                found.append((section, score))
    return found


def _wants(section: Section, passage: Passage, role: Role) -> bool:
    """Whether a section takes what such records and such people say."""
    return (not section.objects or passage.key.ref.object in section.objects) and (
        not section.roles or role in section.roles
    )


def _home(candidate: Candidate, sections: Sequence[Section], chosen: Mapping[str, Sequence[_Scored]]) -> Section | None:
    """The section of the story with room for a sentence that none seeks: by its place in the thread."""
    asks = candidate.question or candidate.cues.request or candidate.cues.polite
    if asks and not candidate.talk:
        return None
    for seeks in _TOLD if candidate.turn <= 1 / 2 else _TOLD[::-1]:
        for section in sections:
            room = len(chosen[section.name]) < section.max_sentences
            if section.seeks is seeks and room and _wants(section, candidate.passage, candidate.role):
                return section
    return None


def _said(candidate: Candidate, taken: Sequence[Candidate]) -> bool:
    """Whether it repeats what is taken already; a code or figure that is new is not a repetition."""
    if candidate.codes.difference(*(other.codes for other in taken)):
        return any(overlap(candidate.words, other.words) >= NEARLY_ALL for other in taken)
    return any(overlap(candidate.words, other.words) >= REPEATS for other in taken)


def _in_thread(candidate: Candidate) -> tuple[float, int, int]:
    return candidate.turn, candidate.passage.number, candidate.start


def _listed(section: Section, passages: Sequence[Passage]) -> list[Claim]:
    """One sentence for each record, newest first: its line, or else the first sentence that says something."""
    wanted = [passage for passage in passages if _wants(section, passage, passage.role)]
    records: dict[object, list[Passage]] = {}
    for passage in sorted(wanted, key=lambda p: (p.when is None, -(p.when.timestamp() if p.when else 0.0), p.number)):
        records.setdefault(passage.key.ref, []).append(passage)
    found: list[Claim] = []
    for of_record in records.values():
        line = next((p for p in of_record if "+" in p.key.field or p.key.field in NAME_FIELDS), None)
        if line:
            found.append(_whole(section, line))
        elif pool := candidates(of_record, None):
            found.append(_claim(section, 1.0, next((c for c in pool if not c.title), pool[0])))
    return found[: section.max_sentences]


def _whole(section: Section, passage: Passage) -> Claim:
    return Claim(section.name, passage.text, passage.number, passage.text, 0, len(passage.text), 1.0)


def _claim(section: Section, score: float, candidate: Candidate) -> Claim:
    dated = section.seeks in _DATED
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
        score = (similar + 0.1 * overlap(candidate.words, topic)) * trust(candidate)
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
