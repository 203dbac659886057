"""The HubSpot engine's associations: three shapes of the same thing, both directions, labels, refusals."""

import pytest

from tests.unit.sandbox.hubspot_world import ANN, BASE, Desk

V3, V4, DATED = "/crm/v3", "/crm/v4", "2026-03"
NOTE_TO_TICKET = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}]
PRIMARY = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 26}]
PAIR = {"from": {"id": "102"}, "to": {"id": "202"}}


@pytest.fixture
def desk() -> Desk:
    """A portal, seen with an account-level token."""
    return Desk()


def linked(desk: Desk, type_name: str, record_id: str, to: str) -> dict[int, list[int]]:
    """Other id -> type ids."""
    page = desk.ok("GET", f"{V4}/objects/{type_name}/{record_id}/associations/{to}")
    return {one["toObjectId"]: [kind["typeId"] for kind in one["associationTypes"]] for one in page["results"]}


def test_a_wrong_direction_is_named(desk: Desk) -> None:
    """228 leads from a note to a ticket, and from nothing else."""
    wrong = desk.refused("PUT", f"{V4}/objects/tickets/101/associations/notes/401", NOTE_TO_TICKET)
    assert wrong[:2] == (400, "VALIDATION_ERROR")
    assert "is invalid from object type 0-5 for associations to be created. expected: 0-46" in wrong[2]
    note = {"properties": {"hs_timestamp": "2026-11-24"}, "associations": [{"to": {"id": "201"}, "types": PRIMARY}]}
    assert "expected: 0-5" in desk.refused("POST", f"{V3}/objects/notes", note)[2]


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        ("/objects/tickets/9/associations/contacts/201", NOTE_TO_TICKET, 400),
        ("/objects/notes/9/associations/tickets/101", NOTE_TO_TICKET, 404),
        ("/objects/notes/401/associations/tickets/9", NOTE_TO_TICKET, 404),
        ("/objects/notes/401/associations/tickets/101", [], 400),
        ("/objects/notes/401/associations/tickets/101", {}, 400),
        ("/objects/notes/401/associations/tickets/101", [{"associationTypeId": 228}], 400),
        ("/objects/notes/401/associations/tickets/101", [{**NOTE_TO_TICKET[0], "associationTypeId": 4711}], 400),
        ("/objects/notes/401/associations/default/tickets/9", None, 404),
        ("/objects/notes/401/associations/default/emails/501", None, 400),
    ],
)
def test_associations_that_are_refused(desk: Desk, url: str, body: object, status: int) -> None:
    """Records, types and pairs that do not exist."""
    assert desk.refused("PUT", V4 + url, body)[0] == status


def test_a_record_and_its_associations_are_made_together_or_not(desk: Desk) -> None:
    """A missing target refuses the note too."""
    gone = {"to": {"id": "9"}, "types": NOTE_TO_TICKET}
    body = {"properties": {"hs_timestamp": "2026-11-24"}, "associations": [gone]}
    assert desk.refused("POST", f"{V3}/objects/notes", body)[2] == "One or more associations are invalid"
    assert desk.ids(f"{V3}/objects/notes") == ["401"]
    body["associations"] = [{"to": {"id": "101"}, "types": NOTE_TO_TICKET}]
    made = desk.ok("POST", f"{V3}/objects/notes", body)["id"]
    assert linked(desk, "tickets", "101", "notes") == {401: [227], int(made): [227]}


@pytest.mark.parametrize("prefix", [f"{V4}/objects", f"/crm/objects/{DATED}"])
def test_one_pair_at_a_time(desk: Desk, prefix: str) -> None:
    """Default, labelled, ended; seen from both sides."""
    status, answer = desk.call("PUT", f"{prefix}/tickets/102/associations/default/contacts/202")
    assert (status, answer["status"]) == (200, "COMPLETE")
    assert [one["associationSpec"]["associationTypeId"] for one in answer["results"]] == [16, 15]
    assert linked(desk, "contacts", "202", "tickets") == {102: [15]}
    status, answer = desk.call("PUT", f"{prefix}/tickets/102/associations/companies/301", PRIMARY)
    assert (status, answer) == (
        201,
        {"fromObjectTypeId": "0-5", "fromObjectId": 102, "toObjectTypeId": "0-2", "toObjectId": 301,
         "labels": ["Primary"]},
    )  # fmt: skip
    assert linked(desk, "tickets", "102", "companies") == {301: [26, 339]}
    assert desk.call("DELETE", f"{prefix}/tickets/102/associations/companies/301")[0] == 204
    assert linked(desk, "companies", "301", "tickets") == {101: [25, 340]}


def test_only_one_company_is_primary(desk: Desk) -> None:
    """A new primary one makes the old one an ordinary one."""
    desk.ok("PUT", f"{V4}/objects/tickets/101/associations/companies/302", PRIMARY)
    assert linked(desk, "tickets", "101", "companies") == {301: [339], 302: [26, 339]}
    back = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 25}]
    desk.ok("PUT", f"{V4}/objects/companies/301/associations/tickets/101", back)
    desk.ok("PUT", f"{V4}/objects/companies/301/associations/tickets/102", back)
    assert linked(desk, "companies", "301", "tickets") == {101: [25, 340], 102: [25, 340]}
    assert linked(desk, "tickets", "101", "companies") == {301: [26, 339], 302: [339]}


@pytest.mark.parametrize(("prefix", "status"), [(f"{V4}/associations", 204), (f"/crm/associations/{DATED}", 200)])
def test_pairs_in_batches(desk: Desk, prefix: str, status: int) -> None:
    """Made, read, ended; ending is 204 in v4 and 200 in the dated versions."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]
    url = f"{prefix}/tickets/contacts/batch"
    made = desk.call("POST", f"{url}/create", {"inputs": [{**PAIR, "types": types}]})
    assert (made[0], made[1]["results"][0]["toObjectId"]) == (201, 202)
    assert desk.call("POST", f"{url}/associate/default", {"inputs": [PAIR]})[0] == 200
    got, answer = desk.call("POST", f"{url}/read", {"inputs": [{"id": "102"}, {"id": "103"}, {"id": "9"}]})
    assert (got, answer["errors"][0]["context"]) == (207, {"ids": ["9"]})
    assert answer["results"] == [
        {"from": {"id": "102"}, "to": [{"toObjectId": 202, "associationTypes": [
            {"category": "HUBSPOT_DEFINED", "typeId": 16, "label": None}]}]}
    ]  # fmt: skip
    body = {"inputs": [{"from": {"id": "102"}, "to": [{"id": "202"}, {"id": "9"}]}]}
    assert desk.call("POST", f"{url}/archive", body)[0] == status
    assert linked(desk, "tickets", "102", "contacts") == {}


def test_a_batch_tells_of_pairs_that_do_not_exist(desk: Desk) -> None:
    """207, and from 2026-09 on an embedded error."""
    inputs = [PAIR, {"from": {"id": "9"}, "to": {"id": "202"}}]
    url = "tickets/contacts/batch/associate/default"
    status, answer = desk.call("POST", f"{V4}/associations/{url}", {"inputs": inputs})
    assert (status, answer["numErrors"], len(answer["results"])) == (207, 1, 2)
    assert answer["errors"][0]["context"] == {"fromObjectId": ["9"], "toObjectId": ["202"]}
    assert desk.call("POST", f"/crm/associations/2026-09/{url}", {"inputs": inputs})[0] == 200


def test_pages_of_associations(desk: Desk) -> None:
    """Up to 500, in the order of their ids, with a link to the next page."""
    desk.ok("PUT", f"{V4}/objects/tickets/101/associations/default/contacts/202")
    page = desk.ok("GET", f"{V4}/objects/tickets/101/associations/contacts?limit=1")
    assert page["paging"]["next"]["after"] == "201"
    rest = desk.ok("GET", page["paging"]["next"]["link"].removeprefix(BASE))
    assert ([one["toObjectId"] for one in rest["results"]], "paging" in rest) == ([202], False)
    assert desk.refused("GET", f"{V4}/objects/tickets/101/associations/contacts?limit=501")[0] == 400


def test_labels_of_the_portals_own(desk: Desk) -> None:
    """A label gets ids for both directions, can be renamed, put on, taken off and deleted."""
    url = f"{V4}/associations/tickets/contacts/labels"
    there, back = desk.ok("POST", url, {"label": "Decider", "name": "decider"})["results"]
    assert (there["category"], back["typeId"]) == ("USER_DEFINED", there["typeId"] + 1)
    kinds = [{"associationCategory": "USER_DEFINED", "associationTypeId": there["typeId"]}]
    desk.ok("PUT", f"{V4}/objects/tickets/102/associations/contacts/202", kinds)
    assert linked(desk, "tickets", "102", "contacts") == {202: [16, there["typeId"]]}
    assert desk.call("PUT", url, {"associationTypeId": there["typeId"], "label": "Buyer"})[0] == 204
    assert {one["label"] for one in desk.ok("GET", url)["results"]} == {None, "Buyer"}
    body = {"inputs": [{**PAIR, "types": kinds}]}
    assert desk.call("POST", f"{V4}/associations/tickets/contacts/batch/labels/archive", body)[0] == 204
    assert linked(desk, "contacts", "202", "tickets") == {102: [15]}
    desk.ok("PUT", f"{V4}/objects/tickets/102/associations/contacts/202", kinds)
    assert desk.call("DELETE", f"{url}/{there['typeId']}")[0] == 204
    assert linked(desk, "tickets", "102", "contacts") == {202: [16]}
    assert desk.refused("DELETE", f"{url}/16")[0] == 404


def test_custom_objects_have_a_default_type(desk: Desk) -> None:
    """HubSpot makes one for every pair with a custom object."""
    desk.ok("PUT", f"{V4}/objects/tickets/101/associations/default/boats/601")
    assert list(linked(desk, "p_boats", "601", "tickets")) == [101]
    found = desk.ok("GET", f"{V3}/objects/tickets/101?associations=boats")["associations"]
    assert list(found) == ["p777_boats"]


def test_v3_names_its_types(desk: Desk) -> None:
    """Batch create, read and archive; the older record-level paths; the list of types."""
    url = f"{V3}/associations/tickets/contacts"
    given = {**PAIR, "type": "ticket_to_contact"}
    assert desk.call("POST", f"{url}/batch/create", {"inputs": [given]})[0] == 201
    read = desk.ok("POST", f"{url}/batch/read", {"inputs": [{"id": "102"}]})["results"]
    assert read == [{"from": {"id": "102"}, "to": [{"id": "202", "type": "ticket_to_contact"}]}]
    assert desk.ok("GET", f"{V3}/objects/tickets/102/associations/contacts")["results"] == read[0]["to"]
    assert desk.call("POST", f"{url}/batch/archive", {"inputs": [given]})[0] == 204
    assert desk.ok("POST", f"{url}/batch/read", {"inputs": [{"id": "102"}]})["results"] == []
    desk.ok("PUT", f"{V3}/objects/tickets/102/associations/contacts/202/16")
    assert desk.call("DELETE", f"{V3}/objects/tickets/102/associations/contacts/202/ticket_to_contact")[0] == 204
    assert desk.ok("GET", f"{url}/types")["results"] == [{"id": "16", "name": "ticket_to_contact"}]
    wrong = {"inputs": [{**given, "type": "contact_to_ticket"}]}
    assert desk.refused("POST", f"{url}/batch/create", wrong)[0] == 400


def test_the_right_to_edit_associations_binds_from_2026_09_on(desk: Desk) -> None:
    """A user without it is refused, with an inline association the whole note; account-level apps are not asked."""
    desk.mutations.apply("edit_associations", ANN, {"on": False})
    mine = desk.as_user(ANN)
    body = {
        "properties": {"hs_timestamp": "2026-11-24"},
        "associations": [{"to": {"id": "101"}, "types": NOTE_TO_TICKET}],
    }
    assert mine.refused("POST", "/crm/objects/2026-09/notes", body)[0] == 403
    assert desk.ids(f"{V3}/objects/notes") == ["401"]
    assert mine.refused("PUT", "/crm/objects/2026-09/notes/401/associations/default/tickets/101")[0] == 403
    assert mine.refused("POST", "/crm/associations/2026-09/tickets/contacts/batch/archive", {"inputs": []})[0] == 403
    mine.ok("POST", "/crm/objects/2026-03/notes", body)
    desk.ok("POST", "/crm/objects/2026-09/notes", body)


def test_a_note_moves_the_ticket(desk: Desk) -> None:
    """Activity date, count and modification stamp move; a change of the note moves them again."""
    url = f"{V3}/objects/tickets/101?properties=notes_last_updated,num_notes,hs_lastmodifieddate"
    before = desk.ok("GET", url)["properties"]
    body = {
        "properties": {"hs_timestamp": "2026-11-24"},
        "associations": [{"to": {"id": "101"}, "types": NOTE_TO_TICKET}],
    }
    note = desk.ok("POST", f"{V3}/objects/notes", body)["id"]
    after = desk.ok("GET", url)["properties"]
    assert (before["notes_last_updated"], after["num_notes"]) == (None, "1")
    assert after["hs_lastmodifieddate"] > before["hs_lastmodifieddate"]
    desk.ok("PATCH", f"{V3}/objects/notes/{note}", {"properties": {"hs_note_body": "x"}})
    last = desk.ok("GET", url)["properties"]
    assert last["hs_lastmodifieddate"] > after["hs_lastmodifieddate"]
    assert last["num_notes"] == "1"


def test_the_invisible_is_left_out(desk: Desk) -> None:
    """A user sees no association with what she does not see, and cannot make one."""
    mine = desk.as_user(ANN)
    desk.ok("PUT", f"{V4}/objects/tickets/102/associations/default/contacts/201")
    assert linked(desk, "contacts", "201", "tickets") == {101: [15], 102: [15]}
    assert linked(mine, "contacts", "201", "tickets") == {101: [15]}
    found = mine.ok("GET", f"{V3}/objects/contacts/201?associations=tickets")["associations"]["tickets"]
    assert [one["id"] for one in found["results"]] == ["101"]
    assert mine.refused("GET", f"{V4}/objects/tickets/102/associations/contacts")[0] == 404
    assert mine.refused("PUT", f"{V4}/objects/notes/401/associations/default/tickets/102")[0] == 404
    body = {
        "properties": {"hs_timestamp": "2026-11-24"},
        "associations": [{"to": {"id": "102"}, "types": NOTE_TO_TICKET}],
    }
    assert mine.refused("POST", f"{V3}/objects/notes", body)[0] == 400
