"""Salesforce's REST API for one user: simple-salesforce does the calls, this adds refresh, errors and counting."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from connectors.errors import ConnectorError, Fatal, NotFound, Retriable, Unauthorized
from connectors.interfaces import Token
from connectors.limiter import LocalLimiter
from connectors.oauth import RECONNECT, Grants
from connectors.salesforce import composite
from connectors.salesforce.answers import EXPIRED, LIMIT, UNSUPPORTED, VERSION_GONE, error_code, error_for
from connectors.salesforce.budget import Budget
from connectors.salesforce.composite import Answer, Sub
from connectors.transport import LOST_CONNECTION, HttpSession, ambiguous, raise_unanswered, trusted_origin


class Client:
    """Calls as one user.

    A call is repeated only when nothing can have happened: after the token was refused and renewed (twice when it was
    an old one), or once when a read met a connection that Salesforce had closed. `round_trips` counts every request,
    the refresh included.
    """

    def __init__(
        self,
        grant_id: str,
        token: Token,
        grants: Grants,
        http: HttpSession,
        version: str,
        *,
        budget: Budget | None = None,
        urgent: bool = True,
    ) -> None:
        self.grant_id = grant_id
        self.token = token
        self.version = version
        self.urgent = urgent
        self.round_trips = 0
        self._org = grant_id.split(":")[1]
        self._budget = budget or Budget(LocalLimiter())
        self._grants = grants
        self._http = http
        self._salesforce = connect(token, http, version)

    @property
    def generation(self) -> str:
        """Names the current access token without revealing it: part of cache keys."""
        return hashlib.sha256(self.token.access_token.encode()).hexdigest()[:16]

    @property
    def api_usage(self) -> Mapping[str, Any]:
        """Salesforce's own count of the org's daily calls, from the last answer (Sforce-Limit-Info)."""
        usage: Mapping[str, Any] = self._salesforce.api_usage
        return usage

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON as it comes
        """The JSON answer to a GET of `path`, relative to /services/data/vXX.X/.

        Raises:
            ConnectorError: any of `connectors.errors` but Ambiguous.
        """
        return self._call("GET", path, write=False, params=dict(params or {}))

    def composite(self, subs: Sequence[Sub], *, write: bool = False) -> dict[str, Answer]:
        """One `POST composite`: all or none for a write, each for itself for reads.

        Raises:
            Ambiguous: a write was sent and the answer is missing or unreadable.
            ConnectorError: the whole request was refused; single subrequests answer for themselves.
        """
        body = composite.request_body(self.version, subs, all_or_none=write)
        try:
            document = self._call("POST", "composite", write=write, json=body)
        except (NotFound, Fatal) as refused:
            # The resource itself is not there: a record that is not is said by its own subrequest.
            if isinstance(refused, NotFound) or refused.code in VERSION_GONE:
                raise Fatal(
                    f"the org does not offer Salesforce API version {self.version}: set api_version", code=UNSUPPORTED
                ) from None
            raise
        try:
            return composite.answers(document, subs)
        except Fatal:
            if write:
                raise ambiguous("bad_answer") from None
            raise

    def composites(self, batches: Sequence[Sequence[Sub]]) -> dict[str, Answer]:
        """Several composite reads side by side: one round trip.

        Raises:
            ConnectorError: the first one that was refused as a whole.
        """
        if len(batches) == 1:
            return self.composite(batches[0])
        found: dict[str, Answer] = {}
        for outcome in self._together([partial(Client.composite, subs=batch) for batch in batches]):
            if isinstance(outcome, ConnectorError):
                raise outcome
            found |= outcome
        return found

    def downloads(self, paths: Sequence[str], most: int) -> list[bytes | ConnectorError]:
        """The bytes at each path, side by side: one round trip. More than `most` bytes are Fatal."""
        return self._together([partial(Client.download, path=path, most=most) for path in paths])

    def download(self, path: str, most: int) -> bytes:
        """The bytes at `path`, relative to /services/data/vXX.X/.

        Raises:
            ConnectorError: refused, or more than `most` bytes (code "too_large").
        """
        try:
            return self._fetch(path, most)
        except Expired:
            self.renew()
        return self._fetch(path, most)

    def _fetch(self, path: str, most: int) -> bytes:
        url = f"{self._salesforce.base_url}{path}"
        headers = {"Authorization": f"Bearer {self.token.access_token}"}
        with self._budget.call(self._org, urgent=self.urgent):
            self.round_trips += 1
            try:
                with self._http.get(url, headers=headers, stream=True) as response:
                    data = bytearray()
                    for part in response.iter_content(1 << 16):
                        data += part
                        if len(data) > most:
                            raise Fatal("a file is larger than Salesforce said", code="too_large")
            except requests.RequestException as failed:
                raise_unanswered(failed, write=False)
        if response.status_code == requests.codes.ok:
            return bytes(data)
        try:
            body = json.loads(data)
        except ValueError:
            body = None
        if response.status_code == requests.codes.unauthorized and error_code(body) == EXPIRED:
            raise Expired(RECONNECT, code=EXPIRED)
        raise error_for(response.status_code, body)

    def _together(self, calls: Sequence[Callable[["Client"], Any]]) -> list[Any]:
        """Run reads side by side, each on a twin with a token of its own, and count them as one round trip."""
        if not calls:
            return []
        twins = [
            Client(
                self.grant_id, self.token, self._grants, self._http, self.version,
                budget=self._budget, urgent=self.urgent,
            )
            for _ in calls
        ]  # fmt: skip
        with ThreadPoolExecutor(len(calls)) as pool:
            outcomes = list(pool.map(_outcome, calls, twins))
        self.round_trips += max(twin.round_trips for twin in twins)
        if renewed := next((twin.token for twin in twins if twin.token != self.token), None):
            self.token = renewed
            self._salesforce = connect(renewed, self._http, self.version)
        return outcomes

    def patch(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """One conditional write outside a composite request, where text may hold what a reference looks like.

        Raises:
            Stale: the condition does not hold. Nothing was written.
            Ambiguous: sent, and no answer.
            ConnectorError: refused; nothing was written.
        """
        self._call("PATCH", path, write=True, json=dict(body), headers=dict(headers))

    def _call(self, method: str, path: str, *, write: bool, **options: Any) -> Any:  # noqa: ANN401 - requests' options, any JSON
        try:
            return self._send(method, path, write=write, **options)
        except Expired:
            if self.renew():
                return self._send(method, path, write=write, **options)
        except Retriable as failed:
            if failed.code != LOST_CONNECTION:
                raise
        try:
            return self._send(method, path, write=write, **options)
        except Expired:  # what another process had stored was spent, too
            self.renew()
        return self._send(method, path, write=write, **options)

    def _send(self, method: str, path: str, *, write: bool, **options: Any) -> Any:  # noqa: ANN401 - as above
        with self._budget.call(self._org, urgent=self.urgent):
            self.round_trips += 1
            try:
                document = restful(self._salesforce, method, path, write=write, **options)
            except Retriable as failed:
                if failed.code == LIMIT:
                    self._budget.refused(self._org)
                raise
        self._budget.learn(self._org, self.api_usage)
        return document

    def renew(self) -> bool:
        """Replace a token that Salesforce refused. Safe in the middle of a write: a refusal wrote nothing.

        Returns whether it was the newest one that we know: if not, what replaced it may be spent as well.
        """
        self.round_trips += 1
        newest = self._grants.current(self.grant_id).access_token == self.token.access_token
        self.token = self._grants.renew(self.grant_id, self.token)
        self._salesforce = connect(self.token, self._http, self.version)
        return newest


def _outcome(call: Callable[[Client], Any], twin: Client) -> Any:  # noqa: ANN401 - whatever the call gives
    try:
        return call(twin)
    except ConnectorError as error:
        return error


def connect(token: Token, http: HttpSession, version: str) -> Salesforce:
    """simple-salesforce for one access token."""
    origin = trusted_origin(token.instance_url)
    salesforce = Salesforce(
        instance_url=origin, session_id=token.access_token, session=http, version=version, object_pairs_hook=None
    )
    # It always builds https addresses (contract, 1.3); `trusted_origin` lets plain http pass on loopback only.
    salesforce.base_url = f"{origin}/services/data/v{version}/"
    return salesforce


class Expired(Unauthorized):
    """The access token was refused; a fresh one may do."""


def restful(salesforce: Salesforce, method: str, path: str, *, write: bool, **options: Any) -> Any:  # noqa: ANN401 - as above
    """One request, with errors that carry nothing of the answer.

    Raises:
        Expired: the access token is spent. Nothing was done.
        ConnectorError: see `connectors.errors`.
    """
    headers = {"X-PrettyPrint": "0", **options.pop("headers", {})}
    try:
        return salesforce.restful(path, method=method, headers=headers, **options)
    except SalesforceError as refused:
        status, body = refused.status, refused.content
    except requests.RequestException as failed:
        raise_unanswered(failed, write=write)
    except TypeError:  # simple-salesforce measures the answer: JSON that is neither object nor list has no length
        status, body = requests.codes.ok, None
    # Outside the handlers: simple-salesforce's exceptions print the answer, so they must not become a context.
    if status == requests.codes.unauthorized and error_code(body) == EXPIRED:
        raise Expired(RECONNECT, code=EXPIRED)
    if write and (status == requests.codes.ok or status >= requests.codes.server_error):
        raise ambiguous(str(status))
    raise error_for(status, body)
