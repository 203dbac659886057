"""The HubSpot engine's definitions: properties, groups, pipelines, owners, schemas; what a portal is loaded from."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.portal import Portal
from tests.unit.sandbox.hubspot_world import ANN, ANN_OWNER, BASE, NORTH, Desk, document, linked, row, ticket

WISH = {"name": "score", "label": "Score", "type": "number", "fieldType": "number", "groupName": "ticketinformation"}


@pytest.fixture
def desk() -> Desk:
    """A portal, seen with an account-level token."""
    return Desk()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"name": "Bad Name"}, 400),
        ({"name": ""}, 400),
        ({"label": None}, 400),
        ({"type": "money"}, 400),
        ({"fieldType": "slider"}, 400),
        ({"groupName": "nowhere"}, 400),
        ({"options": ["a"]}, 400),
        ({"type": "bool", "fieldType": "booleancheckbox", "hasUniqueValue": True}, 400),
        ({"name": "subject"}, 409),
    ],
)
def test_properties_that_cannot_be_made(desk: Desk, changes: dict[str, object], status: int) -> None:
    """Names, types, groups and options are checked, and a name is taken once."""
    assert desk.refused("POST", "/crm/properties/2026-03/tickets", {**WISH, **changes})[0] == status


def test_definitions_need_the_schema_scope(desk: Desk) -> None:
    """Reading works with either scope, writing with the schema's only; tickets have one scope for all."""
    notes = {**WISH, "groupName": "note"}
    assert desk.without("crm.schemas.contacts.write").refused("POST", "/crm/v3/properties/notes", notes)[0] == 403
    status, answer = desk.without("crm.objects.contacts.read").call("GET", "/crm/v3/properties/notes")
    assert status == 403
    assert answer["errors"][0]["context"]["requiredScopes"] == [
        "crm.schemas.contacts.read",
        "crm.objects.contacts.read",
    ]
    assert desk.without("tickets").refused("GET", "/crm/v3/pipelines/tickets")[0] == 403


def test_a_property_from_making_to_archiving(desk: Desk) -> None:
    """Made, written, changed, archived; what HubSpot defined stays."""
    made = desk.ok("POST", "/crm/v3/properties/tickets", WISH)
    assert (made["hasUniqueValue"], made["hubspotDefined"], made["options"]) == (False, False, [])
    desk.ok("PATCH", "/crm/v3/objects/tickets/101", {"properties": {"score": 3}})
    changed = desk.ok("PATCH", "/crm/v3/properties/tickets/score", {"label": "Points", "type": "string"})
    assert (changed["label"], changed["type"]) == ("Points", "number")
    assert desk.call("DELETE", "/crm/v3/properties/tickets/score")[0] == 204
    assert "score" not in desk.ok("GET", "/crm/v3/objects/tickets/101?properties=score")["properties"]
    assert [one["name"] for one in desk.ok("GET", "/crm/v3/properties/tickets?archived=true")["results"]] == ["score"]
    assert desk.refused("DELETE", "/crm/v3/properties/tickets/subject")[0] == 400
    assert desk.refused("GET", "/crm/v3/properties/tickets/score")[0] == 404


def test_unique_properties_index_what_is_there(desk: Desk) -> None:
    """A property made unique is a key at once; two batches in one are made or not."""
    body = {"inputs": [{**WISH, "name": "code", "type": "string", "fieldType": "text", "hasUniqueValue": True}, WISH]}
    assert desk.call("POST", "/crm/v3/properties/tickets/batch/create", body)[0] == 201
    desk.ok("PATCH", "/crm/v3/objects/tickets/101", {"properties": {"code": "A-1"}})
    assert desk.ok("GET", "/crm/v3/objects/tickets/a-1?idProperty=code")["id"] == "101"
    body = {"inputs": [{**WISH, "name": "other"}, {**WISH, "name": "score"}]}
    assert desk.refused("POST", "/crm/v3/properties/tickets/batch/create", body)[0] == 409
    assert desk.refused("GET", "/crm/v3/properties/tickets/other")[0] == 404
    read = desk.call("POST", "/crm/v3/properties/tickets/batch/read", {"inputs": [{"name": "code"}, {"name": "nope"}]})
    assert (read[0], [one["name"] for one in read[1]["results"]]) == (207, ["code"])
    assert (
        desk.call("POST", "/crm/v3/properties/tickets/batch/archive", {"inputs": [{"name": "code"}, {"name": "no"}]})[0]
        == 204
    )


def test_groups(desk: Desk) -> None:
    """Those of the properties, and new ones."""
    url = "/crm/properties/2026-09/tickets/groups"
    assert desk.ok("POST", url, {"name": "mine", "label": "Mine"})["name"] == "mine"
    assert desk.refused("POST", url, {"name": "mine"})[0] == 409
    assert desk.refused("POST", url, {"name": "Not Good"})[0] == 400
    assert desk.ok("GET", f"{url}/mine")["archived"] is False
    assert desk.refused("GET", f"{url}/other")[0] == 404
    assert {"ticketinformation", "mine"} <= {one["name"] for one in desk.ok("GET", url)["results"]}


def test_pipelines_and_stages(desk: Desk) -> None:
    """Every portal has one of each; unknown ids are not found."""
    [pipeline] = desk.ok("GET", "/crm/pipelines/2026-03/tickets")["results"]
    assert [stage["metadata"]["ticketState"] for stage in pipeline["stages"]] == ["OPEN", "OPEN", "OPEN", "CLOSED"]
    assert desk.ok("GET", "/crm/v3/pipelines/0-5/0/stages/4")["label"] == "Closed"
    assert desk.ok("GET", "/crm/v3/pipelines/deals/default/")["id"] == "default"
    for url in ("tickets/9", "tickets/0/stages/9", "notes/0"):
        assert desk.refused("GET", f"/crm/v3/pipelines/{url}")[0] == 404


def test_owners_are_not_users(desk: Desk) -> None:
    """By owner id, by user id, by e-mail; with teams; in pages; with a slash at the end."""
    for url in (f"/crm/v3/owners/{ANN_OWNER}", f"/crm/owners/2026-03/{ANN}?idProperty=userId"):
        owner = desk.ok("GET", url)
        assert (owner["id"], owner["userId"], owner["type"]) == (ANN_OWNER, int(ANN), "PERSON")
        assert owner["teams"] == [{"id": NORTH, "name": "North", "primary": True}]
    assert [one["id"] for one in desk.ok("GET", "/crm/v3/owners/?email=U11@portal.example")["results"]] == [ANN_OWNER]
    page = desk.ok("GET", "/crm/v3/owners/?limit=3")
    rest = desk.ok("GET", page["paging"]["next"]["link"].removeprefix(BASE))
    assert ([one["id"] for one in rest["results"]], "paging" in rest) == (["5014"], False)
    assert desk.ok("GET", "/crm/v3/owners?archived=true")["results"] == []
    assert desk.refused("GET", f"/crm/v3/owners/{ANN}")[0] == 404
    assert desk.refused("GET", f"/crm/v3/owners/{ANN}?idProperty=email")[0] == 400


def test_an_owner_whose_user_is_gone_is_archived(desk: Desk) -> None:
    """Listed with the archived ones only, without a user id."""
    user = desk.portal.user(ANN)
    assert user
    desk.portal.set_user(replace(user, active=False))
    assert ANN_OWNER not in desk.ids("/crm/v3/owners")
    [owner] = desk.ok("GET", "/crm/v3/owners?archived=true")["results"]
    assert (owner["id"], owner["archived"], owner["userIdIncludingInactive"]) == (ANN_OWNER, True, int(ANN))
    assert "userId" not in owner
    assert desk.refused("GET", f"/crm/v3/owners/{ANN_OWNER}")[0] == 404


def test_schemas(desk: Desk) -> None:
    """The custom objects, and one type at a time."""
    for url in ("/crm/v3/schemas", "/crm/schemas/2026-03", "/crm-object-schemas/v3/schemas"):
        [schema] = desk.ok("GET", url)["results"]
        assert (schema["objectTypeId"], schema["fullyQualifiedName"]) == ("2-777001", "p777_boats")
    found = desk.ok("GET", "/crm/v3/schemas/p777_boats")
    assert (found["requiredProperties"], found["primaryDisplayProperty"]) == (["hull"], "hull")
    assert desk.ok("GET", "/crm/v3/schemas/tickets")["name"] == "TICKET"
    assert desk.refused("GET", "/crm/v3/schemas/boots")[0] == 400


def test_users_are_records_too(desk: Desk) -> None:
    """With the scope for it; their e-mail is a key; nobody changes them but a super admin."""
    found = desk.ok(
        "GET", "/crm/v3/objects/users/u11@portal.example?idProperty=hs_email&properties=hs_internal_user_id"
    )
    assert found["properties"]["hs_internal_user_id"] == ANN
    assert desk.without("crm.objects.users.read").refused("GET", "/crm/v3/objects/users")[0] == 403


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (("boots", row("1", {})), "record 0 (boots)"),
        (ticket("1", nope="x"), "no property nope"),
        (("tickets", {"id": "x", "properties": {}, "createdAt": "2026"}), "record 0 (tickets): ValueError"),
        (("tickets", {"id": "1"}), "record 0 (tickets): KeyError"),
        (linked(("tickets", "1"), ("contacts", "2"), 4711), "no association type 4711"),
    ],
)
def test_records_that_cannot_be_loaded(record: tuple[str, Any], said: str) -> None:
    """The message names the place and never the content."""
    with pytest.raises(ValueError, match=r"record 0") as caught:
        Portal.load(document(), [record], Clock())
    assert said in str(caught.value)


def test_rights_that_nobody_can_have() -> None:
    """A typo in the document is no silent "none"."""
    for rights in ({"view": "some"}, {"veiw": "all"}, {"unassigned": "yes"}):
        broken = document()
        broken["users"][0]["permissions"]["tickets"] = rights
        with pytest.raises(ValueError, match="a right is"):
            Portal.load(broken, [], Clock())


def test_a_loaded_merge_leads_to_the_survivor() -> None:
    """`hs_merged_object_ids` of a loaded record makes the old ids lead to it."""
    portal = Portal.load(document(), [ticket("7", hs_merged_object_ids="5;6")], Clock())
    assert Desk(portal).ok("GET", "/crm/v3/objects/tickets/5")["id"] == "7"


def test_small_accounts_have_no_custom_objects_and_no_labels() -> None:
    """403; the document's tier decides."""
    small = document()
    small["portal"]["tier"] = "starter"
    desk = Desk(Portal.load(small, [], Clock()))
    for method, url in (
        ("GET", "/crm/v3/schemas"),
        ("GET", "/crm/v3/objects/boats"),
        ("POST", "/crm/v4/associations/tickets/contacts/labels"),
    ):
        assert desk.refused(method, url)[:2] == (403, "MISSING_PERMISSIONS")


def test_stages_are_options(desk: Desk) -> None:
    """The stage and the pipeline of a ticket take what its pipelines define; the owner is told by another object."""
    stage = desk.ok("GET", "/crm/v3/properties/tickets/hs_pipeline_stage")
    assert [one["value"] for one in stage["options"]] == ["1", "2", "3", "4"]
    assert [one["label"] for one in desk.ok("GET", "/crm/v3/properties/tickets/hs_pipeline")["options"]] == [
        "Support Pipeline"
    ]
    desk.ok("PATCH", "/crm/v3/properties/tickets/hs_pipeline_stage", {"label": "Step"})
    desk.ok("PATCH", "/crm/v3/objects/tickets/101", {"properties": {"hs_pipeline_stage": "4"}})
    owner = desk.ok("GET", "/crm/v3/properties/tickets/hubspot_owner_id")
    assert (owner["externalOptions"], owner["referencedObjectType"]) == (True, "OWNER")


def test_a_pipeline_from_making_to_archiving(desk: Desk) -> None:
    """Made with stages, changed, used by a ticket, and then only given up when nothing is in it."""
    url = "/crm/v3/pipelines/tickets"
    wish = {"label": "Claims", "displayOrder": 1, "stages": [{"label": "In", "metadata": {"ticketState": "OPEN"}}]}
    status, made = desk.call("POST", url, wish)
    assert (status, [one["label"] for one in made["stages"]]) == (201, ["In"])
    assert desk.refused("POST", url, wish)[:2] == (409, "CONFLICT")
    assert desk.ok("PATCH", f"{url}/{made['id']}", {"label": "Refunds"})["label"] == "Refunds"
    stages = f"{url}/{made['id']}/stages"
    out = desk.ok("POST", stages, {"label": "Out", "displayOrder": 1, "metadata": {"ticketState": "CLOSED"}})
    assert desk.ok("PATCH", f"{stages}/{out['id']}", {"label": "Paid"})["metadata"] == {"ticketState": "CLOSED"}
    assert desk.ok("PUT", f"{stages}/{out['id']}", {"label": "Paid", "displayOrder": 3})["metadata"] == {}
    ticket = desk.ok("POST", "/crm/v3/objects/tickets", {"properties": {"hs_pipeline_stage": out["id"]}})
    assert ticket["properties"]["hs_pipeline"] == made["id"]
    assert desk.refused("DELETE", f"{stages}/{out['id']}")[0] == 400
    assert desk.refused("DELETE", f"{url}/{made['id']}?validateReferencesBeforeDelete=true")[0] == 400
    desk.ok("DELETE", f"/crm/v3/objects/tickets/{ticket['id']}")
    assert desk.call("DELETE", f"{stages}/{out['id']}")[0] == 204
    assert [one["label"] for one in desk.ok("PUT", f"{url}/{made['id']}", {**wish, "label": "X"})["stages"]] == ["In"]
    assert desk.call("DELETE", f"{url}/{made['id']}")[0] == 204
    assert desk.refused("DELETE", f"{url}/0")[0] == 400


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("tickets", {"label": "x"}),
        ("tickets", {"stages": []}),
        ("tickets", {"label": "x", "stages": [{"label": ""}]}),
        ("tickets", {"label": "x", "stages": [{"label": "y", "metadata": []}]}),
        ("tickets", {"label": "x", "displayOrder": "first", "stages": []}),
        ("notes", {"label": "x", "stages": []}),
        ("tickets/0/stages", {"displayOrder": 1}),
    ],
)
def test_pipelines_that_cannot_be_made(desk: Desk, url: str, body: dict[str, object]) -> None:
    """Each is a VALIDATION_ERROR, and leaves the definitions alone."""
    before = desk.portal.snapshot()
    assert desk.refused("POST", f"/crm/v3/pipelines/{url}", body)[:2] == (400, "VALIDATION_ERROR")
    assert desk.portal.snapshot().schema == before.schema


def test_groups_end_when_they_are_empty(desk: Desk) -> None:
    """Changed and archived; one with properties stays."""
    url = "/crm/v3/properties/tickets/groups"
    desk.ok("POST", url, {"name": "mine"})
    desk.ok("PATCH", f"{url}/mine", {"label": "Ours", "displayOrder": 7})
    assert desk.ok("GET", f"{url}/mine") == {"name": "mine", "label": "Ours", "displayOrder": 7, "archived": False}
    assert desk.refused("PATCH", f"{url}/mine", {"displayOrder": "x"})[0] == 400
    assert desk.call("DELETE", f"{url}/mine")[0] == 204
    assert desk.refused("GET", f"{url}/mine")[0] == 404
    assert desk.refused("DELETE", f"{url}/ticketinformation")[0] == 400
