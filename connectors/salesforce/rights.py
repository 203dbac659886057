"""Which fields everyone reads who reads the record: asked of the org's own profiles and permission sets.

Only the setup knows; it takes a user with "View Setup and Configuration" (Object Reference, FieldPermissions).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import Fatal, Forbidden, NotFound
from connectors.salesforce import files
from connectors.salesforce.answers import SCHEMA_MOVED
from connectors.salesforce.client import Client
from connectors.salesforce.composite import MAX_SUBREQUESTS, Answer, Sub, query
from connectors.salesforce.pages import all_rows
from connectors.salesforce.soql import literal, object_name, select

GOVERNED: Mapping[str, str] = {
    "CaseComment": "Case",
    "EmailMessage": "Case",
    "FeedItem": "Case",
    files.OBJECT: "Case",
}
"""Objects without rights of their own -> whose readers read them: the connector reads them as parts of a case."""

_SETS, _PROFILES, _GRANTS, _FIELDS = "sets", "profiles", "grants", "fields"
_MUTING = "0QM"
"""Key prefix of MutingPermissionSet: its rows say what a group of permission sets takes away."""
_CONTENT = "VersionData"
"""The bytes of a file, from which `FileText` is read."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What an org's permission sets give.

    `profiles` are the sets that profiles of active users own, `others` all that no profile owns; `all_data` those of
    either that see all records. `objects` and `fields` ("Case.Subject") map a name to the sets that give Read on it;
    `muted` are fields that a group takes away again.
    """

    profiles: frozenset[str]
    others: frozenset[str]
    all_data: frozenset[str]
    objects: Mapping[str, frozenset[str]]
    fields: Mapping[str, frozenset[str]]
    muted: frozenset[str]

    def is_open(self, object_: str, name: str) -> bool:
        """Whether everyone who can read a record of `object_` can read its permissionable field `name`.

        Rights add up: nobody reads a record without Read on its object (or on all data) from one of her sets, and she
        reads a field as soon as one of them gives Read on it. She has exactly one profile. So she surely reads the
        field when the set that let her read the object gives it, or when her profile does: which profile goes with
        which permission set is not asked, so it must hold for every one that could. Where rights on the object are
        not kept per set, everybody counts as a reader of it. "View All Fields" is not looked at: without a row of its
        own a field counts as hidden, which errs on the safe side.
        """
        field = f"{object_}.{name}"
        giving = self.fields.get(field, frozenset())
        own = self.objects.get(object_, frozenset()) | self.objects.get(GOVERNED.get(object_, ""), frozenset())
        readers = own | self.all_data if own else self.profiles
        by_profile, by_set = readers & self.profiles, readers & self.others
        return by_profile <= giving and ((by_set <= giving and field not in self.muted) or self.profiles <= giving)


def open_fields(client: Client, objects: Sequence[str]) -> Mapping[str, frozenset[str]] | None:
    """`Session.open_fields`: see there.

    One round trip for up to 20 objects, and one more for each further 2,000 field permissions. A field that the object
    does not let anybody hide (`permissionable` in describe: system, required and name fields) is open.
    """
    names = sorted({object_name(name) for name in objects})
    asked = [
        query(_SETS, select(_SET_FIELDS, "PermissionSet")),
        query(_PROFILES, "SELECT ProfileId, COUNT(Id) FROM User WHERE IsActive = true GROUP BY ProfileId"),
        query(_GRANTS, _granted("ObjectPermissions", ("ParentId", "SobjectType"), {*names, *_governing(names)})),
        query(_FIELDS, _granted("FieldPermissions", ("ParentId", "SobjectType", "Field"), names)),
    ]
    describes = [Sub(name, "GET", f"sobjects/{name}/describe") for name in names]
    room = MAX_SUBREQUESTS - len(asked)
    batches = [[*asked, *describes[:room]]]
    batches += [describes[start : start + MAX_SUBREQUESTS] for start in range(room, len(describes), MAX_SUBREQUESTS)]
    answers = client.composites(batches)
    if any(answers[sub.name].code in SCHEMA_MOVED for sub in asked):
        return None
    try:
        found = {sub.name: all_rows(client, answers[sub.name]) for sub in asked}
    except (Forbidden, NotFound):
        return None
    rights = _rights(found)
    return {name: _open_of(name, answers[name], rights) for name in names}


_SET_FIELDS = ("Id", "IsOwnedByProfile", "ProfileId", "PermissionsViewAllData", "PermissionsModifyAllData")


def _granted(source: str, fields: Sequence[str], objects: Collection[str]) -> str:
    among = ",".join(literal(name) for name in sorted(objects))
    return select(fields, source, f"PermissionsRead = true AND SobjectType IN ({among})", "ORDER BY Id")


def _governing(names: Iterable[str]) -> set[str]:
    return {GOVERNED[name] for name in names if name in GOVERNED}


def _rights(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> Rights:
    active = {row["ProfileId"] for row in found[_PROFILES]}
    sets = found[_SETS]
    return Rights(
        profiles=frozenset(row["Id"] for row in sets if row["IsOwnedByProfile"] and row["ProfileId"] in active),
        others=frozenset(row["Id"] for row in sets if not row["IsOwnedByProfile"]),
        all_data=frozenset(
            row["Id"] for row in sets if row["PermissionsViewAllData"] or row["PermissionsModifyAllData"]
        ),
        objects=_parents(found[_GRANTS], lambda row: row["SobjectType"]),
        fields=_parents(found[_FIELDS], lambda row: row["Field"]),
        muted=frozenset(row["Field"] for row in found[_FIELDS] if row["ParentId"].startswith(_MUTING)),
    )


def _parents(rows: Iterable[Mapping[str, Any]], key: Callable[[Mapping[str, Any]], str]) -> dict[str, frozenset[str]]:
    parents: dict[str, set[str]] = {}
    for row in rows:
        parents.setdefault(key(row), set()).add(row["ParentId"])
    return {name: frozenset(ids) for name, ids in parents.items()}


def _open_of(object_: str, answer: Answer, rights: Rights) -> frozenset[str]:
    """The open fields of one object; none of one that this user does not see."""
    try:
        listed = answer.result()["fields"]
        found = {item["name"] for item in listed if not item["permissionable"] or rights.is_open(object_, item["name"])}
    except NotFound:
        return frozenset()
    except (KeyError, TypeError):
        raise Fatal("Salesforce gave a describe that the connector cannot read", code="bad_describe") from None
    return frozenset(found | ({files.TEXT} if object_ == files.OBJECT and _CONTENT in found else set()))
