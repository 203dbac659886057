"""The Salesforce connector keeps the connector contract on the sandbox CRM."""

from collections.abc import Iterator

import pytest

from connectors.sandbox.process import SandboxProcess
from connectors.testing import ConnectorContract
from tests.contract.sandbox_stage import SandboxStage, sandbox

pytestmark = pytest.mark.sockets


@pytest.fixture(scope="module")
def process() -> Iterator[SandboxProcess]:
    """One sandbox for all tests here."""
    yield from sandbox()


class TestSalesforceConnector(ConnectorContract):
    """The whole contract."""

    @pytest.fixture
    def stage(self, process: SandboxProcess) -> SandboxStage:
        """A clean org with one case."""
        return SandboxStage(process)
