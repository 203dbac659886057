"""What arrives in requests to the edge's own endpoints, read with care: forms, JSON objects, numbers."""

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.wire import JSON

_MAX_FIELDS: Final = 100
_MAX_DIGITS: Final = 18


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form; a body that is no form, or a huge one, has none."""
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        return {}


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
