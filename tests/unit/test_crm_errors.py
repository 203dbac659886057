"""What a user is told when her CRM says no: what it means for her and what she can do, never what the CRM wrote."""

import pytest

from connectors import errors as crm
from sidecar.crm import crm_errors
from sidecar.errors import (
    CrmFailed,
    NotFound,
    PreconditionFailed,
    Refused,
    SidecarError,
    Unauthenticated,
    Unavailable,
)

WORDS = "the seal leaks"


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (crm.Unauthorized(WORDS), Unauthenticated, "Log in again"),
        (crm.Forbidden(WORDS), Refused, "does not allow"),
        (crm.NotFound(WORDS), NotFound, "no such record"),
        (crm.Stale(WORDS), PreconditionFailed, "Draft again"),
        (crm.Retriable(WORDS, code="503"), Unavailable, "try again"),
        (crm.Retriable(WORDS, code="limiter"), Unavailable, "Too many calls"),
        (crm.Retriable(WORDS, code="daily_reserve"), Unavailable, "kept for drafts"),
        (crm.Retriable(WORDS, code="TEN_SECONDLY_ROLLING"), Unavailable, "Too many calls"),
        (crm.Retriable(WORDS, code="REQUEST_LIMIT_EXCEEDED"), Unavailable, "perhaps for today"),
        (crm.Retriable(WORDS, code="DAILY"), Unavailable, "try again tomorrow"),
        (crm.Fatal(WORDS, code="bad_answer"), CrmFailed, "unexpected answer"),
        (crm.Fatal(WORDS, code="UNSUPPORTED_API_VERSION"), CrmFailed, "doctor"),
        (crm.Fatal(WORDS, code="tls"), CrmFailed, "certificate"),
    ],
)
def test_every_error_says_what_to_do(error: crm.ConnectorError, kind: type[SidecarError], told: str) -> None:
    """In the sidecar's own words."""
    with pytest.raises(kind) as raised, crm_errors():
        raise error
    assert type(raised.value) is kind
    assert told in str(raised.value)
    assert WORDS not in str(raised.value)


def test_when_to_come_back_is_passed_on() -> None:
    """The connector knows how long the CRM wants to be left alone."""
    with pytest.raises(Unavailable) as raised, crm_errors():
        raise crm.Retriable(WORDS, code="daily_reserve", retry_after=900.0)
    assert raised.value.retry_after == 900.0


def test_a_write_without_an_answer_is_for_others_to_judge() -> None:
    """Only apply and undo know what to do with it."""
    with pytest.raises(crm.Ambiguous), crm_errors():
        raise crm.Ambiguous(WORDS)
