"""A draft and its states. Pure: every function returns a new draft or raises; stores persist what they are given."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from connectors.interfaces import PreImage, RecordRef, Write, Written
from sidecar.domain import Claim, DraftState, Flag, Masked, Related, Retention, Source, Withheld
from sidecar.errors import Conflict


@dataclass(frozen=True, slots=True)
class Draft:
    """What an agent sees before anything is written, and what became of it.

    `write` is what apply sends, already with its key; None when this user cannot write anywhere: a draft for reading.
    `digest` covers everything shown, so that apply writes what was shown (If-Match). `related` names the records that
    were consulted beside the record and its thread. `fallback` says why `reasoner` stood in for the configured one.
    `greets` is whom a message is addressed to, as the user saw the name; `heads` what it is about, as far as its
    readers may see it. `before` is the target's value when drafted.
    Content fields never appear in `repr`.
    """

    id: str
    tenant: str
    crm: str
    user_id: str
    action: str
    template: str
    reasoner: str
    purpose: str
    rule: str
    policy_digest: str
    record: RecordRef
    record_title: str = field(repr=False)
    claims: tuple[Claim, ...] = field(repr=False)
    sources: tuple[Source, ...] = field(repr=False)
    related: tuple[Related, ...] = field(repr=False)
    write: Write | None
    before: str | None = field(repr=False)
    withheld: tuple[Withheld, ...]
    masked: tuple[Masked, ...]
    flags: tuple[Flag, ...]
    warnings: tuple[str, ...]
    created: datetime
    expires: datetime
    idempotency_key: str = ""
    state: DraftState = DraftState.DRAFT
    edited: bool = False
    claimed_at: datetime | None = None
    preimage: PreImage | None = field(repr=False, default=None)
    written: Written | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    round_trips: int = 0
    fallback: str = ""
    greets: str = field(repr=False, default="")
    heads: str = field(repr=False, default="")

    @property
    def digest(self) -> str:
        """SHA-256 over what was shown: the write, the claims with their quotes, and the cited sources' hashes."""
        shown = {
            "id": self.id,
            "write": asdict(self.write) if self.write else None,
            "claims": [asdict(claim) for claim in self.claims],
            "sources": [(source.number, source.key.id, source.hash) for source in self.sources],
        }
        return hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()


ALLOWED: dict[DraftState, frozenset[DraftState]] = {
    DraftState.DRAFT: frozenset({DraftState.APPLYING, DraftState.DISCARDED, DraftState.EXPIRED}),
    DraftState.APPLYING: frozenset({DraftState.APPLIED, DraftState.UNKNOWN, DraftState.DRAFT}),
    DraftState.UNKNOWN: frozenset({DraftState.APPLIED, DraftState.DRAFT, DraftState.DISCARDED}),
    DraftState.APPLIED: frozenset({DraftState.UNDOING}),
    DraftState.UNDOING: frozenset({DraftState.UNDONE, DraftState.APPLIED}),
    DraftState.UNDONE: frozenset(),
    DraftState.EXPIRED: frozenset(),
    DraftState.DISCARDED: frozenset(),
}
"""APPLYING or UNKNOWN -> DRAFT only when nothing was written for sure (a clear refusal or a proof by read-back)."""


def move(draft: Draft, state: DraftState, **changes: object) -> Draft:
    """The draft in a new state.

    Raises:
        Conflict: the state machine has no such step.
    """
    if state not in ALLOWED[draft.state]:
        raise Conflict(f"The draft is {draft.state}; it cannot become {state}.", state=str(draft.state))
    return replace(draft, state=state, **changes)  # type: ignore[arg-type]  # replace() checks the names at run time


class Kept(StrEnum):
    """How much of a draft is still there."""

    ALL = "all"
    UNDO = "undo"
    NOTHING = "nothing"


def keeps(draft_state: DraftState, changed: datetime, now: datetime, retention: Retention) -> Kept | None:
    """How much of a draft in this state may be kept; None: not even its row. An open or unclear draft is kept whole."""
    age = now - changed
    if draft_state in {DraftState.DRAFT, DraftState.APPLYING, DraftState.UNDOING, DraftState.UNKNOWN}:
        return Kept.ALL
    if age >= retention.rows:
        return None
    if draft_state is DraftState.EXPIRED:
        return Kept.NOTHING
    if age < retention.content:
        return Kept.ALL
    return Kept.UNDO if draft_state is DraftState.APPLIED and age < retention.undo else Kept.NOTHING


def reduce(draft: Draft, kept: Kept) -> Draft:
    """The draft with no more content than `kept` says. Its digest changes with it."""
    if kept is Kept.ALL:
        return draft
    undoable = replace(
        draft, record_title="", greets="", heads="", claims=(), sources=(), related=(), withheld=(), masked=(), flags=()
    )
    if kept is Kept.UNDO:
        return undoable
    emptied = replace(draft.write, values=()) if draft.write else None
    return replace(undoable, write=emptied, before=None, preimage=None, warnings=())


@dataclass(frozen=True, slots=True)
class Shown:
    """A draft as its owner may see it now (what she has lost is missing), and the digest of the stored one.

    The digest is what a client sends back in If-Match.
    """

    draft: Draft
    digest: str
