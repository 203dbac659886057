"""The HubSpot connector under every fault of the sandbox, at every request for records of every call."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from connectors.interfaces import TargetKind
from connectors.sandbox.faults import ACTIONS
from connectors.sandbox.hubspot.edge_mutations import EdgeMutations
from connectors.sandbox.hubspot.mutations import Mutations
from connectors.sandbox.process import SandboxProcess
from connectors.testing.faults import FaultContract
from tests.contract.hubspot_faults import FAULTS, RULES, HubSpotFaultStage
from tests.crm_facts import HUBSPOT

pytestmark = pytest.mark.sockets


@pytest.fixture(scope="module")
def first(process: SandboxProcess) -> HubSpotFaultStage:
    """The stage as it is set once."""
    return HubSpotFaultStage(process)


NO_FAULTS = frozenset(
    {
        "create", "restore", "associate", "unhide_property", "restore_scope", "rotation", "rate_limits", "search_delay",
        "webhooks", "duplicate_webhook", "reorder_webhook",
    }
)  # fmt: skip
"""Mutations that take nothing away from who is reading or writing; the connector listens to no webhooks."""
ELSEWHERE = frozenset({"exhaust", "lost_refresh", "move_user"})
"""With the waiting that belongs to them: test_connector_hubspot.py, test_pitfalls_hubspot.py.

A user who moves to another team re-stamps all that she owns, so that nothing can be compared: see
tests/functional/test_hubspot_permissions.py.
"""


def test_every_fault_of_the_sandbox_has_its_turn() -> None:
    """An action that somebody adds to the sandbox must be tried on the connector, too."""
    nothing = cast("Any", None)
    edge = EdgeMutations(nothing, people=nothing, grants=nothing, limiter=nothing, webhooks=nothing, deliveries=nothing)
    mutations = Mutations(cast("Any", SimpleNamespace(lock=None))).names | edge.names
    assert {action for action, _ in RULES.values()} | NO_FAULTS | ELSEWHERE == ACTIONS | mutations
    assert {fault.name for fault in FAULTS} == RULES.keys()


class TestHubSpotFaults(FaultContract):
    """The whole table. Which targets there are is known from the token's scopes: nothing is asked that could break."""

    facts = replace(HUBSPOT, kinds=(TargetKind.TASKS,), undoable=(TargetKind.TASKS,))  # a note is one of a task
    faults = FAULTS
    readings = ("read", "account", "reread", "recent", "changes")

    @pytest.fixture
    def stage(self, first: HubSpotFaultStage) -> HubSpotFaultStage:
        """A clean portal with one ticket."""
        return first.again()
