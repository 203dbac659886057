"""A sync repeats, and never leaves out: lagging search, short pages, equal stamps, merges, and the archive."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import Resync, Retriable
from connectors.hubspot.access import AccessRule
from connectors.hubspot.changes import OVERLAP, losers
from connectors.interfaces import Change, Checkpoint
from tests.unit.connectors.hubspot_bench import NOW, TOKEN, Bench, results, row
from tests.unit.connectors.scripted import Answer

SEARCH = "/crm/objects/2026-03/tickets/search"
LIST = "/crm/objects/2026-03/tickets"
START = datetime(2026, 11, 1, tzinfo=UTC)
LIMIT = 200


class Index:
    """HubSpot's search over rows of (id, milliseconds after START), with its manners.

    `page` is the most rows of a page, although 200 are asked for; every third page is empty.
    """

    def __init__(self, rows: Mapping[int, int], *, page: int = LIMIT, empty: bool = False) -> None:
        self.rows = dict(rows)
        self.asked: list[Mapping[str, Any]] = []
        self._page = page
        self._empty = empty

    def answer(self, method: str, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        """The portal."""
        if path == LIST:
            return results()
        if path != SEARCH:
            return None
        self.asked.append(body)
        assert body["limit"] == LIMIT
        filters = [each for group in body["filterGroups"] for each in group["filters"]]
        found = sorted(
            (item for item in self.rows.items() if all(_matches(each, *item) for each in filters)),
            key=lambda item: (item[1], str(item[0])),
        )
        offset = int(body["after"])
        assert offset + LIMIT <= 10_000
        if self._empty and len(self.asked) % 3 == 0:
            return results(total=len(found), paging={"next": {"after": str(offset)}})
        part = found[offset : offset + self._page]
        end = offset + len(part)
        paging = {"paging": {"next": {"after": str(end)}}} if end < len(found) else {}
        return results(*(ticket(id_, stamp) for id_, stamp in part), total=len(found), **paging)


def _matches(each: Mapping[str, str], id_: int, stamp: int) -> bool:
    value = id_ if each["propertyName"] == "hs_object_id" else stamp + round(START.timestamp() * 1000)
    low = int(each["value"])
    return {
        "GTE": lambda: value >= low,
        "EQ": lambda: value == low,
        "BETWEEN": lambda: low <= value <= int(each["highValue"]),
    }[each["operator"]]()


def ticket(id_: int, stamp: int, **properties: str) -> dict[str, Any]:
    """A row as a search tells it."""
    when = (START + timedelta(milliseconds=stamp)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return row(str(id_), hs_lastmodifieddate=when, subject=f"T{id_}", **properties)


def ids(changes: Sequence[Change]) -> set[int]:
    """Ids of what changed."""
    return {int(change.ref.id) for change in changes if change.record}


def all_changes(bench: Bench, checkpoint: Checkpoint) -> list[Change]:
    """One sync."""
    return list(bench.session.changes(checkpoint, ("subject",)))


@pytest.mark.parametrize("page", [200, 7])
@pytest.mark.parametrize("empty", [False, True])
def test_every_record_is_seen_whatever_the_pages_are_like(page: int, empty: bool) -> None:  # noqa: FBT001 - pytest passes it
    """Short pages, empty pages, stamps in steps and in heaps: nothing is left out, and stamps only go up."""
    index = Index({1_000 + number: number // 3 for number in range(450)}, page=page, empty=empty)
    bench = Bench(index.answer)
    found = all_changes(bench, Checkpoint("tickets"))
    assert ids(found) == set(index.rows)
    covered = [change.checkpoint.covered for change in found if change.checkpoint.covered]
    assert covered == sorted(covered)
    assert covered[-1] == START + timedelta(milliseconds=149)


def test_more_records_with_one_stamp_than_a_page_are_parted_by_id() -> None:
    """A bulk import: sorting ids would be by letters, and paging ends after 10,000 (contract, 6)."""
    rows = {number * 37: 5 for number in range(1, 901)} | {8: 0, 9: 9, 10: 9}
    index = Index(rows)
    assert ids(all_changes(Bench(index.answer), Checkpoint("tickets"))) == set(rows)


def test_a_record_that_changes_while_the_sync_runs_pushes_nobody_out() -> None:
    """By offset, the first of the next page would slip onto the one that was read already."""
    index = Index({1_000 + number: number for number in range(450)})
    changes = Bench(index.answer).session.changes(Checkpoint("tickets"), ("subject",))
    found = [next(changes) for _ in range(150)]
    for number in range(20):
        index.rows[1_000 + number] = 10_000 + number
    found += list(changes)
    assert ids(found) == set(index.rows)


def test_a_sync_looks_back_further_than_the_index_lags() -> None:
    """What was not indexed yet at the last look has an older stamp than the checkpoint."""
    index = Index({1: 0, 2: 200_000})
    covered = START + timedelta(milliseconds=200_000)
    assert timedelta(minutes=2) < OVERLAP
    assert ids(all_changes(Bench(index.answer), Checkpoint("tickets", covered, covered.isoformat()))) == {1, 2}
    (asked,) = index.asked
    ((group,),) = [each["filters"] for each in asked["filterGroups"]]
    assert int(group["value"]) == round((covered - OVERLAP).timestamp() * 1000)
    assert asked["sorts"] == [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}]


def test_archived_records_come_first_and_leave_the_checkpoint() -> None:
    """HubSpot's list of the archive has no filter: what was archived before is not told again."""
    now = datetime.fromtimestamp(NOW, UTC)
    archived = [
        {**ticket(7, 0), "archived": True, "archivedAt": (now - timedelta(minutes=1)).isoformat()},
        {**ticket(8, 0), "archived": True, "archivedAt": (now - timedelta(days=20)).isoformat()},
    ]

    def script(method: str, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        if path == LIST:
            last = "after=1" in bench.adapter.sent[-1][1]
            return results(archived[1]) if last else results(archived[0], paging={"next": {"after": "1"}})
        return results(ticket(1, 0), total=1) if path == SEARCH else None

    bench = Bench(script)
    covered = now - timedelta(hours=1)
    before = Checkpoint("tickets", covered, covered.isoformat())
    gone, changed = all_changes(bench, before)
    assert (gone.ref.id, gone.record, gone.checkpoint) == ("7", None, before)
    assert changed.checkpoint.cursor == now.isoformat()
    assert bench.query(LIST)["archived"] == ["true"]


def test_what_is_gone_does_not_come_back_from_a_lagging_index() -> None:
    """The search still tells of an archived ticket, and of the loser of a merge after its survivor."""
    rows = [ticket(7, 0), ticket(3, 1, hs_merged_object_ids="2"), ticket(2, 2)]
    archived = {**ticket(7, 0), "archived": True, "archivedAt": START.isoformat()}
    bench = Bench(
        lambda _m, path, _b: results(archived) if path == LIST
        else results(*rows, total=3) if path == SEARCH else None
    )  # fmt: skip
    bench.now = START.timestamp() + 60
    found = all_changes(bench, Checkpoint("tickets", START, START.isoformat()))
    assert [(change.ref.id, change.record is None) for change in found] == [("7", True), ("2", True), ("3", False)]


def test_an_archive_that_does_not_reach_back_asks_for_a_new_start() -> None:
    """After 90 days HubSpot has forgotten."""
    old = datetime.fromtimestamp(NOW, UTC) - timedelta(days=90)
    with pytest.raises(Resync):
        all_changes(Bench(Index({}).answer), Checkpoint("tickets", old, ""))


def test_a_first_sync_has_nothing_to_forget() -> None:
    """The archive is not read, only how far it would have been."""
    bench = Bench(Index({1: 0}).answer)
    (change,) = all_changes(bench, Checkpoint("tickets"))
    assert change.checkpoint.cursor == datetime.fromtimestamp(NOW, UTC).isoformat()
    assert LIST not in bench.paths()


def test_the_losers_of_a_merge_are_gone() -> None:
    """The survivor names them, also when it has a new id; contacts name them with a time."""
    assert losers(ticket(3, 0, hs_merged_object_ids="1;2")) == ["1", "2"]
    assert losers(ticket(3, 0, hs_calculated_merged_vids="1:1700000000000;3:1700000000001")) == ["1"]
    assert losers(ticket(3, 0)) == []
    bench = Bench(
        lambda _m, path, _b: results(ticket(3, 0, hs_merged_object_ids="1"), total=1) if path == SEARCH else None
    )
    gone, survivor = all_changes(bench, Checkpoint("tickets"))
    assert (gone.ref.id, gone.record, survivor.ref.id) == ("1", None, "3")
    assert survivor.record


def test_what_the_rule_hides_counts_as_gone() -> None:
    """A ticket that went to another team must leave the index of who saw it before."""
    mine, theirs = ticket(1, 0, hubspot_owner_id="500"), ticket(2, 1, hubspot_owner_id="501")
    bench = Bench(
        lambda _m, path, _b: results(mine, theirs, total=2) if path == SEARCH else None,
        rules={"tickets": AccessRule("owner")},
        token=replace(TOKEN, access="account"),
    )
    assert [(change.ref.id, change.record is None) for change in all_changes(bench, Checkpoint("tickets"))] == [
        ("1", False),
        ("2", True),
    ]


LINKS = "/crm/associations/2026-03/tickets/contacts/batch/read"
CONTACTS = "/crm/objects/2026-03/contacts/batch/read"
NAMES = ("subject", "contacts.firstname", "contacts.email")


def with_contacts(index: Index, links: Answer, contacts: Answer) -> Bench:
    """A portal whose tickets have contacts."""

    def answer(method: str, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        return {LINKS: links, CONTACTS: contacts}.get(path) or index.answer(method, path, body)

    return Bench(answer)


def test_contacts_come_beside_the_tickets_when_their_names_are_asked_for() -> None:
    """Each once for a page; the ticket itself is asked for its own properties only."""
    index = Index({1: 0, 2: 1})
    ends = [{"from": {"id": id_}, "to": [{"toObjectId": 7}]} for id_ in ("1", "2")]
    bench = with_contacts(index, results(*ends), results(row("7", firstname="Rosa", email="rosa@pumps.example")))
    found = list(bench.session.changes(Checkpoint("tickets"), NAMES))
    assert [dict(person.fields) for person in found[0].people] == [{"firstname": "Rosa", "email": "rosa@pumps.example"}]
    assert all(change.record and set(change.record.fields) == {"subject"} for change in found)
    assert not [name for name in index.asked[0]["properties"] if name.startswith("contacts")]


def test_a_sync_goes_on_where_contacts_may_not_be_read() -> None:
    """Their names are then masked as far as recognisers find them."""
    refused: Answer = (403, {"status": "error", "category": "MISSING_SCOPES", "correlationId": "c", "message": "no"})
    found = list(with_contacts(Index({1: 0}), refused, refused).session.changes(Checkpoint("tickets"), NAMES))
    assert [(change.ref.id, change.people) for change in found] == [("1", ())]


def test_contacts_that_hubspot_does_not_tell_stop_the_sync() -> None:
    """Nothing is embedded with names in it because an answer was lost."""
    with pytest.raises(Retriable):
        list(with_contacts(Index({1: 0}), (502, b"<html>"), results()).session.changes(Checkpoint("tickets"), NAMES))
