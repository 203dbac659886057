"""Logging in as a CRM user, in a browser or from the command line, and out again.

    GET /login -> the CRM's consent page -> GET /oauth/callback -> a server-side session

The CRM itself says who came back. A command-line login ends with a redirect to the tool's own loopback port. It carries
a one-time code that only the tool can trade: it holds the verifier whose SHA-256 began the login (RFC 7636, RFC 8252).
"""

import base64
import hashlib
import hmac
import re
import secrets
from urllib.parse import urlencode

import structlog
from flask import Blueprint, redirect, request
from werkzeug import Response

from connectors import errors as crm
from connectors.interfaces import Connector
from sidecar.api.context import caller, services, settings
from sidecar.api.models import MeOut, TokenIn, TokenOut
from sidecar.api.routes import Route
from sidecar.domain import Principal
from sidecar.errors import Invalid, NotFound, Unauthenticated, Unavailable
from sidecar.identity import cookie_name
from sidecar.interfaces import LoginState

CLI = "cli"
"""Marks the one-time code of a command-line login among the login states."""

LOOPBACK = "http://127.0.0.1:"
"""Where a command-line login ends: the tool's own port."""

_PORT = re.compile(r"[0-9]{4,5}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_OWN_PATH = re.compile(r"/(?:[\w.~!$&'()*+,;=:@%?#-][\w.~!$&'()*+,;=:@%?#/-]*)?", re.ASCII)
"""A path of our own. "//host" and "/\\host" lead elsewhere, also around a tab or a line end, which browsers skip."""

browser = Blueprint("login", __name__)
log = structlog.get_logger()


@browser.get("/login")
def login() -> Response:
    """Send the browser to the CRM."""
    name = request.args.get("installation", "") or next(iter(services().connectors))
    connector = _connector(name)
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    redirect_uri = f"{settings().public_url}/oauth/callback"
    state = services().sessions.start_login(
        LoginState(name, verifier, nonce, redirect_uri, _return_to()), services().clock()
    )
    response = redirect(connector.authorize_url(state, verifier, redirect_uri))
    response.set_cookie("login", nonce, max_age=600, httponly=True, secure=_secure(), samesite="Lax")
    return _private(response)


@browser.get("/oauth/callback")
def callback() -> Response:
    """Take the CRM's answer, ask it who came, and start a session. What goes wrong is said on the login page."""
    try:
        return _finish()
    except (Unauthenticated, Unavailable) as error:
        log.info("login failed", type=error.type)
        return _private(redirect(f"/?notice={error.type}"))


def _finish() -> Response:
    login = services().sessions.finish_login(request.args.get("state", ""), services().clock())
    nonce = request.cookies.get("login", "")
    if login is None or not hmac.compare_digest(login.nonce.encode(), nonce.encode()):
        raise Unauthenticated("This login has expired or began in another browser. Start again at /login.")
    try:
        return _start_session(login)
    except (Unauthenticated, Unavailable) as error:
        if not login.return_to.startswith(LOOPBACK):
            raise
        log.info("login failed", type=error.type)
        return _private(redirect(f"{login.return_to.partition('#')[0]}?{urlencode({'error': error.type})}"))


def _start_session(login: LoginState) -> Response:
    if request.args.get("error"):
        raise Unauthenticated("The CRM did not let you in, or you said no. Start again at /login.")
    try:
        user, grant = _connector(login.crm).exchange(request.args.get("code", ""), login.verifier, login.redirect_uri)
    except crm.Unauthorized as error:
        raise Unauthenticated("The CRM did not accept this login. Start again at /login.") from error
    except crm.ConnectorError as error:
        raise Unavailable("The CRM does not answer. Try again.", part="crm") from error
    principal = Principal(user.tenant, _connector(login.crm).crm, user.id, user.name, user.attributes, login.crm)
    services().tokens.save(principal.grant_id, grant)
    session_id, _ = services().sessions.create(principal, services().clock())
    if login.return_to.startswith(LOOPBACK):
        return _hand_over(login, session_id)
    response = redirect(login.return_to)
    response.set_cookie(
        cookie_name(settings().public_url), session_id, httponly=True, secure=_secure(), samesite="Lax", path="/"
    )
    response.delete_cookie("login")
    return _private(response)


def token(body: TokenIn) -> TokenOut:
    """Trade the one-time code of a command-line login for a bearer token."""
    kept = services().sessions.finish_login(body.code, services().clock())
    challenge = base64.urlsafe_b64encode(hashlib.sha256(body.verifier.encode()).digest()).rstrip(b"=").decode()
    if kept is None or kept.crm != CLI or not hmac.compare_digest(kept.nonce, challenge):
        raise Unauthenticated("The code is used up, too old, or not yours. Run `crm-sidecar connect` again.")
    return TokenOut(token=kept.verifier)


def me() -> MeOut:
    """Who is logged in."""
    return MeOut.of(caller().principal, caller().csrf)


def logout() -> MeOut:
    """End the session. The CRM grant stays, for the user's other sessions."""
    ended = MeOut.of(caller().principal, "")
    services().sessions.end(caller().session_id)
    return ended


def disconnect() -> MeOut:
    """Revoke the grant at the CRM and end the session."""
    who = caller().principal
    connector = services().connectors.get(who.installation)
    if connector is not None:
        connector.revoke(who.grant_id)
    return logout()


def _hand_over(login: LoginState, session_id: str) -> Response:
    target, _, challenge = login.return_to.partition("#")
    kept = LoginState(crm=CLI, verifier=session_id, nonce=challenge, redirect_uri=target)
    code = services().sessions.start_login(kept, services().clock())
    return _private(redirect(f"{target}?{urlencode({'code': code})}"))


def _return_to() -> str:
    port, challenge = request.args.get("cli_port", ""), request.args.get("challenge", "")
    if port:
        valid = _PORT.fullmatch(port) and 1024 <= int(port) <= 65535 and _CHALLENGE.fullmatch(challenge)  # noqa: PLR2004 - RFC 6335
        if not valid:
            raise Invalid("A command-line login needs cli_port (1024 to 65535) and challenge (S256, RFC 7636).")
        return f"{LOOPBACK}{port}/#{challenge}"
    path = request.args.get("return_to", "/")
    return path if _OWN_PATH.fullmatch(path) else "/"


def _connector(name: str) -> Connector:
    connector = services().connectors.get(name)
    if connector is None:
        raise NotFound("There is no such CRM installation here.")
    return connector


def _secure() -> bool:
    return settings().public_url.startswith("https://")


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


ROUTES = (
    Route("GET", "/v1/me", me, "Who you are", MeOut),
    Route("POST", "/v1/token", token, "Finish a command-line login", TokenOut, TokenIn, public=True),
    Route("POST", "/v1/logout", logout, "End your session", MeOut),
    Route("POST", "/v1/disconnect", disconnect, "Revoke your CRM grant and end your session", MeOut),
)
