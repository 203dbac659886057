"""HTTP as the clients send it: chunks, slashes, HEAD, 100-continue, keep-alive, TLS, and nonsense."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from connectors.sandbox.client import SandboxOrg, log_in
from connectors.sandbox.process import SandboxProcess

DATA = "/services/data/v66.0"
OUTBOARD = "500TW0000000001"


@pytest.fixture
def org(sandbox: SandboxProcess) -> SandboxOrg:
    """The example's org."""
    return sandbox.orgs["tidewater"]


@pytest.fixture
def ben(org: SandboxOrg) -> Iterator[requests.Session]:
    """An HTTP session with the agent's token."""
    token = log_in(org.http, org.web_client, "ben@tidewater.example")["access_token"]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {token}"
        yield session


def raw(org: SandboxOrg, data: bytes) -> bytes:
    """Everything the server says to raw bytes until it closes or rests."""
    address = urlsplit(org.http)
    with socket.create_connection((address.hostname, address.port), timeout=2) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
        return answer


def test_garbage_is_answered_400(org: SandboxOrg) -> None:
    """What is no HTTP gets a 400 and does not hurt the next request."""
    assert raw(org, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert requests.get(f"{org.http}/services/data", timeout=5).ok


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "INVALID_SESSION_ID"),
        ({"Authorization": "Bearer nonsense"}, 401, "INVALID_SESSION_ID"),
        ({"Authorization": "Basic eDp5"}, 401, "INVALID_AUTH_HEADER"),
        ({"Authorization": "Bearer"}, 401, "INVALID_AUTH_HEADER"),
    ],
)
def test_no_session_no_data(org: SandboxOrg, headers: dict[str, str], status: int, code: str) -> None:
    """Without a live session every resource is refused in the vendor's array."""
    reply = requests.get(f"{org.http}{DATA}/sobjects", headers=headers, timeout=5)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (status, code)


def test_token_without_api_scope_is_refused(org: SandboxOrg) -> None:
    """A grant without `api` may identify the user and nothing more, in the words that jsforce looks for."""
    token = log_in(org.http, org.web_client, "ben@tidewater.example", scope="openid")["access_token"]
    headers = {"Authorization": f"OAuth {token}"}
    reply = requests.get(f"{org.http}{DATA}/sobjects", headers=headers, timeout=5)
    assert reply.status_code == 403
    assert reply.json()[0]["message"] == "This session is not valid for use with the REST API"
    assert requests.get(f"{org.http}/services/oauth2/userinfo", headers=headers, timeout=5).ok


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        (("GET", "/query", b""), 400, "MALFORMED_QUERY"),
        (("GET", "/query?q=SELEKT", b""), 400, "MALFORMED_QUERY"),
        (("GET", "/nothing/here", b""), 404, "NOT_FOUND"),
        (("POST", "/sobjects/Task", b"{"), 400, "JSON_PARSER_ERROR"),
        (("POST", "/sobjects/Task", b"\xff\xfe"), 400, "JSON_PARSER_ERROR"),
        (("POST", "/composite", b"[]"), 400, "JSON_PARSER_ERROR"),
        (("PUT", "/sobjects/Task", b"{}"), 405, "METHOD_NOT_ALLOWED"),
        (("GET", "/query?q=" + "x" * 17_000, b""), 414, "URI_TOO_LONG"),
    ],
)
def test_malformed_requests_get_vendor_errors(
    org: SandboxOrg, ben: requests.Session, wish: tuple[str, str, bytes], status: int, code: str
) -> None:
    """Every malformed request is answered with an error array, never with a traceback."""
    method, path, body = wish
    reply = ben.request(method, f"{org.http}{DATA}{path}", data=body, timeout=5)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (status, code)


def test_too_long_headers(org: SandboxOrg, ben: requests.Session) -> None:
    """URI and headers share one limit."""
    reply = ben.get(f"{org.http}{DATA}/sobjects", headers={"X-Long": "x" * 17_000}, timeout=5)
    assert reply.status_code == 431


def test_versions_need_no_session_and_slashes_do_not_matter(org: SandboxOrg, ben: requests.Session) -> None:
    """The version list is open to all; every resource answers with and without a trailing slash."""
    versions = requests.get(f"{org.http}/services/data/", timeout=5).json()
    assert versions[-1]["url"] == f"/services/data/v{versions[-1]['version']}"
    for path in ("/limits", "/sobjects/Case", f"/sobjects/Case/{OUTBOARD}", "/query?q=SELECT+Id+FROM+Case"):
        address, mark, query = path.partition("?")
        plain, slashed = (ben.get(f"{org.http}{DATA}{address}{slash}{mark}{query}", timeout=5) for slash in ("", "/"))
        assert plain.json() == slashed.json() or address == "/limits"
        assert slashed.ok


def test_chunked_bodies_are_read(org: SandboxOrg, ben: requests.Session) -> None:
    """A body that comes in chunks, without a length, is the same body."""
    parts = iter(
        [
            b'{"WhatId": "500TW0000000001", "Sub',
            b'ject": "In pieces", "Status": "Not Started", ',
            b'"Priority": "Normal"}',
        ]
    )
    made = ben.post(
        f"{org.http}{DATA}/sobjects/Task", data=parts, headers={"Content-Type": "application/json"}, timeout=5
    )
    assert made.status_code == 201, made.text
    assert made.headers["Location"].endswith(made.json()["id"])


def test_expect_100_continue(org: SandboxOrg) -> None:
    """A client that waits for permission to send its body gets it."""
    body = urlencode({"grant_type": "password"}).encode()
    address = urlsplit(org.http)
    with socket.create_connection((address.hostname, address.port), timeout=5) as line:
        line.sendall(
            b"POST /services/oauth2/token HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        assert line.recv(100).startswith(b"HTTP/1.1 100 Continue")
        line.sendall(body)
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
    assert b"unsupported_grant_type" in answer


def test_head_has_the_headers_of_get_and_no_body(org: SandboxOrg, ben: requests.Session) -> None:
    """HEAD tells the length of what GET would send."""
    address = f"{org.http}{DATA}/sobjects/Case/{OUTBOARD}"
    head, got = ben.head(address, timeout=5), ben.get(address, timeout=5)
    assert head.content == b""
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


def test_one_connection_serves_many_requests(org: SandboxOrg) -> None:
    """Keep-alive holds, also over errors."""
    address = urlsplit(org.http)
    line = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    line.connect()
    first = line.sock
    for path in ("/services/data", "/nothing", f"{DATA}/limits", "/services/data"):
        line.request("GET", path)
        line.getresponse().read()
        assert line.sock is first
    line.close()


def test_percent_encoded_paths(org: SandboxOrg, ben: requests.Session) -> None:
    """An external id with blanks, slashes and non-ASCII letters arrives whole, escaped or not."""
    address = f"{org.http}{DATA}/sobjects/Writeback__c/Key__c"
    made = ben.patch(f"{address}/a%20b%2Fc%C3%A9", json={"Kind__c": "x"}, timeout=5)
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = ben.patch(f"{address}/a%20b/c%C3%A9", json={"Kind__c": "y"}, timeout=5)
    assert (again.status_code, again.json()["created"], again.json()["id"]) == (200, False, made.json()["id"])


def test_tls_is_trusted_through_the_exported_ca_only(sandbox: SandboxProcess, org: SandboxOrg) -> None:
    """The CA file is enough to trust both loopback names; without it the connection is refused."""
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{org.https}/services/data", timeout=5)
    for address in (org.https, org.https.replace("127.0.0.1", "localhost")):
        assert requests.get(f"{address}/services/data", verify=str(sandbox.ca_file), timeout=5).ok
    assert ssl.create_default_context(cafile=str(sandbox.ca_file)).get_ca_certs()


def test_links_follow_the_address_that_was_used(sandbox: SandboxProcess, org: SandboxOrg) -> None:
    """Who logs in over TLS or by another loopback name gets links to that same address."""
    address = org.https.replace("127.0.0.1", "localhost")
    token = log_in(address, org.web_client, "ben@tidewater.example", verify=str(sandbox.ca_file))
    assert token["instance_url"] == address
    assert token["id"].startswith(f"{address}/id/")
    found = requests.get(f"{address}/.well-known/openid-configuration", verify=str(sandbox.ca_file), timeout=5).json()
    assert found["issuer"] == address


def test_vendor_ports_have_no_control_plane_and_the_other_way_round(sandbox: SandboxProcess, org: SandboxOrg) -> None:
    """The control plane cannot be reached under a vendor address, nor the vendor under the control address."""
    for path in ("/faults", "/reset", "/requests", "/clock"):
        assert requests.get(org.http + path, timeout=5).status_code == 404
    assert requests.get(f"{sandbox.control.url}/services/data", timeout=5).status_code == 404


def test_a_two_megabyte_body(org: SandboxOrg, ben: requests.Session) -> None:
    """A large body is read whole and refused for the field's length, not for its size."""
    task = {"WhatId": OUTBOARD, "Subject": "Big", "Status": "Not Started", "Description": "x" * 2_000_000}
    reply = ben.post(f"{org.http}{DATA}/sobjects/Task", data=json.dumps(task), timeout=10)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "STRING_TOO_LONG")


@pytest.mark.parametrize("size", [52_428_801, 64 * 1024 * 1024 + 1])
def test_an_oversized_body_is_refused_in_the_vendors_words(org: SandboxOrg, ben: requests.Session, size: int) -> None:
    """More than the API takes, and more than the sandbox reads: 413, and the next request is served."""
    reply = ben.post(f"{org.http}{DATA}/sobjects/Case", data=b"1" * size, timeout=10)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (413, "REQUEST_TOO_LARGE")
    assert ben.get(f"{org.http}{DATA}/limits", timeout=5).ok


def test_record_page_shows_what_the_chosen_user_sees(org: SandboxOrg) -> None:
    """A link into the CRM leads to a page: nobody chosen, nothing shown; a hidden record and hidden fields stay so."""
    address = f"{org.http}/lightning/r/Case/{OUTBOARD}/view"
    nobody = requests.get(address, timeout=5)
    assert nobody.ok
    assert "stalls" not in nobody.text
    cleo = requests.get(address, params={"as": "cleo@tidewater.example"}, timeout=5)
    assert cleo.status_code == 404
    assert "stalls" not in cleo.text
    ben = requests.get(address, params={"as": "ben@tidewater.example"}, timeout=5).text
    nora = requests.get(address, params={"as": "nora@tidewater.example"}, timeout=5).text
    assert "stalls whenever" in ben
    assert "Order a new gasket." in ben
    assert ("Damage_Estimate__c" in ben, "Damage_Estimate__c" in nora) == (False, True)
    assert (
        requests.get(f"{org.http}/lightning/r/", params={"as": "nora@tidewater.example"}, timeout=5).status_code == 404
    )
