"""Salesforce's answers turned into results or connector errors, by errorCode and never by text (contract, 1.3)."""

import re
from collections.abc import Mapping
from typing import Any

import requests

from connectors.errors import ConnectorError, Fatal, Forbidden, NotFound, Retriable, Stale, Unauthorized
from connectors.oauth import RECONNECT

EXPIRED = "INVALID_SESSION_ID"
"""With 401: the access token is spent, refresh it. With 403 it means a missing scope, and refreshing would loop."""

UNSUPPORTED = "UNSUPPORTED_API_VERSION"
VERSION_GONE = frozenset({UNSUPPORTED, "410"})
LIMIT = "REQUEST_LIMIT_EXCEEDED"
DUPLICATE = "DUPLICATE_VALUE"
HALTED = "PROCESSING_HALTED"
SCHEMA_MOVED = frozenset({"INVALID_FIELD", "INVALID_TYPE"})
"""What a query says when a field or object it names is not visible to the user (contract, 1.5).

Reading builds the query anew (`schema.Schema.ask`); when it still happens, it is a target that the user has lost.
"""

_RULES: Mapping[str, type[ConnectorError]] = {
    "INVALID_AUTH_HEADER": Unauthorized,
    "INSUFFICIENT_ACCESS": Forbidden,
    "INSUFFICIENT_ACCESS_OR_READONLY": Forbidden,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Forbidden,
    "INVALID_FIELD_FOR_INSERT_UPDATE": Forbidden,
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Forbidden,
    "FIELD_FILTER_VALIDATION_EXCEPTION": Forbidden,
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Forbidden,
    "DELETE_FAILED": Forbidden,
    "DUPLICATES_DETECTED": Forbidden,
    "REQUIRED_FIELD_MISSING": Forbidden,
    "STRING_TOO_LONG": Forbidden,
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Forbidden,
    "API_DISABLED_FOR_ORG": Forbidden,
    "API_CURRENTLY_DISABLED": Forbidden,
    "INVALID_FIELD": Forbidden,
    "INVALID_TYPE": Forbidden,
    "NOT_FOUND": NotFound,
    "ENTITY_IS_DELETED": NotFound,
    "MALFORMED_ID": NotFound,
    "INVALID_QUERY_FILTER_OPERATOR": NotFound,  # in our queries: an id whose check characters do not fit
    "INVALID_CROSS_REFERENCE_KEY": NotFound,
    "PRECONDITION_FAILED": Stale,
    HALTED: Retriable,  # only when nothing says why: all was rolled back
    "BATCH_PROCESSING_HALTED": Retriable,
    LIMIT: Retriable,
    "UNABLE_TO_LOCK_ROW": Retriable,
    "QUERY_TIMEOUT": Retriable,
    "SERVER_UNAVAILABLE": Retriable,
    "UNKNOWN_EXCEPTION": Retriable,
    "INVALID_QUERY_LOCATOR": Retriable,
    "TXN_SECURITY_METERING_ERROR": Retriable,
}

_BY_STATUS: Mapping[int, type[ConnectorError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    410: Fatal,  # an API version that has been retired
    412: Stale,
    420: Retriable,  # Salesforce Edge knows no way to the org: the request did not get there
    429: Retriable,
    500: Retriable,
    502: Retriable,
    503: Retriable,
    504: Retriable,
}
"""What is not here is `Fatal`: 300 (an external id names several records), 414 and 431 (the request is too long), 415,
428 (the resource takes no write without a condition). Each says that the request must be built differently.
"""

_MESSAGES: Mapping[type[ConnectorError], str] = {
    Unauthorized: RECONNECT,
    Forbidden: "Salesforce does not allow this user to do that",
    NotFound: "no such record for this user",
    Stale: "the record has changed since it was read",
    Retriable: "Salesforce cannot do this right now",
    Fatal: "Salesforce gave an answer that the connector does not understand",
}

_CODE = re.compile(r"[A-Z][A-Z_]{2,60}")
_LIMIT_SECONDS = 60.0


def error_code(body: object) -> str:
    """The first error code of an error body: a list of objects, keyed `errorCode` or (collections) `statusCode`.

    Empty when there is none. A code that does not look like one (it could be text) is not passed on.
    """
    entries = body if isinstance(body, list) else [body]
    for entry in entries:
        if isinstance(entry, dict):
            code = entry.get("errorCode") or entry.get("statusCode")
            if isinstance(code, str) and _CODE.fullmatch(code):
                return code
    return ""


def error_for(status: int, body: object) -> ConnectorError:
    """The error for a refused request or subrequest. The code decides; the status only when there is no code."""
    code = error_code(body)
    if code == EXPIRED:
        kind: type[ConnectorError] = Unauthorized if status == requests.codes.unauthorized else Forbidden
    elif code in _RULES:
        kind = _RULES[code]
    elif code and status != requests.codes.precondition_failed:
        kind = Fatal
    else:
        kind = _BY_STATUS.get(status, Fatal)
    message = _MESSAGES[kind]
    if kind is Retriable:
        wait = _LIMIT_SECONDS if code == LIMIT else 1.0
        return Retriable(message, code=code or str(status), retry_after=wait)
    return kind(message, code=code or str(status))


def records_of(body: object) -> list[dict[str, Any]]:
    """The rows of a query answer.

    Raises:
        Fatal: it is not a query answer.
    """
    rows = body.get("records") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise Fatal(_MESSAGES[Fatal], code="bad_query_answer")
    return rows
