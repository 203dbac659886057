"""The one way out to a CRM: a requests session that keeps no cookies, follows no redirects and always times out."""

import ipaddress
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from connectors.errors import Fatal

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
TIMEOUT = (CONNECT_SECONDS, READ_SECONDS)


def trusted_origin(url: str) -> str:
    """Return scheme, host and port of `url`: https anywhere, plain http on this machine only.

    Raises:
        Fatal: tokens would travel in the clear, or the address is not one.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or parts.username or parts.password:
        raise Fatal("the CRM's address must be a plain https URL", code="bad_address")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise Fatal("the CRM's address must begin with https", code="bad_address")
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine without asking a name server."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class HttpSession(requests.Session):
    """A pool of kept-alive connections that many threads and users may share.

    Cookies are refused and the user's token travels per request, so nothing of one user reaches another's request.
    `timeout` is (seconds to connect, seconds between bytes). `ca_file` is passed with each request because requests
    lets REQUESTS_CA_BUNDLE win over `Session.verify` (psf/requests#3829); an explicit auth hook keeps a .netrc file
    from replacing the bearer token.
    """

    def __init__(self, ca_file: str | None = None, pool: int = 16, timeout: tuple[float, float] = TIMEOUT) -> None:
        super().__init__()
        self.timeout = timeout
        self._verify: bool | str = ca_file or True
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.auth = _unchanged
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(pool_connections=pool, pool_maxsize=pool))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - requests' own signature, passed through
        """As `requests.Session.request`, with this session's trust, timeouts and no redirects."""
        kwargs.setdefault("timeout", self.timeout)
        if self._verify is not True:
            kwargs["verify"] = self._verify
        kwargs["allow_redirects"] = False
        return super().request(method, url, *args, **kwargs)


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
