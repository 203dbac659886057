"""Sends an approved write exactly once, finds out what became of an interrupted one, and takes one back.

    claim (compare-and-set) -> audit the intent -> keep the pre-image -> write once -> audit the result -> applied

A process may die between any two steps. The draft then stays APPLYING with its pre-image; whoever looks at it next
settles it by reading back, once the lease of the claim is over. Nothing is ever sent a second time.
"""

from dataclasses import replace
from datetime import timedelta

from connectors import errors as crm
from connectors.interfaces import PreImage, Session, Write, Written
from sidecar import trail
from sidecar.crm import crm_errors
from sidecar.domain import DraftState
from sidecar.drafts import Draft, move
from sidecar.errors import Conflict, PreconditionFailed, SidecarError
from sidecar.interfaces import Services

SKEW = timedelta(minutes=5)
"""How far the CRM's clock may be behind ours when a write is searched by time."""


def send(services: Services, session: Session, draft: Draft) -> Draft:
    """Claim, then write. The caller has checked policy, sources and digest.

    Raises:
        Conflict: somebody else claimed it.
        PreconditionFailed, Refused, NotFound, Unavailable: nothing was written; the draft can be applied again.
    """
    write = _write_of(draft)
    digest = draft.digest
    claimed = move(draft, DraftState.APPLYING, claimed_at=services.clock())
    claimed = services.drafts.change(claimed, DraftState.DRAFT, digest)
    try:
        trail.record(services, claimed, "apply", "intent")
        with crm_errors():
            preimage = session.preimage(write)
        _same_as_shown(draft, preimage)
        claimed = services.drafts.change(replace(claimed, preimage=preimage), DraftState.APPLYING, digest)
    except SidecarError:
        # Nothing was sent yet, whatever went wrong.
        services.drafts.change(move(claimed, DraftState.DRAFT, claimed_at=None), DraftState.APPLYING, digest)
        raise
    try:
        with crm_errors():
            written = session.write(write, preimage)
    except crm.Ambiguous:
        return _read_back(services, session, claimed)
    except SidecarError as error:
        trail.record(services, claimed, "apply", "refused", rule=error.type)
        services.drafts.change(
            move(claimed, DraftState.DRAFT, claimed_at=None, preimage=None), DraftState.APPLYING, digest
        )
        raise
    return _applied(services, claimed, written)


def settle(services: Services, session: Session, draft: Draft) -> Draft:
    """Find out what became of a draft that is APPLYING or UNKNOWN.

    Raises:
        Conflict: it is being applied right now.
    """
    if draft.state is DraftState.APPLYING:
        if draft.claimed_at is not None and services.clock() < draft.claimed_at + services.apply_lease:
            raise Conflict("The draft is being applied right now. Look again in a minute.", state=str(draft.state))
        if draft.preimage is None:
            # Died before anything was sent.
            return services.drafts.change(
                move(draft, DraftState.DRAFT, claimed_at=None), DraftState.APPLYING, draft.digest
            )
    return _read_back(services, session, draft)


def take_back(services: Services, session: Session, draft: Draft) -> Draft:
    """Undo an applied draft. Safe to repeat: a draft left in UNDOING is finished by the next call.

    Raises:
        Conflict: nothing was applied, or the target cannot be undone.
        PreconditionFailed: the target changed since; the draft stays applied.
    """
    write = _write_of(draft)
    if not write.target.undoable:
        raise Conflict("What was written there cannot be undone. Change it in the CRM.")
    if draft.state is not DraftState.UNDOING:
        undoing = move(draft, DraftState.UNDOING)
        trail.record(services, undoing, "undo", "intent")
        draft = services.drafts.change(undoing, draft.state, draft.digest)
    if draft.preimage is None or draft.written is None:
        raise Conflict("What stood there before is no longer kept: undo it in the CRM.")
    try:
        with crm_errors():
            session.undo(write, draft.preimage, draft.written)
    except crm.Ambiguous as error:
        raise Conflict("No answer came from the CRM. Press Undo again: it is safe.", state=str(draft.state)) from error
    except SidecarError as error:
        trail.record(services, draft, "undo", "refused", rule=error.type)
        services.drafts.change(move(draft, DraftState.APPLIED), DraftState.UNDOING, draft.digest)
        raise
    trail.record(services, draft, "undo", "undone")
    return services.drafts.change(move(draft, DraftState.UNDONE), DraftState.UNDOING, draft.digest)


def _read_back(services: Services, session: Session, draft: Draft) -> Draft:
    write = _write_of(draft)
    if draft.preimage is None:
        raise Conflict("What stood there before is no longer kept: look in the CRM.", state=str(draft.state))
    since = (draft.claimed_at or draft.created) - SKEW
    try:
        with crm_errors():
            written = session.find(write, draft.preimage, since)
    except crm.Ambiguous:
        if draft.state is DraftState.UNKNOWN:
            return draft
        trail.record(services, draft, "apply", "unknown")
        return services.drafts.change(move(draft, DraftState.UNKNOWN), draft.state, draft.digest)
    if written is not None:
        return _applied(services, draft, written)
    trail.record(services, draft, "apply", "not-written")
    return services.drafts.change(
        move(draft, DraftState.DRAFT, claimed_at=None, preimage=None), draft.state, draft.digest
    )


def _applied(services: Services, draft: Draft, written: Written) -> Draft:
    trail.record(services, draft, "apply", "applied")
    return services.drafts.change(move(draft, DraftState.APPLIED, written=written), draft.state, draft.digest)


def _same_as_shown(draft: Draft, preimage: PreImage) -> None:
    """Two changes within one second have one version in Salesforce: compare the target's value as well."""
    target = draft.write.target if draft.write else None
    if target and target.field and (preimage.value or "") != (draft.before or ""):
        raise PreconditionFailed("Somebody has changed the text that would be replaced. Draft again.")


def _write_of(draft: Draft) -> Write:
    if draft.write is None:
        raise Conflict("This draft is for reading only: it has no target.")
    return draft.write
