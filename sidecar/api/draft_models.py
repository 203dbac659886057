"""What a draft looks like from outside; made from `drafts.Draft` and nothing else."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from connectors.interfaces import TargetKind
from sidecar.api.models import FieldName, Model, Name, RecordIn, RecordOut
from sidecar.domain import Claim, DraftState, Grounding, Related, Role, Source
from sidecar.drafts import Draft, Shown
from sidecar.feedback import Opinion, Rating, Reason


class DraftIn(Model):
    """A click on a scoped button."""

    action: Name
    record: RecordIn
    purpose: Name | None = None
    exclude_fields: Annotated[frozenset[FieldName], Field(max_length=100)] = frozenset()
    target: TargetKind | None = None
    idempotency_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None = None


class EditIn(Model):
    """The agent's own words for one claim; null removes it."""

    claim: Annotated[int, Field(ge=0, le=100)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None


class EditsIn(Model):
    """All edits of one save."""

    edits: Annotated[tuple[EditIn, ...], Field(min_length=1, max_length=100)]


class CitationOut(Model):
    """Where a claim stands: a source's number and the character offsets of the quote in that source's text."""

    source: int
    quote: str
    start: int
    end: int


class ClaimOut(Model):
    """One sentence. `grounding` says how its check ended; `confidence` is 0 to 1.

    `reserved` says why it is for the agent alone: the target's readers may not see its source, so it is never written.
    """

    section: str
    text: str
    grounding: Grounding
    confidence: float
    citation: CitationOut
    due: str = ""
    reserved: str = ""

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """From a claim; a hidden one has neither text nor quote."""
        citation = CitationOut(source=claim.passage, quote=claim.quote, start=claim.start, end=claim.end)
        return cls(
            section=claim.section,
            text=claim.text,
            grounding=claim.grounding,
            confidence=round(claim.score, 3),
            citation=citation,
            due=claim.due,
            reserved=claim.reserved,
        )


class SourceOut(Model):
    """A cited passage, as the firewall released it.

    `page` counts from 1 in a file and is 0 elsewhere; `offset` is where the passage begins there, in characters.
    """

    number: int
    record: RecordOut
    field: str
    role: Role
    author: str
    when: datetime | None
    text: str
    related: bool
    flags: tuple[str, ...]
    page: int
    offset: int

    @classmethod
    def of(cls, source: Source) -> Self:
        """From a stored source."""
        return cls(
            number=source.number,
            record=RecordOut.of(source.key.ref, source.title, source.link),
            field=source.key.field,
            role=source.role,
            author=source.author,
            when=source.when,
            text=source.text,
            related=source.related,
            flags=source.flags,
            page=source.page,
            offset=source.offset,
        )


class RelatedOut(Model):
    """A record that was consulted; `score` is a cosine similarity."""

    record: RecordOut
    score: float

    @classmethod
    def of(cls, related: Related) -> Self:
        """From a related record."""
        return cls(record=RecordOut.of(related.ref, related.title, related.link), score=related.score)


class ChangeOut(Model):
    """What apply would do, or did: `before` and `after` of the target."""

    target: TargetKind
    label: str
    audience: str
    undoable: bool
    key: str
    before: str | None
    after: tuple[dict[str, str], ...]
    ids: tuple[str, ...] = ()
    url: str = ""


class WithheldOut(Model):
    """A field that the policy left out, and why."""

    object: str
    field: str
    reason: str
    rule: str


class MaskedOut(Model):
    """How many values of a category were masked, and whether this draft shows them again."""

    category: str
    count: int
    restored: bool


class FlagOut(Model):
    """Something suspicious in a record: the detector's name, never the text.

    `refused`: it reads like an instruction, and what it stands in was kept out of the draft.
    """

    record: RecordOut
    field: str
    rule: str
    refused: bool


class FeedbackIn(Model):
    """What the agent thinks of a draft. No free text: it would be personal data outside the CRM."""

    rating: Rating
    reason: Reason = Reason.NONE
    privacy: bool = False

    def opinion(self) -> Opinion:
        """As the sidecar keeps it."""
        return Opinion(self.rating, self.reason, self.privacy)


class FeedbackOut(FeedbackIn):
    """As it was kept."""

    @classmethod
    def of(cls, opinion: Opinion) -> Self:
        """From a kept opinion."""
        return cls(rating=opinion.rating, reason=opinion.reason, privacy=opinion.privacy)


class DraftOut(Model):
    """A draft, whole. `digest` is its ETag: send it back in If-Match to apply or edit.

    `fallback` says why the language model did not write it, when one is configured.
    """

    id: str
    state: DraftState
    digest: str
    action: str
    template: str
    reasoner: str
    fallback: str
    purpose: str
    rule: str
    policy_digest: str
    record: RecordOut
    claims: tuple[ClaimOut, ...]
    sources: tuple[SourceOut, ...]
    related: tuple[RelatedOut, ...]
    change: ChangeOut | None
    withheld: tuple[WithheldOut, ...]
    masked: tuple[MaskedOut, ...]
    flags: tuple[FlagOut, ...]
    warnings: tuple[str, ...]
    edited: bool
    created: datetime
    expires: datetime
    timings_ms: dict[str, float]
    round_trips: int
    feedback: FeedbackOut | None

    @classmethod
    def of(cls, shown: Shown, opinion: Opinion | None) -> Self:
        """From a draft as its owner may see it, and what she thinks of it."""
        draft = shown.draft
        return cls(
            id=draft.id,
            state=draft.state,
            digest=shown.digest,
            action=draft.action,
            template=draft.template,
            reasoner=draft.reasoner,
            fallback=draft.fallback,
            purpose=draft.purpose,
            rule=draft.rule,
            policy_digest=draft.policy_digest,
            record=RecordOut.of(draft.record, draft.record_title),
            claims=tuple(map(ClaimOut.of, draft.claims)),
            sources=tuple(map(SourceOut.of, draft.sources)),
            related=tuple(map(RelatedOut.of, draft.related)),
            change=_change(draft),
            withheld=tuple(
                WithheldOut(object=w.object, field=w.field, reason=w.reason, rule=w.rule) for w in draft.withheld
            ),
            masked=tuple(MaskedOut(category=m.category, count=m.count, restored=m.restored) for m in draft.masked),
            flags=tuple(
                FlagOut(record=RecordOut.of(f.ref), field=f.field, rule=f.rule, refused=f.strong) for f in draft.flags
            ),
            warnings=draft.warnings,
            edited=draft.edited,
            created=draft.created,
            expires=draft.expires,
            timings_ms=dict(draft.timings_ms),
            round_trips=draft.round_trips,
            feedback=FeedbackOut.of(opinion) if opinion else None,
        )


def _change(draft: Draft) -> ChangeOut | None:
    if draft.write is None:
        return None
    return ChangeOut(
        target=draft.write.target.kind,
        label=draft.write.target.label,
        audience=draft.write.target.audience,
        undoable=draft.write.target.undoable,
        key=draft.write.key,
        before=draft.before,
        after=tuple(dict(value) for value in draft.write.values),
        ids=draft.written.ids if draft.written else (),
        url=draft.written.url if draft.written else "",
    )


class DraftBrief(Model):
    """One line of the list of drafts: no content, so that no source needs to be read again."""

    id: str
    state: DraftState
    action: str
    template: str
    reasoner: str
    edited: bool
    record: RecordOut
    created: datetime
    expires: datetime

    @classmethod
    def of(cls, draft: Draft) -> Self:
        """From a stored draft."""
        return cls(
            id=draft.id,
            state=draft.state,
            action=draft.action,
            template=draft.template,
            reasoner=draft.reasoner,
            edited=draft.edited,
            record=RecordOut.of(draft.record),
            created=draft.created,
            expires=draft.expires,
        )


class DraftsIn(Model):
    """Which drafts to list: those on one record, or all."""

    record: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{0,19}$")] = ""


class DraftList(Model):
    """The caller's newest drafts, newest first."""

    drafts: tuple[DraftBrief, ...]
