"""Resolves the names of a query as one user sees them: a field or relationship she may not see does not exist."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.sandbox.salesforce.ageing import ACTIVITIES, purged
from connectors.sandbox.salesforce.errors import ApiError, no_such_column
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.record_access import access_of
from connectors.sandbox.salesforce.schema import Field, ObjectType
from connectors.sandbox.salesforce.soql_ast import FieldRef
from connectors.sandbox.salesforce.soql_tokens import excerpt
from connectors.sandbox.salesforce.values import Row, Value, text_of

Getter = Callable[[Row], Value]
_MAX_STEPS: Final = 5
_NAME_FIELDS: Final = ("Id", "Name", "Type", "FirstName", "LastName", "Email", "Username", "Title", "Phone", "IsActive",
                       "Alias", "ProfileId", "UserRoleId")  # fmt: skip
_TYPE_FIELD: Final = Field("Type", "picklist", "Type", 40)
ACCESS: Final = "UserRecordAccess"


@dataclass(frozen=True, slots=True)
class View:
    """One user looking at one org. `version` is the API version of her request ("v66.0")."""

    org: Org
    user_id: str
    version: str
    include_deleted: bool = False

    def sees(self, kind: str, row: Row) -> bool:
        """Is this record hers to read, and alive (or may binned and archived ones show)?"""
        if row.get("IsDeleted"):
            shown = self.include_deleted and not purged(row, self.org.clock.now())
        else:
            shown = self.include_deleted or kind not in ACTIVITIES or not row.get("IsArchived")
        return shown and self.org.can_read(self.user_id, kind, row)

    @property
    def local_now(self) -> datetime:
        """The current moment in the user's time zone (UTC when hers is unknown)."""
        zone = text_of(self.org.user(self.user_id) or {}, "TimeZoneSidKey")
        with contextlib.suppress(ZoneInfoNotFoundError, ValueError):
            return self.org.clock.now().astimezone(ZoneInfo(zone or "UTC"))
        return self.org.clock.now()

    def visible(self, kind: str) -> frozenset[str]:
        """The fields of `kind` that she may see."""
        return self.org.permissions.visible(self.user_id, kind)

    def url(self, kind: str, record_id: Value) -> str:
        """The path of a record."""
        return f"/services/data/{self.version}/sobjects/{kind}/{record_id}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step up a relationship: the lookup field to follow and the objects it may lead to."""

    relationship: str
    lookup: str
    targets: tuple[str, ...]

    @property
    def polymorphic(self) -> bool:
        """Leads to records of several objects, of which SOQL shows only the fields of `Name`."""
        return len(self.targets) > 1

    def follow(self, view: View, row: Row) -> tuple[str, Row] | None:
        """The object and record above `row` that the user may read, or None."""
        target_id = row.get(self.lookup)
        for target in self.targets if target_id is not None else ():
            parent = view.org.store.get(target, target_id)
            if parent is not None:
                return (target, parent) if view.sees(target, parent) else None
        return None


@dataclass(frozen=True, slots=True)
class Path:
    """A resolved field: the steps up and the field at their end."""

    steps: tuple[Step, ...]
    field: Field


class Scope:
    """The names that hold inside one `SELECT … FROM kind` of `text`."""

    def __init__(self, view: View, kind: ObjectType, text: str) -> None:
        self.view = view
        self.kind = kind
        self.text = text

    def where(self, position: int) -> str:
        """The Row/Column excerpt of a position."""
        return excerpt(self.text, position)

    def resolve(self, ref: FieldRef) -> Path:
        """Find a field.

        Raises:
            ApiError: `INVALID_FIELD`, the same for unknown and hidden names.
        """
        kind, steps = self.kind, list[Step]()
        *upward, name = ref.path
        if upward and upward[0].lower() == kind.name.lower() and self._lookup(kind, upward[0]) is None:
            upward = upward[1:]
        if len(upward) > _MAX_STEPS:
            raise self._unknown_path(ref, upward[_MAX_STEPS])
        for place, relationship in enumerate(upward):
            if relationship.lower() == ACCESS.lower() and place == 0 and kind.owned:
                return Path((Step(ACCESS, "Id", (ACCESS,)),), self._field(self.view.org.kind(ACCESS), name, ref))
            step = self._lookup(kind, relationship)
            if step is None or (steps and steps[-1].polymorphic):
                raise self._unknown_path(ref, relationship)
            steps.append(step)
            kind = self.view.org.kind(step.targets[0])
        if steps and steps[-1].polymorphic:
            return Path(tuple(steps), self._name_entity(steps[-1], name, ref))
        return Path(tuple(steps), self._field(kind, name, ref))

    def getter(self, path: Path) -> Getter:
        """A function from a record to the value at the end of `path`; null where the way up is closed."""
        view, name = self.view, path.field.name
        if not path.steps:
            return lambda row: row.get(name)
        if path.steps[0].relationship == ACCESS:
            return lambda row: access_of(view.org, view.user_id, row).get(name)

        def climb(row: Row) -> Value:
            at = row
            kind = ""
            for step in path.steps:
                above = step.follow(view, at)
                if above is None:
                    return None
                kind, at = above
            return entity_value(view, kind, at, name) if path.steps[-1].polymorphic else at.get(name)

        return climb

    def _lookup(self, kind: ObjectType, relationship: str) -> Step | None:
        wanted, visible = relationship.lower(), self.view.visible(kind.name)
        for item in kind.fields.values():
            if item.relationship.lower() == wanted and item.name in visible:
                targets = tuple(target for target in item.reference_to if self.view.visible(target))
                return Step(item.relationship, item.name, targets) if targets else None
        return None

    def _field(self, kind: ObjectType, name: str, ref: FieldRef) -> Field:
        found = kind.field(name)
        if found is None or found.name not in self.view.visible(kind.name):
            raise no_such_column(name, kind.name, self.where(ref.position))
        return found

    def _name_entity(self, step: Step, name: str, ref: FieldRef) -> Field:
        canonical = next((item for item in _NAME_FIELDS if item.lower() == name.lower()), None)
        if canonical == "Type":
            return _TYPE_FIELD
        for target in step.targets if canonical is not None else ():
            kind = self.view.org.kind(target)
            found = kind.field(kind.name_field if canonical == "Name" else str(canonical))
            if found is not None and found.name in self.view.visible(target):
                return Field(str(canonical), found.type, found.label, found.length)
        raise no_such_column(name, "Name", self.where(ref.position))

    def _unknown_path(self, ref: FieldRef, relationship: str) -> ApiError:
        return ApiError(
            400,
            "INVALID_FIELD",
            f"{self.where(ref.position)}Didn't understand relationship '{relationship}' in field path. If you are "
            "attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. "
            "Please reference your WSDL or the describe call for the appropriate names.",
        )


def entity_value(view: View, kind: str, row: Row, name: str) -> Value:
    """A field of the `Name` entity behind a polymorphic lookup."""
    if name == "Type":
        return kind
    field = view.org.kind(kind).name_field if name == "Name" else name
    return row.get(field) if field in view.visible(kind) else None
