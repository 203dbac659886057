"""What a refusal or a silence of a model endpoint means, and when to ask again."""

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from sidecar.adapters.openai import Endpoint, OpenAIReasoner
from sidecar.adapters.openai_failures import LONGEST, refused, silent
from sidecar.errors import Misconfigured, ModelFailed, Unavailable


def wait(value: str) -> float | None:
    """How long a busy model asks us to wait, by this header."""
    return refused(httpx2.Response(503, headers={"Retry-After": value})).wait


@pytest.mark.parametrize(
    "value", ["soon", "-3", "nan", "", "Tue, 99 Nov 2026 08:00:00 GMT", "Tue, 24 Nov 2020 08:00:00"]
)
def test_a_wait_that_says_nothing_is_nobodys(value: str) -> None:
    """Then the pauses are our own; a time that is over is none either."""
    assert wait(value) == 0.0


def test_a_wait_is_read_in_both_forms_and_bounded() -> None:
    """Seconds or a date (RFC 9110); a year is not believed."""
    assert wait("7.5") == 7.5
    assert wait("1e400") == wait("99999999") == LONGEST
    later = wait(format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True))
    assert later is not None
    assert 90 < later <= 100


@pytest.mark.parametrize(
    ("status", "simpler"), [(400, True), (422, True), (500, True), (501, True), (413, False), (502, False)]
)
def test_only_what_was_not_understood_is_said_more_simply(status: int, simpler: bool) -> None:  # noqa: FBT001 - the expected value
    """A request that is too large, or a gateway without its model, would not be helped."""
    failure = refused(httpx2.Response(status))
    assert failure.simpler is simpler
    assert failure.wait is None
    assert isinstance(failure.error, ModelFailed if status < 500 else Unavailable)


def test_tls_is_not_tried_again() -> None:
    """A certificate that is not trusted now is not trusted in a second, however deep the error lies."""
    error = httpx2.ConnectError("no")
    error.__cause__ = OSError()
    error.__cause__.__context__ = ssl.SSLCertVerificationError()
    assert silent(error).wait is None
    assert silent(httpx2.ConnectError("no")).wait == 0.0
    assert silent(httpx2.ConnectTimeout("no")).wait == 0.0
    assert silent(httpx2.ReadTimeout("no")).wait is None


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"url": "models.acme.example/v1"}, "LLM_URL"),
        ({"url": "ftp://models.acme.example"}, "LLM_URL"),
        ({"url": "https://user:c4n4ry@models.acme.example/v1"}, "LLM_URL"),
        ({"url": "https://models.acme.example/v1?key=c4n4ry"}, "LLM_URL"),
        ({"model": ""}, "LLM_MODEL"),
        ({"output_tokens": 8192}, "LLM_OUTPUT_TOKENS"),
        ({"ca_file": "no.pem"}, "LLM_CA_FILE"),
        ({"client_cert": __file__}, "LLM_CLIENT_CERT"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused_at_the_start(given: dict[str, object], named: str) -> None:
    """The setting is named, and no value is quoted."""
    settings = {"url": "https://models.acme.example/v1", "model": "tiny", **given}
    with pytest.raises(Misconfigured, match=named) as caught:
        OpenAIReasoner(Endpoint(**settings))  # type: ignore[arg-type]  # as each row says
    assert "c4n4ry" not in str(caught.value)
