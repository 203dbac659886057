"""uvicorn on several ports at once, plain and TLS, in one event loop."""

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGIApplication

ABORT = "abort"
"""Key in the ASGI scope's `state`: a function that closes the connection without answering."""


class AbortableProtocol(AutoHTTPProtocol):  # type: ignore[valid-type, misc]  # uvicorn picks httptools or h11 at import
    """Hands each request the means to cut its own connection, through ASGI's `state`.

    ASGI has no message for "close without answering" (returning early makes uvicorn send a 500), so the transport's
    `abort` is offered beside the lifespan state, which uvicorn copies into every scope.
    """

    app_state: dict[str, Any]
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Remember how to cut this connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, ABORT: transport.abort}

    def shutdown(self) -> None:
        """Close an idle connection at once: asyncio's TLS would wait half a minute for the client's farewell."""
        super().shutdown()
        if self.transport.is_closing():
            self.transport.abort()


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to `serve`: several servers share one process here."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install nothing."""
        yield


def bind(host: str, port: int = 0) -> socket.socket:
    """A bound TCP socket; port 0 picks a free one.

    Raises:
        OSError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def serve(
    app: "ASGIApplication",
    plain: Sequence[socket.socket],
    secure: Sequence[socket.socket],
    context: ssl.SSLContext,
    ready: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called once every port accepts connections."""
    with asyncio.Runner(loop_factory=_config(app, None).get_loop_factory()) as runner:
        runner.run(_serve(app, plain, secure, context, ready))


async def _serve(
    app: "ASGIApplication",
    plain: Sequence[socket.socket],
    secure: Sequence[socket.socket],
    context: ssl.SSLContext,
    ready: Callable[[], None],
) -> None:
    servers = [(_Server(_config(app, None)), plain), (_Server(_config(app, context)), secure)]

    def stop() -> None:
        for server, _ in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    running = [asyncio.create_task(server.serve(list(sockets))) for server, sockets in servers]
    while not all(server.started for server, _ in servers):
        await asyncio.sleep(0.005)
        if any(task.done() for task in running):
            break
    else:
        ready()
    await asyncio.gather(*running)


def _config(app: "ASGIApplication", context: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=AbortableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        ssl_context_factory=None if context is None else lambda _config, _default: context,
    )
