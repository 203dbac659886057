"""What goes wrong at a model endpoint, in our words, and whether to ask once more. No answer's body is looked at."""

import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx2

from sidecar.errors import ModelFailed, SidecarError, Unavailable

LONGEST: Final = 3600.0
"""Seconds to wait that are believed."""
NOT_UNDERSTOOD: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
"""What servers say to a form of request that they do not know; llama-cpp-python 0.3.36 says 500."""
BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one attempt gave no answer, and whether another one may.

    `simpler`: at once, in a simpler form. `wait`: in so many seconds, 0 when nobody said how many; None: not at all.
    """

    error: SidecarError
    simpler: bool = False
    wait: float | None = None


def _unavailable(detail: str, *, simpler: bool = False, wait: float | None = None, retry_after: float = 5.0) -> Failure:
    return Failure(Unavailable(detail, part="model", retry_after=retry_after), simpler, wait)


def late() -> Failure:
    """The time is over."""
    return _unavailable("The language model did not answer in time.")


def broken_off() -> Failure:
    """A stream that ended before its end."""
    return _unavailable("The language model broke off its answer.")


def no_stream() -> Failure:
    """Something else than a stream of a chat completion."""
    return Failure(ModelFailed("What the language model's endpoint sent is not a chat completion."))


def silent(cause: BaseException | None) -> Failure:
    """No answer has begun: ask again, unless it is the time that is over, or TLS that failed and would fail again."""
    if _has_tls_error(cause):
        return _unavailable("The language model's endpoint and the sidecar do not accept each other's certificates.")
    if isinstance(cause, httpx2.TimeoutException) and not isinstance(cause, httpx2.ConnectTimeout):
        return late()
    return _unavailable("The language model's endpoint cannot be reached.", wait=0.0)


def interrupted(error: Exception) -> Failure:
    """An answer had begun and did not come to its end."""
    match error:
        case httpx2.SSEError():
            return no_stream()
        case httpx2.TimeoutException():
            return late()
        case httpx2.TransportError():
            return broken_off()
    return Failure(ModelFailed("The language model's answer is larger than it may be, or compressed."))


def refused(response: httpx2.Response) -> Failure:
    """What a status other than success means."""
    status = response.status_code
    if status in BUSY:
        wait = _retry_after(response.headers.get("retry-after", ""))
        return _unavailable("The language model is busy.", wait=wait, retry_after=wait or 5.0)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _unavailable("The language model's endpoint refuses our key (CRM_SIDECAR_LLM_API_KEY_FILE).")
    if status == HTTPStatus.NOT_FOUND:
        return _unavailable(
            "The language model's endpoint has no such address or model (CRM_SIDECAR_LLM_URL, LLM_MODEL)."
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unavailable("The language model's endpoint has failed.", simpler=status in NOT_UNDERSTOOD)
    error = ModelFailed("The language model's endpoint refuses the request.", answered=status)
    return Failure(error, simpler=status in NOT_UNDERSTOOD)


def _has_tls_error(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None


def _retry_after(value: str) -> float:
    """Seconds, from either form of the header (RFC 9110, 10.2.3); 0 when it says nothing."""
    with suppress(ValueError):
        return min(LONGEST, max(0.0, float(value)))
    with suppress(ValueError, TypeError):  # TypeError: a date without a zone
        return min(LONGEST, max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()))
    return 0.0
