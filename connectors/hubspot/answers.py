"""HubSpot's answers turned into results or connector errors, by category and never by text (contract, 2.5)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from connectors.errors import ConnectorError, Fatal, Forbidden, NotFound, Retriable, Unauthorized
from connectors.hubspot.routes import missing, unsupported
from connectors.oauth import RECONNECT
from connectors.transport import ambiguous, retry_after

JSON = dict[str, Any]

EXPIRED = "EXPIRED_AUTHENTICATION"
"""With 401: the access token is spent. Any other 401 does not mean "refresh" (contract, 2.2)."""
MISSING_SCOPES = "MISSING_SCOPES"
CONFLICT = "CONFLICT"

LIMITED = 429
MIGRATION = 477
"""The account moves to another data centre; Retry-After can be a day."""
_LOCKED = 423
_SERVER_ERROR = 500

_GONE = frozenset(
    {"OBJECT_NOT_FOUND", "NOT_FOUND", "FORBIDDEN", "MISSING_PERMISSIONS", "USER_DOES_NOT_HAVE_PERMISSIONS"}
)
"""Categories inside a batch answer that mean: not for this user."""

_BY_STATUS: Mapping[int, type[ConnectorError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    408: Retriable,
    409: Retriable,
    423: Retriable,
    429: Retriable,
    477: Retriable,
}
_WAIT: Mapping[str, float] = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": 3_600.0}
"""Seconds to wait by policyName, where HubSpot does not say."""
_WAIT_BY_STATUS: Mapping[int, float] = {LIMITED: 10.0, MIGRATION: 3_600.0, _LOCKED: 2.0}

_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,60}")
_NOT_UNDERSTOOD = "HubSpot gave an answer that the connector does not understand"
_REFUSED = "HubSpot does not allow this user to do that"
_NO_SCOPE = "the HubSpot app lacks a scope for this: an administrator adds it, then connect again"
_NOT_NOW = "HubSpot cannot do this right now"


class Expired(Unauthorized):
    """The access token was refused; a fresh one may do."""


def read_answer(response: requests.Response, *, write: bool) -> JSON:
    """The JSON object of an answer, empty for "no content".

    Raises:
        Ambiguous: a write was accepted or failed inside HubSpot, and the answer does not say what it did.
        ConnectorError: HubSpot refuses; see `error_for`.
    """
    status = response.status_code
    if status == requests.codes.no_content:
        return {}
    try:
        body = response.json()
    except ValueError:  # half an answer, or a page of whoever stands in between
        body = None
    if response.ok and status < requests.codes.multiple_choices:
        if isinstance(body, dict):
            return body
        raise ambiguous("bad_answer") if write else Retriable(_NOT_NOW, code="bad_answer")
    if write and status >= _SERVER_ERROR:
        raise ambiguous(str(status))
    raise error_for(status, body, response.headers.get("Retry-After"), write=write)


def error_code(body: object) -> str:
    """What an error body calls itself; empty when it does not, or when it looks like text.

    The policy comes first: a 429 has no category.
    """
    if not isinstance(body, dict):
        return ""
    named = (body.get(name) for name in ("policyName", "category", "errorType"))
    return next((code for code in named if isinstance(code, str) and _CODE.fullmatch(code)), "")


def error_for(status: int, body: object, wait: str | None = None, *, write: bool = False) -> ConnectorError:
    """The error for a refused request. `wait` is the header Retry-After."""
    code = error_code(body) or str(status)
    kind = _BY_STATUS.get(status) or (Retriable if status >= _SERVER_ERROR else Fatal)
    if write and status == requests.codes.bad_request:  # a rule of the portal: a required property, a closed option
        kind = Forbidden
    if kind is Retriable:
        code = CONFLICT if status == requests.codes.conflict else code
        otherwise = _WAIT.get(code) or _WAIT_BY_STATUS.get(status, 1.0)
        return Retriable(_NOT_NOW, code=code, retry_after=retry_after(wait, otherwise))
    if kind is Forbidden:
        return Forbidden(_NO_SCOPE if code == MISSING_SCOPES else _REFUSED, code=code)
    if kind is Unauthorized:
        return (Expired if code == EXPIRED else Unauthorized)(RECONNECT, code=code)
    if kind is NotFound:
        return missing()
    return unsupported() if status == requests.codes.gone else Fatal(_NOT_UNDERSTOOD, code=code)


def shown(outcome: JSON | ConnectorError) -> JSON:
    """An answer, empty when there is no such thing for this user.

    Raises:
        ConnectorError: HubSpot did not say.
    """
    if isinstance(outcome, Forbidden | NotFound):
        return {}
    if isinstance(outcome, ConnectorError):
        raise outcome
    return outcome


def rows_of(body: JSON) -> list[JSON]:
    """The records of a list, search or batch answer.

    Batches answer for each record: with status 207 in older versions, with 200 since 2026-09, and alike inside.

    Raises:
        Retriable: a batch has not finished, or could not read a record for a passing reason.
        Fatal: this is no such answer, or it lacks a scope.
    """
    rows = body.get("results")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
        raise Fatal(_NOT_UNDERSTOOD, code="bad_rows")
    if body.get("status", "COMPLETE") != "COMPLETE":
        raise Retriable(_NOT_NOW, code="BATCH_PENDING")
    for error in errors_of(body):
        code = error_code(error)
        if code not in _GONE:
            raise Forbidden(_NO_SCOPE, code=code) if code == MISSING_SCOPES else Retriable(_NOT_NOW, code=code)
    return rows


def errors_of(body: JSON) -> Sequence[JSON]:
    """What went wrong with single records of a batch."""
    errors = body.get("errors") or []
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def next_page(body: JSON) -> str:
    """The cursor of the next page, empty on the last one. The link beside it is never followed."""
    paging = body.get("paging")
    after = paging.get("next") if isinstance(paging, dict) else None
    return str(after.get("after") or "") if isinstance(after, dict) else ""
