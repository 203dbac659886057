"""The default reasoner: picks sentences from the passages and never writes one. No language model, no network.

Every claim is a verbatim sentence. `choosing` says which ones; a section that lists records takes the line of each, and
one that looks for help elsewhere the sentence of a related record or article that is nearest to the case.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from sidecar.adapters.extractive.choosing import choose, wants
from sidecar.adapters.extractive.seeking import trust
from sidecar.adapters.extractive.telling import in_thread
from sidecar.candidates import Candidate, candidates
from sidecar.domain import NAME_FIELDS, Claim, Passage, Role, Vectors
from sidecar.interfaces import quiet
from sidecar.templates import Prompt, Section, Seeks
from sidecar.words import content, overlap

RELATED_SCORE: Final = 0.35
"""Least similarity (cosine, or word overlap without vectors) of a related passage to the case."""
_DATED: Final = frozenset({Seeks.PROMISE, Seeks.STEP})


class ExtractiveReasoner:
    """See the module. Holds no state; safe from many threads."""

    name = "extractive"

    def generate(self, prompt: Prompt, progress: Callable[[int], None] = quiet) -> tuple[Claim, ...]:  # noqa: ARG002 - it is done at once
        """Claims in the order of the template's sections; none when the passages hold no usable sentence."""
        template = prompt.template
        own, own_vectors = _part(prompt, related=False)
        pool = candidates(own, own_vectors)
        if template.frames:  # a letter does not promise again what should have happened by now
            today = prompt.now.date().isoformat()
            pool = [candidate for candidate in pool if not "" < candidate.due < today]
        lists = {s.name: _listed(s, own) for s in template.sections if s.seeks is Seeks.LIST}
        hints = {s.name: _related(prompt, s, own_vectors, pool) for s in template.sections if s.seeks is Seeks.RELATED}
        ready = lists | hints
        room = template.max_sentences - sum(map(len, ready.values()))
        chosen = choose(template, pool, max(0, room))
        claims: list[Claim] = []
        for section in template.sections:
            claims += ready.get(section.name, ())
            found = sorted(chosen.get(section.name, ()), key=lambda pair: in_thread(pair[1]))
            claims += [_claim(section, score, candidate) for score, candidate in found]
        return tuple(claims[: template.max_sentences])


def _part(prompt: Prompt, *, related: bool) -> tuple[list[Passage], Vectors | None]:
    rows = [i for i, passage in enumerate(prompt.passages) if passage.related is related]
    vectors = prompt.vectors
    usable = vectors is not None and vectors.shape[0] == len(prompt.passages)
    return [prompt.passages[i] for i in rows], vectors[rows] if vectors is not None and usable else None


def _listed(section: Section, passages: Sequence[Passage]) -> list[Claim]:
    """One sentence for each record, newest first: its line, or else the first sentence that says something."""
    wanted = [passage for passage in passages if wants(section, passage, passage.role)]
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
