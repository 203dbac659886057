"""Builds an org from its document and its records: widens ids, fills system fields, infers fields it does not know.

A `ContentVersion` brings its bytes as base64 text in `VersionData`; its document and the links to its owner and its
`FirstPublishLocationId` are made unless they are loaded too.
"""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from connectors.sandbox.salesforce import content
from connectors.sandbox.salesforce.content_access import FILE_LETTERS, ContentSharing
from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.ids import canonical, mint
from connectors.sandbox.salesforce.permissions import Grant, Permissions
from connectors.sandbox.salesforce.rules import ACTIVITIES, account_of, derive
from connectors.sandbox.salesforce.schema import NUMBERS, Field, ObjectType, Schema, standard_schema
from connectors.sandbox.salesforce.setup import Setup
from connectors.sandbox.salesforce.sharing import Level
from connectors.sandbox.salesforce.store import Store
from connectors.sandbox.salesforce.values import Json, Row, Value, normal_date, normal_datetime, stamp

if TYPE_CHECKING:
    from connectors.sandbox.salesforce.org import Clock, Org

ADMIN_PERMISSIONS: Final = ("ApiEnabled", "ModifyAllData", "QueryAllFiles", "ViewAllData", "ViewSetup")
_FIRST_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
_PEOPLE: Final = {"roles": "UserRole", "profiles": "Profile", "users": "User", "groups": "Group",
                  "record_types": "RecordType"}  # fmt: skip
_RECORD_TYPE: Final[Json] = {
    "fields": [
        {"name": "RecordTypeId", "type": "reference", "label": "Record Type ID", "referenceTo": ["RecordType"],
         "relationshipName": "RecordType"}
    ]
}  # fmt: skip
"""The field that an object has once it has record types."""
_NOT_FIELDS: Final = frozenset(
    {"profiles", "default", "attributes", "permissions", "objects", "hidden_fields", "readonly_fields", "members"}
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the `org` key of a document says."""

    id: str
    alias: str
    my_domain: str
    setup: Setup
    restriction_rules: Iterable[Mapping[str, object]] = ()


def load(make: "type[Org]", document: Mapping[str, object], records: Iterable[tuple[str, Mapping[str, object]]],
         clock: "Clock") -> "Org":  # fmt: skip
    """See `Org.load`."""
    document = _with_admin(document)
    settings = _settings(document)
    schema = standard_schema()
    schema.extend(cast("Mapping[str, Json]", _mapping(document.get("schema"))))
    schema.extend({item.target: _RECORD_TYPE for item in settings.setup.record_types})
    rows = _rows(document, records, settings)
    _infer(schema, rows)
    store = Store(schema.objects.values())
    permissions = Permissions(
        schema,
        [_profile(item) for item in _items(document, "profiles")],
        [Grant.of(item, _resolve) for item in _items(document, "permission_sets")],
    )
    owd = {str(name): str(model) for name, model in _mapping(document.get("owd")).items()}
    sharing = ContentSharing(store, permissions, owd)
    org = make(settings, schema, store, sharing, permissions, clock=clock)
    _fill(org, rows)
    for group in _items(document, "groups"):
        members = group.get("members")
        if isinstance(members, list | tuple):
            sharing.members[_resolve(str(group["Id"]))] = frozenset(_resolve(str(item)) for item in members)
    for share in _items(document, "shares"):
        level = Level.EDIT if share.get("AccessLevel") == "Edit" else Level.READ
        sharing.share(_resolve(str(share["ParentId"])), _resolve(str(share["UserOrGroupId"])), level)
    return org


def _profile(spec: Json) -> Grant:
    """A profile. One that says nothing of files gives what every profile gives."""
    grant = Grant.of(spec, _resolve)
    grant.objects = {name: frozenset(letters) for name, letters in FILE_LETTERS.items()} | grant.objects
    return grant


def _settings(document: Mapping[str, object]) -> Settings:
    head = _mapping(document.get("org"))
    return Settings(
        _resolve(str(head.get("Id") or mint("00D", "5e0", 1))),
        str(head.get("alias") or "main"),
        str(head.get("my_domain") or "sandbox"),
        Setup.of(document, _resolve),
        _items(document, "restriction_rules"),
    )


def _rows(document: Mapping[str, object], records: Iterable[tuple[str, Mapping[str, object]]],
          settings: Settings) -> list[tuple[str, Json]]:  # fmt: skip
    """Everything to store, people first; what the document says of a person wins over a record with her id."""
    name = _mapping(document.get("org")).get("Name", "Sandbox")
    rows: list[tuple[str, Json]] = [("Organization", {"Id": settings.id, "Name": name})]
    for key, kind in _PEOPLE.items():
        rows += [(kind, item) for item in _items(document, key)]
    known = {_resolve(str(item.get("Id"))) for _, item in rows}
    return rows + [
        (kind, dict(record))
        for kind, record in records
        if kind != "Organization" and _resolve(str(record.get("Id"))) not in known
    ]


def _with_admin(document: Mapping[str, object]) -> Mapping[str, object]:
    """A document without users gets one administrator; one without profiles gets the administrator's for everybody."""
    users, profiles = _items(document, "users"), _items(document, "profiles")
    if users and profiles:
        return document
    profile_id = mint("00e", "5e0", 1)
    profile = {"Id": profile_id, "Name": "System Administrator", "permissions": list(ADMIN_PERMISSIONS)}
    admin = {"Id": mint("005", "5e0", 1), "Username": "admin@sandbox.example", "FirstName": "Ada", "LastName": "Admin",
             "Email": "admin@sandbox.example", "ProfileId": profile_id, "IsActive": True}  # fmt: skip
    users = [{"ProfileId": profile_id, "IsActive": True, **user} for user in users] or [admin]
    return {**document, "users": users, "profiles": [*profiles, profile]}


def _infer(schema: Schema, rows: list[tuple[str, Json]]) -> None:
    unknown: dict[str, dict[str, list[Value]]] = {}
    prefixes: dict[str, str] = {}
    for name, record in rows:
        kind = schema.object(name)
        prefixes.setdefault(name, _resolve(str(record.get("Id") or ""))[:3])
        for key, value in record.items():
            if key in _NOT_FIELDS or (kind is not None and kind.field(key)) or isinstance(value, dict | list):
                continue
            unknown.setdefault(name, {}).setdefault(key, []).append(cast("Value", value))
        if kind is None:
            unknown.setdefault(name, {})
    for name, fields in unknown.items():
        if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
            raise ValueError("an object name must be letters, digits and underscores")
        schema.infer(name, fields, prefixes[name])


def _fill(org: "Org", rows: list[tuple[str, Json]]) -> None:
    """Store all rows. System fields that a record lacks follow from its place in the input, so that loads repeat."""
    owners = {_resolve(str(record.get("Id"))) for name, record in rows if name in {"User", "Group"}}
    admin = _admin_of(rows)
    given = {_resolve(str(record["Id"])) for _, record in rows if record.get("Id")}
    _reserve_numbers(org, rows)
    blobs: dict[str, bytes] = {}
    for place, (name, record) in enumerate(rows):
        kind = org.kind(name)
        where = _where(kind, record, place)
        row = _row_of(kind, record, where)
        record_id = row.get("Id") or _fresh_id(org, kind, given)
        if str(record_id)[:3] != kind.prefix:
            raise ValueError(f"{where}: an Id of {kind.name} begins with {kind.prefix}")
        if org.store.get(kind.name, record_id) is not None:
            raise ValueError(f"{where}: the Id was given to an earlier record")
        row["Id"] = record_id
        if kind.owned and row.get("OwnerId") not in owners:
            row["OwnerId"] = admin
        _stamp(row, stamp(_FIRST_DAY + timedelta(seconds=place)), owners, admin)
        for item in kind.fields.values():
            if item.auto_number and row.get(item.name) is None:
                row[item.name] = f"{org.next_number(f'{kind.name}.{item.name}'):08d}"
        org.store.put(kind.name, str(row["Id"]), derive(kind, row, keep=frozenset(record)))
        if kind.name == content.VERSION:
            blobs[str(row["Id"])] = _blob(record, where)
    content.complete(org, blobs)
    _relate_activities(org)


def _relate_activities(org: "Org") -> None:
    """Tasks and events name the account of what they are about, which may have been loaded after them."""
    for name in ACTIVITIES:
        for row in list(org.store.tables[name].rows.values()):
            if row.get("AccountId") is None and (account := account_of(org, row)) is not None:
                org.store.put(name, str(row["Id"]), row | {"AccountId": account})


def _blob(record: Json, where: str) -> bytes:
    """The bytes of a `ContentVersion`: `VersionData` is base64 text, as in a request."""
    try:
        return content.decoded(record.get("VersionData") or "")
    except ApiError:
        raise ValueError(f"{where}: VersionData is not base64") from None


def _fresh_id(org: "Org", kind: ObjectType, given: AbstractSet[str]) -> str:
    while (record_id := org.new_id(kind)) in given:
        pass
    return record_id


def _where(kind: ObjectType, record: Json, place: int) -> str:
    """How an error names a record: the place that its `attributes` tell (a file and line), or its number."""
    attributes = record.get("attributes")
    told = attributes.get("place") if isinstance(attributes, Mapping) else None
    return str(told or f"record {place} ({kind.name})")


def _row_of(kind: ObjectType, record: Json, where: str) -> Row:
    row: Row = {item.name: item.default for item in kind.fields.values() if item.type == "boolean"}
    for key, value in record.items():
        known = kind.field(key)
        if known is not None and key not in _NOT_FIELDS:
            row[known.name] = _loaded(known, value, where)
    return row


def _stamp(row: Row, made: str, owners: AbstractSet[str], admin: str) -> None:
    row["CreatedDate"] = row.get("CreatedDate") or made
    row["LastModifiedDate"] = row.get("LastModifiedDate") or row.get("SystemModstamp") or row["CreatedDate"]
    row["SystemModstamp"] = row.get("SystemModstamp") or row["LastModifiedDate"]
    owner = str(row.get("OwnerId"))
    for by in ("CreatedById", "LastModifiedById"):
        if row.get(by) not in owners:
            row[by] = owner if owner.startswith("005") else admin


def _reserve_numbers(org: "Org", rows: list[tuple[str, Json]]) -> None:
    """Let auto-numbers go on after those that the records bring along."""
    for name, record in rows:
        kind = org.kind(name)
        for item in kind.fields.values():
            if item.auto_number and record.get(item.name):
                digits = re.sub(r"\D", "", str(record[item.name]))[:9]
                org.reserve(f"{kind.name}.{item.name}", int(digits or 0))


def _loaded(known: Field, value: object, where: str) -> Value:
    if value is None or known.type == "base64" or isinstance(value, dict | list):
        return None
    if known.type in {"id", "reference"}:
        found = canonical(str(value)) if value else None
        if found is None and value:
            raise ValueError(f"{where}: {known.name} is not a record id")
        return found
    if known.type in {"date", "datetime"}:
        normal = normal_date(str(value)) if known.type == "date" else normal_datetime(str(value))
        if normal is None and value:
            raise ValueError(f"{where}: {known.name} is not a {known.type}")
        return normal
    if known.type == "boolean":
        return value if isinstance(value, bool) else str(value).lower() in {"true", "1"}
    if known.type in NUMBERS:
        return _loaded_number(known, value, where)
    if isinstance(value, str | int | float):
        return str(value) or None
    raise ValueError(f"{where}: {known.name} has a value of a type that JSON fields do not have")


def _loaded_number(known: Field, value: object, where: str) -> Value:
    if value == "":
        return None
    if isinstance(value, int | float):
        return value
    try:
        return float(str(value))
    except ValueError:
        raise ValueError(f"{where}: {known.name} is not a number") from None


def _admin_of(rows: list[tuple[str, Json]]) -> str:
    """The user who stands in for unknown owners: the first whose profile may modify all data, else the first."""
    admins = {
        _resolve(str(record.get("Id")))
        for name, record in rows
        if name == "Profile" and "ModifyAllData" in cast("Iterable[str]", record.get("permissions") or ())
    }
    users = [record for name, record in rows if name == "User"]
    first = next((user for user in users if _resolve(str(user.get("ProfileId"))) in admins), users[0])
    return _resolve(str(first.get("Id")))


def _resolve(text: str) -> str:
    return canonical(text) or text


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _items(document: Mapping[str, object], key: str) -> list[Json]:
    listed = document.get(key)
    return [dict(item) for item in listed if isinstance(item, Mapping)] if isinstance(listed, list | tuple) else []
