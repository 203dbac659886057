"""A draft in the making, as Server-Sent Events: `progress` at every step, then one `draft` or one `problem`.

The work runs in a thread of its own, so that a step is told when it begins. A client that leaves does not stop it: the
draft is saved, and the same idempotency key finds it. So that nobody can pile up work by leaving again and again, no
more drafts are in the making than the server has threads.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

from flask import Response, json, request, stream_with_context
from pydantic import BaseModel

from sidecar.api.context import settings
from sidecar.api.problems import of
from sidecar.domain import Progress, Step
from sidecar.errors import Unavailable

MEDIA: Final = "text/event-stream"
_BEAT_SECONDS: Final = 5.0
"""How often a line is sent while nothing happens, so that no proxy takes the silence for an end."""


class _Room:
    """Counts what is in the making."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    def enter(self, most: int) -> bool:
        """Take a place, if there are fewer than `most` taken."""
        with self._lock:
            free = self._taken < most
            self._taken += free
        return free

    def leave(self) -> None:
        """Give it back."""
        with self._lock:
            self._taken -= 1


_room = _Room()


@dataclass(frozen=True, slots=True)
class _Moved:
    step: Step
    count: int


def wanted() -> bool:
    """Whether the caller prefers to follow the making."""
    return request.accept_mimetypes.best_match(["application/json", MEDIA]) == MEDIA


def follow(make: Callable[[Progress], BaseModel]) -> Response:
    """Run `make` and stream its steps and its result. `make` must not need the request.

    Raises:
        Unavailable: too many are in the making.
    """
    if not _room.enter(settings().threads):
        raise Unavailable("Too many drafts are being made right now. Try again in a moment.")
    told: SimpleQueue[_Moved | BaseModel | Exception] = SimpleQueue()

    def work() -> None:
        try:
            told.put(make(lambda step, count: told.put(_Moved(step, count))))
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told as a problem
            told.put(error)
        finally:
            _room.leave()

    worker = threading.Thread(target=work, name="draft", daemon=True)
    try:
        worker.start()
    except RuntimeError:  # the system has no thread left
        _room.leave()
        raise
    response = Response(stream_with_context(_events(told)), mimetype=MEDIA)
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep the steps until the end
    return response


def _events(told: "SimpleQueue[_Moved | BaseModel | Exception]") -> Iterator[str]:
    while True:
        try:
            news = told.get(timeout=_BEAT_SECONDS)
        except Empty:
            yield ": still at it\n\n"
            continue
        if isinstance(news, _Moved):
            yield _event("progress", json.dumps({"step": news.step, "count": news.count}))
            continue
        if isinstance(news, Exception):
            yield _event("problem", of(news).get_data(as_text=True))
        else:
            yield _event("draft", json.dumps(news.model_dump(mode="json")))
        return


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
