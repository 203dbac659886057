"""HubSpot's error answers: compact JSON, a category, and a correlation id that the header repeats (contract, 2.5)."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.sandbox.wire import JSON, Response

CONTENT_TYPE = "application/json;charset=utf-8"
CORRELATION = "x-hubspot-correlation-id"
_MISSING_SCOPES = (
    "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: "
    "https://developers.hubspot.com/scopes."
)


class HubError(Exception):
    """A refusal. `errors` are the details of its parts, `context` names values; `category` may be empty (404)."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        context: Mapping[str, Sequence[str]] | None = None,
        sub_category: str = "",
    ) -> None:
        super().__init__(category or str(status))
        self.status = status
        self.category = category
        self.message = message
        self.errors = tuple(errors)
        self.context = context
        self.sub_category = sub_category

    @classmethod
    def missing_scopes(cls, scopes: Sequence[str]) -> "HubError":
        """The app was not granted any of `scopes`."""
        detail = {
            "message": "One or more of the following scopes are required.",
            "context": {"requiredScopes": list(scopes)},
        }
        return cls(403, "MISSING_SCOPES", _MISSING_SCOPES, errors=(detail,))

    @classmethod
    def invalid(cls, message: str, *, code: str = "", context: Mapping[str, Sequence[str]] | None = None) -> "HubError":
        """The request is JSON, but not what the resource takes."""
        detail = {"message": message, "code": code, "context": dict(context or {})}
        return cls(400, "VALIDATION_ERROR", message, errors=(detail,) if code else (), context=context)

    @classmethod
    def not_found(cls, object_id: str = "0") -> "HubError":
        """No such record or path for this caller; only an id that is no number gets a category (contract, 2.5)."""
        if object_id.isascii() and object_id.isdigit():
            return cls(404, "", "resource not found")
        return cls(404, "OBJECT_NOT_FOUND", "Object not found.  objectId are usually numeric.")

    def document(self, correlation_id: str) -> JSON:
        """The body, with the keys in HubSpot's order."""
        found: JSON = {"status": "error", "message": self.message, "correlationId": correlation_id}
        if self.errors:
            found["errors"] = [dict(error) for error in self.errors]
        if self.context:
            found["context"] = {name: list(values) for name, values in self.context.items()}
        if self.category:
            found["category"] = self.category
        if self.sub_category:
            found["subCategory"] = self.sub_category
        return found


def new_correlation_id() -> str:
    """A fresh id of one request."""
    return str(uuid.uuid4())


def answer(error: HubError, headers: Mapping[str, str] | None = None) -> Response:
    """The HTTP answer for a refusal."""
    correlation_id = new_correlation_id()
    body = Response.json(error.document(correlation_id)).body
    return Response(error.status, body, {"content-type": CONTENT_TYPE, CORRELATION: correlation_id, **(headers or {})})
