"""Which error an answer becomes, and what it never says."""

import ssl

import pytest
import requests
from urllib3 import PoolManager
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, ProxyError, ReadTimeoutError
from urllib3.exceptions import SSLError as PoolSSLError

from connectors.errors import Ambiguous, ConnectorError, Fatal, Forbidden, NotFound, Retriable, Stale, Unauthorized
from connectors.salesforce.answers import error_code, error_for, records_of
from connectors.transport import raise_unanswered

POOL = PoolManager().connection_from_url("https://acme.example")
WORDS = "the seal leaks"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "INVALID_SESSION_ID", Unauthorized),
        (403, "INVALID_SESSION_ID", Forbidden),
        (400, "INSUFFICIENT_ACCESS_OR_READONLY", Forbidden),
        (403, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", Forbidden),
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", Forbidden),
        (400, "STRING_TOO_LONG", Forbidden),
        (404, "NOT_FOUND", NotFound),
        (404, "ENTITY_IS_DELETED", NotFound),
        (400, "MALFORMED_ID", NotFound),
        (412, "PRECONDITION_FAILED", Stale),
        (412, "", Stale),
        (400, "UNABLE_TO_LOCK_ROW", Retriable),
        (500, "UNABLE_TO_LOCK_ROW", Retriable),
        (403, "REQUEST_LIMIT_EXCEEDED", Retriable),
        (503, "SERVER_UNAVAILABLE", Retriable),
        (400, "MALFORMED_QUERY", Fatal),
        (400, "SOMETHING_NEW", Fatal),
        (503, "", Retriable),
        (420, "", Retriable),
        (400, "PROCESSING_HALTED", Retriable),  # nothing says why, and all was rolled back
        (412, "BATCH_PROCESSING_HALTED", Retriable),
        (412, "SOMETHING_NEW", Stale),
        (400, "TXN_SECURITY_METERING_ERROR", Retriable),
        (300, "", Fatal),
        (410, "UNSUPPORTED_API_VERSION", Fatal),
        (414, "", Fatal),
        (415, "", Fatal),
        (428, "", Fatal),
        (431, "", Fatal),
        (302, "", Fatal),
        (401, "", Unauthorized),
        (403, "", Forbidden),
        (404, "", NotFound),
    ],
)
def test_the_code_decides_and_the_status_only_without_one(status: int, code: str, kind: type[ConnectorError]) -> None:
    """Salesforce uses few statuses for many things (contract, 1.3)."""
    body = [{"errorCode": code, "message": WORDS, "fields": [WORDS]}] if code else f"<html>{WORDS}</html>"
    error = error_for(status, body)
    assert type(error) is kind
    assert error.code == (code or str(status))
    assert WORDS not in f"{error!s} {error!r} {vars(error)}"


def test_a_spent_day_is_waited_for_longer_than_a_locked_row() -> None:
    """Salesforce sends no Retry-After, so the waits are ours."""
    limit = error_for(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}])
    lock = error_for(400, [{"errorCode": "UNABLE_TO_LOCK_ROW"}])
    assert isinstance(limit, Retriable)
    assert isinstance(lock, Retriable)
    assert limit.retry_after > lock.retry_after > 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([{"errorCode": "NOT_FOUND"}], "NOT_FOUND"),
        ([{"statusCode": "DUPLICATE_VALUE", "message": "x"}], "DUPLICATE_VALUE"),
        ({"errorCode": "NOT_FOUND"}, "NOT_FOUND"),
        ([{"errorCode": "the seal leaks"}], ""),
        ([{"errorCode": 7}], ""),
        (["x"], ""),
        (None, ""),
        ("text", ""),
    ],
)
def test_only_what_looks_like_a_code_is_one(body: object, code: str) -> None:
    """A code may end up in a log, so text in its place is dropped."""
    assert error_code(body) == code


def _wrapped(reason: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(MaxRetryError(POOL, "/services", reason))


NEVER_SENT = [
    _wrapped(NewConnectionError(HTTPSConnection("acme.example"), "refused")),
    _wrapped(ProxyError("no tunnel", OSError("refused"))),
]
PERHAPS_SENT = [
    requests.ReadTimeout(ReadTimeoutError(POOL, "/services", "late")),
    requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError())),
    requests.exceptions.ChunkedEncodingError("cut"),
    requests.exceptions.JSONDecodeError("not JSON", "{", 1),
    requests.exceptions.SSLError(MaxRetryError(POOL, "/services", PoolSSLError(ssl.SSLError("broken record")))),
]


@pytest.mark.parametrize("error", NEVER_SENT, ids=lambda error: type(error.args[0].reason).__name__)
@pytest.mark.parametrize("write", [True, False])
def test_what_never_left_is_retriable(error: requests.RequestException, write: bool) -> None:  # noqa: FBT001 - pytest passes it
    """A refused connection lost nothing, not even a write."""
    with pytest.raises(Retriable):
        raise_unanswered(error, write=write)


@pytest.mark.parametrize("error", PERHAPS_SENT, ids=lambda error: type(error).__name__)
def test_what_may_have_arrived_is_ambiguous_for_a_write_only(error: requests.RequestException) -> None:
    """A timeout says nothing about what the CRM did."""
    with pytest.raises(Ambiguous):
        raise_unanswered(error, write=True)
    with pytest.raises(Retriable):
        raise_unanswered(error, write=False)


def test_an_untrusted_certificate_is_a_configuration_error() -> None:
    """Trying again would not help, and nothing was sent."""
    reason = PoolSSLError(ssl.SSLCertVerificationError("self-signed"))
    with pytest.raises(Fatal, match="CA file"):
        raise_unanswered(requests.exceptions.SSLError(MaxRetryError(POOL, "/services", reason)), write=True)


@pytest.mark.parametrize("body", [None, [], {}, {"records": None}, "text"])
def test_what_is_no_query_answer_is_refused(body: object) -> None:
    """A missing list is not an empty one."""
    with pytest.raises(Fatal):
        records_of(body)
