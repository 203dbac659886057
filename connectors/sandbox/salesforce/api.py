"""The face of the Salesforce engine: one request of a logged-in user in, one response out, never an exception."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

from connectors.sandbox.bugs import log_bug
from connectors.sandbox.salesforce.call import NEWEST_VERSION, OLDEST_VERSION, Answer, Call, check_version
from connectors.sandbox.salesforce.errors import ApiError, not_found
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.router import dispatch

MAX_URI: Final = 16_384
_SEASONS: Final = (("Winter", 27), ("Summer", 26), ("Spring", 26))
_PATH = re.compile(r"/services/data/(v(\d{1,3}\.\d))(/.*)?", re.ASCII | re.DOTALL)
_JSON: Final = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request as it came in.

    `path` is the part of the URL after the host and before the query, percent-decoded (a trailing slash is fine);
    `query` is decoded (`query_string` is not); header names are in lower case.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    query_string: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A response to send as it is."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str]


def versions() -> ApiResponse:
    """`GET /services/data`: the API versions, oldest first; needs no session."""
    listing = [
        {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(OLDEST_VERSION, NEWEST_VERSION + 1)
    ]
    return _response(Answer(200, listing), {})


def handle(org: Org, user_id: str, base_url: str, request: ApiRequest) -> ApiResponse:
    """Answer a request under `/services/data/` on behalf of a user whose session the caller has checked.

    `base_url` is how the client reaches the org ("https://127.0.0.1:8443"). The answer is always the vendor's own;
    a bug of the engine becomes `UNKNOWN_EXCEPTION`, as a bug of Salesforce does.
    """
    with org.lock:
        headers: dict[str, str] = {}
        try:
            answer = _answer(org, user_id, base_url, request)
        except ApiError as error:
            answer = Answer(error.status, error.body())
        except Exception as error:  # noqa: BLE001 - the engine's last resort: a client must never see a traceback
            log_bug(error)
            text = "An unexpected error occurred. If this error persists, contact Salesforce Customer Support."
            answer = Answer(500, ApiError(500, "UNKNOWN_EXCEPTION", text).body())
        headers["Sforce-Limit-Info"] = f"api-usage={org.usage}/{org.setup.limits.daily_calls}"
    return _response(answer, headers)


def _answer(org: Org, user_id: str, base_url: str, request: ApiRequest) -> Answer:
    user = org.user(user_id)
    if user is None or not user.get("IsActive"):
        raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    org.count_call()
    if not org.permissions.has(str(user["Id"]), "ApiEnabled"):
        raise ApiError(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
    if len(quote(request.path, errors="replace")) + len(urlencode(request.query, errors="replace")) > MAX_URI:
        raise ApiError(414, "URI_TOO_LONG", "The URI exceeds the limit of 16,384 bytes")
    match = _PATH.fullmatch(request.path)
    if match is None:
        raise not_found()
    check_version(match[2])
    call = Call(
        org,
        str(user["Id"]),
        base_url.rstrip("/"),
        match[1],
        request.method.upper(),
        match[3] or "",
        request.query,
        request.headers,
        request.body,
        request.query_string,
    )
    return dispatch(call)


def _response(answer: Answer, headers: Mapping[str, str]) -> ApiResponse:
    if answer.body is None:
        return ApiResponse(answer.status, b"", {**headers, **answer.headers})
    if isinstance(answer.body, bytes):
        return ApiResponse(answer.status, answer.body, {**headers, **answer.headers})
    body = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return ApiResponse(answer.status, body, {"Content-Type": _JSON, **headers, **answer.headers})


def _label(number: int) -> str:
    """The season that a version came with: three a year, counted back from Winter '27."""
    back = NEWEST_VERSION - number
    season, year = _SEASONS[back % 3]
    return f"{season} '{year - back // 3:02d}"
