"""One Salesforce org as a web site: OAuth at the door, then the REST API as the user behind the token."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.salesforce import api
from connectors.sandbox.salesforce.mutations import Mutations
from connectors.sandbox.salesforce.oauth import Client, Grants, OAuthEndpoints, Session
from connectors.sandbox.salesforce.oauth.grants import s256
from connectors.sandbox.salesforce.oauth.identity import bearer
from connectors.sandbox.salesforce.org import Org, Snapshot
from connectors.sandbox.salesforce.pages import RecordPages
from connectors.sandbox.salesforce.values import Row
from connectors.sandbox.salesforce.watch import Watch
from connectors.sandbox.wire import JSON, Refused, Request, Response

REDIRECT_PATHS = ("/oauth/callback", "/OauthRedirect", "/callback")
_HEAD_LIMIT = 16_384
_NO_SESSION = ("INVALID_SESSION_ID", "Session expired or invalid")
_EDGE = 420
_EDGE_PAGE = "<html><head><title>No route</title></head><body><h1>Salesforce Edge has no route</h1></body></html>"
_FAILURES = {
    401: _NO_SESSION,
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    409: ("CONFLICT", "The request could not be completed due to a conflict with the current state of the resource."),
    410: ("UNSUPPORTED_API_VERSION", "The requested API version is retired"),
    412: ("PRECONDITION_FAILED", "The requested resource has been modified since the given condition"),
    413: ("REQUEST_TOO_LARGE", "Maximum size of request reached."),
    414: ("URI_TOO_LONG", "The URI is too long"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "The requested media type is not supported"),
    428: ("PRECONDITION_REQUIRED", "The request must be conditional: send If-Unmodified-Since"),
    431: ("REQUEST_HEADER_FIELDS_TOO_LARGE", "The URI and headers are too long"),
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support."),
    503: ("SERVER_UNAVAILABLE", "Server is too busy. Please try again later."),
}


@dataclass(frozen=True, slots=True)
class _State:
    """What a snapshot keeps: the org, and of OAuth the settings."""

    org: Snapshot
    oauth: object


class SalesforceSite:
    """Serves one `Org`. `notes` says of each username, in a sentence, what that user can see."""

    def __init__(self, org: Org, clock: Clock, notes: Mapping[str, str]) -> None:
        self.alias = org.alias
        self.org = org
        self.grants = Grants(org.id, clock, {client.id: client for client in _clients(org)})
        self._pages = RecordPages(org)
        self._notes = notes
        self._watch = Watch(org)
        self._mutations = Mutations(org, self.grants)
        self._oauth = OAuthEndpoints(org, self.grants, clock)

    @property
    def mutations(self) -> frozenset[str]:
        """See `mutations`."""
        return self._mutations.names

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        if refusal := _too_long(request):
            return refusal
        path = request.path.rstrip("/")
        if handler := self._pages.respond if path.startswith("/lightning/r/") else self._oauth.route(path):
            return handler(request)
        if path == "/services/data":
            return _answer(api.versions())
        if not path.startswith("/services/data/"):
            return _refuse(404, "NOT_FOUND", "The requested resource does not exist")
        session = self._authenticate(request)
        if isinstance(session, Response):
            return session
        call = api.ApiRequest(
            request.method, request.path, request.query, request.headers, request.body, request.query_string
        )
        return _answer(api.handle(self.org, session.user_id, request.base_url, call))

    def user_of(self, request: Request) -> str:
        """Id of the user whose live token the request carries, or ""."""
        token = bearer(request.headers) or request.query.get("oauth_token", "")
        session = self.grants.session(token, touch=False)
        return session.user_id if session else ""

    def names_of(self, user_id: str) -> tuple[str, ...]:
        """A user's id and username."""
        return (user_id, str((self.org.user(user_id) or {}).get("Username"))) if user_id else ()

    def failure(self, status: int) -> Response:
        """The error that Salesforce sends with a status, or a plain one where it sends none of its own."""
        if status == _EDGE:
            return Response.text(_EDGE_PAGE, status, "text/html")
        refusal = _refuse(status, *_FAILURES.get(status, ("UNKNOWN_EXCEPTION", "An unexpected error occurred.")))
        usage = f"api-usage={self.org.usage}/{self.org.setup.limits.daily_calls}"
        return Response(status, refusal.body, {**refusal.headers, "Sforce-Limit-Info": usage})

    def records(self, object_: str, filters: Mapping[str, str]) -> list[JSON]:
        """Live records as the system sees them, whose fields equal `filters` (as text)."""
        kind = self.org.schema.object(object_)
        if kind is None or kind.virtual:
            raise Refused(f"no object {object_!r}")
        rows = self.org.records[kind.name].values()
        return [dict(row) for row in rows if not row.get("IsDeleted") and _equals(row, filters)]

    def subrequests(self, request: Request) -> tuple[str, ...]:
        """Method and URL of each part of a composite or batch request."""
        tail = request.path.rstrip("/").partition("/composite")[2]
        if tail not in {"", "/batch"} or "/composite" not in request.path:
            return ()
        try:
            document = json.loads(request.body)
            parts = document.get("compositeRequest") or document.get("batchRequests") or ()
            return tuple(f"{part.get('method', '')} {part.get('url', '')}" for part in parts)
        except (ValueError, AttributeError, TypeError):
            return ()

    def leaked(self, request: Request, response: Response, user_id: str) -> tuple[str, ...]:
        """See `watch`."""
        return self._watch.leaked(request, response, user_id)

    def mutate(self, name: str, user_id: str, arguments: Mapping[str, Any]) -> JSON:
        """See `mutations`."""
        return self._mutations.apply(name, user_id, arguments)

    def describe(self, urls: Mapping[str, str]) -> JSON:
        """What a person needs to log in."""
        return {
            "alias": self.alias,
            "vendor": "salesforce",
            "id": self.org.id,
            "urls": dict(urls),
            "clients": [
                {
                    "name": client.name,
                    "id": client.id,
                    "secret": client.secret,
                    "redirect_paths": list(client.paths),
                    "rotate": client.rotate,
                }
                for client in self.grants.clients.values()
            ],
            "users": [self._person(user) for user in self.org.users() if user.get("IsActive")],
        }

    def save(self) -> object:
        """A snapshot of records, rights and OAuth settings; codes and tokens are no part of it."""
        return _State(self.org.snapshot(), self.grants.settings())

    def load(self, state: object) -> None:
        """Put a snapshot back."""
        if not isinstance(state, _State):
            raise TypeError("not a snapshot of a Salesforce site")
        self.grants.restore(state.oauth)
        self.org.restore(state.org)

    def _person(self, user: Row) -> JSON:
        profile = self.org.store.get("Profile", user.get("ProfileId")) or {}
        role = self.org.store.get("UserRole", user.get("UserRoleId")) or {}
        return {
            "id": user["Id"],
            "username": user["Username"],
            "name": user.get("Name") or user["Username"],
            "profile": profile.get("Name") or "",
            "role": role.get("Name") or "",
            "note": self._notes.get(str(user["Username"]), ""),
        }

    def _authenticate(self, request: Request) -> Session | Response:
        token = bearer(request.headers)
        if not token and "authorization" in request.headers:
            return _refuse(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        session = self.grants.session(token)
        if session is None or not (self.org.user(session.user_id) or {}).get("IsActive"):
            return _refuse(401, *_NO_SESSION)
        if not session.allows("api"):
            return _refuse(403, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
        return session


def _clients(org: Org) -> tuple[Client, ...]:
    """The two apps of every sandbox org. Ids and secrets follow from the org id: they survive a restart."""

    def derived(purpose: str) -> str:
        return s256(f"sandbox {purpose} {org.id}").replace("-", "A").replace("_", "B")

    return (
        Client("3MVG9" + derived("web client"), "CRM Sidecar", derived("secret").upper(), REDIRECT_PATHS),
        Client("3MVG9" + derived("public client"), "CRM Sidecar CLI", "", REDIRECT_PATHS),
    )


def _equals(row: Row, filters: Mapping[str, str]) -> bool:
    return all(str(row.get(name)) == value for name, value in filters.items())


def _too_long(request: Request) -> Response | None:
    """The 16,384 byte limit of URI and headers."""
    uri = len(request.path) + sum(len(name) + len(value) + 2 for name, value in request.query.items())
    if uri > _HEAD_LIMIT:
        return _refuse(414, "URI_TOO_LONG", "The URI is too long")
    if uri + sum(len(name) + len(value) + 4 for name, value in request.headers.items()) > _HEAD_LIMIT:
        return _refuse(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "The URI and headers are too long")
    return None


def _refuse(status: int, code: str, message: str) -> Response:
    return Response.json([{"message": message, "errorCode": code}], status)


def _answer(response: api.ApiResponse) -> Response:
    return Response(response.status, response.body, response.headers)
