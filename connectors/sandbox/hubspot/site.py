"""One HubSpot portal as a web site: OAuth and limits at the door, then the API as the user or app behind the token."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot import api, errors
from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.delivery import Deliveries
from connectors.sandbox.hubspot.edge_mutations import EdgeMutations
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.failures import failure
from connectors.sandbox.hubspot.journal import Journal
from connectors.sandbox.hubspot.mutations import Mutations
from connectors.sandbox.hubspot.oauth import AccessToken, App, Grants, OAuthEndpoints, apps_of
from connectors.sandbox.hubspot.oauth.grants import service_key
from connectors.sandbox.hubspot.oauth.people import People, Person
from connectors.sandbox.hubspot.pages import RecordPages
from connectors.sandbox.hubspot.portal import Event, Portal, Snapshot
from connectors.sandbox.hubspot.ratelimit import Limits, RateLimiter
from connectors.sandbox.hubspot.relay import Relay
from connectors.sandbox.hubspot.settings import Settings
from connectors.sandbox.hubspot.watch import Watch
from connectors.sandbox.hubspot.webhooks import Hooks, Webhooks
from connectors.sandbox.hubspot.webhooks_api import WebhooksApi
from connectors.sandbox.wire import JSON, Refused, Request, Response

DELIVERIES: Final = "webhook_deliveries"
"""The webhooks that were sent, as `records` shows them: one row per event and attempt."""
_UNINSTALL: Final = "/external-install"
_UNAUTHENTICATED: Final = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at"
    " https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)


@dataclass(frozen=True, slots=True)
class _State:
    """What a snapshot keeps: the portal, and of the edge the settings; tokens and deliveries are no part of it."""

    portal: Snapshot
    rotation: Mapping[str, bool]
    limits: Limits
    denied: Mapping[str, frozenset[str]]
    hooks: Mapping[int, Hooks]


class HubSpotSite:
    """Serves one `Portal`."""

    def __init__(self, portal: Portal, clock: Clock) -> None:
        self.alias = portal.alias
        self.portal = portal
        self.people = People(portal)
        apps = apps_of(portal.hub_id)
        self.grants = Grants(portal.hub_id, clock, apps)
        self.limiter = RateLimiter(portal.hub_id, clock, portal.tier)
        self.webhooks = Webhooks(portal.hub_id, clock, apps)
        self.deliveries = Deliveries(self._events_after, self.webhooks, self.grants.is_installed, clock)
        self._clock = clock
        self._service_key = service_key(portal.hub_id)
        self._oauth = OAuthEndpoints(self.people, self.grants, self.limiter, clock)
        self._pages = RecordPages(portal, self.people)
        self._watch = Watch(portal)
        self._settings = Settings(portal, self.limiter, clock)
        self._webhooks_api = WebhooksApi(self.webhooks, self.deliveries)
        self._journal = Journal(portal.hub_id, self._events_after, clock)
        self._relay = Relay(portal.hub_id, clock)
        self._edge = EdgeMutations(
            portal,
            people=self.people,
            grants=self.grants,
            limiter=self.limiter,
            webhooks=self.webhooks,
            deliveries=self.deliveries,
        )
        self._changes = Mutations(portal)

    @property
    def mutations(self) -> frozenset[str]:
        """See `mutations` and `edge_mutations`."""
        return self._changes.names | self._edge.names

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        response = self._oauth_or_api(request)
        self.deliveries.poke()
        return response

    def user_of(self, request: Request) -> str:
        """Id of the user whose live token the request carries (the installer's with an account-level app), or ""."""
        token = self.grants.live(bearer(request.headers))
        return token.user_id if token else ""

    def names_of(self, user_id: str) -> tuple[str, ...]:
        """A user's id and e-mail."""
        person = self.people.person(user_id)
        return (person.id, person.email) if person else ()

    def failure(self, status: int) -> Response:
        """The error that HubSpot sends with a status."""
        return failure(status, self.portal.hub_id)

    def subrequests(self, request: Request) -> tuple[str, ...]:
        """None: HubSpot's batches hold inputs, not requests."""
        del request
        return ()

    def leaked(self, request: Request, response: Response, user_id: str) -> tuple[str, ...]:
        """See `watch`; a token of the account may see everything."""
        token = self.grants.token(bearer(request.headers))
        if token is None or not token.app.user_level:
            return ()
        return self._watch.leaked(request, response, user_id or token.user_id)

    def mutate(self, name: str, user_id: str, arguments: Mapping[str, Any]) -> JSON:
        """See `mutations` and `edge_mutations`."""
        part = self._edge if name in self._edge.names else self._changes
        done = part.apply(name, user_id, arguments)
        self.deliveries.poke()
        return done

    def relay(self, wish: Mapping[str, Any]) -> JSON:
        """A card's `hubspot.fetch`: `{"user", "app"?, "url", "method"?, "body"?, "headers"?}`. Blocks; thread-safe.

        Raises:
            Refused: unknown user or app, or an address that is not of this machine.
        """
        person = self.people.person(str(wish.get("user", "")))
        if person is None:
            raise Refused(f"no user {wish.get('user')!r} in {self.alias}")
        wanted = str(wish.get("app") or "")
        for app in self.grants.apps.values():
            if wanted in {str(app.id), app.client_id} or (not wanted and app.user_level):
                return self._relay.fetch(app, person, wish)
        raise Refused(f"no app {wanted!r} in {self.alias}")

    def describe(self, urls: Mapping[str, str]) -> JSON:
        """What a person needs to log in."""
        return {
            "alias": self.alias,
            "vendor": "hubspot",
            "id": self.portal.hub_id,
            "urls": dict(urls),
            "clients": [_client(app) for app in self.grants.apps.values()],
            "service_key": self._service_key.text,
            "users": [self._user(person) for person in self.people.everybody() if person.active],
        }

    def records(self, object_: str, filters: Mapping[str, str]) -> list[JSON]:
        """Live records as the system sees them, whose properties equal `filters` (as text); or `webhook_deliveries`."""
        wanted = {"id" if name == "Id" else name: value for name, value in filters.items()}
        if object_ == DELIVERIES:
            rows = self.deliveries.log()
            return [row for row in rows if all(str(row.get(name)) == value for name, value in wanted.items())]
        try:
            return self.portal.records_as_system(object_, wanted)
        except HubError:
            raise Refused(f"no object {object_!r}") from None

    def save(self) -> object:
        """A snapshot of the portal and of the edge's settings."""
        return _State(
            self.portal.snapshot(),
            {app.client_id: app.rotate for app in self.grants.apps.values()},
            self.limiter.limits,
            dict(self.people.denied),
            self.webhooks.save(),
        )

    def load(self, state: object) -> None:
        """Put a snapshot back."""
        if not isinstance(state, _State):
            raise TypeError("not a snapshot of a HubSpot site")
        for client_id, rotate in state.rotation.items():
            self.grants.apps[client_id].rotate = rotate
        self.limiter.limits = state.limits
        self.limiter.clear()
        self.people.denied = dict(state.denied)
        self.webhooks.restore(state.hooks)
        self.portal.restore(state.portal)
        self.deliveries.forget()

    def _events_after(self, sequence: int) -> Sequence[Event]:
        """Committed changes, oldest first; while a request changes something, other threads wait."""
        with self.portal.lock:
            events = self.portal.events
            return events[bisect_right(events, sequence, key=attrgetter("sequence")) :]

    def _oauth_or_api(self, request: Request) -> Response:
        path = request.path.rstrip("/")
        if handler := self._oauth.route(path):
            return handler(request)
        if RecordPages.owns(path):
            return self._pages.respond(request)
        try:
            return self._api(request, path)
        except HubError as error:
            return errors.answer(error)

    def _api(self, request: Request, path: str) -> Response:
        text = bearer(request.headers)
        if Journal.owns(path):
            return self._journal.respond(request, self.grants.live(text))
        if WebhooksApi.owns(path):
            return self._webhooks_api.respond(request, self.grants.live(text))
        token = self._authenticate(text)
        private, search = token.grant is None, path.endswith("/search")
        if refusal := self.limiter.admit(token.app.id, private=private, search=search):
            return refusal
        response = self._as_caller(request, path, token)
        rates = {} if search else self.limiter.headers(token.app.id, private=private)
        correlation = {errors.CORRELATION: errors.new_correlation_id()}
        return Response(response.status, response.body, {**correlation, **response.headers, **rates})

    def _as_caller(self, request: Request, path: str, token: AccessToken) -> Response:
        if path.startswith("/appinstalls/") and path.endswith(_UNINSTALL) and request.method == "DELETE":
            self.grants.uninstall(token)
            return Response(204)
        scopes = frozenset(token.scopes) - self.people.taken(token.user_id)
        caller = Caller(token.user_id, str(token.app.id), token.app.user_level, scopes)
        try:
            if Settings.owns(path):
                return self._settings.respond(request, caller)
            return api.handle(self.portal, caller, request)
        except HubError as error:
            return errors.answer(error)

    def _authenticate(self, text: str) -> AccessToken:
        if text == self._service_key.text:
            return self._service_key
        token = self.grants.token(text) if text else None
        if token is None or (token.grant is None and token.app.user_level):
            raise HubError(401, "INVALID_AUTHENTICATION", _UNAUTHENTICATED)
        if token.expires <= (now := self._clock.time()):
            minutes = int((now - token.expires) // 60)
            when = datetime.fromtimestamp(token.expires, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            text = f"The OAuth token used to make this call expired {minutes} minute(s) ago."
            raise HubError(401, "EXPIRED_AUTHENTICATION", text, context={"expire time": [when]})
        person = self.people.person(token.user_id)
        if token.app.user_level and (person is None or not person.active):
            raise HubError(401, "INVALID_AUTHENTICATION", _UNAUTHENTICATED)
        return token

    def _user(self, person: Person) -> JSON:
        user = self.portal.user(person.id)
        team = next((team["name"] for team in self.portal.teams if user and team["id"] == user.primary_team_id), "")
        return {
            "id": person.id,
            "username": person.email,
            "name": person.name,
            "profile": person.role,
            "role": team,
            "note": user.note if user else "",
        }


def bearer(headers: Mapping[str, str]) -> str:
    """The token of an `Authorization: Bearer …` header, or ""."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _client(app: App) -> JSON:
    return {
        "kind": "web" if app.user_level else "account",
        "name": app.name,
        "id": app.client_id,
        "secret": app.secret,
        "app_id": str(app.id),
        "developer_key": app.developer_key,
        "redirect_paths": list(app.paths),
        "rotate": app.rotate,
    }
