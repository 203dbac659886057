"""The Salesforce connector under every fault of the sandbox, at every request of every call."""

from collections.abc import Iterator

import pytest

from connectors.sandbox.process import SandboxProcess
from connectors.testing.faults import FaultContract
from tests.contract.salesforce_faults import FAULTS
from tests.contract.sandbox_stage import SandboxStage, running_sandbox
from tests.crm_facts import SALESFORCE

pytestmark = pytest.mark.sockets


@pytest.fixture(scope="module")
def first(process: SandboxProcess) -> SandboxStage:
    """The stage as it is set once."""
    return SandboxStage(process)


@pytest.fixture(scope="module")
def process() -> Iterator[SandboxProcess]:
    """One sandbox for all tests here."""
    yield from running_sandbox()


class TestSalesforceFaults(FaultContract):
    """The whole table."""

    facts = SALESFORCE
    faults = FAULTS

    @pytest.fixture
    def stage(self, first: SandboxStage) -> SandboxStage:
        """A clean org with one case."""
        return first.again()
