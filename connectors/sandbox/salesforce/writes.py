"""Creates, updates, upserts and deletes one record as one user, with every check that the API makes on the way."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connectors.sandbox.salesforce import rules, validation
from connectors.sandbox.salesforce.errors import (
    ApiError,
    bad_json,
    malformed_id,
    no_access,
    no_such_column,
    not_found,
    not_writable,
)
from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.schema import NUMBERS, Field, ObjectType
from connectors.sandbox.salesforce.sharing import Level
from connectors.sandbox.salesforce.values import Row, Value, normal_date, normal_datetime, text_of

_CASCADES: Final = {"Case": (("CaseComment", "ParentId"), ("EmailMessage", "ParentId"), ("Task", "WhatId"))}
_LOCKED_PARENTS: Final = {"CaseComment": ("ParentId",), "EmailMessage": ("ParentId",), "Task": ("WhatId",)}
"""Lookups to records that are locked while a child is inserted."""
_READ_ONLY_OBJECTS: Final = frozenset({"Organization", "Profile", "RecordType", "UserRecordAccess", "UserRole"})


@dataclass(frozen=True, slots=True)
class Writer:
    """One user's hand on one org.

    `auto_assign` is false when the request said `Sforce-Auto-Assign: FALSE`; `allow_duplicates` is true when it said
    `Sforce-Duplicate-Rule-Header: allowSave=true`.
    """

    org: Org
    user_id: str
    auto_assign: bool = True
    allow_duplicates: bool = False

    def create(self, kind: ObjectType, body: Mapping[str, object]) -> str:
        """Create a record and return its id.

        Raises:
            ApiError: refused; nothing was written.
        """
        if kind.virtual or kind.name in _READ_ONLY_OBJECTS or "C" not in self._letters(kind):
            raise no_access()
        row = self._values(kind, body, creating=True)
        for item in kind.fields.values():
            row.setdefault(item.name, None)
        rules.prepare(self.org, kind, row, self.user_id)
        validation.give_record_type(self.org, kind, row, self.user_id)
        self._refuse_missing(kind, row)
        owner = rules.assigned_owner(self.org, kind) if self.auto_assign else None
        if owner is not None:
            row["OwnerId"] = owner
        now = self.org.now()
        row |= {"CreatedDate": now, "CreatedById": self.user_id}
        self._touch(row, now)
        row["Id"] = self.org.new_id(kind)
        row = rules.derive(kind, row)
        rules.refuse_create(self.org, kind, row, self.user_id)
        self._refuse_by_setup(kind, row)
        self._refuse_duplicate(kind, row)
        for lookup in _LOCKED_PARENTS.get(kind.name, ()):
            self.org.take_row_lock(text_of(row, lookup))
        self.org.store.put(kind.name, text_of(row, "Id"), row)
        return text_of(row, "Id")

    def update(self, kind: ObjectType, row: Row, body: Mapping[str, object]) -> None:
        """Change a record that the user can read.

        Raises:
            ApiError: refused; nothing was written.
        """
        if row.get("IsDeleted"):
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
        level = self.org.sharing.level(self.user_id, kind.name, row)
        reaches = Level.READ if kind.name in {"CaseComment", "FeedItem"} else Level.EDIT
        if "E" not in self._letters(kind) or level < reaches:
            raise no_access()
        changes = self._values(kind, body, creating=False)
        if kind.owned and "OwnerId" in changes and changes["OwnerId"] != row.get("OwnerId") and level < Level.FULL:
            raise no_access()
        self.org.take_row_lock(text_of(row, "Id"))
        owner = rules.assigned_owner(self.org, kind) if self.auto_assign else None
        if owner is not None:
            changes["OwnerId"] = owner
        new = row | changes
        if kind.name in rules.ACTIVITIES and {"WhatId", "WhoId"} & changes.keys():
            new["AccountId"] = rules.account_of(self.org, new)
        self._touch(new, self.org.now())
        new = rules.derive(kind, new)
        self._refuse_missing(kind, new)
        changed = {name for name in changes if changes[name] != row.get(name)}
        rules.refuse_update(self.org, kind, row, new, changed=changed, user_id=self.user_id)
        self._refuse_by_setup(kind, new)
        self._refuse_duplicate(kind, new)
        self.org.store.put(kind.name, text_of(row, "Id"), new)

    def delete(self, kind: ObjectType, row: Row) -> None:
        """Put a record (and the children that live only with it) into the recycle bin.

        Raises:
            ApiError: refused; nothing was deleted.
        """
        if row.get("IsDeleted"):
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
        level = self.org.sharing.level(self.user_id, kind.name, row)
        if kind.setup or "D" not in self._letters(kind) or level < Level.FULL:
            raise no_access()
        self.org.take_row_lock(text_of(row, "Id"))
        now = self.org.now()
        self.org.store.put(kind.name, text_of(row, "Id"), row | {"IsDeleted": True, "SystemModstamp": now})
        for child, lookup in _CASCADES.get(kind.name, ()):
            for below in list(self.org.store.linked(child, lookup, text_of(row, "Id"))):
                self.org.store.put(child, text_of(below, "Id"), below | {"IsDeleted": True, "SystemModstamp": now})

    def readable(self, kind: ObjectType, record_id: str, *, deleted: bool = False) -> Row:
        """The record that an id names, as far as the user may know.

        Raises:
            ApiError: `NOT_FOUND` (missing and hidden alike), `MALFORMED_ID`.
        """
        wide = canonical(record_id)
        if wide is None:
            raise not_found("Provided external ID field does not exist or is not accessible: Id")
        if wide[:3] != kind.prefix:
            raise malformed_id(record_id)
        row = self.org.store.get(kind.name, wide)
        if row is None or not self.org.can_read(self.user_id, kind.name, row):
            raise not_found()
        if row.get("IsDeleted") and not deleted:
            raise not_found()
        return row

    def matches(self, kind: ObjectType, field: Field, value: str) -> list[Row]:
        """The live records whose external id has this value and that the user can read."""
        table = self.org.store.tables[kind.name]
        wanted: Value = canonical(value) if field.type in {"id", "reference"} else value
        rows = [table.rows[found] for found in sorted(table.find(field.name, (wanted,)) or ())]
        return [row for row in rows if not row.get("IsDeleted") and self.org.can_read(self.user_id, kind.name, row)]

    def key_field(self, kind: ObjectType, name: str) -> Field:
        """The external-id or idLookup field called `name`.

        Raises:
            ApiError: `NOT_FOUND` when there is none that the user sees.
        """
        field = kind.field(name)
        usable = field is not None and (field.external_id or field.id_lookup)
        if field is None or not usable or field.name not in self.org.permissions.visible(self.user_id, kind.name):
            raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
        return field

    def _letters(self, kind: ObjectType) -> frozenset[str]:
        return self.org.permissions.letters(self.user_id, kind.name)

    def _touch(self, row: Row, now: str) -> None:
        row |= {"LastModifiedDate": now, "SystemModstamp": now, "LastModifiedById": self.user_id}

    def _values(self, kind: ObjectType, body: Mapping[str, object], *, creating: bool) -> Row:
        """The body as stored values: names known and writable, types right, texts short enough, lookups real."""
        visible = self.org.permissions.visible(self.user_id, kind.name)
        editable = self.org.permissions.editable(self.user_id, kind.name)
        row: Row = {}
        refused: list[str] = []
        for key, value in body.items():
            if key == "attributes":
                continue
            field = kind.field(key)
            if field is None or field.name not in visible:
                raise no_such_column(key, kind.name)
            if not (field.createable if creating else field.updateable) or field.name not in editable:
                refused.append(field.name)
            else:
                row[field.name] = self._stored(field, value)
        if refused:
            raise not_writable(tuple(refused))
        return row

    def _stored(self, field: Field, value: object) -> Value:
        if value is None or value == "":
            return False if field.type == "boolean" else None
        if field.type == "boolean":
            stored: Value = value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
        elif field.type in NUMBERS:
            stored = _number(value)
        elif isinstance(value, bool | dict | list):
            stored = None
        elif field.type in {"date", "datetime"}:
            stored = normal_date(str(value)) if field.type == "date" else normal_datetime(str(value))
        elif field.type == "reference":
            return self._reference(field, str(value))
        else:
            stored = str(value)
            if field.length and len(stored) > field.length:
                text = f"{field.label}: data value too large: {stored} (max length={field.length})"
                raise ApiError(400, "STRING_TOO_LONG", text, (field.name,))
        if stored is None:
            raise bad_json(f"Cannot deserialize instance of {field.type} from value of field {field.name}")
        return stored

    def _reference(self, field: Field, text: str) -> str:
        record_id = canonical(text)
        target = self.org.schema.by_id(record_id) if record_id is not None else None
        if record_id is None or target is None or target.name not in field.reference_to:
            raise malformed_id(text, field.label)
        row = self.org.store.get(target.name, record_id)
        if row is None or row.get("IsDeleted"):
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (field.name,))
        if not self.org.can_read(self.user_id, target.name, row):
            text = f"insufficient access rights on cross-reference id: {record_id[:15]}"
            raise ApiError(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", text, ())
        return record_id

    def _refuse_by_setup(self, kind: ObjectType, row: Row) -> None:
        validation.refuse_invalid(self.org, kind, row)
        validation.refuse_duplicate(self.org, kind, row, allowed=self.allow_duplicates)

    def _refuse_missing(self, kind: ObjectType, row: Row) -> None:
        missing = tuple(
            item.name
            for item in kind.fields.values()
            if not item.nillable and (item.createable or item.updateable) and row.get(item.name) is None
        )
        if missing:
            text = f"Required fields are missing: [{', '.join(missing)}]"
            raise ApiError(400, "REQUIRED_FIELD_MISSING", text, missing)

    def _refuse_duplicate(self, kind: ObjectType, row: Row) -> None:
        table = self.org.store.tables[kind.name]
        for item in kind.fields.values():
            if not item.unique or row.get(item.name) is None:
                continue
            for found in table.find(item.name, (row[item.name],)) or ():
                other = table.rows[found]
                if found == row["Id"] or other.get("IsDeleted"):
                    continue
                shown = found if self.org.can_read(self.user_id, kind.name, other) else "<unknown>"
                text = f"duplicate value found: {item.name} duplicates value on record with id: {shown[:15]}"
                raise ApiError(400, "DUPLICATE_VALUE", text, ())


def _number(value: object) -> Value:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    if number is None or not math.isfinite(number):
        return None
    return value if isinstance(value, int) else number
