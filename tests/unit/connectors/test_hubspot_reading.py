"""Reading as the user: few round trips, nothing of another record, and nothing beyond the rule."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import Forbidden, NotFound, Retriable
from connectors.hubspot.access import AccessRule
from connectors.hubspot.records import parse_time, plain
from connectors.interfaces import Audience, RecordRef
from tests.unit.connectors.hubspot_bench import NOT_FOUND, STAMP, TICKET, TOKEN, VERSION, Bench, error, results, row
from tests.unit.connectors.scripted import Answer

BASE = "/crm/objects/2026-03"
REF = RecordRef("hubspot", "tickets", TICKET)
FIELDS = {
    "tickets": ("subject", "content", "hs_pipeline_stage"),
    "emails": ("hs_email_subject", "hs_email_text"),
    "notes": ("hs_note_body",),
}
RULE = {"tickets": AccessRule("team")}
ACCOUNT = replace(TOKEN, access="account")


def linked(*ids: str, after: str = "") -> dict[str, Any]:
    """The associations of one object inside a record."""
    paging = {"paging": {"next": {"after": after, "link": "https://elsewhere.example/"}}} if after else {}
    return {"results": [{"id": id_, "type": "x"} for id_ in ids], **paging}


TICKET_ROW = {
    **row(TICKET, subject="Pump leaks", content="Help", hs_pipeline="0", hs_pipeline_stage="1", hubspot_owner_id="501"),
    "associations": {
        "contacts": linked("31", "31"),
        "companies": linked("41"),
        "emails": linked("51", "52"),
        "notes": linked("61"),
    },
}
ROWS: Mapping[str, Mapping[str, Any]] = {
    "contacts/31": row("31", firstname="Carla", lastname="Contact", email="carla@customer.example", phone=None),
    "companies/41": row("41", name="Harbour Pumps", domain="harbour.example"),
    "emails/51": row(
        "51", hs_email_subject="Leak", hs_email_direction="INCOMING_EMAIL", hs_timestamp="2026-11-20T10:00:00Z",
        hs_email_from_email="carla@customer.example", hs_email_text="It leaks",
    ),
    "emails/52": row(
        "52", hs_email_subject="Re: Leak", hs_email_direction="EMAIL", hs_timestamp="2026-11-22T10:00:00Z",
        hs_email_headers='{"from": {"firstName": "Maya", "lastName": "Lind", "email": "maya@x"}}',
        hs_email_status="DRAFT", hs_email_text="Soon",
    ),
    "notes/61": row(
        "61", hs_note_body="<p>Seal &amp; ring</p>", hs_timestamp="1795255200000", hubspot_owner_id="501",
        assistant_writeback_key="K1",
    ),
    f"tickets/{TICKET}": {key: value for key, value in TICKET_ROW.items() if key != "associations"},
}  # fmt: skip


def answer(method: str, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
    """The portal of these tests."""
    if path == f"{BASE}/tickets/{TICKET}":
        return 200, TICKET_ROW
    if path.endswith("/batch/read") and path.startswith(BASE):
        name = path.removeprefix(BASE + "/").partition("/")[0]
        asked = [each["id"] for each in body["inputs"]]
        found = [ROWS[f"{name}/{id_}"] for id_ in asked if f"{name}/{id_}" in ROWS]
        lost = [id_ for id_ in asked if f"{name}/{id_}" not in ROWS]
        errors = [{"status": "error", "category": "OBJECT_NOT_FOUND", "context": {"ids": lost}}]
        return (207, {**results(*found)[1], "numErrors": 1, "errors": errors}) if lost else results(*found)
    if path.startswith("/crm/associations/"):
        ids = [each["id"] for each in body["inputs"]]
        return results(*({"id": id_, "from": {"id": id_}, "to": [{"toObjectId": int(TICKET)}]} for id_ in ids))
    return None


def test_a_ticket_comes_with_thread_and_people_in_two_round_trips() -> None:
    """The ticket with ids, then everything behind them side by side; the first time one more for the portal's facts."""
    bench = Bench(answer)
    bundle = bench.session.read(REF, FIELDS)
    assert (bench.session.round_trips, bench.session.describe_trips) == (3, 1)
    warm = bench.again()
    assert warm.read(REF, FIELDS) == bundle
    assert (warm.round_trips, warm.describe_trips) == (2, 0)

    assert bundle.record.title == f"{TICKET} · Pump leaks"
    assert bundle.record.version == VERSION
    assert bundle.record.fields == {"subject": "Pump leaks", "content": "Help", "hs_pipeline_stage": "New"}
    assert [(r.ref.id, r.author, r.inbound, r.draft) for r in bundle.thread] == [
        ("51", "carla@customer.example", True, False),
        ("61", "Tomas Vik", False, False),
        ("52", "Maya Lind", False, True),
    ]
    assert all(r.parent == REF for r in bundle.thread)
    people = {person.ref.object: person for person in bundle.people}
    assert people["contacts"].fields == {
        "Name": "Carla Contact", "firstname": "Carla", "lastname": "Contact", "email": "carla@customer.example",
        "phone": None,
    }  # fmt: skip
    assert people["owners"].fields == {"Name": "Tomas Vik", "FirstName": "Tomas", "LastName": "Vik", "Email": "tomas@x"}
    assert people["companies"].title == "Harbour Pumps"
    assert bundle.own_writes == {"61"}
    assert not bundle.truncated


def test_only_what_is_wanted_is_asked_for() -> None:
    """A thread that no template names stays in HubSpot; a property that HubSpot drops is absent, an unset one null."""
    bench = Bench(answer)
    bundle = bench.session.read(REF, {"tickets": ("subject", "no_such_property")})
    assert bundle.record.fields == {"subject": "Pump leaks"}
    assert bundle.thread == ()
    assert bench.query(f"{BASE}/tickets/{TICKET}")["associations"] == ["contacts", "companies"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_hidden_ticket_looks_like_a_missing_one(status: int) -> None:
    """HubSpot may say either (contract, 7.4); we say one thing."""
    bench = Bench(lambda _m, path, _b: error(status, "SOMETHING") if "/tickets/9" in path else None)
    with pytest.raises(NotFound) as caught:
        bench.session.read(REF, FIELDS)
    assert (str(caught.value), caught.value.code) == ("no such record for this user", "NOT_FOUND")


def test_a_missing_scope_is_said() -> None:
    """That is for an administrator to repair; a record that is hidden is not."""
    for part in ("/tickets/9", "/emails/batch/read"):
        bench = Bench(
            lambda m, path, b, part=part: error(403, "MISSING_SCOPES") if part in path else answer(m, path, b)  # type: ignore[misc]  # a default binds the loop's value
        )
        with pytest.raises(Forbidden) as caught:
            bench.session.read(REF, FIELDS)
        assert caught.value.code == "MISSING_SCOPES"


def test_people_without_a_scope_are_left_out() -> None:
    """A user who may not grant the companies scope still works with tickets."""
    bench = Bench(lambda m, path, b: error(403, "MISSING_SCOPES") if "/companies/" in path else answer(m, path, b))
    assert {person.ref.object for person in bench.session.read(REF, FIELDS).people} == {"contacts", "owners"}


@pytest.mark.parametrize("id_", ["", "x", "../1", "1?x=1", "9" * 20, "1 or 1", "\u0661\u0662\u0663"])
def test_what_is_no_id_reaches_no_address(id_: str) -> None:
    """Refused before anything is sent; so is what is no object."""
    bench = Bench(answer)
    for ref in (replace(REF, id=id_), replace(REF, object=f"tickets/{id_}")):
        with pytest.raises(NotFound):
            bench.session.read(ref, FIELDS)
        with pytest.raises(NotFound):
            bench.session.reread([ref], FIELDS)
    assert bench.adapter.sent == []


def test_a_merged_record_is_gone_whatever_survived_it() -> None:
    """HubSpot answers with the survivor under its own id: nobody asked for that one (contract, 2.7)."""
    survivor = row("9999", subject="Other")
    bench = Bench(
        lambda m, path, b: (200, survivor) if path.endswith(TICKET)
        else results(survivor) if path.endswith("/tickets/batch/read") else answer(m, path, b)
    )  # fmt: skip
    with pytest.raises(NotFound):
        bench.session.read(REF, FIELDS)
    assert bench.session.reread([REF], FIELDS) == {}


def test_more_associations_than_fit_cost_a_third_round_trip() -> None:
    """HubSpot tells about a hundred with the record; the others come page by page, then their rows."""
    many = {f"notes/{id_}": row(str(id_), hs_note_body="x", hs_timestamp=STAMP) for id_ in range(1, 151)}
    ticket = {**TICKET_ROW, "associations": {"notes": linked(*map(str, range(1, 101)), after="100")}}

    def script(method: str, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        if path == f"{BASE}/tickets/{TICKET}":
            return 200, ticket
        if path == f"{BASE}/tickets/{TICKET}/associations/notes":
            return results(*({"toObjectId": id_} for id_ in range(1, 151)))
        if path.endswith("/notes/batch/read"):
            assert len(body["inputs"]) <= 100
            return results(*(many[f"notes/{each['id']}"] for each in body["inputs"]))
        return answer(method, path, body)

    bench = Bench(script)
    bench.session.read(REF, FIELDS)
    warm = bench.again()
    assert len(warm.read(REF, FIELDS).thread) == 150
    assert warm.round_trips == 3


def test_further_pages_of_associations_are_followed_and_nothing_is_read_twice() -> None:
    """Pages may overlap when somebody links a note meanwhile; each of them costs one more round trip."""
    pages = {"": (range(1, 151), "150"), "150": (range(140, 161), "")}
    asked: list[str] = []

    def script(method: str, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        if path == f"{BASE}/tickets/{TICKET}":
            return 200, {**TICKET_ROW, "associations": {"notes": linked("1", "2", after="2")}}
        if path.endswith("/associations/notes"):
            ids, after = pages[bench.query(path).get("after", [""])[0]]
            paging = {"paging": {"next": {"after": after}}} if after else {}
            return results(*({"toObjectId": id_} for id_ in ids), **paging)
        if path.endswith("/notes/batch/read"):
            asked.extend(each["id"] for each in body["inputs"])
            return results(*(row(each["id"], hs_note_body="x", hs_timestamp=STAMP) for each in body["inputs"]))
        return answer(method, path, body)

    bench = Bench(script)
    assert len(bench.session.read(REF, FIELDS).thread) == 160
    assert sorted(asked, key=int) == [str(id_) for id_ in range(1, 161)]
    assert bench.session.round_trips - bench.session.describe_trips == 4


def test_fifty_related_records_cost_one_round_trip() -> None:
    """Of any objects, side by side; with 250 of one object, three requests of at most a hundred."""
    bench = Bench(lambda m, path, b: results(*(row(each["id"]) for each in b["inputs"])) if m == "POST" else None)
    bench.session.targets(REF)
    refs = [RecordRef("hubspot", "tickets", str(id_)) for id_ in range(1, 251)]
    refs += [RecordRef("hubspot", "deals", str(id_)) for id_ in range(1, 26)]
    assert set(bench.session.reread(refs, {})) == set(refs)
    assert bench.session.round_trips - bench.session.describe_trips == 1
    sizes = sorted(len(body["inputs"]) for method, _, body in bench.sent if method == "POST")
    assert sizes == [25, 50, 100, 100]


@pytest.mark.parametrize("embedded", [True, False])
def test_reread_leaves_out_what_is_not_there(embedded: bool) -> None:  # noqa: FBT001 - pytest passes it
    """Older versions say 207, 2026-09 says 200: the errors inside are the same (contract, 2.1)."""
    here, gone = REF, replace(REF, id="404")

    def script(method: str, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        given = answer(method, path, body)
        return (200, given[1]) if given and embedded else given

    again = Bench(script).session.reread([here, gone, RecordRef("hubspot", "owners", "501")], FIELDS)
    assert set(again) == {here, RecordRef("hubspot", "owners", "501")}


def test_a_batch_that_could_not_say_is_no_absence() -> None:
    """A passing error inside a batch must not make a record disappear."""
    broken = {"errors": [{"category": "INTERNAL_ERROR"}], "numErrors": 1}
    for more in (broken, {"status": "PROCESSING"}):
        bench = Bench(lambda m, p, b, more=more: (207, {**results()[1], **more}) if p.endswith("read") else None)  # type: ignore[misc]  # as above
        with pytest.raises(Retriable):
            bench.session.reread([REF], FIELDS)


def test_reread_equals_read() -> None:
    """A hash made of a field when drafting must match one made when checking; the parent is looked up.

    Who else reads it is not: a record that is read alone is this user's, as far as one knows.
    """
    bench = Bench(answer)
    thread = bench.session.read(REF, FIELDS).thread
    again = bench.session.reread([record.ref for record in thread], FIELDS)
    assert [again[record.ref] for record in thread] == [replace(record, audience=Audience.AGENT) for record in thread]


@pytest.mark.parametrize("refusal", [error(403, "FORBIDDEN"), results(errors=[{"context": {"ids": ["61"]}}])])
def test_a_note_that_is_lost_between_two_requests_is_not_shown(refusal: Answer) -> None:
    """Rows and their tickets are asked for side by side: a right may end in between, and then it has ended."""
    refs = [RecordRef("hubspot", "notes", "61"), RecordRef("hubspot", "emails", "51")]
    bench = Bench(lambda m, path, b: refusal if "/notes/tickets/" in path else answer(m, path, b))
    assert set(bench.session.reread(refs, FIELDS)) == {refs[1]}


def test_a_user_level_token_is_asked_for_nothing_more() -> None:
    """HubSpot decides: no owner or team properties are read for a rule that does not apply."""
    bench = Bench(answer)
    bench.session.read(REF, FIELDS)
    assert "hs_all_team_ids" not in bench.query(f"{BASE}/tickets/{TICKET}")["properties"]


OTHERS = {**TICKET_ROW, "properties": {**TICKET_ROW["properties"], "hubspot_owner_id": "501", "hubspot_team_id": "9"}}
OURS = {**TICKET_ROW, "properties": {**TICKET_ROW["properties"], "hubspot_owner_id": "501", "hubspot_team_id": "8"}}


def account(ticket: Mapping[str, Any], **rules: AccessRule) -> Bench:
    """An account-level token on this ticket; everything else is everybody's."""

    def script(method: str, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        if path == f"{BASE}/tickets/{TICKET}":
            return 200, ticket
        if path == f"{BASE}/tickets/batch/read":
            return results(ticket)
        if path == f"{BASE}/tickets/search":
            return results(ticket, total=1)
        if path == f"{BASE}/notes/61":
            return 200, ROWS["notes/61"]
        return answer(method, path, body)

    everybody = {name: AccessRule("all") for name in ("contacts", "companies", "deals")}
    return Bench(script, rules={**everybody, **RULE, **rules}, token=ACCOUNT)


def test_an_account_level_token_shows_no_more_than_the_rule() -> None:
    """Read, reread, recent and people: another team's ticket is not there, nor is its thread."""
    notes = RecordRef("hubspot", "notes", "61")
    hidden = account(OTHERS)
    with pytest.raises(NotFound):
        hidden.session.read(REF, FIELDS)
    assert hidden.session.reread([REF, notes], FIELDS) == {}
    assert hidden.session.recent("tickets", ("subject",), 10) == []

    shown = account(OURS)
    assert {record.ref.id for record in shown.session.read(REF, FIELDS).thread} == {"51", "52", "61"}
    assert set(shown.session.reread([REF, notes], FIELDS)) == {REF, notes}
    assert [record.ref for record in shown.session.recent("tickets", ("subject",), 10)] == [REF]


def test_a_reread_of_engagements_looks_at_their_tickets_in_one_more_round_trip() -> None:
    """A note alone does not say who may see it."""
    notes = RecordRef("hubspot", "notes", "61")
    bench = account(OURS)
    bench.session.reread([notes], FIELDS)
    assert bench.session.round_trips - bench.session.describe_trips == 2
    assert account(OTHERS).session.reread([notes], FIELDS) == {}


def test_an_engagement_read_by_itself_is_seen_by_who_sees_one_of_its_tickets() -> None:
    """A note has no owner rule of its own: asked for by its id, it is no way round the ticket's rule."""
    note = RecordRef("hubspot", "notes", "61")

    with pytest.raises(NotFound):
        account(OTHERS).session.read(note, FIELDS)
    assert account(OURS).session.read(note, FIELDS).record.fields["hs_note_body"]


def test_thread_and_people_follow_their_own_rules_as_well() -> None:
    """The note is Tomas's, and a rule says that notes are for their owners; a contact without an owner is nobody's."""
    bench = account(OURS, notes=AccessRule("owner"), contacts=AccessRule("team"))
    bundle = bench.session.read(REF, FIELDS)
    assert {record.ref.id for record in bundle.thread} == {"51", "52"}
    assert {person.ref.object for person in bundle.people} == {"companies", "owners"}


def test_without_the_owners_scope_an_account_level_token_shows_nothing() -> None:
    """Who the user is cannot be told, so nothing is hers."""
    bench = Bench(
        lambda m, path, b: error(403, "MISSING_SCOPES") if "/owners" in path else answer(m, path, b),
        rules=RULE, token=ACCOUNT,
    )  # fmt: skip
    with pytest.raises(NotFound):
        bench.session.read(REF, FIELDS)


@pytest.mark.parametrize("limit", [1, 2])
def test_recent_reads_the_records_that_a_search_has_found(limit: int) -> None:
    """The index lags: versions, rights and deletions come from the records themselves."""
    stale = [row(id_, hs_lastmodifieddate="2026-11-01T00:00:00Z", subject="old") for id_ in ("404", TICKET, "405")]
    bench = Bench(lambda m, path, b: results(*stale, total=3) if path.endswith("/search") else answer(m, path, b))
    assert [record.version for record in bench.session.recent("tickets", ("subject",), 3)] == [VERSION]
    bench.session.recent("tickets", ("subject",), limit)
    assert [body["limit"] for _, path, body in bench.sent if path.endswith("/search")] == [3, limit]


def test_an_unknown_record_is_not_found_in_a_reread_either() -> None:
    """Nothing asked, nothing sent."""
    bench = Bench(lambda *_: NOT_FOUND)
    assert bench.session.reread([], FIELDS) == {}
    assert bench.adapter.sent == []


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00+00:00"),
        ("2026-11-24T11:00:00.5+01:00", "2026-11-24T10:00:00.500000+00:00"),
        ("1795514400000", "2026-11-24T10:00:00+00:00"),
        (1795514400000, "2026-11-24T10:00:00+00:00"),
        ("", None),
        ("soon", None),
        (None, None),
        ("9" * 30, None),
    ],
)
def test_times_come_in_two_spellings(value: object, iso: str | None) -> None:
    """ISO or epoch milliseconds; what is no time is none."""
    parsed = parse_time(value)
    assert (parsed.isoformat() if parsed else None) == iso


def test_bodies_are_compared_by_their_words() -> None:
    """HubSpot may wrap or respell markup."""
    assert plain("<div>a &lt; b<br>c</div>") == plain("a &lt; b<br/>\nc") == "a < b c"
