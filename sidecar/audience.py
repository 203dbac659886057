"""What a draft's target may say: a sentence whose source not all of its readers may see is for the agent alone.

Pure. A source's audience is the smaller of what the CRM says of its record and what `config/audience.yaml` says of its
field; what nobody vouches for is the agent's alone. Such a sentence stays in the draft, marked, and is never written.

A language model reads all passages, and may put a word of one beside the quote of another. A sentence is reserved as
well when a word that its quote does not hold stands in what the readers may not see, and in nothing that they may.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from connectors.interfaces import Audience, Target
from sidecar.domain import Claim, Passage, Source
from sidecar.policy import Facts, Policy
from sidecar.templates import Template
from sidecar.words import content, tokens


def readers(template: Template, target: Target | None) -> Audience:
    """Who will read what is written: whom the text is meant for, and who can read the place where it will stand."""
    return max(template.readers, target.readers) if target else template.readers


def reserve(
    claims: Sequence[Claim], passages: Sequence[Passage], *, audience: Audience, noun: str
) -> tuple[Claim, ...]:
    """The same claims; those whose source `audience` may not see say in `reserved` why they are not written."""
    by_number = {passage.number: passage for passage in passages}
    added = [_words([claim.text]) - _words([claim.quote]) for claim in claims]
    hidden = _hidden(passages, audience) if any(added) else frozenset()
    return tuple(
        replace(claim, reserved=_reason(by_number[claim.passage], audience, noun, borrowed=bool(words & hidden)))
        for claim, words in zip(claims, added, strict=True)
    )


def still_open(sources: Iterable[Source], audience: Audience, policy: Policy, facts: Facts) -> bool:
    """Whether `audience` may still read the fields of all these sources, as far as policy and CRM speak of fields."""
    return all(
        policy.audience(source.key.ref.object, name, facts) >= audience
        for source in sources
        for name in source.key.fields
    )


def _hidden(passages: Sequence[Passage], audience: Audience) -> frozenset[str]:
    """The words that stand only in what `audience` may not see."""
    seen = _words(passage.text for passage in passages if passage.audience >= audience)
    return _words(passage.text for passage in passages if passage.audience < audience) - seen


def _words(texts: Iterable[str]) -> frozenset[str]:
    return content(word for text in texts for word in tokens(text))


def _reason(passage: Passage, audience: Audience, noun: str, *, borrowed: bool) -> str:
    if passage.audience >= audience:
        return "A word of it stands only in what not all of its readers may see." if borrowed else ""
    if audience is Audience.CUSTOMER:
        return "Its source was not shared with the customer."
    if passage.related:
        return f"It stands in another record, which not everyone who reads this {noun} may see."
    return f"Not everyone who reads this {noun} may see its source."
