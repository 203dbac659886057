"""One draft as the product makes it, without a CRM: firewall, prompt, reasoner, check of each claim, release."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from connectors.interfaces import Record
from sidecar.domain import Claim, Grounding, PassageKey, Vectors
from sidecar.firewall import Admitted, admit, release
from sidecar.interfaces import Reasoner, quiet
from sidecar.policy import Policy
from sidecar.reasoning import reason
from sidecar.templates import Prompt, Template, TemplateSet, render

ACTION: Final = "summarize_case"


class Embed(Protocol):
    """Makes vectors of what was admitted."""

    def __call__(self, admitted: Admitted) -> Vectors:
        """A row for each passage."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came out. `claims` are those that a reader gets, `keys` and `texts` tell of the passages by number.

    `written` claims were made by the first reasoner, and `held` of them are grounded; `fallback` says why the other
    reasoner had to take over, and is empty when it had not. `seconds` is the time from records to claims.
    """

    claims: tuple[Claim, ...]
    keys: Mapping[int, PassageKey] = field(repr=False)
    texts: Mapping[int, str] = field(repr=False)
    written: int
    held: int
    fallback: str
    seconds: float

    @property
    def said(self) -> tuple[str, ...]:
        """The sentences, in the order of the draft."""
        return tuple(claim.text for claim in self.claims)

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(self.said)

    def cited(self, claim: Claim) -> bool:
        """Whether a claim of this draft is verified and its quote stands where it says."""
        source = self.texts.get(claim.passage, "")
        return claim.grounding is Grounding.VERIFIED and source[claim.start : claim.end] == claim.quote != ""


class Pipeline:
    """The parts of the product that make a draft, with one reasoner to be measured."""

    def __init__(
        self,
        policy: Policy,
        template: Template,
        reasoner: Reasoner,
        *,
        fallback: Reasoner | None = None,
        embed: Embed | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._policy = policy
        self._purpose = policy.purpose(policy.default_purpose(template.action))
        self._template = template
        self._reasoner = reasoner
        self._fallback = fallback
        self._embed = embed
        self._clock = clock

    def draft(self, records: Sequence[Record], people: Sequence[Record] = ()) -> Made:
        """A draft of a case and its thread, as on the day of its newest record."""
        started = self._clock()
        admitted = admit(
            records,
            purpose=self._purpose,
            policy=self._policy,
            fields=self._template.fields,
            lines=self._template.lines,
            people=people,
            fingerprint=lambda raw: hashlib.sha256(raw.encode("utf-8", "replace")).hexdigest(),
        )
        passages = admitted.passages
        vectors = self._embed(admitted) if self._embed and passages else None
        prompt = render(self._template, admitted, now=_newest(records), vectors=vectors)
        counted = _Counted(self._reasoner, self._fallback)
        reasoned = reason(counted, prompt, partial(release, admitted=admitted, purpose=self._purpose), quiet)
        released = reasoned.released
        return Made(
            claims=released.claims,
            keys={passage.number: passage.key for passage in passages},
            texts=released.texts,
            written=counted.written,
            held=0 if reasoned.fallback else len(released.claims),
            fallback=reasoned.fallback,
            seconds=self._clock() - started,
        )


class _Counted:
    """A reasoner whose claims are counted, `written` in all, with another one in reserve, or none."""

    def __init__(self, inner: Reasoner, fallback: Reasoner | None) -> None:
        self.name = inner.name
        self.inner = inner
        self.fallback = fallback
        self.written = 0

    @property
    def reasoner(self) -> Reasoner:
        return self

    def generate(self, prompt: Prompt, progress: Callable[[int], None] = quiet) -> tuple[Claim, ...]:
        claims = self.inner.generate(prompt, progress)
        self.written += len(claims)
        return claims


def template(directory: Path, sentences: int | None = None, action: str = ACTION) -> Template:
    """The newest template of an action, asking for at most so many sentences; None: as many as it says itself."""
    found = TemplateSet.load(directory).get(action)
    if sentences is None:
        return found
    output = deepcopy(dict(found.output))
    output["properties"]["claims"]["maxItems"] = sentences
    return replace(found, max_sentences=sentences, output=output)


def _newest(records: Sequence[Record]) -> datetime:
    return max(record.at for record in records if record.at)
