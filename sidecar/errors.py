"""Errors of the sidecar. Each becomes one RFC 9457 problem; `detail` says what to do next and never what a record said.

Refusals name the rule that refused. A hidden record and a missing one are the same `NotFound`.
"""

from http import HTTPStatus
from typing import ClassVar


class SidecarError(Exception):
    """Base. `type` is the last part of the problem's type URI and stable; `title` is fixed per class."""

    status: ClassVar[int] = HTTPStatus.INTERNAL_SERVER_ERROR
    type: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong inside the sidecar"

    def __init__(self, detail: str, **extra: str | float | bool) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class Unauthenticated(SidecarError):
    """Nobody is logged in, or the CRM grant is gone."""

    status = HTTPStatus.UNAUTHORIZED
    type = "unauthenticated"
    title = "Please log in with your CRM account"


class Refused(SidecarError):
    """A policy says no. `rule` names it."""

    status = HTTPStatus.FORBIDDEN
    type = "refused"
    title = "The policy does not allow this"


class NotFound(SidecarError):
    """No such thing for this user."""

    status = HTTPStatus.NOT_FOUND
    type = "not-found"
    title = "Not found, or not for you to see"


class Invalid(SidecarError):
    """The request cannot be understood."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    type = "invalid"
    title = "The request is not valid"


class Conflict(SidecarError):
    """The draft or the record is in another state than the caller thinks."""

    status = HTTPStatus.CONFLICT
    type = "conflict"
    title = "This is not possible in the current state"


class PreconditionFailed(SidecarError):
    """What was shown is not what is there now."""

    status = HTTPStatus.PRECONDITION_FAILED
    type = "moved-on"
    title = "The record or the draft has changed since it was shown"


class Unavailable(SidecarError):
    """A part that is needed does not answer; nothing was written. `part`: crm, index, database, audit or model."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    type = "unavailable"
    title = "A part of the service is not available"

    def __init__(self, detail: str, *, retry_after: float = 5.0, part: str = "", **extra: str | float | bool) -> None:
        super().__init__(detail, **extra)
        self.retry_after = retry_after
        self.part = part


class CrmFailed(SidecarError):
    """The CRM answered something that cannot be used. Nothing was written."""

    status = HTTPStatus.BAD_GATEWAY
    type = "crm-failed"
    title = "The CRM gave an answer that cannot be used"


class ModelFailed(SidecarError):
    """The language model answered something that cannot be used, or refused the request. Nothing was written."""

    status = HTTPStatus.BAD_GATEWAY
    type = "model-failed"
    title = "The language model gave an answer that cannot be used"


class Misconfigured(SidecarError):
    """The installation is wrong; said at start where possible."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    type = "misconfigured"
    title = "The sidecar is not configured correctly"
