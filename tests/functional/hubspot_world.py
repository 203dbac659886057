"""An oracle's portal loaded into the real engine, and the engine's verdicts as its users get them over the API."""

import json
from collections.abc import Iterator
from typing import Any

import requests

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.api import handle
from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.wire import Request
from tests.functional.oracle_hubspot import FIELDS, Oracle, Row, User, World

VERSION = "2026-03"
_AT = "2026-11-01T08:00:00.000Z"
_TEXT = "something"
_SCOPES = frozenset(
    {
        "tickets", "crm.objects.contacts.read", "crm.objects.companies.read", "crm.objects.owners.read",
        "sales-email-read",
    }
)  # fmt: skip
_TYPES = {
    ("tickets", "contacts"): 16, ("tickets", "companies"): 339, ("notes", "contacts"): 202, ("notes", "companies"): 190,
    ("notes", "tickets"): 228, ("emails", "contacts"): 198, ("emails", "companies"): 186, ("emails", "tickets"): 224,
}  # fmt: skip
"""Association types from left to right (contract, 2.4)."""


class Engine:
    """A portal of the sandbox that holds a world."""

    def __init__(self, world: World) -> None:
        self._portal = Portal.load(document(world), list(records(world)), Clock())

    def ask(self, caller: Caller, path: str, body: object = None, query: str = "") -> tuple[int, Any]:
        """Status and JSON of a GET, or with a body of a POST."""
        raw = b"" if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        request = Request(method, f"/crm/objects/{VERSION}/{path}", {}, {}, raw, "https://portal.test", query)
        answer = handle(self._portal, caller, request)
        return answer.status, json.loads(answer.body)


def document(world: World) -> dict[str, Any]:
    """The portal as the sandbox loads it."""
    return {
        "vendor": "hubspot",
        "portal": {"id": "777", "name": "Random", "alias": "random"},
        "users": [
            {
                "id": user.id, "email": f"{user.id}@random.example", "firstName": "U", "lastName": user.id,
                "superAdmin": user.super_admin, "primaryTeamId": user.main_team,
                "secondaryTeamIds": list(user.teams[1:]), "hidden_properties": sorted(user.hidden), "active": True,
                "permissions": {
                    name: {"view": right.view, "edit": "none", "unassigned": right.unassigned}
                    for name, right in user.rights.items()
                },
            }
            for user in world.users
        ],
        "owners": [
            {
                "id": user.owner, "userId": user.id, "email": f"{user.id}@random.example", "firstName": "U",
                "lastName": user.id, "type": "PERSON", "archived": False,
            }
            for user in world.users
        ],
        "teams": [
            {
                "id": team, "name": team, "parentTeamId": parent,
                "userIds": [user.id for user in world.users if user.main_team == team],
                "secondaryUserIds": [user.id for user in world.users if team in user.teams[1:]],
            }
            for team, parent in world.teams.items()
        ],
        "properties": {"tickets": [{"name": "risk", "label": "Risk", "type": "string", "fieldType": "text"}]},
    }  # fmt: skip


def records(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records and associations as the sandbox loads them."""
    for row in world.rows:
        properties: dict[str, Any] = {**dict.fromkeys(FIELDS[row.object], _TEXT), "hubspot_owner_id": row.owner or None}
        if row.object in {"notes", "emails"}:
            properties["hs_timestamp"] = _AT
        yield row.object, {"id": row.id, "properties": properties, "createdAt": _AT, "updatedAt": _AT}
    for row in world.rows:
        for other in row.links:
            types = [{"category": "HUBSPOT_DEFINED", "typeId": _TYPES[row.object, other[0]]}]
            yield "associations", {"from": list(row.key), "to": list(other), "types": types}


def differences(world: World) -> tuple[list[str], int]:
    """Where engine and oracle disagree, and how many verdicts were compared."""
    comparison = _Comparison(world)
    for user in (*world.users, None):
        for object_ in FIELDS:
            comparison.of_object(user, object_)
        for row in world.rows:
            comparison.of_row(user, row)
    return comparison.found, comparison.count


class _Comparison:
    """The verdicts of both sides, one by one. `None` for a user is an account-level app, which sees everything."""

    def __init__(self, world: World) -> None:
        self.found: list[str] = []
        self.count = 0
        self._world = world
        self._engine = Engine(world)
        self._oracle = Oracle(world)

    def of_object(self, user: User | None, object_: str) -> None:
        """List, batch read and search, and a search by each property's value."""
        rows = [row for row in self._world.rows if row.object == object_]
        visible = {row.id: self._shown(user, object_) for row in rows if self._reads(user, row)}
        names = FIELDS[object_]
        query = "&".join(["limit=100", *(f"properties={name}" for name in names)])
        self._note(user, f"list {object_}", self._records(user, object_, query=query), visible)
        inputs = {
            "inputs": [{"id": row.id} for row in rows], "properties": list(names), "propertiesWithHistory": [],
        }  # fmt: skip
        self._note(user, f"batch {object_}", self._records(user, f"{object_}/batch/read", inputs), visible)
        self._note(user, f"search {object_}", self._search(user, object_, []), visible)
        for name in names:
            filters = [{"propertyName": name, "operator": "EQ", "value": _TEXT}]
            right = visible if name in self._shown(user, object_) else {}
            self._note(user, f"search {object_} by {name}", self._search(user, object_, filters), right)

    def of_row(self, user: User | None, row: Row) -> None:
        """A record by its id, and the ids of those associated with it, inline and by themselves."""
        visible, shown = self._reads(user, row), self._shown(user, row.object)
        others = sorted({other.object for other in self._oracle.linked(row)})
        query = "&".join(
            [*(f"properties={name}" for name in FIELDS[row.object]), *(f"associations={name}" for name in others)]
        )
        status, body = self._ask(user, f"{row.object}/{row.id}", query=query)
        self._note(user, f"get {row.key}", status == requests.codes.ok, visible)
        if not visible or status != requests.codes.ok:
            return
        self._note(user, f"properties {row.key}", _texts(body, row.object), shown)
        inline = body.get("associations") or {}
        for name in others:
            seen = {other.id for other in self._oracle.linked(row) if other.object == name and self._reads(user, other)}
            got = {str(entry["id"]) for entry in (inline.get(name) or {"results": []})["results"]}
            self._note(user, f"inline {name} of {row.key}", got, seen)
            status, answer = self._ask(user, f"{row.object}/{row.id}/associations/{name}")
            listed = answer["results"] if status == requests.codes.ok else []
            self._note(user, f"{name} of {row.key}", {str(entry["toObjectId"]) for entry in listed}, seen)

    def _records(self, user: User | None, path: str, body: object = None, query: str = "") -> dict[str, list[str]]:
        """Ids with the properties that have a value; none when the request is refused."""
        status, answer = self._ask(user, path, body, query)
        results = answer["results"] if status in {requests.codes.ok, requests.codes.multi_status} else []
        return {entry["id"]: _texts(entry, path.partition("/")[0]) for entry in results}

    def _search(self, user: User | None, object_: str, filters: list[dict[str, str]]) -> dict[str, list[str]]:
        body = {
            "filterGroups": [{"filters": filters}] if filters else [], "sorts": [], "properties": list(FIELDS[object_]),
            "limit": 100, "after": "0",
        }  # fmt: skip
        return self._records(user, f"{object_}/search", body)

    def _ask(self, user: User | None, path: str, body: object = None, query: str = "") -> tuple[int, Any]:
        caller = Caller(user.id if user else self._world.users[0].id, "4711", user is not None, _SCOPES)
        return self._engine.ask(caller, path, body, query)

    def _reads(self, user: User | None, row: Row) -> bool:
        return user is None or self._oracle.reads(user, row)

    def _shown(self, user: User | None, object_: str) -> list[str]:
        return [name for name in FIELDS[object_] if user is None or self._oracle.field(user, object_, name)]

    def _note(self, user: User | None, what: str, engines: object, oracles: object) -> None:
        self.count += 1
        if engines != oracles:
            who = user.id if user else "the app"
            self.found.append(f"{who} {what}: the engine says {engines!r}, the contract {oracles!r}")


def _texts(entry: dict[str, Any], object_: str) -> list[str]:
    """The properties of a record that have a value, of those that were asked for."""
    return [name for name in FIELDS[object_] if entry["properties"].get(name)]
