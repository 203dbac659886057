"""Companies and contacts with what hangs on them: the newest of each, what is open, and nothing beyond the rule."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import Fatal, Forbidden
from connectors.hubspot.access import AccessRule
from connectors.hubspot.audience import Audiences
from connectors.interfaces import Audience, RecordRef
from tests.unit.connectors.hubspot_bench import STAMP, TOKEN, Bench, error, results, row
from tests.unit.connectors.scripted import Answer

BASE = "/crm/objects/2026-03"
COMPANY = RecordRef("hubspot", "companies", "41")
CONTACT = RecordRef("hubspot", "contacts", "31")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "companies": ("name", "city"),
    "contacts": ("firstname", "jobtitle"),
    "tickets": ("subject",),
    "deals": ("dealname", "amount"),
    "emails": ("hs_email_subject",),
    "notes": ("hs_note_body",),
    "calls": ("hs_call_title",),
    "tasks": ("hs_task_subject",),
}
START = datetime(2026, 1, 1, tzinfo=UTC)
PIPELINES: Mapping[str, list[dict[str, Any]]] = {
    "tickets": [{"id": "0", "stages": [
        {"id": "1", "label": "New", "metadata": {"ticketState": "OPEN"}},
        {"id": "4", "label": "Closed", "metadata": {"ticketState": "CLOSED", "isClosed": "true"}},
    ]}],
    "deals": [{"id": "default", "stages": [
        {"id": "proposal", "label": "Proposal", "metadata": {"isClosed": "false", "probability": "0.6"}},
        {"id": "won", "label": "Won", "metadata": {"isClosed": "true", "probability": "1.0"}},
    ]}],
}  # fmt: skip
OWNED = {"hubspot_owner_id": "501", "hubspot_team_id": "9"}
"""Another team's."""


class Portal:
    """A company with a contact, and rows and links at will. `inline` is how many ids HubSpot tells with a record."""

    def __init__(self, inline: int = 100) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.links: dict[str, list[str]] = {}
        self.inline = inline
        self.add("companies", "41", name="Harbour Pumps", domain="harbour.example", city="Rotterdam")
        self.add("contacts", "31", on=("companies/41",), firstname="Carla", jobtitle="Buyer", email="c@harbour.example")

    def add(self, object_: str, id_: str, on: tuple[str, ...] = (), **properties: str | None) -> None:
        """A record that hangs on others."""
        name = f"{object_}/{id_}"
        self.rows[name] = row(id_, **{"createdate": STAMP, **properties})
        for other in on:
            self.links.setdefault(name, []).append(other)
            self.links.setdefault(other, []).append(name)

    def mails(self, count: int, on: tuple[str, ...]) -> None:
        """Mails 501, 502, …, each a day younger than the last."""
        for number in range(count):
            at = (START + timedelta(days=number)).isoformat()
            self.add("emails", str(501 + number), on, hs_email_subject=f"Mail {number}", hs_timestamp=at)

    def of(self, name: str, object_: str) -> list[str]:
        """Ids of one object on a record."""
        return [one.partition("/")[2] for one in self.links.get(name, []) if one.startswith(f"{object_}/")]

    def answer(self, method: str, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        """HubSpot."""
        if path.startswith("/crm/pipelines/"):
            return results(*PIPELINES[path.rpartition("/")[2]])
        if path.startswith("/crm/associations/"):
            from_, to = path.split("/")[4:6]
            ends = [(each["id"], self.of(f"{from_}/{each['id']}", to)) for each in body["inputs"]]
            return results(
                *(
                    {"id": id_, "from": {"id": id_}, "to": [{"toObjectId": int(one)} for one in ids]}
                    for id_, ids in ends
                    if ids
                )
            )
        name = path.removeprefix(f"{BASE}/")
        if name.endswith("/batch/read"):
            object_ = name.partition("/")[0]
            asked = [f"{object_}/{each['id']}" for each in body["inputs"]]
            return results(*(self.rows[one] for one in asked if one in self.rows))
        if name.endswith("/search"):
            return self._search(name.partition("/")[0], body)
        return (200, self._whole(name)) if method == "GET" and name in self.rows else None

    def _whole(self, name: str) -> dict[str, Any]:
        associations = {}
        for object_ in FIELDS:
            ids = self.of(name, object_)
            more = {"paging": {"next": {"after": "x"}}} if len(ids) > self.inline else {}
            if ids:
                associations[object_] = {"results": [{"id": id_} for id_ in ids[: self.inline]], **more}
        return {**self.rows[name], "associations": associations}

    def _search(self, object_: str, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        ((group,), (sort,)) = body["filterGroups"], body["sorts"]
        (only,) = group["filters"]
        noun = only["propertyName"].removeprefix("associations.")
        on = {"company": "companies", "contact": "contacts"}[noun] + f"/{only['value']}"
        rows = [self.rows[f"{object_}/{id_}"] for id_ in self.of(on, object_)]
        rows.sort(key=lambda one: one["properties"].get(sort["propertyName"]) or "", reverse=True)
        more = {"paging": {"next": {"after": "200"}}} if len(rows) > body["limit"] else {}
        return results(*rows[: body["limit"]], total=len(rows), **more)


def busy() -> Portal:
    """One of everything on the company and its contact, closed things among them."""
    portal, both = Portal(), ("companies/41", "contacts/31")
    portal.add("tickets", "91", both, subject="Leak", hs_pipeline="0", hs_pipeline_stage="1")
    portal.add("tickets", "92", both, subject="Done", hs_pipeline="0", hs_pipeline_stage="4")
    portal.add("deals", "21", both, dealname="Second site", amount="9000", pipeline="default", dealstage="proposal")
    portal.add("deals", "22", both, dealname="First site", amount="7000", pipeline="default", dealstage="won")
    portal.mails(1, (*both, "tickets/91"))
    portal.add(
        "notes", "61", both, hs_note_body="Note", hs_timestamp="2026-11-01T08:00:00Z", assistant_writeback_key="K"
    )
    portal.add("calls", "66", both, hs_call_title="Call", hs_timestamp="2026-11-02T08:00:00Z")
    portal.add("tasks", "68", both, hs_task_subject="Task", hs_createdate="2026-11-03T08:00:00Z", createdate=None)
    return portal


@pytest.mark.parametrize(("ref", "people"), [(COMPANY, ["contacts/31"]), (CONTACT, [])])
def test_a_root_comes_with_what_is_open_and_was_done(ref: RecordRef, people: list[str]) -> None:
    """Two round trips; oldest first; of tickets and deals the open ones, each child under the record at hand."""
    bench = Bench(busy().answer)
    bench.session.read(ref, FIELDS)
    session = bench.again()
    bundle = session.read(ref, FIELDS)
    assert (session.round_trips, session.describe_trips) == (2, 0)
    assert bundle.record.ref == ref
    assert set(bundle.record.fields) == set(FIELDS[ref.object])
    names = {f"{record.ref.object}/{record.ref.id}" for record in bundle.thread}
    assert names == {"tickets/91", "deals/21", "emails/501", "notes/61", "calls/66", "tasks/68", *people}
    assert {record.parent for record in bundle.thread} == {ref}
    times = [record.at for record in bundle.thread if record.at]
    assert times == sorted(times)
    assert {person.title for person in bundle.people} == {"Harbour Pumps", "Carla"}
    assert bundle.own_writes == {"61"}
    assert not bundle.truncated


def test_only_what_a_template_names_is_read_of_a_company() -> None:
    """Its people are, because masking must know them."""
    bench = Bench(busy().answer)
    bundle = bench.session.read(COMPANY, {"companies": ("name",), "notes": ("hs_note_body",)})
    assert [record.ref.object for record in bundle.thread] == ["notes"]
    assert {person.ref.object for person in bundle.people} == {"companies", "contacts"}
    assert bench.query(f"{BASE}/companies/41")["associations"] == ["notes", "contacts"]


@pytest.mark.parametrize(("count", "trips"), [(60, 2), (150, 3), (250, 3)])
def test_of_many_mails_the_newest_fifty_are_read(count: int, trips: int) -> None:
    """However many there are: those beyond what HubSpot tells with the record are found by one search."""
    portal = Portal()
    portal.mails(count, ("companies/41",))
    bench = Bench(portal.answer)
    bench.session.read(COMPANY, FIELDS)
    session = bench.again()
    bundle = session.read(COMPANY, FIELDS)
    assert session.round_trips == trips
    mails = [record.ref.id for record in bundle.thread if record.ref.object == "emails"]
    assert mails == [str(501 + number) for number in range(count - 50, count)]
    assert bundle.truncated
    assert "contacts/31" in {f"{record.ref.object}/{record.ref.id}" for record in bundle.thread}


def test_what_the_search_finds_is_read_from_the_records_themselves() -> None:
    """The index lags: what it still knows and the records do not, is not shown."""
    portal = Portal(inline=1)
    portal.mails(3, ("companies/41",))

    def script(method: str, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        if path.endswith("/emails/batch/read"):
            return results(
                *({**portal.rows[f"emails/{each['id']}"], "archived": each["id"] == "502"} for each in body["inputs"])
            )
        return portal.answer(method, path, body)

    thread = Bench(script).session.read(COMPANY, FIELDS).thread
    assert [record.ref.id for record in thread if record.ref.object == "emails"] == ["501", "503"]


@pytest.mark.parametrize("inline", [100, 0])
def test_deals_without_a_scope_are_left_out_and_activities_are_not(inline: int) -> None:
    """Nobody reads deals through an app that may not; without the scope for mails the administrator hears of it."""
    portal = busy()
    portal.inline = inline
    for part, kept in (("/deals/", True), ("/emails/", False)):
        bench = Bench(
            lambda m, path, b, part=part: error(403, "MISSING_SCOPES") if part in path and m == "POST"  # type: ignore[misc]  # a default binds the loop's value
            else portal.answer(m, path, b)
        )  # fmt: skip
        if kept:
            assert "deals" not in {record.ref.object for record in bench.session.read(COMPANY, FIELDS).thread}
            continue
        with pytest.raises(Forbidden):
            bench.session.read(COMPANY, FIELDS)


EVERYBODY = {name: AccessRule("all") for name in ("contacts", "companies", "deals")}


def account(portal: Portal, **rules: AccessRule) -> Bench:
    """An account-level token on this portal: tickets by team, the rest for all."""
    token = replace(TOKEN, access="account")
    return Bench(portal.answer, rules={**EVERYBODY, "tickets": AccessRule("team"), **rules}, token=token)


def test_nobody_gets_round_the_rule_for_tickets_through_a_company() -> None:
    """A mail on another team's ticket hangs on the company as well, and is not shown there; nor is the ticket."""
    portal, both = Portal(), ("companies/41", "contacts/31")
    portal.add("tickets", "91", both, hs_pipeline="0", hs_pipeline_stage="1", **OWNED)
    portal.add("tickets", "93", both, hs_pipeline="0", hs_pipeline_stage="1", hubspot_owner_id="500")
    portal.add("notes", "61", (*both, "tickets/91"), hs_timestamp=STAMP)
    portal.add("notes", "62", (*both, "tickets/93"), hs_timestamp=STAMP)
    portal.add("notes", "63", (*both, "tickets/91", "tickets/93"), hs_timestamp=STAMP)
    portal.add("notes", "64", both, hs_timestamp=STAMP)
    for ref in (COMPANY, CONTACT):
        for fields in (FIELDS, {ref.object: (), "notes": ("hs_note_body",)}):
            bundle = account(portal).session.read(ref, fields)
            assert [record.ref.id for record in bundle.thread if record.ref.object == "notes"] == ["62", "63", "64"]
            assert {record.ref.id for record in bundle.thread if record.ref.object == "tickets"} <= {"93"}
    notes = [RecordRef("hubspot", "notes", id_) for id_ in ("61", "62", "63", "64")]
    assert set(account(portal).session.reread([COMPANY, *notes], FIELDS)) == {COMPANY, *notes[1:]}


def test_an_activity_without_a_ticket_is_seen_by_who_sees_all_that_it_hangs_on() -> None:
    """A deal that the rule hides, hides the note on it; what HubSpot does not tell counts as hidden."""
    portal = Portal()
    portal.add("deals", "21", ("companies/41",), pipeline="default", dealstage="proposal", **OWNED)
    portal.add("notes", "61", ("companies/41", "deals/21"), hs_timestamp=STAMP)
    portal.add("notes", "62", ("companies/41",), hs_timestamp=STAMP)
    bench = account(portal, deals=AccessRule("team"))
    bundle = bench.session.read(COMPANY, {"companies": ("name",), "notes": ("hs_note_body",)})
    assert [record.ref.id for record in bundle.thread] == ["62"]
    assert bench.session.round_trips - bench.session.describe_trips <= 4

    blind = Bench(
        lambda m, path, b: error(403, "MISSING_SCOPES") if "/notes/deals/" in path else portal.answer(m, path, b),
        rules=EVERYBODY, token=replace(TOKEN, access="account"),
    )  # fmt: skip
    assert blind.session.read(COMPANY, {"companies": (), "notes": ("hs_note_body",)}).thread == ()


def test_a_rule_holds_for_each_record_on_a_company_and_costs_four_round_trips_at_most() -> None:
    """Also for those that a search has found, whose tickets are then looked at."""
    portal = Portal(inline=2)
    portal.add("tickets", "91", (), **OWNED)
    portal.mails(5, ("companies/41",))
    portal.links["emails/505"].append("tickets/91")
    bench = account(portal, contacts=AccessRule("owner"))
    bench.session.read(COMPANY, FIELDS)
    session = bench.again()
    bundle = session.read(COMPANY, FIELDS)
    assert [f"{record.ref.object}/{record.ref.id}" for record in bundle.thread] == [
        "emails/501", "emails/502", "emails/503", "emails/504",
    ]  # fmt: skip
    assert session.round_trips <= 4
    assert {person.ref.object for person in bundle.people} == {"companies"}


MAIL = {"hs_email_direction": "INCOMING_EMAIL", "hs_email_status": "SENT", "hs_email_from_email": "c@harbour.example"}
HERS = ["C@harbour.example"]


@pytest.mark.parametrize(
    ("changes", "customers", "audience"),
    [
        ({}, HERS, Audience.CUSTOMER),
        ({"hs_email_from_email": "us", "hs_email_direction": "EMAIL", "hs_email_to_email": "<c@harbour.example>;d@x"},
         HERS, Audience.CUSTOMER),
        ({"hs_email_from_email": None, "hs_email_headers": '{"from": {"email": "c@harbour.example"}}'}, HERS,
         Audience.CUSTOMER),
        ({"hs_email_from_email": "sales@supplier.example"}, HERS, Audience.RECORD),
        ({"hs_email_direction": "FORWARDED_EMAIL"}, HERS, Audience.RECORD),
        ({"hs_email_direction": None}, HERS, Audience.RECORD),
        ({"hs_email_direction": "EMAIL", "hs_email_status": "BOUNCED"}, HERS, Audience.RECORD),
        ({"hs_email_direction": "EMAIL", "hs_email_status": "SCHEDULED"}, HERS, Audience.AGENT),
        ({}, [*HERS, "second@harbour.example"], Audience.RECORD),
        ({}, [*HERS, ""], Audience.RECORD),
        ({}, [], Audience.RECORD),
    ],
)  # fmt: skip
def test_a_mail_is_the_customers_if_she_surely_has_it(
    changes: Mapping[str, str | None], customers: list[str], audience: Audience
) -> None:
    """Sent or received by every contact of the ticket; a bounced, forwarded or supplier's mail is not."""
    assert Audiences().of("tickets", "emails", row("51", **{**MAIL, **changes}), customers) is audience


@pytest.mark.parametrize(("object_", "audience"), [
    ("notes", Audience.RECORD), ("calls", Audience.RECORD), ("tasks", Audience.AGENT), ("deals", Audience.AGENT),
])  # fmt: skip
def test_what_hangs_on_a_ticket_is_read_with_it_as_far_as_an_administrator_says(
    object_: str, audience: Audience
) -> None:
    """Tasks have their own view right, commonly narrowed; on companies and contacts nothing is vouched for."""
    assert Audiences().of("tickets", object_, row("1"), HERS) is audience
    assert Audiences({}).of("tickets", object_, row("1"), HERS) is Audience.AGENT
    for root in ("companies", "contacts"):
        assert Audiences().of(root, object_, row("1"), HERS) is Audience.AGENT
    assert Audiences({"companies": ["deals"]}).of("companies", "deals", row("1"), []) is Audience.RECORD
    assert Audiences({"contacts": ["emails"]}).of("contacts", "emails", row("1", **MAIL), HERS) is Audience.CUSTOMER


@pytest.mark.parametrize(
    ("object_", "source", "audience"),
    [
        *(("tickets", source, Audience.CUSTOMER) for source in ("EMAIL", "FORM", "CHAT")),
        *(("tickets", source, Audience.RECORD) for source in ("PHONE", "", None)),
        ("contacts", "EMAIL", Audience.RECORD),
    ],
)
def test_a_ticket_that_the_customer_opened_may_hold_her_own_words(
    object_: str, source: str | None, audience: Audience
) -> None:
    """One that an agent wrote down after a call does not; nor where this user is not shown how it came in."""
    assert Audiences().of_root(object_, row("1", source_type=source)) is audience


@pytest.mark.parametrize(
    "shared", [{"ticket": ["notes"]}, {"tickets": ["note"]}, {"tickets": ["deals"]}, {"companies": ["devices"]}]
)
def test_what_is_shared_must_be_read_with_a_known_object(shared: Mapping[str, list[str]]) -> None:
    """A name that is misspelt would leave things to the default."""
    with pytest.raises(Fatal) as caught:
        Audiences(shared)
    assert caught.value.code == "bad_shared"


def test_a_read_says_who_else_reads_each_record() -> None:
    """The ticket itself: whoever reads it. Its note too, its task not; the contact and the company are people."""
    portal = busy()
    portal.add("notes", "69", ("tickets/91",), hs_timestamp=STAMP)
    portal.add("tasks", "70", ("tickets/91",))
    ref = RecordRef("hubspot", "tickets", "91")
    bundle = Bench(portal.answer).session.read(ref, FIELDS)
    assert bundle.record.audience is Audience.RECORD
    told = {record.ref.id: record.audience for record in bundle.thread}
    assert told == {"501": Audience.RECORD, "69": Audience.RECORD, "70": Audience.AGENT}
    company = Bench(portal.answer).session.read(COMPANY, FIELDS)
    assert company.record.audience is Audience.RECORD
    assert {record.audience for record in (*company.thread, *company.people)} == {Audience.AGENT}
