"""A sidecar process on a free port, wired to a sandbox: what the demo, the tests and the benchmarks start."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

import requests
import yaml

from connectors.sandbox.client import SandboxOrg, consent
from connectors.sandbox.process import SandboxProcess
from sidecar.client import Client, log_in
from sidecar.domain import Principal
from sidecar.interfaces import Services

READY_SECONDS = 60.0
STOP_SECONDS = 40.0


class LocalSidecar:
    """Starts `serve` with its state in `state`; ready on entering. `ready_seconds` says how long that took.

    `calls` is what HubSpot allows in ten seconds; tests switch the sandbox's limit off and say more.

    Raises:
        RuntimeError: it did not become ready; its log is `state/serve.log`.
    """

    def __init__(self, sandbox: SandboxProcess, state: Path, *, calls: int = 110, **environment: str) -> None:
        self.sandbox = sandbox
        self.state = state
        self.log = state / "serve.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ready_seconds = 0.0
        self._calls = calls
        self._environment = environment

    def __enter__(self) -> Self:
        """Write the installations file, start, wait until ready."""
        installations(self.sandbox, self.state, self._calls)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it gracefully."""
        self.stop()

    def start(self) -> None:
        """Start the process (again)."""
        started = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sidecar", "serve"],
                env=os.environ | self.settings(),
                stdout=log,
                stderr=log,
            )
        while not self._is_ready():
            if self.process.poll() is not None or time.perf_counter() - started > READY_SECONDS:
                self.stop()
                raise RuntimeError(f"the sidecar did not become ready; see {self.log}")
            time.sleep(0.02)
        self.ready_seconds = time.perf_counter() - started

    def stop(self) -> None:
        """Ask it to end; kill it when it does not."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill -9 of the worker and its master, as a crash would."""
        for child in _children(self.process.pid):
            os.kill(child, 9)
        self.process.kill()
        self.process.wait()

    def log_in(self, installation: str, username: str) -> Client:
        """Log in as a CRM user by the real OAuth flow, pressing Allow at the sandbox's consent page."""
        return log_in(self.url, installation, lambda address: self.visit(address, username))

    def visit(self, address: str, username: str) -> requests.Response:
        """Follow a login address as a browser would."""
        with requests.Session() as browser:
            browser.trust_env = False
            start = browser.get(address, allow_redirects=False, timeout=30)
            back = consent(start.headers["location"], username, verify=str(self.sandbox.ca_file))
            return browser.get(back, timeout=30)

    def settings(self) -> Mapping[str, str]:
        """The environment of the process, for commands that share its state."""
        return {
            "CRM_SIDECAR_STATE_DIR": str(self.state),
            "CRM_SIDECAR_INSTALLATIONS_FILE": str(self.state / "installations.yaml"),
            "CRM_SIDECAR_PORT": str(self.port),
            "CRM_SIDECAR_PUBLIC_URL": self.url,
            **self._environment,
        }

    def memory_mb(self) -> float:
        """Resident memory of the worker process, in MB."""
        worker = _children(self.process.pid)[0]
        status = Path(f"/proc/{worker}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).ok
        except requests.ConnectionError:
            return False


def installations(sandbox: SandboxProcess, state: Path, calls: int = 110) -> Path:
    """Write the installations file of a sandbox's orgs below `state`."""
    state.mkdir(parents=True, exist_ok=True)
    path = state / "installations.yaml"
    found = {alias: _installation(org, sandbox.ca_file, calls) for alias, org in sandbox.orgs.items()}
    path.write_text(yaml.safe_dump(found), encoding="utf-8")
    return path


def principal(services: Services, sandbox: SandboxProcess, installation: str, username: str) -> Principal:
    """Log in as a sandbox user without a server: the OAuth flow against services that live in this process."""
    connector = services.connectors[installation]
    verifier, redirect_uri = secrets.token_urlsafe(48), "http://127.0.0.1:8080/oauth/callback"
    address = connector.authorize_url("local", verifier, redirect_uri)
    back = consent(address, username, verify=str(sandbox.ca_file))
    code = parse_qs(urlsplit(back).query)["code"][0]
    user, token = connector.exchange(code, verifier, redirect_uri)
    who = Principal(user.tenant, connector.crm, user.id, user.name, user.attributes, installation)
    services.tokens.save(who.grant_id, token)
    return who


def _installation(org: SandboxOrg, ca_file: Path, calls: int) -> dict[str, str | int]:
    own: dict[str, str | int] = {"login_url": org.https}
    if org.vendor == "hubspot":
        own = {"api_url": org.https, "app_url": org.https, "calls": calls}
    return {
        "crm": org.vendor,
        **own,
        "client_id": org.web_client.id,
        "client_secret": org.web_client.secret,
        "ca_file": str(ca_file),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text(encoding="ascii").split()] if listed.exists() else []
