"""HubSpot: from a click on a ticket to an applied, undoable, cited note, over HTTP, on real parts."""

import re
from collections.abc import Iterator

import pytest

from connectors.sandbox.data import (
    DEMO_TICKET_ID,
    DEMO_TICKET_RELATED_MINE_ID,
    DEMO_TICKET_RELATED_RESTRICTED_ID,
    DEMO_TICKET_RELATED_THEIRS_ID,
    LONG_TICKET_ID,
)
from sidecar.client import Problem
from tests.functional.hubspot_desk import DAVI, MIRA, PORTAL, Desk, running
from tests.functional.trips import counted


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose index is full."""
    with running(tmp_path_factory.mktemp("portal")) as desk:
        admin = next(user for user in desk.sandbox.orgs[PORTAL].users if user.profile == "Super Admin")
        assert desk.client(admin.username).sync("tickets") > 100
        yield desk


@pytest.fixture
def desk(standing: Desk) -> Desk:
    """The portal as at the start."""
    standing.reset()
    return standing


def test_me_says_whose_rights_hold(desk: Desk) -> None:
    """A user-level app is told from the token and said, with the portal's words for things."""
    me = desk.client().me
    assert me["attributes"]["access"] == "user-level"
    assert (me["crm"], me["case_object"], me["noun"], me["indexed"]) == ("hubspot", "tickets", "ticket", ["tickets"])


def test_every_sentence_is_cited_word_for_word(desk: Desk) -> None:
    """Each claim quotes its source at the offsets that it names; calls, notes and e-mails are among the sources."""
    draft = desk.client().draft("summarize_case", LONG_TICKET_ID)
    sources = {source["number"]: source for source in draft["sources"]}
    assert draft["claims"]
    for claim in draft["claims"]:
        cite = claim["citation"]
        assert sources[cite["source"]]["text"][cite["start"] : cite["end"]] == cite["quote"]
        assert claim["grounding"] == "verified"
    assert not re.search(r"</?\w+>|&\w+;", " ".join(source["text"] for source in draft["sources"]))


def test_two_agents_get_different_sources(desk: Desk) -> None:
    """Each sees the related ticket that HubSpot shows to her or him, and neither sees the restricted one."""
    hers, his = (
        {item["record"]["id"] for item in desk.client(name).draft("summarize_case", DEMO_TICKET_ID)["related"]}
        for name in (MIRA, DAVI)
    )
    assert DEMO_TICKET_RELATED_MINE_ID in hers - his
    assert DEMO_TICKET_RELATED_THEIRS_ID in his - hers
    assert DEMO_TICKET_RELATED_RESTRICTED_ID not in hers | his


@pytest.mark.parametrize("ticket", [DEMO_TICKET_ID, LONG_TICKET_ID])
def test_a_warm_draft_costs_at_most_four_round_trips(desk: Desk, ticket: str) -> None:
    """With thread and related records, counted from outside: requests that are sent side by side wait once."""
    desk.client().draft("summarize_case", ticket)
    with counted(desk.control, PORTAL) as trips:
        draft = desk.client().draft("summarize_case", ticket)
        assert draft["related"]
        assert trips() == draft["round_trips"] <= 4


@pytest.mark.parametrize("target", ["comment", "tasks"])
def test_apply_writes_what_was_shown_and_undo_takes_it_back(desk: Desk, target: str) -> None:
    """The portal holds exactly the text of the draft, linked to the ticket, once, also after a second click."""
    draft = desk.draft(target)
    applied = desk.client().apply(draft)
    again = desk.client().apply(draft)
    assert (applied["state"], again["state"]) == ("applied", "applied")
    assert desk.agree(draft) == "applied"
    assert {str(row["id"]) for row in desk.written(draft)} == set(applied["change"]["ids"])
    assert desk.client().undo(draft["id"])["state"] == "undone"
    assert desk.client().undo(draft["id"])["state"] == "undone"
    assert desk.agree(draft) == "undone"


def test_the_assistants_own_note_is_never_evidence(desk: Desk) -> None:
    """The next draft rests on what people wrote."""
    draft = desk.draft("comment")
    note = desk.client().apply(draft)["change"]["ids"][0]
    sources = desk.client().draft("summarize_case", DEMO_TICKET_ID)["sources"]
    assert note not in {source["record"]["id"] for source in sources}


def test_a_ticket_that_moved_on_is_not_written_to(desk: Desk) -> None:
    """The agent must see the newest state first."""
    draft = desk.draft("comment")
    desk.control.mutate(PORTAL, "touch", object="tickets", id=DEMO_TICKET_ID, properties={"hs_ticket_priority": "LOW"})
    with pytest.raises(Problem, match="changed"):
        desk.client().apply(draft)
    assert desk.agree(draft) == "draft"


def test_undo_refuses_a_note_that_a_person_changed(desk: Desk) -> None:
    """Her words stay."""
    draft = desk.draft("comment")
    note = desk.client().apply(draft)["change"]["ids"][0]
    desk.control.mutate(PORTAL, "touch", object="notes", id=note, properties={"hs_note_body": "<p>Mine now</p>"})
    with pytest.raises(Problem):
        desk.client().undo(draft["id"])
    assert desk.state(draft) == "applied"
    assert desk.control.records(PORTAL, "notes", id=note)[0]["hs_note_body"] == "<p>Mine now</p>"


def test_a_note_that_may_not_be_linked_is_taken_away_again(desk: Desk) -> None:
    """HubSpot creates the note and refuses its link to the ticket: the write as a whole has failed, and says so."""
    draft = desk.draft("comment")
    desk.control.fault("status", org=PORTAL, path=r"/associations/default/", status=403)
    with pytest.raises(Problem, match="does not allow"):
        desk.client().apply(draft)
    assert desk.agree(draft) == "draft"
    assert desk.client().apply(draft)["state"] == "applied"


def test_a_ticket_of_the_other_crm_is_refused(desk: Desk) -> None:
    """A HubSpot user cannot ask for a Salesforce case by naming it."""
    record = {"crm": "salesforce", "object": "Case", "id": "500000000000001AAA"}
    with pytest.raises(Problem, match="another CRM"):
        desk.client().call("POST", "/v1/drafts", {"action": "summarize_case", "record": record})
