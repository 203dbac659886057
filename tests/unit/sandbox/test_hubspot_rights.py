"""Who sees and changes what on a user's own token: every door of the API beside a second model of the rules."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.wire import Refused
from tests.unit.sandbox.hubspot_world import ADA, ANN, BEN, CLEO, Desk, linked, row

TICKETS = "/crm/v3/objects/tickets"
_TYPES = ("tickets", "contacts", "companies", "notes", "emails")
_ENGAGEMENTS = ("notes", "emails")
_LINKS = {
    ("notes", "tickets"): 228,
    ("notes", "contacts"): 202,
    ("notes", "companies"): 190,
    ("emails", "tickets"): 224,
    ("emails", "contacts"): 198,
    ("tickets", "contacts"): 16,
}
_NEEDED = {
    "tickets": {"hs_pipeline": "0", "hs_pipeline_stage": "1", "subject": "s"},
    "contacts": {"firstname": "f"},
    "companies": {"name": "n"},
    "notes": {"hs_timestamp": "2026-11-01T08:00:00.000Z"},
    "emails": {"hs_timestamp": "2026-11-01T08:00:00.000Z"},
}
_USERS, _TEAMS = ("1", "2", "3"), ("10", "20", "30")


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Users with rights and teams, records with owners, associations between them."""
    levels = st.sampled_from(["none", "owned", "team", "all"])
    parents = {"10": draw(st.sampled_from(["", "20"])), "20": draw(st.sampled_from(["", "30"])), "30": ""}
    users = [
        {
            "id": one,
            "email": f"{one}@x.example",
            "superAdmin": draw(st.integers(0, 9)) == 0,
            "active": draw(st.integers(0, 9)) != 0,
            "primaryTeamId": draw(st.sampled_from(["", *_TEAMS])),
            "secondaryTeamIds": draw(st.lists(st.sampled_from(_TEAMS), max_size=2, unique=True)),
            "permissions": {
                name: {"view": draw(levels), "edit": draw(levels), "unassigned": draw(st.booleans())}
                for name in _TYPES
                if draw(st.integers(0, 5))
            },
        }
        for one in _USERS
    ]
    owners = [{"id": f"9{one}", "userId": one, "email": "", "archived": False} for one in _USERS]
    owners.append({"id": "99", "userId": None, "type": "QUEUE"})
    records = {
        f"{place}{number}": (name, draw(st.sampled_from(["", "91", "92", "93", "99"])), draw(st.integers(0, 6)) == 0)
        for place, name in enumerate(_TYPES, 1)
        for number in range(3)
    }
    ids = {name: [key for key, found in records.items() if found[0] == name] for name in _TYPES}
    links = []
    for _ in range(draw(st.integers(0, 10))):
        from_, to = draw(st.sampled_from(sorted(_LINKS)))
        links.append(((from_, draw(st.sampled_from(ids[from_]))), (to, draw(st.sampled_from(ids[to])))))
    return {"users": users, "owners": owners, "parents": parents, "records": records, "links": links}


def model(world: Mapping[str, Any], user: Mapping[str, Any], record_id: str, action: str) -> bool:
    """The rules once more, from their wording (`permissions`), by brute force."""
    if not user["active"]:
        return False
    if user["superAdmin"]:
        return True
    name, owner, _ = world["records"][record_id]
    rights = user["permissions"].get(name, {"view": "none", "edit": "none", "unassigned": False})

    def covered(level: str, type_name: str, owner_id: str) -> bool:
        unassigned = user["permissions"].get(type_name, {}).get("unassigned", False)
        if level in {"all", "none"}:
            return level == "all"
        if owner_id == "":
            return bool(unassigned)
        if owner_id == f"9{user['id']}":
            return True
        holder = next((one for one in world["users"] if f"9{one['id']}" == owner_id), None)
        team, teams = (holder["primaryTeamId"] if holder else ""), set[str]()
        while team:
            teams.add(team)
            team = world["parents"][team]
        return level == "team" and bool(teams & ({user["primaryTeamId"], *user["secondaryTeamIds"]} - {""}))

    if name not in _ENGAGEMENTS:
        seen = covered(rights["view"], name, owner)
    else:
        around = {there for here, there in world["links"] if here == (name, record_id)}
        seen = covered(rights["view"], name, owner) and (
            owner == f"9{user['id']}"
            or any(
                covered(user["permissions"].get(to, {}).get("view", "none"), to, world["records"][to_id][1])
                for to, to_id in around
                if not world["records"][to_id][2]
            )
        )
    return seen and (action == "view" or covered(rights["edit"], name, owner))


def load(world: Mapping[str, Any]) -> Desk:
    """A portal of that world."""
    teams = [{"id": one, "name": one, "parentTeamId": world["parents"][one]} for one in _TEAMS]
    document = {"portal": {"id": "7"}, "users": world["users"], "owners": world["owners"], "teams": teams}
    records: list[tuple[str, dict[str, Any]]] = []
    for record_id, (name, owner, archived) in world["records"].items():
        item = row(record_id, {**_NEEDED[name], "hubspot_owner_id": owner})
        records.append((name, {**item, "archived": archived}))
    records += [linked(here, there, _LINKS[here[0], there[0]]) for here, there in world["links"]]
    return Desk(Portal.load(document, records, Clock()))


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_every_door_agrees_with_the_rules(world: dict[str, Any]) -> None:
    """Lists, reads, batches, searches and writes of every user over every record, beside the model."""
    desk = load(world)
    for user in world["users"]:
        mine = desk.as_user(user["id"])
        for name in _TYPES:
            ids = [one for one, found in world["records"].items() if found[0] == name and not found[2]]
            seen = [one for one in ids if model(world, user, one, "view")]
            assert mine.ids(f"/crm/v3/objects/{name}?limit=100") == seen
            assert sorted(mine.found(name, limit=100), key=int) == seen
            batch = mine.call("POST", f"/crm/v3/objects/{name}/batch/read", {"inputs": [{"id": one} for one in ids]})[1]
            assert [one["id"] for one in batch.get("results", [])] == seen
            for one in ids:
                status = mine.call("GET", f"/crm/v3/objects/{name}/{one}")[0]
                assert status == (200 if one in seen else 404)
                before = desk.portal.snapshot()
                status = mine.call("PATCH", f"/crm/v3/objects/{name}/{one}", {"properties": {}})[0]
                desk.portal.restore(before)
                expected = 200 if model(world, user, one, "edit") else 403 if one in seen else 404
                assert status == expected, (name, one, user)


@pytest.fixture
def desk() -> Desk:
    """The small portal."""
    return Desk()


def test_a_stranger_sees_nothing(desk: Desk) -> None:
    """A token of a user that the portal does not know, and of one that was deactivated."""
    assert desk.as_user("404").ids(TICKETS) == []
    assert desk.as_user("404").refused("POST", TICKETS, {"properties": {}})[0] == 403


def test_teams_look_down_not_up(desk: Desk) -> None:
    """The lead's team sees the records of the teams below; the super admin sees all; nobody is told about the rest."""
    seen = {one: desk.as_user(one).ids(TICKETS) for one in (ANN, BEN, CLEO, ADA)}
    assert seen == {ANN: ["101"], BEN: ["102"], CLEO: ["101", "102"], ADA: ["101", "102", "103"]}
    assert desk.ids(TICKETS) == ["101", "102", "103"]


def test_unassigned_is_a_right_of_its_own(desk: Desk) -> None:
    """Without it a record without an owner is hidden, whatever the team."""
    desk.mutations.apply("set_permission", ANN, {"object": "tickets", "unassigned": True})
    assert desk.as_user(ANN).ids(TICKETS) == ["101", "103"]


def test_rights_change_at_once(desk: Desk) -> None:
    """A permission, an owner and a team that move under a running session."""
    mine = desk.as_user(ANN)
    desk.mutations.apply("move_owner", "", {"object": "tickets", "id": "101", "owner": "u12@portal.example"})
    assert mine.ids(TICKETS) == []
    desk.mutations.apply("move_user", ANN, {"team": "920"})
    assert mine.ids(TICKETS) == ["101", "102"]
    desk.mutations.apply("set_permission", "u11@portal.example", {"object": "tickets", "view": "none"})
    assert mine.ids(TICKETS) == []


def test_reading_is_not_writing(desk: Desk) -> None:
    """A visible record that she may not edit is a 403, an invisible one a 404; creating needs an edit level."""
    desk.mutations.apply("set_permission", CLEO, {"object": "tickets", "edit": "none"})
    lead = desk.as_user(CLEO)
    assert lead.refused("PATCH", f"{TICKETS}/101", {"properties": {"subject": "x"}})[:2] == (403, "MISSING_PERMISSIONS")
    assert lead.refused("DELETE", f"{TICKETS}/101")[0] == 403
    assert lead.refused("PATCH", f"{TICKETS}/103", {"properties": {"subject": "x"}})[0] == 404
    body = {"properties": {"subject": "x", "hs_pipeline_stage": "1"}}
    assert lead.refused("POST", TICKETS, body)[0] == 403
    assert lead.refused("POST", f"{TICKETS}/merge", {"primaryObjectId": "101", "objectIdToMerge": "102"})[0] == 403
    desk.as_user(BEN).ok("POST", TICKETS, body)


def test_hidden_properties_are_left_out_on_a_users_token_only(desk: Desk) -> None:
    """In reads, answers of writes, histories and definitions; the account-level app and super admins see them."""
    for one in (ANN, ADA):
        desk.mutations.apply("hide_property", one, {"property": "tickets.risk"})
    mine, url = desk.as_user(ANN), f"{TICKETS}/101?properties=risk,subject&propertiesWithHistory=risk,subject"
    shown = mine.ok("GET", url)
    assert "risk" not in shown["properties"]
    assert list(shown["propertiesWithHistory"]) == ["subject"]
    assert "risk" not in mine.ok("PATCH", f"{TICKETS}/101", {"properties": {"risk": "low"}})["properties"]
    assert mine.refused("GET", "/crm/v3/properties/tickets/risk")[0] == 404
    for other in (desk, desk.as_user(ADA)):
        assert other.ok("GET", url)["properties"]["risk"] == "low"
    desk.mutations.apply("unhide_property", ANN, {"property": "tickets.risk"})
    assert mine.ok("GET", url)["properties"]["risk"] == "low"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("nope", {}),
        ("touch", {"object": "tickets", "id": "9"}),
        ("touch", {"object": "tickets"}),
        ("touch", {"object": "boots", "id": "9"}),
        ("touch", {"object": "tickets", "id": "101", "properties": {"nope": "1"}}),
        ("create", {"object": "tickets", "properties": {"nope": "1"}}),
        ("create", {"object": "notes", "properties": {"hs_timestamp": "0"}, "associations": [["tickets", "9"]]}),
        ("merge", {"object": "tickets", "id": "101", "other": "101"}),
        ("move_owner", {"object": "tickets", "id": "101", "owner": "nobody"}),
        ("move_user", {"user": ANN, "team": "1"}),
        ("hide_property", {"user": "nobody", "property": "tickets.risk"}),
        ("hide_property", {"user": ANN, "property": "tickets.nope"}),
        ("set_permission", {"user": ANN, "object": "tickets", "view": "some"}),
        ("require_property", {"object": "tickets", "property": "risk", "stage": "404"}),
        ("search_delay", {"seconds": "soon"}),
    ],
)
def test_mutations_that_cannot_be_made(desk: Desk, name: str, arguments: dict[str, object]) -> None:
    """Each says why, and changes nothing."""
    before = desk.portal.snapshot()
    with pytest.raises(Refused, match=r"."):
        desk.mutations.apply(name, "", arguments)
    assert replace(desk.portal.snapshot(), minted={}) == before


def test_mutations_that_change_records(desk: Desk) -> None:
    """A colleague at work: create, touch, associate, archive, restore, erase; as HubSpot's pages would."""
    apply = desk.mutations.apply
    made = apply(
        "create", "", {"object": "notes", "properties": {"hs_timestamp": "0"}, "associations": [["tickets", "101"]]}
    )
    shown = desk.ok("GET", f"/crm/v3/objects/notes/{made['id']}?properties=hs_object_source")["properties"]
    assert shown["hs_object_source"] == "CRM_UI"
    apply("dissociate", "", {"object": "notes", "id": made["id"], "to": ["tickets", "101"]})
    apply("associate", "", {"object": "notes", "id": made["id"], "to": ["tickets", "102"]})
    found = desk.ok("GET", f"/crm/v3/objects/notes/{made['id']}?associations=tickets")["associations"]["tickets"]
    assert [one["id"] for one in found["results"]] == ["102"]
    apply("touch", "", {"object": "tickets", "id": "101", "properties": {"subject": "Touched", "risk": None}})
    shown = desk.ok("GET", f"{TICKETS}/101?properties=subject,risk")["properties"]
    assert (shown["subject"], shown["risk"]) == ("Touched", None)
    apply("archive", "", {"object": "tickets", "id": "101"})
    assert desk.refused("GET", f"{TICKETS}/101")[0] == 404
    apply("gdpr_delete", "", {"id": "201"})
    assert desk.refused("GET", "/crm/v3/objects/contacts/201")[0] == 404
    new = apply("merge", "", {"object": "tickets", "id": "102", "other": "103"})["id"]
    assert desk.ok("GET", f"{TICKETS}/103")["id"] == new
    apply("archive_property", "", {"object": "tickets", "property": "risk"})
    assert "risk" not in desk.ok("GET", f"{TICKETS}/102?properties=risk")["properties"]
    assert desk.refused("PATCH", f"{TICKETS}/102", {"properties": {"risk": "x"}})[0] == 400


def test_a_snapshot_brings_everything_back(desk: Desk) -> None:
    """Records, associations, rights, definitions, events and the search; sequence numbers go on counting."""
    before = desk.portal.snapshot()
    desk.ok("PATCH", f"{TICKETS}/101", {"properties": {"subject": "x"}})
    desk.ok("PUT", "/crm/v4/objects/tickets/101/associations/default/boats/601")
    wish = {"name": "extra", "label": "E", "type": "string", "fieldType": "text", "groupName": "ticketinformation"}
    desk.ok("POST", "/crm/v3/properties/tickets", wish)
    desk.mutations.apply("set_permission", ANN, {"object": "tickets", "view": "all"})
    desk.mutations.apply("search_ghosts", "", {"count": 3})
    last = desk.portal.events[-1].sequence
    desk.portal.restore(before)
    assert desk.portal.snapshot() == before
    assert desk.found("tickets") == ["101", "102", "103"]
    desk.ok("DELETE", f"{TICKETS}/101")
    assert desk.portal.events[0].sequence > last


def test_the_system_sees_live_records_flat(desk: Desk) -> None:
    """For the control plane: every property, archived ones left out."""
    desk.ok("DELETE", f"{TICKETS}/103")
    rows = desk.portal.records_as_system("tickets", {"hs_pipeline": "0"})
    assert [(one["id"], one["subject"], one["archived"]) for one in rows] == [
        ("101", "T101", False),
        ("102", "T102", False),
    ]
    assert desk.portal.records_as_system("tickets", {"risk": "high"}) == rows[:1]
