"""Chooses sentences for the sections of a template, one by one, each time the one that is worth most. Pure.

In a summary a sentence's worth is what it tells of the whole thread (`letters`, `worth`) and, on top, how well it fits
what a section seeks (`seeking`), most of all one that is still empty; room that no section claims goes to what tells
most. Other templates take only what their sections seek, in turns. Nothing is said twice.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sidecar.adapters.extractive.letters import Letters
from sidecar.adapters.extractive.seeking import LEAST, REPEATS, SCORES, Thread, trust
from sidecar.adapters.extractive.telling import TOLD, dealt
from sidecar.adapters.extractive.worth import Worth
from sidecar.candidates import Candidate
from sidecar.domain import Passage, Role
from sidecar.templates import Section, Seeks, Template
from sidecar.words import overlap

NEARLY_ALL: Final = 0.85
"""Share of content words from which a sentence with a code or figure of its own counts as said already."""
FIRST: Final[Mapping[Seeks, float]] = {
    Seeks.PROMISE: 0.6,
    Seeks.STEP: 0.6,
    Seeks.QUESTION: 0.6,
    Seeks.PROBLEM: 0.2,
    Seeks.STATE: 0.1,
    Seeks.ATTEMPT: 0.0,
}
"""Which section chooses first: the one with the most specific wish."""
_UNSOUGHT: Final = -0.2
"""How a sentence suits a section that does not seek it."""
GAIN: Final = 40.0
"""Log-odds for a whole point of F1."""
_DOUBT: Final = -3.0
"""Log-odds of a sentence from a passage that looks manipulated, beside those of a sound one."""

Scored = tuple[float, Candidate]


@dataclass(frozen=True, slots=True)
class _Scale:
    """What counts beside what a sentence tells, in its unit.

    `fit` is the weight of its fit to a section, `empty` what a section's first sentence is worth more, `turns`
    what each sentence in the section takes from the next, `reserved` what is taken from one that fewer may see than
    will read the text, `floor` the least a sentence must tell to stand where no section seeks it.
    """

    fit: float
    empty: float
    turns: float
    reserved: float
    floor: float


LETTERS: Final = _Scale(fit=1.0, empty=1.0, turns=0.0, reserved=1.0, floor=-2.2)
"""In log-odds."""
TALK: Final = _Scale(fit=0.0001, empty=0.0, turns=0.0, reserved=0.05, floor=-1.0)
"""In points of F1 (of 1). Talk has too few signs of what a sentence is: the fit decides nothing but the section."""
PLAIN: Final = _Scale(fit=1.0, empty=0.0, turns=0.5, reserved=0.2, floor=1.0)
"""In points of fit: nothing else counts."""


def choose(template: Template, pool: Sequence[Candidate], room: int) -> dict[str, list[Scored]]:
    """For each section its sentences with their scores, `room` at most over all."""
    return _Choice(template, pool, room).made() if pool else {}


def wants(section: Section, passage: Passage, role: Role) -> bool:
    """Whether a section takes what such people say in such records, and write there: anyone can quote anyone."""
    return (not section.objects or passage.key.ref.object in section.objects) and (
        not section.roles or {role, passage.role} <= set(section.roles)
    )


def said(candidate: Candidate, taken: Sequence[Candidate]) -> bool:
    """Whether it repeats what is taken already; two sentences with codes of their own tell of two things."""
    return any(_repeats(candidate, other) for other in taken)


def _repeats(candidate: Candidate, other: Candidate) -> bool:
    fresh = candidate.codes - other.codes
    if fresh and other.codes - candidate.codes:
        return False
    return overlap(candidate.words, other.words) >= (NEARLY_ALL if fresh else REPEATS)


class _Choice:
    """One draft in the making."""

    def __init__(self, template: Template, pool: Sequence[Candidate], room: int) -> None:
        self._sections = [section for section in template.sections if section.seeks in SCORES]
        self._readers = template.readers
        self._pool = pool
        self._room = room
        self._chosen: dict[str, list[Scored]] = {section.name: [] for section in self._sections}
        thread = Thread(pool)
        self._fits = [self._fit(candidate, thread) for candidate in pool]
        self._scores = {
            (id(candidate), section.name): score
            for candidate, fits in zip(pool, self._fits, strict=True)
            for section, score in fits
        }
        self._trust = np.array([trust(candidate) for candidate in pool])
        self._worth: Worth | None = None
        self._keys: list[float] = []
        self._scale = PLAIN
        if {Seeks.PROBLEM, Seeks.STATE} <= {section.seeks for section in self._sections}:
            self._worth = Worth(pool, room)
            if pool[0].talk:
                self._scale = TALK
            else:
                self._scale, letters = LETTERS, Letters(thread)
                self._keys = [letters.key(candidate) + _DOUBT * bool(candidate.passage.flags) for candidate in pool]

    def made(self) -> dict[str, list[Scored]]:
        """Take the best until there is no room or nothing left."""
        left = list(range(len(self._pool)))
        taken: list[Candidate] = []
        while left and len(taken) < self._room:
            tells = self._tells()
            options = ((*option, i) for i in left for option in self._options(i, tells[i]))
            best = max(options, key=lambda option: option[0], default=None)
            if best is None:
                break
            _, section, score, i = best
            candidate = self._pool[i]
            self._chosen[section.name].append((score, candidate))
            taken.append(candidate)
            if self._worth:
                self._worth.add(i)
            left = [k for k in left if k != i and not said(self._pool[k], taken)]
        if self._worth:
            self._tell()
        return self._chosen

    def _options(self, i: int, tells: float) -> list[tuple[float, Section, float]]:
        """Where a sentence may stand: what it is worth there, the section, and its score."""
        candidate, scale = self._pool[i], self._scale
        tells -= scale.reserved * (candidate.passage.audience < self._readers)
        found = []
        for section, score in self._fits[i]:
            there = len(self._chosen[section.name])
            if there < section.max_sentences:
                fit = score - LEAST[section.seeks] + FIRST[section.seeks]
                worth = tells + scale.fit * fit + scale.empty * (not there) - scale.turns * there
                found.append((worth, section, score))
        if not found and not candidate.title and tells >= scale.floor and (home := self._home(candidate)):
            found.append((tells, home, 0.0))
        return found

    def _tell(self) -> None:
        """Deal what tells the story out again, in the order in which it happened."""
        story = [section for section in self._sections if section.seeks in TOLD]
        told = [candidate for section in story for _, candidate in self._chosen[section.name]]
        for name, stretch in dealt(story, told, self._suits).items():
            self._chosen[name] = [(self._scores.get((id(c), name), 0.0), c) for c in stretch]

    def _suits(self, candidate: Candidate, section: Section) -> float:
        if not wants(section, candidate.passage, candidate.role):
            return -math.inf
        return self._scores.get((id(candidate), section.name), _UNSOUGHT)

    def _tells(self) -> list[float]:
        """What each candidate says of the thread beyond what is chosen."""
        if not self._worth:
            return [0.0] * len(self._pool)
        gains = (self._worth.gains() * self._trust).tolist()
        return [key + GAIN * gain for key, gain in zip(self._keys, gains, strict=True)] if self._keys else gains

    def _fit(self, candidate: Candidate, thread: Thread) -> list[tuple[Section, float]]:
        """The sections that seek it, with its scores."""
        found = []
        for section in self._sections:
            if wants(section, candidate.passage, candidate.role):
                score = SCORES[section.seeks](candidate, thread) * trust(candidate)
                if score >= LEAST[section.seeks]:
                    found.append((section, score))
        return found

    def _home(self, candidate: Candidate) -> Section | None:
        """The section of the story with room for a sentence that none seeks: by its place in the thread."""
        for seeks in TOLD if candidate.turn <= 1 / 2 else TOLD[::-1]:
            for section in self._sections:
                room = len(self._chosen[section.name]) < section.max_sentences
                if section.seeks is seeks and room and wants(section, candidate.passage, candidate.role):
                    return section
        return None
