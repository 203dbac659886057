"""What an admin set up beyond rights: validation rules, duplicate rules, record types, and the limits of the org."""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

DAILY_CALLS: Final = 1_000_000
LONG_CALLS: Final = 25
"""Of production orgs and sandboxes; developer and trial orgs have 5."""
REPLICATED_IDS: Final = 600_000
Resolve = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """Refuses a record of object `target` for which `condition` holds.

    `condition` is a SOQL WHERE clause (a real org takes a formula), `field` is where the page shows `message`.
    """

    target: str
    condition: str
    message: str
    field: str = ""

    @classmethod
    def of(cls, spec: Mapping[str, object]) -> "ValidationRule":
        """Read a rule given as `object`, `condition`, `message` and `field`.

        Raises:
            ValueError: an object or a condition is missing.
        """
        rule = cls(*(str(spec.get(key) or "") for key in ("object", "condition", "message", "field")))
        if not rule.target or not rule.condition:
            raise ValueError("a validation rule needs an object and a condition")
        return rule


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """Refuses a record of object `target` whose `fields` all equal those of another one, case aside.

    Unless it `blocks`, it lets the record pass when the request says `Sforce-Duplicate-Rule-Header: allowSave=true`.
    """

    target: str
    fields: tuple[str, ...]
    blocks: bool = False
    message: str = "Use one of these records?"

    @classmethod
    def of(cls, spec: Mapping[str, object]) -> "DuplicateRule":
        """Read a rule given as `object`, `fields`, `block` and `message`.

        Raises:
            ValueError: an object or fields are missing.
        """
        listed = spec.get("fields")
        fields = tuple(map(str, listed)) if isinstance(listed, list | tuple) else ()
        if not spec.get("object") or not fields:
            raise ValueError("a duplicate rule needs an object and fields")
        text = str(spec.get("message") or "Use one of these records?")
        return cls(str(spec["object"]), fields, bool(spec.get("block")), text)


@dataclass(frozen=True, slots=True)
class RecordType:
    """A record type of object `target`, open to all or to some `profiles`; `default` when a request names none."""

    id: str
    target: str
    name: str
    developer_name: str
    profiles: frozenset[str] = frozenset()
    default: bool = False

    @classmethod
    def of(cls, spec: Mapping[str, object], resolve: Resolve) -> "RecordType":
        """Read a record type given in REST field names, plus `profiles` (ids) and `default`."""
        name, listed = str(spec.get("Name") or ""), spec.get("profiles")
        return cls(
            resolve(str(spec.get("Id"))),
            str(spec.get("SobjectType")),
            name,
            str(spec.get("DeveloperName") or name.replace(" ", "_")),
            frozenset(resolve(str(item)) for item in listed) if isinstance(listed, list | tuple) else frozenset(),
            bool(spec.get("default")),
        )

    def open_to(self, profile_id: str) -> bool:
        """Whether users of a profile may give it to a record."""
        return not self.profiles or profile_id in self.profiles


@dataclass(slots=True)
class Limits:
    """Requests in 24 hours, requests of 20 seconds or more at a time, and ids of one `updated` or `deleted`."""

    daily_calls: int = DAILY_CALLS
    long_calls: int = LONG_CALLS
    replicated_ids: int = REPLICATED_IDS


@dataclass(slots=True)
class Setup:
    """The setup of one org. `assignment` is object -> owner that the assignment rules give."""

    limits: Limits = field(default_factory=Limits)
    assignment: dict[str, str] = field(default_factory=dict)
    validation: list[ValidationRule] = field(default_factory=list)
    duplicates: list[DuplicateRule] = field(default_factory=list)
    record_types: tuple[RecordType, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, object], resolve: Resolve) -> "Setup":
        """Read the setup that an org document describes; `resolve` turns an id into its long form.

        Raises:
            ValueError: a rule lacks something.
        """
        head = document.get("org")
        head = head if isinstance(head, Mapping) else {}
        assigned = document.get("assignment")
        return cls(
            Limits(
                int(str(head.get("daily_api_limit") or DAILY_CALLS)),
                int(str(head.get("long_call_limit") or LONG_CALLS)),
            ),
            {str(name): resolve(str(target)) for name, target in assigned.items()}
            if isinstance(assigned, Mapping)
            else {},
            [ValidationRule.of(spec) for spec in _specs(document, "validation_rules")],
            [DuplicateRule.of(spec) for spec in _specs(document, "duplicate_rules")],
            tuple(RecordType.of(spec, resolve) for spec in _specs(document, "record_types")),
        )

    def types_of(self, kind: str) -> tuple[RecordType, ...]:
        """The record types of an object."""
        return tuple(item for item in self.record_types if item.target == kind)

    def snapshot(self) -> "Setup":
        """A copy that keeps its meaning however the setup changes."""
        return copy.deepcopy(self)


def _specs(document: Mapping[str, object], key: str) -> Iterable[Mapping[str, object]]:
    listed = document.get(key)
    return [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list | tuple) else []
