"""What a draft rests on. gather(): all that the reasoner may see; recheck(): is what was cited still so?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from connectors.interfaces import Audience, Bundle, Record, RecordRef, Session
from sidecar.crm import crm_errors
from sidecar.domain import (
    LINE_BREAK,
    NAME_FIELDS,
    Claim,
    Grounding,
    Passage,
    Progress,
    Related,
    Role,
    Source,
    Step,
    Vectors,
    raw_text,
    unwatched,
)
from sidecar.drafts import Draft
from sidecar.errors import NotFound, Unavailable
from sidecar.firewall import Admitted, Released, admit
from sidecar.interfaces import Services
from sidecar.policy import Purpose
from sidecar.retrieval import Hit, Index, centre
from sidecar.templates import Template, composed

INDEX_IS_DOWN = "The index of related records is not available: this draft rests on the record and its thread alone."
UNREAD = "Attached files that were not read (too many, too large, damaged, or of another kind): {}."
THREAD_IS_LONG = "The thread is longer than what was read: only its newest messages were considered."


@dataclass(frozen=True, slots=True)
class Evidence:
    """Passages that passed the firewall, their vectors (None when the index is down), and the records consulted."""

    admitted: Admitted
    vectors: Vectors | None
    hits: tuple[Hit, ...]
    warnings: tuple[str, ...]


def gather(
    services: Services,
    session: Session,
    bundle: Bundle,
    *,
    template: Template,
    purpose: Purpose,
    excluded: frozenset[str],
    progress: Progress = unwatched,
) -> Evidence:
    """Admit the record and its thread, then the related records that the CRM shows to this user now."""
    tenant = session.user.tenant
    admit_ = partial(
        admit,
        purpose=purpose,
        policy=services.policy,
        fields=template.fields,
        lines=template.lines,
        fingerprint=services.keys.hasher(tenant),
        excluded=excluded,
        facts=services.open_fields.load(tenant),
        own_writes=services.drafts.own_writes(tenant, bundle.record.ref.id) | bundle.own_writes,
    )
    admitted = admit_([bundle.record, *bundle.thread], people=bundle.people)
    warnings = ((THREAD_IS_LONG,) if bundle.truncated else ()) + (
        (UNREAD.format(bundle.unread),) if bundle.unread else ()
    )
    if not admitted.passages:
        return Evidence(admitted, None, (), warnings)
    index = Index(services.embedder, services.vectors, services.keys)
    progress(Step.RELATED, len(admitted.passages))
    try:
        vectors = index.vectors(tenant, admitted)
        with crm_errors():
            hits = index.related(
                session,
                centre(vectors, admitted.passages),
                objects=template.related,
                fields=template.fields,
                limit=template.related_limit,
                exclude=bundle.record.ref,
                rescore=lambda record: admit_([record], people=bundle.people, related=True),
            )
        if hits:
            records = [hit.record for hit in hits]
            admitted = admit_(records, people=bundle.people, related=True, after=admitted)
            vectors = index.vectors(tenant, admitted, known=vectors)
    except Unavailable as error:
        if error.part != "index":
            raise
        return Evidence(admitted, None, (), (*warnings, INDEX_IS_DOWN))
    return Evidence(admitted, vectors, tuple(hits), warnings)


def cited(evidence: Evidence, released: Released, link: Callable[[RecordRef], str]) -> tuple[Source, ...]:
    """The passages that the released claims cite, as they are stored with the draft."""
    numbers = {claim.passage for claim in released.claims}
    passages = [passage for passage in evidence.admitted.passages if passage.number in numbers]
    return tuple(
        Source(
            number=passage.number,
            key=passage.key,
            hash=passage.hash,
            root=passage.root,
            role=passage.role,
            author=released.authors.get(passage.number, ""),
            when=passage.when,
            text=released.texts[passage.number],
            title=title(evidence.admitted.passages, released, passage.key.ref),
            link=link(passage.key.ref),
            related=passage.related,
            flags=passage.flags,
            page=passage.page,
            offset=passage.offset,
        )
        for passage in passages
    )


def consulted(evidence: Evidence, released: Released, link: Callable[[RecordRef], str]) -> tuple[Related, ...]:
    """The related records, by the titles that the firewall let through."""
    return tuple(
        Related(ref, title(evidence.admitted.passages, released, ref), round(hit.score, 4), link(ref))
        for hit in evidence.hits
        for ref in [hit.record.ref]
    )


def title(passages: Sequence[Passage], released: Released, ref: RecordRef) -> str:
    """A record's title as released; its id when the policy shows none."""
    for passage in passages:
        if passage.key.ref == ref and passage.key.fields[0] in NAME_FIELDS and passage.key.ordinal == 0:
            text = released.texts[passage.number]
            return text.split(LINE_BREAK)[0] if len(passage.key.fields) > 1 else text
    return ref.id


def heading(passages: Sequence[Passage], released: Released, record: RecordRef, audience: Audience) -> str:
    """What a text for `audience` may say it is about: the record's title, else its newest message's; else nothing."""
    named = [
        passage
        for passage in passages
        if passage.key.fields[0] in NAME_FIELDS and passage.key.ordinal == 0 and passage.audience >= audience
    ]
    own = [passage for passage in named if passage.key.ref == record]
    thread = [passage for passage in named if not passage.related and passage.role in {Role.CUSTOMER, Role.AGENT}]
    return next((released.texts[passage.number] for passage in (*own, *reversed(thread))), "")


def recheck(services: Services, session: Session, draft: Draft) -> tuple[Draft, Record]:
    """The draft as this user may see it now, and its record: one round trip.

    A claim whose source she has lost is HIDDEN and emptied, here and in what would be written; one whose source changed
    is STALE. Related records, titles, authors and flags that she has lost disappear without a trace.

    Raises:
        NotFound: she has lost the record itself.
    """
    with crm_errors():
        live = session.reread(*_wanted(services, draft))
    record = live.get(draft.record)
    if record is None:
        raise NotFound("The CRM shows you no such record any more, so its draft is not shown either.")
    state = _sources_now(draft, live, services.keys.hasher(draft.tenant))
    claims = tuple(_claim_now(claim, state) for claim in draft.claims)
    now = replace(
        draft,
        claims=claims,
        record_title=_title_now(draft.record_title, record),
        heads=draft.heads if _is_named(record) else "",
        sources=tuple(
            _source_now(source, live[source.key.ref])
            for source in draft.sources
            if state[source.number] is not Grounding.HIDDEN
        ),
        related=tuple(
            replace(item, title=_title_now(item.title, live[item.ref])) for item in draft.related if item.ref in live
        ),
        flags=tuple(flag for flag in draft.flags if flag.ref in live),
    )
    return _target_now(services, now, record, retitled=now.heads != draft.heads), record


def _wanted(services: Services, draft: Draft) -> tuple[list[RecordRef], dict[str, list[str]]]:
    refs = {
        draft.record,
        *(source.key.ref for source in draft.sources),
        *(item.ref for item in draft.related),
        *(flag.ref for flag in draft.flags),
    }
    fields: dict[str, set[str]] = {ref.object: set(NAME_FIELDS) for ref in refs}
    for source in draft.sources:
        fields[source.key.ref.object].update(source.key.fields)
    fields[draft.record.object].update(services.policy.record_attributes(draft.record.object))
    if draft.write and draft.write.target.field:
        object_, name = draft.write.target.field.split(".")
        fields.setdefault(object_, set()).add(name)
    return sorted(refs, key=str), {object_: sorted(names) for object_, names in fields.items()}


def _sources_now(
    draft: Draft, live: Mapping[RecordRef, Record], fingerprint: Callable[[str], str]
) -> dict[int, Grounding]:
    state: dict[int, Grounding] = {}
    for source in draft.sources:
        record = live.get(source.key.ref)
        if record is None or not record.fields.keys() >= set(source.key.fields):
            state[source.number] = Grounding.HIDDEN
        elif fingerprint(raw_text(record.fields, source.key.fields)) != source.hash:
            state[source.number] = Grounding.STALE
        else:
            state[source.number] = Grounding.VERIFIED
    return state


def _claim_now(claim: Claim, state: Mapping[int, Grounding]) -> Claim:
    now = state.get(claim.passage, Grounding.HIDDEN)
    if now is Grounding.HIDDEN:
        return replace(claim, text="", quote="", start=0, end=0, due="", grounding=now)
    return replace(claim, grounding=now) if now is Grounding.STALE else claim


def _source_now(source: Source, record: Record) -> Source:
    """Its title and author only as far as the record still shows them."""
    author = source.author if source.author == record.author else ""
    return replace(source, title=_title_now(source.title, record), author=author)


def _title_now(title: str, record: Record) -> str:
    return title if _is_named(record) else record.ref.id


def _is_named(record: Record) -> bool:
    return any(name in record.fields for name in NAME_FIELDS)


def _target_now(services: Services, draft: Draft, record: Record, *, retitled: bool) -> Draft:
    write = draft.write
    if write is None:
        return draft
    if write.target.field and write.target.field.split(".")[1] not in record.fields:
        draft = replace(draft, before=None)
    if not retitled and all(claim.grounding is not Grounding.HIDDEN for claim in draft.claims):
        return draft
    template = services.templates.of(draft)
    return composed(template, draft)
