"""The draft's states, its digest, and what may be kept of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sidecar.domain import DraftState, Retention
from sidecar.drafts import ALLOWED, Kept, keeps, move, reduce
from sidecar.drafts_codec import to_json
from sidecar.errors import Conflict
from tests.samples import NOW, SECRET_TEXT, make_draft

RETENTION = Retention(content=timedelta(days=1), undo=timedelta(days=30), rows=timedelta(days=90))
OPEN = (DraftState.DRAFT, DraftState.APPLYING, DraftState.UNDOING, DraftState.UNKNOWN)


@pytest.mark.parametrize("start", list(DraftState))
@pytest.mark.parametrize("end", list(DraftState))
def test_only_the_listed_steps_are_possible(start: DraftState, end: DraftState) -> None:
    """Every pair of states is either allowed, or a Conflict that names the present state."""
    draft = make_draft(state=start)
    if end in ALLOWED[start]:
        assert move(draft, end).state is end
    else:
        with pytest.raises(Conflict) as refusal:
            move(draft, end)
        assert refusal.value.extra == {"state": str(start)}


def test_digest_covers_what_was_shown_and_nothing_else() -> None:
    """Another text, quote, write or source hash changes the digest; the state and the timings do not."""
    draft = make_draft()
    assert draft.write is not None
    shown = [
        replace(draft, claims=(replace(draft.claims[0], quote="other"),)),
        replace(draft, write=replace(draft.write, values=({"body": "other"},))),
        replace(draft, write=None),
        replace(draft, sources=(replace(draft.sources[0], hash="00" * 32), *draft.sources[1:])),
        replace(draft, id="draft-2"),
    ]
    assert len({draft.digest, *(other.digest for other in shown)}) == len(shown) + 1
    assert replace(draft, state=DraftState.APPLYING, timings_ms={}, claimed_at=None).digest == draft.digest


def test_repr_shows_no_content() -> None:
    """A draft that ends up in a log line tells nothing of the record."""
    assert SECRET_TEXT not in repr(make_draft())


@pytest.mark.parametrize("state", OPEN)
def test_an_open_or_unclear_draft_is_kept_whole(state: DraftState) -> None:
    """However old: somebody still has to settle it."""
    assert keeps(state, NOW, NOW + timedelta(days=1000), RETENTION) is Kept.ALL


@pytest.mark.parametrize(
    ("state", "days", "kept"),
    [
        (DraftState.APPLIED, 0.9, Kept.ALL),
        (DraftState.APPLIED, 1, Kept.UNDO),
        (DraftState.APPLIED, 29.9, Kept.UNDO),
        (DraftState.APPLIED, 30, Kept.NOTHING),
        (DraftState.APPLIED, 90, None),
        (DraftState.DISCARDED, 0.9, Kept.ALL),
        (DraftState.DISCARDED, 1, Kept.NOTHING),
        (DraftState.UNDONE, 1, Kept.NOTHING),
        (DraftState.UNDONE, 90, None),
        (DraftState.EXPIRED, 0, Kept.NOTHING),
        (DraftState.EXPIRED, 90, None),
    ],
)
def test_an_ended_draft_loses_its_content_in_steps(state: DraftState, days: float, kept: Kept | None) -> None:
    """First the sources, then what undo needs, then the row; limits belong to the later step."""
    assert keeps(state, NOW, NOW + timedelta(days=days), RETENTION) is kept


def test_reduce_keeps_what_undo_needs() -> None:
    """The write, the value before, the pre-image and what was written stay; the cited text goes."""
    draft = make_draft()
    reduced = reduce(draft, Kept.UNDO)
    assert (reduced.write, reduced.before, reduced.preimage, reduced.written) == (
        draft.write,
        draft.before,
        draft.preimage,
        draft.written,
    )
    assert (reduced.claims, reduced.sources, reduced.related, reduced.record_title) == ((), (), (), "")


def test_reduce_to_nothing_leaves_no_text() -> None:
    """Only ids, names of our own and times are left."""
    reduced = reduce(make_draft(), Kept.NOTHING)
    assert SECRET_TEXT.encode() not in to_json(reduced)
    assert reduced.write is not None
    assert reduced.write.key == "key-1"
    assert reduce(make_draft(write=None), Kept.NOTHING).write is None
