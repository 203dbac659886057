"""Sends webhooks: batches, signatures, retries over a virtual day, and the two misfortunes a receiver must survive.

A thread of its own: a slow receiver must not hold up the CRM. It looks for new events and for retries that are due by
the virtual clock, so that `advance` brings a retry at once.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import requests

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot import signatures
from connectors.sandbox.hubspot.oauth.apps import App
from connectors.sandbox.hubspot.portal import Event
from connectors.sandbox.hubspot.webhooks import Webhooks
from connectors.sandbox.wire import JSON

BATCH: Final = 100
TIMEOUT_SECONDS: Final = 5.0
RETRY_SECONDS: Final = (60, 300, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 25_200)
"""Ten retries within 24 hours (contract, section 2.8); their spacing is a guess."""
_LOG_LENGTH: Final = 10_000
_POLL_SECONDS: Final = 0.1
_SUCCESS: Final = range(200, 300)


@dataclass(slots=True)
class _Parcel:
    """One notification on its way; `due` in virtual epoch seconds, 0.0 for at once."""

    app: App
    notification: JSON
    due: float = 0.0
    attempt: int = 0


class Deliveries:
    """The outgoing webhooks of a portal. `start` begins sending; `poke` says that there may be something new.

    A portal that goes back in time begins a new age: what was on its way in the old one is neither retried nor logged.
    `events_after` gives the committed events whose sequence number is higher than a given one, from any thread.
    """

    def __init__(
        self,
        events_after: Callable[[int], Sequence[Event]],
        webhooks: Webhooks,
        installed: Callable[[App], bool],
        clock: Clock,
    ) -> None:
        self._events_after = events_after
        self._webhooks = webhooks
        self._installed = installed
        self._clock = clock
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = 0
        self._age = 0
        self._parcels: list[_Parcel] = []
        self._held: list[_Parcel] = []
        self._duplicates = 0
        self._holds = 0
        self._log: deque[JSON] = deque(maxlen=_LOG_LENGTH)

    def start(self) -> None:
        """Begin to send what happens from now on."""
        with self._lock:
            if self._thread is None:
                self._skip()
                self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
                self._thread.start()

    def poke(self) -> None:
        """Look at once."""
        self._wake.set()

    def forget(self) -> None:
        """Drop all that waits, the misfortunes and the log: the portal goes back in time."""
        with self._lock:
            self._age += 1
            self._skip()
            self._parcels.clear()
            self._held.clear()
            self._duplicates = self._holds = 0
            self._log.clear()

    def duplicate(self, times: int = 1) -> None:
        """Send the next `times` batches twice."""
        with self._lock:
            self._duplicates += times

    def reorder(self, times: int = 1) -> None:
        """Hold the next `times` notifications back until a later one has arrived."""
        with self._lock:
            self._holds += times

    def log(self) -> list[JSON]:
        """Every attempt: app, event, subscription type, object, attempt number, status (0: no answer)."""
        with self._lock:
            return list(self._log)

    def _skip(self) -> None:
        """What has happened so far is nobody's business."""
        for event in self._events_after(self._seen)[-1:]:
            self._seen = event.sequence

    def _run(self) -> None:
        while True:
            self._wake.wait(_POLL_SECONDS)
            self._wake.clear()
            while batch := self._next_batch():
                self._send(*batch)

    def _next_batch(self) -> tuple[list[_Parcel], int] | None:
        """Up to 100 due parcels of one app, taken out of the queue, and their age; None when nothing is due."""
        with self._lock:
            self._collect()
            now = self._clock.time()
            due = [parcel for parcel in self._parcels if parcel.due <= now]
            batch = [parcel for parcel in due if parcel.app is due[0].app][:BATCH]
            taken = {id(parcel) for parcel in batch}
            self._parcels = [parcel for parcel in self._parcels if id(parcel) not in taken]
            return (batch, self._age) if batch else None

    def _collect(self) -> None:
        """Turn new events into parcels."""
        for event in self._events_after(self._seen):
            self._seen = event.sequence
            for app, notification in self._webhooks.notifications(event):
                if not self._installed(app):
                    continue
                parcel = _Parcel(app, notification)
                if self._holds:
                    self._holds -= 1
                    self._held.append(parcel)
                else:
                    self._parcels.append(parcel)

    def _send(self, batch: list[_Parcel], age: int) -> None:
        app = batch[0].app
        target = self._webhooks.hooks[app.id].target_url
        if not target:
            return
        with self._lock:
            twice = self._duplicates > 0
            self._duplicates -= twice
        status = self._post(app, target, batch, age)
        if twice:
            self._post(app, target, batch, age)
        with self._lock:
            if age != self._age:
                return
            if status in _SUCCESS:
                self._parcels += self._held
                self._held = []
                return
            for parcel in batch:
                if parcel.attempt < len(RETRY_SECONDS):
                    parcel.due = self._clock.time() + RETRY_SECONDS[parcel.attempt]
                    parcel.attempt += 1
                    self._parcels.append(parcel)

    def _post(self, app: App, target: str, batch: Sequence[_Parcel], age: int) -> int:
        """Send one batch; the status, 0 when there was no answer within five seconds."""
        body = json.dumps(
            [{**parcel.notification, "attemptNumber": parcel.attempt} for parcel in batch],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        stamp = int(self._clock.time() * 1000)
        headers = {
            "content-type": "application/json",
            "user-agent": "HubSpot Connect 2.0 (sandbox)",
            **signatures.webhook_headers(app.secret, target, body, stamp),
        }
        try:
            with requests.Session() as http:
                http.trust_env = False
                reply = http.post(
                    target, data=body.encode(), headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
                )
                status = reply.status_code
        except requests.RequestException:
            status = 0
        with self._lock:
            if age != self._age:
                return status
            self._log.extend(
                {
                    "app": app.id,
                    "event": parcel.notification["eventId"],
                    "type": parcel.notification["subscriptionType"],
                    "object": str(parcel.notification.get("objectId") or parcel.notification["fromObjectId"]),
                    "attempt": parcel.attempt,
                    "status": status,
                }
                for parcel in batch
            )
        return status
