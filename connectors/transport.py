"""The one way out to a CRM: a requests session that keeps no cookies, follows no redirects and always times out."""

import ipaddress
import ssl
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
)

from connectors.errors import Ambiguous, Fatal, Retriable

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
TIMEOUT = (CONNECT_SECONDS, READ_SECONDS)

LOST_CONNECTION = "connection_lost"
"""Our own error code: a kept-alive connection turned out to be closed."""

_NEVER_SENT = (NewConnectionError, ConnectTimeoutError, NameResolutionError, ProxyError)
"""urllib3 raises these only before a byte of the request has left (ProxyError: before the tunnel stands)."""


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


def retry_after(header: str | None, otherwise: float) -> float:
    """Seconds to wait by a Retry-After header, a day at most; `otherwise` when there is none or it is a date."""
    try:
        return min(max(0.0, float(header or "")), 86_400.0)
    except ValueError:
        return otherwise


def ambiguous(code: str) -> Ambiguous:
    """A write of which nobody knows the result."""
    return Ambiguous("the write was sent and no answer came", code=code)


def raise_unanswered(error: requests.RequestException, *, write: bool) -> NoReturn:
    """Raise what a transport failure means: before a request left nothing is lost, after a write left all is open.

    Raises:
        Fatal: the server's certificate is not trusted.
        Retriable: nothing was sent, or it was only a read.
        Ambiguous: a write may have arrived.
    """
    cause = _root(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        raise Fatal("the CRM's certificate is not trusted: check the CA file", code="tls") from None
    if write and not isinstance(cause, _NEVER_SENT):
        raise ambiguous("no_answer") from None
    code = LOST_CONNECTION if isinstance(cause, ProtocolError) else "no_answer"
    raise Retriable("the CRM did not answer", code=code) from None


def _root(error: requests.RequestException) -> BaseException:
    """What urllib3 met: requests wraps it one or two levels deep."""
    cause: BaseException = error
    for _ in range(4):
        inner = getattr(cause, "reason", None) or (cause.args[0] if cause.args else None)
        if not isinstance(inner, HTTPError | ssl.SSLError):
            break
        cause = inner
        if isinstance(cause, _NEVER_SENT):
            break
    return cause
