"""The wire to a model endpoint: one pool of connections, a limit in time and size for each call, no header too many.

Timeouts of an HTTP client hold for one read, so a server that sends a byte now and then is never cut. Here every
operation on a socket (connect, TLS handshake, write, read) gets at most the time that the whole call has left.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpcore2
import httpx2

from sidecar.errors import Misconfigured

Clock = Callable[[], float]
KEPT: Final = 32
"""Idle connections that are kept."""
IDLE: Final = 30.0
"""Seconds that an idle connection is kept."""
_PASSED_ON: Final = frozenset({b"host", b"content-length", b"content-type"})


class Unacceptable(Exception):
    """The answer is larger than it may be, or compressed although that was not asked for."""


@dataclass(slots=True)
class Allowance:
    """What one call has left: until `deadline` on `clock`, and `size` bytes to receive."""

    clock: Clock
    deadline: float
    size: int

    def left(self, timeout: float | None = None) -> float:
        """Seconds for the next operation, at most `timeout`; 0 or less when the time is over."""
        left = self.deadline - self.clock()
        return left if timeout is None else min(left, timeout)


_current: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowed(allowance: Allowance) -> Iterator[None]:
    """Within, every operation on a socket of a `Wire` in this thread spends of `allowance`."""
    token = _current.set(allowance)
    try:
        yield
    finally:
        _current.reset(token)


class Wire(httpx2.HTTPTransport):
    """The transport under the client: see the module. Safe from many threads; asks no proxy and no environment."""

    def __init__(self, context: ssl.SSLContext, api_key: str) -> None:
        super().__init__(verify=context, trust_env=False)
        # Its constructor has no argument for the backend, so its pool is made again.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=None,  # as many as the server has threads: nobody waits beyond his time
            max_keepalive_connections=KEPT,
            keepalive_expiry=IDLE,
            network_backend=_Backend(),
        )
        self._headers = [
            (b"Accept", b"text/event-stream"),
            (b"Accept-Encoding", b"identity"),
            (b"User-Agent", b"crm-sidecar"),
        ]
        if api_key:
            self._headers.append((b"Authorization", b"Bearer " + api_key.encode()))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send `request` with our own headers: the client's tell about this machine and its environment.

        Raises:
            Unacceptable: the answer is compressed.
        """
        kept = [(name, value) for name, value in request.headers.raw if name.lower() in _PASSED_ON]
        response = super().handle_request(
            httpx2.Request(
                request.method,
                request.url,
                headers=[*kept, *self._headers],
                stream=request.stream,
                extensions=request.extensions,
            )
        )
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            raise Unacceptable
        return response


class _Backend(httpcore2.NetworkBackend):
    """Opens connections within the current allowance."""

    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """See the base class."""
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore2.NetworkStream):
    """A connection whose every operation spends of the current allowance."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See the base class.

        Raises:
            Unacceptable: the call has received all that it may.
        """
        received = self._inner.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))
        if (allowance := _current.get()) is not None:
            allowance.size -= len(received)
            if allowance.size < 0:
                raise Unacceptable
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See the base class."""
        self._inner.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        """See the base class."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """See the base class."""
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as the base class
        """See the base class."""
        return self._inner.get_extra_info(info)


def tls(ca_file: Path | None, client_cert: Path | None, client_key: Path | None) -> ssl.SSLContext:
    """Trust `ca_file` and nothing else, or the system's authorities; show `client_cert` to a server that asks.

    Raises:
        Misconfigured: a file is missing or is not what it should be.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if client_cert:
            context.load_cert_chain(client_cert, client_key, password="")  # or it asks on the terminal
    except (OSError, ValueError):  # an ssl.SSLError is an OSError
        pass
    else:
        return context
    raise Misconfigured(
        "The certificates of the model endpoint cannot be used: check CRM_SIDECAR_LLM_CA_FILE, LLM_CLIENT_CERT and "
        "LLM_CLIENT_KEY (PEM, the key without a password)."
    )


def _left(timeout: float | None, over: type[Exception]) -> float | None:
    """The time for one operation; raises `over` when the call has none."""
    allowance = _current.get()
    if allowance is None:
        return timeout
    left = allowance.left(timeout)
    if left <= 0:
        raise over
    return left
