"""One small sandbox for all contract tests (the example of `docs/sandbox.md`), reset before each of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.process import SandboxProcess

EXAMPLES = Path(__file__).parents[2] / "connectors" / "sandbox" / "examples"
EXAMPLE = EXAMPLES / "tidewater"


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[SandboxProcess]:
    """The process, shared by the session."""
    with SandboxProcess(EXAMPLE) as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """A running sandbox with untouched records, no fault rules and an empty request log."""
    sandbox_process.control.reset()
    return sandbox_process


@pytest.fixture(scope="session")
def hubspot_process() -> Iterator[SandboxProcess]:
    """The same for the example portal, shared by the session."""
    with SandboxProcess(EXAMPLES / "harbourlight") as process:
        yield process


@pytest.fixture
def hubspot(hubspot_process: SandboxProcess) -> SandboxProcess:
    """A running HubSpot portal with untouched records and settings, and nobody logged in."""
    hubspot_process.control.reset()
    hubspot_process.control.mutate("harbourlight", "revoke_grants")
    return hubspot_process
