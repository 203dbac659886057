# ruff: noqa: S101 - this is a test suite that ships: asserts and expected values are its point
"""Conformance: writing exactly once, finding out, and taking back."""

import pytest

from connectors.errors import Ambiguous, Forbidden, NotFound, Retriable, Stale
from connectors.interfaces import RecordRef, Session, TargetKind
from connectors.testing.stage import (
    ARRIVES,
    LOST,
    Stage,
    Staged,
    Trouble,
    make_write,
    minutes_ago,
    raised,
    together,
)


class WritingContract(Staged):
    """Writes and undo, with a unique key in the CRM (Salesforce: our marker object, HubSpot: our property)."""

    def test_a_user_without_the_record_cannot_write_to_it(self, stage: Stage) -> None:
        """The outsider's write is refused like her read."""
        write = make_write(stage, TargetKind.COMMENT)
        outsider = stage.connector.session(stage.outsider)
        raised(NotFound, lambda: outsider.preimage(write))
        assert stage.carrying(write.key) == 0

    def test_targets_say_what_cannot_be_undone(self, session: Session, stage: Stage) -> None:
        """Best first; what stays for ever is offered with its warning."""
        targets = session.targets(stage.case)
        assert [target.kind for target in targets] == list(self.facts.kinds)
        assert [target.kind for target in targets if target.undoable] == list(self.facts.undoable)
        assert all(target.audience and target.label and target.max_bytes > 0 for target in targets)
        message = session.read(stage.case, self.facts.fields).thread[0]
        assert session.targets(message.ref) == ()

    def test_a_write_arrives_once_and_is_found(self, session: Session, stage: Stage, kind: TargetKind) -> None:
        """Sent twice by mistake, it is still there once, and `find` tells the same."""
        write = make_write(stage, kind)
        preimage = session.preimage(write)
        written = session.write(write, preimage)
        assert stage.carrying(write.key) == len(write.values)
        assert len(written.ids) == len(written.versions) == len(write.values)
        assert all(written.versions)
        again = session.write(write, preimage)
        assert again.ids == written.ids
        assert session.find(write, preimage, minutes_ago()) == again
        assert stage.carrying(write.key) == len(write.values)

    @pytest.mark.parametrize("trouble", ARRIVES)
    def test_a_lost_answer_is_ambiguous_and_then_found(
        self, session: Session, stage: Stage, kind: TargetKind, trouble: Trouble
    ) -> None:
        """The CRM did it, the answer is missing: read back, one write."""
        write = make_write(stage, kind)
        preimage = session.preimage(write)
        stage.trouble(trouble)
        raised(Ambiguous, lambda: session.write(write, preimage))
        written = stage.connector.session(stage.agent).find(write, preimage, minutes_ago())
        assert written
        assert len(written.ids) == len(write.values)
        assert stage.carrying(write.key) == len(write.values)

    @pytest.mark.parametrize("trouble", LOST)
    def test_a_lost_request_is_ambiguous_then_surely_not(
        self, session: Session, stage: Stage, kind: TargetKind, trouble: Trouble
    ) -> None:
        """Where the CRM can fence a key off `find` decides for good and the write can be sent again, once."""
        write = make_write(stage, kind)
        preimage = session.preimage(write)
        stage.trouble(trouble)
        raised(Ambiguous, lambda: session.write(write, preimage))
        if not self.facts.fences:
            raised(Ambiguous, lambda: session.find(write, preimage, minutes_ago()))
            assert stage.carrying(write.key) == 0
            return
        assert session.find(write, preimage, minutes_ago()) is None
        assert stage.carrying(write.key) == 0
        preimage = session.preimage(write)
        session.write(write, preimage)
        assert stage.carrying(write.key) == len(write.values)
        assert session.find(write, preimage, minutes_ago())

    def test_a_late_request_is_refused_once_it_was_declared_lost(
        self, session: Session, stage: Stage, kind: TargetKind
    ) -> None:
        """When `find` has said no, the no holds, even for a request under way; where it cannot, it does not say so."""
        write = make_write(stage, kind)
        preimage = session.preimage(write)
        stage.trouble(Trouble.LATE)
        raised(Ambiguous, lambda: session.write(write, preimage))
        if not self.facts.fences:
            raised(Ambiguous, lambda: session.find(write, preimage, minutes_ago()))
            stage.settle()
            assert session.find(write, preimage, minutes_ago())
            assert stage.carrying(write.key) == len(write.values)
            return
        assert session.find(write, preimage, minutes_ago()) is None
        stage.settle()
        assert stage.carrying(write.key) == 0
        session.write(write, session.preimage(write))
        assert stage.carrying(write.key) == len(write.values)

    def test_an_attempt_that_was_declared_lost_cannot_go_on(
        self, session: Session, stage: Stage, kind: TargetKind
    ) -> None:
        """A process that slept before it wrote is refused, however often another one tries meanwhile."""
        write = make_write(stage, kind)
        slept = session.preimage(write)
        if not self.facts.fences:
            raised(Ambiguous, lambda: session.find(write, slept, minutes_ago()))
            assert stage.carrying(write.key) == 0
            return
        assert stage.connector.session(stage.agent).find(write, slept, minutes_ago()) is None
        raised(Retriable, lambda: session.write(write, slept))
        assert stage.carrying(write.key) == 0
        assert session.find(write, slept, minutes_ago()) is None

    def test_a_slow_answer_is_an_answer(self, session: Session, stage: Stage) -> None:
        """Waiting is not failing."""
        write = make_write(stage, TargetKind.TASKS)
        preimage = session.preimage(write)
        stage.trouble(Trouble.DELAY)
        session.write(write, preimage)
        assert stage.carrying(write.key) == len(write.values)

    def test_two_at_the_same_time_write_once(self, stage: Stage, kind: TargetKind) -> None:
        """Two processes send the same write: one write, no wrong error."""
        write = make_write(stage, kind)
        preimage = stage.connector.session(stage.agent).preimage(write)
        sessions = [stage.connector.session(stage.agent) for _ in range(2)]
        outcomes = together(lambda session: session.write(write, preimage).ids, sessions)
        assert outcomes[0] == outcomes[1]
        assert stage.carrying(write.key) == len(write.values)

    def test_a_token_that_dies_before_a_write_costs_nothing(self, session: Session, stage: Stage) -> None:
        """A refusal wrote nothing, so the write is sent again with the new token: one write."""
        write = make_write(stage, TargetKind.TASKS)
        preimage = session.preimage(write)
        stage.expire(stage.agent)
        session.write(write, preimage)
        assert stage.carrying(write.key) == len(write.values)

    def test_a_record_that_moved_on_is_stale(self, session: Session, stage: Stage, kind: TargetKind) -> None:
        """Before the pre-image or between pre-image and write: refused, nothing written."""
        write = make_write(stage, kind)
        preimage = session.preimage(write)
        stage.edit(stage.case, dict([self.facts.edited]))
        raised(Stale, lambda: session.write(write, preimage))
        raised(Stale, lambda: session.preimage(write))
        assert stage.carrying(write.key) == 0

    def test_undo_puts_back_what_stood_there(self, session: Session, stage: Stage, undoable: TargetKind) -> None:
        """And doing it twice is fine."""
        write = make_write(stage, undoable)
        preimage = session.preimage(write)
        written = session.write(write, preimage)
        session.undo(write, preimage, written)
        session.undo(write, preimage, written)
        assert stage.carrying(write.key) == 0
        if write.target.field:
            assert (stage.value(stage.case, write.target.field.partition(".")[2]) or None) == preimage.value

    @pytest.mark.parametrize("trouble", [*ARRIVES, *LOST])
    def test_an_interrupted_undo_can_be_repeated(
        self, session: Session, stage: Stage, undoable: TargetKind, trouble: Trouble
    ) -> None:
        """Whether the undo arrived or not, the second one ends well."""
        write = make_write(stage, undoable)
        preimage = session.preimage(write)
        written = session.write(write, preimage)
        stage.trouble(trouble)
        raised(Ambiguous, lambda: session.undo(write, preimage, written))
        session.undo(write, preimage, written)
        assert stage.carrying(write.key) == 0

    def test_undo_refuses_when_somebody_changed_it(self, session: Session, stage: Stage, undoable: TargetKind) -> None:
        """A person's edit after the write is never overwritten."""
        write = make_write(stage, undoable)
        preimage = session.preimage(write)
        written = session.write(write, preimage)
        object_, field = self.facts.written[undoable]
        touched = RecordRef(stage.case.crm, object_, written.ids[0])
        stage.edit(touched, {field: "a person wrote this"})
        raised(Stale, lambda: session.undo(write, preimage, written))
        assert stage.value(touched, field) == "a person wrote this"

    def test_what_cannot_be_undone_is_refused(self, session: Session, stage: Stage, kind: TargetKind) -> None:
        """As its target said before, and only then."""
        write = make_write(stage, kind)
        preimage = session.preimage(write)
        written = session.write(write, preimage)
        if kind in self.facts.undoable:
            session.undo(write, preimage, written)
            return
        raised(Forbidden, lambda: session.undo(write, preimage, written))
        assert stage.carrying(write.key) == len(write.values)

    def test_what_the_assistant_wrote_is_known_as_its_own(self, session: Session, stage: Stage) -> None:
        """The next read names the tasks that a write has created."""
        write = make_write(stage, TargetKind.TASKS)
        written = session.write(write, session.preimage(write))
        assert session.read(stage.case, self.facts.fields).own_writes == frozenset(written.ids)
