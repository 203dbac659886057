"""Creates, changes and archives records: values checked, derived properties kept, what happened written down."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ObjectType, Property
from connectors.sandbox.hubspot.loading import owned
from connectors.sandbox.hubspot.portal import Event, Portal
from connectors.sandbox.hubspot.rules import check_rules, missing
from connectors.sandbox.hubspot.store import Change, Record
from connectors.sandbox.hubspot.values import Problem, instant, normal, refusal

_SAME_MOMENT: Final = 1000
"""Two writes this close (ms) still get different stamps, in order."""
_SOURCES: Final = ("hs_object_source", "hs_object_source_label", "hs_object_source_id")


@dataclass(frozen=True, slots=True)
class Hand:
    """Who writes: HubSpot's word for the kind of source, its id, and the user when there is one."""

    source: str
    source_id: str
    user_id: str = ""

    @classmethod
    def of(cls, caller: Caller) -> "Hand":
        """An app, and the user in whose name it acts if its token is user-level."""
        return cls("INTEGRATION", caller.app_id, caller.user_id if caller.user_level else "")


class Writer:
    """Writes to one portal. `strict` applies the admin's rules, as the API does from 2026-09 on."""

    def __init__(self, portal: Portal, hand: Hand, *, strict: bool = False) -> None:
        self.portal = portal
        self.hand = hand
        self._strict = strict

    def create(self, kind: ObjectType, given: Mapping[str, Any]) -> Record:
        """A new record.

        Raises:
            HubError: 400 for a value or a missing property, 409 for a unique value that is taken.
        """
        values = {name: value for name, value in self._checked(kind, given).items() if value}
        self._derive(kind, values, None)
        self._check_needs(kind, values)
        if self._strict:
            check_rules(self.portal.schema, kind, values, None)
        self._check_unique(kind, values, "0")
        now, record_id = self.portal.now(), self.portal.mint(kind.name)
        values |= {
            "hs_object_id": record_id,
            kind.created: instant(now),
            kind.modified: instant(now),
            **dict(zip(_SOURCES, (self.hand.source, self.hand.source, self.hand.source_id), strict=True)),
        }
        if self.hand.user_id:
            values |= dict.fromkeys(("hs_created_by_user_id", "hs_updated_by_user_id"), self.hand.user_id)
        if kind.name == "tickets":
            values["hs_ticket_id"] = record_id
        record = Record(kind.name, record_id, values, now, now)
        self.portal.put(record)
        self.emit("creation", record)
        return record

    def update(self, record: Record, given: Mapping[str, Any]) -> Record:
        """The record with changed properties; "" clears one. Its modification stamp moves in any case.

        Raises:
            HubError: as `create` does.
        """
        kind = self.portal.schema.types[record.type]
        changes = self._checked(kind, given)
        self._derive(kind, changes, record)
        changes = {name: value for name, value in changes.items() if value != record.get(name)}
        after = {name: value for name, value in {**record.properties, **changes}.items() if value}
        if self._strict:
            check_rules(self.portal.schema, kind, after, record)
        self._check_unique(kind, {name: value for name, value in changes.items() if value}, record.id)
        return self.change(record, changes)

    def change(self, record: Record, changes: Mapping[str, str]) -> Record:
        """Set properties without any check, as the system does; "" clears."""
        kind = self.portal.schema.types[record.type]
        now = self.portal.now()
        ahead = record.updated_at - now
        at = record.updated_at + 1 if 0 <= ahead < _SAME_MOMENT else now
        stamps = {kind.modified: instant(at)}
        if self.hand.user_id:
            stamps["hs_updated_by_user_id"] = self.hand.user_id
        merged = {**record.properties, **changes, **stamps}
        written = replace(
            record,
            properties={name: value for name, value in merged.items() if value},
            updated_at=at,
            history=self._history(record, changes, at),
        )
        self.portal.put(written)
        for name, value in changes.items():
            self.emit("propertyChange", written, property=name, value=value)
        return written

    def archive(self, record: Record) -> None:
        """Into the recycle bin. Its associations sleep until it is restored."""
        if not record.archived_at:
            now = self.portal.now()
            self.portal.put(replace(record, archived_at=now, updated_at=now))
            self.emit("deletion", record)

    def restore(self, record: Record) -> None:
        """Out of the recycle bin, as only the pages of HubSpot can. A unique value that was taken since is lost."""
        if record.archived_at:
            table = self.portal.store.tables[record.type]
            lost = {name for name in table.unique if record.get(name) and table.find(name, record.get(name))}
            kept = {name: value for name, value in record.properties.items() if name not in lost}
            self.portal.put(replace(record, properties=kept, archived_at=0, updated_at=self.portal.now()))
            self.emit("restore", record)

    def emit(self, event_kind: str, record: Record, **more: Any) -> None:  # noqa: ANN401 - the other fields of Event
        """Say what happened to a record."""
        type_id = self.portal.schema.types[record.type].id
        source = {"source": self.hand.source, "source_id": self.hand.source_id}
        self.portal.emit(Event(0, event_kind, type_id, record.id, self.portal.now(), **{**source, **more}))

    def _checked(self, kind: ObjectType, given: Mapping[str, Any]) -> dict[str, str]:
        """The values in HubSpot's form.

        Raises:
            HubError: 400 with every problem there is.
        """
        values, problems = dict[str, str](), list[Problem]()
        for name, value in given.items():
            if value is None and not self._strict:
                continue
            try:
                item = self._writable(kind, name)
                values[item.name] = self._known(kind, item, normal(item, value))
            except Problem as problem:
                problems.append(problem)
        if problems:
            raise refusal(problems)
        return values

    def _writable(self, kind: ObjectType, name: str) -> Property:
        """The property of a write. Raises Problem when there is none, or when it cannot be set."""
        item = self.portal.schema.property(kind.name, name)
        if item is None:
            raise Problem(name, "PROPERTY_DOESNT_EXIST", f'Property "{name[:100]}" does not exist')
        if item.read_only:
            raise Problem(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
        return item

    def _known(self, kind: ObjectType, item: Property, value: str) -> str:
        """Refuse an owner, pipeline or stage that the portal does not have."""
        if not value:
            return value
        if item.name == "hubspot_owner_id":
            owner = self.portal.people.owner(value)
            allowed = owner is not None and not owner.get("archived")
        elif item.name == kind.pipeline:
            allowed = value in self.portal.schema.pipelines.get(kind.name, {})
        elif item.name == kind.stage:
            allowed = self.portal.schema.stage(kind.name, value) is not None
        else:
            allowed = True
        if not allowed:
            raise Problem(item.name, "INVALID_OPTION", f"{value[:100]} was not one of the allowed options")
        return value

    def _derive(self, kind: ObjectType, values: dict[str, str], record: Record | None) -> None:
        """Add what follows from the given values.

        Raises:
            HubError: 400, the stage is not one of the pipeline's.
        """
        owner = values.get("hubspot_owner_id")
        if owner is not None:
            values |= owned(self.portal, owner)
            if record is None or owner != record.get("hubspot_owner_id"):
                values["hubspot_owner_assigneddate"] = instant(self.portal.now()) if owner else ""
        if kind.stage and (stage_id := values.get(kind.stage)):
            self._derive_stage(kind, values, record, stage_id)
        if kind.name == "emails" and values.get("hs_email_headers"):
            values |= _envelope(values["hs_email_headers"])
        if record is None:
            for name in [name for name, value in values.items() if not value]:
                del values[name]

    def _derive_stage(self, kind: ObjectType, values: dict[str, str], record: Record | None, stage_id: str) -> None:
        found = self.portal.schema.stage(kind.name, stage_id)
        if found is None:
            return
        pipeline, stage = found
        wanted = values.get(kind.pipeline) or pipeline.id
        if wanted != pipeline.id:
            text = f"{stage_id} was not one of the allowed options of pipeline {wanted}"
            raise refusal([Problem(kind.stage, "INVALID_OPTION", text)])
        values[kind.pipeline] = pipeline.id
        closed = stage.metadata.get("ticketState") == "CLOSED" or stage.metadata.get("isClosed") == "true"
        values["hs_is_closed"] = "true" if closed else "false"
        if kind.name == "tickets" and "closed_date" not in values:
            before = record.get("closed_date") if record else ""
            values["closed_date"] = (before or instant(self.portal.now())) if closed else ""

    def _check_needs(self, kind: ObjectType, values: Mapping[str, str]) -> None:
        absent = [name for name in kind.needs if name not in values]
        if not absent and kind.needs_any and not any(name in values for name in kind.needs_any):
            absent = list(kind.needs_any)
        if absent:
            raise missing(kind, absent)

    def _check_unique(self, kind: ObjectType, values: Mapping[str, str], record_id: str) -> None:
        table = self.portal.store.tables[kind.name]
        for name in values.keys() & table.unique.keys():
            other = table.find(name, values[name])
            if other is None or other.id == record_id:
                continue
            if name == "email":
                raise HubError(409, "CONFLICT", f"Contact already exists. Existing ID: {other.id}")
            place = (
                f"PropertyValueCoordinates{{portalId={self.portal.hub_id}, objectTypeId={kind.id}, "
                f"objectId={record_id}, propertyName={name}, value={values[name]}}}"
            )
            raise HubError(409, "CONFLICT", f"Cannot set {place}. {other.id} already has that value.")

    def _history(self, record: Record, names: Mapping[str, str], at: int) -> Mapping[str, tuple[Change, ...]]:
        if not names:
            return record.history
        fresh = {}
        for name, value in names.items():
            first = Change(record.get(name), record.created_at, record.get("hs_object_source"), "")
            before = record.history.get(name) or ((first,) if record.get(name) else ())
            fresh[name] = (Change(value, at, self.hand.source, self.hand.source_id, self.hand.user_id), *before)
        return {**record.history, **fresh}


def _envelope(headers: str) -> dict[str, str]:
    """The sender and recipients that HubSpot reads out of `hs_email_headers`, "" where they do not say."""
    try:
        document = json.loads(headers)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    sender, people = _people(document.get("from")), _people(document.get("to"))
    values = {
        "hs_email_from_email": _joined(sender, "email"),
        "hs_email_from_firstname": _joined(sender, "firstName"),
        "hs_email_from_lastname": _joined(sender, "lastName"),
        "hs_email_to_email": _joined(people, "email"),
        "hs_email_to_firstname": _joined(people, "firstName"),
        "hs_email_to_lastname": _joined(people, "lastName"),
        "hs_email_cc_email": _joined(_people(document.get("cc")), "email"),
    }
    return {name: value for name, value in values.items() if value}


def _people(found: object) -> list[Mapping[str, object]]:
    people = found if isinstance(found, list) else [found]
    return [person for person in people if isinstance(person, dict)]


def _joined(people: Iterable[Mapping[str, object]], key: str) -> str:
    return ";".join(str(person[key]) for person in people if person.get(key))
