"""apply() and undo(): write what was shown, exactly once, and take it back."""

from dataclasses import replace

from sidecar import audience, evidence, trail, writeback
from sidecar.actions.keeping import fresh, show
from sidecar.crm import open_session
from sidecar.domain import DraftState, Grounding, Principal
from sidecar.drafts import Draft, Shown
from sidecar.errors import Conflict, PreconditionFailed
from sidecar.interfaces import Services


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
        fresh(services, principal, draft_id, digest)
        if stored.write is None or not stored.write.values:
            raise Conflict("There is nothing to write: the draft has no supported sentence or no target.")
        checked, record = evidence.recheck(services, session, stored)
        services.policy.authorize(principal, action=stored.action, purpose=stored.purpose, record=record)
        if any(claim.grounding in (Grounding.HIDDEN, Grounding.STALE) for claim in checked.claims):
            raise PreconditionFailed("A cited source has changed or is no longer yours to see. Draft again.")
        if checked.write != stored.write or not _may_still_be_read(services, stored):
            raise PreconditionFailed("Who may see what this text says has changed. Draft again.")
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


def _may_still_be_read(services: Services, draft: Draft) -> bool:
    """Whether the readers of what would be written may still read the fields that it rests on."""
    if draft.write is None:
        return False
    template = services.templates.of(draft)
    written = {claim.passage for claim in draft.claims if not claim.reserved}
    return audience.still_open(
        [source for source in draft.sources if source.number in written],
        audience.readers(template, draft.write.target),
        services.policy,
        services.open_fields.load(draft.tenant),
    )
