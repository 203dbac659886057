"""In the engine, the generated company shows each user what the ground truth says."""

from datetime import UTC, datetime
from functools import cache

from connectors.sandbox.data import (
    DEMO_CASE_ID,
    DEMO_RELATED_MINE_ID,
    DEMO_RELATED_RESTRICTED_ID,
    DEMO_RELATED_SHARED_ID,
    DEMO_RELATED_THEIRS_ID,
    DEMO_USERNAMES,
    LONG_CASE_ID,
)
from connectors.sandbox.salesforce.org import Org
from tests.unit.sandbox.data_world import world


class FixedClock:
    """Always the moment at which the sandbox starts."""

    def now(self) -> datetime:
        """24 November 2026, nine o'clock."""
        return datetime(2026, 11, 24, 9, tzinfo=UTC)


@cache
def org(place: int = 0) -> Org:
    """Northwind (0) or globex (1) in the engine."""
    document, rows = world()[0][place]
    return Org.load(document, rows, FixedClock())


def person(name: str) -> str:
    """The id of the northwind user whose Username starts with `name`."""
    return next(str(user["Id"]) for user in org().users() if str(user["Username"]).startswith(name))


def sees(user_id: str, record_id: str, kind: str = "Case") -> bool:
    """Whether a user of northwind reads a record."""
    return org().can_read(user_id, kind, org().records[kind][record_id])


def test_the_two_agents_of_the_demo_share_the_case_and_little_else() -> None:
    """Both see the demo case and the long one; each has a related case that the other does not see."""
    maya, tomas = (person(name) for name in DEMO_USERNAMES)
    both = (DEMO_CASE_ID, LONG_CASE_ID, DEMO_RELATED_SHARED_ID)
    assert all(sees(user, case) for user in (maya, tomas) for case in both)
    assert sees(maya, DEMO_RELATED_MINE_ID)
    assert not sees(tomas, DEMO_RELATED_MINE_ID)
    assert sees(tomas, DEMO_RELATED_THEIRS_ID)
    assert not sees(maya, DEMO_RELATED_THEIRS_ID)


def test_the_two_agents_of_the_demo_see_different_fields() -> None:
    """Refund amounts are for tier 2, risk notes for neither, the assistant's summary for both."""
    maya, tomas = (org().permissions.visible(person(name), "Case") for name in DEMO_USERNAMES)
    assert "Refund_Amount__c" in tomas - maya
    assert "Internal_Risk_Note__c" not in maya | tomas
    assert "Assistant_Summary__c" in maya & tomas


def test_restricted_cases_stay_with_the_head_of_support() -> None:
    """Neither agents nor their leads see them; the head, the auditor and the administrator do."""
    restricted = [case for case in world()[1].restricted if case in org().records["Case"]]
    assert DEMO_RELATED_RESTRICTED_ID in restricted
    assert len(restricted) >= 5
    for case in restricted:
        for name in ("maya", "tomas", "jonas", "carla", "victor", "leo", "sidecar"):
            assert not sees(person(name), case)
        assert all(sees(person(name), case) for name in ("ruth", "nadia", "sam"))


def test_drafts_are_seen_by_their_author_and_the_administrator_only() -> None:
    """Not even the lead above, or the auditor with View All, reads an unsent mail of somebody else."""
    mails = org().records["EmailMessage"]
    for draft, author in world()[1].drafts.items():
        if draft in mails:
            readers = {
                str(user["Id"])
                for user in org().users()
                if org().can_read(str(user["Id"]), "EmailMessage", mails[draft])
            }
            assert readers == {author, person("sam")}


def test_every_user_sees_another_part_of_the_cases() -> None:
    """No two agents see the same cases; the integration user sees few, the auditor all."""
    for place in (0, 1):
        engine = org(place)
        cases = engine.records["Case"]
        parts = {
            str(user["Username"]): frozenset(
                key for key, row in cases.items() if engine.can_read(str(user["Id"]), "Case", row)
            )
            for user in engine.users()
            if user["IsActive"]
        }
        assert len(set(parts.values())) >= 8
        assert all(parts.values())
        robot = next(part for name, part in parts.items() if name.startswith("sidecar"))
        assert len(robot) < len(cases) / 4
        assert max(map(len, parts.values())) == len(cases)


def test_draft_articles_are_hidden_from_agents() -> None:
    """Agents read published articles only; the editor reads all."""
    articles = org().records["Knowledge__kav"]
    drafts = {key for key, row in articles.items() if row["PublishStatus"] == "Draft"}
    maya, leo = person("maya"), person("leo")
    assert not {key for key in drafts if sees(maya, key, "Knowledge__kav")}
    assert all(sees(leo, key, "Knowledge__kav") for key in drafts)
