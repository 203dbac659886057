"""What objects and fields an org has: the standard ones, plus what the org's document adds."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from connectors.sandbox.salesforce.standard import STANDARD, SYSTEM_FIELDS
from connectors.sandbox.salesforce.values import Json, Value, instant

LONG_TEXT: Final = 255
INFERRED_LONG_TEXT: Final = 131_072
NUMBERS: Final = frozenset({"int", "double", "currency", "percent"})
_SEARCHED: Final = frozenset({"EmailMessage", "FeedItem", "User"})
_FIELD = re.compile(r"(\w+) (\w+)(?:\[(\d+)\])?(.*)")
_LOOKUP = re.compile(r">(\S+)")
_DEFAULT_LENGTH: Final = {
    "reference": 18,
    "id": 18,
    "picklist": 255,
    "string": 255,
    "email": 80,
    "phone": 40,
    "url": 255,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `reference_to` names the objects a lookup may point at; `relationship` is the way up in SOQL."""

    name: str
    type: str
    label: str
    length: int = 0
    createable: bool = True
    updateable: bool = True
    nillable: bool = True
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    id_lookup: bool = False
    auto_number: bool = False
    name_field: bool = False
    always_filterable: bool = False
    default: Value = None
    reference_to: tuple[str, ...] = ()
    relationship: str = ""
    child_relationship: str = ""
    picklist: tuple[str, ...] = ()

    @property
    def custom(self) -> bool:
        """Made by an admin or a package."""
        return self.name.endswith("__c")

    @property
    def long_text(self) -> bool:
        """A long text area or a blob: stored outside the row, so never sortable."""
        return self.type == "base64" or (self.type == "textarea" and self.length > LONG_TEXT)

    @property
    def filterable(self) -> bool:
        """May stand in WHERE."""
        return self.always_filterable or not self.long_text

    @property
    def indexed(self) -> bool:
        """Has a hash index in the store."""
        return bool(self.reference_to) or self.external_id or self.unique or self.id_lookup

    @property
    def by_case(self) -> bool:
        """Whether values compare with their case (ids and lookups always do)."""
        return self.case_sensitive or self.type in {"id", "reference"}


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One object. `fields` is keyed by lower-case name; `setup` objects have no sharing and no object permissions."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: Mapping[str, Field]
    setup: bool = False
    virtual: bool = False

    @property
    def custom(self) -> bool:
        """Made by an admin or a package."""
        return self.name.endswith("__c")

    def field(self, name: str) -> Field | None:
        """The field of that name in any case."""
        return self.fields.get(name.lower())

    @property
    def owned(self) -> bool:
        """Records have an owner (and so sharing of their own)."""
        return "ownerid" in self.fields

    @property
    def searchable(self) -> bool:
        """Records can be found by their words."""
        return (self.owned or self.name in _SEARCHED) and self.name != "ContentDocument"

    @property
    def lookups(self) -> tuple[str, ...]:
        """The fields that point at other records, but for the one that every write moves."""
        return tuple(
            item.name for item in self.fields.values() if item.reference_to and item.name != "LastModifiedById"
        )

    @property
    def name_field(self) -> str:
        """The field that names a record to people."""
        return next((item.name for item in self.fields.values() if item.name_field), "Id")


@dataclass(slots=True)
class Schema:
    """All objects of one org, by lower-case name."""

    objects: dict[str, ObjectType]
    _children: dict[str, list[tuple[ObjectType, Field]]] = field(default_factory=dict)
    _prefixes: dict[str, ObjectType] = field(default_factory=dict)

    def object(self, name: str) -> ObjectType | None:
        """The object of that name in any case."""
        return self.objects.get(name.lower())

    def by_id(self, record_id: str) -> ObjectType | None:
        """The object whose key prefix starts the id."""
        if not self._prefixes:
            for item in self.objects.values():
                self._prefixes.setdefault(item.prefix, item)
        return self._prefixes.get(record_id[:3])

    def children(self, name: str) -> list[tuple[ObjectType, Field]]:
        """The (object, lookup field) pairs that point at `name`."""
        if name not in self._children:
            self._children[name] = [
                (item, lookup)
                for item in self.objects.values()
                if not item.virtual
                for lookup in item.fields.values()
                if name in lookup.reference_to
            ]
        return self._children[name]

    def extend(self, additions: Mapping[str, Json]) -> None:
        """Add the custom objects and fields of an org document (its `schema` key)."""
        for name, spec in additions.items():
            known = self.object(name)
            if known is None:
                known = _custom_object(name, spec, len(self.objects))
            listed = spec.get("fields")
            extra = [_field_of(item) for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
            self._put(known, extra)

    def infer(self, name: str, unknown: Mapping[str, Iterable[Value]], prefix: str = "") -> None:
        """Add fields that records carry but the schema does not know, with the type that their values suggest.

        `prefix` is the key prefix of the records' ids, for an object that is new.
        """
        free = prefix if all(item.prefix != prefix for item in self.objects.values()) else ""
        known = self.object(name) or _custom_object(name, {"keyPrefix": free}, len(self.objects))
        self._put(known, [_inferred(field_name, values) for field_name, values in unknown.items()])

    def _put(self, base: ObjectType, extra: list[Field]) -> None:
        fields = {**base.fields, **{item.name.lower(): item for item in extra}}
        self.objects[base.name.lower()] = ObjectType(
            base.name, base.label, base.plural, base.prefix, fields, base.setup, base.virtual
        )
        self._children.clear()
        self._prefixes.clear()


def standard_schema() -> Schema:
    """A fresh schema with the standard objects only."""
    return Schema(dict(_standard_objects()))


@cache
def _standard_objects() -> Mapping[str, ObjectType]:
    objects: dict[str, ObjectType] = {}
    for block in STANDARD.strip().split("\n\n"):
        head, *lines = block.split("\n")
        name, prefix, plural, *flags = head.split()
        fields = [_parse_field(line) for line in (*SYSTEM_FIELDS.strip().split("\n"), *lines)]
        kept = {"Id"} if "virtual" in flags else _LINK_FIELDS if "link" in flags else SYSTEM_NAMES
        fields = [item for item in fields if item.name in kept or item.name not in SYSTEM_NAMES]
        label = _label(name.removesuffix("__kav"))
        objects[name.lower()] = ObjectType(
            name,
            label,
            plural.replace("-", " "),
            prefix,
            {item.name.lower(): item for item in fields},
            setup="setup" in flags,
            virtual="virtual" in flags,
        )
    return objects


def _parse_field(line: str) -> Field:
    match = _FIELD.fullmatch(line.strip())
    if match is None:
        msg = f"standard.py: cannot read the field line {line!r}"
        raise ValueError(msg)
    name, kind, length, rest = match.groups()
    rest, _, default = rest.partition("=")
    rest, _, choices = rest.partition("|")
    lookup = _LOOKUP.search(rest)
    flags = set(_LOOKUP.sub("", rest).split())
    targets, relationship, children = ([*lookup[1].split(":"), ""][:3]) if lookup else ("", "", "")
    readonly = "readonly" in flags
    return Field(
        name,
        kind,
        _label(name),
        int(length or _DEFAULT_LENGTH.get(kind, 0)),
        createable=not readonly,
        updateable=not readonly and "create" not in flags,
        nillable="required" not in flags and kind != "boolean" and name not in SYSTEM_NAMES,
        id_lookup="idlookup" in flags,
        auto_number=readonly and "name" in flags and kind == "string" and name.endswith("Number"),
        name_field="name" in flags,
        always_filterable="filter" in flags,
        default=_default(default, kind),
        reference_to=tuple(targets.split(",")) if targets else (),
        relationship=relationship,
        child_relationship=children,
        picklist=tuple(choice.strip() for choice in choices.split("|") if choice.strip()),
    )


def _default(text: str, kind: str) -> Value:
    if kind == "boolean":
        return text.strip() == "true"
    return text.strip() or None


def _label(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("__c").replace("_", " "))
    return re.sub(r"\bId\b", "ID", words)


def _custom_object(name: str, spec: Json, number: int) -> ObjectType:
    label = str(spec.get("label") or _label(name))
    prefix = str(spec.get("keyPrefix") or f"a{number % 36:02d}")
    fields = {item.name.lower(): item for item in map(_parse_field, SYSTEM_FIELDS.strip().split("\n"))}
    return ObjectType(name, label, str(spec.get("labelPlural") or f"{label}s"), prefix, fields)


def _field_of(spec: Json) -> Field:
    """A field of an org document. Unnamed properties take Salesforce's defaults for a custom field."""
    name, kind = str(spec["name"]), str(spec.get("type", "string"))
    targets, choices, length = spec.get("referenceTo"), spec.get("picklistValues"), spec.get("length")
    relationship = str(spec.get("relationshipName") or "")
    if targets and not relationship:
        relationship = name.removesuffix("Id") if not name.endswith("__c") else f"{name.removesuffix('__c')}__r"
    default = spec.get("defaultValue", False if kind == "boolean" else None)
    return Field(
        name,
        kind,
        str(spec.get("label") or _label(name)),
        length if isinstance(length, int) else _DEFAULT_LENGTH.get(kind, 0),
        createable=bool(spec.get("createable", True)),
        updateable=bool(spec.get("updateable", True)),
        nillable=bool(spec.get("nillable", kind != "boolean")),
        external_id=bool(spec.get("externalId")),
        unique=bool(spec.get("unique")),
        case_sensitive=bool(spec.get("caseSensitive")),
        id_lookup=bool(spec.get("externalId") or spec.get("idLookup")),
        auto_number=bool(spec.get("autoNumber")),
        name_field=bool(spec.get("nameField")),
        default=default if isinstance(default, str | int | float | bool) else None,
        reference_to=tuple(map(str, targets)) if isinstance(targets, list | tuple) else (),
        relationship=relationship,
        child_relationship=str(spec.get("childRelationshipName") or ""),
        picklist=tuple(map(str, choices)) if isinstance(choices, list | tuple) else (),
    )


def _inferred(name: str, values: Iterable[Value]) -> Field:
    seen = [value for value in values if value is not None]
    label = _label(name)
    if seen and all(isinstance(value, bool) for value in seen):
        return Field(name, "boolean", label, nillable=False, default=False)
    if seen and all(isinstance(value, int | float) and not isinstance(value, bool) for value in seen):
        return Field(name, "double", label)
    texts = [str(value) for value in seen]
    if texts and all(instant(text) for text in texts):
        return Field(name, "datetime", label)
    if any(len(text) > LONG_TEXT for text in texts):
        return Field(name, "textarea", label, INFERRED_LONG_TEXT)
    return Field(name, "string", label, LONG_TEXT)


_LINK_FIELDS: Final = frozenset({"Id", "IsDeleted", "SystemModstamp"})
"""The system fields of a record that does nothing but tie two others."""
SYSTEM_NAMES: Final = frozenset(line.split()[0] for line in SYSTEM_FIELDS.strip().split("\n"))
