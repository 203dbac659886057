"""Profiles and permission sets as records: `PermissionSet`, `ObjectPermissions`, `FieldPermissions`.

Derived from what the engine enforces and kept in the store's tables, made anew when it has changed. As in Salesforce,
every profile owns a permission set, and there is a row only where something is granted. What a profile hides, it does
not grant; what was hidden from one person is missing in her profile and in her permission sets (Salesforce hides
nothing from one person).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from connectors.sandbox.salesforce.content import DOCUMENT, LINK, VERSION
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.permissions import SETUP_ONLY, Grant
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.store import Table
from connectors.sandbox.salesforce.values import Row, stamp, text_of

if TYPE_CHECKING:
    from connectors.sandbox.salesforce.org import Org

_SYSTEM: Final = ("ApiEnabled", "ModifyAllData", "ViewAllData", "ViewSetup")
_LETTERS: Final = {
    "C": "PermissionsCreate",
    "R": "PermissionsRead",
    "E": "PermissionsEdit",
    "D": "PermissionsDelete",
    "V": "PermissionsViewAllRecords",
    "M": "PermissionsModifyAllRecords",
}
_FOLLOWERS: Final = frozenset({"CaseComment", "EmailMessage", "FeedItem", DOCUMENT, LINK, VERSION})
"""Objects without rights of their own in Salesforce."""
_OWNED_FROM: Final = 900_000
"""Numbers of the permission sets that profiles own."""
_FIELDS_EACH: Final = 10_000
"""Numbers for the field permissions of one permission set: a row keeps its id while others come and go."""


@dataclass(frozen=True, slots=True)
class _Holder:
    """A permission set. `owner` is the profile that owns it, `withdrawn` the fields that somebody who has it lost."""

    id: str
    grant: Grant
    owner: str
    withdrawn: frozenset[str]

    def reads(self, name: str) -> bool:
        """Whether it gives read access to a permissionable field ("Case.Subject")."""
        given = name not in self.grant.hidden_fields if self.owner else name in self.grant.fields
        return given and name not in self.withdrawn


def prepare(org: "Org", kind: str) -> None:
    """Bring the rows of `kind` up to date, if it is one of these objects."""
    as_of = (org.permissions.generation, org.store.sharing_generation)
    if kind not in SETUP_ONLY or org.rights_as_of == as_of:
        return
    holders = list(_holders(org))
    kinds = [each for each in org.schema.objects.values() if not each.setup and not each.virtual]
    made = {
        "PermissionSet": map(_permission_set, holders),
        "ObjectPermissions": _object_permissions(org, holders, kinds),
        "FieldPermissions": _field_permissions(org, holders, kinds),
    }
    now = stamp(org.metadata_modified)
    for name, rows in made.items():
        _fill(org, name, rows, now)
    org.rights_as_of = as_of


def _fill(org: "Org", name: str, rows: Iterable[Row], now: str) -> None:
    """Put the rows into a fresh table: no transaction of a user takes them back."""
    known = org.kind(name)
    admin = min(text_of(user, "Id") for user in org.users())
    system: Row = {"IsDeleted": False, "CreatedDate": now, "CreatedById": admin, "LastModifiedDate": now,
              "LastModifiedById": admin, "SystemModstamp": now}  # fmt: skip
    table = Table(known)
    for row in rows:
        table.put(text_of(row, "Id"), {key: system[key] for key in system if known.field(key)} | row)
    org.store.tables[name] = table


def _holders(org: "Org") -> Iterator[_Holder]:
    profiles = {text_of(user, "Id"): text_of(user, "ProfileId") for user in org.users()}
    lost: dict[str, set[str]] = {}
    for who, field in org.permissions.withdrawn[1]:
        lost.setdefault(profiles.get(who, who), set()).add(field)
        for grant in org.permissions.sets if who in profiles else ():
            if who in grant.assignees:
                lost.setdefault(grant.id, set()).add(field)
    for number, grant in enumerate(org.permissions.profiles, _OWNED_FROM):
        owned = mint("0PS", org.pod, number)
        yield _Holder(owned, grant, grant.id, frozenset(lost.get(grant.id, ())))
    for grant in org.permissions.sets:
        yield _Holder(grant.id, grant, "", frozenset(lost.get(grant.id, ())))


def _permission_set(holder: _Holder) -> Row:
    name = f"X{holder.owner[:15]}" if holder.owner else holder.grant.name.replace(" ", "_")
    return {
        "Id": holder.id,
        "Name": name,
        "Label": holder.grant.name,
        "Type": "Profile" if holder.owner else "Regular",
        "IsCustom": True,
        "IsOwnedByProfile": bool(holder.owner),
        "ProfileId": holder.owner or None,
        **{f"Permissions{name}": name in holder.grant.permissions for name in _SYSTEM},
    }


def _object_permissions(org: "Org", holders: Iterable[_Holder], kinds: Iterable[ObjectType]) -> Iterator[Row]:
    numbers = count(1)
    for holder in holders:
        for kind in kinds:
            number, letters = next(numbers), holder.grant.objects.get(kind.name, frozenset())
            if letters and kind.name not in _FOLLOWERS:
                yield {
                    "Id": mint("110", org.pod, number),
                    "ParentId": holder.id,
                    "SobjectType": kind.name,
                    **{field: letter in letters for letter, field in _LETTERS.items()},
                }


def _field_permissions(org: "Org", holders: Iterable[_Holder], kinds: Iterable[ObjectType]) -> Iterator[Row]:
    fields = [
        (kind.name, item)
        for kind in kinds
        for item in kind.fields.values()
        if org.permissions.permissionable(kind.name, item)
    ]
    for place, holder in enumerate(holders):
        for number, (kind_name, item) in enumerate(fields, place * _FIELDS_EACH + 1):
            name = f"{kind_name}.{item.name}"
            if holder.reads(name):
                yield {
                    "Id": mint("01k", org.pod, number),
                    "ParentId": holder.id,
                    "SobjectType": kind_name,
                    "Field": name,
                    "PermissionsRead": True,
                    "PermissionsEdit": item.updateable and name not in holder.grant.readonly_fields,
                }
