"""The whole story of one click: draft(), apply(), undo(), with edit(), discard() and show() beside them.

Every step acts live, as the user; asks the policy again; and stops when it cannot be audited.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from connectors.interfaces import Bundle, RecordRef, Session, Target, TargetKind, Write
from sidecar import audience, evidence, firewall, grounding, injection, reasoning, templates, trail, writeback
from sidecar.crm import crm_errors, open_session
from sidecar.domain import Claim, DraftState, Grounding, Principal, Progress, Step, unwatched
from sidecar.drafts import Draft, Shown, move
from sidecar.errors import Conflict, Invalid, PreconditionFailed
from sidecar.feedback import Opinion
from sidecar.interfaces import Services
from sidecar.policy import Purpose
from sidecar.sanitise import clean
from sidecar.templates import Template
from sidecar.vocabulary import VOCABULARIES

NAME_LENGTH = 80
"""Characters of a name in a greeting."""


@dataclass(frozen=True, slots=True)
class Click:
    """What an agent asked for. `exclude` holds names such as "Case.Description"; `target` overrides the template's."""

    action: str
    record: RecordRef
    purpose: str = ""
    exclude: frozenset[str] = frozenset()
    target: TargetKind | None = None
    idempotency_key: str = ""


def draft(services: Services, principal: Principal, click: Click, progress: Progress = unwatched) -> Shown:
    """Read live, filter, reason, check, save. Nothing is written to the CRM. `progress` hears of each step.

    Raises:
        Refused, NotFound, Unauthenticated, Unavailable, CrmFailed, Invalid: see `sidecar.errors`.
        Conflict: the idempotency key was used for another click.
    """
    if known := _known(services, principal, click):
        return known
    clock = _Stopwatch()
    if click.record.crm != principal.crm:
        raise Invalid("You are logged in at another CRM. Log in there to draft on this record.")
    progress(Step.READ, 0)
    with trail.refusals(services, principal, kind="draft", action=click.action, record=click.record):
        template = services.templates.get(click.action, crm=principal.crm)
        _check_object(template, click)
        _check_exclusions(template, click)
        purpose = click.purpose or services.policy.default_purpose(click.action)
        services.policy.authorize(principal, action=click.action, purpose=purpose, record=None)
        session = open_session(services, principal)
        with crm_errors():
            target = _choose(session, template, click)
            bundle = session.read(click.record, _with_target(template, target))
        clock.lap("read")
        decision = services.policy.authorize(principal, action=click.action, purpose=purpose, record=bundle.record)
    progress(Step.ADMIT, 1 + len(bundle.thread))
    found = evidence.gather(
        services,
        session,
        bundle,
        template=template,
        purpose=decision.purpose,
        excluded=click.exclude,
        progress=progress,
    )
    passages = found.admitted.passages
    clock.lap("evidence")
    progress(Step.REASON, 0)
    prompt = templates.render(template, found.admitted, now=services.clock(), vectors=found.vectors)
    reasoned = reasoning.reason(services, prompt, lambda count: progress(Step.REASON, count))
    progress(Step.CHECK, len(reasoned.claims))
    released = firewall.release(reasoned.claims, admitted=found.admitted, purpose=decision.purpose)
    claims = audience.reserve(
        released.claims, passages, audience=audience.readers(template, target), noun=template.noun
    )
    clock.lap("reason")
    progress(Step.SAVE, len(claims))
    now = services.clock()
    made = Draft(
        id=secrets.token_urlsafe(16),
        tenant=principal.tenant,
        crm=principal.crm,
        user_id=principal.user_id,
        action=click.action,
        template=template.id,
        reasoner=reasoned.reasoner,
        purpose=purpose,
        rule=decision.rule,
        policy_digest=decision.digest,
        record=bundle.record.ref,
        record_title=evidence.title(passages, released, bundle.record.ref),
        claims=claims,
        sources=evidence.cited(found, released, session.link),
        related=evidence.consulted(found, released, session.link),
        write=Write(_new_key(), bundle.record.ref, bundle.record.version, target, ()) if target else None,
        before=_before(bundle, target),
        withheld=found.admitted.withheld,
        masked=found.admitted.masked,
        flags=(*found.admitted.flags, *released.flags),
        warnings=(
            *((reasoned.fallback,) if reasoned.fallback else ()),
            *found.warnings,
            *_warnings(claims, reasoned.dropped + len(reasoned.claims) - len(claims), target, found.admitted.omitted),
        ),
        created=now,
        expires=now + services.policy.draft_ttl,
        idempotency_key=click.idempotency_key,
        round_trips=session.round_trips,
        fallback=reasoned.fallback,
        greets=_addressee(template, bundle, target, decision.purpose),
    )
    made = replace(_composed(made, template), timings_ms=clock.laps)
    trail.record(services, made, "draft", "created")
    stored = services.drafts.add(made)
    return Shown(stored, stored.digest)


def show(services: Services, principal: Principal, draft_id: str) -> Shown:
    """A draft as its owner may see it now: its sources are re-read as her; an interrupted apply is settled first.

    Raises:
        NotFound: not hers, or she has lost the record.
    """
    stored = services.drafts.get(principal.tenant, principal.user_id, draft_id)
    session = open_session(services, principal)
    if stored.state in (DraftState.APPLYING, DraftState.UNKNOWN):
        stored = writeback.settle(services, session, stored)
    return Shown(evidence.recheck(services, session, stored)[0], stored.digest)


def edit(
    services: Services, principal: Principal, draft_id: str, digest: str, edits: Mapping[int, str | None]
) -> Shown:
    """Replace the text of claims by the agent's own words (None removes one), checked again for leaks.

    A text that its quote still supports stays VERIFIED; any other becomes EDITED: the agent's own words.

    Raises:
        PreconditionFailed: somebody changed the draft meanwhile.
        Invalid: there is no such claim, or the text holds what may not be written.
    """
    stored = _fresh(services, principal, draft_id, digest)
    if stored.write is None:
        raise Conflict("This draft is for reading only: there is nothing to edit.")
    if unknown := [index for index in edits if not 0 <= index < len(stored.claims)]:
        raise Invalid("The draft has no claim with this number.", claim=unknown[0])
    claims = []
    for index, claim in enumerate(stored.claims):
        text = edits.get(index, claim.text)
        if text is None:
            continue
        claims.append(claim if text == claim.text else _edited(claim, text))
    template = services.templates.get(stored.action, int(stored.template.partition("@")[2]), crm=stored.crm)
    changed = _composed(replace(stored, claims=tuple(claims), edited=True), template)
    trail.record(services, changed, "edit", "saved")
    services.drafts.change(changed, DraftState.DRAFT, digest)
    return show(services, principal, draft_id)


def apply(services: Services, principal: Principal, draft_id: str, digest: str) -> Shown:
    """Write what was shown, exactly once. A second click on an applied draft returns it unchanged.

    Raises:
        PreconditionFailed: the draft is not what was shown, a source changed, or the record moved on.
        Refused: the policy or the CRM says no.
        Conflict: the draft is expired, discarded, undone, empty, or being applied right now.
    """
    stored = services.drafts.get(principal.tenant, principal.user_id, draft_id)
    session = open_session(services, principal)
    if stored.state in (DraftState.APPLYING, DraftState.UNKNOWN):
        stored = writeback.settle(services, session, stored)
    if stored.state is not DraftState.DRAFT and stored.digest == digest:
        if stored.state in (DraftState.APPLIED, DraftState.UNKNOWN):
            return Shown(evidence.recheck(services, session, stored)[0], stored.digest)
        raise Conflict(f"The draft is {stored.state}: it cannot be applied.", state=str(stored.state))
    with trail.refusals(services, principal, kind="apply", action=stored.action, record=stored.record):
        _fresh(services, principal, draft_id, digest)
        if stored.write is None or not stored.write.values:
            raise Conflict("There is nothing to write: the draft has no supported sentence or no target.")
        checked, record = evidence.recheck(services, session, stored)
        services.policy.authorize(principal, action=stored.action, purpose=stored.purpose, record=record)
        if any(claim.grounding in (Grounding.HIDDEN, Grounding.STALE) for claim in checked.claims):
            raise PreconditionFailed("A cited source has changed or is no longer yours to see. Draft again.")
    sent = writeback.send(services, session, stored)
    return Shown(replace(checked, state=sent.state, written=sent.written), sent.digest)


def undo(services: Services, principal: Principal, draft_id: str) -> Shown:
    """Put back what stood there. Idempotent; refuses when the target changed after apply.

    Raises:
        PreconditionFailed: the target changed since.
        Conflict: nothing was applied, or it cannot be undone.
    """
    stored = services.drafts.get(principal.tenant, principal.user_id, draft_id)
    if stored.state is not DraftState.UNDONE:
        session = open_session(services, principal)
        with trail.refusals(services, principal, kind="undo", action=stored.action, record=stored.record):
            services.policy.authorize(principal, action=stored.action, purpose=stored.purpose, record=None)
            writeback.take_back(services, session, stored)
    return show(services, principal, draft_id)


def rate(services: Services, principal: Principal, draft_id: str, opinion: Opinion) -> Draft:
    """Keep what the owner thinks of her draft. A later opinion replaces an earlier one.

    Raises:
        NotFound: not hers.
    """
    stored = services.drafts.get(principal.tenant, principal.user_id, draft_id)
    trail.record(services, stored, "feedback", "privacy-concern" if opinion.privacy else str(opinion.rating))
    services.feedback.save(stored, opinion, services.clock())
    return stored


def discard(services: Services, principal: Principal, draft_id: str) -> Draft:
    """Throw a draft away. It was never written.

    Raises:
        Conflict: it was written, or may have been.
    """
    stored = services.drafts.get(principal.tenant, principal.user_id, draft_id)
    changed = move(stored, DraftState.DISCARDED)
    trail.record(services, changed, "discard", "discarded")
    return services.drafts.change(changed, stored.state, stored.digest)


def _known(services: Services, principal: Principal, click: Click) -> Shown | None:
    if not click.idempotency_key:
        return None
    known = services.drafts.known(principal.tenant, principal.user_id, click.idempotency_key)
    if known and (known.action, known.record.id[:15]) != (click.action, click.record.id[:15]):
        raise Conflict("This idempotency key was used for another draft. Use a new one.")
    return show(services, principal, known.id) if known else None


def _fresh(services: Services, principal: Principal, draft_id: str, digest: str) -> Draft:
    stored = services.drafts.get(principal.tenant, principal.user_id, draft_id)
    if stored.state is not DraftState.DRAFT:
        raise Conflict(f"The draft is {stored.state}.", state=str(stored.state))
    if services.clock() >= stored.expires:
        raise Conflict("The draft has expired. Draft again.", state=str(DraftState.EXPIRED))
    if not secrets.compare_digest(stored.digest.encode(), digest.encode()):
        raise PreconditionFailed("The draft is not what was shown to you. Load it again.")
    return stored


def _check_object(template: Template, click: Click) -> None:
    if click.record.object != template.object:
        raise Invalid(f"This action stands on another kind of record: it takes a {template.noun}.")


def _check_exclusions(template: Template, click: Click) -> None:
    """A misspelt exclusion must not quietly exclude nothing."""
    known = {f"{object_}.{name}" for object_, names in template.fields.items() for name in names}
    if click.exclude - known:
        raise Invalid("A field to leave out is not one that this action reads. GET /v1/actions names them.")


def _choose(session: Session, template: Template, click: Click) -> Target | None:
    available = {target.kind: target for target in session.targets(click.record)}
    if click.target is not None:
        if click.target not in template.targets or click.target not in available:
            raise Invalid("This draft cannot be written there. Leave the target out to get the best one.")
        return available[click.target]
    return next((available[kind] for kind in template.targets if kind in available), None)


def _with_target(template: Template, target: Target | None) -> Mapping[str, Sequence[str]]:
    """The template's fields, and the field to be written: read for "before", never admitted as evidence."""
    if target is None or not target.field:
        return template.fields
    object_, name = target.field.split(".")
    return {**template.fields, object_: (*template.fields.get(object_, ()), name)}


def _before(bundle: Bundle, target: Target | None) -> str | None:
    if target is None or not target.field:
        return None
    value = bundle.record.fields.get(target.field.split(".")[1])
    return None if value is None else str(value)


def _composed(made: Draft, template: Template) -> Draft:
    """The draft with what it would write."""
    return replace(made, write=replace(made.write, values=templates.compose(template, made))) if made.write else made


def _addressee(template: Template, bundle: Bundle, target: Target | None, purpose: Purpose) -> str:
    """The name that a letter greets: the customer's, as the user sees it, when this purpose may use it.

    Only where its readers know it: in a message that nobody but she will read, or on her own record.
    """
    customer = VOCABULARIES[template.crm].customer
    alone = target is not None and target.kind is TargetKind.EMAIL_DRAFT
    if not template.frames or "person" not in purpose.restore or not (alone or template.object == customer):
        return ""
    name = next((p.title for p in (bundle.record, *bundle.people) if p.ref.object == customer), "")
    name = " ".join(clean(name, html=False).text.split())[:NAME_LENGTH]
    return "" if firewall.leaks(name) or injection.is_strong(injection.scan(name, name)) else name


def _warnings(kept: Sequence[Claim], lost: int, target: Target | None, omitted: int) -> tuple[str, ...]:
    said = []
    if not kept:
        said.append("The record holds nothing that supports a sentence. Nothing was made up.")
    if lost:
        said.append(f"Left out because the record does not support it: {lost}.")
    if omitted:
        said.append(f"Passages left out to keep to the budget of this purpose: {omitted}.")
    if target is None:
        said.append("You cannot write to this record: the draft is for reading.")
    elif not target.undoable:
        said.append("What is written here cannot be undone.")
    return tuple(said)


def _edited(claim: Claim, text: str) -> Claim:
    text = " ".join(clean(text, html=False).text.split())  # as it would be written: one line, all of it visible
    if not text:
        raise Invalid("Your text is empty. To take the sentence out, remove it.")
    if firewall.leaks(text):
        raise Invalid("Your text holds a number or a secret that may not be written. Remove it and save again.")
    verified = grounding.supports(text, claim.quote)
    return replace(claim, text=text, grounding=Grounding.VERIFIED if verified else Grounding.EDITED)


def _new_key() -> str:
    """A write's key: unique, URL-safe, single-case (Salesforce compares some keys without regard to case)."""
    return f"pa{secrets.token_hex(12)}"


class _Stopwatch:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, name: str) -> None:
        now = perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 1)
        self._last = now
