"""What an admin demands of records: properties required on creation and on entering a stage (from 2026-09 on)."""

from collections.abc import Mapping, Sequence

from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ObjectType
from connectors.sandbox.hubspot.schema import Schema
from connectors.sandbox.hubspot.store import Record


def check_rules(schema: Schema, kind: ObjectType, after: Mapping[str, str], before: Record | None) -> None:
    """Refuse a write after which a required property would be empty.

    Args:
        schema: the portal's definitions.
        kind: the record's type.
        after: the record's values after the write.
        before: the record before it, None when it is new.

    Raises:
        HubError: 400 `VALIDATION_ERROR` with `MISSING_REQUIRED_PROPERTY`.
    """
    items = schema.properties[kind.name].values()
    needed = [item.name for item in items if item.required and not item.archived] if before is None else []
    stage_id = after.get(kind.stage, "") if kind.stage else ""
    if stage_id and (before is None or before.get(kind.stage) != stage_id):
        found = schema.stage(kind.name, stage_id)
        needed += found[1].required if found else ()
    absent = [name for name in dict.fromkeys(needed) if not after.get(name)]
    if absent:
        raise missing(kind, absent)


def missing(kind: ObjectType, names: Sequence[str]) -> HubError:
    """The 400 for properties that a record must have."""
    details = [
        {
            "message": f"{name} is required",
            "code": "MISSING_REQUIRED_PROPERTY",
            "context": {"propertyName": [name]},
        }
        for name in names
    ]
    text = f"Error creating {kind.constant}. Some required properties were not set."
    return HubError(400, "VALIDATION_ERROR", text, errors=details, context={"properties": list(names)})
