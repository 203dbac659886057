"""The face of the HubSpot engine: one request of an authenticated caller in, one response out, never an exception."""

import logging
from typing import Final

from connectors.sandbox.hubspot.call import Answer, Call
from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.errors import CONTENT_TYPE, CORRELATION, HubError, answer, new_correlation_id
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.router import dispatch
from connectors.sandbox.wire import Request, Response

MAX_BODY: Final = 10 * 1024 * 1024
_log = logging.getLogger(__name__)


def handle(portal: Portal, caller: Caller, request: Request) -> Response:
    """Answer a request under `/crm` on behalf of a caller whose token was checked at the door.

    The answer is always the vendor's own; a bug of the engine becomes an `INTERNAL_ERROR`, as a bug of HubSpot does.
    """
    call = Call(
        portal,
        caller,
        request.base_url.rstrip("/"),
        "",
        request.method.upper(),
        request.path,
        request.query_string,
        request.body,
    )
    if len(request.body) > MAX_BODY:
        return answer(HubError(413, "VALIDATION_ERROR", "The request body is too large"))
    with portal.lock:
        try:
            return _response(dispatch(call))
        except HubError as error:
            return answer(error)
        except Exception as error:  # noqa: BLE001 - the engine's last resort: a client must never see a traceback
            _log_bug(error)
            return answer(HubError(500, "INTERNAL_ERROR", "internal error"))


def _log_bug(error: Exception) -> None:
    """Say where the engine broke; the exception's text may hold a record, so only its type is named."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}"
    _log.error("sandbox engine bug: %s in %s", type(error).__name__, where)


def _response(found: Answer) -> Response:
    headers = {CORRELATION: new_correlation_id(), **found.headers}
    if found.body is None:
        return Response(found.status, b"", headers)
    body = Response.json(found.body).body
    return Response(found.status, body, {"content-type": CONTENT_TYPE, **headers})
