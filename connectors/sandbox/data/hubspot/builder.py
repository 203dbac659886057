"""Collects the objects of the portal and the associations between them."""

from datetime import UTC, datetime
from typing import Any, Final

from connectors.sandbox.data.builder import NOW, Ledger
from connectors.sandbox.salesforce.values import Row

Item = tuple[str, dict[str, Any]]
"""(type name, object), or ("associations", which two objects by which types)."""

_FIRST: Final = {
    "devices": 19_400_000_000,
    "tickets": 27_310_000_000,
    "companies": 31_400_000_000,
    "deals": 42_600_000_000,
    "emails": 55_200_000_000,
    "notes": 61_700_000_000,
    "calls": 66_300_000_000,
    "tasks": 68_900_000_000,
    "contacts": 84_100_000_000,
    "users": 61_204_000,
    "owners": 158_330_000,
    "teams": 9_120_000,
    "roles": 340_200,
}
"""Where the ids of a type begin. No two types meet, so that a test can look up a record by its id alone."""
_STEP, _JITTER = 13, 5

DEVICE_TYPE: Final = "2-48210001"
"""Object type id of the portal's custom object."""

_DEFINED: Final = {
    ("tickets", "contacts"): (16,),
    ("tickets", "companies"): (339, 26),
    ("tickets", "deals"): (28,),
    ("contacts", "companies"): (279, 1),
    ("deals", "contacts"): (3,),
    ("deals", "companies"): (341, 5),
    ("notes", "tickets"): (228,),
    ("notes", "contacts"): (202,),
    ("notes", "companies"): (190,),
    ("emails", "tickets"): (224,),
    ("emails", "contacts"): (198,),
    ("emails", "companies"): (186,),
    ("calls", "tickets"): (220,),
    ("calls", "contacts"): (194,),
    ("calls", "companies"): (182,),
    ("tasks", "tickets"): (230,),
    ("tasks", "contacts"): (204,),
    ("tasks", "companies"): (192,),
}
"""HubSpot's own association types, primary company included (association_type.py of hubspot-api-client)."""
_CUSTOM: Final = {("tickets", "devices"): (37,), ("devices", "companies"): (39,)}
"""Types of the custom object's associations, which the portal made itself."""


class PortalBuilder(Ledger):
    """The portal in the making. Ids count up per type, so the n-th object of a type has the same id at every seed."""

    key = "hs_object_id"

    def __init__(self, alias: str, seed: int, *, marks: bool = True) -> None:
        super().__init__(alias, seed, marks=marks)
        self.records: list[Item] = []

    def mint(self, type_: str) -> str:
        """The next id of a type."""
        return object_id(type_, self.advance(type_))

    def add(
        self,
        type_: str,
        created: datetime,
        properties: Row,
        *,
        changed: datetime | None = None,
        archived: datetime | None = None,
    ) -> Row:
        """Store an object; `properties` may hold an `hs_object_id` minted earlier. `changed` defaults to `created`.

        Returns:
            Its properties, all text or None. Contacts are modified by `lastmodifieddate`, everything else by
            `hs_lastmodifieddate`.
        """
        last = stamp(min(changed or created, NOW))
        made = stamp(created)
        full: Row = {
            "hs_object_id": properties.get("hs_object_id") or self.mint(type_),
            **properties,
            ("createdate" if type_ in {"tickets", "contacts", "companies", "deals"} else "hs_createdate"): made,
            ("lastmodifieddate" if type_ == "contacts" else "hs_lastmodifieddate"): last,
        }
        item: dict[str, Any] = {"id": full["hs_object_id"], "properties": full, "createdAt": made, "updatedAt": last}
        if archived:
            item |= {"archived": True, "archivedAt": stamp(archived), "updatedAt": stamp(archived)}
        self.records.append((type_, item))
        return full

    def associate(self, from_: tuple[str, object], to: tuple[str, object]) -> None:
        """Associate two objects, each as (type, id), by all default types of the pair."""
        pair = (from_[0], to[0])
        category, types = ("HUBSPOT_DEFINED", _DEFINED[pair]) if pair in _DEFINED else ("USER_DEFINED", _CUSTOM[pair])
        kinds = [{"category": category, "typeId": type_id} for type_id in types]
        self.records.append(
            ("associations", {"from": [from_[0], str(from_[1])], "to": [to[0], str(to[1])], "types": kinds})
        )


def object_id(type_: str, number: int) -> str:
    """The id of the `number`-th object of a type. Ids grow with gaps, as in a portal that many people use."""
    return str(_FIRST[type_] + number * _STEP + number * number % _JITTER)


def stamp(moment: datetime) -> str:
    """`2026-11-24T05:53:54.000Z`, as HubSpot writes instants."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
