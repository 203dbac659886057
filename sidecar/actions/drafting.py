"""draft(): read live, filter, reason, check, save. Nothing is written to the CRM."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from connectors.interfaces import Bundle, RecordRef, Session, Target, TargetKind, Write
from sidecar import audience, evidence, firewall, injection, reasoning, templates, trail
from sidecar.actions.keeping import show
from sidecar.crm import crm_errors, open_session
from sidecar.domain import Claim, Principal, Progress, Step, unwatched
from sidecar.drafts import Draft, Shown
from sidecar.errors import Conflict, Invalid
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
    release = partial(firewall.release, admitted=found.admitted, purpose=decision.purpose)
    reasoned = reasoning.reason(services, prompt, release, lambda count: progress(Step.REASON, count))
    released = reasoned.released
    progress(Step.CHECK, len(released.claims))
    readers = audience.readers(template, target)
    claims = audience.reserve(released.claims, passages, audience=readers, noun=template.noun)
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
            *_warnings(claims, reasoned.dropped, target, found.admitted.omitted),
        ),
        created=now,
        expires=now + services.policy.draft_ttl,
        idempotency_key=click.idempotency_key,
        round_trips=session.round_trips,
        fallback=reasoned.fallback,
        heads=evidence.heading(passages, released, bundle.record.ref, readers),
        greets=_addressee(template, bundle, target, decision.purpose),
    )
    made = replace(templates.composed(template, made), timings_ms=clock.laps)
    trail.record(services, made, "draft", "created")
    stored = services.drafts.add(made)
    return Shown(stored, stored.digest)


def _known(services: Services, principal: Principal, click: Click) -> Shown | None:
    if not click.idempotency_key:
        return None
    known = services.drafts.known(principal.tenant, principal.user_id, click.idempotency_key)
    if known and (known.action, known.record.id[:15]) != (click.action, click.record.id[:15]):
        raise Conflict("This idempotency key was used for another draft. Use a new one.")
    return show(services, principal, known.id) if known else None


def _check_object(template: Template, click: Click) -> None:
    if click.record.object != template.object:
        kind = VOCABULARIES[template.crm].kinds[template.object]
        raise Invalid(f"This action does not take such a record: it is for {kind.plural}.")


def _check_exclusions(template: Template, click: Click) -> None:
    """A misspelt exclusion must not quietly exclude nothing."""
    known = {f"{object_}.{name}" for object_, names in template.fields.items() for name in names}
    if click.exclude - known:
        raise Invalid(
            "A field to leave out is not one that this action reads. GET /v1/actions, or the panel, names them."
        )


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
