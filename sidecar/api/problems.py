"""Every error leaves as RFC 9457 problem+json: a stable type, what to do next, the request's id, and nothing else."""

from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, json
from werkzeug.exceptions import HTTPException

from sidecar.api.routes import MAX_BODY, request_id
from sidecar.errors import SidecarError, Unavailable

TYPE = "urn:crm-sidecar:problem:"
log = structlog.get_logger()


def register(app: Flask) -> None:
    """Install the handlers."""
    app.register_error_handler(SidecarError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def of(error: Exception) -> Response:
    """The problem that an error is told as."""
    return _known(error) if isinstance(error, SidecarError) else _unknown(error)


def problem(status: int, type_: str, title: str, detail: str, **extra: str | float | bool) -> Response:
    """A problem response."""
    body: dict[str, Any] = {
        "type": TYPE + type_,
        "title": title,
        "status": int(status),
        "detail": detail,
        "request": request_id(),
        **extra,
    }
    return Response(json.dumps(body), status=int(status), mimetype="application/problem+json")


def _known(error: SidecarError) -> Response:
    response = problem(error.status, error.type, error.title, error.detail, **error.extra)
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("problem", type=error.type, cause=_names(error))
    return response


def _http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    detail = {
        HTTPStatus.NOT_FOUND: "There is nothing at this address. Check it.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"This address takes {allowed}.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"Send a body smaller than {MAX_BODY // 1024} KB.",
    }.get(status, "Check the request's address, method and headers.")
    response = problem(status, status.phrase.lower().replace(" ", "-"), status.phrase, detail)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = allowed
    return response


def _unknown(error: Exception) -> Response:
    # Class names and places only: the message of a foreign exception may hold anything.
    log.error("crash", cause=_names(error), place=_place(error))
    title = SidecarError.title
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", title, "Tell your administrator the request's id.")


def _names(error: BaseException | None) -> list[str]:
    names: list[str] = []
    while error is not None and len(names) < 5:  # noqa: PLR2004 - deeper causes do not help
        names.append(type(error).__name__)
        error = error.__cause__
    return names


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
