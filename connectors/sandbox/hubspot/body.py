"""What arrives in requests to the edge's own endpoints, read with care: JSON objects, numbers."""

import json
from typing import Any, Final

from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.wire import JSON

_MAX_DIGITS: Final = 18


def json_object(body: bytes) -> JSON:
    """The JSON object of a request.

    Raises:
        HubError: 400, the body is no JSON object.
    """
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise HubError(400, "VALIDATION_ERROR", "Invalid input JSON on line 1, column 1: an object was expected")
    return document


def number(text: str) -> int | None:
    """A whole number that is not negative and of a sane length, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None
