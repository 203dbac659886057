"""Drafts in SQL: only their owner gets them, nobody reads them off the disk, no change is lost, time erases them."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text, update

from connectors.interfaces import Target, TargetKind, Write, Written
from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import SqlDraftStore, open_database
from sidecar.adapters.sql.engine import reading, writing
from sidecar.adapters.sql.tables import drafts
from sidecar.domain import DraftState, Retention
from sidecar.drafts import Draft, move
from sidecar.errors import Conflict, NotFound, Unavailable
from tests.samples import CASE, NOW, SECRET_TEXT, make_draft

TENANT, USER = make_draft().tenant, make_draft().user_id
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> list[datetime]:
    """What the clock shows: its only member."""
    return [NOW]


@pytest.fixture
def store(engine: Engine, keys: LocalKeyRing, clock: list[datetime]) -> SqlDraftStore:
    """An empty store with the default retention."""
    return SqlDraftStore(engine, keys, Retention(), lambda: clock[0])


def on_disk(database: Path) -> bytes:
    """Every byte of the database, its log and its index."""
    return b"".join(file.read_bytes() for file in sorted(database.parent.glob(f"{database.name}*")) if file.is_file())


def through(store: SqlDraftStore, draft: Draft, *states: DraftState) -> Draft:
    """Move a stored draft on, step by step."""
    for state in states:
        draft = store.change(move(draft, state), draft.state, draft.digest)
    return draft


def count(engine: Engine) -> int:
    """Rows of the drafts table."""
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(drafts)).scalar_one())


@pytest.mark.parametrize(
    ("tenant", "user", "id_"),
    [("other", USER, "draft-1"), (TENANT, "other", "draft-1"), (TENANT, USER, "other"), ("", "", "")],
)
def test_somebody_else_s_draft_and_a_missing_one_look_the_same(
    store: SqlDraftStore, tenant: str, user: str, id_: str
) -> None:
    """One error with one text."""
    store.add(make_draft())
    with pytest.raises(NotFound, match=r"^There is no such draft; it may have been removed after its time\.$"):
        store.get(tenant, user, id_)


def test_a_draft_comes_back_as_it_was(store: SqlDraftStore) -> None:
    """By its id, by its key and in the list."""
    draft = store.add(make_draft())
    assert store.get(TENANT, USER, "draft-1") == draft
    assert store.known(TENANT, USER, "click-1") == draft
    assert store.newest(TENANT, USER) == [draft]
    assert store.in_state(DraftState.DRAFT) == [draft]


def test_nothing_of_a_draft_can_be_read_from_the_files(store: SqlDraftStore, database: Path) -> None:
    """Neither text nor user, record, key or related ids; only tenant, draft id, state and times stand in clear."""
    store.change(store.add(make_draft()), DraftState.DRAFT, make_draft().digest)
    written = move(make_draft(), DraftState.APPLYING)
    store.change(written, DraftState.DRAFT, written.digest)
    content = on_disk(database)
    hidden = [SECRET_TEXT, USER, CASE.id, "click-1", "key-1", "00T000000000001AAA", "02s000000000001AAA", "summarize"]
    for value in hidden:
        assert value.encode() not in content
    assert b"draft-1" in content


def test_the_same_click_gives_the_first_draft(store: SqlDraftStore, engine: Engine) -> None:
    """A repeated key adds nothing, whatever the new draft holds; other users' and tenants' keys are their own."""
    first = store.add(make_draft())
    assert store.add(make_draft(id="draft-2", before="other")) == first
    assert store.add(make_draft(id="draft-3", user_id="other")).id == "draft-3"
    assert store.add(make_draft(id="draft-4", tenant="other")).id == "draft-4"
    assert count(engine) == 3


def test_a_repeated_click_sees_what_became_of_the_draft(store: SqlDraftStore) -> None:
    """The stored state counts, not the one that is offered."""
    discarded = through(store, store.add(make_draft()), DraftState.DISCARDED)
    assert store.add(make_draft()) == discarded


def test_drafts_without_a_key_are_never_the_same(store: SqlDraftStore, engine: Engine) -> None:
    """An empty key knows nothing."""
    store.add(make_draft(idempotency_key=""))
    store.add(make_draft(id="draft-2", idempotency_key=""))
    assert store.known(TENANT, USER, "") is None
    assert count(engine) == 2


def test_an_id_is_never_used_twice(store: SqlDraftStore) -> None:
    """Not even by another tenant."""
    store.add(make_draft())
    with pytest.raises(Conflict, match="id exists"):
        store.add(make_draft(tenant="other", idempotency_key="other"))
    assert store.get(TENANT, USER, "draft-1") == make_draft()


def test_the_newest_drafts_come_first(store: SqlDraftStore) -> None:
    """And no more than asked for; other users' are not among them."""
    for number in range(5):
        store.add(make_draft(id=f"d{number}", idempotency_key=f"k{number}", created=NOW + number * DAY))
    store.add(make_draft(id="foreign", user_id="other", created=NOW + 9 * DAY))
    assert [draft.id for draft in store.newest(TENANT, USER, limit=3)] == ["d4", "d3", "d2"]


def test_a_change_from_another_state_or_digest_is_a_conflict(store: SqlDraftStore) -> None:
    """The second of two equal clicks, and a click on what was shown before an edit; the present state is named."""
    draft = store.add(make_draft())
    applying = move(draft, DraftState.APPLYING)
    with pytest.raises(Conflict):
        store.change(applying, DraftState.DRAFT, "00" * 32)
    store.change(applying, DraftState.DRAFT, draft.digest)
    with pytest.raises(Conflict) as conflict:
        store.change(applying, DraftState.DRAFT, draft.digest)
    assert conflict.value.extra == {"state": "applying"}
    assert store.get(TENANT, USER, draft.id) == applying


def test_only_the_owner_changes_a_draft(store: SqlDraftStore) -> None:
    """Somebody else's change is like one of a missing draft."""
    draft = store.add(make_draft())
    for other in (make_draft(user_id="other"), make_draft(tenant="other"), make_draft(id="other")):
        with pytest.raises(NotFound):
            store.change(move(other, DraftState.DISCARDED), DraftState.DRAFT, draft.digest)
    assert store.get(TENANT, USER, draft.id).state is DraftState.DRAFT


def test_an_edit_changes_the_digest(store: SqlDraftStore) -> None:
    """What was shown before cannot be applied any more."""
    draft = store.add(make_draft())
    edited = make_draft(edited=True, claims=())
    store.change(edited, DraftState.DRAFT, draft.digest)
    with pytest.raises(Conflict):
        store.change(move(draft, DraftState.APPLYING), DraftState.DRAFT, draft.digest)
    assert store.get(TENANT, USER, draft.id) == edited


@pytest.mark.parametrize("column", ["state", "digest", "tenant", "content", "key"])
def test_a_row_that_was_altered_cannot_be_opened(store: SqlDraftStore, engine: Engine, column: str) -> None:
    """The columns in clear are bound to the ciphertext, and a ciphertext cannot be moved between drafts."""
    store.add(make_draft())
    store.add(make_draft(id="draft-2", idempotency_key="click-2", state=DraftState.APPLIED))
    with writing(engine) as connection:
        other = connection.execute(select(drafts).where(drafts.c.id == "draft-2")).one()
        value = "00" * 32 if column == "digest" else "x" if column == "tenant" else getattr(other, column)
        connection.execute(update(drafts).where(drafts.c.id == "draft-1").values({column: value}))
    with pytest.raises(Unavailable, match="same backup"):
        store.in_state(DraftState.APPLIED if column == "state" else DraftState.DRAFT)


def test_without_the_key_file_nothing_opens(store: SqlDraftStore, engine: Engine, tmp_path: Path) -> None:
    """A stolen database is useless, and a lost key is said clearly, not as "not found"."""
    store.add(make_draft())
    other = SqlDraftStore(engine, LocalKeyRing(tmp_path / "other"))
    assert other.newest(TENANT, USER) == []
    with pytest.raises(Unavailable, match="key"):
        other.in_state(DraftState.DRAFT)


def test_records_that_a_draft_created_are_remembered(store: SqlDraftStore) -> None:
    """Under the record it was drafted for, in its tenant, also after undo, once for each."""
    applying = through(store, store.add(make_draft(written=None)), DraftState.APPLYING)
    assert store.own_writes(TENANT, CASE.id) == frozenset()
    written = Written(("00T1", "00T2", "00T2"), ("v", "v", "v"))
    applied = store.change(move(applying, DraftState.APPLIED, written=written), DraftState.APPLYING, applying.digest)
    through(store, applied, DraftState.UNDOING, DraftState.UNDONE)
    assert store.own_writes(TENANT, CASE.id) == {"00T1", "00T2"}
    assert store.own_writes(TENANT, "other") == frozenset()
    assert store.own_writes("other", CASE.id) == frozenset()


def test_an_updated_record_is_not_an_own_write(store: SqlDraftStore) -> None:
    """The case whose field was filled stays evidence; only its own field's text is not."""
    target = Target(TargetKind.SUMMARY_FIELD, "Summary", "who can read the case", undoable=True, field="Summary__c")
    applying = move(make_draft(write=Write("k", CASE, "v1", target, ({"body": "x"},))), DraftState.APPLYING)
    store.add(applying)
    written = Written((CASE.id,), ("v2",))
    store.change(move(applying, DraftState.APPLIED, written=written), DraftState.APPLYING, applying.digest)
    assert store.own_writes(TENANT, CASE.id) == frozenset()


def test_an_expired_draft_is_emptied_and_stays_for_its_key(store: SqlDraftStore, database: Path) -> None:
    """At its moment, not before; it cannot be applied, and the same click learns that it expired."""
    draft = store.add(make_draft())
    assert store.purge(NOW + DAY - timedelta(seconds=1)) == 0
    assert store.purge(NOW + DAY) == 1
    expired = store.get(TENANT, USER, draft.id)
    assert expired.state is DraftState.EXPIRED
    assert (expired.claims, expired.sources, expired.before, expired.record_title) == ((), (), None, "")
    assert store.known(TENANT, USER, "click-1") == expired
    with pytest.raises(Conflict):
        store.change(move(draft, DraftState.APPLYING), DraftState.DRAFT, draft.digest)
    assert store.purge(NOW + DAY) == 0
    assert SECRET_TEXT.encode() not in on_disk(database)


def test_a_draft_that_was_expired_elsewhere_is_emptied_by_the_next_purge(store: SqlDraftStore) -> None:
    """It need not have been purge that found it too old."""
    through(store, store.add(make_draft()), DraftState.EXPIRED)
    assert store.purge(NOW) == 1
    assert store.get(TENANT, USER, "draft-1").sources == ()
    assert store.purge(NOW) == 0


def test_an_applied_draft_can_be_undone_for_thirty_days(store: SqlDraftStore) -> None:
    """The cited text goes after a day; what undo needs stays, and the reduced draft still moves on."""
    applied = through(store, store.add(make_draft()), DraftState.APPLYING, DraftState.APPLIED)
    assert store.purge(NOW + DAY) == 1
    kept = store.get(TENANT, USER, applied.id)
    assert (kept.write, kept.preimage, kept.written) == (applied.write, applied.preimage, applied.written)
    assert kept.sources == ()
    assert store.purge(NOW + 29 * DAY) == 0
    assert through(store, kept, DraftState.UNDOING, DraftState.APPLIED).preimage == applied.preimage
    assert store.purge(NOW + 30 * DAY) == 1
    assert store.get(TENANT, USER, applied.id).preimage is None
    assert store.purge(NOW + 89 * DAY) == 0
    assert store.purge(NOW + 90 * DAY) == 1
    with pytest.raises(NotFound):
        store.get(TENANT, USER, applied.id)
    assert store.own_writes(TENANT, CASE.id) == {"00T000000000001AAA"}


@pytest.mark.parametrize("states", [(DraftState.APPLYING,), (DraftState.APPLYING, DraftState.UNKNOWN)])
def test_a_draft_in_flight_is_never_purged(store: SqlDraftStore, states: tuple[DraftState, ...]) -> None:
    """Somebody still has to find out what became of the write."""
    draft = through(store, store.add(make_draft()), *states)
    assert store.purge(NOW + 1000 * DAY) == 0
    assert store.get(TENANT, USER, draft.id) == draft


def test_the_time_counts_from_the_last_change(store: SqlDraftStore, clock: list[datetime]) -> None:
    """A draft discarded late is kept a day from then."""
    draft = store.add(make_draft())
    clock[0] = NOW + DAY / 2
    through(store, draft, DraftState.DISCARDED)
    assert store.purge(NOW + DAY) == 0
    assert store.purge(NOW + DAY / 2 + DAY) == 1


def test_purge_handles_any_number_and_only_what_is_due(store: SqlDraftStore, engine: Engine) -> None:
    """More drafts than one batch, mixed with fresh ones."""
    for number in range(230):
        late = NOW + (2 * DAY if number % 10 == 0 else DAY)
        store.add(make_draft(id=f"d{number:03}", idempotency_key=f"k{number}", expires=late))
    assert store.purge(NOW + DAY) == 207
    assert len(store.in_state(DraftState.DRAFT)) == 23
    assert len(store.in_state(DraftState.EXPIRED)) == 207
    assert store.purge(NOW + 91 * DAY) == 207 + 23
    assert count(engine) == 23


def test_what_nobody_can_open_is_deleted_when_its_time_comes(
    store: SqlDraftStore, engine: Engine, keys: LocalKeyRing
) -> None:
    """A lost key does not keep content alive; but a pre-image waits for the key to come back."""
    store.add(make_draft())
    applied = make_draft(id="draft-2", idempotency_key="click-2", state=DraftState.APPLIED)
    store.add(applied)
    with writing(engine) as connection:
        connection.execute(update(drafts).values(tenant=drafts.c.tenant + "x"))
    assert store.purge(NOW + DAY) == 1
    assert count(engine) == 1
    assert store.purge(NOW + 30 * DAY) == 1
    assert count(engine) == 0


def test_erased_bytes_leave_the_disk(store: SqlDraftStore, engine: Engine, database: Path) -> None:
    """After a purge neither the old ciphertext nor the old wrapped key stands in the database file or its log."""
    old: list[bytes] = []
    for number in range(20):
        draft = store.add(
            make_draft(id=f"d{number}", idempotency_key=f"k{number}", before=SECRET_TEXT * (number * 40 + 1))
        )
        with reading(engine) as connection:
            old += connection.execute(select(drafts.c.key, drafts.c.content).where(drafts.c.id == draft.id)).one()
    stored = pieces(on_disk(database))
    assert all(pieces(blob) & stored for blob in old)
    assert store.purge(NOW + DAY) == 20
    assert store.purge(NOW + 91 * DAY) == 20
    left = pieces(on_disk(database))
    assert not any(pieces(blob) & left for blob in old)
    assert database.with_name(f"{database.name}-wal").stat().st_size == 0


def pieces(blob: bytes) -> set[bytes]:
    """All 16-byte substrings: more than enough to recognise a ciphertext, of which pages may keep a part only."""
    return {blob[start : start + 16] for start in range(len(blob) - 15)}


def test_deleted_ciphertext_would_linger_otherwise(store: SqlDraftStore, engine: Engine, database: Path) -> None:
    """The check above can fail: a plain DELETE without clearing the log leaves the ciphertext there."""
    store.add(make_draft())
    with reading(engine) as connection:
        content = connection.execute(select(drafts.c.content)).scalar_one()
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM drafts"))
    assert pieces(content) & pieces(on_disk(database))


@pytest.fixture
def second(database: Path, engine: Engine) -> Iterator[Engine]:
    """The same database opened again, as another process would."""
    other = open_database(f"sqlite:///{database}")
    yield other
    other.dispose()


def test_a_restart_finds_drafts_in_flight(store: SqlDraftStore, second: Engine, keys: LocalKeyRing) -> None:
    """Recovery after a crash sees every draft that was being applied, oldest first, of all tenants."""
    for number, tenant in enumerate(("a", "b")):
        through(store, store.add(make_draft(id=f"d{number}", tenant=tenant)), DraftState.APPLYING)
    assert [draft.id for draft in SqlDraftStore(second, keys).in_state(DraftState.APPLYING)] == ["d0", "d1"]


def test_a_change_is_on_disk_when_it_returns(store: SqlDraftStore, database: Path) -> None:
    """Another connection, opened without this program, sees it at once."""
    through(store, store.add(make_draft()), DraftState.APPLYING)
    raw = sqlite3.connect(database)
    assert raw.execute("SELECT state FROM drafts").fetchone() == ("applying",)
    raw.close()
