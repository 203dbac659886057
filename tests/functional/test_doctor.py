"""Doctor against real servers: healthy installations of both vendors, and each thing that newcomers get wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.sandbox.data import DEMO_TICKET_USERS, DEMO_USERNAMES
from connectors.sandbox.process import SandboxProcess
from sidecar.client import Client
from sidecar.doctor import as_json, examine, sound
from sidecar.local import LocalSidecar
from sidecar.local import installations as write_installations
from sidecar.settings import Settings
from tests.functional.conftest import INDEXER, ORG

pytestmark = pytest.mark.sockets


def settings(calm: SandboxProcess, state: Path, **changed: object) -> Settings:
    """The sandbox's installations, with northwind changed: None takes a key away."""
    path = write_installations(calm, state)
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    found[ORG] = {key: value for key, value in {**found[ORG], **changed}.items() if value is not None}
    path.write_text(yaml.safe_dump(found), encoding="utf-8")
    return Settings(state_dir=state, installations_file=path)


def checks(report: dict[str, Any], installation: str = ORG) -> dict[str, dict[str, Any]]:
    """The checks of one installation by name."""
    return {check["check"]: check for check in report["checks"] if check["installation"] == installation}


def test_every_installation_of_the_sandbox_is_healthy(calm: SandboxProcess, state: Path) -> None:
    """Without a user: reachable, the version offered, the login service there, on both CRMs."""
    report = as_json(examine(settings(calm, state)))
    assert report["ok"], [check for check in report["checks"] if not check["ok"]]  # type: ignore[attr-defined]  # a list of mappings
    for alias in calm.orgs:
        assert {"reachable", "api version", "clock", "login"} <= checks(report, alias).keys()


@pytest.mark.parametrize(
    ("changed", "check", "advice"),
    [
        ({"api_version": "99.0"}, "api version", "set api_version to"),
        ({"api_version": "latest"}, "installation", "operations.md"),
        ({"login_url": "https://127.0.0.1:1"}, "reachable", "address"),
        ({"login_url": "http://crm.example"}, "installation", "operations.md"),
        ({"ca_file": None}, "reachable", "ca_file"),
        ({"client_id": "unknown"}, "login", "client_id"),
        ({"client_secret": "wrong"}, "login", "client_secret"),
        ({"client_secret": None}, "installation", "operations.md"),
        ({"objects": {"Case": {}}}, "installation", "operations.md"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do(
    calm: SandboxProcess, state: Path, changed: dict[str, object], check: str, advice: str
) -> None:
    """One finding at the installation that is wrong; the others are checked all the same, and no secret is shown."""
    report = as_json(examine(settings(calm, state, **changed)))
    wrong = [found for found in report["checks"] if not found["ok"]]  # type: ignore[attr-defined]  # as above
    assert [(found["installation"], found["check"]) for found in wrong] == [(ORG, check)]
    assert advice in wrong[0]["advice"]
    assert calm.orgs[ORG].web_client.secret not in json.dumps(report)


def test_settings_that_cannot_be_read_are_a_finding(tmp_path: Path) -> None:
    """Nothing else can be checked then."""
    report = examine(Settings(installations_file=tmp_path / "nowhere.yaml"))
    assert not sound(report)
    assert [finding.name for finding in report[""]] == ["settings"]


def test_a_stored_grant_is_looked_at_as_its_user(sidecar: LocalSidecar, maya: Client) -> None:
    """Whose rights, which scopes, how many calls, whether the package is there; a grant that nobody has is said so."""
    here = Settings(state_dir=sidecar.state, installations_file=sidecar.state / "installations.yaml")
    me = maya.me
    grant = f"{me['crm']}:{me['tenant']}:{me['user_id']}"
    found = checks(as_json(examine(here, grant, ORG)))
    assert all(check["ok"] for check in found.values())
    assert found["access"]["detail"].startswith("user-level")
    assert {"scopes", "daily calls", "package"} <= found.keys()
    nobody = checks(as_json(examine(here, f"salesforce:{me['tenant']}:005000000000000AAA", ORG)))
    assert not nobody["access"]["ok"]
    assert "connect" in nobody["access"]["advice"]


def test_fields_that_the_crm_hides_are_named_to_who_may_look(
    sidecar: LocalSidecar, calm: SandboxProcess, maya: Client, login: Callable[[str], Client]
) -> None:
    """An administrator hears which promises of audience.yaml do not hold; an agent, that she cannot check them."""
    here = Settings(state_dir=sidecar.state, installations_file=sidecar.state / "installations.yaml")

    def audiences(user: Client) -> list[str]:
        me = user.me
        found = examine(here, f"{me['crm']}:{me['tenant']}:{me['user_id']}", ORG)[ORG]
        return [f"{item.detail}; {item.advice}" for item in found if item.name == "audience"]

    (unchecked,) = audiences(maya)
    assert "cannot be checked" in unchecked
    admin = login(INDEXER)
    (agreed,) = audiences(admin)
    assert agreed.startswith("everyone who reads a record")
    editors = next(row["Id"] for row in calm.control.records(ORG, "Profile") if row["Name"] == "Knowledge Editor")
    calm.control.mutate(ORG, "hide_field", profile=editors, field="Case.Description")
    (hidden,) = audiences(admin)
    assert hidden.startswith("Case.Description is hidden from some profiles; take it out of config/audience.yaml")


def test_a_grant_is_not_tried_at_another_org(sidecar: LocalSidecar, maya: Client) -> None:
    """Its token would go to a stranger, and a refresh there would end it: with two orgs it must be said which."""
    here = Settings(state_dir=sidecar.state, installations_file=sidecar.state / "installations.yaml")
    me = maya.me
    report = as_json(examine(here, f"{me['crm']}:{me['tenant']}:{me['user_id']}"))
    assert "--installation" in checks(report, "")["access"]["advice"]
    assert not any("access" in checks(report, name) for name in here.installations())


def test_a_hubspot_user_is_told_whose_rights_her_connection_has(sidecar: LocalSidecar, calm: SandboxProcess) -> None:
    """User-level, and what an account-level token would mean instead is not said here."""
    here = Settings(state_dir=sidecar.state, installations_file=sidecar.state / "installations.yaml")
    me = sidecar.log_in("meridian", DEMO_TICKET_USERS[0]).me
    grant = f"hubspot:{me['tenant']}:{me['user_id']}"
    report = as_json(examine(here, grant))
    found = checks(report, "meridian")
    assert all(check["ok"] for check in found.values())
    assert found["access"]["detail"].startswith("user-level")
    assert found["unique property"]["detail"].startswith("there")
    assert "access" not in checks(report, ORG)


def test_the_command_prints_a_line_for_each_check(sidecar: LocalSidecar, calm: SandboxProcess, tmp_path: Path) -> None:
    """For people and, with --json, for programs; the exit code is 1 when a check failed."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-m", "sidecar", "doctor", *arguments],
            env=os.environ | sidecar.settings() | home | environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    said = run()
    assert said.returncode == 0, said.stdout + said.stderr
    assert f"ok   {ORG}" in said.stdout
    assert sum("api version" in line for line in said.stdout.splitlines()) == len(calm.orgs)
    parsed = json.loads(run("--json").stdout)
    assert parsed["ok"] is True
    broken = run("--json", CRM_SIDECAR_INSTALLATIONS_FILE=str(tmp_path / "nowhere.yaml"))
    assert broken.returncode == 1
    assert json.loads(broken.stdout)["ok"] is False
    assert DEMO_USERNAMES[0] not in said.stdout
