"""An org's address and its API versions: what settings and token answers say, made into what the API understands."""

import re

import requests

from connectors.errors import Fatal
from connectors.salesforce.answers import UNSUPPORTED, error_for
from connectors.transport import HttpSession, raise_unanswered, trusted_origin

OLDEST_VERSION = 49.0
"""Composite requests without collation."""

_VERSION = re.compile(r"[1-9]\d{1,2}\.0")
_BROWSER_HOSTS = (".lightning.force.com", ".my.salesforce-setup.com")
_API_HOST = ".my.salesforce.com"


def api_origin(url: str) -> str:
    """Scheme, host and port of an org's API. The host that browsers show becomes the one that takes tokens.

    On a Lightning host every call with a good token is refused with 401 (simple-salesforce#406).

    Raises:
        Fatal: it is no address that a token may travel to.
    """
    origin = trusted_origin(url)
    for host in _BROWSER_HOSTS:
        if origin.lower().endswith(host):
            return origin[: -len(host)] + _API_HOST
    return origin


def checked_version(version: str) -> str:
    """`version` if it can be one.

    Raises:
        Fatal: it cannot, or is older than what the connector needs.
    """
    if not _VERSION.fullmatch(version) or float(version) < OLDEST_VERSION:
        raise Fatal(
            f"api_version must look like 66.0 and be at least {OLDEST_VERSION}: see the installation's settings",
            code=UNSUPPORTED,
        )
    return version


def offered_versions(origin: str, http: HttpSession) -> tuple[str, ...]:
    """The API versions that an org offers, oldest first. Asked without a token.

    Raises:
        Retriable, Fatal: no usable answer.
    """
    try:
        response = http.get(f"{origin}/services/data")
        body = response.json() if response.status_code == requests.codes.ok else None
    except requests.RequestException as failed:
        raise_unanswered(failed, write=False)
    if not isinstance(body, list):
        raise error_for(response.status_code, None)
    return tuple(str(entry.get("version")) for entry in body if isinstance(entry, dict))


def require_version(version: str, offered: tuple[str, ...]) -> None:
    """Refuse a version that the org does not offer.

    Raises:
        Fatal: names both, and the setting to change.
    """
    if version not in offered:
        newest = offered[-1] if offered else "none"
        raise Fatal(
            f"the org does not offer Salesforce API version {version} (its newest: {newest}): set api_version",
            code=UNSUPPORTED,
        )
