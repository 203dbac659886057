"""A draft between its making and its end: show(), edit(), rate(), discard()."""

import secrets
from collections.abc import Mapping
from dataclasses import replace

from sidecar import evidence, firewall, grounding, templates, trail, writeback
from sidecar.crm import open_session
from sidecar.domain import Claim, DraftState, Grounding, Principal
from sidecar.drafts import Draft, Shown, move
from sidecar.errors import Conflict, Invalid, PreconditionFailed
from sidecar.feedback import Opinion
from sidecar.interfaces import Services
from sidecar.sanitise import clean


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
    stored = fresh(services, principal, draft_id, digest)
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
    template = services.templates.of(stored)
    changed = templates.composed(template, replace(stored, claims=tuple(claims), edited=True))
    trail.record(services, changed, "edit", "saved")
    services.drafts.change(changed, DraftState.DRAFT, digest)
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


def fresh(services: Services, principal: Principal, draft_id: str, digest: str) -> Draft:
    """The stored draft, if it is what was shown and can still be changed or applied.

    Raises:
        Conflict: it is no open draft any more, or has expired.
        PreconditionFailed: it is not what was shown.
    """
    stored = services.drafts.get(principal.tenant, principal.user_id, draft_id)
    if stored.state is not DraftState.DRAFT:
        raise Conflict(f"The draft is {stored.state}.", state=str(stored.state))
    if services.clock() >= stored.expires:
        raise Conflict("The draft has expired. Draft again.", state=str(DraftState.EXPIRED))
    if not secrets.compare_digest(stored.digest.encode(), digest.encode()):
        raise PreconditionFailed("The draft is not what was shown to you. Load it again.")
    return stored


def _edited(claim: Claim, text: str) -> Claim:
    text = " ".join(clean(text, html=False).text.split())  # as it would be written: one line, all of it visible
    if not text:
        raise Invalid("Your text is empty. To take the sentence out, remove it.")
    if firewall.leaks(text):
        raise Invalid("Your text holds a number or a secret that may not be written. Remove it and save again.")
    verified = grounding.supports(text, claim.quote)
    return replace(claim, text=text, grounding=Grounding.VERIFIED if verified else Grounding.EDITED)
