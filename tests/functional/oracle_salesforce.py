"""What a Salesforce user may see, by brute force from the contract (1.5, 4.2): small worlds and slow, plain rules.

Imports nothing of the sandbox and is written without looking at its engine: two independent readings of the same text.
Where the contract is silent the vendor's help decided; it is named beside the rule. Where both are, the engine's
reading was taken over: what hangs on a restricted case stays visible, and editing what its parent controls needs no
right to edit the parent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

CHILDREN = ("CaseComment", "EmailMessage")
"""Objects without rights of their own: they follow their case."""
SHARED = ("Account", "Contact", "Case", "Task")
"""Objects with rights and an org-wide default of their own."""
FIELDS: Mapping[str, tuple[str, ...]] = {
    "Account": ("Industry",),
    "Contact": ("Email", "Department"),
    "Case": ("Priority", "Description"),
    "Task": ("Description",),
    "CaseComment": ("CommentBody",),
    "EmailMessage": ("Subject", "TextBody"),
}
"""The fields that are asked for; each has a value in each record."""


class Level(IntEnum):
    """How much of a record somebody gets by sharing."""

    NOTHING = 0
    READ = 1
    EDIT = 2
    ALL = 3


@dataclass(frozen=True)
class Profile:
    """A profile, or with `assignees` a permission set (whose `fields` are given back)."""

    id: str
    permissions: frozenset[str]
    objects: Mapping[str, str]
    fields: frozenset[str]
    assignees: frozenset[str] = frozenset()


@dataclass(frozen=True)
class User:
    """A user; `role` may be none."""

    id: str
    profile: str
    role: str | None


@dataclass(frozen=True)
class Group:
    """A queue or a public group."""

    id: str
    queue: bool
    members: frozenset[str]


@dataclass(frozen=True)
class Row:
    """A record. `parent` is the account of a contact or a case, the case of a message, either of a task.

    `contact` is a case's contact.
    """

    object: str
    id: str
    owner: str
    parent: str = ""
    contact: str = ""
    priority: str = ""
    draft: bool = False


@dataclass(frozen=True)
class Share:
    """A manual share."""

    row: str
    grantee: str
    edit: bool


@dataclass(frozen=True)
class Restriction:
    """A restriction rule on cases: users of `profile` see their own only, or those of a priority."""

    profile: str
    priority: str


@dataclass(frozen=True)
class World:
    """One org."""

    owd: Mapping[str, str]
    roles: Mapping[str, str | None]
    profiles: tuple[Profile, ...]
    sets: tuple[Profile, ...]
    users: tuple[User, ...]
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    shares: tuple[Share, ...]
    restriction: Restriction | None = None
    by_id: dict[str, Any] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Index what has an id."""
        things: tuple[Any, ...] = (*self.users, *self.groups, *self.rows, *self.profiles)
        object.__setattr__(self, "by_id", {thing.id: thing for thing in things})


class Oracle:
    """The verdicts on one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def permission(self, user: User, name: str) -> bool:
        """A system permission from the profile or any assigned permission set."""
        return any(name in source.permissions for source in self._sources(user))

    def right(self, user: User, object_: str, letter: str) -> bool:
        """An object permission; who may see or change all data may see or change every object."""
        if self.permission(user, "ModifyAllData") or (letter in "RV" and self.permission(user, "ViewAllData")):
            return True
        governing = "Case" if object_ in CHILDREN else object_
        return any(letter in source.objects.get(governing, "") for source in self._sources(user))

    def knows(self, user: User, object_: str) -> bool:
        """Whether describe and queries know the object for this user."""
        return self.right(user, object_, "R")

    def field(self, user: User, object_: str, name: str) -> bool:
        """Field-level security: hidden by the profile unless a permission set gives it back."""
        full = f"{object_}.{name}"
        given = any(full in source.fields for source in self._sets(user))
        return given or full not in self._profile(user).fields

    def reads(self, user: User, row: Row) -> bool:
        """Whether the user's own token reads the record.

        A restriction rule binds the records of its own object, not their children.
        """
        if row.object in CHILDREN:
            case: Row = self.world.by_id[row.parent]
            if not self.record_access(user, case):
                return False
            return not row.draft or row.owner == user.id or self.permission(user, "ModifyAllData")
        return self.record_access(user, row) >= Level.READ and not self._restricted(user, row)

    def record_access(self, user: User, row: Row) -> Level:
        """`UserRecordAccess`: object rights and sharing, without restriction rules."""
        if self.right(user, row.object, "M"):
            return Level.ALL
        if not self.right(user, row.object, "R"):
            return Level.NOTHING
        level = self.shared(user, row)
        if level is Level.ALL and not self.right(user, row.object, "D"):
            level = Level.EDIT
        if level is Level.EDIT and not self.right(user, row.object, "E"):
            level = Level.READ
        return max(level, Level.READ if self.right(user, row.object, "V") else Level.NOTHING)

    def shared(self, user: User, row: Row) -> Level:
        """What org-wide defaults, ownership, the role hierarchy, shares and records below give."""
        default = self.world.owd[row.object]
        if default == "ControlledByParent" and row.parent:
            return self._through(user, row)
        levels = [{"Read": Level.READ, "ReadWrite": Level.EDIT}.get(default, Level.NOTHING)]
        if self._stands_for(user, row.owner):
            levels.append(Level.ALL)
        levels += [
            Level.EDIT if share.edit else Level.READ
            for share in self.world.shares
            if share.row == row.id and self._stands_for(user, share.grantee)
        ]
        if row.object == "Account" and any(self.record_access(user, child) for child in self._implying(row)):
            levels.append(Level.READ)
        if row.object == "Task" and row.parent and self._through(user, row):
            levels.append(Level.READ)  # whoever sees a record sees what was and will be done about it
        return max(levels)

    def _through(self, user: User, row: Row) -> Level:
        """What somebody may do with the record that this one belongs to, rights to edit and delete it left aside."""
        parent: Row = self.world.by_id[row.parent]
        if self.right(user, parent.object, "M"):
            return Level.ALL
        if not self.right(user, parent.object, "R"):
            return Level.NOTHING
        return max(self.shared(user, parent), Level.READ if self.right(user, parent.object, "V") else Level.NOTHING)

    def _implying(self, account: Row) -> list[Row]:
        """The contacts and cases that open their account to whoever has access to them.

        Salesforce help, "Implicit Sharing" (platform.sharing_across_objects). It says "access", so View All counts,
        too; some who tried it say that it does not.
        """
        own = [name for name in ("Contact", "Case") if self.world.owd[name] != "ControlledByParent"]
        return [row for row in self.world.rows if row.object in own and row.parent == account.id]

    def _stands_for(self, user: User, who: str) -> bool:
        """`who` is the user, somebody below her in the role hierarchy, or a group with such a member."""
        holder = self.world.by_id[who]
        if isinstance(holder, Group):
            return any(self._stands_for(user, member) for member in holder.members)
        return bool(holder.id == user.id or (user.role and user.role in self._above(holder.role)))

    def _above(self, role: str | None) -> Iterator[str]:
        while role and (role := self.world.roles[role]):
            yield role

    def _restricted(self, user: User, row: Row) -> bool:
        """Restriction rules give way to View All and Modify All (Salesforce help, 001484442)."""
        rule = self.world.restriction
        if rule is None or row.object != "Case" or user.profile != rule.profile or self.right(user, "Case", "V"):
            return False
        return row.priority != rule.priority if rule.priority else row.owner != user.id

    def _profile(self, user: User) -> Profile:
        found: Profile = self.world.by_id[user.profile]
        return found

    def _sets(self, user: User) -> list[Profile]:
        return [source for source in self.world.sets if user.id in source.assignees]

    def _sources(self, user: User) -> list[Profile]:
        return [self._profile(user), *self._sets(user)]
