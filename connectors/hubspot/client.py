"""HubSpot's API for one user: limited, counted, refreshed in time, and several requests side by side.

hubspot-api-client builds the requests (addresses, headers, encoding). It does not send them: its `api_request` opens a
connection for each call, waits for ever, follows redirects with the token and prints the address when a call fails; its
generated clients log answers and repeat a limited GET up to three times by themselves. Requests go out over the shared
`HttpSession` instead, which does none of that.
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests
from hubspot.utils.requests.http_request_builder import Request

from connectors.errors import ConnectorError, Unauthorized
from connectors.hubspot.answers import JSON, LIMITED, MIGRATION, Expired, error_for, read_answer
from connectors.hubspot.routes import Routes, unsupported
from connectors.interfaces import Limiter, Rate, Token
from connectors.oauth import RECONNECT, Grants
from connectors.transport import LOST_CONNECTION, HttpSession, raise_unanswered

CALLS = 110
"""What HubSpot lets one public app do in one account in `WINDOW` seconds; private apps may do more (contract, 2.6)."""
WINDOW = 10.0
RESERVE = 0.36
"""The share of the calls that is kept for people who wait."""
SHARE = 0.6
"""The share of the calls that one user may make: whoever drafts without a pause leaves room for the others."""
SEARCH_RATE = Rate(limit=5, seconds=1.0, reserve=2)
"""What HubSpot lets all apps together search in one account."""

SIDE_BY_SIDE = 16
"""Requests under way at once, over all users of one connector; as many again for its syncs."""
MARGIN = 120.0
"""A token is renewed that many seconds before it ends: HubSpot wants no 401 as a reminder (contract, 2.2)."""

RENEWALS = 2
"""How often a call that met a spent token is sent again at most."""

OTHER_APP = "other_app"
"""Our own error code: the user's grant is another app's now."""

_AGENT = "crm-sidecar"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `write` marks what changes data, so that a missing answer is not taken for a refusal."""

    method: str
    path: str
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    body: JSON | None = field(default=None, repr=False)
    write: bool = False

    @property
    def search(self) -> bool:
        """Whether it counts against the account's searches."""
        return self.path.endswith("/search")


class Api:
    """What all users of a connector share: the connections, the limiter, the paths of the API version.

    `app` names the app in the limiter's buckets: HubSpot counts per app and account, and takes `calls` in `WINDOW`.
    """

    def __init__(
        self,
        base_url: str,
        routes: Routes,
        http: HttpSession,
        limiter: Limiter,
        *,
        app: str,
        calls: int = CALLS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.routes = routes
        self.clock = clock
        # Calls wait for the limiter inside their thread: those of a sync must not take the threads of people.
        self._pools = {
            urgent: ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="hubspot") for urgent in (True, False)
        }
        self._base_url = base_url
        self._http = http
        self._limiter = limiter
        self._app = app
        self._rate = Rate(calls, WINDOW, int(calls * RESERVE))
        self._share = Rate(max(1, int(calls * SHARE)), WINDOW)

    def pool(self, *, urgent: bool) -> ThreadPoolExecutor:
        """The threads in which requests go out side by side."""
        return self._pools[urgent]

    def send(self, hub: str, user: str, token: Token, call: Call, *, urgent: bool) -> JSON:
        """One request, with errors that carry nothing of the answer.

        Raises:
            Expired: the access token is spent. Nothing was done.
            ConnectorError: see `connectors.errors`.
        """
        bucket, rate = (
            (f"hubspot:{hub}:search", SEARCH_RATE) if call.search else (f"hubspot:{hub}:{self._app}", self._rate)
        )
        self._limiter.acquire(f"hubspot:{hub}:{self._app}:{user}", self._share, urgent=True)
        self._limiter.acquire(bucket, rate, urgent=urgent)
        response = self._answer(token, call)
        if response.status_code in (LIMITED, MIGRATION):
            refused = error_for(response.status_code, _json(response), response.headers.get("Retry-After"))
            self._limiter.pause(bucket, getattr(refused, "retry_after", WINDOW))
        if response.status_code == requests.codes.not_found and call.method == "POST":
            raise unsupported()  # what is asked for stands in the body: it is the address that HubSpot does not know
        return read_answer(response, write=call.write)

    def _answer(self, token: Token, call: Call) -> requests.Response:
        options: dict[str, Any] = {"method": call.method, "path": call.path, "qs": dict(call.query)}
        if call.body is not None:
            options["body"] = call.body
        config = {"access_token": token.access_token, "base_url": self._base_url, "user_agent": _AGENT}
        request = Request(config, options)
        try:
            return self._http.request(request.get_method(), request.get_url(), **request.get_options_for_sending())
        except requests.RequestException as failed:
            raise_unanswered(failed, write=call.write)


class Client:
    """Calls as one user.

    A call is repeated only when nothing can have happened: after the token had expired and was renewed, or once when a
    read met a connection that HubSpot had closed. `round_trips` counts sequential requests: those that go out
    side by side count as one, a refresh counts too. `active` asks HubSpot whether a refresh token still is.
    """

    def __init__(
        self, grant_id: str, token: Token, grants: Grants, api: Api, active: Callable[[str], bool], *, urgent: bool
    ) -> None:
        self.grant_id = grant_id
        self.token = token
        self.routes = api.routes
        self.clock = api.clock
        self.round_trips = 0
        self._hub, self._user = grant_id.split(":")[1:3]
        self._grants = grants
        self._api = api
        self._active = active
        self._urgent = urgent

    @property
    def generation(self) -> str:
        """Names the current access token without revealing it: part of cache keys."""
        return hashlib.sha256(self.token.access_token.encode()).hexdigest()[:16]

    def one(self, call: Call) -> JSON:
        """The answer to one call.

        Raises:
            ConnectorError: any; Ambiguous only for a write.
        """
        outcome = self.together([call])[0]
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def together(self, calls: Sequence[Call]) -> list[JSON | ConnectorError]:
        """The answers to calls that go out side by side, in their order; an error is an outcome, too.

        Raises:
            Unauthorized, Retriable, Fatal: no call was made: the token could not be renewed.
        """
        self._renew_in_time()
        if len(calls) > 1:
            done = list(self._api.pool(urgent=self._urgent).map(self._attempt, calls))
        else:
            done = [self._attempt(call) for call in calls]
        self.round_trips += max((trips for _, trips in done), default=0)
        outcomes = [outcome for outcome, _ in done]
        if any(isinstance(outcome, Unauthorized) and outcome.code != OTHER_APP for outcome in outcomes):
            self._forget_if_over()
        return outcomes

    def all_of(self, calls: Sequence[Call]) -> list[JSON]:
        """The answers to calls that go out side by side.

        Raises:
            ConnectorError: the first error among them.
        """
        answers = []
        for outcome in self.together(calls):
            if isinstance(outcome, ConnectorError):
                raise outcome
            answers.append(outcome)
        return answers

    def _attempt(self, call: Call) -> tuple[JSON | ConnectorError, int]:
        """The outcome of one call, and the requests that it took, refreshes included."""
        trips, renewals = 0, RENEWALS
        while True:
            trips += 1
            token = self.token
            try:
                return self._api.send(self._hub, self._user, token, call, urgent=self._urgent), trips
            except Expired as spent:
                if not renewals:
                    return spent, trips
                # One that another process has stored may be spent as well; a fresh one is not.
                renewals = renewals - 1 if self._stored_since(token) else 0
                trips += 1
            except ConnectorError as error:
                if trips > 1 or error.code != LOST_CONNECTION:
                    return error, trips
                continue
            try:  # safe in the middle of a write: a refusal wrote nothing
                self._renew(token)
            except ConnectorError as error:
                return error, trips

    def _renew_in_time(self) -> None:
        if self.token.expires_at and self.clock() >= self.token.expires_at - MARGIN:
            self.round_trips += 1
            self._renew(self.token)

    def _stored_since(self, spent: Token) -> bool:
        try:
            return self._grants.current(self.grant_id).access_token != spent.access_token
        except Unauthorized:
            return False

    def _renew(self, spent: Token) -> None:
        """Take a newer token of the same kind: whether a rule must be applied was decided by this one."""
        fresh = self._grants.renew(self.grant_id, spent)
        if (fresh.app, fresh.access) != (spent.app, spent.access):
            raise Unauthorized(RECONNECT, code=OTHER_APP)
        self.token = fresh

    def _forget_if_over(self) -> None:
        """After a 401: a grant that has ended is forgotten, so that nobody tries again. Refreshing would not tell."""
        try:
            self._grants.confirm(self.grant_id, self._active)
        except ConnectorError:  # it is gone, or HubSpot does not say: the refusal stands either way
            return


def _json(response: requests.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None
