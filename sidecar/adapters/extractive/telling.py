"""Tells a story in the order in which it happened: deals sentences out to the sections for it. Pure.

A summary reads from how it began over what was done to where it stands, so each of these sections takes a stretch of
the thread. Where one ends and the next begins is what suits the sentences best.
"""

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement, pairwise
from typing import Final

from sidecar.candidates import Candidate
from sidecar.templates import Section, Seeks

TOLD: Final = (Seeks.PROBLEM, Seeks.ATTEMPT, Seeks.STATE)
"""What the sections of a story seek, in the order in which it happens."""


def in_thread(candidate: Candidate) -> tuple[bool, float, int, int]:
    """Sorts by place in the thread; how it ended comes last."""
    return candidate.resolution, candidate.turn, candidate.passage.number, candidate.start


def dealt(
    sections: Sequence[Section], chosen: Sequence[Candidate], suits: Callable[[Candidate, Section], float]
) -> dict[str, list[Candidate]]:
    """For each section of the story its stretch of the sentences; empty when no way of dealing gives each a place.

    `suits` says how well a sentence stands in a section, and -inf where it must not.
    """
    story = sorted((s for s in sections if s.seeks in TOLD), key=lambda section: TOLD.index(section.seeks))
    told = sorted(chosen, key=in_thread)
    gains = [[suits(candidate, section) for candidate in told] for section in story]
    best, least = {}, float("-inf")
    for cuts in combinations_with_replacement(range(len(told) + 1), len(story) - 1):
        spans = list(pairwise((0, *cuts, len(told))))
        if all(end - start <= section.max_sentences for (start, end), section in zip(spans, story, strict=True)):
            total = sum(sum(gain[start:end]) for (start, end), gain in zip(spans, gains, strict=True))
            if total > least:
                least = total
                best = {s.name: told[start:end] for s, (start, end) in zip(story, spans, strict=True)}
    return best
