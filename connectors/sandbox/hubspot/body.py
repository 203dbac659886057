"""Request bodies of the edge's own JSON endpoints."""

import json
from typing import Any

from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.wire import JSON


def json_object(body: bytes) -> JSON:
    """The JSON object of a request.

    Raises:
        HubError: 400, the body is no JSON object.
    """
    try:
        document: Any = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise HubError(400, "VALIDATION_ERROR", "Invalid input JSON on line 1, column 1: an object was expected")
    return document
