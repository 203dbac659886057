"""The OAuth paths of a portal: which request goes where, and the token, introspection and revocation answers.

The versions differ (contract, section 2.2): v1 takes its form from the query too, answers errors in HubSpot's old shape
and is switched off on 2027-02-16; 2026-09 knows no client credentials and introspects to `active` only.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from connectors.sandbox.clock import Clock
from connectors.sandbox.forms import form_fields
from connectors.sandbox.hubspot.errors import new_correlation_id
from connectors.sandbox.hubspot.oauth.apps import JOURNAL_SCOPES, App
from connectors.sandbox.hubspot.oauth.consent import ConsentPage
from connectors.sandbox.hubspot.oauth.describe import TokenFacts
from connectors.sandbox.hubspot.oauth.grants import TOKEN_SECONDS, AccessToken, Grants, OAuthFailure
from connectors.sandbox.hubspot.oauth.people import People
from connectors.sandbox.hubspot.ratelimit import RateLimiter
from connectors.sandbox.wire import JSON, Request, Response

V1_ENDS: Final = datetime(2027, 2, 16, tzinfo=UTC)
_AUTHORIZE: Final = re.compile(r"/oauth/(?:(\d+)/)?authorize")
_TOKEN: Final = re.compile(r"/oauth/(v1|v3|2026-03|2026-09)/token(?:/(introspect|revoke))?")
_LEGACY: Final = re.compile(r"/oauth/v1/(access|refresh)-tokens/([^/]+)")
_NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}
_WITHOUT_CLIENT_CREDENTIALS: Final = frozenset({"v1", "2026-09"})

_Answer = Callable[[App, Mapping[str, str]], JSON]


class OAuthEndpoints:
    """Answers `/oauth/*`."""

    def __init__(self, people: People, grants: Grants, limiter: RateLimiter, clock: Clock) -> None:
        self._people = people
        self._grants = grants
        self._limiter = limiter
        self._clock = clock
        self._facts = TokenFacts(people, clock)
        self._consent = ConsentPage(people, grants)

    def route(self, path: str) -> Callable[[Request], Response] | None:
        """The handler of a path (without trailing slash), or None when the path is not ours."""
        if match := _AUTHORIZE.fullmatch(path):
            return self._consent.handler(match[1] or "")
        if match := _TOKEN.fullmatch(path):
            version, action = match[1], match[2]
            if version == "v1":
                return None if action else self._unless_ended(self._form(version, self._token(version)))
            answers: Mapping[str | None, _Answer] = {
                None: self._token(version),
                "introspect": self._introspect(version),
                "revoke": self._revoke,
            }
            return self._form(version, answers[action])
        if match := _LEGACY.fullmatch(path):
            kind, token = match[1], match[2]
            return self._unless_ended(lambda request: self._legacy(request.method, kind, token))
        return None

    def _unless_ended(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """A v1 handler until the day v1 is switched off."""
        if self._clock.now() < V1_ENDS:
            return handler
        return lambda _request: _plain(
            "This version of the OAuth API is no longer available. Use /oauth/2026-03/token.", "GONE", 410
        )

    def _form(self, version: str, answer: _Answer) -> Callable[[Request], Response]:
        """Turn a function of an app and a form into a handler that speaks the version's error format."""

        def handler(request: Request) -> Response:
            if request.method != "POST":
                return _plain("Method not allowed", "METHOD_NOT_ALLOWED", 405)
            form = {**request.query, **form_fields(request.body)} if version == "v1" else form_fields(request.body)
            try:
                app = self._grants.app(form.get("client_id", ""))
                if refusal := self._limiter.admit_token_request(app.id):
                    return refusal
                app = self._grants.authenticated(app.client_id, form.get("client_secret", ""))
                return _never_stored(Response.json(answer(app, form)))
            except OAuthFailure as failure:
                return _never_stored(_failure(failure, version))

        return handler

    def _token(self, version: str) -> _Answer:
        def answer(app: App, form: Mapping[str, str]) -> JSON:
            kind = form.get("grant_type", "")
            if kind == "authorization_code":
                code, redirect_uri = form.get("code", ""), form.get("redirect_uri", "")
                grant = self._grants.redeem(app, code, redirect_uri, form.get("code_verifier", ""))
            elif kind == "refresh_token":
                grant = self._grants.refresh(app, form.get("refresh_token", ""))
            elif kind == "client_credentials" and version not in _WITHOUT_CLIENT_CREDENTIALS:
                return self._for_app(app, form)
            else:
                text = f"grant_type {'is missing' if not kind else 'is not supported'}"
                raise OAuthFailure("unsupported_grant_type", text, "BAD_GRANT_TYPE")
            person = self._people.person(grant.user_id)
            if app.user_level and (person is None or not person.active):
                text = "refresh token is invalid, expired or revoked"
                raise OAuthFailure("invalid_grant", text, "BAD_REFRESH_TOKEN")
            return self._issued(version, self._grants.open(grant), grant.refresh_token)

        return answer

    def _issued(self, version: str, token: AccessToken, refresh_token: str) -> JSON:
        document: JSON = {
            "token_type": "bearer",
            "refresh_token": refresh_token,
            "access_token": token.text,
            "expires_in": TOKEN_SECONDS,
        }
        if version == "v1":
            return document
        return document | {
            "token_use": "access_token",
            "hub_id": int(self._grants.hub_id),
            "user_id": int(token.user_id),
            "scopes": list(token.scopes),
        }

    def _for_app(self, app: App, form: Mapping[str, str]) -> JSON:
        scopes = form.get("scope", "").split()
        if not scopes or not set(scopes) <= JOURNAL_SCOPES:
            raise OAuthFailure("invalid_scope", "missing or invalid scope", "BAD_SCOPES")
        token = self._grants.open_for_app(app, scopes)
        return {
            "token_type": "bearer",
            "access_token": token.text,
            "expires_in": TOKEN_SECONDS,
            "token_use": "access_token",
            "scopes": scopes,
        }

    def _introspect(self, version: str) -> _Answer:
        def answer(app: App, form: Mapping[str, str]) -> JSON:
            text = form.get("token", "")
            token, grant = self._grants.live(text), self._grants.grant_of(text)
            if token is not None and token.app is app:
                facts = self._facts.access(token)
            elif grant is not None and grant.app is app:
                facts = self._facts.refresh(grant)
            else:
                return {"active": False}
            return {"active": True} if version == "2026-09" else {"active": True, **facts}

        return answer

    def _revoke(self, app: App, form: Mapping[str, str]) -> JSON:
        text = form.get("token", "")
        owner = self._grants.grant_of(text) or self._grants.token(text)
        if owner is not None and owner.app is app:
            self._grants.revoke(text)
        return {}

    def _legacy(self, method: str, kind: str, text: str) -> Response:
        """`/oauth/v1/access-tokens/{token}` and `refresh-tokens/{token}`: whoever holds a token may ask about it."""
        if method not in ({"GET", "DELETE"} if kind == "refresh" else {"GET"}):
            return _plain("Method not allowed", "METHOD_NOT_ALLOWED", 405)
        if kind == "access":
            token = self._grants.live(text)
            if token is None or token.grant is None:
                return _plain("the access token is invalid or expired", "BAD_ACCESS_TOKEN", 404)
            return Response.json(self._facts.legacy_access(token))
        grant = self._grants.grant_of(text)
        if grant is None:
            return _plain("missing or unknown refresh token", "BAD_REFRESH_TOKEN", 404)
        if method == "GET":
            return Response.json(self._facts.legacy_refresh(grant))
        grant.refresh_token = ""
        return Response(204)


def _failure(failure: OAuthFailure, version: str) -> Response:
    """v1 answers in HubSpot's old shape, the others as RFC 6749 with the old fields beside."""
    correlation_id = new_correlation_id()
    old = {"status": failure.status, "message": failure.description, "correlationId": correlation_id}
    new = {"error": failure.error, "error_description": failure.description}
    response = Response.json(old if version == "v1" else new | old, failure.http)
    return Response(response.status, response.body, {**response.headers, "x-hubspot-correlation-id": correlation_id})


def _plain(message: str, category: str, status: int) -> Response:
    correlation_id = new_correlation_id()
    body = {"status": "error", "message": message, "correlationId": correlation_id, "category": category}
    response = Response.json(body, status)
    return Response(status, response.body, {**response.headers, "x-hubspot-correlation-id": correlation_id})


def _never_stored(response: Response) -> Response:
    return Response(response.status, response.body, {**response.headers, **_NO_STORE})
