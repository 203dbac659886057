"""Watches what leaves the building: judges every answer to a user by the bare rights, sharing no code with the engine.

Only tokens of the user-level app have rights of a user; with any other token the whole account may be seen. Rights are
read afresh for each answer. What is found is a bug of the sandbox.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.portal import HubUser, Portal
from connectors.sandbox.wire import Request, Response

_OBJECTS: Final = re.compile(r"/crm/(?:v\d/objects|objects/[\w-]+)/([\w-]+)(?:/.*)?")
_LINKED: Final = re.compile(r"/crm/(?:v\d/)?(?:objects/)?(?:[\w-]+/)+associations/([\w-]+)")
_BATCH_LINKED: Final = re.compile(r"/crm/(?:v\d/associations|associations/[\w-]+)/([\w-]+)/([\w-]+)/batch/.*")
_CREATED: Final = re.compile(r"/crm/(?:v\d/objects|objects/[\w-]+)/[\w-]+(?:/batch/(?:create|upsert))?")
_ENGAGEMENTS: Final = frozenset({"notes", "emails", "calls", "meetings", "tasks"})
_SUCCESS: Final = range(200, 300)

_Seen = tuple[str, str, tuple[str, ...]]
"""Type (name or id), record id, names of the properties that have a value."""


class Watch:
    """Looks through the answers of one portal."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def leaked(self, request: Request, response: Response, user_id: str) -> tuple[str, ...]:
        """Ids of records, and `type.property`, in an answer to a user-level token whose user may not see them.

        What she has just made may be named to her, also when she does not see it from then on: a task of nobody's.
        """
        if response.status not in _SUCCESS or not response.body or not request.path.startswith("/crm/"):
            return ()
        try:
            document = json.loads(response.body)
        except ValueError:  # a fault rule cut the answer in half
            return ()
        user, path = self._portal.user(user_id), request.path.rstrip("/")
        creates = request.method == "POST" and _CREATED.fullmatch(path)
        found: dict[str, None] = {}
        for type_key, record_id, properties in _seen(path, document):
            name = self._name(type_key)
            made = creates and self._made(user_id, name, record_id)
            if user is None or not (made or self._may_see(user, name, record_id)):
                found[record_id] = None
            elif not user.super_admin:
                hidden = {f"{name}.{one}" for one in properties} & user.hidden_properties
                found |= dict.fromkeys(sorted(hidden))
        return tuple(found)

    def _name(self, type_key: str) -> str:
        try:
            return self._portal.schema.type(type_key).name
        except HubError:
            return ""

    def _made(self, user_id: str, name: str, record_id: str) -> bool:
        row = self._portal.store.get(name, record_id) if name else None
        return row is not None and row.get("hs_created_by_user_id") == user_id

    def _may_see(self, user: HubUser, name: str, record_id: str) -> bool:
        """Whether the user may see a record; what does not exist is no leak."""
        row = self._portal.store.get(name, record_id) if name else None
        if row is None or (user.super_admin and user.active):
            return True
        if not user.active:
            return False
        if name == "users":
            return True
        level = user.permissions.get(name, {}).get("view", "none")
        if name not in _ENGAGEMENTS:
            return self._covered(user, str(level), row.properties, unassigned=self._unassigned(user, name))
        if level == "none":
            return False
        return self._owned(user, row.properties) or self._hangs_on_a_visible_one(user, name, record_id)

    def _hangs_on_a_visible_one(self, user: HubUser, name: str, record_id: str) -> bool:
        for other in user.permissions:
            if other in _ENGAGEMENTS or other not in self._portal.store.tables:
                continue
            for other_id in self._portal.store.links((name, record_id), other):
                row = self._portal.store.get(other, other_id)
                if row is not None and not row.archived_at and self._may_see(user, other, other_id):
                    return True
        return False

    def _covered(self, user: HubUser, level: str, properties: Mapping[str, str], *, unassigned: bool) -> bool:
        if level in {"all", "none"}:
            return level == "all"
        if not properties.get("hubspot_owner_id"):
            return unassigned
        if self._owned(user, properties):
            return True
        team = properties.get("hubspot_team_id", "")
        return level == "team" and bool(self._with_parents(team) & {user.primary_team_id, *user.secondary_team_ids})

    def _with_parents(self, team_id: str) -> set[str]:
        parents = {str(team["id"]): str(team.get("parentTeamId") or "") for team in self._portal.teams}
        line: set[str] = set()
        while team_id and team_id not in line:
            line.add(team_id)
            team_id = parents.get(team_id, "")
        return line

    def _owned(self, user: HubUser, properties: Mapping[str, str]) -> bool:
        owner_id = properties.get("hubspot_owner_id")
        return bool(owner_id) and any(
            owner["id"] == owner_id and str(owner.get("userId")) == user.id for owner in self._portal.owners
        )

    @staticmethod
    def _unassigned(user: HubUser, name: str) -> bool:
        return user.permissions.get(name, {}).get("unassigned") is True


def _seen(path: str, document: Any) -> Iterator[_Seen]:  # noqa: ANN401 - JSON
    """Every record that an answer shows or names."""
    if match := _BATCH_LINKED.fullmatch(path):
        for result in _results(document):
            yield match[1], str((result.get("from") or {}).get("id")), ()
            yield from ((match[2], _target(to), ()) for to in result.get("to") or ())
    elif match := _LINKED.fullmatch(path):
        yield from ((match[1], _target(result), ()) for result in _results(document))
    elif match := _OBJECTS.fullmatch(path):
        for record in _results(document):
            yield from _in_record(match[1], record)


def _in_record(type_key: str, record: Mapping[str, Any]) -> Iterator[_Seen]:
    """A record with its properties, and those it names as associated."""
    properties = record.get("properties")
    if isinstance(properties, dict):
        told = tuple(name for name, value in properties.items() if value is not None)
        yield type_key, str(record.get("id")), told
    for name, block in (record.get("associations") or {}).items():
        yield from ((name.replace(" ", "_"), str(one.get("id")), ()) for one in block.get("results", ()))


def _target(entry: Mapping[str, Any]) -> str:
    """The other record's id, as v4 and as v3 name it."""
    return str(entry.get("toObjectId") or entry.get("id"))


def _results(document: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The results of a page or batch, or the document itself."""
    if isinstance(document, dict):
        results = document.get("results")
        yield from (one for one in results if isinstance(one, dict)) if isinstance(results, list) else (document,)
