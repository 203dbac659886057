"""Sends an approved write exactly once, finds out what became of an interrupted one, and takes one back.

    claim (compare-and-set) -> audit the intent -> keep the pre-image -> write once -> audit the result -> applied

A process may die, or sleep, between any two steps. The draft then stays APPLYING with its pre-image; whoever looks at
it next settles it by reading back, once the lease of the claim is over. Nothing is ever sent a second time: each later
step of a process holds only while its own claim stands, and an attempt declared lost is refused by the CRM as well.
"""

from dataclasses import replace
from datetime import timedelta

from connectors import errors as crm
from connectors.interfaces import PreImage, Session, Write, Written
from sidecar import trail
from sidecar.crm import crm_errors
from sidecar.domain import DraftState
from sidecar.drafts import Draft, move
from sidecar.errors import Conflict, CrmFailed, NotFound, PreconditionFailed, Refused, SidecarError, Unavailable
from sidecar.interfaces import Services

SKEW = timedelta(minutes=5)
"""How far the CRM's clock may be behind ours when a write is searched by time."""

NOT_ALLOWED = (Refused, NotFound, PreconditionFailed)
"""What the CRM says when it has looked at a request and will not do it: a passing trouble says nothing of the kind."""


def send(services: Services, session: Session, draft: Draft) -> Draft:
    """Claim, then write. The caller has checked policy, sources and digest.

    Returns:
        The draft APPLIED, or UNKNOWN when nobody can find out.

    Raises:
        Conflict: somebody else claimed it.
        PreconditionFailed, Refused, NotFound, Unavailable: nothing was written; the draft can be applied again.
        Unavailable with state="applying": not known yet; to be settled by whoever looks next.
    """
    write = _write_of(draft)
    claimed = _store(services, move(draft, DraftState.APPLYING, claimed_at=services.clock()), draft)
    try:
        trail.record(services, claimed, "apply", "intent")
        with crm_errors():
            preimage = session.preimage(write)
        _same_as_shown(draft, preimage)
        if not _claim_holds(services, claimed):
            raise Unavailable("The CRM took too long to answer. Nothing was written; try again.", part="crm")
        claimed = _store(services, replace(claimed, preimage=preimage), claimed)
    except SidecarError as error:
        _give_up(services, claimed, error)
        raise
    try:
        with crm_errors():
            written = session.write(write, preimage)
    except crm.Ambiguous:
        settled = _read_back(services, session, claimed)
        if settled.state is DraftState.DRAFT:
            raise Unavailable("The CRM gave no answer. Nothing was written; apply again.", part="crm") from None
        return settled
    except SidecarError as error:
        _give_up(services, claimed, error)
        raise
    return _applied(services, claimed, written)


def settle(services: Services, session: Session, draft: Draft) -> Draft:
    """Find out what became of a draft that is APPLYING or UNKNOWN.

    Raises:
        Conflict: it is being applied right now.
        Unavailable with state="applying": the CRM cannot be asked now.
    """
    if draft.state is DraftState.APPLYING and _claim_holds(services, draft):
        raise Conflict("The draft is being applied right now. Look again in a minute.", state=str(draft.state))
    try:
        if draft.state is DraftState.APPLYING and draft.preimage is None:
            # Died before anything was sent.
            return _store(services, _released(draft), draft)
        return _read_back(services, session, draft)
    except Conflict:
        # Somebody else has found out meanwhile.
        return services.drafts.get(draft.tenant, draft.user_id, draft.id)


def take_back(services: Services, session: Session, draft: Draft) -> Draft:
    """Undo an applied draft. Safe to repeat: a draft left in UNDOING is finished by the next call.

    Raises:
        Conflict: nothing was applied, the target cannot be undone, or it is being undone right now.
        PreconditionFailed: the target changed since; the draft stays applied.
    """
    write = _write_of(draft)
    if not write.target.undoable:
        raise Conflict("What was written there cannot be undone. Change it in the CRM.")
    resumed = draft.state is DraftState.UNDOING
    if resumed and _claim_holds(services, draft):
        raise Conflict("The draft is being undone right now. Look again in a minute.", state=str(draft.state))
    undoing = replace(draft if resumed else move(draft, DraftState.UNDOING), claimed_at=services.clock())
    preimage, written = draft.preimage, draft.written
    if preimage is None or written is None:
        raise Conflict("What stood there before is no longer kept: undo it in the CRM.")
    trail.record(services, undoing, "undo", "intent")
    undoing = _store(services, undoing, draft)
    try:
        with crm_errors():
            session.undo(write, preimage, written)
    except crm.Ambiguous as error:
        _store(services, _open_to_all(services, undoing), undoing)
        raise Conflict("No answer came from the CRM. Press Undo again: it is safe.", state=str(draft.state)) from error
    except SidecarError as error:
        # An earlier attempt may have arrived: then only the CRM's own no says that the write still stands.
        stands = not resumed or isinstance(error, NOT_ALLOWED)
        after = move(undoing, DraftState.APPLIED) if stands else _open_to_all(services, undoing)
        try:
            trail.record(services, undoing, "undo", "refused", rule=error.type)
        finally:
            _store(services, after, undoing)
        raise
    trail.record(services, undoing, "undo", "undone")
    return _store(services, move(undoing, DraftState.UNDONE), undoing)


def _read_back(services: Services, session: Session, draft: Draft) -> Draft:
    """The draft APPLIED, DRAFT (surely not written) or UNKNOWN."""
    if draft.preimage is None:
        return draft
    since = (draft.claimed_at or draft.created) - SKEW
    try:
        with crm_errors():
            written = session.find(_write_of(draft), draft.preimage, since)
    except Unavailable as error:
        raise Unavailable(
            "The CRM does not say yet whether it was written. Look at the draft again: it is never written twice.",
            retry_after=error.retry_after,
            part="crm",
            state=str(draft.state),
        ) from error
    except (crm.Ambiguous, CrmFailed, *NOT_ALLOWED):
        if draft.state is DraftState.UNKNOWN:
            return draft
        trail.record(services, draft, "apply", "unknown")
        return _store(services, move(draft, DraftState.UNKNOWN), draft)
    if written is not None:
        return _applied(services, draft, written)
    trail.record(services, draft, "apply", "not-written")
    return _store(services, _released(draft), draft)


def _applied(services: Services, draft: Draft, written: Written) -> Draft:
    trail.record(services, draft, "apply", "applied")
    return _store(services, move(draft, DraftState.APPLIED, written=written), draft)


def _give_up(services: Services, claimed: Draft, error: SidecarError) -> None:
    """Nothing was written: audit why. The claim is released even when that cannot be audited: nothing happened."""
    try:
        trail.record(services, claimed, "apply", "refused", rule=error.type)
    finally:
        _store(services, _released(claimed), claimed)


def _released(claimed: Draft) -> Draft:
    """As it was before the claim."""
    return move(claimed, DraftState.DRAFT, claimed_at=None, preimage=None)


def _store(services: Services, draft: Draft, before: Draft) -> Draft:
    """Compare-and-set, the claim included: who has lost it changes nothing."""
    return services.drafts.change(draft, before.state, before.digest, before.claimed_at)


def _open_to_all(services: Services, claimed: Draft) -> Draft:
    """With a claim that is over: whoever comes next goes on at once, and takes a claim that differs from this one."""
    return replace(claimed, claimed_at=services.clock() - services.apply_lease)


def _claim_holds(services: Services, draft: Draft) -> bool:
    return draft.claimed_at is not None and services.clock() < draft.claimed_at + services.apply_lease


def _same_as_shown(draft: Draft, preimage: PreImage) -> None:
    """Two changes within one second have one version in Salesforce: compare the target's value as well."""
    target = draft.write.target if draft.write else None
    if target and target.field and (preimage.value or "") != (draft.before or ""):
        raise PreconditionFailed("Somebody has changed the text that would be replaced. Draft again.")


def _write_of(draft: Draft) -> Write:
    if draft.write is None:
        raise Conflict("This draft is for reading only: it has no target.")
    return draft.write
