"""Policy as code: loads `config/`, and answers: may this principal do this for this purpose, and which fields pass.

Everything is refused that is not allowed: an unknown purpose, an unlabelled field, a principal that no rule permits.
Every answer names its rule; `Policy.digest` names the exact policy that gave it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import cedarpy

from connectors.interfaces import Audience, Record
from sidecar.domain import Label, Principal, Retention
from sidecar.errors import Refused
from sidecar.policy_files import Classification, Files, PurposeFile, read

RECORD_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "status": ("Status", "hs_pipeline_stage"),
    "severity": ("Severity__c", "severity"),
    "region": ("Region__c", "region"),
}
"""Cedar attribute of a record -> the field that holds it, in one CRM or the other."""

Facts = Mapping[str, frozenset[str]] | None
"""Object -> the fields that everyone reads who reads the record, as the CRM says; None while it has not told."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """A data use: what it may see, for which actions, and what of it may be given back to a reader."""

    name: str
    title: str
    data_use: str
    actions: frozenset[str]
    max_label: Label
    categories: frozenset[str]
    max_passages: int
    related_passages: int
    restore: frozenset[str]
    mask: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """A permission: the Cedar rule that gave it and the policy's digest."""

    rule: str
    purpose: Purpose
    digest: str


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """May a field be used for a purpose? `reason` is for people, `rule` for logs and tests."""

    passes: bool
    reason: str
    rule: str
    label: Label
    categories: frozenset[str]


class Policy:
    """The loaded policy. Immutable; safe to share between threads."""

    def __init__(self, files: Files) -> None:
        self.digest = files.digest
        self.draft_ttl = timedelta(hours=files.retention.draft_hours)
        self.retention = Retention(
            content=timedelta(hours=files.retention.content_hours),
            undo=timedelta(days=files.retention.undo_days),
            rows=timedelta(days=files.retention.rows_days),
        )
        self._labels: Classification = files.classification
        self._audiences = files.audiences
        self._purposes = {name: _purpose(name, found) for name, found in files.purposes.purposes.items()}
        self._defaults = files.purposes.defaults
        self._rules = cedarpy.PolicySet.from_str(files.cedar)
        self._schema = cedarpy.Schema.from_str(files.cedar_schema)
        self._names = _rule_names(files.cedar)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read and validate everything below `directory`.

        Raises:
            Misconfigured: names the file and what is wrong with it.
        """
        return cls(read(directory))

    def purpose(self, name: str) -> Purpose:
        """One purpose.

        Raises:
            Refused: there is no such purpose.
        """
        found = self._purposes.get(name)
        if found is None:
            raise Refused("There is no such purpose. Leave it out to get the action's own.", rule="unknown-purpose")
        return found

    def default_purpose(self, action: str) -> str:
        """The purpose of an action when the caller names none.

        Raises:
            Refused: the action has none.
        """
        found = self._defaults.get(action)
        if found is None:
            raise Refused("This action has no purpose of its own: name one.", rule="no-purpose")
        return found

    def in_order(self, actions: Iterable[str]) -> list[str]:
        """Actions as the desk shows them: in the order in which purposes.yaml names their defaults, others after."""
        order = list(self._defaults)
        return sorted(actions, key=lambda action: (order.index(action) if action in order else len(order), action))

    def purposes(self, action: str) -> tuple[Purpose, ...]:
        """The purposes that are meant for an action."""
        return tuple(purpose for purpose in self._purposes.values() if action in purpose.actions)

    def authorize(self, principal: Principal, *, action: str, purpose: str, record: Record | None) -> Decision:
        """May `principal` do `action` for `purpose`, on `record` or (None) at all?

        Raises:
            Refused: no rule permits it, or one forbids it; `rule` says which.
        """
        allowed = self.purpose(purpose)
        if action not in allowed.actions:
            raise Refused("This purpose is not meant for this action.", rule="purpose-of-action")
        resource, attributes = _resource(principal, record)
        answer = cedarpy.is_authorized(
            {
                "principal": {"type": "User", "id": principal.grant_id},
                "action": {"type": "Action", "id": action},
                "resource": resource,
                "context": {"purpose": purpose},
            },
            self._rules,
            [{"uid": {"type": "User", "id": principal.grant_id}, "attrs": _user(principal), "parents": []}, attributes],
            self._schema,
        )
        reasons = sorted(self._names.get(reason, reason) for reason in answer.diagnostics.reasons)
        if not answer.allowed or answer.diagnostics.errors:
            raise Refused(
                "Your organisation's rules do not allow this.", rule=reasons[0] if reasons else "default-deny"
            )
        return Decision(rule=reasons[0], purpose=allowed, digest=self.digest)

    def passes(self, object_: str, field: str, *, purpose: Purpose) -> FieldVerdict:
        """May this field be used for this purpose? `field` may be dotted ("Contact.Name")."""
        parent, _, name = field.rpartition(".")
        labelled = self._labels.objects.get(parent.rpartition(".")[2] or object_, {}).get(name)
        if labelled is None:
            return _withhold("it has no label", "unlabelled", (Label.RESTRICTED, frozenset()))
        label, categories = labelled
        use = f"to {purpose.title[0].lower()}{purpose.title[1:]}"
        if label > purpose.max_label:
            return _withhold(f"{label.name.lower()} data are not used {use}", f"{purpose.name}:label", labelled)
        if missing := sorted(categories - purpose.categories):
            return _withhold(f"{', '.join(missing)} is not used {use}", f"{purpose.name}:category", labelled)
        return FieldVerdict(True, "", f"{purpose.name}:allow", label, categories)

    def categories(self, object_: str, field: str) -> frozenset[str]:
        """The data categories of a field, empty when it has no label."""
        parent, _, name = field.rpartition(".")
        found = self._labels.objects.get(parent.rpartition(".")[2] or object_, {}).get(name)
        return found[1] if found else frozenset()

    def audience(self, object_: str, field: str, facts: Facts = None) -> Audience:
        """Who can read this field of a record that she can read; a field that is not listed is the user's alone.

        So is one that somebody who reads the record cannot read: `facts` narrow the file's word and never widen it.
        """
        if facts is not None and field not in facts.get(object_, (field,)):
            return Audience.AGENT
        if field in self._audiences.customer.get(object_, ()):
            return Audience.CUSTOMER
        return Audience.RECORD if field in self._audiences.record.get(object_, ()) else Audience.AGENT

    def promises(self) -> Mapping[str, frozenset[str]]:
        """Object -> the fields that somebody besides the user reads, as `audience.yaml` says."""
        listed = (self._audiences.record, self._audiences.customer)
        return {name: frozenset().union(*(each.get(name, ()) for each in listed)) for name in {*listed[0], *listed[1]}}

    def fields(self, object_: str, *, purpose: Purpose) -> tuple[str, ...]:
        """All labelled fields of an object that pass the purpose."""
        names = self._labels.objects.get(object_, {})
        return tuple(name for name in names if self.passes(object_, name, purpose=purpose).passes)

    def record_attributes(self, object_: str) -> tuple[str, ...]:
        """The fields of a record that the rules look at."""
        known = self._labels.objects.get(object_, {})
        return tuple(field for fields in RECORD_ATTRIBUTES.values() for field in fields if field in known)


def _withhold(reason: str, rule: str, labelled: tuple[Label, frozenset[str]]) -> FieldVerdict:
    return FieldVerdict(False, reason, rule, *labelled)


def _purpose(name: str, found: PurposeFile) -> Purpose:
    return Purpose(
        name=name,
        title=found.title,
        data_use=found.data_use,
        actions=found.actions,
        max_label=found.max_label,
        categories=found.categories,
        max_passages=found.passages,
        related_passages=found.related_passages,
        restore=found.restore,
        mask=found.mask,
    )


def _rule_names(cedar: str) -> dict[str, str]:
    parsed = json.loads(cedarpy.policies_to_json_str(cedar))["staticPolicies"]
    return {key: rule["annotations"]["id"] for key, rule in parsed.items()}


def _user(principal: Principal) -> dict[str, str]:
    attributes = principal.attributes
    return {
        "tenant": principal.tenant,
        "crm": principal.crm,
        "profile": attributes.get("profile", ""),
        "role": attributes.get("role", ""),
    }


def _resource(principal: Principal, record: Record | None) -> tuple[dict[str, str], dict[str, Any]]:
    if record is None:
        uid = {"type": "Org", "id": principal.tenant}
        return uid, {"uid": uid, "attrs": {"tenant": principal.tenant}, "parents": []}
    uid = {"type": "Record", "id": record.ref.id}
    attributes = {
        name: next((str(value) for field in fields if (value := record.fields.get(field))), "")
        for name, fields in RECORD_ATTRIBUTES.items()
    }
    return uid, {"uid": uid, "attrs": {"object": record.ref.object, **attributes}, "parents": []}
