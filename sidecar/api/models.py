"""The API's vocabulary: pydantic models of what goes in and out, made from drafts and nothing else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from connectors.interfaces import Record, RecordRef, TargetKind
from sidecar.domain import Claim, DraftState, Grounding, Principal, Related, Role, Source
from sidecar.drafts import Draft, Shown
from sidecar.policy import Purpose
from sidecar.templates import Template

Name = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,60}(\.[A-Za-z0-9_]{1,60}){1,2}$")]


class Model(BaseModel):
    """Strict and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordIn(Model):
    """Names a record of the caller's own org."""

    crm: Literal["salesforce"] = "salesforce"
    object: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{1,79}$")]
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$")]


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


class RecordOut(Model):
    """A record by name, with its address in the CRM's own pages."""

    crm: str
    object: str
    id: str
    title: str = ""
    link: str = ""

    @classmethod
    def of(cls, ref: RecordRef, title: str = "", link: str = "") -> Self:
        """From a reference."""
        return cls(crm=ref.crm, object=ref.object, id=ref.id, title=title, link=link)


class CitationOut(Model):
    """Where a claim stands: a source's number and the character offsets of the quote in that source's text."""

    source: int
    quote: str
    start: int
    end: int


class ClaimOut(Model):
    """One sentence. `grounding` says how its check ended; `confidence` is 0 to 1."""

    section: str
    text: str
    grounding: Grounding
    confidence: float
    citation: CitationOut
    due: str = ""

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
        )


class SourceOut(Model):
    """A cited passage, as the firewall released it."""

    number: int
    record: RecordOut
    field: str
    role: Role
    author: str
    when: datetime | None
    text: str
    related: bool
    flags: tuple[str, ...]

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
    """Something suspicious in a record: the detector's name, never the text."""

    record: RecordOut
    field: str
    rule: str


class DraftOut(Model):
    """A draft, whole. `digest` is its ETag: send it back in If-Match to apply or edit."""

    id: str
    state: DraftState
    digest: str
    action: str
    template: str
    reasoner: str
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

    @classmethod
    def of(cls, shown: Shown) -> Self:
        """From a draft as its owner may see it."""
        draft = shown.draft
        return cls(
            id=draft.id,
            state=draft.state,
            digest=shown.digest,
            action=draft.action,
            template=draft.template,
            reasoner=draft.reasoner,
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
            flags=tuple(FlagOut(record=RecordOut.of(f.ref), field=f.field, rule=f.rule) for f in draft.flags),
            warnings=draft.warnings,
            edited=draft.edited,
            created=draft.created,
            expires=draft.expires,
            timings_ms=dict(draft.timings_ms),
            round_trips=draft.round_trips,
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
            record=RecordOut.of(draft.record),
            created=draft.created,
            expires=draft.expires,
        )


class DraftList(Model):
    """The caller's newest drafts, newest first."""

    drafts: tuple[DraftBrief, ...]


class ActionOut(Model):
    """A scoped button. `purposes` and `sections` map names to titles; `targets` stand best first."""

    action: str
    title: str
    template: str
    purpose: str
    purposes: dict[str, str]
    sections: dict[str, str]
    targets: tuple[TargetKind, ...]
    audience: str
    undo: str
    fields: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, template: Template, purposes: Sequence[Purpose]) -> Self:
        """From a template and the purposes that the policy has for it."""
        return cls(
            action=template.action,
            title=template.title,
            template=template.id,
            purpose=template.purpose,
            purposes={purpose.name: purpose.title for purpose in purposes},
            sections={section.name: section.title for section in template.sections},
            targets=template.targets,
            audience=template.audience,
            undo=template.undo,
            fields=dict(template.fields),
        )


class ActionList(Model):
    """All buttons."""

    actions: tuple[ActionOut, ...]


class RecordsIn(Model):
    """Which records to list."""

    object: Literal["Case"] = "Case"
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class RecordLine(Model):
    """One record in a chooser, as the CRM shows it to the caller."""

    record: RecordOut
    status: str
    priority: str

    @classmethod
    def of(cls, record: Record, link: str) -> Self:
        """From a live record."""
        return cls(
            record=RecordOut.of(record.ref, record.title, link),
            status=str(record.fields.get("Status") or ""),
            priority=str(record.fields.get("Priority") or ""),
        )


class RecordList(Model):
    """Records for a chooser, newest first."""

    records: tuple[RecordLine, ...]


class MeOut(Model):
    """Who is logged in. `csrf` must come back in X-CSRF-Token with every change made by a browser."""

    user_id: str
    name: str
    crm: str
    tenant: str
    installation: str
    attributes: dict[str, str]
    csrf: str

    @classmethod
    def of(cls, principal: Principal, csrf: str) -> Self:
        """From the session."""
        return cls(
            user_id=principal.user_id,
            name=principal.name,
            crm=principal.crm,
            tenant=principal.tenant,
            installation=principal.installation,
            attributes=dict(principal.attributes),
            csrf=csrf,
        )


class TokenIn(Model):
    """The one-time code of a command-line login and the verifier whose SHA-256 started it."""

    code: Annotated[str, StringConstraints(max_length=128)]
    verifier: Annotated[str, StringConstraints(min_length=43, max_length=128)]


class TokenOut(Model):
    """A bearer token of the sidecar (not of the CRM)."""

    token: str


class SyncIn(Model):
    """One step of a sync: up to `limit` changes of one object. `full` starts over."""

    object: Literal["Case", "Knowledge__kav"]
    full: bool = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class SyncOut(Model):
    """What the step did; `finished` says that there is no more for now."""

    object: str
    indexed: int
    removed: int
    finished: bool


class HealthOut(Model):
    """`status` is "ok", or the parts that are not."""

    status: str
    parts: dict[str, str] = {}
