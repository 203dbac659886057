"""Writes the story of a click into the audit log: who, what, on which record, with which result. Never content."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.interfaces import RecordRef
from sidecar import audit
from sidecar.domain import Principal
from sidecar.drafts import Draft
from sidecar.errors import NotFound, PreconditionFailed, Refused, SidecarError, Unauthenticated
from sidecar.interfaces import Services

AUDITED_REFUSALS = (Refused, NotFound, PreconditionFailed, Unauthenticated)


def record(services: Services, draft: Draft, kind: str, result: str, *, rule: str = "") -> None:
    """Append one event about `draft`; durable on return.

    Raises:
        Unavailable: it cannot be written, so the caller must not go on.
    """
    hasher = services.keys.hasher(draft.tenant)
    refs = {draft.record, *(source.key.ref for source in draft.sources), *(item.ref for item in draft.related)}
    services.audit.append(
        draft.tenant,
        audit.event(
            kind=kind,
            ts=services.clock().isoformat(),
            who=audit.commitment(hasher, "user", draft.user_id),
            crm=draft.crm,
            action=draft.action,
            purpose=draft.purpose,
            template=draft.template,
            model=draft.reasoner,
            policy=draft.policy_digest,
            rule=rule or draft.rule,
            result=result,
            draft=draft.id,
            digest=draft.digest,
            target=str(draft.write.target.kind) if draft.write else None,
            records=sorted(audit.commitment(hasher, "record", ref.id) for ref in refs),
            versions=[draft.write.version] if draft.write else None,
            flags=sorted({flag.rule for flag in draft.flags}),
            sources=len(draft.sources),
            claims=len(draft.claims),
            withheld=len(draft.withheld),
            masked=sum(item.count for item in draft.masked),
            round_trips=draft.round_trips,
        ),
    )


@contextmanager
def refusals(
    services: Services, principal: Principal, *, kind: str, action: str, record: RecordRef | None = None
) -> Iterator[None]:
    """Let a refusal pass on only after it stands in the audit log."""
    try:
        yield
    except AUDITED_REFUSALS as error:
        refused(services, principal, error, kind=kind, action=action, record=record)
        raise


def refused(
    services: Services, principal: Principal, error: SidecarError, *, kind: str, action: str, record: RecordRef | None
) -> None:
    """Append one refusal.

    Raises:
        Unavailable: it cannot be written.
    """
    hasher = services.keys.hasher(principal.tenant)
    services.audit.append(
        principal.tenant,
        audit.event(
            kind=kind,
            ts=services.clock().isoformat(),
            who=audit.commitment(hasher, "user", principal.user_id),
            crm=principal.crm,
            action=action,
            policy=services.policy.digest,
            rule=str(error.extra.get("rule") or error.type),
            result="refused",
            records=[audit.commitment(hasher, "record", record.id)] if record else None,
        ),
    )
