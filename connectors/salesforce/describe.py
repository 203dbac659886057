"""What one user may see and do, by object: describes parsed small, cached per token and revalidated.

Naming a hidden field in a query is an error, not an empty value (contract, 1.5), so every field list is cut down to
what describe shows to this user first.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import requests

from connectors.errors import Fatal, NotFound
from connectors.interfaces import Field
from connectors.salesforce.client import Client
from connectors.salesforce.composite import MAX_SUBREQUESTS, Answer, Sub

TTL_SECONDS = 600.0
CACHE_SIZE = 4_096
_SKEW = timedelta(minutes=5)

POLYMORPHIC_FIELDS = ("Id", "Name")
"""What can be asked of a parent that may be a user or a queue: fields of the pseudo-object Name."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A relationship upwards: the lookup field and the objects it may point to."""

    field: str
    objects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """One object as one user sees it. `parents` is keyed by relationship name ("Contact", "Owner")."""

    name: str
    fields: Mapping[str, Field]
    parents: Mapping[str, Parent]
    createable: bool
    updateable: bool
    deletable: bool

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Shape":
        """From the answer of `sobjects/X/describe`."""
        fields: dict[str, Field] = {}
        parents: dict[str, Parent] = {}
        for entry in body["fields"]:
            name = entry["name"]
            fields[name] = Field(
                name=name,
                label=entry.get("label") or name,
                type=entry.get("type") or "",
                updateable=bool(entry.get("updateable")),
                createable=bool(entry.get("createable")),
                length=entry.get("length") or 0,
            )
            if entry.get("relationshipName"):
                parents[entry["relationshipName"]] = Parent(name, tuple(entry.get("referenceTo") or ()))
        rights = [bool(body.get(right)) for right in ("createable", "updateable", "deletable")]
        return cls(body["name"], fields, parents, *rights)

    def can_create(self, *fields: str) -> bool:
        """Whether the user may create a record with these fields set."""
        return self.createable and all(name in self.fields and self.fields[name].createable for name in fields)


Shapes = Mapping[str, Shape | None]
"""Object name -> shape; None for an object that the user cannot see or that the org does not have."""


def visible(path: str, object_: str, shapes: Shapes) -> bool:
    """Whether the user may name `path` ("Subject", "Contact.Name") in a query on `object_`."""
    shape = shapes.get(object_)
    if shape is None:
        return False
    head, _, rest = path.partition(".")
    if not rest:
        return head in shape.fields
    parent = shape.parents.get(head)
    if parent is None:
        return False
    if len(parent.objects) > 1:
        return rest in POLYMORPHIC_FIELDS
    return any(visible(rest, target, shapes) for target in parent.objects)


def unknown_objects(paths: Collection[str], object_: str, shapes: Shapes) -> set[str]:
    """Objects whose shape is needed to decide `visible` for these paths and is not at hand."""
    if object_ not in shapes:
        return {object_}
    shape = shapes[object_]
    missing: set[str] = set()
    for path in paths:
        head, _, rest = path.partition(".")
        parent = shape.parents.get(head) if shape and rest else None
        if parent and len(parent.objects) == 1:
            missing |= unknown_objects([rest], parent.objects[0], shapes)
    return missing


@dataclass(frozen=True, slots=True)
class _Entry:
    shape: Shape | None
    checked: float
    since: str


class ShapeCache:
    """A bounded cache shared by all sessions of a connector.

    Keys hold the grant and its token generation, so that no user profits from another's rights. After `TTL_SECONDS` an
    entry is revalidated with If-Modified-Since, which also covers permissions (REST guide, "sObject Describe").
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str, str], _Entry] = OrderedDict()

    def load(self, client: Client, objects: Collection[str], *, fresh: bool = False) -> Shapes:
        """The shapes of `objects`, in no round trip when all are known, else one for each 25 of them.

        `fresh` asks again unconditionally: a query has just contradicted the cache.
        """
        known = {} if fresh else {name: self._get(client, name) for name in objects}
        now = self._clock()
        stale = [name for name in sorted(objects) if not (e := known.get(name)) or now - e.checked > TTL_SECONDS]
        for start in range(0, len(stale), MAX_SUBREQUESTS):
            batch = stale[start : start + MAX_SUBREQUESTS]
            known |= self._ask(client, batch, known)
        return {name: entry.shape for name, entry in known.items() if entry}

    def forget(self, grant_id: str) -> None:
        """Drop everything known through this grant."""
        with self._lock:
            for key in [key for key in self._entries if key[0] == grant_id]:
                del self._entries[key]

    def _ask(
        self, client: Client, batch: Sequence[str], known: Mapping[str, _Entry | None]
    ) -> dict[str, _Entry | None]:
        asked = format_datetime(datetime.now(UTC) - _SKEW, usegmt=True)
        subs = [Sub(name, "GET", f"sobjects/{name}/describe", headers=_condition(known.get(name))) for name in batch]
        answers = client.composite(subs)
        entries: dict[str, _Entry | None] = {}
        for name in batch:
            entry = self._entry(answers[name], known.get(name), asked)
            entries[name] = entry
            self._put(client, name, entry)
        return entries

    def _entry(self, answer: Answer, before: _Entry | None, asked: str) -> _Entry:
        if answer.status == requests.codes.not_modified and before:
            return _Entry(before.shape, self._clock(), before.since)
        try:
            shape = Shape.parse(answer.result())
        except NotFound:
            shape = None
        except (KeyError, TypeError, AttributeError):
            raise Fatal("Salesforce gave a describe that the connector cannot read", code="bad_describe") from None
        return _Entry(shape, self._clock(), answer.headers.get("Last-Modified") or asked)

    def _get(self, client: Client, name: str) -> _Entry | None:
        key = (client.grant_id, client.generation, name)
        with self._lock:
            entry = self._entries.get(key)
            if entry:
                self._entries.move_to_end(key)
            return entry

    def _put(self, client: Client, name: str, entry: _Entry) -> None:
        with self._lock:
            self._entries[client.grant_id, client.generation, name] = entry
            while len(self._entries) > CACHE_SIZE:
                self._entries.popitem(last=False)


def _condition(entry: _Entry | None) -> dict[str, str]:
    return {"If-Modified-Since": entry.since} if entry and entry.shape else {}
