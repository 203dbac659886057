"""Taking a summary back: whatever stood there before comes back, once, however the answers get lost."""

from typing import Any

import pytest

from connectors.errors import Ambiguous, Retriable, Stale
from connectors.interfaces import PreImage, TargetKind, Write, Written
from connectors.sandbox.process import SandboxProcess
from connectors.testing.stage import make_write
from tests.contract.sandbox_stage import ORG, SandboxStage

pytestmark = pytest.mark.sockets

FIELD = "Assistant_Summary__c"
PATCH: dict[str, Any] = {"path": "/sobjects/Case/", "method": "PATCH"}
BEFORE = "Before: @{ref.id} and @{claim.id}, and @{"
"""Text that Salesforce would take for references inside a composite request."""


@pytest.fixture(scope="module")
def first(process: SandboxProcess) -> SandboxStage:
    """The stage as it is set once."""
    return SandboxStage(process)


@pytest.fixture
def stage(first: SandboxStage) -> SandboxStage:
    """A clean org with one case."""
    return first.again()


def written(stage: SandboxStage, before: str = BEFORE) -> tuple[Write, PreImage, Written]:
    """A summary that was written over `before`."""
    stage.edit(stage.case, {FIELD: before})
    stage.later()
    session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.SUMMARY_FIELD)
    preimage = session.preimage(write)
    result = session.write(write, preimage)
    stage.later()
    return write, preimage, result


@pytest.mark.parametrize("before", [BEFORE, "", "@{unchanged.id}", '@{restore.body} "quoted"\nand a second line'])
def test_text_that_looks_like_a_reference_comes_back(stage: SandboxStage, before: str) -> None:
    """As it was, letter by letter; and the owner stays, because no assignment rule runs."""
    write, preimage, result = written(stage, before)
    owner = stage.value(stage.case, "OwnerId")
    stage.connector.session(stage.agent).undo(write, preimage, result)
    assert (stage.value(stage.case, FIELD) or "") == before
    assert stage.value(stage.case, "OwnerId") == owner


@pytest.mark.parametrize("fault", ["drop_before", "commit_then_drop", "commit_then_500", "truncated_json"])
def test_a_lost_answer_is_ambiguous_and_a_second_undo_ends_well(
    process: SandboxProcess, stage: SandboxStage, fault: str
) -> None:
    """Whether the first one arrived or not; the case is changed once."""
    write, preimage, result = written(stage)
    process.control.fault(fault, **PATCH)
    session = stage.connector.session(stage.agent)
    try:
        session.undo(write, preimage, result)
        assert fault == "truncated_json"  # 204 has no body that could be cut
    except Ambiguous:
        stage.later()
        session.undo(write, preimage, result)
    assert stage.value(stage.case, FIELD) == BEFORE
    stamp = stage.value(stage.case, "LastModifiedDate")
    stage.later()
    session.undo(write, preimage, result)
    assert stage.value(stage.case, "LastModifiedDate") == stamp


@pytest.mark.parametrize("status", [420, 429])
def test_a_refused_undo_changed_nothing_and_can_be_repeated(
    process: SandboxProcess, stage: SandboxStage, status: int
) -> None:
    """The request did not get there."""
    write, preimage, result = written(stage)
    process.control.fault("status", status=status, **PATCH)
    session = stage.connector.session(stage.agent)
    with pytest.raises(Retriable):
        session.undo(write, preimage, result)
    assert write.key in str(stage.value(stage.case, FIELD))
    session.undo(write, preimage, result)
    assert stage.value(stage.case, FIELD) == BEFORE


def test_an_undo_whose_note_got_lost_ends_well(process: SandboxProcess, stage: SandboxStage) -> None:
    """The text is back, the marker does not say so yet: the second undo only writes that down."""
    write, preimage, result = written(stage)
    process.control.fault("drop_before", path="/composite$", body="Undone__c.*true")
    session = stage.connector.session(stage.agent)
    with pytest.raises(Ambiguous):
        session.undo(write, preimage, result)
    stamp = stage.value(stage.case, "LastModifiedDate")
    stage.later()
    session.undo(write, preimage, result)
    assert (stage.value(stage.case, FIELD), stage.value(stage.case, "LastModifiedDate")) == (BEFORE, stamp)
    marks = process.control.records(ORG, "Writeback__c", Key__c=preimage.attempt)
    assert [mark["Undone__c"] for mark in marks] == [True]


def test_somebody_who_edits_between_look_and_restore_wins(process: SandboxProcess, stage: SandboxStage) -> None:
    """The condition travels with the write: what she wrote is not overwritten."""
    write, preimage, result = written(stage)
    process.control.fault("touch", record=stage.case.id, fields={FIELD: "Mine."}, **PATCH)
    with pytest.raises(Stale):
        stage.connector.session(stage.agent).undo(write, preimage, result)
    assert stage.value(stage.case, FIELD) == "Mine."
