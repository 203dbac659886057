"""Logging in to Salesforce, and what goes wrong before anybody is logged in."""

import secrets
import socket
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import Ambiguous, ConnectorError, Fatal, Retriable, Unauthorized
from connectors.interfaces import TargetKind
from connectors.registry import connector_class, installed
from connectors.salesforce.connector import SalesforceConnector
from connectors.sandbox.client import consent
from connectors.sandbox.process import SandboxProcess
from connectors.testing.stage import everything_said, make_write
from tests.contract.sandbox_stage import ORG, SandboxStage
from tests.crm_facts import SALESFORCE
from tests.fakes_connector import MemoryTokenStore

pytestmark = pytest.mark.sockets

CALLBACK = "http://127.0.0.1:1/oauth/callback"
MAYA = "maya.lindqvist"


@pytest.fixture
def stage(process: SandboxProcess) -> SandboxStage:
    """A clean org with one case."""
    return SandboxStage(process)


def code_for(process: SandboxProcess, connector: SalesforceConnector, verifier: str, user: str = MAYA) -> str:
    """An authorization code, as the browser brings it back."""
    url = connector.authorize_url("state", verifier, CALLBACK)
    back = consent(url, process.orgs[ORG].user(user).username, verify=str(process.ca_file))
    return parse_qs(urlsplit(back).query)["code"][0]


def silent(error: ConnectorError, *words: str) -> None:
    """The error says nothing of these."""
    said = everything_said(error)
    assert not [word for word in words if word in said]


def test_a_code_needs_its_verifier(process: SandboxProcess, stage: SandboxStage) -> None:
    """Somebody who steals the code from the address bar gets nothing."""
    code = code_for(process, stage.connector, "v" * 64)
    with pytest.raises(Unauthorized) as caught:
        stage.connector.exchange(code, "w" * 64, CALLBACK)
    silent(caught.value, code, "w" * 64)


def test_a_code_works_once(process: SandboxProcess, stage: SandboxStage) -> None:
    """A replay is refused."""
    code = code_for(process, stage.connector, "v" * 64)
    stage.connector.exchange(code, "v" * 64, CALLBACK)
    with pytest.raises(Unauthorized):
        stage.connector.exchange(code, "v" * 64, CALLBACK)


@pytest.mark.parametrize(("client_id", "secret"), [("unknown", ""), ("", "wrong")])
def test_a_wrong_client_is_a_configuration_error(
    process: SandboxProcess, stage: SandboxStage, client_id: str, secret: str
) -> None:
    """Not the user's fault: she is not asked to log in again and again."""
    org = process.orgs[ORG]
    wrong = SalesforceConnector(
        org.https,
        client_id or org.web_client.id,
        secret or org.web_client.secret,
        stage.tokens,
        ca_file=str(process.ca_file),
    )
    with pytest.raises(Fatal) as caught:
        wrong.exchange(code_for(process, stage.connector, "v" * 64), "v" * 64, CALLBACK)
    silent(caught.value, org.web_client.secret, "wrong")


def test_the_crm_says_who_logged_in(process: SandboxProcess, stage: SandboxStage) -> None:
    """Tenant and user come from Salesforce; profile and role feed the access rules."""
    verifier = secrets.token_urlsafe(48)
    code = code_for(process, stage.connector, verifier)
    user, token = stage.connector.exchange(code, verifier, CALLBACK)
    org = process.orgs[ORG]
    known = org.user(MAYA)
    assert (user.tenant, user.id, user.username, user.name) == (org.id, known.id, known.username, known.name)
    assert ZoneInfo(user.attributes["zone"])
    facts = {name: value for name, value in user.attributes.items() if name != "zone"}
    assert facts == {"username": known.username, "profile": known.profile, "role": known.role}
    assert token.instance_url == org.https
    assert token.expires_at == 0


def test_a_hidden_role_is_left_out(process: SandboxProcess, stage: SandboxStage) -> None:
    """A rule that needs it then refuses; logging in still works."""
    process.control.mutate(ORG, "hide_field", field="User.UserRoleId", user=process.orgs[ORG].user(MAYA).username)
    code = code_for(process, stage.connector, "v" * 64)
    user, _ = stage.connector.exchange(code, "v" * 64, CALLBACK)
    assert "role" not in user.attributes
    assert user.attributes["profile"]


def test_a_public_client_logs_in_by_pkce_alone(process: SandboxProcess, stage: SandboxStage) -> None:
    """No secret is sent where there is none."""
    org = process.orgs[ORG]
    assert org.public_client
    public = SalesforceConnector(org.https, org.public_client.id, "", stage.tokens, ca_file=str(process.ca_file))
    user, _ = public.exchange(code_for(process, public, "v" * 64), "v" * 64, CALLBACK)
    assert user.id == org.user(MAYA).id


def test_plain_http_works_on_this_machine(process: SandboxProcess) -> None:
    """For the sandbox: simple-salesforce alone would insist on https."""
    org, tokens = process.orgs[ORG], MemoryTokenStore()
    plain = SalesforceConnector(org.http, org.web_client.id, org.web_client.secret, tokens)
    user, token = plain.exchange(code_for(process, plain, "v" * 64), "v" * 64, CALLBACK)
    grant_id = f"salesforce:{user.tenant}:{user.id}"
    tokens.save(grant_id, token)
    assert token.instance_url == org.http
    assert plain.session(grant_id).recent("Case", ("Subject",), 1)


def test_an_org_without_the_api_version_is_refused_at_login(process: SandboxProcess, stage: SandboxStage) -> None:
    """Said once, to who configures, and not as a puzzle later."""
    org = process.orgs[ORG]
    early = SalesforceConnector(
        org.https,
        org.web_client.id,
        org.web_client.secret,
        stage.tokens,
        ca_file=str(process.ca_file),
        api_version="99.0",
    )
    with pytest.raises(Fatal, match="API version"):
        early.exchange(code_for(process, early, "v" * 64), "v" * 64, CALLBACK)


def test_an_untrusted_certificate_is_refused(stage: SandboxStage) -> None:
    """Without the CA file nothing is sent, not even a read."""
    org = stage.connector.session(stage.agent)._client.token.instance_url
    blind = SalesforceConnector(org, "id", "secret", stage.tokens)
    with pytest.raises(Fatal, match="CA file"):
        blind.session(stage.agent).read(stage.case, SALESFORCE.fields)


def test_a_crm_that_is_not_there_is_retriable_even_for_a_write(stage: SandboxStage) -> None:
    """A refused connection wrote nothing, and says so at once."""
    write = make_write(stage, TargetKind.TASKS)
    session = stage.connector.session(stage.agent)
    preimage = session.preimage(write)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"https://127.0.0.1:{unused.getsockname()[1]}"
    token = stage.tokens.load(stage.agent)
    assert token
    stage.tokens.save(stage.agent, replace(token, instance_url=dead))
    gone = stage.connector.session(stage.agent)
    started = time.monotonic()
    with pytest.raises(Retriable) as caught:
        gone.read(stage.case, SALESFORCE.fields)
    assert time.monotonic() - started < 2
    silent(caught.value, dead, token.access_token, stage.case.id)
    with pytest.raises(Retriable):
        gone._writer._send(write, preimage)
    assert stage.carrying(write.key) == 0


def test_a_silent_crm_is_given_up(stage: SandboxStage) -> None:
    """A server that accepts and says nothing: a read is retriable, a write ambiguous, both in bounded time."""
    write = make_write(stage, TargetKind.TASKS)
    session = stage.connector.session(stage.agent)
    preimage = session.preimage(write)
    token = stage.tokens.load(stage.agent)
    assert token
    with socket.create_server(("127.0.0.1", 0)) as mute:
        stage.tokens.save(stage.agent, replace(token, instance_url=f"http://127.0.0.1:{mute.getsockname()[1]}"))
        stage.connector._http.timeout = (1.0, 0.3)
        stuck = stage.connector.session(stage.agent)
        with pytest.raises(Retriable):
            stuck.read(stage.case, SALESFORCE.fields)
        with pytest.raises(Ambiguous):
            stuck.write(write, preimage)
    assert stage.carrying(write.key) == 0


def test_the_connector_is_found_by_its_name() -> None:
    """By entry point; an unknown CRM names those that are there."""
    assert "salesforce" in installed()
    assert connector_class("salesforce") is SalesforceConnector
    with pytest.raises(Fatal, match="salesforce"):
        connector_class("unheard-of")
