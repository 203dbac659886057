"""The webhooks journal: what changed in the last three days, to be fetched by an app that no webhook can reach.

`GET /webhooks-journal/{journal|journal-local}/{version}/{earliest|latest|offset/{offset}/next}` gives the address of a
file, which is fetched without a token (real ones lie in a store of files); 204 when there is nothing (more). Contract,
section 2.8. Real apps subscribe first; here every change is journaled. The content of a file is a guess.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.body import number
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.oauth import AccessToken
from connectors.sandbox.hubspot.portal import Event
from connectors.sandbox.wire import JSON, Request, Response

_PATH: Final = re.compile(
    r"/webhooks-journal/journal(?:-local)?/(?:2026-03|2026-09)/(earliest|latest|offset/([^/]+)/next)"
)
_FILE: Final = re.compile(r"/webhooks-journal/files/(\d{1,18})-(\d{1,18})")
_SCOPE: Final = "developer.webhooks_journal.read"
_FILE_EVENTS: Final = 100
_KEPT_MS: Final = 3 * 86_400_000
_LINK_SECONDS: Final = 300
_ACTIONS: Final = {
    "creation": "CREATE",
    "propertyChange": "UPDATE",
    "deletion": "DELETE",
    "merge": "MERGE",
    "restore": "RESTORE",
    "associationChange": "ASSOCIATION_ADDED",
    "privacyDeletion": "GDPR_DELETE",
}


class Journal:
    """The journal of one portal. A file holds up to 100 events; its offset is the number of its last event."""

    def __init__(self, hub_id: str, events_after: Callable[[int], Sequence[Event]], clock: Clock) -> None:
        self._hub_id = int(hub_id)
        self._events_after = events_after
        self._clock = clock
        self._key = secrets.token_bytes(32)

    @staticmethod
    def owns(path: str) -> bool:
        """Whether the path is ours."""
        return path.startswith("/webhooks-journal/")

    def respond(self, request: Request, token: AccessToken | None) -> Response:
        """Answer one request.

        Raises:
            HubError: no token of an app, a missing scope, an unknown or expired offset or link.
        """
        path = request.path.rstrip("/")
        if match := _FILE.fullmatch(path):
            return self._file(request, int(match[1]), int(match[2]))
        match = _PATH.fullmatch(path)
        if match is None:
            raise HubError.not_found()
        if token is None or token.grant is not None:
            raise HubError(401, "INVALID_AUTHENTICATION", "This API needs a client credentials token.")
        if _SCOPE not in token.scopes:
            raise HubError.missing_scopes([_SCOPE])
        kept = self._kept()
        if match[1] == "latest":
            return self._link(request, kept[-_FILE_EVENTS:])
        if match[1] == "earliest":
            return self._link(request, kept[:_FILE_EVENTS])
        return self._link(request, self._after(kept, match[2])[:_FILE_EVENTS])

    def _kept(self) -> Sequence[Event]:
        oldest = self._clock.time() * 1000 - _KEPT_MS
        return [event for event in self._events_after(0) if event.occurred_at_ms >= oldest]

    @staticmethod
    def _after(kept: Sequence[Event], offset: str) -> Sequence[Event]:
        wanted = number(offset)
        if wanted is None or all(event.sequence != wanted for event in kept):
            raise HubError(404, "OBJECT_NOT_FOUND", "The offset does not exist or has expired")
        return [event for event in kept if event.sequence > wanted]

    def _link(self, request: Request, events: Sequence[Event]) -> Response:
        if not events:
            return Response(204)
        first, last = events[0].sequence, events[-1].sequence
        expires = int(self._clock.time()) + _LINK_SECONDS
        url = f"{request.base_url}/webhooks-journal/files/{first}-{last}"
        return Response.json(
            {
                "url": f"{url}?expires={expires}&signature={self._seal(first, last, expires)}",
                "expiresAt": _iso(expires * 1000),
                "currentOffset": str(last),
            }
        )

    def _file(self, request: Request, first: int, last: int) -> Response:
        expires, seal = number(request.query.get("expires", "")) or 0, request.query.get("signature", "")
        genuine = hmac.compare_digest(seal.encode(), self._seal(first, last, expires).encode())
        if not genuine or expires < self._clock.time():
            raise HubError(403, "FORBIDDEN", "The link is not valid or has expired")
        events = [event for event in self._events_after(first - 1) if event.sequence <= last]
        return Response.json(
            {
                "offset": str(last),
                "publishedAt": _iso(events[-1].occurred_at_ms) if events else None,
                "journalEvents": [self._entry(event) for event in events],
            }
        )

    def _entry(self, event: Event) -> JSON:
        removed = event.kind == "associationChange" and event.property == "removed"
        entry: JSON = {
            "type": "crmObject",
            "portalId": self._hub_id,
            "occurredAt": _iso(event.occurred_at_ms),
            "action": "ASSOCIATION_REMOVED" if removed else _ACTIONS[event.kind],
            "objectTypeId": event.object_type_id,
            "objectId": int(event.object_id),
            "propertyChanges": {event.property: event.value} if event.kind == "propertyChange" else {},
        }
        if event.kind == "associationChange":
            other_type, _, other_id = event.value.partition(":")
            entry["associatedObject"] = {"objectTypeId": other_type, "objectId": int(other_id)}
        if event.merged_ids:
            entry["mergedObjectIds"] = [int(one) for one in event.merged_ids]
            entry["newObjectId"] = int(event.new_id) if event.new_id else None
        return entry

    def _seal(self, first: int, last: int, expires: int) -> str:
        return hmac.new(self._key, f"{first}-{last}-{expires}".encode(), hashlib.sha256).hexdigest()


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
