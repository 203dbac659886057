"""The HubSpot engine, many records at once: what fails is told beside what succeeds, by version in one of two ways."""

import pytest

from tests.unit.sandbox.hubspot_world import ANN, Desk

V3, V2026_03, V2026_09 = "/crm/v3/objects", "/crm/objects/2026-03", "/crm/objects/2026-09"
NOTE = {"hs_timestamp": "2026-11-24T08:00:00Z", "hs_note_body": "b"}
TICKET = {"subject": "New", "hs_pipeline_stage": "1"}


@pytest.fixture
def desk() -> Desk:
    """A portal, seen with an account-level token."""
    return Desk()


def upsert(key: str, **more: object) -> dict[str, object]:
    """An input of an upsert of notes."""
    return {"idProperty": "key", "id": key, "properties": {**NOTE, **more}}


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("read", {}),
        ("read", {"inputs": []}),
        ("read", {"inputs": [{"id": "1"}] * 101}),
        ("read", {"inputs": ["101"]}),
        ("read", {"inputs": [{"id": True}]}),
        ("read", {"inputs": [{"id": "101"}], "properties": "subject"}),
        ("read", {"inputs": [{"id": "x"}], "idProperty": "subject"}),
        ("create", {"inputs": [{"properties": []}]}),
        ("archive", {"inputs": {}}),
    ],
)
def test_batches_that_make_no_sense(desk: Desk, action: str, body: object) -> None:
    """Too many, none, or not what the endpoint takes: 400 for the whole."""
    assert desk.refused("POST", f"{V3}/tickets/batch/{action}", body)[:2] == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("prefix", "status"), [(V3, 207), ("/crm/objects/2025-09", 207), (V2026_03, 207), (V2026_09, 200)]
)
def test_what_is_missing_is_told_beside_what_is_there(desk: Desk, prefix: str, status: int) -> None:
    """A 207 with errors; from 2026-09 on a 200 that holds them."""
    body = {"inputs": [{"id": "101"}, {"id": 7}, {"id": "102"}, {"id": "x"}], "properties": ["subject"]}
    got, answer = desk.call("POST", f"{prefix}/tickets/batch/read", body)
    assert got == status
    assert [one["id"] for one in answer["results"]] == ["101", "102"]
    assert (answer["status"], answer["numErrors"]) == ("COMPLETE", 1)
    [error] = answer["errors"]
    assert (error["category"], error["context"]) == ("OBJECT_NOT_FOUND", {"ids": ["7", "x"]})
    assert {"status", "message", "errors", "links"} <= error.keys()


def test_a_batch_without_errors_has_no_errors(desk: Desk) -> None:
    """200, and neither `errors` nor `numErrors`."""
    status, answer = desk.call("POST", f"{V3}/tickets/batch/read", {"inputs": [{"id": "101"}]})
    assert status == 200
    assert answer.keys() == {"status", "results", "startedAt", "completedAt"}


def test_read_by_a_unique_property(desk: Desk) -> None:
    """E-mail for contacts; in any case of letters."""
    body = {"idProperty": "email", "inputs": [{"id": "C1@customer.example"}], "properties": ["lastname"]}
    [found] = desk.ok("POST", f"{V3}/contacts/batch/read", body)["results"]
    assert (found["id"], found["properties"]["lastname"]) == ("201", "One")


def test_creating_is_all_or_nothing_without_trace_ids(desk: Desk) -> None:
    """HubSpot's error guide: only a trace id per input lets some fail and others not."""
    inputs = [{"properties": {**TICKET}}, {"properties": {"subject": "no stage"}}]
    before = desk.portal.snapshot()
    assert desk.refused("POST", f"{V3}/tickets/batch/create", {"inputs": inputs})[:2] == (400, "VALIDATION_ERROR")
    assert desk.portal.snapshot().store == before.store
    traced = [{**given, "objectWriteTraceId": f"t{place}"} for place, given in enumerate(inputs)]
    status, answer = desk.call("POST", f"{V3}/tickets/batch/create", {"inputs": traced})
    assert (status, answer["numErrors"]) == (207, 1)
    assert [one["objectWriteTraceId"] for one in answer["results"]] == ["t0"]
    assert answer["errors"][0]["context"]["objectWriteTraceId"] == ["t1"]
    assert desk.call("POST", f"{V2026_09}/tickets/batch/create", {"inputs": traced})[0] == 201


def test_creating_with_associations(desk: Desk) -> None:
    """One unreachable target undoes its record."""
    to = {"to": {"id": "101"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}]}
    answer = desk.ok("POST", f"{V2026_03}/notes/batch/create", {"inputs": [{"properties": NOTE, "associations": [to]}]})
    note = answer["results"][0]["id"]
    assert note in [
        str(one["toObjectId"]) for one in desk.ok("GET", f"{V2026_03}/tickets/101/associations/notes")["results"]
    ]
    bad = {"properties": NOTE, "associations": [{**to, "to": {"id": "9"}}]}
    count = len(desk.portal.store.tables["notes"].rows)
    assert (
        desk.refused("POST", f"{V2026_03}/notes/batch/create", {"inputs": [bad]})[2]
        == "One or more associations are invalid"
    )
    assert len(desk.portal.store.tables["notes"].rows) == count


def test_updating_skips_what_fails(desk: Desk) -> None:
    """Each input stands for itself."""
    inputs = [
        {"id": "101", "properties": {"subject": "x"}},
        {"id": "9", "properties": {"subject": "x"}},
        {"id": "102", "properties": {"nope": "x"}},
    ]
    status, answer = desk.call("POST", f"{V3}/tickets/batch/update", {"inputs": inputs})
    assert (status, [one["id"] for one in answer["results"]]) == (207, ["101"])
    assert [one["category"] for one in answer["errors"]] == ["OBJECT_NOT_FOUND", "VALIDATION_ERROR"]


def test_only_a_unique_property_is_a_key(desk: Desk) -> None:
    """E-mail is none in a batch update (hubspot-api-nodejs#548), and the id is none at all: the whole batch fails."""
    for name in ("email", "hs_object_id", "firstname", "nope"):
        body = {"inputs": [{"id": "c1@customer.example", "idProperty": name, "properties": {"firstname": "x"}}]}
        found = desk.refused("POST", f"{V3}/contacts/batch/update", body)
        text = f"Unable to perform update/upsert by non-unique 0-1 property {name} in portal ID 777"
        assert found == (400, "VALIDATION_ERROR", text)
    body = {"inputs": [{"id": "H-1", "idProperty": "hull", "properties": {"hull": "H-2"}}]}
    assert desk.ok("POST", f"{V3}/boats/batch/update", body)["results"][0]["id"] == "601"


def test_upsert_makes_once_and_changes_after(desk: Desk) -> None:
    """`new` says which; the key is part of the new record."""
    url = f"{V2026_03}/notes/batch/upsert"
    [first] = desk.ok("POST", url, {"inputs": [upsert("k-1")]})["results"]
    [second] = desk.ok("POST", url, {"inputs": [upsert("K-1", hs_note_body="c")]})["results"]
    assert (first["new"], second["new"]) == (True, False)
    assert first["id"] == second["id"]
    read = desk.ok("GET", f"{V3}/notes/k-1?idProperty=key&properties=hs_note_body")
    assert read["properties"]["hs_note_body"] == "c"
    desk.ok("DELETE", f"{V3}/notes/{first['id']}")
    [third] = desk.ok("POST", url, {"inputs": [upsert("k-1")]})["results"]
    assert third["new"]
    assert third["id"] != first["id"]


def test_upsert_of_contacts_by_email(desk: Desk) -> None:
    """The one key that every portal has."""
    given = {"idProperty": "email", "id": "new@customer.example", "properties": {"firstname": "N"}}
    [made] = desk.ok("POST", f"{V3}/contacts/batch/upsert", {"inputs": [given]})["results"]
    assert (made["new"], made["properties"]["email"]) == (True, "new@customer.example")
    body = {"inputs": [given, {"id": "1", "properties": {}}]}
    assert desk.refused("POST", f"{V3}/contacts/batch/upsert", body)[:2] == (400, "VALIDATION_ERROR")


def test_a_unique_value_that_is_taken_is_a_conflict(desk: Desk) -> None:
    """In a batch too, and the text is HubSpot's."""
    desk.ok("POST", f"{V3}/notes/batch/upsert", {"inputs": [upsert("k-1"), upsert("k-2")]})
    note = desk.ok("GET", f"{V3}/notes/k-2?idProperty=key")["id"]
    body = {"inputs": [{"id": note, "properties": {"key": "k-1"}}]}
    [error] = desk.call("POST", f"{V3}/notes/batch/update", body)[1]["errors"]
    assert error["category"] == "CONFLICT"
    assert error["message"].endswith(" already has that value.")
    assert desk.refused("PATCH", f"{V3}/notes/{note}", {"properties": {"key": "k-1"}})[:2] == (409, "CONFLICT")


def test_archiving_many(desk: Desk) -> None:
    """204, whatever the ids."""
    assert desk.call("POST", f"{V3}/tickets/batch/archive", {"inputs": [{"id": "101"}, {"id": "9"}]})[0] == 204
    assert desk.ids(f"{V3}/tickets") == ["102", "103"]


def test_the_invisible_is_missing(desk: Desk) -> None:
    """For a user's own token a hidden record looks like none."""
    mine = desk.as_user(ANN)
    status, answer = mine.call("POST", f"{V3}/tickets/batch/read", {"inputs": [{"id": "101"}, {"id": "102"}]})
    assert (status, answer["errors"][0]["context"]) == (207, {"ids": ["102"]})
    mine.call("POST", f"{V3}/tickets/batch/archive", {"inputs": [{"id": "102"}]})
    assert desk.ok("GET", f"{V3}/tickets/102")["id"] == "102"


def test_a_merged_id_reads_the_survivor(desk: Desk) -> None:
    """Both ids, one record."""
    new = desk.ok("POST", f"{V3}/tickets/merge", {"primaryObjectId": "101", "objectIdToMerge": "102"})["id"]
    answer = desk.ok("POST", f"{V3}/tickets/batch/read", {"inputs": [{"id": "101"}, {"id": "102"}]})
    assert [one["id"] for one in answer["results"]] == [new]
