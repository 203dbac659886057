"""An HTTP server of a test's own: it keeps what it is sent and answers as it is told."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    """One request; header names are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@dataclass
class Receiver:
    """`script` holds the statuses of the next answers, then everything is 200; `body` and `headers` go with each."""

    url: str = ""
    script: list[int] = field(default_factory=list)
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[Received] = field(default_factory=list)

    def wait(self, count: int, seconds: float = 10.0) -> list[Received]:
        """The requests, as soon as there are `count`."""
        deadline = time.monotonic() + seconds
        while len(self.seen) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.seen) >= count, f"{len(self.seen)} of {count} requests came"
        return self.seen


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a free port of this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        """Keeps and answers; every method alike."""

        def handle_one_request(self) -> None:
            """One request per connection."""
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                return
            self.close_connection = True
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            status = receiver.script.pop(0) if receiver.script else 200
            headers = {name.lower(): value for name, value in self.headers.items()}
            if status:
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(receiver.body.encode())
            receiver.seen.append(Received(self.command, self.path, headers, body))

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
