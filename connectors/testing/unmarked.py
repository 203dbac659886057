# ruff: noqa: S101 - this is a test suite that ships: asserts and expected values are its point
"""Conformance: writing where the CRM offers no unique key (our package or property is not installed)."""

import pytest

from connectors.errors import Ambiguous, Stale
from connectors.interfaces import TargetKind
from connectors.testing.stage import (
    ARRIVES,
    Stage,
    Staged,
    Trouble,
    make_write,
    minutes_ago,
    raised,
)


class UnmarkedContract(Staged):
    """Writes without our package."""

    def test_without_the_package_the_summary_field_is_no_target(self, stage: Stage) -> None:
        """What remains are records that carry their key in the text."""
        stage.uninstall_package()
        targets = stage.connector.session(stage.agent).targets(stage.case)
        assert [target.kind for target in targets] == list(self.facts.unmarked)

    @pytest.mark.parametrize("trouble", ARRIVES)
    def test_without_the_package_a_lost_answer_is_found_by_the_key_in_the_text(
        self, stage: Stage, unmarked: TargetKind, trouble: Trouble
    ) -> None:
        """Read-back finds all records of the write."""
        stage.uninstall_package()
        session, write = stage.connector.session(stage.agent), make_write(stage, unmarked)
        preimage = session.preimage(write)
        stage.trouble(trouble)
        raised(Ambiguous, lambda: session.write(write, preimage))
        written = session.find(write, preimage, minutes_ago())
        assert written
        assert len(written.ids) == stage.carrying(write.key) == len(write.values)

    def test_without_the_package_absence_proves_nothing(self, stage: Stage, unmarked: TargetKind) -> None:
        """The request may still be on its way: a person decides, nothing is sent again."""
        stage.uninstall_package()
        session, write = stage.connector.session(stage.agent), make_write(stage, unmarked)
        preimage = session.preimage(write)
        stage.trouble(Trouble.DROP_BEFORE)
        raised(Ambiguous, lambda: session.write(write, preimage))
        raised(Ambiguous, lambda: session.find(write, preimage, minutes_ago()))
        assert stage.carrying(write.key) == 0

    def test_without_the_package_a_stale_record_still_refuses(self, stage: Stage) -> None:
        """The condition travels with the write."""
        stage.uninstall_package()
        session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.TASKS)
        preimage = session.preimage(write)
        stage.edit(stage.case, dict([self.facts.edited]))
        raised(Stale, lambda: session.write(write, preimage))
        assert stage.carrying(write.key) == 0

    def test_without_the_package_tasks_can_be_undone(self, stage: Stage) -> None:
        """Twice, and the second time finds nothing to do."""
        stage.uninstall_package()
        session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.TASKS)
        preimage = session.preimage(write)
        written = session.write(write, preimage)
        session.undo(write, preimage, written)
        session.undo(write, preimage, written)
        assert stage.carrying(write.key) == 0
