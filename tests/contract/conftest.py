"""Sandboxes for contract tests: the small examples of `docs/sandbox.md`, and the generated companies."""

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
def sandbox(sandbox_process: SandboxProcess) -> Iterator[SandboxProcess]:
    """A running sandbox with untouched records, no fault rules and an empty request log; nothing leaks from it."""
    sandbox_process.control.reset()
    yield sandbox_process
    assert sandbox_process.control.leaks() == {}


@pytest.fixture(scope="session")
def hubspot_process() -> Iterator[SandboxProcess]:
    """The same for the example portal, shared by the session."""
    with SandboxProcess(EXAMPLES / "harbourlight") as process:
        yield process


@pytest.fixture
def hubspot(hubspot_process: SandboxProcess) -> Iterator[SandboxProcess]:
    """A running HubSpot portal with untouched records and settings, and nobody logged in; nothing leaks from it."""
    hubspot_process.control.reset()
    hubspot_process.control.mutate("harbourlight", "revoke_grants")
    yield hubspot_process
    assert hubspot_process.control.leaks() == {}


@pytest.fixture(scope="module")
def process() -> Iterator[SandboxProcess]:
    """One sandbox with the generated companies for all tests of a module; a stage goes back to its "clean" state."""
    with SandboxProcess() as running:
        running.control.snapshot("clean")
        yield running
