"""HubSpot's own answer for a status, as a fault rule sends it (contract, section 2.5)."""

from typing import Final

from connectors.sandbox.hubspot import errors
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.wire import Response

_DAY: Final = "86400"
_CLOUDFLARE: Final = frozenset({502, 503, 504, 521, 522, 523, 524})
_KNOWN: Final = {
    400: ("VALIDATION_ERROR", "Invalid input JSON on line 1, column 1"),
    401: ("INVALID_AUTHENTICATION", "Authentication credentials not found."),
    403: ("MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."),
    404: ("", "resource not found"),
    409: ("CONFLICT", "The record was changed by another request."),
    423: ("LOCKED", "This record is locked by another operation. Try again later."),
    477: ("MIGRATION_IN_PROGRESS", "This account is being moved to another data center. Try again later."),
    500: ("INTERNAL_ERROR", "There was an internal error"),
}
_WAIT: Final = {423: "2", 477: _DAY}


def failure(status: int, hub_id: str) -> Response:
    """The answer: HTML for what the network in front of HubSpot says, JSON for everything else."""
    if status in _CLOUDFLARE:
        return Response.text(_HTML.format(status=status), status, "text/html")
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        return _too_many(hub_id)
    category, message = _KNOWN.get(status, ("INTERNAL_ERROR", "There was an error"))
    wait = {"retry-after": _WAIT[status]} if status in _WAIT else {}
    return errors.answer(HubError(status, category, message), wait)


def _too_many(hub_id: str) -> Response:
    correlation_id = errors.new_correlation_id()
    body = {
        "status": "error",
        "message": "You have reached your ten_secondly_rolling limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": correlation_id,
        "policyName": "TEN_SECONDLY_ROLLING",
        "groupName": f"publicapi:app:{hub_id}",
    }
    headers = {"content-type": errors.CONTENT_TYPE, errors.CORRELATION: correlation_id, "retry-after": "1"}
    return Response(429, Response.json(body).body, headers)


_HTML: Final = """<!DOCTYPE html>
<html><head><title>api.hubapi.com | {status}</title></head>
<body><h1>Error {status}</h1><p>The web server reported an error. Try again in a few minutes.</p></body></html>
"""
