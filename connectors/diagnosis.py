"""Checks that every CRM's connector makes of an installation: is it there, is its clock ours, does it know our app."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from connectors.errors import ConnectorError, Fatal, Retriable, Unauthorized
from connectors.interfaces import Finding
from connectors.transport import HttpSession, raise_unanswered

SKEW_SECONDS = 60.0
"""Clocks that differ by less do no harm: syncs look back five minutes, tokens are renewed early."""

_NO_TOKEN = "made-up-by-doctor"  # noqa: S105 - no secret: a token that no CRM has ever issued


def reach(http: HttpSession, url: str, origin: str) -> tuple[Finding, requests.Response | None]:
    """Whether `url` answers anything at all, asked without a token; and what."""
    try:
        return Finding("reachable", ok=True, detail=f"{origin} answers"), ask(http, url)
    except Fatal:
        detail, advice = f"{origin} shows a certificate that is not trusted", "set ca_file to its authority's PEM file"
    except Retriable:
        detail, advice = f"{origin} does not answer", "check the address, the network and the proxy"
    return Finding("reachable", ok=False, detail=detail, advice=advice), None


def ask(http: HttpSession, url: str) -> requests.Response:
    """The answer to a GET without a token.

    Raises:
        Fatal: the certificate is not trusted.
        Retriable: no answer.
    """
    try:
        return http.get(url)
    except requests.RequestException as failed:
        raise_unanswered(failed, write=False)


def clock(response: requests.Response, now: datetime) -> Finding:
    """Whether this machine's clock and the CRM's agree, by the Date header."""
    try:
        theirs = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return Finding("clock", ok=True, detail="the CRM does not tell the time")
    theirs = theirs.replace(tzinfo=UTC) if theirs.tzinfo is None else theirs
    skew = (now - theirs).total_seconds()
    if abs(skew) <= SKEW_SECONDS:
        return Finding("clock", ok=True, detail="this machine's clock and the CRM's agree")
    way = "ahead of" if skew > 0 else "behind"
    detail = f"this machine's clock is {abs(skew):.0f} seconds {way} the CRM's"
    return Finding("clock", ok=False, detail=detail, advice="synchronise this machine's clock (NTP)")


def login_service(refresh: Callable[[str], object]) -> Finding:
    """Whether the token endpoint works and knows the OAuth client: it is shown a refresh token that never was."""
    try:
        refresh(_NO_TOKEN)
    except Unauthorized:
        return Finding("login", ok=True, detail="the token endpoint answers and knows the OAuth client")
    except Retriable as failed:
        detail = f"the token endpoint does not work ({failed.code})"
        return Finding("login", ok=False, detail=detail, advice="try again; check the login address and the network")
    except ConnectorError as refused:
        detail = f"the token endpoint refuses the OAuth client ({refused.code})"
        return Finding("login", ok=False, detail=detail, advice="check client_id, client_secret and the app's policies")
    detail = "the token endpoint took a token that it never issued"
    return Finding("login", ok=False, detail=detail, advice="check that this is the CRM's own address")


def refused(name: str, error: ConnectorError) -> Finding:
    """What a check found that ended with an error."""
    advice = {
        Unauthorized: "log in again: crm-sidecar connect",
        Retriable: "try again in a minute",
    }.get(type(error), "ask the CRM's administrator")
    return Finding(name, ok=False, detail=f"{error} ({error.code})", advice=advice)
