"""Who calls: a browser with the panel's session cookie, or the command line with the same session as a bearer token.

The tenant and the user come from the session, which the CRM's own answer made; never from the request.
"""

import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Request

from sidecar.domain import Principal
from sidecar.errors import Refused, Unauthenticated
from sidecar.interfaces import PanelSession, Services

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller; `session_id` is a secret."""

    principal: Principal
    csrf: str
    session_id: str

    def __repr__(self) -> str:
        return f"Caller({self.principal.user_id})"


def cookie_name(public_url: str) -> str:
    """`__Host-` binds the cookie to this host; browsers take it over https only."""
    return "__Host-crm-sidecar" if public_url.startswith("https://") else "crm-sidecar"


def authenticate(services: Services, request: Request, public_url: str) -> Caller:
    """The caller of this request.

    Raises:
        Unauthenticated: no session, or it has ended.
        Refused: a browser sent a change without its CSRF token, or from another site.
    """
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer:
        return _caller(services, bearer.strip())
    caller = _caller(services, request.cookies.get(cookie_name(public_url), ""))
    if request.method not in SAFE_METHODS:
        _refuse_forgery(request, caller.csrf, public_url)
    return caller


def _caller(services: Services, session_id: str) -> Caller:
    session: PanelSession | None = services.sessions.load(session_id, services.clock()) if session_id else None
    if session is None:
        raise Unauthenticated("Log in with your CRM account first.")
    return Caller(session.principal, session.csrf, session_id)


def _refuse_forgery(request: Request, csrf: str, public_url: str) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and origin != "://".join(urlsplit(public_url)[:2]):
        raise Refused("This request came from another site.", rule="same-origin")
    if not hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), csrf.encode()):
        raise Refused(f"Send the session's token in {CSRF_HEADER}.", rule="csrf")
