"""What a HubSpot user may see, by brute force from the contract (2.3): small portals and slow, plain rules.

Imports nothing of the sandbox and is written without looking at its engine: two independent readings of the same text.
The contract is silent on activities. That they have rights of their own is HubSpot's word; that they are seen with what
they hang on, or by their owner, was taken over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

ACTIVITIES = ("notes", "emails")
"""They are seen with the records they hang on, as far as the right to them goes."""
FIELDS: Mapping[str, tuple[str, ...]] = {
    "contacts": ("jobtitle",),
    "companies": ("city",),
    "tickets": ("content", "risk"),
    "notes": ("hs_note_body",),
    "emails": ("hs_email_text", "hs_email_subject"),
}
"""The properties that are asked for; each has a value in each record."""
VIEWS = ("all", "team", "team", "owned", "owned", "none")


@dataclass(frozen=True)
class Right:
    """What a user may see of an object type."""

    view: str
    unassigned: bool


@dataclass(frozen=True)
class User:
    """A user and the owner that stands for her; `teams` begins with the main one."""

    id: str
    owner: str
    super_admin: bool
    teams: tuple[str, ...]
    rights: Mapping[str, Right]
    hidden: frozenset[str]

    @property
    def main_team(self) -> str:
        """Her records belong to this team; "" when she has none."""
        return self.teams[0] if self.teams else ""


@dataclass(frozen=True)
class Row:
    """A record; `links` are the records that it is associated with."""

    object: str
    id: str
    owner: str
    links: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Type and id."""
        return self.object, self.id


@dataclass(frozen=True)
class World:
    """One portal. `teams` maps a team to the one above it ("" for none)."""

    teams: Mapping[str, str]
    users: tuple[User, ...]
    rows: tuple[Row, ...]


class Oracle:
    """The verdicts on one world, for tokens of a user-level app."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._by_owner = {user.owner: user for user in world.users}
        self._by_key = {row.key: row for row in world.rows}

    def reads(self, user: User, row: Row) -> bool:
        """All, Team, Owned or none of the object type, and what nobody owns; super admins see everything."""
        if user.super_admin:
            return True
        right = user.rights.get(row.object, Right("none", unassigned=False))
        if right.view == "none" or not (right.view == "all" or self._owned(user, row, right)):
            return False
        hangs = row.object in ACTIVITIES and row.owner != user.owner
        return not hangs or any(self.reads(user, other) for other in self.linked(row))

    def field(self, user: User, object_: str, name: str) -> bool:
        """Whether a property is not hidden from the user."""
        return user.super_admin or f"{object_}.{name}" not in user.hidden

    def linked(self, row: Row) -> list[Row]:
        """The records associated with one, seen from either side."""
        backwards = [other for other in self.world.rows if row.key in other.links]
        return [*(self._by_key[key] for key in row.links), *backwards]

    def _owned(self, user: User, row: Row, right: Right) -> bool:
        if not row.owner:
            return right.unassigned
        if row.owner == user.owner:
            return True
        team = self._by_owner[row.owner].main_team
        return right.view == "team" and any(mine in {team, *self._above(team)} for mine in user.teams)

    def _above(self, team: str) -> Iterator[str]:
        """A parent team has access to what the teams below it own."""
        while team and (team := self.world.teams[team]):
            yield team


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Random portals: a few of everything, most combinations possible."""
    names = ["9101", "9102", "9103"]
    teams = {name: draw(st.sampled_from(["", *names[:number]])) for number, name in enumerate(names)}
    users = tuple(draw(_users(number, names)) for number in range(4))
    owners = st.sampled_from(["", *(user.owner for user in users)])
    rows: list[Row] = []
    for object_, prefix, count in (("contacts", 3, 2), ("companies", 4, 1), ("tickets", 1, 3)):
        rows += [Row(object_, f"{prefix}{number:03d}", draw(owners), _no_links()) for number in range(count)]
    records = [row.key for row in rows]
    tickets = [key for key in records if key[0] == "tickets"]
    others = [key for key in records if key[0] != "tickets"]
    rows = [
        Row(row.object, row.id, row.owner, tuple(draw(st.lists(st.sampled_from(others), max_size=2, unique=True))))
        if row.key in tickets
        else row
        for row in rows
    ]
    for object_, prefix, count in (("notes", 7, 2), ("emails", 6, 2)):
        for number in range(count):
            links = tuple(draw(st.lists(st.sampled_from(records), max_size=2, unique=True)))
            rows.append(Row(object_, f"{prefix}{number:03d}", draw(owners), links))
    return World(teams, users, tuple(rows))


@st.composite
def _users(draw: st.DrawFn, number: int, teams: list[str]) -> User:
    rights = {name: Right(draw(st.sampled_from(VIEWS)), draw(st.booleans())) for name in FIELDS}
    return User(
        id=f"7001{number:04d}",
        owner=f"6001{number:04d}",
        super_admin=draw(st.sampled_from([False, False, False, False, False, True])),
        teams=tuple(draw(st.lists(st.sampled_from(teams), max_size=2, unique=True))),
        rights={name: right for name, right in rights.items() if right != Right("none", unassigned=False)},
        hidden=draw(st.frozensets(st.sampled_from(_properties()), max_size=4)),
    )


def _no_links() -> tuple[tuple[str, str], ...]:
    return ()


def _properties() -> list[str]:
    return [f"{name}.{column}" for name, columns in FIELDS.items() for column in columns]
