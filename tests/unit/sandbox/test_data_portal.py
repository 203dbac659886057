"""The generated HubSpot portal is coherent, and the ground truth says exactly what stands in it."""

import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from connectors.sandbox.data import (
    DEMO_TICKET_ID,
    DEMO_TICKET_RELATED_MINE_ID,
    DEMO_TICKET_RELATED_RESTRICTED_ID,
    DEMO_TICKET_RELATED_SHARED_ID,
    DEMO_TICKET_RELATED_THEIRS_ID,
    DEMO_TICKET_USERS,
    LONG_TICKET_ID,
    build_portal,
)
from connectors.sandbox.data.hubspot import WRITEBACK_KEY
from connectors.sandbox.data.truth import CATEGORIES, FactKind, Place
from tests.unit.sandbox.data_world import portal

TYPES = {"tickets", "contacts", "companies", "deals", "emails", "notes", "calls", "tasks", "devices"}
ACTIVITIES = ("emails", "notes", "calls", "tasks")


@cache
def objects() -> dict[str, tuple[str, dict[str, Any]]]:
    """Id -> (type, object)."""
    return {item["id"]: (name, item) for name, item in portal()[0][1] if name != "associations"}


def of(type_: str) -> list[dict[str, Any]]:
    """All objects of a type."""
    return [item for name, item in objects().values() if name == type_]


def ties() -> list[tuple[list[str], list[str], list[dict[str, Any]]]]:
    """All associations: from, to, types."""
    return [(row["from"], row["to"], row["types"]) for name, row in portal()[0][1] if name == "associations"]


def thread(ticket: str, type_: str) -> set[str]:
    """Ids of the activities of a type on a ticket."""
    return {from_[1] for from_, to, _ in ties() if from_[0] == type_ and to == ["tickets", ticket]}


def emails_per_ticket() -> Counter[str]:
    """How many e-mails hang on each ticket."""
    return Counter(to[1] for from_, to, _ in ties() if from_[0] == "emails" and to[0] == "tickets")


def user(email: str) -> dict[str, Any]:
    """A user of the portal by e-mail."""
    return next(item for item in portal()[0][0]["users"] if item["email"] == email)


def sees(email: str, ticket: str) -> bool:
    """Whether a user's rights on tickets cover a ticket: owner, any of the owner's teams or those above, unassigned."""
    document = portal()[0][0]
    person, properties = user(email), objects()[ticket][1]["properties"]
    right = person["permissions"]["tickets"]
    owner = properties["hubspot_owner_id"]
    if owner is None:
        return right["view"] == "all" or bool(right["unassigned"])
    mine = next(item["id"] for item in document["owners"] if item["userId"] == person["id"])
    teams = {person["primaryTeamId"], *person["secondaryTeamIds"]}
    by_team = bool(teams & set(properties["hs_all_accessible_team_ids"].split(";")))
    return bool(right["view"] == "all" or owner == mine or (right["view"] == "team" and by_team))


def test_every_object_has_the_shape_of_hubspot() -> None:
    """Ids are digits and unique, values are text or null, and the id and both moments stand in the properties too."""
    assert {name for name, _ in portal()[0][1]} == TYPES | {"associations"}
    assert len(objects()) == sum(1 for name, _ in portal()[0][1] if name != "associations")
    for name, item in objects().values():
        properties = item["properties"]
        assert item["id"].isdigit()
        assert properties["hs_object_id"] == item["id"]
        assert all(value is None or isinstance(value, str) for value in properties.values())
        changed = properties["lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"]
        assert item["createdAt"] <= changed
        assert datetime.fromisoformat(item["updatedAt"]) <= datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_associations_tie_objects_that_exist() -> None:
    """No end of an association dangles, and each object comes before its associations."""
    seen: set[tuple[str, str]] = set()
    for name, row in portal()[0][1]:
        if name == "associations":
            assert {tuple(row["from"]), tuple(row["to"])} <= seen
            assert row["types"]
        else:
            seen.add((name, row["id"]))


def test_it_has_the_numbers_of_the_issue() -> None:
    """About 120 tickets with threads of all four kinds, ten users with different rights, and unassigned tickets."""
    document = portal()[0][0]
    live = [item for item in of("tickets") if not item.get("archived")]
    assert 115 <= len(live) <= 130
    assert all(len(of(type_)) >= 40 for type_ in ACTIVITIES)
    active = [person for person in document["users"] if person["active"]]
    rights = {json.dumps([person["permissions"], person["primaryTeamId"]]) for person in active}
    assert len(rights) >= 9
    views = {right["view"] for person in active for right in person["permissions"].values()}
    assert views == {"all", "team", "owned"} | ({"none"} & views)
    assert any("tickets" not in person["permissions"] for person in active if not person["superAdmin"])
    assert 5 <= sum(item["properties"]["hubspot_owner_id"] is None for item in live) <= 25
    assert {person["note"] != "" for person in document["users"]} == {True}


def test_people_teams_and_pipelines_fit_together() -> None:
    """Owners belong to users but have other ids; teams, roles, stages and owners that are named exist."""
    document = portal()[0][0]
    users = {person["id"] for person in document["users"]}
    owners = {item["id"] for item in document["owners"]}
    teams = {item["id"] for item in document["teams"]}
    assert not users & owners
    assert {item["userId"] for item in document["owners"] if item["type"] == "PERSON"} == users
    assert [item["userId"] for item in document["owners"] if item["type"] == "QUEUE"] == [None]
    for person in document["users"]:
        assert person["roleId"] in {item["id"] for item in document["roles"]}
        assert {person["primaryTeamId"], *person["secondaryTeamIds"]} <= teams
        home = next(item for item in document["teams"] if item["id"] == person["primaryTeamId"])
        assert person["id"] in home["userIds"]
    stages = {
        (line["id"], stage["id"]): stage["metadata"]["ticketState"]
        for line in document["pipelines"]["tickets"]
        for stage in line["stages"]
    }
    for item in of("tickets"):
        row = item["properties"]
        closed = stages[row["hs_pipeline"], row["hs_pipeline_stage"]] == "CLOSED"
        assert closed == (row.get("closed_date") is not None) or row["content"] is None
        assert row["hubspot_owner_id"] in owners | {None}
        assert row["hubspot_team_id"] in teams | {None}


def test_the_assistants_unique_property_is_there() -> None:
    """Notes and tasks have the property by which a write happens once; no object carries a value yet."""
    properties = portal()[0][0]["properties"]
    for type_ in ("notes", "tasks"):
        (own,) = [item for item in properties[type_] if item["name"] == WRITEBACK_KEY]
        assert own["hasUniqueValue"] is True
    assert not any(item["properties"].get(WRITEBACK_KEY) for _, item in objects().values())


def test_the_two_agents_of_the_demo_share_the_ticket_and_little_else() -> None:
    """Both see the demo's ticket and the long one; each has a related ticket that the other does not see."""
    mira, davi = DEMO_TICKET_USERS
    assert user(mira)["primaryTeamId"] != user(davi)["primaryTeamId"]
    both = (DEMO_TICKET_ID, LONG_TICKET_ID, DEMO_TICKET_RELATED_SHARED_ID)
    assert all(sees(email, ticket) for email in (mira, davi) for ticket in both)
    assert (sees(mira, DEMO_TICKET_RELATED_MINE_ID), sees(davi, DEMO_TICKET_RELATED_MINE_ID)) == (True, False)
    assert (sees(mira, DEMO_TICKET_RELATED_THEIRS_ID), sees(davi, DEMO_TICKET_RELATED_THEIRS_ID)) == (False, True)
    assert not sees(mira, DEMO_TICKET_RELATED_RESTRICTED_ID)
    assert not sees(davi, DEMO_TICKET_RELATED_RESTRICTED_ID)
    assert "tickets.refund_amount" in user(mira)["hidden_properties"]
    assert "tickets.refund_amount" not in user(davi)["hidden_properties"]


def test_the_long_ticket_has_sixty_messages_and_relatives_for_both() -> None:
    """Sixty e-mails hang on it and on no other ticket, and ten related tickets are seen by both agents."""
    assert len(thread(LONG_TICKET_ID, "emails")) == 60
    sizes = emails_per_ticket()
    assert [ticket for ticket, size in sizes.items() if size >= 60] == [LONG_TICKET_ID]
    related = portal()[1].related[LONG_TICKET_ID]
    assert sum(all(sees(email, ticket) for email in DEMO_TICKET_USERS) for ticket in related) >= 10


def test_the_demo_ticket_tells_the_demos_story_in_this_companys_words() -> None:
    """All kinds of activities hang on it; promises and secrets are those of the demo; no name of northwind is left."""
    truth = portal()[1]
    assert all(thread(DEMO_TICKET_ID, type_) for type_ in ACTIVITIES)
    story = truth.cases[DEMO_TICKET_ID]
    assert "2026-12-03" in {fact.due for fact in story.of(FactKind.PROMISE)}
    mails = thread(DEMO_TICKET_ID, "emails")
    found = {item.category for item in truth.planted if item.place.record_id in mails}
    assert found >= {"card", "iban", "phone", "email", "ip", "health", "name"}
    assert {item.disguise for item in truth.hostile if item.place.record_id in mails} == {"fake_system"}
    everything = json.dumps(portal()[0], ensure_ascii=False)
    for name in ("Maya", "Tomás", "Inès", "Northwind", "G4 ", "everns", "hornbeck", "Adeyemi"):
        assert name not in everything, name


def text_at(place: Place) -> str:
    """What stands at a place of the ground truth."""
    type_, item = objects()[place.record_id]
    assert type_ == place.object
    return str(item["properties"][place.field])[place.start : place.end]


def test_the_truth_holds() -> None:
    """Facts, personal data and hostile text stand where the truth says, and places of personal data do not overlap."""
    truth = portal()[1]
    sizes = emails_per_ticket()
    for story in truth.cases.values():
        assert len(story.of(FactKind.PROBLEM)) == 1
        assert len(story.of(FactKind.STATE)) == 1
        assert all(text_at(fact.place) == fact.text for fact in story.facts)
        assert sizes[story.case_id] == story.messages
    taken: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for item in truth.planted:
        assert text_at(item.place) == item.value
        taken.setdefault((item.place.record_id, item.place.field), []).append((item.place.start, item.place.end))
    assert all(left[1] <= right[0] for spots in taken.values() for left, right in pairwise(sorted(spots)))
    assert {item.category for item in truth.planted} == CATEGORIES
    assert all(text_at(attack.place) == attack.text for attack in truth.hostile)
    assert len({attack.place.record_id for attack in truth.hostile}) == 17
    assert {attack.place.object for attack in truth.hostile} == TYPES - {"devices"}


@pytest.mark.parametrize("seed", [1, 23])
def test_the_truth_holds_at_other_seeds(seed: int) -> None:
    """Nothing above is luck of the default seed."""
    (_, rows), truth = build_portal(seed)
    known = {item["id"]: item["properties"] for name, item in rows if name != "associations"}

    def text(place: Place) -> str:
        return str(known[place.record_id][place.field])[place.start : place.end]

    assert all(text(fact.place) == fact.text for story in truth.cases.values() for fact in story.facts)
    assert all(text(item.place) == item.value for item in truth.planted)
    assert all(text(item.place) == item.text for item in truth.hostile)
    assert {DEMO_TICKET_ID, LONG_TICKET_ID} <= set(known)


def test_archived_merged_erased_moved_and_held_objects_are_known() -> None:
    """Archived objects say so; merged and erased ids have no object; moved and held tickets show it."""
    fates = portal()[1].fates
    assert {item["id"] for _, item in objects().values() if item.get("archived")} == fates.archived
    assert {objects()[key][0] for key in fates.archived} == {"tickets", "notes", "tasks", "contacts"}
    assert not (set(fates.merged) | fates.erased) & set(objects())
    for stayed in set(fates.merged.values()):
        went = {old for old, new in fates.merged.items() if new == stayed}
        assert set(objects()[stayed][1]["properties"]["hs_merged_object_ids"].split(";")) == went
    assert {objects()[stayed][0] for stayed in fates.merged.values()} == {"contacts", "tickets"}
    assert fates.erased
    for ticket, (field, before, now) in fates.moved.items():
        assert objects()[ticket][1]["properties"][field] == now != before
    held = {item["id"] for item in of("tickets") if item["properties"].get("legal_hold") == "true"}
    assert held == fates.held != set()
