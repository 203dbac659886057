"""Who may see and change which record: All, Team, Owned, none and Unassigned, per object and action (contract, 2.3).

`may` is a pure function of the world, a user, a record and an action:

* A super admin may do everything, a deactivated user nothing. The records of users are open to read for everybody.
* A level covers a record: `all` every one; `owned` those she owns; `team` also those whose team (that of the owner), or
  a team above it, is one of hers. With Unassigned, `owned` and `team` cover those that have no owner as well.
* Viewing needs a `view` level that covers the record; editing (deleting, merging) an `edit` level besides.
* Engagements (notes, emails, calls, meetings, tasks) have levels of their own (knowledge.hubspot.com, user permissions
  guide, October 2024), and hang on other records: she sees those that her level covers if they are her own, or hang on
  a live record of another kind that she sees. That it takes both is a guess: HubSpot does not say how they combine.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Protocol

from connectors.sandbox.hubspot.kinds import ENGAGEMENTS
from connectors.sandbox.hubspot.people import HubUser
from connectors.sandbox.hubspot.store import Record


class Action(StrEnum):
    """What one may do with a record."""

    VIEW = "view"
    EDIT = "edit"


class World(Protocol):
    """What rights depend on, besides user and record."""

    def owner_of(self, user_id: str) -> str:
        """The owner id of a user, or ""."""

    def line(self, team_id: str) -> tuple[str, ...]:
        """A team and those above it."""

    def companions(self, record: Record) -> Iterator[Record]:
        """The live records, other than engagements, that a record is associated with."""


def may(world: World, user: HubUser, record: Record, action: Action) -> bool:
    """Whether the user's rights reach this far; see the module."""
    if not user.active:
        return False
    if user.super_admin:
        return True
    if record.type == "users":
        return action is Action.VIEW
    return _sees(world, user, record) and (action is Action.VIEW or _covers(world, user, record, Action.EDIT))


def may_create(user: HubUser, type_name: str) -> bool:
    """Whether she may make new records of a type: any edit level will do."""
    return user.active and (user.super_admin or _level(user, type_name, Action.EDIT) != "none")


def _sees(world: World, user: HubUser, record: Record) -> bool:
    if not _covers(world, user, record, Action.VIEW):
        return False
    if record.type not in ENGAGEMENTS:
        return True
    owner = record.get("hubspot_owner_id")
    if owner and owner == world.owner_of(user.id):
        return True
    return any(_covers(world, user, other, Action.VIEW) for other in world.companions(record))


def _covers(world: World, user: HubUser, record: Record, action: Action) -> bool:
    level = _level(user, record.type, action)
    if level in {"all", "none"}:
        return level == "all"
    owner = record.get("hubspot_owner_id")
    if not owner:
        return user.permissions[record.type].get("unassigned") is True
    if owner == world.owner_of(user.id):
        return True
    return level == "team" and not user.team_ids.isdisjoint(world.line(record.get("hubspot_team_id")))


def _level(user: HubUser, type_name: str, action: Action) -> str:
    return str(user.permissions.get(type_name, {}).get(action, "none"))
