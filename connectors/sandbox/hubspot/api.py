"""The face of the HubSpot engine: one request of an authenticated caller in, one response out, never an exception."""

from typing import Final

from connectors.sandbox.bugs import log_bug
from connectors.sandbox.hubspot.call import Answer, Call
from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.errors import CONTENT_TYPE, CORRELATION, HubError, answer, new_correlation_id
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.router import dispatch
from connectors.sandbox.wire import Request, Response

MAX_BODY: Final = 10 * 1024 * 1024


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
            log_bug(error)
            return answer(HubError(500, "INTERNAL_ERROR", "internal error"))


def _response(found: Answer) -> Response:
    headers = {CORRELATION: new_correlation_id(), **found.headers}
    if found.body is None:
        return Response(found.status, b"", headers)
    body = Response.json(found.body).body
    return Response(found.status, body, {"content-type": CONTENT_TYPE, **headers})
