"""In the engine, the generated portal shows each user what the ground truth says."""

from functools import cache

from connectors.hubspot.audience import SHARED
from connectors.hubspot.records import ACTIVITIES
from connectors.sandbox.clock import Clock
from connectors.sandbox.data import (
    DEMO_TICKET_ID,
    DEMO_TICKET_RELATED_MINE_ID,
    DEMO_TICKET_RELATED_RESTRICTED_ID,
    DEMO_TICKET_RELATED_SHARED_ID,
    DEMO_TICKET_RELATED_THEIRS_ID,
    DEMO_TICKET_USERS,
    LONG_TICKET_ID,
)
from connectors.sandbox.hubspot.people import HubUser
from connectors.sandbox.hubspot.permissions import Action, may
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.store import Record
from tests.unit.sandbox.data_world import portal


@cache
def engine() -> Portal:
    """Meridian in the engine."""
    (document, rows), _ = portal()
    return Portal.load(document, rows, Clock())


def person(name: str) -> HubUser:
    """The user whose e-mail begins with `name`."""
    return next(user for user in engine().users() if user.email.startswith(name))


def live(type_: str) -> list[Record]:
    """All objects of a type that are not archived."""
    return [record for record in engine().store.tables[type_].rows.values() if not record.archived_at]


def seen(user: HubUser, type_: str = "tickets") -> frozenset[str]:
    """Ids of the objects of a type that a user sees."""
    return frozenset(record.id for record in live(type_) if may(engine(), user, record, Action.VIEW))


def test_the_two_agents_of_the_demo_share_the_ticket_and_little_else() -> None:
    """Both see the demo's ticket, the long one and ten related ones; each has one that the other does not see."""
    mira, davi = (seen(person(email)) for email in DEMO_TICKET_USERS)
    assert {DEMO_TICKET_ID, LONG_TICKET_ID, DEMO_TICKET_RELATED_SHARED_ID} <= mira & davi
    assert DEMO_TICKET_RELATED_MINE_ID in mira - davi
    assert DEMO_TICKET_RELATED_THEIRS_ID in davi - mira
    assert DEMO_TICKET_RELATED_RESTRICTED_ID not in mira | davi
    assert len(set(portal()[1].related[LONG_TICKET_ID]) & mira & davi) >= 10


def test_restricted_tickets_and_their_threads_stay_with_the_head_of_support() -> None:
    """Agents, engineers and leads see neither the tickets nor an e-mail on them; head, auditor and super admin do."""
    restricted = portal()[1].restricted
    assert len(restricted) >= 4
    threads = {
        row["from"][1]
        for name, row in portal()[0][1]
        if name == "associations" and row["from"][0] == "emails" and row["to"][1] in restricted
    }
    assert threads
    for name in ("mira", "pavel", "noor", "davi", "gloria", "stefan", "viktor", "kim", "lars", "sidecar"):
        assert not restricted & seen(person(name))
        assert not threads & seen(person(name), "emails")
    for name in ("rosa", "nadja", "sam"):
        assert restricted <= seen(person(name))
        assert threads <= seen(person(name), "emails")


def test_every_user_sees_another_part_of_the_tickets() -> None:
    """At least eight different parts; some see everything, the integration user and marketing nothing."""
    parts = {user.email: seen(user) for user in engine().users() if user.active}
    assert len(set(parts.values())) >= 8
    assert max(map(len, parts.values())) == len(live("tickets"))
    assert {email.partition(".")[0] for email, part in parts.items() if not part} == {"kim", "sidecar", "viktor"}
    assert not seen(person("emil"))


def test_unassigned_tickets_are_for_those_with_the_right() -> None:
    """Gloria and Davi see them beside what is theirs, Mira and Pavel do not."""
    unassigned = {record.id for record in live("tickets") if not record.get("hubspot_owner_id")}
    assert len(unassigned) >= 5
    assert all(unassigned <= seen(person(name)) for name in ("gloria", "davi", "stefan", "rosa"))
    assert not any(unassigned & seen(person(name)) for name in ("mira", "pavel", "lars"))


def test_what_the_data_say_of_owners_is_what_the_engine_derives() -> None:
    """Teams and owners in the records are those that HubSpot would have set."""
    for record in live("tickets"):
        owner = record.get("hubspot_owner_id")
        user = engine().user(engine().people.user_of(owner)) if owner else None
        team = user.primary_team_id if user else ""
        assert record.get("hubspot_team_id") == team
        assert record.get("hs_all_accessible_team_ids") == ";".join(engine().line(team))


def test_whoever_sees_a_ticket_sees_what_the_connector_believes_to_be_shared() -> None:
    """Its mails, notes and calls, for every user and ticket. Its tasks are not for all of them.

    Nor is what hangs on a company: the connector's default (`audience.SHARED`) holds for tickets alone.
    """
    unshared = set()
    for user in engine().users():
        for root in ("tickets", "companies", "contacts"):
            for record in live(root):
                if not may(engine(), user, record, Action.VIEW):
                    continue
                for type_ in ACTIVITIES:
                    links = engine().store.links(record.key, type_)
                    activities = [engine().store.get(type_, one) for one in links]
                    if all(one.archived_at or may(engine(), user, one, Action.VIEW) for one in activities if one):
                        continue
                    unshared.add((root, type_))
    assert not unshared & {(root, type_) for root, types in SHARED.items() for type_ in types}
    assert ("tickets", "tasks") in unshared
    assert {("companies", type_) for type_ in ACTIVITIES} <= unshared
