"""Who writes: what a model grounds may still not leave, and then the record's own sentences take over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.domain import Claim, Role
from sidecar.firewall import Released
from sidecar.interfaces import Reasoner, quiet
from sidecar.reasoning import NOT_GROUNDED, reason
from sidecar.templates import Prompt
from tests.unit.passages import passage, prompt


class Quoting:
    """A model that quotes the first passage, whole."""

    name = "openai:quoting"

    def generate(self, prompt: Prompt, progress: Callable[[int], None] = quiet) -> tuple[Claim, ...]:
        """See `Reasoner.generate`."""
        first = prompt.passages[0]
        return (Claim("situation", first.text, first.number, quote=first.text),)


@dataclass(frozen=True)
class Pair:
    """A model with the shipped reasoner in reserve."""

    reasoner: Reasoner
    fallback: Reasoner | None


TOLD = prompt([passage(1, "The pump of line 7 leaks since Monday and nobody can reach it.", Role.CUSTOMER)])


def test_what_may_not_leave_counts_as_nothing_written() -> None:
    """The way out refuses all that the model wrote: the fallback writes, and its claims are counted alone."""
    asked: list[int] = []

    def strict(claims: Sequence[Claim]) -> Released:
        asked.append(len(claims))
        return Released(tuple(claims) if len(asked) > 1 else (), {}, {})

    found = reason(Pair(Quoting(), ExtractiveReasoner()), TOLD, strict, quiet)
    assert (found.reasoner, found.fallback) == ("extractive", NOT_GROUNDED)
    assert [claim.text for claim in found.released.claims] == [TOLD.passages[0].text]
    assert found.dropped == 0
    assert asked == [1, 1]


def test_what_may_leave_stays_the_models() -> None:
    """A verified sentence that passes the way out is the model's, and nothing is asked of the other one."""
    found = reason(Pair(Quoting(), None), TOLD, lambda claims: Released(tuple(claims), {}, {}), quiet)
    assert (found.reasoner, found.fallback, len(found.released.claims)) == ("openai:quoting", "", 1)
