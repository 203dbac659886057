"""simple-salesforce and joserfc on the larger resources: JWT login, bulk jobs, files, search, discovery."""

import base64
import csv
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceOperationError,
    SalesforceResourceNotFound,
)

from connectors.sandbox.client import SandboxOrg, log_in
from connectors.sandbox.process import SandboxProcess
from tests.contract.test_sandbox_simple_salesforce import OUTBOARD, Client, code_of, connect

BEN = "ben@tidewater.example"
PDF = b"%PDF-1.4\r\n\x00\xfe\xff--frontier"


class LoginHost(HTTPAdapter):
    """Carries what is meant for login.salesforce.com to the sandbox, as a DNS entry would."""

    def __init__(self, org: SandboxOrg) -> None:
        super().__init__()
        self._to = urlsplit(org.https)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - handed on as they are
        """Send to the sandbox."""
        parts = urlsplit(str(request.url))
        request.url = urlunsplit(parts._replace(scheme=self._to.scheme, netloc=self._to.netloc))
        return super().send(request, *args, **options)


@pytest.fixture
def org(sandbox: SandboxProcess) -> SandboxOrg:
    """The example's org."""
    return sandbox.orgs["tidewater"]


@pytest.fixture
def ben(sandbox: SandboxProcess) -> Client:
    """The front-desk agent."""
    return connect(sandbox, BEN)


@pytest.fixture
def nora(sandbox: SandboxProcess) -> Client:
    """The administrator."""
    return connect(sandbox, "nora@tidewater.example")


def by_jwt(sandbox: SandboxProcess, org: SandboxOrg, key: RSAKey) -> Client:
    """simple-salesforce's own JWT login, which always goes to login.salesforce.com."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(sandbox.ca_file)
    session.mount("https://login.salesforce.com", LoginHost(org))
    return Salesforce(
        username=BEN,
        consumer_key=org.web_client.id,
        privatekey=key.as_pem(private=True).decode(),
        session=session,
        version="66.0",
    )


def test_jwt_login(sandbox: SandboxProcess, org: SandboxOrg) -> None:
    """Refused without a certificate and without approval, then in, as the user and no further."""
    key = RSAKey.generate_key(2048, private=True)
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid assertion"):
        by_jwt(sandbox, org, key)
    app: dict[str, Any] = {"client": org.web_client.id, "certificate": key.as_pem(private=False).decode()}
    sandbox.control.mutate("tidewater", "revoke_grants", user=BEN)
    sandbox.control.mutate("tidewater", "oauth_app", **app)
    with (
        pytest.raises(SalesforceAuthenticationFailed, match="user hasn't approved this consumer"),
        pytest.warns(UserWarning, match="self-authorize"),
    ):
        by_jwt(sandbox, org, key)
    sandbox.control.mutate("tidewater", "oauth_app", client=org.web_client.id, users=[BEN])
    assert by_jwt(sandbox, org, key).query("SELECT COUNT() FROM Case")["totalSize"] == 2


def test_soap_login(sandbox: SandboxProcess, org: SandboxOrg) -> None:
    """The client's oldest way in, with a password that nobody checks."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(sandbox.ca_file)
    session.mount("https://login.salesforce.com", LoginHost(org))
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(username="ghost@x.example", password="x", security_token="", session=session)
    ben: Client = Salesforce(username=BEN, password="x", security_token="", session=session)
    assert ben.query("SELECT COUNT() FROM Case")["totalSize"] == 2


def test_errors_without_a_description(sandbox: SandboxProcess, org: SandboxOrg) -> None:
    """The client survives a terse token endpoint."""
    sandbox.control.mutate("tidewater", "oauth_org", terse_errors=True)
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_grant"):
        by_jwt(sandbox, org, RSAKey.generate_key(2048, private=True))


def test_discovery_leads_to_the_keys_of_the_id_token(org: SandboxOrg, sandbox: SandboxProcess) -> None:
    """A general library verifies the ID token with nothing but the issuer's address."""
    token = log_in(org.https, org.web_client, BEN, verify=str(sandbox.ca_file), scope="api openid")

    def get(url: str) -> Any:  # noqa: ANN401 - JSON
        return requests.get(url, verify=str(sandbox.ca_file), timeout=10).json()

    found = get(f"{org.https}/.well-known/openid-configuration")
    keys = KeySet.import_key_set(get(found["jwks_uri"]))
    claims = jwt.decode(token["id_token"], keys, algorithms=found["id_token_signing_alg_values_supported"]).claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == (found["issuer"], org.web_client.id, token["id"])


def test_bulk_query_in_pages(nora: Client, sandbox: SandboxProcess) -> None:
    """A query is read in one page; query_all in three, deleted records included."""
    for number in range(5):
        sandbox.control.mutate("tidewater", "create", object="Account", fields={"Name": f'Berth "{number}", new'})
    text = "SELECT Id, Name, Owner.Name, IsDeleted FROM Account ORDER BY Name"
    [whole] = list(nora.bulk2.Account.query(text, wait=1))
    rows = list(csv.DictReader(io.StringIO(whole)))
    assert (len(rows), rows[0]["Name"]) == (7, 'Berth "0", new')
    nora.Account.delete(rows[0]["Id"])
    pages = list(nora.bulk2.Account.query_all(text, max_records=3, wait=1))
    read = [list(csv.DictReader(io.StringIO(page))) for page in pages]
    assert [len(page) for page in read] == [3, 3, 1]
    assert [row["IsDeleted"] for page in read for row in page].count("true") == 1
    assert sandbox.control.leaks() == {}


def test_bulk_refusals(ben: Client, sandbox: SandboxProcess) -> None:
    """Refused at once, aborted, failed and deleted jobs, as the client reports them."""
    with pytest.raises(SalesforceMalformedRequest) as error:
        list(ben.bulk2.Case.query("SELECT Status, COUNT(Id) FROM Case GROUP BY Status"))
    assert code_of(error) == "FUNCTIONALITY_NOT_ENABLED"
    sandbox.control.mutate("tidewater", "bulk_jobs", seconds=1000)
    jobs = ben.bulk2.Case._client
    job = jobs.create_job("query", "SELECT Id, Description FROM Case")["id"]
    assert jobs.abort_job(job, is_query=True)["state"] == "Aborted"
    with pytest.raises(SalesforceOperationError, match="Aborted"):
        jobs.wait_for_job(job, True, 0.01)
    doomed = jobs.create_job("query", "SELECT Id, Description FROM Case")["id"]
    sandbox.control.mutate("tidewater", "hide_field", user=BEN, field="Case.Description")
    sandbox.control.advance(1001)
    with pytest.raises(SalesforceOperationError, match="INVALID_FIELD"):
        jobs.wait_for_job(doomed, True, 0.01)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        jobs.delete_job(job, is_query=True)  # deleted; the client reads JSON from the empty answer
    with pytest.raises(SalesforceResourceNotFound):
        jobs.get_job(job, is_query=True)


def test_results_of_another_version(ben: Client) -> None:
    """A job is read with the version that made it."""
    job = ben.bulk2.Case._client.create_job("query", "SELECT Id FROM Case")["id"]
    url = f"{ben.base_url.replace('66.0', '65.0')}jobs/query/{job}/results"
    assert ben.session.get(url, headers=ben.headers, timeout=10).status_code == 409


def test_files(ben: Client, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Describe, insert as JSON and as multipart, the way from a case to the bytes, and none for a colleague."""
    described: Mapping[str, Any] = {field["name"]: field for field in ben.ContentVersion.describe()["fields"]}
    assert described["VersionData"]["type"] == "base64"
    (tmp_path / "invoice.pdf").write_bytes(PDF)
    made = ben.ContentVersion.create(
        {
            "Title": "Invoice",
            "PathOnClient": "invoice.pdf",
            "VersionData": base64.b64encode((tmp_path / "invoice.pdf").read_bytes()).decode(),
            "FirstPublishLocationId": OUTBOARD,
        }
    )
    document = ben.ContentVersion.get(made["id"])["ContentDocumentId"]
    second = ben.session.post(
        f"{ben.base_url}sobjects/ContentVersion",
        headers={"Authorization": ben.headers["Authorization"]},
        files={
            "entity_content": (
                None,
                f'{{"ContentDocumentId": "{document}", "PathOnClient": "b.bin"}}',
                "application/json",
            ),
            "VersionData": ("b.bin", PDF * 100, "application/octet-stream"),
        },
        timeout=10,
    ).json()
    [link] = ben.query(
        "SELECT ContentDocument.Title, ContentDocument.LatestPublishedVersionId, ContentDocument.ContentSize "
        f"FROM ContentDocumentLink WHERE LinkedEntityId = '{OUTBOARD}'"
    )["records"]
    latest = ben.ContentVersion.get(link["ContentDocument"]["LatestPublishedVersionId"])
    assert (latest["Id"], latest["ContentSize"], latest["VersionNumber"]) == (second["id"], len(PDF) * 100, "2")
    data = ben.ContentVersion.get_base64(latest["Id"], "VersionData")
    assert hashlib.md5(data, usedforsecurity=False).hexdigest() == latest["Checksum"]
    assert ben.ContentVersion.get_base64(made["id"], "VersionData") == PDF
    shown = ben.session.get(f"https://{ben.sf_instance}{latest['VersionData']}", headers=ben.headers, timeout=10)
    assert shown.content == data
    cleo = connect(sandbox, "cleo@tidewater.example")
    with pytest.raises(SalesforceResourceNotFound):
        cleo.ContentVersion.get_base64(made["id"], "VersionData")
    assert sandbox.control.leaks() == {}


def test_search_feed_and_chatter(ben: Client, nora: Client, sandbox: SandboxProcess) -> None:
    """SOSL through search and quick_search, posts through the API and through Chatter."""
    hits = ben.search("FIND {outboard} IN ALL FIELDS RETURNING Case(Id, Subject)")["searchRecords"]
    assert [hit["Id"] for hit in hits] == [OUTBOARD]
    assert ben.quick_search("outboard")["searchRecords"]
    ben.FeedItem.create({"ParentId": OUTBOARD, "Body": "Ordered.", "Type": "TextPost", "Visibility": "InternalUsers"})
    feed = nora.restful(f"chatter/feeds/record/{OUTBOARD}/feed-elements")
    assert [element["body"]["text"] for element in feed["elements"]] == ["Ordered."]
    assert ben.restful("chatter/users/me")["username"] == BEN
    body = {
        "body": {"messageSegments": [{"type": "Text", "text": "Arrived."}]},
        "feedElementType": "FeedItem",
        "subjectId": OUTBOARD,
    }
    assert ben.restful("chatter/feed-elements", method="POST", json=body)["type"] == "TextPost"
    query = f"SELECT Body, CreatedBy.Name FROM FeedItem WHERE ParentId = '{OUTBOARD}' ORDER BY CreatedDate"
    assert {post["Body"] for post in ben.query(query)["records"]} == {"Ordered.", "Arrived."}
    assert sandbox.control.leaks() == {}
