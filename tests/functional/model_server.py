"""A model endpoint on loopback: OpenAI's chat completions over real HTTP or TLS, with the faults of a script."""

import json
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

_PASSAGE = re.compile(r"<([0-9a-f]{32}) passage=(\d+)[^>\n]*>\n(.*?)\n</\1>", re.DOTALL)
Answer = Callable[["Exchange"], None]
"""What the server does with one request."""


@dataclass(frozen=True)
class Seen:
    """One request as the server got it; header names in lower case. `connection` counts from 0."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    connection: int


@dataclass
class Exchange:
    """One request and the way back. `over` is set when the server goes down: nobody waits longer."""

    seen: Seen
    handler: BaseHTTPRequestHandler
    over: Event

    def start(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Status and headers; the body is chunked."""
        self.handler.send_response(status)
        headers = {"Content-Type": "text/event-stream", **(headers or {})}
        for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()

    def write(self, data: bytes) -> None:
        """One piece of the body."""
        self.handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.handler.wfile.flush()

    def event(self, text: str | None, end: str | None = None) -> None:
        """One event of the stream: a piece of the answer, or its end."""
        choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": end}
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
        self.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def finish(self, end: str | None = "stop") -> None:
        """The end of a stream, as OpenAI's."""
        self.event(None, end)
        self.write(b"data: [DONE]\n\n")
        self.close()

    def close(self) -> None:
        """The end of the body."""
        self.handler.wfile.write(b"0\r\n\r\n")

    def hang(self) -> None:
        """Say nothing more until the server goes down."""
        self.over.wait(30)


class ModelServer:
    """Answers requests one after the other with `answers`; the last one answers all later ones."""

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self._answers = list(answers)
        self._lock = Lock()
        self._over = Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self), tls)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def script(self, *answers: Answer) -> None:
        """Answer from now on with these, and forget what was asked before."""
        with self._lock:
            self._answers = list(answers)
            self.seen.clear()

    def answer(self, handler: BaseHTTPRequestHandler, body: Mapping[str, Any], connection: int) -> None:
        """Do what the script says for this request."""
        headers = {name.lower(): value for name, value in handler.headers.items()}
        seen = Seen(handler.path, headers, body, connection)
        with self._lock:
            answer = self._answers[min(len(self.seen), len(self._answers) - 1)]
            self.seen.append(seen)
        answer(Exchange(seen, handler, self._over))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(address, handler)
        self._tls = tls
        self.connections = 0

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """The handshake belongs to the connection's own thread; a client that refuses us is no error here."""
        try:
            if self._tls:
                request.settimeout(5)
                request = self._tls.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)
        except OSError:
            pass
        finally:
            if self._tls:
                request.close()


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            assert isinstance(self.server, _Server)
            self.number = self.server.connections
            self.server.connections += 1

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.answer(self, body, self.number)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class
            """Nothing: a test says what went wrong."""

    return Handler


def says(text: str, *, piece: int = 200, end: str | None = "stop") -> Answer:
    """A stream of `text` in pieces of so many characters."""

    def answer(exchange: Exchange) -> None:
        exchange.start()
        for at in range(0, len(text), piece):
            exchange.event(text[at : at + piece])
        exchange.finish(end)

    return answer


def refuses(status: int, body: str = "{}", **headers: str) -> Answer:
    """An error with a body; underscores of header names stand for hyphens."""

    def answer(exchange: Exchange) -> None:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        exchange.start(status, {"Content-Type": "application/json", **given})
        exchange.write(body.encode())
        exchange.close()

    return answer


def raw(*pieces: bytes, content_type: str = "text/event-stream") -> Answer:
    """These bytes as the body of a 200."""

    def answer(exchange: Exchange) -> None:
        exchange.start(headers={"Content-Type": content_type})
        for piece in pieces:
            exchange.write(piece)
        exchange.close()

    return answer


def claims(*found: Mapping[str, object]) -> str:
    """An answer with these claims; what is not said is a plausible value."""
    full = [{"section": "state", "text": "x", "passage": 1, "quote": "x", "due": "", **claim} for claim in found]
    return json.dumps({"claims": full})


def formats(seen: Sequence[Seen]) -> list[str]:
    """The kind of structured output that each request asked for."""
    return [one.body.get("response_format", {}).get("type", "none") for one in seen]


def quoted(body: Mapping[str, Any]) -> dict[int, str]:
    """The passages of a request by number, as the model reads them."""
    return {int(number): text for _, number, text in _PASSAGE.findall(body["messages"][-1]["content"])}


@dataclass
class Waits:
    """A `sleep` that takes no time and is written down."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        """Write down."""
        self.seconds.append(seconds)
