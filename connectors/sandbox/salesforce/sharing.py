"""Which records a user reaches: org-wide defaults, owners and those above them, groups, shares, parents."""

import copy
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Final

from connectors.sandbox.salesforce.permissions import Permissions
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.store import Store
from connectors.sandbox.salesforce.values import Row, Value, text_of


class Level(IntEnum):
    """How far a user reaches into one record. FULL adds deleting and transferring it."""

    NONE = 0
    READ = 1
    EDIT = 2
    FULL = 3


DRAFT: Final = "5"
_PARENTS: Final = {
    "CaseComment": ("ParentId",),
    "EmailMessage": ("ParentId", "RelatedToId", "ActivityId"),
    "FeedItem": ("ParentId",),
    "Contact": ("AccountId",),
    "Task": ("WhatId", "WhoId"),
    "Event": ("WhatId", "WhoId"),
}
_ALWAYS_BY_PARENT: Final = frozenset({"CaseComment", "EmailMessage", "FeedItem"})
_ACTIVITIES: Final = frozenset({"Task", "Event"})
_IMPLICIT_CHILDREN: Final = ("Case", "Contact", "Opportunity")
_OWD: Final = {"Private": Level.NONE, "Read": Level.READ, "ReadWrite": Level.EDIT, "ReadWriteTransfer": Level.FULL}


class Sharing:
    """Row-level access. `level` is memoised per user and record until permissions, owners or shares change."""

    def __init__(self, store: Store, permissions: Permissions, owd: Mapping[str, str]) -> None:
        self._store = store
        self._permissions = permissions
        self.owd = dict(owd)
        self.members: dict[str, frozenset[str]] = {}
        self.shares: dict[str, dict[str, Level]] = {}
        self._generation = (-1, -1, -1)
        self._changes = 0
        self._levels: dict[str, dict[str, Level]] = {}
        self._subjects: dict[str, frozenset[str]] = {}

    def share(self, record_id: str, subject: str, level: Level) -> None:
        """Share one record with a user, group or role."""
        self.shares.setdefault(record_id, {})[subject] = level
        self._changes += 1

    def unshare(self, record_id: str, subject: str) -> None:
        """Take back a share; what the user has by other ways stays."""
        self.shares.get(record_id, {}).pop(subject, None)
        self._changes += 1

    def snapshot(self) -> object:
        """The shares, to be given to `restore`."""
        return copy.deepcopy(self.shares)

    def restore(self, state: object) -> None:
        """Put back a snapshot (which stays usable)."""
        if not isinstance(state, dict):
            raise TypeError("not a snapshot of sharing")
        self.shares = copy.deepcopy(state)
        self._changes += 1

    def can_read(self, user_id: str, kind: str, row: Row) -> bool:
        """May the user read this record at all?"""
        return self.level(user_id, kind, row) > Level.NONE

    def level(self, user_id: str, kind: str, row: Row) -> Level:
        """How far the user reaches, object permissions to read included (those to edit and delete are not)."""
        generation = (self._permissions.generation, self._store.sharing_generation, self._changes)
        if generation != self._generation:
            self._generation = generation
            self._levels.clear()
            self._subjects.clear()
        memo = self._levels.setdefault(user_id, {})
        record_id = text_of(row, "Id")
        found = memo.get(record_id)
        if found is None:
            memo[record_id] = Level.NONE  # a record that is its own ancestor gains nothing by it
            found = memo[record_id] = self._level(user_id, kind, row)
        return found

    def _level(self, user_id: str, kind: str, row: Row) -> Level:
        letters = self._permissions.letters(user_id, kind)
        if "R" not in letters:
            return Level.NONE
        if self._permissions.has(user_id, "ModifyAllData"):
            return Level.FULL
        if kind == "EmailMessage" and row.get("Status") == DRAFT and row.get("CreatedById") != user_id:
            return Level.NONE
        if "M" in letters:
            return Level.FULL
        return max(self._by_sharing(user_id, kind, row), Level.READ if "V" in letters else Level.NONE)

    def _by_sharing(self, user_id: str, kind: str, row: Row) -> Level:
        table = self._store.tables[kind]
        if table.kind.setup:
            return Level.READ
        if kind == "Knowledge__kav":
            online = row.get("PublishStatus") == "Online"
            return Level.EDIT if "E" in self._permissions.letters(user_id, kind) else Level(int(online))
        owd = self.owd.get(kind, "ControlledByParent" if kind in _ALWAYS_BY_PARENT else "Private")
        if kind in _ALWAYS_BY_PARENT or (owd == "ControlledByParent" and any(map(row.get, _parents(kind, table.kind)))):
            level = self._by_parent(user_id, kind, row, _parents(kind, table.kind))
            own_draft = kind == "EmailMessage" and row.get("Status") == DRAFT and level > Level.NONE
            return Level.FULL if own_draft else level
        level = max(_OWD.get(owd, Level.NONE), self._by_owner_and_shares(user_id, row))
        if kind in _ACTIVITIES and level < Level.READ:
            level = min(Level.READ, self._by_parent(user_id, kind, row, _PARENTS[kind]))
        if kind == "Account" and level < Level.READ and self._reaches_a_child(user_id, row):
            level = Level.READ
        return level

    def _by_owner_and_shares(self, user_id: str, row: Row) -> Level:
        subjects = self._subjects_of(user_id)
        if row.get("OwnerId") in subjects:
            return Level.FULL
        given = self.shares.get(text_of(row, "Id"), {})
        return max((level for subject, level in given.items() if subject in subjects), default=Level.NONE)

    def _by_parent(self, user_id: str, kind: str, row: Row, lookups: Iterable[str]) -> Level:
        found = Level.NONE
        for lookup in lookups:
            field = self._store.tables[kind].kind.field(lookup)
            for target in field.reference_to if field is not None else ():
                parent = self._store.get(target, row.get(lookup))
                if parent is not None and (row.get("IsDeleted") or not parent.get("IsDeleted")):
                    found = max(found, self.level(user_id, target, parent))
        return found

    def _reaches_a_child(self, user_id: str, account: Row) -> bool:
        """Whoever reads a case, contact or opportunity reads its account too (implicit sharing)."""
        account_id = text_of(account, "Id")
        return any(
            self.can_read(user_id, kind, row)
            for kind in _IMPLICIT_CHILDREN
            if self.owd.get(kind) != "ControlledByParent"
            for row in self._store.linked(kind, "AccountId", account_id)
        )

    def _subjects_of(self, user_id: str) -> frozenset[str]:
        """The user, everybody below her role, their roles, and every group that holds one of them."""
        found = self._subjects.get(user_id)
        if found is None:
            reach = {user_id}
            role = (self._store.get("User", user_id) or {}).get("UserRoleId")
            if isinstance(role, str):
                reach.add(role)
                reach |= self._below(role)
            while grown := {group for group, members in self.members.items() if members & reach} - reach:
                reach |= grown
            found = self._subjects[user_id] = frozenset(reach)
        return found

    def _below(self, role: str) -> set[str]:
        roles: set[str] = set()
        frontier: list[Value] = [role]
        while frontier:
            above = frontier.pop()
            for row in self._store.linked("UserRole", "ParentRoleId", str(above)):
                if row["Id"] not in roles:
                    roles.add(text_of(row, "Id"))
                    frontier.append(row["Id"])
        users = {text_of(row, "Id") for below in roles for row in self._store.linked("User", "UserRoleId", below)}
        return roles | users


def _parents(kind: str, known: ObjectType) -> tuple[str, ...]:
    """The lookups that control access to `kind`: for a custom object, its required ones."""
    listed = _PARENTS.get(kind)
    if listed is not None:
        return listed
    return tuple(item.name for item in known.fields.values() if item.custom and item.reference_to and not item.nillable)
