"""Who sees what through a token that sees everything: an administrator's rule, by owner and team (contract, 2.3).

HubSpot enforces a user's rights on tokens of user-level apps only. A token of an account-level app sees the account,
and no API tells what a user may see. So the product applies a rule per object, from the owner and team properties of
each record. It is an approximation, and it fails closed: a record whose owner or team is not told is not shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from connectors.errors import Fatal, NotFound
from connectors.hubspot.routes import object_name

View = Literal["owner", "team", "all"]

ENGAGEMENTS = ("emails", "notes", "calls", "tasks", "meetings")
"""Objects that hang on others: they follow what they hang on (see `guard`), and if a rule names them, that rule too."""

OWNER = "hubspot_owner_id"
OWNERS = "hs_all_owner_ids"
TEAM = "hubspot_team_id"
TEAMS = ("hs_all_team_ids", "hs_all_accessible_team_ids")
PROPERTIES = (OWNER, OWNERS, TEAM, *TEAMS)
"""What a rule looks at; lists are joined by ";"."""


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Who sees the records of one object: their owner, the owner's teams too, or everybody.

    `unassigned` shows records that nobody owns and no team has.
    """

    view: View = "team"
    unassigned: bool = False

    @classmethod
    def of(cls, value: "AccessRule | Mapping[str, Any]") -> Self:
        """A rule, also from its plain form `{"view": "owner", "unassigned": False}`.

        Raises:
            Fatal: it is no rule; nothing is guessed.
        """
        known = {"view": value.view, "unassigned": value.unassigned} if isinstance(value, AccessRule) else dict(value)
        rule = cls(**known) if known.keys() <= {"view", "unassigned"} else None
        if rule is None or rule.view not in get_args(View) or not isinstance(rule.unassigned, bool):
            raise Fatal(
                "an access rule has a view (owner, team or all) and unassigned (true or false)", code="bad_rule"
            )
        return rule


@dataclass(frozen=True, slots=True)
class Membership:
    """Which owner a user is, and in which teams. Empty when HubSpot does not tell."""

    owner_id: str = ""
    team_ids: frozenset[str] = frozenset()


class Rules:
    """The rules of one installation by object.

    Raises:
        Fatal: a name is no object's. A rule for "ticket" would leave tickets to the rule for what is not configured.
    """

    def __init__(self, configured: Mapping[str, AccessRule | Mapping[str, Any]]) -> None:
        for object_ in configured:
            try:
                object_name(object_)
            except NotFound:
                raise Fatal("an access rule names an object: tickets, notes, 2-123", code="bad_rule") from None
        self._rules = {object_: AccessRule.of(rule) for object_, rule in configured.items()}

    def sees(self, object_: str, properties: Mapping[str, Any], member: Membership) -> bool:
        """Whether the object's own rule shows a record; an activity without one leaves it to what it hangs on."""
        rule = self._rules.get(object_) or (None if object_ in ENGAGEMENTS else AccessRule())
        return rule is None or visible(rule, properties, member)


def visible(rule: AccessRule, properties: Mapping[str, Any], member: Membership) -> bool:
    """Whether `member` sees a record with these properties.

    Two things are never guessed: who owns a record that came without the property, and who a user is that HubSpot did
    not name.
    """
    if rule.view == "all":
        return True
    if not member.owner_id or OWNER not in properties:
        return False
    owners = _ids(properties, OWNER, OWNERS)
    teams = _ids(properties, TEAM, *TEAMS)
    if member.owner_id in owners:
        return True
    if rule.view == "team" and teams & member.team_ids:
        return True
    return rule.unassigned and not owners and not teams


def _ids(properties: Mapping[str, Any], *names: str) -> set[str]:
    values = (str(properties.get(name) or "") for name in names)
    return {part.strip() for value in values for part in value.replace(",", ";").split(";") if part.strip()}
