"""One small sandbox for all contract tests (the example of `docs/sandbox.md`), reset before each of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.process import SandboxProcess

EXAMPLE = Path(__file__).parents[2] / "connectors" / "sandbox" / "examples" / "tidewater"


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
