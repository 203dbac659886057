"""The people of a portal as OAuth sees them: who may install what, and which scopes each can give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.sandbox.hubspot.oauth.apps import SCOPES, TIERS
from connectors.sandbox.hubspot.portal import HubUser, Portal

SUPER_ADMIN: Final = "Super Admin"


@dataclass(frozen=True, slots=True)
class Person:
    """One user of an account of some tier. `denied` are scopes that were taken from her behind her back."""

    id: str
    email: str
    name: str
    role: str
    super_admin: bool
    marketplace: bool
    active: bool
    permissions: Mapping[str, Mapping[str, object]]
    tier: str
    denied: frozenset[str]

    def may_grant(self, scope: str, *, user_level: bool) -> bool:
        """Whether she can give an app this scope: her own right in a user-level install, the account's otherwise."""
        wanted = SCOPES[scope]
        if scope in self.denied or TIERS.index(self.tier) < TIERS.index(wanted.tier):
            return False
        if not user_level or self.super_admin:
            return True
        if wanted.right == "admin":
            return False
        given = self.permissions.get(wanted.object_, {})
        return not wanted.right or wanted.object_ == "custom" or given.get(wanted.right, "none") != "none"


class People:
    """The users of one portal."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self.denied: dict[str, frozenset[str]] = {}
        """Scopes that `revoke_scope` took, by user id; "" stands for everybody."""

    @property
    def hub_id(self) -> str:
        """The portal's id."""
        return self._portal.hub_id

    @property
    def portal_name(self) -> str:
        """The portal's name."""
        return self._portal.name

    @property
    def hub_domain(self) -> str:
        """The domain that HubSpot gives an account without one of its own."""
        return f"{self._portal.alias}-{self._portal.hub_id}.hubspot-sandbox.example"

    def person(self, key: str) -> Person | None:
        """A user by id or e-mail."""
        found = next((user for user in self._portal.users() if key in {user.id, user.email}), None) if key else None
        return self._person(found) if found else None

    def everybody(self) -> list[Person]:
        """All users."""
        return [self._person(user) for user in self._portal.users()]

    def taken(self, user_id: str) -> frozenset[str]:
        """The scopes that were taken from a user."""
        return self.denied.get(user_id, frozenset()) | self.denied.get("", frozenset())

    def _person(self, user: HubUser) -> Person:
        role = next((role["name"] for role in self._portal.roles if role["id"] == user.role_id), "")
        return Person(
            id=user.id,
            email=user.email,
            name=f"{user.first_name} {user.last_name}".strip() or user.email,
            role=SUPER_ADMIN if user.super_admin else str(role),
            super_admin=user.super_admin,
            marketplace=user.marketplace,
            active=user.active,
            permissions=user.permissions,
            tier=self._portal.tier,
            denied=self.taken(user.id),
        )
