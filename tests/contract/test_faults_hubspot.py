"""The HubSpot connector under every fault of the sandbox, at every request for records of every call."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.interfaces import TargetKind
from connectors.sandbox.process import SandboxProcess
from connectors.testing.faults import FaultContract
from tests.contract.hubspot_faults import FAULTS, HubSpotFaultStage
from tests.contract.hubspot_stage import running_sandbox
from tests.crm_facts import HUBSPOT

pytestmark = pytest.mark.sockets


@pytest.fixture(scope="module")
def first(process: SandboxProcess) -> HubSpotFaultStage:
    """The stage as it is set once."""
    return HubSpotFaultStage(process)


@pytest.fixture(scope="module")
def process() -> Iterator[SandboxProcess]:
    """One sandbox for all tests here."""
    yield from running_sandbox()


class TestHubSpotFaults(FaultContract):
    """The whole table. Which targets there are is known from the token's scopes: nothing is asked that could break."""

    facts = replace(HUBSPOT, kinds=(TargetKind.TASKS,), undoable=(TargetKind.TASKS,))  # a note is one of a task
    faults = FAULTS
    readings = ("read", "reread", "recent", "changes")

    @pytest.fixture
    def stage(self, first: HubSpotFaultStage) -> HubSpotFaultStage:
        """A clean portal with one ticket."""
        return first.again()
