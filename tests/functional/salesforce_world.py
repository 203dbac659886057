"""An oracle's world loaded into the real engine, and the engine's verdicts as its users get them over the API."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from connectors.sandbox.salesforce.api import ApiRequest, handle
from connectors.sandbox.salesforce.org import Org
from tests.functional.oracle_salesforce import CHILDREN, FIELDS, Level, Oracle, Profile, Row, User, World
from tests.functional.oracle_salesforce_worlds import ADMIN

_V = "/services/data/v66.0"
_ADMIN_PROFILE = "00e5e0000000099"
_TEXT = "something"
_ACCESS = ("HasReadAccess", "HasEditAccess", "HasDeleteAccess")


class _Clock:
    """One moment."""

    def now(self) -> datetime:
        """That moment."""
        return datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Engine:
    """An org of the sandbox that holds a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.org = Org.load(document(world), list(records(world)), _Clock())

    def ask(self, user: str, path: str, **query: str) -> tuple[int, Any]:
        """Status and JSON of a GET as a user."""
        answer = handle(self.org, user, "https://crm.example", ApiRequest("GET", _V + path, query, {}, b"", ""))
        return answer.status, json.loads(answer.body)

    def soql(self, user: str, text: str) -> list[dict[str, Any]] | str:
        """The rows of a query, or its error code."""
        status, body = self.ask(user, "/query", q=text)
        rows: list[dict[str, Any]] = body["records"] if status == requests.codes.ok else []
        return rows if status == requests.codes.ok else str(body[0]["errorCode"])


def document(world: World) -> dict[str, Any]:
    """The org as the sandbox loads it. An administrator is there for questions about others."""
    return {
        "org": {"Id": "00D5e0000000001", "Name": "Random", "alias": "random", "my_domain": "random"},
        "roles": [{"Id": role, "Name": role, "ParentRoleId": parent} for role, parent in world.roles.items()],
        "profiles": [
            {"Id": _ADMIN_PROFILE, "Name": "Admin", "permissions": ["ApiEnabled", "ViewAllData", "ModifyAllData"]},
            *({**_source(profile), "hidden_fields": sorted(profile.fields)} for profile in world.profiles),
        ],
        "permission_sets": [
            {**_source(given), "fields": sorted(given.fields), "assignees": sorted(given.assignees)}
            for given in world.sets
        ],
        "users": [
            {
                "Id": user.id, "Username": f"{user.id}@random.example", "LastName": user.id, "IsActive": True,
                "Email": f"{user.id}@random.example", "ProfileId": user.profile, "UserRoleId": user.role,
            }
            for user in (User(ADMIN, _ADMIN_PROFILE, None), *world.users)
        ],
        "groups": [
            {
                "Id": group.id, "Name": group.id, "Type": "Queue" if group.queue else "Regular",
                "members": sorted(group.members),
            }
            for group in world.groups
        ],
        "owd": dict(world.owd),
        "shares": [
            {"ParentId": share.row, "UserOrGroupId": share.grantee, "AccessLevel": "Edit" if share.edit else "Read"}
            for share in world.shares
        ],
        "restriction_rules": [
            {
                "targetEntity": "Case",
                "userCriteria": f"$User.ProfileId = '{rule.profile}'",
                "recordFilter": f"Priority = '{rule.priority}'" if rule.priority else "OwnerId = $User.Id",
            }
            for rule in [world.restriction]
            if rule
        ],
    }  # fmt: skip


def records(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records as the sandbox loads them."""
    for row in world.rows:
        fields: dict[str, Any] = {"Id": row.id, **dict.fromkeys(FIELDS[row.object], _TEXT)}
        if row.object == "Account":
            fields |= {"Name": row.id, "OwnerId": row.owner}
        elif row.object == "Contact":
            fields |= {"LastName": row.id, "OwnerId": row.owner, "AccountId": row.parent, "Email": "a@b.example"}
        elif row.object == "Case":
            fields |= {"OwnerId": row.owner, "Priority": row.priority}
            fields |= {"AccountId": row.parent or None, "ContactId": row.contact or None}
        elif row.object == "Task":
            fields |= {"OwnerId": row.owner, "WhatId": row.parent or None, "Subject": row.id}
        elif row.object == "CaseComment":
            fields |= {"ParentId": row.parent, "CreatedById": row.owner}
        else:
            status = "5" if row.draft else "1"
            fields |= {"ParentId": row.parent, "RelatedToId": row.parent, "CreatedById": row.owner, "Status": status}
        yield row.object, fields


def _source(profile: Profile) -> dict[str, Any]:
    return {
        "Id": profile.id,
        "Name": profile.id,
        "permissions": sorted(profile.permissions),
        "objects": {name: letters for name, letters in profile.objects.items() if letters},
    }


def differences(world: World) -> tuple[list[str], int]:
    """Where engine and oracle disagree, and how many verdicts were compared."""
    comparison = _Comparison(world)
    for user in world.users:
        for object_ in FIELDS:
            comparison.of_object(user, object_)
        for row in world.rows:
            comparison.of_row(user, row)
            if row.object not in CHILDREN:
                comparison.of_access(user, row)
        comparison.of_parents(user)
    return comparison.found, comparison.count


class _Comparison:
    """The verdicts of both sides, one by one."""

    def __init__(self, world: World) -> None:
        self.found: list[str] = []
        self.count = 0
        self._world = world
        self._engine = Engine(world)
        self._oracle = Oracle(world)

    def of_object(self, user: User, object_: str) -> None:
        """Describe, and a query for each field."""
        known, shown = self._oracle.knows(user, object_), self._shown(user, object_)
        visible = {row.id for row in self._rows(object_) if self._oracle.reads(user, row)}
        status, body = self._engine.ask(user.id, f"/sobjects/{object_}/describe")
        names = {entry["name"] for entry in body["fields"]} if status == requests.codes.ok else set()
        self._note(f"{user.id} describe {object_}", status, 200 if known else 404)
        for name in FIELDS[object_]:
            self._note(f"{user.id} describe {object_}.{name}", name in names, known and name in shown)
            answer = self._engine.soql(user.id, f"SELECT Id, {name} FROM {object_}")
            got: object = answer if isinstance(answer, str) else {row["Id"][:15] for row in answer if row[name]}
            right: object = "INVALID_TYPE" if not known else visible if name in shown else "INVALID_FIELD"
            self._note(f"{user.id} query {object_}.{name}", got, right)

    def of_row(self, user: User, row: Row) -> None:
        """A record by its id: whole, and each field by name."""
        visible, shown = self._oracle.reads(user, row), self._shown(user, row.object)
        status, body = self._engine.ask(user.id, f"/sobjects/{row.object}/{row.id}")
        self._note(f"{user.id} get {row.id}", status, 200 if visible else 404)
        if visible and status == requests.codes.ok:
            self._note(f"{user.id} fields {row.id}", [name for name in FIELDS[row.object] if name in body], shown)
        for name in FIELDS[row.object]:
            status, _ = self._engine.ask(user.id, f"/sobjects/{row.object}/{row.id}", fields=name)
            right = 404 if not visible else 200 if name in shown else 400
            self._note(f"{user.id} get {row.id}.{name}", status, right)

    def of_parents(self, user: User) -> None:
        """A field of a case's contact: empty unless the contact itself can be read."""
        answer = self._engine.soql(user.id, "SELECT Id, Contact.Department FROM Case")
        right: object
        if not self._oracle.knows(user, "Case"):
            right = "INVALID_TYPE"
        elif not self._oracle.knows(user, "Contact") or "Department" not in self._shown(user, "Contact"):
            right = "INVALID_FIELD"
        else:
            contacts = {row.id for row in self._rows("Contact") if self._oracle.reads(user, row)}
            cases = [row for row in self._rows("Case") if self._oracle.reads(user, row)]
            right = {row.id for row in cases if row.contact in contacts}
        got = answer if isinstance(answer, str) else {row["Id"][:15] for row in answer if _department(row["Contact"])}
        self._note(f"{user.id} contacts of cases", got, right)

    def of_access(self, user: User, row: Row) -> None:
        """`UserRecordAccess` as the administrator asks for it."""
        answer = self._engine.soql(
            ADMIN,
            "SELECT RecordId, HasReadAccess, HasEditAccess, HasDeleteAccess FROM UserRecordAccess "
            f"WHERE UserId = '{user.id}' AND RecordId = '{row.id}'",
        )
        level = self._oracle.record_access(user, row)
        right = [(level >= Level.READ, level >= Level.EDIT, level >= Level.ALL)]
        got = answer if isinstance(answer, str) else [tuple(entry[name] for name in _ACCESS) for entry in answer]
        self._note(f"{user.id} access {row.id}", got, right)

    def _rows(self, object_: str) -> list[Row]:
        return [row for row in self._world.rows if row.object == object_]

    def _shown(self, user: User, object_: str) -> list[str]:
        return [name for name in FIELDS[object_] if self._oracle.field(user, object_, name)]

    def _note(self, what: str, engines: object, oracles: object) -> None:
        self.count += 1
        if engines != oracles:
            self.found.append(f"{what}: the engine says {engines!r}, the contract {oracles!r}")


def _department(contact: Mapping[str, Any] | None) -> object:
    return contact and contact["Department"]
