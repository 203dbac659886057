"""Writing exactly once: what is sent again, what never is, and what `find` may say when."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from urllib3.exceptions import ProtocolError

from connectors.errors import Ambiguous, ConnectorError, Fatal, Forbidden, NotFound, Retriable, Stale
from connectors.hubspot.targets import markup
from connectors.interfaces import PreImage, RecordRef, Target, TargetKind, Write, Written
from tests.unit.connectors.hubspot_bench import GRANT, NOW, STAMP, TICKET, TOKEN, VERSION, Bench, error, results, row
from tests.unit.connectors.scripted import Answer

BASE = "/crm/objects/2026-03"
REF = RecordRef("hubspot", "tickets", TICKET)
KEY = "K1abc"
DROPPED = requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError()))
SINCE = datetime.fromtimestamp(NOW - 300, UTC)
KINDS = (TargetKind.COMMENT, TargetKind.TASKS)


def write_of(kind: TargetKind, *, key: str = KEY) -> Write:
    """A note, or two tasks."""
    target = Target(kind, "x", "y", undoable=True)
    values = [
        {"subject": f"Step {number}", "body": f"Do <this> & that.\n\nref: {key}", "due": "2026-12-01"}
        for number in range(2 if kind is TargetKind.TASKS else 1)
    ]
    return Write(key, REF, VERSION, target, tuple(values))


class Store:
    """Notes and tasks of a portal as far as writing needs them, with trouble on request.

    `trouble` holds, per kind of request ("upsert", "create", "archive", "associate"), what happens to the next ones:
    an answer or error that comes instead, or "drop" to do it and lose the answer.
    """

    def __init__(self, *, keyed: bool = True) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.linked: set[str] = set()
        self.trouble: dict[str, deque[Answer | Exception | str]] = {}
        self.stamp = STAMP
        self.bench = Bench(self.answer, keyed=keyed)

    @property
    def live(self) -> list[str]:
        """Ids that are there."""
        return [id_ for id_, each in self.rows.items() if not each["archived"]]

    def answer(self, method: str, path: str, body: Any) -> Answer | Exception | None:  # noqa: ANN401 - any JSON
        """HubSpot."""
        act = self._act(method, path)
        if act is None:
            return self._read(path, body)
        name, do = act
        queue = self.trouble.get(name)
        what = queue.popleft() if queue else None
        if what is not None and what != "drop":
            return what  # type: ignore[return-value]  # mypy: not the text "drop" here
        done = do(body)
        return DROPPED if what == "drop" else done

    def _act(self, method: str, path: str) -> tuple[str, Callable[[Any], Answer]] | None:
        last = path.rpartition("/")[2]
        if method == "PUT" and "/associations/default/" in path:
            return "associate", lambda _: self._associate(path.split("/")[5])
        return {"upsert": ("upsert", self._upsert), "create": ("create", self._create)}.get(last) or (
            ("archive", self._archive) if last == "archive" else None
        )

    def _upsert(self, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        made = []
        for entry in body["inputs"]:
            assert entry["idProperty"] == "assistant_writeback_key"
            assert entry["properties"]["assistant_writeback_key"] == entry["id"]
            old = next((r for r in self.rows.values() if _key(r) == entry["id"] and not r["archived"]), None)
            made.append(old or self._make(entry["properties"]))
        return results(*made)

    def _create(self, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        made = []
        for entry in body["inputs"]:
            (association,) = entry["associations"]
            assert association["to"] == {"id": TICKET}
            assert association["types"][0]["associationTypeId"] in {228, 230}
            made.append(self._make(entry["properties"]))
            self.linked.add(made[-1]["id"])
        return results(*made)

    def _make(self, properties: Mapping[str, str]) -> dict[str, Any]:
        new = row(str(700 + len(self.rows)), **properties)
        self.rows[new["id"]] = new
        return new

    def _associate(self, id_: str) -> Answer:
        self.linked.add(id_)
        return results({"id": id_})

    def _archive(self, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        for each in body["inputs"]:
            if each["id"] in self.rows:
                self.rows[each["id"]]["archived"] = True
        return 204, b""

    def _read(self, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        if path == f"{BASE}/tickets/{TICKET}":
            return 200, row(TICKET, hs_lastmodifieddate=self.stamp)
        if path.startswith(f"{BASE}/tickets/{TICKET}/associations/"):
            return results(*({"toObjectId": int(id_)} for id_ in self.linked & set(self.live)))
        if path.startswith("/crm/associations/"):
            asked = [each["id"] for each in body["inputs"] if each["id"] in self.linked]
            return results(*({"id": id_, "from": {"id": id_}, "to": [{"toObjectId": int(TICKET)}]} for id_ in asked))
        if path.endswith("/batch/read"):
            by = body.get("idProperty", "hs_object_id")
            keys = {each["id"] for each in body["inputs"]}
            return results(*(self.rows[id_] for id_ in self.live if self.rows[id_]["properties"].get(by) in keys))
        return None

    def sent(self, part: str) -> int:
        """How many requests went to paths that end so."""
        return sum(part in path for path in self.bench.paths())


def _key(held: Mapping[str, Any]) -> object:
    return held["properties"].get("assistant_writeback_key")


@pytest.fixture
def store() -> Store:
    """A portal with our unique property."""
    return Store()


@pytest.mark.parametrize("keyed", [True, False])
def test_a_process_that_slept_between_its_looks_and_its_write_does_not_write(keyed: bool) -> None:  # noqa: FBT001 - pytest passes it
    """`find` may have said meanwhile that nothing was written: the fence counts when something is sent."""
    store = Store(keyed=keyed)
    write = write_of(TargetKind.COMMENT)
    preimage = store.bench.session.preimage(write)
    answer = store.bench._script

    def slow(method: str, path: str, body: Any) -> Answer | Exception | None:  # noqa: ANN401 - any JSON
        if path == f"{BASE}/tickets/{TICKET}":
            store.bench.now += 700
        return answer(method, path, body)

    store.bench._script = slow
    with pytest.raises(Retriable) as caught:
        store.bench.session.write(write, preimage)
    assert caught.value.code == "FENCED"
    assert not store.rows
    assert store.bench.session.find(write, preimage, SINCE) is None


def test_a_write_from_before_the_property_is_found_by_its_text() -> None:
    """The property is added, as doctor advises, while a write is unknown: it must not be sent a second time."""
    store = Store(keyed=False)
    write = write_of(TargetKind.COMMENT)
    preimage = store.bench.session.preimage(write)
    store.trouble["create"] = deque(["drop"])
    with pytest.raises(Ambiguous):
        store.bench.session.write(write, preimage)
    store.bench.keyed = True
    store.bench.cache.forget(GRANT)
    store.bench.now += 700
    found = store.bench.session.find(write, preimage, SINCE)
    assert found is not None
    assert list(found.ids) == store.live


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_is_one_upsert_and_its_associations(store: Store, kind: TargetKind) -> None:
    """Sent again by mistake, it is there once; the bodies are HTML with our characters escaped."""
    write, session = write_of(kind), store.bench.session
    preimage = session.preimage(write)
    written = session.write(write, preimage)
    assert session.write(write, preimage) == written == session.find(write, preimage, SINCE)
    assert store.live == list(written.ids)
    assert store.linked == set(written.ids)
    assert store.sent("/batch/upsert") == 1
    assert written.url.endswith(f"/contacts/4821/record/0-5/{TICKET}")
    held = store.rows[written.ids[0]]["properties"]
    assert held["hubspot_owner_id"] == "500"
    if kind is TargetKind.TASKS:
        assert held["hs_task_subject"] == "Step 0"
        assert (held["hs_timestamp"], held["hs_task_status"]) == ("2026-12-01T12:00:00.000Z", "NOT_STARTED")
        assert [_key(store.rows[id_]) for id_ in written.ids] == [f"{KEY}.0", f"{KEY}.1"]
    else:
        assert held["hs_note_body"] == f"Do &lt;this&gt; &amp; that.<br><br>ref: {KEY}"
        assert _key(store.rows[written.ids[0]]) == KEY


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("when", ["before the pre-image", "before the write"])
def test_a_ticket_that_moved_on_is_stale(store: Store, kind: TargetKind, when: str) -> None:
    """HubSpot has no conditional write: the stamp is read just before sending. Nothing is written."""
    write, session = write_of(kind), store.bench.session
    preimage = session.preimage(write)
    store.stamp = "2026-11-24T10:00:00.001Z"
    with pytest.raises(Stale):
        session.preimage(write) if when == "before the pre-image" else session.write(write, preimage)
    assert store.live == []


@pytest.mark.parametrize("keyed", [True, False])
def test_a_ticket_that_the_same_write_has_moved_on_is_not_stale(keyed: bool) -> None:  # noqa: FBT001 - pytest passes it
    """Two processes send one write: the second finds nothing, then a newer ticket, and takes the first one's result."""
    store = Store(keyed=keyed)
    write = write_of(TargetKind.COMMENT)
    preimage = store.bench.session.preimage(write)
    answer = store.bench._script
    first: list[Written] = []

    def other(method: str, path: str, body: Any) -> Answer | Exception | None:  # noqa: ANN401 - any JSON
        if path == f"{BASE}/tickets/{TICKET}" and not first:
            store.bench._script = answer
            first.append(store.bench.session.write(write, preimage))
            store.stamp = "2026-11-24T10:00:00.001Z"
        return answer(method, path, body)

    store.bench._script = other
    assert store.bench.session.write(write, preimage).ids == first[0].ids
    assert store.live == list(first[0].ids)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_answer_is_asked_for_again_with_the_same_key(store: Store, kind: TargetKind, lost: int) -> None:
    """An upsert by key can be repeated: one write, and the user hears nothing of it."""
    write, session = write_of(kind), store.bench.session
    preimage = session.preimage(write)
    store.trouble["upsert"] = deque(["drop"] * lost)
    store.trouble["associate"] = deque(["drop"] * lost)
    written = session.write(write, preimage)
    assert store.live == list(written.ids)
    assert store.sent("/batch/upsert") == lost + 1
    bodies = [body for _, path, body in store.bench.sent if path.endswith("/upsert")]
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["upsert", "associate"])
def test_an_answer_that_stays_lost_is_ambiguous_and_then_found(store: Store, kind: TargetKind, what: str) -> None:
    """Three requests at most; `find` reads by key, completes the associations, and knows what was made."""
    write, session = write_of(kind), store.bench.session
    preimage = session.preimage(write)
    store.trouble[what] = deque(["drop"] * 6)
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    store.trouble.clear()
    assert store.sent("/batch/upsert") <= 3
    written = store.bench.again().find(write, preimage, SINCE)
    assert written
    assert store.live == list(written.ids)
    assert store.linked == set(written.ids)


@pytest.mark.parametrize("refusal", [(400, {}), (403, {}), (429, {}), (401, {})])
def test_a_refusal_after_a_lost_answer_does_not_undo_it(store: Store, refusal: Answer) -> None:
    """The first request may have arrived: whatever is said later, nobody may claim that nothing was written."""
    write, session = write_of(TargetKind.COMMENT), store.bench.session
    preimage = session.preimage(write)
    store.trouble["upsert"] = deque(["drop", refusal])
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    assert len(store.live) == 1


@pytest.mark.parametrize("lost", [False, True])
def test_a_limiter_without_room_wrote_nothing_unless_something_was_lost_before(store: Store, lost: bool) -> None:  # noqa: FBT001 - pytest passes it
    """Our own refusal is no answer of HubSpot's."""
    write, session = write_of(TargetKind.COMMENT), store.bench.session
    preimage = session.preimage(write)
    full = Retriable("no room", code="limiter")
    store.trouble["upsert"] = deque(["drop", full] if lost else [full])
    with pytest.raises(Ambiguous if lost else Retriable):
        session.write(write, preimage)
    assert len(store.live) == (1 if lost else 0)


def test_a_slow_failure_is_not_repeated(store: Store) -> None:
    """Somebody waits, and her claim on the draft runs out."""
    write, session = write_of(TargetKind.COMMENT), store.bench.session
    preimage = session.preimage(write)

    def late(body: Any) -> Answer:  # noqa: ANN401 - any JSON
        store.bench.now += 30
        return 504, b"<html>"

    store._upsert = late  # type: ignore[method-assign]  # a slow HubSpot
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    assert store.sent("/batch/upsert") == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("refusal", [(400, {}), (403, {"category": "MISSING_PERMISSIONS"}), (404, {})])
def test_a_refused_association_fails_the_whole_write(store: Store, kind: TargetKind, refusal: Answer) -> None:
    """A note that hangs on nothing is no write: it is archived again (contract, 2.3)."""
    write, session = write_of(kind), store.bench.session
    preimage = session.preimage(write)
    store.trouble["associate"] = deque([refusal] * 2)
    with pytest.raises(Forbidden):
        session.write(write, preimage)
    assert store.live == []
    store.bench.now += 121
    assert session.find(write, preimage, SINCE) is None


def test_half_a_write_that_cannot_be_archived_is_ambiguous(store: Store) -> None:
    """It may stand there; `find` archives nothing: an unseen link is no proof that there is none."""
    write, session = write_of(TargetKind.COMMENT), store.bench.session
    preimage = session.preimage(write)
    store.trouble = {"associate": deque([(403, {})] * 2), "archive": deque([(500, {})] * 3)}
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    store.bench.now += 1_000
    with pytest.raises(Ambiguous):
        session.find(write, preimage, SINCE)
    assert len(store.live) == 1


def test_a_write_that_arrived_is_not_touched_when_rights_are_gone(store: Store) -> None:
    """It is linked: found, and nothing is asked for again. When even the link is hidden, a person decides."""
    write, session = write_of(TargetKind.TASKS), store.bench.session
    preimage = session.preimage(write)
    written = session.write(write, preimage)
    store.trouble["associate"] = deque([(403, {})] * 9)
    assert session.find(write, preimage, SINCE) == written
    assert session.write(write, preimage) == written
    store.linked.clear()
    with pytest.raises(Ambiguous):
        session.find(write, preimage, SINCE)
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    assert store.live == list(written.ids)


def test_a_batch_that_made_only_some_is_taken_back(store: Store) -> None:
    """Two tasks, one refused by a rule of the portal: none stays. Status 207 or 200, the errors count."""
    write, session = write_of(TargetKind.TASKS), store.bench.session
    preimage = session.preimage(write)

    def half(body: Any) -> Answer:  # noqa: ANN401 - any JSON
        made = store._make(body["inputs"][0]["properties"])
        return 207, {**results(made)[1], "numErrors": 1, "errors": [{"category": "VALIDATION_ERROR"}]}

    store._upsert = half  # type: ignore[method-assign]  # a portal with rules
    with pytest.raises(Forbidden) as caught:
        session.write(write, preimage)
    assert caught.value.code == "VALIDATION_ERROR"
    assert store.live == []


def test_two_at_the_same_time_write_once(store: Store) -> None:
    """The other one has made it between our look and our upsert: a conflict is answered by asking again."""
    write, session = write_of(TargetKind.COMMENT), store.bench.session
    preimage = session.preimage(write)
    embedded: Answer = (207, {**results()[1], "errors": [{"category": "CONFLICT"}]})
    for conflict in (error(409, "CONFLICT"), embedded):
        store.trouble["upsert"] = deque([conflict])
        session.write(write, preimage)
    assert len(store.live) == 1


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
    assert not any(_key(store.rows[id_]) for id_ in written.ids)


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


@pytest.mark.parametrize(
    "bad",
    [
        replace(write_of(TargetKind.COMMENT), values=()),
        replace(write_of(TargetKind.COMMENT), values=write_of(TargetKind.COMMENT).values * 2),
        replace(write_of(TargetKind.TASKS), values=write_of(TargetKind.TASKS).values * 11),
        replace(write_of(TargetKind.COMMENT), target=Target(TargetKind.SUMMARY_FIELD, "", "", undoable=True)),
        replace(write_of(TargetKind.COMMENT), record=RecordRef("hubspot", "deals", "1")),
    ],
    ids=["nothing", "two notes", "22 tasks", "no target", "no ticket"],
)
def test_a_write_that_cannot_be_done_once_is_refused(store: Store, bad: Write) -> None:
    """Before anything is asked of HubSpot."""
    for call in (
        lambda: store.bench.session.preimage(bad),
        lambda: store.bench.session.write(bad, PreImage(VERSION, None, str(int(NOW * 1000)))),
    ):
        with pytest.raises(Fatal):
            call()
    assert store.bench.paths() == []


def test_a_text_that_does_not_fit_is_refused_before_it_is_sent(store: Store) -> None:
    """HubSpot counts the markup as well."""
    write = replace(write_of(TargetKind.COMMENT), values=({"body": "&" * 14_000},))
    with pytest.raises(Forbidden) as caught:
        store.bench.session.preimage(write)
    assert caught.value.code == "TOO_LONG"
    assert store.bench.paths() == []


def test_who_does_not_see_the_ticket_writes_nothing() -> None:
    """By the configured rule as well as by HubSpot's."""
    store = Store()
    store.bench = Bench(store.answer, rules={}, token=replace(TOKEN, access="account"))
    with pytest.raises(NotFound):
        store.bench.session.preimage(write_of(TargetKind.COMMENT))
    assert store.live == []


def test_targets_need_the_scope_to_write(store: Store) -> None:
    """Both can be undone; nothing is offered on other objects or without the contacts scope."""
    kinds = [(target.kind, target.undoable) for target in store.bench.session.targets(REF)]
    assert kinds == [(TargetKind.COMMENT, True), (TargetKind.TASKS, True)]
    assert store.bench.session.targets(RecordRef("hubspot", "deals", "1")) == ()
    reader = Bench(store.answer, token=replace(TOKEN, scope="oauth tickets crm.objects.contacts.read"))
    assert reader.session.targets(REF) == ()


def test_errors_carry_nothing_of_the_write(store: Store) -> None:
    """Neither text nor key nor id."""
    write, session = write_of(TargetKind.COMMENT), store.bench.session
    preimage = session.preimage(write)
    store.trouble["upsert"] = deque([(500, {"message": markup(write.values[0]["body"])})] * 3)
    with pytest.raises(ConnectorError) as caught:
        session.write(write, preimage)
    said = f"{caught.value!s} {caught.value!r} {vars(caught.value)}"
    assert not [word for word in (KEY, TICKET, "Do ") if word in said]
