"""A HubSpot that answers from a script: unit tests see each request that the connector makes, and open no socket."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.hubspot.access import AccessRule, Rules
from connectors.hubspot.audience import SHARED, Audiences
from connectors.hubspot.auth import to_token
from connectors.hubspot.client import Api, Client
from connectors.hubspot.connector import HubSpotSession
from connectors.hubspot.guard import Guard
from connectors.hubspot.routes import routes
from connectors.hubspot.schema import FactCache, Schema
from connectors.interfaces import Rate, Token, User
from connectors.oauth import Grants
from connectors.transport import HttpSession
from tests.fakes_connector import MemoryTokenStore
from tests.unit.connectors.scripted import ORIGIN, Answer, Scripted

USER = User("4821", "77", "", "", "")
GRANT = f"hubspot:{USER.tenant}:{USER.id}"
NOW = 1_800_000_000.0
SCOPE = "oauth tickets crm.objects.contacts.read crm.objects.contacts.write"
TOKEN = Token("access-token-1", "refresh-token-1", ORIGIN, SCOPE, NOW + 1800, "user")
TICKET = "9001"
STAMP = "2026-11-24T10:00:00.000Z"
VERSION = "2026-11-24T10:00:00.000+00:00"
NOT_FOUND: Answer = (404, {"status": "error", "message": "secret words", "correlationId": "c"})

Script = Callable[[str, str, Any], Answer | Exception | None]


class CountingLimiter:
    """Lets everybody through and writes down who came."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bool]] = []
        self.pauses: list[tuple[str, float]] = []

    def acquire(self, bucket: str, rate: Rate, *, urgent: bool) -> None:
        """One call."""
        self.calls.append((bucket, urgent))

    def pause(self, bucket: str, seconds: float) -> None:
        """HubSpot said "too many"."""
        self.pauses.append((bucket, seconds))


class Bench:
    """A session and its parts on top of a script.

    What the script leaves unanswered (None) is answered as by a portal without our property, pipelines, owners or
    teams beside those of `PORTAL`. `now` is the connector's clock.
    """

    def __init__(
        self,
        answer: Script,
        *,
        rules: Mapping[str, AccessRule] | None = None,
        shared: Mapping[str, Sequence[str]] = SHARED,
        keyed: bool = True,
        version: str = "2026-03",
        token: Token = TOKEN,
    ) -> None:
        self.now = NOW
        self.keyed = keyed
        self._script = answer
        self.adapter = Scripted(self._answer)
        http = HttpSession()
        http.mount("https://", self.adapter)
        self.tokens = MemoryTokenStore()
        self.tokens.save(GRANT, token)
        self.refreshed: list[str] = []
        self.introspected: list[str] = []
        self.active = True
        self.limiter = CountingLimiter()
        self.api = Api(ORIGIN, routes(version), http, self.limiter, app="app", clock=lambda: self.now)
        self.cache = FactCache()
        self._shared = shared
        self._rules = None if rules is None else Rules(rules)
        self._grants = Grants(self, self.tokens, lambda told, before: to_token(ORIGIN, lambda: self.now, told, before))
        self.client, self.session = self._open()

    @property
    def sent(self) -> list[tuple[str, str, Any]]:
        """Requests so far: method, path without query, body."""
        return [(method, urlsplit(url).path, body) for method, url, body in self.adapter.sent]

    def paths(self, method: str = "") -> list[str]:
        """Paths asked so far, describes left out."""
        return [path for verb, path, _ in self.sent if (not method or verb == method) and not _portal(path)]

    def query(self, path: str) -> Mapping[str, Sequence[str]]:
        """The query of the last request to a path."""
        return parse_qs([urlsplit(url).query for _, url, _ in self.adapter.sent if urlsplit(url).path == path][-1])

    def again(self) -> HubSpotSession:
        """Another session of the same user, as in a later request."""
        self.client, self.session = self._open()
        return self.session

    def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """The token endpoint; HubSpot's refresh tokens last."""
        self.refreshed.append(refresh_token)
        return {"access_token": f"access-token-{len(self.refreshed) + 1}", "expires_in": 1800}

    def revoke(self, token: str) -> None:
        """Revocation always works."""

    def introspect(self, token: str) -> Mapping[str, Any]:
        """RFC 7662."""
        self.introspected.append(token)
        return {"active": self.active, "app_id": 31337}

    def _open(self) -> tuple[Client, HubSpotSession]:
        stored = self.tokens.load(GRANT)
        assert stored
        client = Client(
            GRANT, stored, self._grants, self.api, lambda token: bool(self.introspect(token)["active"]), urgent=True
        )
        schema = Schema(client, self.cache, USER, self.introspect)
        guard = Guard(client, schema, self._rules)
        return client, HubSpotSession(
            USER, client, schema, guard, audiences=Audiences(self._shared), app_url="https://app.example"
        )

    def _answer(self, method: str, url: str, body: Any) -> Answer | Exception:  # noqa: ANN401 - any JSON
        path = urlsplit(url).path
        given = self._script(method, path, body)
        if given is not None:
            return given
        if _portal(path):
            return 200, self._of_portal(path)
        return NOT_FOUND

    def _of_portal(self, path: str) -> Mapping[str, Any]:
        if "/properties/" in path:
            return {"name": "assistant_writeback_key", "hasUniqueValue": self.keyed}
        if "archived=true" in path:
            return {"results": []}
        return {"results": next((rows for part, rows in PORTAL.items() if part in path), [])}


PORTAL: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "/pipelines/": [{"id": "0", "label": "Support", "stages": [{"id": "1", "label": "New"}]}],
    "/owners": [
        {"id": "500", "userId": 77, "firstName": "Maya", "lastName": "Lind", "email": "maya@x", "teams": [{"id": "7"}]},
        {"id": "501", "userId": 78, "firstName": "Tomas", "lastName": "Vik", "email": "tomas@x", "teams": []},
    ],
    "/teams": [{"id": "8", "name": "Second line", "userIds": ["78"], "secondaryUserIds": ["77"]}],
}


def row(id_: str, **properties: str | None) -> dict[str, Any]:
    """A record as HubSpot tells it."""
    held = {"hs_object_id": id_, "hs_lastmodifieddate": STAMP, **properties}
    return {"id": id_, "properties": held, "createdAt": STAMP, "updatedAt": STAMP, "archived": False}


def results(*rows: Mapping[str, Any], **more: Any) -> Answer:  # noqa: ANN401 - any JSON
    """A list or batch answer."""
    return 200, {"status": "COMPLETE", "results": list(rows), **more}


def error(status: int, category: str, **more: Any) -> Answer:  # noqa: ANN401 - any JSON
    """HubSpot's error body, with text that must not leak."""
    return status, {
        "status": "error", "message": "the seal leaks", "correlationId": "c", "category": category, **more,
    }  # fmt: skip


def _portal(path: str) -> bool:
    return any(part in path for part in ("/properties/", "/pipelines/", "/owners", "/teams"))
