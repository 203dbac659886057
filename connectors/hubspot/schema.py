"""What one user's portal is made of: owners, pipelines, teams, and whether our unique property is installed.

All of it changes rarely and is asked for at once, side by side, then kept for ten minutes per grant and token.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.errors import ConnectorError, NotFound
from connectors.hubspot.access import Membership
from connectors.hubspot.answers import JSON, next_page, shown
from connectors.hubspot.client import Call, Client
from connectors.hubspot.routes import unsupported
from connectors.interfaces import User

KEY_PROPERTY = "assistant_writeback_key"
"""The unique property on notes and tasks that an administrator adds, so that a write can be sent twice and is made
once."""
WRITTEN = ("notes", "tasks")
PIPELINED = ("tickets", "deals")

TTL_SECONDS = 600.0
CACHE_SIZE = 4_096
_PAGE = "500"
_MAX_PAGES = 40


@dataclass(frozen=True, slots=True)
class Owner:
    """A person or queue as records know them; `id` is what `hubspot_owner_id` holds, and no user's id."""

    id: str
    user_id: str
    first: str = field(repr=False)
    last: str = field(repr=False)
    email: str = field(repr=False)
    updated: str = ""

    @property
    def name(self) -> str:
        """As people call them."""
        return " ".join(filter(None, (self.first, self.last))) or self.email


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a portal through one user's token.

    `keyed` are the objects with our unique property; `labels` names pipelines and stages by their ids: ("tickets",
    pipeline, "") or ("tickets", pipeline, stage); `closed` are those stages in which nothing is to be done any more.
    `app_id` names our app in `hs_object_source_id`; it is only looked up where the unique property is missing.
    """

    keyed: frozenset[str]
    owners: Mapping[str, Owner]
    by_user: Mapping[str, Owner]
    labels: Mapping[tuple[str, str, str], str]
    member: Membership
    closed: frozenset[tuple[str, str, str]] = frozenset()
    app_id: str = ""


class FactCache:
    """Facts shared by all sessions of a connector; keys hold grant and token, so that nobody profits from another."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str], tuple[float, Facts]] = OrderedDict()

    def get(self, client: Client) -> Facts | None:
        """What is known and fresh enough."""
        with self._lock:
            entry = self._entries.get((client.grant_id, client.generation))
        return entry[1] if entry and self._clock() - entry[0] < TTL_SECONDS else None

    def put(self, client: Client, facts: Facts) -> None:
        """Remember, and forget the oldest when there are too many."""
        with self._lock:
            self._entries[client.grant_id, client.generation] = (self._clock(), facts)
            self._entries.move_to_end((client.grant_id, client.generation))
            while len(self._entries) > CACHE_SIZE:
                self._entries.popitem(last=False)

    def forget(self, grant_id: str) -> None:
        """Drop everything known through this grant."""
        with self._lock:
            for key in [key for key in self._entries if key[0] == grant_id]:
                del self._entries[key]


class Schema:
    """The facts during one session. `trips` counts the round trips spent on finding out.

    `introspect` asks HubSpot about an access token.
    """

    def __init__(
        self, client: Client, cache: FactCache, user: User, introspect: Callable[[str], Mapping[str, Any]]
    ) -> None:
        self._client = client
        self._cache = cache
        self._user = user
        self._introspect = introspect
        self.trips = 0

    def facts(self) -> Facts:
        """The facts, in no round trip when they are known, else one (and one for each 500 further owners).

        What the token has no scope for counts as not there: owners then have no names, and rules show nothing.

        Raises:
            Fatal: HubSpot does not know the API version.
            ConnectorError: HubSpot cannot be asked now.
        """
        known = self._cache.get(self._client)
        if known is None:
            before = self._client.round_trips
            try:
                known = self._load()
            finally:
                self.trips += self._client.round_trips - before
            self._cache.put(self._client, known)
        return known

    def _load(self) -> Facts:
        routes = self._client.routes
        calls = [
            *(Call("GET", routes.property(object_, KEY_PROPERTY)) for object_ in WRITTEN),
            *(Call("GET", routes.pipelines(object_)) for object_ in PIPELINED),
            Call("GET", routes.users("teams")),
            *(Call("GET", routes.owners(), {"limit": _PAGE, "archived": archived}) for archived in ("false", "true")),
        ]
        outcomes = self._client.together(calls)
        if isinstance(outcomes[len(WRITTEN)], NotFound):
            raise unsupported()
        answers = [shown(outcome) for outcome in outcomes]
        properties, pipelines = answers[: len(WRITTEN)], answers[len(WRITTEN) : len(WRITTEN) + len(PIPELINED)]
        teams, *pages = answers[len(WRITTEN) + len(PIPELINED) :]
        owners = [
            row
            for first, archived in zip(pages, ("false", "true"), strict=True)
            for row in [*_rows(first), *self._further_owners(first, archived)]
        ]
        facts = _facts(self._user.id, dict(zip(WRITTEN, properties, strict=True)), pipelines, _rows(teams), owners)
        return facts if len(facts.keyed) == len(WRITTEN) else replace(facts, app_id=self._app_id())

    def _app_id(self) -> str:
        """The id of our app; empty when HubSpot does not say now: then only the texts tell what we wrote."""
        self._client.round_trips += 1
        try:
            return str(self._introspect(self._client.token.access_token).get("app_id") or "")
        except ConnectorError:
            return ""

    def _further_owners(self, page: JSON, archived: str) -> list[JSON]:
        found: list[JSON] = []
        for _ in range(_MAX_PAGES):
            after = next_page(page)
            if not after:
                break
            query = {"limit": _PAGE, "archived": archived, "after": after}
            page = self._client.one(Call("GET", self._client.routes.owners(), query))
            found += _rows(page)
        return found


def parse_owner(row: JSON) -> Owner:
    """An owner from HubSpot's JSON; the user id of one who has left is told under another name (contract, 2.3)."""
    user_id = row.get("userId") or row.get("userIdIncludingInactive")
    return Owner(
        id=str(row.get("id", "")),
        user_id=str(user_id or ""),
        first=str(row.get("firstName") or ""),
        last=str(row.get("lastName") or ""),
        email=str(row.get("email") or ""),
        updated=str(row.get("updatedAt") or ""),
    )


def team_ids(user_id: str, owner: JSON, teams: list[JSON]) -> frozenset[str]:
    """The teams of a user: those that her owner names, and those that list her as a member."""
    own = {str(team.get("id")) for team in owner.get("teams") or [] if isinstance(team, dict)}
    listed = {
        str(team.get("id"))
        for team in teams
        if user_id in {str(member) for name in ("userIds", "secondaryUserIds") for member in team.get(name) or []}
    }
    return frozenset(own | listed)


def _facts(
    user_id: str, properties: Mapping[str, JSON], pipelines: list[JSON], teams: list[JSON], owners: list[JSON]
) -> Facts:
    parsed = [parse_owner(row) for row in owners]
    mine = next((row for row in owners if str(row.get("userId") or "") == user_id and not row.get("archived")), {})
    labels: dict[tuple[str, str, str], str] = {}
    closed = set[tuple[str, str, str]]()
    for object_, answer in zip(PIPELINED, pipelines, strict=True):
        for pipeline in _rows(answer):
            labels[object_, str(pipeline.get("id")), ""] = str(pipeline.get("label") or "")
            for stage in pipeline.get("stages") or []:
                key = (object_, str(pipeline.get("id")), str(stage.get("id")))
                labels[key] = str(stage.get("label") or "")
                if _ends(stage.get("metadata") or {}):
                    closed.add(key)
    return Facts(
        keyed=frozenset(object_ for object_, found in properties.items() if found.get("hasUniqueValue") is True),
        owners={owner.id: owner for owner in reversed(parsed)},
        by_user={owner.user_id: owner for owner in reversed(parsed) if owner.user_id},
        labels=labels,
        member=Membership(str(mine.get("id") or ""), team_ids(user_id, mine, teams)),
        closed=frozenset(closed),
    )


def _ends(metadata: Mapping[str, Any]) -> bool:
    """Whether a stage is one of the last: a ticket's says so by its state, a deal's by a flag (contract, 4.3)."""
    return metadata.get("ticketState") == "CLOSED" or str(metadata.get("isClosed")).casefold() == "true"


def _rows(answer: JSON) -> list[JSON]:
    rows = answer.get("results") or []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
