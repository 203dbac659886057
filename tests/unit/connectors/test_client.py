"""The client refreshes once, counts, follows nobody, and tells a lost write from a refused one."""

import traceback
from email.message import Message
from typing import Any

import pytest
import requests
from requests.cookies import extract_cookies_to_jar
from urllib3.exceptions import ProtocolError

from connectors.errors import Ambiguous, ConnectorError, Fatal, Forbidden, Retriable, Unauthorized
from connectors.salesforce.composite import Sub, query
from connectors.transport import HttpSession, is_loopback, trusted_origin
from tests.unit.connectors.scripted import GRANT, Answer, Bench, composite

EXPIRED: Answer = (401, [{"errorCode": "INVALID_SESSION_ID", "message": "the seal leaks"}])
FINE: Answer = (200, {"records": [], "done": True, "totalSize": 0})
INSERT = [Sub("claim", "POST", "sobjects/Task", {"Subject": "the seal leaks"})]


def test_a_refused_token_is_renewed_once_and_the_request_repeated() -> None:
    """Three requests in a row: refusal, refresh, repetition."""
    bench = Bench(lambda *_: EXPIRED if bench.client.token.access_token == "access-token-1" else FINE)
    assert bench.client.get("query", {"q": "x"}) == FINE[1]
    assert bench.refreshed == ["refresh-token-1"]
    assert bench.client.round_trips == 3
    assert [headers["Authorization"] for headers in bench.adapter.headers] == [
        "Bearer access-token-1",
        "Bearer access-token-2",
    ]
    stored = bench.tokens.load(GRANT)
    assert stored
    assert stored.refresh_token == "refresh-token-2"


def test_a_token_that_is_refused_again_ends_in_reconnect_not_in_a_loop() -> None:
    """One refresh for one call, whatever the CRM says."""
    bench = Bench(lambda *_: EXPIRED)
    with pytest.raises(Unauthorized):
        bench.client.get("limits")
    assert len(bench.refreshed) == 1
    assert len(bench.adapter.sent) == 2


def test_a_missing_scope_is_not_an_expired_token() -> None:
    """The same code with 403: refreshing would go on for ever (contract, 1.2)."""
    bench = Bench(lambda *_: (403, [{"errorCode": "INVALID_SESSION_ID"}]))
    with pytest.raises(Forbidden):
        bench.client.get("limits")
    assert bench.refreshed == []


def test_a_read_on_a_closed_connection_is_repeated_once() -> None:
    """Load balancers close idle connections; a user must not notice. A write on one is ambiguous, never repeated."""
    closed = requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError()))
    bench = Bench(lambda *_: closed if len(bench.adapter.sent) == 1 else FINE)
    assert bench.client.get("limits") == FINE[1]
    assert bench.client.round_trips == 2
    broken = Bench(lambda *_: closed)
    with pytest.raises(Retriable):
        broken.client.get("limits")
    with pytest.raises(Ambiguous):
        broken.client.composite(INSERT, write=True)
    assert len(broken.adapter.sent) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_after_a_write_is_ambiguous(status: int) -> None:
    """It may have happened; for a read it only means try again."""
    bench = Bench(lambda *_: (status, b"<html>the seal leaks</html>"))
    with pytest.raises(Ambiguous):
        bench.client.composite(INSERT, write=True)
    with pytest.raises(Retriable):
        bench.client.composite(INSERT)
    assert len(bench.adapter.sent) == 2


@pytest.mark.parametrize("body", [b'{"compositeResp', b"[]", b'{"compositeResponse": []}', b"null"])
def test_half_an_answer_to_a_write_is_ambiguous(body: bytes) -> None:
    """The CRM did something and we cannot read what."""
    bench = Bench(lambda *_: (200, body))
    with pytest.raises(Ambiguous):
        bench.client.composite(INSERT, write=True)


def test_a_refused_write_was_not_written() -> None:
    """The daily limit is checked before anything is done."""
    bench = Bench(lambda *_: (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]))
    with pytest.raises(Retriable):
        bench.client.composite(INSERT, write=True)


def test_no_redirect_is_followed() -> None:
    """The bearer token goes to the org's own host and nowhere else."""
    bench = Bench(lambda *_: (302, b""))
    with pytest.raises(Fatal):
        bench.client.get("limits")
    assert len(bench.adapter.sent) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (400, [{"errorCode": "MALFORMED_QUERY", "message": "the seal leaks"}]),
        (404, [{"errorCode": "NOT_FOUND", "message": "the seal leaks"}]),
        EXPIRED,
        (200, b"the seal leaks"),
        requests.ConnectionError("the seal leaks"),
    ],
    ids=["400", "404", "401", "garbage", "no answer"],
)
def test_a_traceback_shows_nothing_of_the_answer(answer: Any) -> None:  # noqa: ANN401 - status and any body, or an error
    """simple-salesforce's errors print the response body; they must not be chained."""
    bench = Bench(lambda *_: answer)
    with pytest.raises(ConnectorError) as caught:
        bench.client.get("query", {"q": "SELECT Id FROM Case WHERE Subject = 'the seal leaks'"})
    assert "the seal leaks" not in "".join(traceback.format_exception(caught.value)).replace(_SOURCE, "")


_SOURCE = """bench.client.get("query", {"q": "SELECT Id FROM Case WHERE Subject = 'the seal leaks'"})"""


def test_answers_are_given_by_name() -> None:
    """Each subrequest answers for itself."""
    bench = Bench(composite(lambda sub: FINE if sub["referenceId"] == "a" else (400, [{"errorCode": "INVALID_FIELD"}])))
    found = bench.client.composite([query("a", "SELECT Id FROM Case"), query("b", "SELECT Nope FROM Case")])
    assert found["a"].ok
    assert (found["b"].ok, found["b"].code) == (False, "INVALID_FIELD")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://acme.my.salesforce.com/path?x=1", "https://acme.my.salesforce.com"),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:1", "http://[::1]:1"),
    ],
)
def test_plain_http_is_for_this_machine_only(url: str, origin: str) -> None:
    """Everything else needs https."""
    assert trusted_origin(url) == origin


@pytest.mark.parametrize("host", ["127.0.0.1.example", "example", "10.0.0.1", "localhost.example", ""])
def test_a_name_that_looks_local_is_not(host: str) -> None:
    """No name server is asked, so no name server can lie."""
    assert not is_loopback(host)


def test_no_cookie_is_kept() -> None:
    """A session that many users share must not carry one user's cookie to another."""
    http, plain = HttpSession(), requests.Session()
    request = requests.Request("GET", "https://acme.example/x").prepare()
    for session in (http, plain):
        extract_cookies_to_jar(session.cookies, request, _Raw())  # type: ignore[no-untyped-call]  # as requests does
    assert plain.cookies.get_dict() == {"sid": "secret"}
    assert http.cookies.get_dict() == {}


class _Raw:
    """As much of a urllib3 response as requests looks at for cookies."""

    def __init__(self) -> None:
        self._original_response = self
        self.msg = Message()
        self.msg["Set-Cookie"] = "sid=secret; Path=/; Secure"
