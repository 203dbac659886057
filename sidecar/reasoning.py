"""Lets the configured reasoner write claims and checks every one; when nothing of it holds, the fallback takes over.

A language model is a guest here: it may be down, slow or wrong. Whatever it does, the agent gets a draft whose every
sentence is verified, and is told who wrote it and why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sidecar import grounding
from sidecar.domain import Claim, Grounding
from sidecar.errors import ModelFailed, Unavailable
from sidecar.interfaces import Reasoner
from sidecar.templates import Prompt, Seeks

NO_ANSWER = "The language model did not answer in time, so these are the record's own sentences."
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
    """The claims that hold, how many did not, who wrote them, and why it was the fallback ("" when it was not)."""

    claims: tuple[Claim, ...]
    dropped: int
    reasoner: str
    fallback: str


def reason(services: Reasoners, prompt: Prompt, progress: Callable[[int], None]) -> Reasoned:
    """Verified claims over `prompt`. `progress` is told how much of an answer is there, in characters."""
    if services.fallback is None:
        made = services.reasoner.generate(prompt, progress)
        kept = _verified(made, prompt)
        return Reasoned(kept, len(made) - len(kept), services.reasoner.name, "")
    try:
        made = services.reasoner.generate(prompt, progress)
        kept = _verified(made, prompt)
        why = "" if kept else NOT_GROUNDED
    except Unavailable:
        why = NO_ANSWER
    except ModelFailed:
        why = BAD_ANSWER
    if not why:
        return Reasoned(kept, len(made) - len(kept), services.reasoner.name, "")
    made = services.fallback.generate(prompt, progress)
    kept = _verified(made, prompt)
    return Reasoned(kept, len(made) - len(kept), services.fallback.name, why)


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
