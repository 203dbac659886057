"""The sandbox as a child process, for tests and the demo."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from connectors.sandbox.client import SandboxControl, SandboxOrg
from connectors.sandbox.wire import JSON

_READY_SECONDS = 60.0
_STOP_SECONDS = 10.0


class SandboxProcess:
    """Starts a sandbox on free ports, waits until it is ready, and stops it at the end of the `with` block.

    `about` is the ready document, `orgs` its orgs by alias, `control` the control plane and
    `ca_file` what TLS clients trust.

    Raises:
        RuntimeError: it did not become ready; its own message is on stderr.
    """

    about: JSON
    orgs: dict[str, SandboxOrg]
    control: SandboxControl
    ca_file: Path

    def __init__(self, data: Path | None = None, *, seed: int = 7, scale: int = 0, ca_file: Path | None = None) -> None:
        self._command = [sys.executable, "-m", "connectors.sandbox", "--json", "--seed", str(seed)]
        if scale:
            self._command += ["--scale", str(scale)]
        if data is not None:
            self._command += ["--data", str(data)]
        if ca_file is not None:
            self._command += ["--ca-file", str(ca_file)]

    def __enter__(self) -> Self:
        """Start and wait for the ready line."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        watchdog = threading.Timer(_READY_SECONDS, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline() if self._process.stdout else ""
        watchdog.cancel()
        if not line:
            code = self._stop()
            raise RuntimeError(f"the sandbox did not start (exit code {code})")
        self.about = json.loads(line)
        self.orgs = {item["alias"]: SandboxOrg.of(item) for item in self.about["orgs"]}
        self.control = SandboxControl(self.about["control"])
        self.ca_file = Path(self.about["ca_file"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._stop()

    def _stop(self) -> int:
        self._process.terminate()
        try:
            code = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        return code
