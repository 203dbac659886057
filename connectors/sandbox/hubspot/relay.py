"""The way of `hubspot.fetch` from a card to the app's backend: the call as HubSpot's own proxy makes and signs it.

Contract, section 2.9: the address gets the query parameters `userId`, `portalId`, `userEmail`, `appId`, which the
signatures v2 and v3 cover; only an `Authorization` header passes; 1 MB each way, 15 seconds, 20 calls at a time per
account; one more try when the connection fails or the answer is 5xx; redirects are not followed; what is not 2xx
reaches the card as an error of HubSpot's. Unlike HubSpot we call addresses of this machine only, plain http included.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import requests

from connectors.sandbox.clock import Clock
from connectors.sandbox.forms import LOOPBACK
from connectors.sandbox.hubspot import signatures
from connectors.sandbox.hubspot.oauth.apps import App
from connectors.sandbox.hubspot.oauth.people import Person
from connectors.sandbox.wire import JSON, Refused

MAX_BYTES: Final = 1_000_000
TIMEOUT_SECONDS: Final = 15.0
AT_A_TIME: Final = 20
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_TRIES: Final = 2
_SERVER_ERROR: Final = 500
_SUCCESS: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class _Call:
    """A valid wish of a card."""

    method: str
    url: str
    body: str
    headers: Mapping[str, str]


class Relay:
    """The proxy of one portal."""

    def __init__(self, hub_id: str, clock: Clock) -> None:
        self._hub_id = hub_id
        self._clock = clock
        self._slots = threading.Semaphore(AT_A_TIME)

    def fetch(self, app: App, person: Person, wish: Mapping[str, Any]) -> JSON:
        """Make one call: `{"url", "method", "body", "headers"}` as the card gives them to `hubspot.fetch`. Blocks.

        Returns:
            What the card sees: `{"status", "body"}`, and `url`, the signed address.

        Raises:
            Refused: the address is not one of this machine.
        """
        call = self._check(app, person, wish)
        if not isinstance(call, _Call):
            return call
        if not self._slots.acquire(blocking=False):
            return _error(429, "RATE_LIMITS", f"The account has more than {AT_A_TIME} calls at a time")
        try:
            return self._carry(app, call)
        finally:
            self._slots.release()

    def _check(self, app: App, person: Person, wish: Mapping[str, Any]) -> _Call | JSON:
        url, method = str(wish.get("url", "")), str(wish.get("method", "GET")).upper()
        try:
            parts = urlsplit(url)
        except ValueError:
            raise Refused("that is no address") from None
        if parts.scheme not in {"http", "https"} or parts.hostname not in LOOPBACK:
            raise Refused("the relay calls http and https addresses of 127.0.0.1 and localhost only")
        headers = wish.get("headers") or {}
        if not isinstance(headers, dict) or any(str(name).lower() != "authorization" for name in headers):
            return _error(400, "VALIDATION_ERROR", "Only the Authorization header is allowed")
        if method not in _METHODS:
            return _error(400, "VALIDATION_ERROR", f"Method {method} is not allowed")
        given = wish.get("body")
        body = "" if given is None else json.dumps(given, ensure_ascii=False, separators=(",", ":"))
        if len(body.encode()) > MAX_BYTES:
            return _error(400, "VALIDATION_ERROR", "The request body is larger than 1 MB")
        identity = {"userId": person.id, "portalId": self._hub_id, "userEmail": person.email, "appId": str(app.id)}
        query = f"{parts.query}&{urlencode(identity)}" if parts.query else urlencode(identity)
        try:
            signed = requests.Request("GET", parts._replace(query=query, fragment="").geturl()).prepare().url or ""
        except requests.RequestException:
            raise Refused("that is no address") from None
        return _Call(method, signed, body, {str(name): str(value) for name, value in headers.items()})

    def _carry(self, app: App, call: _Call) -> JSON:
        problem = ""
        for _ in range(_TRIES):
            try:
                status, text = self._send(app, call)
            except requests.Timeout:
                return _error(504, "GATEWAY_TIMEOUT", f"Request timed out calling {call.method} {_bare(call.url)}")
            except requests.RequestException:
                problem = f"Connection failed calling {call.method} {_bare(call.url)}"
                continue
            if status < _SERVER_ERROR:
                break
            problem = f"Unacceptable HTTP status {status} calling {call.method} {_bare(call.url)}"
        else:
            return _error(502, "BAD_GATEWAY", problem)
        if status not in _SUCCESS:
            text = f"Unacceptable HTTP status {status} calling {call.method} {_bare(call.url)}"
            return _error(502, "BAD_GATEWAY", text)
        if len(text.encode()) > MAX_BYTES:
            return _error(502, "BAD_GATEWAY", "The response is larger than 1 MB")
        try:
            body = json.loads(text) if text else None
        except ValueError:
            body = text
        return {"status": status, "body": body, "url": call.url}

    def _send(self, app: App, call: _Call) -> tuple[int, str]:
        """One attempt, signed anew: the time stamp is part of the signature."""
        stamp = int(self._clock.time() * 1000)
        headers = {
            "accept": "application/json",
            "user-agent": "HubSpot Connect 2.0 (sandbox)",
            **signatures.fetch_headers(app.secret, call.method, call.url, call.body, stamp),
            **call.headers,
        }
        if call.body:
            headers["content-type"] = "application/json"
        with requests.Session() as http:
            http.trust_env = False
            reply = http.request(
                call.method,
                call.url,
                data=call.body.encode() if call.body else None,
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
            return reply.status_code, reply.text


def _bare(url: str) -> str:
    """An address without its query, which names the user."""
    return url.partition("?")[0]


def _error(status: int, category: str, message: str) -> JSON:
    return {"status": status, "body": {"status": "error", "message": message, "category": category}}
