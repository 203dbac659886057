"""Each fault at each step of apply and undo: one write, or a clear refusal, or `unknown` where the CRM has no keys."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from connectors.sandbox.process import SandboxProcess
from sidecar.local import LocalSidecar
from tests.functional.apply_stage import COMPOSITE, ESCALATION_GROUP, LEASE_SECONDS, TARGETS, Stage, Target

BUSY = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
BROKEN = [{"errorCode": "JSON_PARSER_ERROR", "message": "Unexpected character."}]


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule of the sandbox. `lasting`: rights or records are gone for good, so a second click cannot succeed.

    `login`: the agent logs in again afterwards, for a new grant or a new look at her rights.
    """

    name: str
    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    lasting: bool = False
    login: bool = False

    def arm(self, stage: Stage, target: Target, nth: int) -> None:
        """Let it happen to the n-th request from now."""
        given = dict(self.arguments)
        case = stage.case(target)
        if self.action in {"row_lock", "touch", "delete", "unshare"}:
            given["record"] = case
        if self.action == "hide_field":
            given["field"] = f"{target.object}.{target.text}"
        if self.action == "revoke_object":
            given["object"] = "Writeback__c" if target.package else target.object
        action = self.action
        if action == "unshare" and target.org != "northwind":
            action = "delete"  # the case is the agent's own: there is no share to take back
            given.pop("group")
        stage.control.fault(action, path=COMPOSITE, org=target.org, nth=nth, **given)


FAULTS = (
    Fault("400", "status", {"status": 400, "content": BROKEN}),
    Fault("403", "status", {"status": 403, "content": BUSY}),
    Fault("500", "status", {"status": 500}),
    Fault("503", "status", {"status": 503}),
    Fault("html 503", "html_503"),
    Fault("delay", "delay", {"seconds": 0.2}),
    Fault("delay beyond lease", "delay", {"seconds": LEASE_SECONDS + 0.2}),
    Fault("commit, drop", "commit_then_drop"),
    Fault("commit, 500", "commit_then_500"),
    Fault("drop", "drop_before"),
    Fault("cut answer", "truncated_json"),
    Fault("row lock", "row_lock"),
    Fault("session expires", "expire_sessions"),
    Fault("case moves on", "touch", {"fields": {"Priority": "Low"}}, lasting=True),
    Fault("field hidden", "hide_field", lasting=True, login=True),
    Fault("object revoked", "revoke_object", lasting=True, login=True),
    Fault("case lost", "unshare", {"group": ESCALATION_GROUP}, lasting=True),
    Fault("user deactivated", "deactivate_user", lasting=True, login=True),
    Fault("grant revoked", "revoke_grants", lasting=True, login=True),
)
STEPS: Mapping[str, tuple[int, str]] = {
    "sources": (1, ""),
    "pre-image": (2, ""),
    "write": (3, ""),
    "read-back of a write that arrived": (4, "commit_then_drop"),
    "read-back of a write that did not": (4, "drop_before"),
}
"""Which request of an apply it is, and what must have happened to the third one so that there is a fourth."""
UNDO_STEPS = (1, 2, 3)
UNDOABLE = [target for target in TARGETS if target.kind != "comment"]


@pytest.fixture(scope="module")
def stage(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A sidecar without an index, with a short lease."""
    state = tmp_path_factory.mktemp("faults")
    with LocalSidecar(sandbox, state, CRM_SIDECAR_APPLY_LEASE_SECONDS=str(LEASE_SECONDS)) as running:
        yield Stage(sandbox, running)
    sandbox.control.reset()


class Table:
    """How often each outcome was seen, by fault and step; printed at the end."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.cells: dict[tuple[str, str], Counter[str]] = {}

    def add(self, step: str, fault: str, path: str) -> None:
        """Count."""
        self.cells.setdefault((step, fault), Counter())[path] += 1

    def show(self) -> None:
        """One line a cell."""
        print(f"\n{self.title}")  # noqa: T201 - the summary of this test
        for (step, fault), paths in self.cells.items():
            line = ", ".join(f"{count}x {path}" if count > 1 else path for path, count in paths.items())
            print(f"  {step:36} {fault:20} {line}")  # noqa: T201 - the same


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_apply_under_faults(stage: Stage, target: Target) -> None:
    """Whatever goes wrong at whichever step, draft and CRM agree, and a second click makes it good where it can."""
    table = Table(f"apply to {target.name} ({'with' if target.package else 'without'} the package)")
    stage.case(target)
    for step, (nth, before) in STEPS.items():
        for fault in FAULTS:
            stage.control.reset()
            draft = stage.draft(target)
            if before:
                stage.control.fault(before, path=COMPOSITE, org=target.org, nth=3)
            fault.arm(stage, target, nth)
            first = stage.press(target, draft)
            fired = sum(rule["fired"] for rule in stage.control.faults())
            assert fired == (2 if before else 1), (step, fault.name, first)
            stage.control.clear_faults()
            between = stage.agree(target, draft)
            if not fault.lasting:
                stage.wait_for_lease(target, draft)
            second = stage.press(target, draft)
            if second == "unavailable":  # a lock that was meant for the first click has met this one
                second = stage.press(target, draft)
            last = stage.agree(target, draft)
            table.add(step, fault.name, f"{first} [{between}] -> {second} [{last}]")
            undecided = {"unknown"} if not target.package and nth > 2 else set()
            assert fault.lasting or last in {"applied"} | undecided, (step, fault.name, first, second)
            if fault.login:
                stage.forget()
    table.show()


@pytest.mark.parametrize("target", UNDOABLE, ids=lambda target: target.name)
def test_undo_under_faults(stage: Stage, target: Target) -> None:
    """An undo ends undone, with what stood there before, or applied, with what was written: never a third value."""
    table = Table(f"undo of {target.name} ({'with' if target.package else 'without'} the package)")
    stage.case(target)
    for nth in UNDO_STEPS:
        for fault in FAULTS:
            stage.control.reset()
            before = values(stage, target)
            draft = stage.draft(target)
            assert stage.press(target, draft) == "applied"
            after = values(stage, target)
            stage.control.advance(5)
            fault.arm(stage, target, nth)
            first = stage.press(target, draft, "undo")
            stage.control.clear_faults()
            between = stage.state(target, draft)
            assert values(stage, target) in (before, after) or fault.action in {"delete", "unshare"}
            if not fault.lasting:
                stage.wait_for_lease(target, draft)
            second = stage.press(target, draft, "undo")
            last = stage.agree(target, draft)
            table.add(f"request {nth}", fault.name, f"{first} [{between}] -> {second} [{last}]")
            assert last == "undone" or fault.lasting, (nth, fault.name, first, second)
            if last == "undone":
                assert values(stage, target) == before
            if fault.login:
                stage.forget()
    table.show()


def values(stage: Stage, target: Target) -> list[str]:
    """What stands at the target: the field of the case, or the texts of its tasks."""
    lookup = {"Id" if target.object == "Case" else "WhatId": stage.case(target)}
    return sorted(str(row.get(target.text)) for row in stage.control.records(target.org, target.object, **lookup))
