"""Opens a user's live session at her CRM and turns what goes wrong there into the sidecar's own errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors import errors as crm
from connectors.interfaces import Session
from sidecar.domain import Principal
from sidecar.errors import CrmFailed, NotFound, PreconditionFailed, Refused, Unauthenticated, Unavailable
from sidecar.interfaces import Services

_BUSY = "The CRM does not answer or is busy. Nothing was written; try again."
_TOO_MANY = "Too many calls to the CRM at the moment. Nothing was written; try again."
_NOT_NOW = {
    "limiter": _TOO_MANY,
    "TEN_SECONDLY_ROLLING": _TOO_MANY,
    "SECONDLY": _TOO_MANY,
    "REQUEST_LIMIT_EXCEEDED": "The CRM takes no more calls from your organisation for now, perhaps for today. "
    "Nothing was written; if it lasts, ask your administrator.",
    "DAILY": "The CRM's calls for today are used up. Nothing was written; try again tomorrow.",
    "daily_reserve": "The CRM's calls for today are nearly used up, and the rest is kept for drafts. Sync again later.",
}
_UNEXPECTED = "The CRM gave an unexpected answer. Nothing was written."
_BROKEN = {
    "UNSUPPORTED_API_VERSION": "The CRM does not offer the configured API version any more. "
    "Ask your administrator to run `crm-sidecar doctor`.",
    "tls": "The CRM shows a certificate that is not trusted here. Ask your administrator to run `crm-sidecar doctor`.",
}
"""By the connector's own error code, as `_NOT_NOW`: what the user can do about it."""


def open_session(services: Services, principal: Principal, *, urgent: bool = True) -> Session:
    """Live access as `principal`. One that is not `urgent` (a sync) leaves room for those who wait for an answer.

    Raises:
        Unauthenticated: her grant is gone, or her org is no longer configured.
    """
    connector = services.connectors.get(principal.installation)
    if connector is None:
        raise Unauthenticated("Your CRM org is not configured here any more. Ask your administrator.")
    with crm_errors():
        return connector.session(principal.grant_id, urgent=urgent)


@contextmanager
def crm_errors() -> Iterator[None]:
    """Translate connector errors. `Ambiguous` is left alone: only apply and undo know what to do with it."""
    try:
        yield
    except crm.Unauthorized as error:
        raise Unauthenticated("Your connection to the CRM has ended. Log in again to reconnect.") from error
    except crm.Forbidden as error:
        raise Refused(
            "The CRM does not allow you to do this. If it should, ask your CRM administrator.", rule="crm"
        ) from error
    except crm.NotFound as error:
        raise NotFound(
            "The CRM shows you no such record. Check the id and that the action takes such a record, "
            "or ask its owner for access."
        ) from error
    except crm.Stale as error:
        raise PreconditionFailed("The record has changed in the CRM since it was read. Draft again.") from error
    except crm.Retriable as error:
        raise Unavailable(_NOT_NOW.get(error.code, _BUSY), retry_after=error.retry_after) from error
    except crm.Fatal as error:
        raise CrmFailed(_BROKEN.get(error.code, _UNEXPECTED), code=error.code) from error
