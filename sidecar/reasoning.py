"""Lets the configured reasoner write claims and checks every one; when nothing of it holds, the fallback takes over.

A language model is a guest here: it may be down, slow or wrong. Whatever it does, the agent gets a draft whose every
sentence is verified, and is told who wrote it and why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sidecar import grounding
from sidecar.domain import Claim, Grounding
from sidecar.errors import ModelFailed, Unavailable
from sidecar.firewall import Released
from sidecar.interfaces import Reasoner
from sidecar.templates import Prompt, Seeks

NO_ANSWER = "The language model gave no answer in time, so these are the record's own sentences."
BAD_ANSWER = "The language model's answer could not be read, so these are the record's own sentences."
NOT_GROUNDED = "Nothing that the language model wrote stands in the record, so these are the record's own sentences."


class Reasoners(Protocol):
    """Who writes, and who takes over when that one fails; None when it cannot. `Services` is one."""

    @property
    def reasoner(self) -> Reasoner:
        """The configured one."""

    @property
    def fallback(self) -> Reasoner | None:
        """The one in reserve."""


@dataclass(frozen=True, slots=True)
class Reasoned:
    """What was released, how many claims were not, who wrote them, and why it was the fallback ("" when it was not)."""

    released: Released
    dropped: int
    reasoner: str
    fallback: str


Release = Callable[[Sequence[Claim]], Released]
"""`firewall.release`, knowing what was admitted and for what."""


def reason(services: Reasoners, prompt: Prompt, release: Release, progress: Callable[[int], None]) -> Reasoned:
    """Claims over `prompt` that are verified and may leave. `progress` is told how much is there, in characters."""
    if services.fallback is None:
        return _checked(services.reasoner, prompt, release, progress)
    try:
        asked = _checked(services.reasoner, prompt, release, progress)
        why = "" if asked.released.claims else NOT_GROUNDED
    except Unavailable:
        why = NO_ANSWER
    except ModelFailed:
        why = BAD_ANSWER
    if not why:
        return asked
    return replace(_checked(services.fallback, prompt, release, progress), fallback=why)


def _checked(reasoner: Reasoner, prompt: Prompt, release: Release, progress: Callable[[int], None]) -> Reasoned:
    made = reasoner.generate(prompt, progress)
    released = release(_verified(made, prompt))
    return Reasoned(released, len(made) - len(released.claims), reasoner.name, "")


def _verified(claims: tuple[Claim, ...], prompt: Prompt) -> tuple[Claim, ...]:
    checked = grounding.verify(claims, prompt.passages)
    return tuple(claim for claim in checked if claim.grounding is Grounding.VERIFIED and _in_place(claim, prompt))


def _in_place(claim: Claim, prompt: Prompt) -> bool:
    """Whether its section takes what such a record and such a writer say.

    Another record's words would pass for this one's, and a customer's "you will refund me" for a promise of ours.
    """
    section = next((each for each in prompt.template.sections if each.name == claim.section), None)
    passage = next(each for each in prompt.passages if each.number == claim.passage)
    return (
        section is not None
        and (section.seeks is Seeks.RELATED) is passage.related
        and (not section.objects or passage.key.ref.object in section.objects)
        and (not section.roles or passage.role in section.roles)
    )
