"""Who reads what in a Salesforce org: a brute-force model written from the rules, for judging the sandbox's engine.

It imports nothing of the sandbox and shares no idea with it: reading is a relation that grows from owners, shares and
defaults until nothing can be added (a least fixed point), where the engine climbs from one record to its parents.
Rules: section 1.5 and 4.2 of the CRM contract, and the sharing chapters of Salesforce's documentation.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

JSON = dict[str, Any]
SYSTEM = {
    "Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"
}  # fmt: skip
FOLLOW_THEIR_PARENT = {
    "CaseComment": ("ParentId",),
    "EmailMessage": ("ParentId", "RelatedToId", "ActivityId"),
    "FeedItem": ("ParentId",),
}
ACTIVITIES = {"Task": ("WhatId", "WhoId"), "Event": ("WhatId", "WhoId")}


class Model:
    """One org: its document and its records, as (object, row) with ids of 18 characters.

    Beside what the sandbox loads, the document lists what was taken away since: `hidden` (user, `Object.Field`) and
    `revoked` (user, object).
    """

    def __init__(self, document: JSON, records: Iterable[tuple[str, JSON]]) -> None:
        self._document = document
        self._records = {row["Id"]: (kind, row) for kind, row in records}
        self._users = {user["Id"]: user for user in document["users"]}
        self._roles = {role["Id"]: role.get("ParentRoleId") for role in document["roles"]}
        self._rights = cache(self._rights_of)
        self._circle = cache(self._circle_of)

    def readable(self, user_id: str) -> set[str]:
        """Ids of the live records that a user may read, restriction rules applied."""
        known: set[str] = set()
        while grown := {other for other in self._records.keys() - known if self._add(user_id, other, known)}:
            known |= grown
        free = {record_id for record_id in known if not self._restricted(user_id, record_id)}
        return {record_id for record_id in free if not self._records[record_id][1].get("IsDeleted")}

    def hidden(self, user_id: str, kind: str) -> set[str]:
        """The fields of an object that field-level security keeps from a user."""
        profile = self._profile(user_id)
        given = {name for grant in self._grants(user_id) for name in grant.get("fields", ())}
        names = {name for name in profile.get("hidden_fields", ()) if name not in given}
        found = {name.partition(".")[2] for name in names if name.startswith(f"{kind}.")}
        taken = {
            name.partition(".")[2]
            for user, name in self._document["hidden"]
            if user == user_id and name.startswith(f"{kind}.")
        }
        return (found | taken) - SYSTEM

    def may_read_object(self, user_id: str, kind: str) -> bool:
        """Whether the object exists for a user at all."""
        return "R" in self._rights(user_id, kind)

    def _add(self, user_id: str, record_id: str, known: set[str]) -> bool:
        """Whether a record is readable, given that those in `known` are reachable."""
        kind, row = self._records[record_id]
        rights = self._rights(user_id, kind)
        if "R" not in rights:
            return False
        if self._may_all(user_id, "ModifyAllData"):
            return True
        if kind == "EmailMessage" and row.get("Status") == "5" and row.get("CreatedById") != user_id:
            return False
        return "V" in rights or any(self._reasons(user_id, kind, row, known))

    def _reasons(self, user_id: str, kind: str, row: JSON, known: set[str]) -> Iterator[bool]:
        if kind == "Knowledge__kav":
            yield row.get("PublishStatus") == "Online" or "E" in self._rights(user_id, kind)
            return
        parents = [row.get(name) for name in FOLLOW_THEIR_PARENT.get(kind, ())]
        default = self._document.get("owd", {}).get(kind, "Private")
        if kind == "Contact" and default == "ControlledByParent" and row.get("AccountId"):
            parents = [row["AccountId"]]
        elif kind not in FOLLOW_THEIR_PARENT:
            yield default in {"Read", "ReadWrite"}
            circle = self._circle(user_id)
            yield row["OwnerId"] in circle
            yield any(
                share["ParentId"] == row["Id"] and share["UserOrGroupId"] in circle
                for share in self._document.get("shares", ())
            )
            parents = [row.get(name) for name in ACTIVITIES.get(kind, ())]
        yield any(self._opens(parent, row, known) for parent in parents)
        if kind == "Account":
            yield any(
                other.get("AccountId") == row["Id"] and not other.get("IsDeleted") and other_id in known
                for other_id, (child, other) in self._records.items()
                if child in {"Case", "Contact", "Opportunity"}
                and self._document.get("owd", {}).get(child) != "ControlledByParent"
            )

    def _opens(self, parent_id: object, child: JSON, known: set[str]) -> bool:
        if parent_id not in self._records or parent_id not in known:
            return False
        return bool(child.get("IsDeleted")) or not self._records[str(parent_id)][1].get("IsDeleted")

    def _circle_of(self, user_id: str) -> set[str]:
        """Everybody in whose name a user reads: herself, whoever is below her, their roles and groups."""
        circle = {user_id}
        role = self._users[user_id].get("UserRoleId")
        if role:
            below = {role} | {other for other in self._roles if role in self._above(other)}
            circle |= below
            circle |= {user["Id"] for user in self._users.values() if user.get("UserRoleId") in below - {role}}
        for _ in self._document["groups"]:
            circle |= {group["Id"] for group in self._document["groups"] if set(group["members"]) & circle}
        return circle

    def _above(self, role: str) -> set[str]:
        above: set[str] = set()
        at = self._roles.get(role)
        while at and at not in above:
            above.add(at)
            at = self._roles.get(at)
        return above

    def _profile(self, user_id: str) -> JSON:
        wanted = self._users[user_id]["ProfileId"]
        found: JSON = next(profile for profile in self._document["profiles"] if profile["Id"] == wanted)
        return found

    def _grants(self, user_id: str) -> list[JSON]:
        sets = [item for item in self._document["permission_sets"] if user_id in item["assignees"]]
        return [self._profile(user_id), *sets]

    def _may_all(self, user_id: str, permission: str) -> bool:
        return any(permission in grant.get("permissions", ()) for grant in self._grants(user_id))

    def _rights_of(self, user_id: str, kind: str) -> set[str]:
        if (user_id, kind) in self._document["revoked"]:
            return set()
        grants = self._grants(user_id)
        letters = {letter for grant in grants for letter in grant.get("objects", {}).get(kind, "")}
        if kind in {"CaseComment", "EmailMessage"} and all(kind not in grant.get("objects", {}) for grant in grants):
            letters |= self._rights(user_id, "Case") & {"R", "V", "M"}
        if kind == "FeedItem" or self._may_all(user_id, "ViewAllData") or self._may_all(user_id, "ModifyAllData"):
            letters.add("R")
        if self._may_all(user_id, "ViewAllData") or self._may_all(user_id, "ModifyAllData"):
            letters.add("V")
        if "M" in letters:
            letters.add("V")
        return letters | ({"R"} if "V" in letters else set())

    def _restricted(self, user_id: str, record_id: str) -> bool:
        kind, row = self._records[record_id]
        if "V" in self._rights(user_id, kind):
            return False
        return any(
            rule["targetEntity"] == kind
            and rule["userCriteria"] == f"$User.Id = '{user_id}'"
            and row.get("OwnerId") != user_id
            for rule in self._document.get("restriction_rules", ())
        )
