"""The rule for account-level tokens: refuse first, and never guess."""

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.errors import Fatal
from connectors.hubspot.access import PROPERTIES, AccessRule, Membership, Rules, View, visible

MAYA = Membership("500", frozenset({"7", "8"}))


def held(**given: str | None) -> Mapping[str, Any]:
    """All properties that a rule looks at, null unless given."""
    return {**dict.fromkeys(PROPERTIES), **given}


MINE = held(hubspot_owner_id="500")
SHARED = held(hubspot_owner_id="501", hs_all_owner_ids="501;500")
OF_MY_TEAM = held(hubspot_owner_id="501", hubspot_team_id="7")
OF_A_SUB_TEAM = held(hubspot_owner_id="501", hubspot_team_id="9", hs_all_accessible_team_ids="9;8")
ELSEWHERE = held(hubspot_owner_id="501", hubspot_team_id="9", hs_all_team_ids="9", hs_all_accessible_team_ids="9")
NOBODYS = held()
UNTOLD: Mapping[str, Any] = {"subject": "x"}


@pytest.mark.parametrize(
    ("view", "unassigned", "seen"),
    [
        ("owner", False, [MINE, SHARED]),
        ("owner", True, [MINE, SHARED, NOBODYS]),
        ("team", False, [MINE, SHARED, OF_MY_TEAM, OF_A_SUB_TEAM]),
        ("team", True, [MINE, SHARED, OF_MY_TEAM, OF_A_SUB_TEAM, NOBODYS]),
        ("all", False, [MINE, SHARED, OF_MY_TEAM, OF_A_SUB_TEAM, ELSEWHERE, NOBODYS, UNTOLD]),
    ],
)
def test_each_rule_shows_what_it_says(view: View, unassigned: bool, seen: list[Mapping[str, Any]]) -> None:  # noqa: FBT001 - pytest passes it
    """By owner, by the owner's teams, or everything."""
    every = [MINE, SHARED, OF_MY_TEAM, OF_A_SUB_TEAM, ELSEWHERE, NOBODYS, UNTOLD]
    rule = AccessRule(view, unassigned)
    assert [properties for properties in every if visible(rule, properties, MAYA)] == seen


@pytest.mark.parametrize("view", ["owner", "team"])
@pytest.mark.parametrize("unassigned", [True, False])
def test_a_user_whom_hubspot_does_not_name_sees_nothing(view: View, unassigned: bool) -> None:  # noqa: FBT001 - as above
    """No owner record (or no scope to read owners): nothing is guessed from teams alone."""
    for member in (Membership(), Membership("", frozenset({"7"}))):
        every = (MINE, SHARED, OF_MY_TEAM, ELSEWHERE, NOBODYS, UNTOLD)
        assert not [properties for properties in every if visible(AccessRule(view, unassigned), properties, member)]


def test_an_empty_id_is_nobody() -> None:
    """A record without an owner does not belong to a user without an owner, nor to a team without an id."""
    assert not visible(
        AccessRule("team"), held(hubspot_owner_id="", hubspot_team_id=""), Membership("500", frozenset({""}))
    )


def test_what_is_not_configured_is_seen_by_owner_and_team() -> None:
    """And an engagement that no rule names is left to its ticket."""
    rules = Rules({"deals": {"view": "owner"}, "notes": AccessRule("owner")})
    assert rules.sees("tickets", OF_MY_TEAM, MAYA)
    assert not rules.sees("tickets", NOBODYS, MAYA)
    assert not rules.sees("deals", OF_MY_TEAM, MAYA)
    assert rules.sees("emails", ELSEWHERE, MAYA)
    assert not rules.sees("notes", ELSEWHERE, MAYA)


@pytest.mark.parametrize(
    "value", [{"view": "everybody"}, {"view": "all", "unassigned": "yes"}, {"views": "all"}, {"view": None}]
)
def test_what_is_no_rule_is_refused(value: Mapping[str, Any]) -> None:
    """A misspelt rule must not turn into another one."""
    with pytest.raises(Fatal):
        Rules({"tickets": value})


@pytest.mark.parametrize("name", ["ticket", "Tickets", "0-5", "", "custom"])
def test_a_rule_for_what_is_no_object_is_refused(name: str) -> None:
    """A misspelt name must not leave the object to the wider rule for what is not configured."""
    with pytest.raises(Fatal):
        Rules({name: AccessRule("owner")})
    assert Rules({"2-1234": AccessRule("owner"), "notes": AccessRule("owner")})
