"""Sync: what changed is indexed, what is gone leaves, and a stop anywhere loses nothing."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from connectors.errors import Resync
from connectors.interfaces import Change, Checkpoint, Record, RecordRef, Session, User
from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import SqlCheckpoints, SqlOpenFields, open_database
from sidecar.errors import Conflict, Unavailable
from sidecar.interfaces import Services
from sidecar.policy import Policy
from sidecar.retrieval import Index
from sidecar.settings import Settings
from sidecar.sync import SyncReport, sync
from sidecar.templates import TemplateSet
from tests.fakes import MemoryVectors, ReadingSession, WordEmbedder

TENANT = "00D000000000001AAA"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


class House:
    """The services that a sync needs, and a CRM whose stream of changes a test writes."""

    def __init__(self, folder: Path) -> None:
        self.embedder = WordEmbedder()
        self.vectors = MemoryVectors()
        keys = LocalKeyRing(folder / "keys")
        engine = open_database(f"sqlite:///{folder / 'db.sqlite3'}")
        self.checkpoints, self.open_fields = SqlCheckpoints(engine), SqlOpenFields(engine)
        self.now = NOW
        needed: dict[str, Any] = {name: None for name in Services.__dataclass_fields__ if name != "apply_lease"}
        self.services = Services(
            **needed
            | {
                "embedder": self.embedder,
                "vectors": self.vectors,
                "keys": keys,
                "checkpoints": self.checkpoints,
                "open_fields": self.open_fields,
                "templates": TemplateSet.load(Settings().templates_dir),
                "policy": Policy.load(Settings().config_dir),
                "clock": lambda: self.now,
            }
        )
        self.session = ReadingSession(User(TENANT, "005", "u", "U", "u@example.com"))
        self.collection = Index(self.embedder, self.vectors, keys).collection(TENANT, "Case")

    def change(self, number: int, text: str | None, *, people: tuple[Record, ...] = (), **fields: str) -> None:
        """A case changed, or (None) is gone."""
        ref = RecordRef("salesforce", "Case", f"500{number:012d}AAA")
        record = None if text is None else Record(ref, {"Subject": text, **fields}, version="1")
        after = Checkpoint("Case", NOW + timedelta(minutes=number), str(len(self.session.stream) + 1))
        self.session.stream.append(Change(ref, record, after, people))

    def sync(self, *, full: bool = False, limit: int = 0) -> SyncReport:
        """Run it."""
        return sync(self.services, cast("Session", self.session), "Case", full=full, limit=limit)

    def indexed(self) -> set[str]:
        """Ids in the index."""
        return {entry.record_id[:15] for entry, _ in self.vectors.rows.get(self.collection, {}).values()}


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Empty."""
    return House(tmp_path)


def test_changes_are_indexed_and_deletions_leave(house: House) -> None:
    """A record comes, changes, and goes."""
    house.change(1, "pump leaks")
    house.change(2, "invoice lost")
    assert house.sync().indexed == 2
    assert house.indexed() == {"500000000000001", "500000000000002"}
    house.change(1, None)
    report = house.sync()
    assert (report.indexed, report.removed, report.finished) == (0, 1, True)
    assert house.indexed() == {"500000000000002"}


def test_a_second_run_reads_only_what_is_new(house: House) -> None:
    """The checkpoint moves."""
    house.change(1, "pump leaks")
    house.sync()
    house.embedder.texts.clear()
    assert house.sync().indexed == 0
    assert house.embedder.texts == []


def test_a_stop_in_the_middle_goes_on_where_it_was(house: House) -> None:
    """The checkpoint covers what is stored and nothing more."""
    for number in range(1, 121):
        house.change(number, f"pump leaks {number}")
    first = house.sync(limit=50)
    assert (first.indexed, first.finished) == (50, False)
    house.vectors.broken = True
    with pytest.raises(Unavailable):
        house.sync()
    house.vectors.broken = False
    assert house.sync().indexed == 70
    assert len(house.indexed()) == 120


def test_a_user_who_sees_none_of_the_first_records_comes_to_the_end(house: House) -> None:
    """A step that stored nothing is not begun again: the sync gets past what a rule hides, and finishes."""
    for number in range(1, 121):
        house.change(number, None)
    house.change(121, "pump leaks")
    steps = [house.sync(limit=50) for _ in range(3)]
    assert [(step.removed, step.finished) for step in steps] == [(50, False), (50, False), (20, True)]
    assert house.indexed() == {"500000000000121"}


def test_an_index_that_was_lost_is_built_again(house: House) -> None:
    """Without a collection the checkpoint says nothing."""
    house.change(1, "pump leaks")
    house.sync()
    house.vectors.rows.clear()
    assert house.sync().indexed == 1


def test_names_of_the_people_are_masked_before_embedding(house: House) -> None:
    """The contact's name never reaches the embedder."""
    named: dict[str, Any] = {"Contact.Name": "Rosalind Achterberg"}
    house.change(1, "Ms Rosalind Achterberg says the pump leaks", **named)
    house.sync()
    assert house.embedder.texts
    assert not [text for text in house.embedder.texts if "Achterberg" in text or "Rosalind" in text]


def test_names_of_people_beside_the_record_are_masked_too(house: House) -> None:
    """HubSpot tells a ticket's contacts apart from it: their names do not reach the embedder either."""
    contact = Record(RecordRef("hubspot", "contacts", "7"), {"firstname": "Rosalind", "lastname": "Achterberg"}, "1")
    house.change(1, "Ms Achterberg says the pump leaks", people=(contact,))
    house.sync()
    assert house.embedder.texts
    assert not [text for text in house.embedder.texts if "Achterberg" in text]


def test_a_full_sync_starts_over(house: House) -> None:
    """What is no longer in the CRM leaves with a full sync."""
    house.change(1, "pump leaks")
    house.sync()
    house.session.stream.clear()
    house.change(2, "invoice lost")
    house.sync(full=True)
    assert house.indexed() == {"500000000000002"}


def test_a_forgetful_crm_makes_the_sync_start_over(house: House) -> None:
    """When the CRM no longer knows what was deleted since the checkpoint, everything is read again."""
    house.change(1, "pump leaks")
    house.sync()
    house.session.stream.clear()
    house.change(2, "invoice lost")
    original = house.session.changes

    def changes(checkpoint: Checkpoint, fields: Sequence[str]) -> Iterator[Change]:
        if checkpoint.cursor:
            raise Resync("the delete log does not reach back that far")
        return original(checkpoint, fields)

    house.session.changes = changes  # type: ignore[method-assign]  # the one behaviour this test is about
    assert house.sync().indexed == 1
    assert house.indexed() == {"500000000000002"}


def test_two_syncs_of_one_object_do_not_run_at_once(house: House) -> None:
    """The lease belongs to one."""
    assert house.checkpoints.acquire(TENANT, "Case", "somebody else", NOW, timedelta(minutes=5))
    with pytest.raises(Conflict):
        house.sync()


def test_a_changed_record_leaves_no_old_passage(house: House) -> None:
    """Fewer passages than before: the surplus goes."""
    house.change(1, "\n\n".join(f"The pump of line {line} leaks since Monday." for line in ("A", "B", "C")))
    house.sync()
    before = len(house.vectors.rows[house.collection])
    house.change(1, "short")
    house.sync()
    assert before > 1
    assert len(house.vectors.rows[house.collection]) == 1


def test_a_sync_asks_which_fields_everyone_reads_and_not_at_every_step(house: House) -> None:
    """The first step asks, those of the next ten minutes do not; what was known stays when there is no answer."""
    house.session.open = {"Case": frozenset({"Subject"})}
    house.change(1, "pump leaks")
    house.sync()
    house.sync()
    (asked,) = house.session.asked
    assert {"Case", "EmailMessage", "Account", "Contact"} <= set(asked)
    assert "tickets" not in asked
    house.session.open = None
    house.now = NOW + timedelta(minutes=11)
    house.sync()
    assert len(house.session.asked) == 2
    assert house.open_fields.load(TENANT) == {"Case": frozenset({"Subject"})}
