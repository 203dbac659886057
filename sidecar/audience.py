"""What a draft's target may say: a sentence whose source not all of the target's readers may see is for the agent alone.

Pure. A source's audience is the smaller of what the CRM says of its record and what `config/audience.yaml` says of its
field; what nobody vouches for is the agent's alone. Such a sentence stays in the draft, marked, and is never written.
"""

from collections.abc import Sequence
from dataclasses import replace

from connectors.interfaces import Audience, Target
from sidecar.domain import Claim, Passage
from sidecar.templates import Template


def readers(template: Template, target: Target | None) -> Audience:
    """Who will read what is written: whom the text is meant for, and who can read the place where it will stand."""
    return max(template.readers, target.readers) if target else template.readers


def reserve(
    claims: Sequence[Claim], passages: Sequence[Passage], *, audience: Audience, noun: str
) -> tuple[Claim, ...]:
    """The same claims; those whose source `audience` may not see say in `reserved` why they are not written."""
    by_number = {passage.number: passage for passage in passages}
    return tuple(replace(claim, reserved=_reason(by_number[claim.passage], audience, noun)) for claim in claims)


def _reason(passage: Passage, audience: Audience, noun: str) -> str:
    if passage.audience >= audience:
        return ""
    if audience is Audience.CUSTOMER:
        return "Its source was not shared with the customer."
    if passage.related:
        return f"It stands in another record, which not everyone who reads this {noun} may see."
    return f"Not everyone who reads this {noun} may see its source."
