"""The control plane and the process: clock, log without secrets, snapshots, hidden hands, start and stop."""

import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from connectors.sandbox.client import SandboxControl, SandboxOrg, consent, log_in
from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.salesforce.ids import widen
from connectors.sandbox.wire import Refused

ORG = "tidewater"
BEN = "ben@tidewater.example"
OUTBOARD = widen("500TW0000000001")
BACK = "http://127.0.0.1:8080/oauth/callback"


@pytest.fixture
def org(sandbox: SandboxProcess) -> SandboxOrg:
    """The example's org."""
    return sandbox.orgs[ORG]


@pytest.fixture
def control(sandbox: SandboxProcess) -> SandboxControl:
    """The control plane."""
    return sandbox.control


def subject(control: SandboxControl) -> str:
    """The subject of the case as the system sees it."""
    record = control.record(ORG, "Case", OUTBOARD)
    assert record is not None
    return str(record["Subject"])


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("explode", {}, "no mutation 'explode'"),
        ("touch", {"record": "500TW0000009999"}, "touch: no 500TW0000009999"),
        ("touch", {}, "touch: no record given"),
        ("create", {"object": "Nonsense"}, "create: INVALID_TYPE"),
        ("hide_field", {"field": "Case.Subject"}, "hide_field: no user given"),
        ("deactivate_user", {"user": "nobody"}, "no user 'nobody'"),
        ("rotation", {"client": "nobody", "on": True}, "rotation: no nobody"),
    ],
)
def test_impossible_changes_are_refused(
    control: SandboxControl, name: str, arguments: dict[str, object], words: str
) -> None:
    """A change that makes no sense is refused with the reason."""
    with pytest.raises(Refused, match=words):
        control.mutate(ORG, name, **arguments)


def test_impossible_questions_are_refused(control: SandboxControl) -> None:
    """Unknown orgs, objects, snapshots and times are refused."""
    with pytest.raises(Refused, match="no org"):
        control.records("nowhere", "Case")
    with pytest.raises(Refused, match="no object"):
        control.records(ORG, "Nonsense")
    with pytest.raises(Refused, match="no snapshot"):
        control.restore("never")
    reply = requests.post(f"{control.url}/clock", json={"set": "tomorrow"}, timeout=5)
    assert (reply.status_code, list(reply.json())) == (400, ["error"])
    assert requests.post(f"{control.url}/faults", data="{", timeout=5).status_code == 400
    assert requests.get(f"{control.url}/requests?since=x", timeout=5).status_code == 400


def test_a_rule_that_cannot_act_says_so(org: SandboxOrg, control: SandboxControl) -> None:
    """A rule about a record that does not exist fails loudly instead of testing nothing."""
    control.fault("touch", path="/services/data$", record="500TW0000009999")
    reply = requests.get(f"{org.http}/services/data", timeout=5)
    assert reply.status_code == 500
    assert "cannot act" in reply.text


def test_no_secret_reaches_the_request_log(org: SandboxOrg, control: SandboxControl) -> None:
    """After a whole flow with refresh, identity and composite, no token, code, secret or verifier is in the log."""
    client = org.web_client
    token = log_in(org.http, client, BEN)
    identity = urlsplit(token["id"])
    requests.get(f"{token['id']}?format=json&oauth_token={token['access_token']}", timeout=5).raise_for_status()
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"], "client_id": client.id}
    fresh = requests.post(
        f"{org.http}/services/oauth2/token", data=form | {"client_secret": client.secret}, timeout=5
    ).json()
    part = {"method": "GET", "url": f"/services/data/v66.0/query?q=SELECT+Id+FROM+Case&x={token['access_token']}"}
    headers = {"Authorization": f"Bearer {fresh['access_token']}"}
    composite = {"compositeRequest": [part | {"referenceId": "a"}]}
    requests.post(f"{org.http}/services/data/v66.0/composite", json=composite, headers=headers, timeout=5)
    requests.get(f"{org.http}/services/oauth2/revoke?token={fresh['refresh_token']}", timeout=5)
    log = control.requests()
    text = json.dumps(log)
    secrets = [client.secret, token["access_token"], token["refresh_token"], token["id_token"], token["signature"]]
    for secret in [*secrets, fresh["access_token"], fresh["refresh_token"], "00DTW0000000001!"]:
        assert secret not in text
    assert [entry["path"] for entry in log] == [
        "/services/oauth2/authorize",
        "/services/oauth2/authorize",
        "/services/oauth2/token",
        identity.path,
        "/services/oauth2/token",
        "/services/data/v66.0/composite",
        "/services/oauth2/revoke",
    ]
    assert log[5]["user"] == org.user("ben").id
    assert log[5]["subrequests"] == ["GET /services/data/v66.0/query?q=SELECT+Id+FROM+Case&x=***"]


def test_log_since_a_number(org: SandboxOrg, control: SandboxControl) -> None:
    """Round trips are counted from a remembered number on; clearing does not restart the numbers."""
    before = control.last()
    for _ in range(3):
        requests.get(f"{org.http}/services/data", timeout=5)
    assert len(control.requests(before)) == 3
    assert control.requests(before, org="elsewhere") == []
    control.clear_requests()
    assert (control.requests(), control.last()) == ([], before + 3)


def test_snapshot_and_reset(control: SandboxControl) -> None:
    """Records go back to a named moment, and to the start; a login survives both."""
    control.mutate(ORG, "touch", record=OUTBOARD, fields={"Subject": "First"})
    control.snapshot("first")
    control.mutate(ORG, "touch", record=OUTBOARD, fields={"Subject": "Second"})
    control.restore("first")
    assert subject(control) == "First"
    control.advance(1000)
    control.fault("drop_before", path="never")
    control.reset()
    assert subject(control) == "Outboard stalls at low speed"
    assert control.faults() == []


def test_rights_come_back_with_a_reset(org: SandboxOrg, control: SandboxControl) -> None:
    """A frozen user, a hidden field and a lost object right are all undone."""
    token = log_in(org.http, org.web_client, BEN)["access_token"]
    address = f"{org.http}/services/data/v66.0/sobjects/Case/{OUTBOARD}"
    headers = {"Authorization": f"Bearer {token}"}
    control.mutate(ORG, "hide_field", user=BEN, field="Case.Description")
    assert "Description" not in requests.get(address, headers=headers, timeout=5).json()
    control.mutate(ORG, "revoke_object", user=BEN, object="Case")
    assert requests.get(address, headers=headers, timeout=5).status_code == 404
    control.mutate(ORG, "deactivate_user", user=BEN)
    assert requests.get(address, headers=headers, timeout=5).status_code == 401
    control.reset()
    assert "Description" in requests.get(address, headers=headers, timeout=5).json()


def test_clock(control: SandboxControl) -> None:
    """Time can be read, moved and set; records carry the virtual time."""
    start = control.now()
    assert control.advance(3600) - start >= timedelta(hours=1)
    moment = start + timedelta(days=30)
    assert timedelta(0) <= control.set_clock(moment) - moment < timedelta(seconds=5)
    made = control.mutate(ORG, "create", object="Account", fields={"Name": "Later"})["id"]
    record = control.record(ORG, "Account", made)
    assert record is not None
    assert record["CreatedDate"][:10] == moment.date().isoformat()


def test_rotation_and_timeout_can_be_switched(org: SandboxOrg, control: SandboxControl) -> None:
    """Rotation off: no new refresh token; a short timeout ends a session soon; a reset undoes both."""
    client = org.web_client
    control.mutate(ORG, "rotation", client=client.id, on=False)
    control.mutate(ORG, "session_timeout", seconds=60)
    token = log_in(org.http, client, BEN)
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"], "client_id": client.id}
    form["client_secret"] = client.secret
    again = requests.post(f"{org.http}/services/oauth2/token", data=form, timeout=5).json()
    assert "refresh_token" not in again
    control.advance(61)
    headers = {"Authorization": f"Bearer {again['access_token']}"}
    assert requests.get(f"{org.http}/services/data/v66.0/limits", headers=headers, timeout=5).status_code == 401
    control.reset()
    assert "refresh_token" in requests.post(f"{org.http}/services/oauth2/token", data=form, timeout=5).json()


def authlib(org: SandboxOrg, scope: str = "api refresh_token openid") -> OAuth2Session:
    """Authlib as a confidential client with PKCE."""
    client = org.web_client
    return OAuth2Session(
        client.id,
        client.secret,
        scope=scope,
        redirect_uri=BACK,
        code_challenge_method="S256",
        token_endpoint=f"{org.http}/services/oauth2/token",
    )


def test_authlib_logs_in_refreshes_and_revokes(org: SandboxOrg) -> None:
    """Authlib's own web-server flow works, in Basic authentication; a replay is its OAuthError."""
    session = authlib(org)
    url, state = session.create_authorization_url(f"{org.http}/services/oauth2/authorize", code_verifier="v" * 48)
    back = consent(url, BEN)
    assert parse_qs(urlsplit(back).query)["state"] == [state]
    token = session.fetch_token(authorization_response=back, code_verifier="v" * 48, state=state)
    assert "expires_in" not in token
    assert session.get(f"{org.http}/services/data/v66.0/sobjects/Case/{OUTBOARD}", timeout=5).ok
    old = token["refresh_token"]
    new = session.refresh_token(f"{org.http}/services/oauth2/token", refresh_token=old)["refresh_token"]
    assert new != old
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.refresh_token(f"{org.http}/services/oauth2/token", refresh_token=old)
    assert session.get(f"{org.http}/services/data/v66.0/limits", timeout=5).status_code == 401


def test_denied_consent(org: SandboxOrg) -> None:
    """The user says no: the app learns it, with its state."""
    url, state = authlib(org).create_authorization_url(f"{org.http}/services/oauth2/authorize", code_verifier="v" * 48)
    answer = parse_qs(urlsplit(consent(url, BEN, allow=False)).query)
    assert (answer["error"], answer["state"]) == (["access_denied"], [state])


def test_consent_helper_refuses_an_error_page(org: SandboxOrg) -> None:
    """An unknown client or user ends in a refusal, not in a code."""
    with pytest.raises(Refused, match="shows an error"):
        consent(f"{org.http}/services/oauth2/authorize?client_id=nobody", BEN)
    url, _ = authlib(org).create_authorization_url(f"{org.http}/services/oauth2/authorize", code_verifier="v" * 48)
    with pytest.raises(Refused, match="did not accept the user"):
        consent(url, "nobody@tidewater.example")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"Subject": "secret"', "Case.jsonl, line 2: not JSON"),
        ('{"ContactId": "secret"}', "Case.jsonl, line 2: ContactId is not a record id"),
        ('{"ClosedDate": "secret"}', "Case.jsonl, line 2: ClosedDate is not a datetime"),
    ],
)
def test_broken_data_stops_the_start_with_file_and_line(tmp_path: Path, line: str, words: str) -> None:
    """The process ends with one line that names the place and quotes nothing."""
    (tmp_path / "Case.jsonl").write_text('{"Id": "500TW0000000001"}\n' + line + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "connectors.sandbox", "--data", str(tmp_path)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert words in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_with_a_table_and_stops_on_signals(tmp_path: Path, number: signal.Signals) -> None:
    """Without --json people get a table; a signal ends the process cleanly; a CA file with a name of its own stays."""
    (tmp_path / "Case.jsonl").write_text('{"Id": "500TW0000000001", "Subject": "Hello"}\n')
    ca = tmp_path / "ca" / "sandbox.pem"
    process = subprocess.Popen(
        [sys.executable, "-m", "connectors.sandbox", "--data", str(tmp_path), "--ca-file", str(ca)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    lines: list[str] = []
    while not any("Ctrl+C" in line for line in lines):
        lines.append(process.stdout.readline())
        assert lines[-1], "ended early"
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert "admin@sandbox.example" in "".join(lines)
    assert ca.read_text().startswith("-----BEGIN CERTIFICATE-----")
