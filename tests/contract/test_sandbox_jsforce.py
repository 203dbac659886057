"""jsforce, the JavaScript client of most Salesforce tools, drives the sandbox over plain HTTP (see node/drive.mjs)."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.salesforce.ids import widen

NODE = Path(__file__).parent / "node"
OUTBOARD = widen("500TW0000000001")
BEN = "ben@tidewater.example"


@pytest.fixture(scope="session")
def jsforce() -> Path:
    """The driver, with jsforce installed beside it (git-ignored)."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.fail("node and npm are needed for jsforce: `make test` installs neither")
    if not (NODE / "node_modules" / "@jsforce").is_dir():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=NODE, check=True, timeout=300)
    return NODE / "drive.mjs"


def test_jsforce_finds_a_salesforce(sandbox: SandboxProcess, jsforce: Path) -> None:
    """OAuth with PKCE, identity, queries, records, collections, upsert, composite, refresh, replay and revocation."""
    org = sandbox.orgs["tidewater"]
    for number in range(250):
        sandbox.control.mutate("tidewater", "create", object="Account", fields={"Name": f"Berth {number:03d}"})
    given = {
        "loginUrl": org.http,
        "clientId": org.web_client.id,
        "clientSecret": org.web_client.secret,
        "redirectUri": "http://localhost:1717/OauthRedirect",
        "username": BEN,
        "caseId": OUTBOARD,
    }
    done = subprocess.run(
        ["node", str(jsforce), json.dumps(given)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "identity": {"username": BEN, "organization": org.id},
        "query": {"total": 252, "first": 200, "second": 52, "done": True},
        "autoFetch": 252,
        "parent": {"contact": "Idris Vaughan", "emails": 3},
        "task": "Completed",
        "gone": "NOT_FOUND",
        "collection": ["ok", "INVALID_FIELD"],
        "allOrNone": ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_FIELD"],
        "retrieved": ["Outboard stalls at low speed", None],
        "upsert": [True, False],
        "composite": [201, 200],
        "bulk": {"rows": 252, "first": "Berth 000", "owner": "Nora Quist"},
        "bulkRefused": "FUNCTIONALITY_NOT_ENABLED",
        "file": "High at noon",
        "search": ["Outboard stalls at low speed"],
        "chatter": {"post": "Done.", "me": BEN},
        "badField": "INVALID_FIELD",
        "badType": "INVALID_TYPE",
        "afterRefresh": 2,
        "replay": "invalid_grant",
        "family": "invalid_grant",
        "revoked": "invalid_grant",
    }
    tokens = [entry for entry in sandbox.control.requests() if entry["path"] == "/services/oauth2/token"]
    assert [entry["status"] for entry in tokens] == [200, 200, 400, 400, 200, 400]
