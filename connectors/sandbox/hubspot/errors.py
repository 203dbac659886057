"""HubSpot's error answers: compact JSON, a category, and a correlation id that the header repeats (contract, 2.5)."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.sandbox.wire import JSON, Response

CONTENT_TYPE = "application/json;charset=utf-8"
CORRELATION = "x-hubspot-correlation-id"


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
