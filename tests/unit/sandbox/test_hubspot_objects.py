"""The HubSpot engine, one record at a time: what it refuses, what it stores, how it shows it."""

import json
from collections.abc import Mapping

import pytest

from tests.unit.sandbox.hubspot_world import ADA_OWNER, ANN, ANN_OWNER, BASE, BEN_OWNER, NORTH, ROOT, Desk

TICKETS = "/crm/objects/2026-03/tickets"
NEW = {"subject": "New", "hs_pipeline_stage": "1"}


@pytest.fixture
def desk() -> Desk:
    """A portal, seen with an account-level token."""
    return Desk()


def codes(desk: Desk, method: str, url: str, properties: Mapping[str, object]) -> dict[str, str]:
    """Property -> code of a refused write."""
    status, answer = desk.call(method, url, {"properties": properties})
    assert (status, answer["category"]) == (400, "VALIDATION_ERROR")
    assert list(answer) == ["status", "message", "correlationId", "errors", "category"]
    listed = json.loads(answer["message"].removeprefix("Property values were not valid: "))
    assert [(one["error"], one["name"]) for one in listed] == [
        (one["code"], one["context"]["propertyName"][0]) for one in answer["errors"]
    ]
    return {one["name"]: one["error"] for one in listed}


def test_writes_are_refused_with_all_their_problems(desk: Desk) -> None:
    """Unknown, read-only and invalid values are all named, as text inside the message and as details."""
    before = desk.portal.snapshot()
    wrong = {
        "nope": "1",
        "hs_lastmodifieddate": "0",
        "hs_ticket_priority": "EXTREME",
        "amount": "many",
        "closed_date": "yesterday",
        "hs_pipeline_stage": "404",
        "hs_pipeline": "404",
        "hubspot_owner_id": "404",
        "subject": {"a": 1},
    }
    assert codes(desk, "PATCH", f"{TICKETS}/101", wrong) == {
        "nope": "PROPERTY_DOESNT_EXIST",
        "hs_lastmodifieddate": "READ_ONLY_VALUE",
        "hs_ticket_priority": "INVALID_OPTION",
        "amount": "INVALID_LONG",
        "closed_date": "INVALID_LONG",
        "hs_pipeline_stage": "INVALID_OPTION",
        "hs_pipeline": "INVALID_OPTION",
        "hubspot_owner_id": "INVALID_OPTION",
        "subject": "INVALID_TYPE",
    }
    assert codes(desk, "POST", "/crm/v3/objects/contacts", {"email": "nobody"}) == {"email": "INVALID_EMAIL"}
    assert desk.portal.snapshot().store == before.store


@pytest.mark.parametrize(
    ("type_name", "properties", "absent"),
    [
        ("tickets", {"subject": "x"}, ["hs_pipeline_stage"]),
        ("notes", {"hs_note_body": "x"}, ["hs_timestamp"]),
        ("deals", {"amount": 1}, ["dealname", "dealstage"]),
        ("contacts", {"phone": "1"}, ["email", "firstname", "lastname"]),
        ("boats", {}, ["hull"]),
    ],
)
def test_missing_values_are_named(desk: Desk, type_name: str, properties: dict[str, object], absent: list[str]) -> None:
    """What a type needs in every version."""
    status, answer = desk.call("POST", f"/crm/v3/objects/{type_name}", {"properties": properties})
    assert (status, answer["context"]["properties"]) == (400, absent)
    assert {one["code"] for one in answer["errors"]} == {"MISSING_REQUIRED_PROPERTY"}


def test_an_unknown_record_is_not_found_in_two_ways(desk: Desk) -> None:
    """A number has no category, anything else has one (contract, 2.5)."""
    assert desk.refused("GET", f"{TICKETS}/999") == (404, "", "resource not found")
    assert desk.refused("GET", f"{TICKETS}/abc") == (
        404,
        "OBJECT_NOT_FOUND",
        "Object not found.  objectId are usually numeric.",
    )


def test_scopes_are_asked_for_by_name(desk: Desk) -> None:
    """The missing scope stands in `requiredScopes`; engagements ride on the contact scopes."""
    for scope, method, url in (
        ("tickets", "GET", TICKETS),
        ("tickets", "POST", TICKETS),
        ("crm.objects.contacts.read", "GET", "/crm/v3/objects/notes/401"),
        ("crm.objects.contacts.write", "POST", "/crm/v3/objects/notes"),
        ("crm.objects.companies.read", "GET", "/crm/v4/objects/tickets/101/associations/companies"),
        ("crm.objects.custom.read", "GET", "/crm/v3/objects/boats"),
        ("crm.objects.owners.read", "GET", "/crm/v3/owners"),
    ):
        status, answer = desk.without(scope).call(method, url, {"properties": {}} if method == "POST" else None)
        assert (status, answer["category"]) == (403, "MISSING_SCOPES")
        assert answer["errors"][0]["context"]["requiredScopes"] == [scope]


@pytest.mark.parametrize("key", ["tickets", "ticket", "TICKET", "0-5"])
@pytest.mark.parametrize("prefix", ["/crm/v3/objects", "/crm/objects/2025-09", "/crm/objects/2026-09"])
def test_types_go_by_name_and_by_id(desk: Desk, prefix: str, key: str) -> None:
    """Plural, singular, constant and object type id, with or without a slash at the end."""
    for slash in ("", "/"):
        assert desk.ok("GET", f"{prefix}/{key}/101{slash}")["properties"]["subject"] == "T101"


@pytest.mark.parametrize("key", ["boats", "2-777001", "p_boats", "p777_boats"])
def test_custom_objects_go_by_four_names(desk: Desk, key: str) -> None:
    """Name, id and both fully qualified names; a unique property is a key."""
    assert desk.ok("GET", f"/crm/v3/objects/{key}/h-1?idProperty=hull")["id"] == "601"


def test_reads_drop_unknown_properties_and_show_empty_ones_as_null(desk: Desk) -> None:
    """Repeated and comma-separated names; the stamps and the id always come along."""
    found = desk.ok("GET", f"{TICKETS}/101?properties=subject,nope&properties=content")
    assert found["properties"] == {
        "createdate": "2026-11-01T08:00:00.000Z",
        "hs_lastmodifieddate": "2026-11-01T08:00:00.000Z",
        "hs_object_id": "101",
        "subject": "T101",
        "content": None,
    }
    assert found["url"] == f"{BASE}/contacts/777/record/0-5/101"
    assert "url" not in desk.ok("GET", "/crm/v3/objects/tickets/101")


def test_values_are_kept_as_text_in_one_form(desk: Desk) -> None:
    """Numbers, booleans, dates and moments; an empty text clears."""
    values = {"amount": 12.50, "closed_date": 1_700_000_000_123, "hs_ticket_priority": "high", "subject": 7}
    shown = desk.ok("PATCH", f"{TICKETS}/101", {"properties": values})["properties"]
    assert (shown["amount"], shown["closed_date"], shown["hs_ticket_priority"], shown["subject"]) == (
        "12.5",
        "2023-11-14T22:13:20.123Z",
        "HIGH",
        "7",
    )
    desk.ok("PATCH", f"{TICKETS}/101", {"properties": {"amount": ""}})
    assert desk.ok("GET", f"{TICKETS}/101?properties=amount")["properties"]["amount"] is None


def test_null_clears_from_2026_09_on(desk: Desk) -> None:
    """Before that it says nothing."""
    desk.ok("PATCH", f"{TICKETS}/101", {"properties": {"risk": None}})
    assert desk.ok("GET", f"{TICKETS}/101?properties=risk")["properties"]["risk"] == "high"
    desk.ok("PATCH", "/crm/objects/2026-09/tickets/101", {"properties": {"risk": None}})
    assert desk.ok("GET", f"{TICKETS}/101?properties=risk")["properties"]["risk"] is None


def test_a_new_record_says_where_it_is_and_who_made_it(desk: Desk) -> None:
    """201 with Location; the source is the app; derived properties follow the owner."""
    response = desk.raw("POST", TICKETS, json.dumps({"properties": {**NEW, "hubspot_owner_id": ANN_OWNER}}).encode())
    made = json.loads(response.body)
    assert (response.status, response.headers["Location"]) == (201, f"{BASE}{TICKETS}/{made['id']}")
    shown = made["properties"]
    assert (shown["hs_object_source"], shown["hs_object_source_id"]) == ("INTEGRATION", "4711")
    assert (shown["hubspot_team_id"], shown["hs_all_accessible_team_ids"]) == (NORTH, f"{NORTH};{ROOT}")
    assert shown["hs_pipeline"] == "0"
    assert shown["hs_is_closed"] == "false"
    assert "hs_created_by_user_id" not in shown
    by_user = desk.as_user(ANN).ok("POST", TICKETS, {"properties": NEW})
    assert by_user["properties"]["hs_created_by_user_id"] == ANN


def test_a_closed_stage_closes_the_ticket(desk: Desk) -> None:
    """The close date comes and goes with the stage; a stage of no pipeline is refused."""
    closed = desk.ok("PATCH", f"{TICKETS}/101", {"properties": {"hs_pipeline_stage": "4"}})
    assert closed["properties"]["hs_pipeline_stage"] == "4"
    shown = desk.ok("GET", f"{TICKETS}/101?properties=closed_date,hs_is_closed")["properties"]
    assert shown["closed_date"]
    assert shown["hs_is_closed"] == "true"
    desk.ok("PATCH", f"{TICKETS}/101", {"properties": {"hs_pipeline_stage": "1"}})
    assert desk.ok("GET", f"{TICKETS}/101?properties=closed_date")["properties"]["closed_date"] is None


def test_history_is_newest_first(desk: Desk) -> None:
    """Every value with its time and source; the first one is the loaded one."""
    for text in ("a", "b"):
        desk.ok("PATCH", f"{TICKETS}/101", {"properties": {"subject": text}})
    history = desk.ok("GET", f"{TICKETS}/101?propertiesWithHistory=subject,risk")["propertiesWithHistory"]
    assert [one["value"] for one in history["subject"]] == ["b", "a", "T101"]
    assert history["subject"][0]["sourceType"] == "INTEGRATION"
    assert [one["value"] for one in history["risk"]] == ["high"]


def test_lists_page_by_id_and_end_without_paging(desk: Desk) -> None:
    """The link leads to the next page with the same parameters."""
    page = desk.ok("GET", f"{TICKETS}?limit=2&properties=subject")
    assert [one["id"] for one in page["results"]] == ["101", "102"]
    assert page["paging"]["next"] == {
        "after": "102",
        "link": f"{BASE}{TICKETS}?limit=2&properties=subject&after=102",
    }
    last = desk.ok("GET", page["paging"]["next"]["link"].removeprefix(BASE))
    assert [one["id"] for one in last["results"]] == ["103"]
    assert "paging" not in last


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "after=x", "archived=maybe", "limit=51&propertiesWithHistory=subject"]
)
def test_parameters_that_make_no_sense(desk: Desk, query: str) -> None:
    """Each is a VALIDATION_ERROR."""
    assert desk.refused("GET", f"{TICKETS}?{query}")[:2] == (400, "VALIDATION_ERROR")


def test_inline_associations_list_every_type(desk: Desk) -> None:
    """A primary company comes twice; what is associated with nothing has no `associations`."""
    found = desk.ok("GET", f"{TICKETS}/101?associations=companies,contacts&associations=deals")["associations"]
    assert found == {
        "companies": {
            "results": [
                {"id": "301", "type": "ticket_to_company"},
                {"id": "301", "type": "ticket_to_company_unlabeled"},
            ]
        },
        "contacts": {"results": [{"id": "201", "type": "ticket_to_contact"}]},
    }
    assert "associations" not in desk.ok("GET", f"{TICKETS}/103?associations=contacts")


def test_inline_associations_stop_at_a_hundred(desk: Desk) -> None:
    """The rest is behind `paging`, whose link works."""
    for _ in range(101):
        note = {"hs_timestamp": "2026-11-24"}
        to = {"to": {"id": "101"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}]}
        desk.ok("POST", "/crm/objects/2026-03/notes", {"properties": note, "associations": [to]})
    notes = desk.ok("GET", f"{TICKETS}/101?associations=notes")["associations"]["notes"]
    assert len(notes["results"]) == 100
    rest = desk.ok("GET", notes["paging"]["next"]["link"].removeprefix(BASE))
    assert len(rest["results"]) == 2


def test_archived_records_are_gone_but_listed_apart(desk: Desk) -> None:
    """Archiving twice is 204; reading needs `archived=true`; writing does not find them."""
    assert desk.call("DELETE", f"{TICKETS}/101")[0] == 204
    assert desk.call("DELETE", f"{TICKETS}/101")[0] == 204
    assert desk.refused("GET", f"{TICKETS}/101")[0] == 404
    assert desk.refused("PATCH", f"{TICKETS}/101", {"properties": {"subject": "x"}})[0] == 404
    assert desk.ok("GET", f"{TICKETS}/101?archived=true")["archivedAt"]
    assert desk.ids(f"{TICKETS}?archived=true") == ["101"]
    assert "101" not in desk.ids(TICKETS)
    assert "associations" not in desk.ok("GET", "/crm/v3/objects/notes/401?associations=tickets")
    desk.mutations.apply("restore", "", {"object": "tickets", "id": "101"})
    assert desk.ok("GET", "/crm/v3/objects/notes/401?associations=tickets")["associations"]


def test_a_unique_value_is_taken_once(desk: Desk) -> None:
    """409 for a contact and for a property of the portal's own; an archived record gives its value back."""
    status, category, message = desk.refused(
        "POST", "/crm/v3/objects/contacts", {"properties": {"email": "C1@customer.example"}}
    )
    assert (status, category, message) == (409, "CONFLICT", "Contact already exists. Existing ID: 201")
    assert desk.refused("POST", "/crm/v3/objects/boats", {"properties": {"hull": "h-1"}})[0] == 409
    desk.ok("DELETE", "/crm/v3/objects/boats/601")
    desk.ok("POST", "/crm/v3/objects/boats", {"properties": {"hull": "H-1"}})


def test_feedback_cannot_be_written(desk: Desk) -> None:
    """There is no such endpoint in the specification."""
    assert desk.refused("POST", "/crm/v3/objects/feedback_submissions", {"properties": {}})[0] == 405


def test_email_bodies_need_a_scope_of_their_own(desk: Desk) -> None:
    """Without it they are left out, found by no filter, and described by no schema."""
    url = "/crm/v3/objects/emails/501?properties=hs_email_text,hs_email_subject"
    assert desk.ok("GET", url)["properties"]["hs_email_text"] == "secret text"
    blind = desk.without("sales-email-read")
    assert "hs_email_text" not in blind.ok("GET", url)["properties"]
    wish = {"filterGroups": [{"filters": [{"propertyName": "hs_email_text", "operator": "HAS_PROPERTY"}]}]}
    assert blind.refused("POST", "/crm/v3/objects/emails/search", wish)[0] == 400
    assert blind.refused("GET", "/crm/v3/properties/emails/hs_email_text")[0] == 404


def test_headers_of_a_mail_fill_its_addresses(desk: Desk) -> None:
    """From and to are read out of `hs_email_headers`; what is no JSON says nothing."""
    headers = {
        "from": {"email": "a@b.example", "firstName": "A"},
        "to": [{"email": "c@d.example"}, {"email": "e@f.example"}],
    }
    values = {"hs_timestamp": "2026-11-24", "hs_email_headers": json.dumps(headers)}
    shown = desk.ok("POST", "/crm/v3/objects/emails", {"properties": values})["properties"]
    assert (shown["hs_email_from_email"], shown["hs_email_to_email"]) == ("a@b.example", "c@d.example;e@f.example")
    values["hs_email_headers"] = "[1"
    assert "hs_email_from_email" not in desk.ok("POST", "/crm/v3/objects/emails", {"properties": values})["properties"]


def test_merging_makes_a_new_record_that_old_ids_lead_to(desk: Desk) -> None:
    """Values of the primary one first; associations of both; what was merged cannot be merged again with itself."""
    desk.ok("PATCH", "/crm/v3/objects/tickets/102", {"properties": {"content": "from 102"}})
    merged = desk.ok("POST", f"{TICKETS}/merge", {"primaryObjectId": "101", "objectIdToMerge": 102})
    assert merged["id"] not in {"101", "102"}
    assert merged["properties"]["hs_merged_object_ids"] == "101;102"
    assert (merged["properties"]["subject"], merged["properties"]["content"]) == ("T101", "from 102")
    for old in ("101", "102"):
        assert desk.ok("GET", f"{TICKETS}/{old}")["id"] == merged["id"]
    found = desk.ok("GET", f"{TICKETS}/101?associations=notes,emails,contacts")["associations"]
    assert {name: [one["id"] for one in page["results"]] for name, page in found.items()} == {
        "notes": ["401"],
        "emails": ["501"],
        "contacts": ["201"],
    }
    assert desk.refused("POST", f"{TICKETS}/merge", {"primaryObjectId": "101", "objectIdToMerge": "102"})[0] == 400
    [event] = [event for event in desk.portal.events if event.kind == "merge"]
    assert (event.object_id, event.merged_ids, event.new_id) == ("101", ("102",), merged["id"])
    contact = desk.ok("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": "201", "objectIdToMerge": "202"})
    assert [one.split(":")[0] for one in contact["properties"]["hs_calculated_merged_vids"].split(";")] == [
        "201",
        "202",
    ]
    assert (
        desk.refused("POST", "/crm/v3/objects/notes/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"})[0] == 400
    )


def test_erasing_is_for_contacts(desk: Desk) -> None:
    """By id or by e-mail; in 2025-09 for everything; nothing of the record is left."""
    assert desk.call("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": "201"})[0] == 204
    assert desk.refused("GET", "/crm/v3/objects/contacts/201?archived=true")[0] == 404
    assert "associations" not in desk.ok("GET", f"{TICKETS}/101?associations=contacts")
    assert [event.kind for event in desk.portal.events] == ["privacyDeletion"]
    wish = {"objectId": "c2@customer.example", "idProperty": "email"}
    assert desk.call("POST", "/crm/objects/2026-03/contacts/gdpr-delete", wish)[0] == 204
    assert desk.refused("POST", f"{TICKETS}/gdpr-delete", {"objectId": "101"})[0] == 404
    assert desk.call("POST", "/crm/objects/2025-09/tickets/gdpr-delete", {"objectId": "101"})[0] == 204


def test_admin_rules_bind_from_2026_09_on(desk: Desk) -> None:
    """Required on creation, and required on entering a stage; older versions are not checked."""
    desk.mutations.apply("require_property", "", {"object": "tickets", "property": "risk"})
    desk.mutations.apply("require_property", "", {"object": "tickets", "property": "amount", "stage": "4"})
    desk.ok("POST", TICKETS, {"properties": NEW})
    strict = "/crm/objects/2026-09/tickets"
    status, answer = desk.call("POST", strict, {"properties": NEW})
    assert (status, answer["errors"][0]["code"]) == (400, "MISSING_REQUIRED_PROPERTY")
    assert answer["context"]["properties"] == ["risk"]
    made = desk.ok("POST", strict, {"properties": {**NEW, "risk": "low"}})
    closing = {"properties": {"hs_pipeline_stage": "4"}}
    assert desk.refused("PATCH", f"{strict}/{made['id']}", closing)[0] == 400
    desk.ok("PATCH", f"{TICKETS}/102", closing)
    closing["properties"]["amount"] = "1"
    desk.ok("PATCH", f"{strict}/{made['id']}", closing)


def test_everything_that_happens_is_told_once(desk: Desk) -> None:
    """Events count up, and a refused request leaves none."""
    desk.ok("PATCH", f"{TICKETS}/101", {"properties": {"subject": "x", "hubspot_owner_id": ADA_OWNER}})
    desk.refused("PATCH", f"{TICKETS}/101", {"properties": {"nope": "x"}})
    desk.ok("DELETE", f"{TICKETS}/102")
    told = [(event.kind, event.object_id, event.property) for event in desk.portal.events]
    assert ("propertyChange", "101", "subject") in told
    assert ("propertyChange", "101", "hubspot_team_id") in told
    assert told[-1] == ("deletion", "102", "")
    sequences = [event.sequence for event in desk.portal.events]
    assert sequences == list(range(1, len(sequences) + 1))
    assert desk.portal.events[0].value in {"x", ADA_OWNER, ""}
    assert {event.source for event in desk.portal.events} == {"INTEGRATION"}


def test_a_locked_record_is_423_until_it_is_free(desk: Desk) -> None:
    """Somebody holds it for one write."""
    desk.mutations.apply("lock", "", {"object": "tickets", "id": "101"})
    assert desk.refused("PATCH", f"{TICKETS}/101", {"properties": {"subject": "x"}})[0] == 423
    desk.ok("PATCH", f"{TICKETS}/101", {"properties": {"subject": "x"}})


def test_every_write_moves_the_stamp(desk: Desk) -> None:
    """Also two writes in the same millisecond; another owner means another team."""
    stamps = [
        desk.ok("PATCH", f"{TICKETS}/101", {"properties": {"hubspot_owner_id": BEN_OWNER}})["updatedAt"]
        for _ in range(20)
    ]
    assert len(set(stamps)) == len(stamps)
    assert desk.ok("GET", f"{TICKETS}/101?properties=hubspot_team_id")["properties"]["hubspot_team_id"] == "920"
