"""What became of a write: what `find` may say when, what an undo takes back, and both without our property."""

from collections import deque
from dataclasses import replace

import pytest

from connectors.errors import Ambiguous, Fatal, Retriable, Stale
from connectors.interfaces import TargetKind
from tests.unit.connectors.hubspot_store import DROPPED, KEY, KINDS, SINCE, Store, key_of, write_of


@pytest.fixture
def store() -> Store:
    """A portal with our unique property."""
    return Store()


@pytest.mark.parametrize("kind", KINDS)
def test_absence_is_believed_when_nothing_can_be_under_way_any_more(store: Store, kind: TargetKind) -> None:
    """Two minutes after the attempt, and nobody sends an attempt that is older than one."""
    write, session = write_of(kind), store.bench.session
    preimage = session.preimage(write)
    store.trouble["upsert"] = deque([DROPPED] * 3)
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    store.bench.now += 119
    with pytest.raises(Ambiguous):
        session.find(write, preimage, SINCE)
    with pytest.raises(Retriable) as caught:
        session.write(write, preimage)
    assert caught.value.code == "FENCED"
    store.bench.now += 2
    assert session.find(write, preimage, SINCE) is None
    assert store.live == []
    session.write(write, session.preimage(write))
    assert len(store.live) == len(write.values)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("changed", [False, True])
def test_undo_archives_what_nobody_has_changed(store: Store, kind: TargetKind, changed: bool) -> None:  # noqa: FBT001 - pytest passes it
    """Twice, and the second time finds nothing to do. A person's edit is never thrown away."""
    write, session = write_of(kind), store.bench.session
    preimage = session.preimage(write)
    written = session.write(write, preimage)
    if changed:
        held = store.rows[written.ids[0]]["properties"]
        held |= {"hs_lastmodifieddate": "2026-11-24T11:00:00Z", "hs_note_body": "a person", "hs_task_body": "a person"}
        with pytest.raises(Stale):
            session.undo(write, preimage, written)
        assert store.live == list(written.ids)
        return
    session.undo(write, preimage, written)
    session.undo(write, preimage, written)
    assert store.live == []
    assert store.sent("/batch/archive") == 1


def test_a_stamp_that_moved_by_itself_does_not_stop_an_undo(store: Store) -> None:
    """HubSpot touches records in the background: what counts is whether they still say what was written."""
    write, session = write_of(TargetKind.COMMENT), store.bench.session
    preimage = session.preimage(write)
    written = session.write(write, preimage)
    held = store.rows[written.ids[0]]["properties"]
    held |= {"hs_lastmodifieddate": "2026-11-24T11:00:00Z", "hs_note_body": f"<p>{held['hs_note_body']}</p>"}
    session.undo(write, preimage, written)
    assert store.live == []


def test_a_completed_task_is_not_undone(store: Store) -> None:
    """Somebody has done it: that is a change, too."""
    write, session = write_of(TargetKind.TASKS), store.bench.session
    preimage = session.preimage(write)
    written = session.write(write, preimage)
    held = store.rows[written.ids[1]]["properties"]
    held |= {"hs_lastmodifieddate": "2026-11-24T11:00:00Z", "hs_task_status": "COMPLETED"}
    with pytest.raises(Stale):
        session.undo(write, preimage, written)
    assert len(store.live) == 2


def test_an_undo_whose_answer_stays_lost_can_be_repeated(store: Store) -> None:
    """Whether it arrived or not, the second one ends well."""
    write, session = write_of(TargetKind.COMMENT), store.bench.session
    preimage = session.preimage(write)
    written = session.write(write, preimage)
    store.trouble["archive"] = deque(["drop", DROPPED, (502, b"<html>")])
    with pytest.raises(Ambiguous):
        session.undo(write, preimage, written)
    session.undo(write, preimage, written)
    assert store.live == []


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_property_a_write_is_one_create_with_its_association(kind: TargetKind) -> None:
    """And never repeated: what stands there is recognised by its text."""
    store = Store(keyed=False)
    write, session = write_of(kind), store.bench.session
    preimage = session.preimage(write)
    written = session.write(write, preimage)
    assert session.write(write, preimage) == written == session.find(write, preimage, SINCE)
    assert store.live == list(written.ids)
    assert store.sent("/batch/create") == 1
    assert store.sent("/associations/default/") == 0
    assert not any(key_of(store.rows[id_]) for id_ in written.ids)


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_property_a_lost_answer_is_never_asked_for_again(kind: TargetKind) -> None:
    """It would be written twice. Read back, it is found by the key in its text."""
    store = Store(keyed=False)
    write, session = write_of(kind), store.bench.session
    preimage = session.preimage(write)
    store.trouble["create"] = deque(["drop"])
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    assert store.sent("/batch/create") == 1
    written = session.find(write, preimage, SINCE)
    assert written
    assert store.live == list(written.ids)


def test_without_the_property_half_a_write_is_not_sent_again() -> None:
    """One task of two stands there: the other one is a person's to decide about."""
    store = Store(keyed=False)
    write, session = write_of(TargetKind.TASKS), store.bench.session
    write = replace(write, values=(write.values[0], {**write.values[1], "body": f"Another.\n\nref: {KEY}"}))
    preimage = session.preimage(write)
    written = session.write(write, preimage)
    store.rows[written.ids[1]]["archived"] = True
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    with pytest.raises(Ambiguous):
        session.find(write, preimage, SINCE)
    assert store.live == [written.ids[0]]


def test_without_the_property_absence_takes_ten_minutes_and_two_looks() -> None:
    """A request that came late after all would write twice, so nobody hurries."""
    store = Store(keyed=False)
    write, session = write_of(TargetKind.COMMENT), store.bench.session
    preimage = session.preimage(write)
    store.trouble["create"] = deque([DROPPED])
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    store.bench.now += 599
    with pytest.raises(Ambiguous):
        session.find(write, preimage, SINCE)
    store.bench.now += 2
    looked = store.sent("/associations/notes")
    assert session.find(write, preimage, SINCE) is None
    assert store.sent("/associations/notes") - looked == 2


def test_without_the_property_the_key_must_stand_in_the_text() -> None:
    """Else nothing could ever be found again."""
    store = Store(keyed=False)
    write = replace(write_of(TargetKind.COMMENT), key="another")
    with pytest.raises(Fatal):
        store.bench.session.preimage(write)
