"""The command line, as a person types it, against a running sidecar."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
import requests

from connectors.sandbox.client import consent
from connectors.sandbox.data import DEMO_CASE_ID, DEMO_USERNAMES
from connectors.sandbox.process import SandboxProcess
from sidecar.client import Problem, log_in
from sidecar.local import LocalSidecar

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(sidecar: LocalSidecar, calm: SandboxProcess, tmp_path: Path) -> Run:
    """Run a command with a home of its own; the environment is the server's, for commands that need its database."""

    def call(*arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sidecar", *arguments],
            env=os.environ | sidecar.settings() | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
            input=answer,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


@pytest.fixture
def connected(run: Run, sidecar: LocalSidecar, tmp_path: Path) -> Run:
    """The same, logged in as the demo's first agent by following the printed address like a browser."""
    command = [sys.executable, "-m", "sidecar", "connect", "--url", sidecar.url, "--installation", "northwind"]
    with subprocess.Popen(
        [*command, "--no-browser"],
        env=os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        visit = Thread(target=sidecar.visit, args=(address, DEMO_USERNAMES[0]))
        visit.start()
        said = process.stdout.read()
        visit.join()
    assert process.returncode == 0
    assert "Maya Lindqvist" in said
    return run


def test_what_only_the_log_explains_names_the_request() -> None:
    """The administrator is told the request's id; where the message says what to do, it is left out."""
    crash = {"title": "Something went wrong", "detail": "Tell your administrator.", "status": 500, "request": "4f2a"}
    assert "(request 4f2a)" in str(Problem(crash))
    assert "4f2a" not in str(Problem(crash | {"status": 404}))


def test_commands_need_a_login(run: Run) -> None:
    """Without a login, a command says what to do and exits with 1."""
    result = run("draft", DEMO_CASE_ID)
    assert result.returncode == 1
    assert "crm-sidecar connect" in result.stderr


def test_a_login_that_cannot_succeed_is_not_waited_for(run: Run, sidecar: LocalSidecar) -> None:
    """An unknown installation is named at once."""
    result = run("connect", "--url", sidecar.url, "--installation", "nowhere", "--no-browser")
    assert result.returncode == 1
    assert "'nowhere'" in result.stderr


def test_who_says_no_at_the_crm_is_told_at_once(sidecar: LocalSidecar) -> None:
    """The command line hears of a declined login instead of waiting for minutes."""

    def decline(address: str) -> None:
        with requests.Session() as browser:
            browser.trust_env = False
            start = browser.get(address, allow_redirects=False, timeout=30)
            back = consent(
                start.headers["location"], DEMO_USERNAMES[0], verify=str(sidecar.sandbox.ca_file), allow=False
            )
            assert b"not logged in" in browser.get(back, timeout=30).content

    with pytest.raises(Problem, match="said no"):
        log_in(sidecar.url, "northwind", decline)


def test_the_login_is_kept_for_this_user_only(connected: Run, tmp_path: Path) -> None:
    """The file with the token cannot be read by others."""
    (kept,) = tmp_path.rglob("session.json")
    assert kept.stat().st_mode & 0o077 == 0


def test_draft_apply_undo(connected: Run, calm: SandboxProcess) -> None:
    """The main job from the command line."""
    drafted = connected("draft", DEMO_CASE_ID, "--json")
    draft = json.loads(drafted.stdout)
    assert draft["state"] == "draft"
    asked = connected("apply", draft["id"], answer="n\n")
    assert asked.returncode == 1
    assert calm.control.counts("northwind", "Writeback__c", "Key__c") == {}
    applied = connected("apply", draft["id"], answer="y\n")
    assert applied.returncode == 0, applied.stderr
    assert "applied" in applied.stdout
    assert calm.control.counts("northwind", "Writeback__c", "Key__c") == {draft["change"]["key"]: 1}
    assert json.loads(connected("undo", draft["id"], "--json").stdout)["state"] == "undone"


def test_a_draft_reads_well(connected: Run) -> None:
    """Sections, citations and what the policy did are on the screen."""
    said = connected("draft", DEMO_CASE_ID).stdout
    for word in ("Situation", "masked", "stays masked", "left out", "Apply writes to"):
        assert word in said
    assert re.search(r"\[\d+\]", said)


def test_an_excluded_field_is_left_out(connected: Run) -> None:
    """--exclude switches a field off, and the draft says so."""
    draft = json.loads(connected("draft", DEMO_CASE_ID, "--exclude", "Case.Description", "--json").stdout)
    assert {
        "object": "Case",
        "field": "Description",
        "reason": "you switched it off",
        "rule": "excluded-by-agent",
    } in draft["withheld"]
    assert not [source for source in draft["sources"] if source["field"] == "Description"]


def test_an_agent_may_not_sync(connected: Run) -> None:
    """The policy lets administrators and the integration user feed the index, nobody else."""
    result = connected("sync")
    assert result.returncode == 1
    assert "rules do not allow" in result.stderr


def test_audit_verify_and_purge_run_beside_the_server(connected: Run) -> None:
    """They need the database and the key file only."""
    connected("draft", DEMO_CASE_ID)
    verified = connected("audit", "verify")
    assert verified.returncode == 0, verified.stderr
    assert "is whole" in verified.stdout
    assert "Purged" in connected("purge").stdout


def test_help_is_instant_and_complete(run: Run) -> None:
    """Every command has its line of help."""
    said = run("--help").stdout
    for command in [
        "apply",
        "audit",
        "connect",
        "demo",
        "draft",
        "model",
        "openapi",
        "purge",
        "sandbox",
        "serve",
        "sync",
        "undo",
    ]:
        assert re.search(rf"^  {command}\s+\S", said, re.MULTILINE), command


def test_serve_refuses_production_with_local_keys(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Production mode never falls back to the trial's key file."""
    monkeypatch.setenv("CRM_SIDECAR_MODE", "production")
    result = run("serve")
    assert result.returncode == 1
    assert "roduction mode" in result.stderr
