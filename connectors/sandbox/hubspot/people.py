"""The people of a portal: users with their rights, the owners that records point at, and teams."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.sandbox.wire import JSON

LEVELS: Final = ("none", "owned", "team", "all")


@dataclass(frozen=True, slots=True)
class HubUser:
    """One user. `permissions`: type name -> {"view": level, "edit": level, "unassigned": bool}; missing means none.

    `hidden_properties` are "tickets.internal_risk_note"; `note` says in a sentence what this user sees.
    """

    id: str
    email: str
    first_name: str = ""
    last_name: str = ""
    super_admin: bool = False
    marketplace: bool = False
    role_id: str = ""
    primary_team_id: str = ""
    secondary_team_ids: tuple[str, ...] = ()
    permissions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hidden_properties: frozenset[str] = frozenset()
    edit_associations: bool = True
    active: bool = True
    note: str = ""

    @property
    def team_ids(self) -> frozenset[str]:
        """All teams that she is a member of."""
        return frozenset((self.primary_team_id, *self.secondary_team_ids)) - {""}

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> "HubUser":
        """A user from the portal document.

        Raises:
            ValueError: a right that is none.
        """
        permissions = {name: dict(rights) for name, rights in entry.get("permissions", {}).items()}
        for rights in permissions.values():
            check_rights(rights)
        return cls(
            id=str(entry["id"]),
            email=entry["email"],
            first_name=entry.get("firstName", ""),
            last_name=entry.get("lastName", ""),
            super_admin=bool(entry.get("superAdmin")),
            marketplace=bool(entry.get("marketplace")),
            role_id=str(entry.get("roleId") or ""),
            primary_team_id=str(entry.get("primaryTeamId") or ""),
            secondary_team_ids=tuple(str(one) for one in entry.get("secondaryTeamIds", ())),
            permissions=permissions,
            hidden_properties=frozenset(entry.get("hidden_properties", ())),
            edit_associations=bool(entry.get("editAssociations", True)),
            active=bool(entry.get("active", True)),
            note=entry.get("note", ""),
        )


def check_rights(rights: Mapping[str, Any]) -> None:
    """Refuse rights that nobody can have.

    Raises:
        ValueError: an unknown action or level.
    """
    for action, level in rights.items():
        if action == "unassigned" and isinstance(level, bool):
            continue
        if action not in {"view", "edit"} or level not in LEVELS:
            raise ValueError("a right is view or edit with all, team, owned or none, or unassigned with true or false")


class Directory:
    """Users, owners, teams and roles of one portal, with the look-ups that permissions need."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.users = {user.id: user for user in map(HubUser.read, document.get("users", ()))}
        self.owners: list[JSON] = [_owner(entry) for entry in document.get("owners", ())]
        self.teams: list[JSON] = [dict(team) for team in document.get("teams", ())]
        self.roles: list[JSON] = [dict(role) for role in document.get("roles", ())]
        self._parents = {str(team["id"]): str(team.get("parentTeamId") or "") for team in self.teams}
        self._user_of: dict[str, str] = {owner["id"]: owner["userId"] for owner in self.owners}
        self._owner_of: dict[str, str] = {owner["userId"]: owner["id"] for owner in self.owners if owner["userId"]}

    def owner(self, owner_id: str) -> JSON | None:
        """An owner by id, archived ones included."""
        return next((owner for owner in self.owners if owner["id"] == owner_id), None)

    def user_of(self, owner_id: str) -> str:
        """The user behind an owner; "" for a queue or an unknown id."""
        return self._user_of.get(owner_id, "")

    def owner_of(self, user_id: str) -> str:
        """The owner id of a user, or ""."""
        return self._owner_of.get(user_id, "")

    def line(self, team_id: str) -> tuple[str, ...]:
        """A team and those above it, whose members see its records too."""
        found: list[str] = []
        while team_id and team_id not in found:
            found.append(team_id)
            team_id = self._parents.get(team_id, "")
        return tuple(found)


def _owner(entry: Mapping[str, Any]) -> JSON:
    user_id = entry.get("userId")
    return {**entry, "id": str(entry["id"]), "userId": str(user_id) if user_id else ""}
