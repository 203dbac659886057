"""Writing exactly once: what is sent again, what never is, and what is refused."""

from collections import deque
from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import Ambiguous, ConnectorError, Fatal, Forbidden, NotFound, Retriable, Stale
from connectors.hubspot.targets import markup
from connectors.interfaces import Audience, PreImage, RecordRef, Target, TargetKind, Write, Written
from tests.unit.connectors.hubspot_bench import GRANT, NOW, TICKET, TOKEN, VERSION, Bench, error, results
from tests.unit.connectors.hubspot_store import BASE, KEY, KINDS, REF, SINCE, Store, key_of, write_of
from tests.unit.connectors.scripted import Answer


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
        assert [key_of(store.rows[id_]) for id_ in written.ids] == [f"{KEY}.0", f"{KEY}.1"]
    else:
        assert held["hs_note_body"] == f"Do &lt;this&gt; &amp; that.<br><br>ref: {KEY}"
        assert key_of(store.rows[written.ids[0]]) == KEY


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
def test_a_lost_answer_is_asked_for_again_with_the_samekey_of(store: Store, kind: TargetKind, lost: int) -> None:
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


ROOTS = (
    (RecordRef("hubspot", "tickets", TICKET), "ticket", {228, 230}, "0-5"),
    (RecordRef("hubspot", "companies", "41"), "company", {190, 192}, "0-2"),
    (RecordRef("hubspot", "contacts", "31"), "contact", {202, 204}, "0-1"),
)
"""Where notes and tasks go, what people call it, their association types (contract, 2.4), and the object's type id."""


@pytest.mark.parametrize(("ref", "noun", "types", "type_id"), ROOTS)
@pytest.mark.parametrize("keyed", [True, False])
def test_notes_and_tasks_go_to_tickets_companies_and_contacts(
    ref: RecordRef,
    noun: str,
    types: set[int],
    type_id: str,
    keyed: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """Each is associated with the record by HubSpot's own type, found again there, and leads to its page."""
    store = Store(keyed=keyed, ref=ref)
    session = store.bench.session
    for target in session.targets(ref):
        assert target.audience == f"everyone who can read the {noun}"
        assert target.readers is Audience.RECORD
        write = replace(write_of(target.kind, key=f"K{target.kind}", ref=ref), target=target)
        preimage = session.preimage(write)
        written = session.write(write, preimage)
        assert session.write(write, preimage) == written == session.find(write, preimage, SINCE)
        assert written.url == f"https://app.example/contacts/4821/record/{type_id}/{ref.id}"
        assert store.linked == set(store.live) == set(written.ids)
        session.undo(write, preimage, written)
        assert store.live == []
        store.linked.clear()
    assert store.types == (set() if keyed else types)


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
