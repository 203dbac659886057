"""The Salesforce connector under every fault of the sandbox, at every request of every call."""

from typing import Any, cast

import pytest

from connectors.errors import Retriable
from connectors.interfaces import Change, Checkpoint
from connectors.sandbox.faults import ACTIONS
from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.salesforce.mutations import Mutations
from connectors.testing.faults import FaultContract
from tests.contract.salesforce_faults import FAULTS, RULES
from tests.contract.sandbox_stage import ORG, SandboxStage
from tests.crm_facts import SALESFORCE

pytestmark = pytest.mark.sockets


@pytest.fixture(scope="module")
def first(process: SandboxProcess) -> SandboxStage:
    """The stage as it is set once."""
    return SandboxStage(process, plain=True)


NO_FAULTS = frozenset({"create", "unhide_field", "rotation", "session_timeout", "bulk_jobs"})
"""Mutations that take nothing away from who is reading or writing; the connector makes no Bulk jobs."""
ELSEWHERE = frozenset({"delete_mid_paging", "lost_refresh", "oauth_app", "oauth_org"})
"""The first is below, the others are about logging in (tests/contract/test_pitfalls_salesforce.py,
test_connector_salesforce_login.py).
"""
PAGE = 2_000


@pytest.mark.parametrize("action", ["expire_cursors", "delete_mid_paging"])
def test_a_sync_whose_pages_break_off_goes_on_from_its_checkpoint(
    process: SandboxProcess, first: SandboxStage, action: str
) -> None:
    """What came before the break is right, the break is retriable, and nothing is left out in the end."""
    stage = first.again()
    stage.add_many_messages(PAGE)
    session = stage.connector.session(stage.agent)
    everything = {change.ref: change.record for change in session.changes(Checkpoint("EmailMessage"), ("Subject",))}
    assert len(everything) > PAGE
    process.control.fault(action, path=r"/query/01g\w+-\d+$", org=ORG)

    seen: list[Change] = []
    with pytest.raises(Retriable):
        seen.extend(session.changes(Checkpoint("EmailMessage"), ("Subject",)))
    assert len(seen) == PAGE
    assert all(everything[change.ref] == change.record for change in seen)
    rest = {change.ref for change in session.changes(seen[-1].checkpoint, ("Subject",))}
    gone = everything.keys() - {change.ref for change in seen} - rest
    assert len(gone) == (1 if action == "delete_mid_paging" else 0)


def test_every_fault_of_the_sandbox_has_its_turn() -> None:
    """An action that somebody adds to the sandbox must be tried on the connector, too."""
    mutations = Mutations(cast("Any", None), cast("Any", None)).names
    assert {action for action, _ in RULES.values()} | NO_FAULTS | ELSEWHERE == ACTIONS | mutations
    assert {fault.name for fault in FAULTS} == RULES.keys()


class TestSalesforceFaults(FaultContract):
    """The whole table."""

    facts = SALESFORCE
    faults = FAULTS

    @pytest.fixture
    def stage(self, first: SandboxStage) -> SandboxStage:
        """A clean org with one case."""
        return first.again()
