"""What apps want to hear of: webhook settings and subscriptions, and which change is told to whom and in which words.

Shapes of `/webhooks/{v3|2026-03|2026-09}/{appId}/…` follow the official clients; the notification follows the contract,
section 2.8. Delivery is the business of `delivery`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from connectors.sandbox.clock import Clock
from connectors.sandbox.forms import LOOPBACK
from connectors.sandbox.hubspot.oauth.apps import App
from connectors.sandbox.hubspot.portal import Event
from connectors.sandbox.wire import JSON, Refused

LEGACY_NAMES: Final = {
    "0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket", "0-7": "product", "0-8": "line_item",
}  # fmt: skip
"""Object types with subscription types of their own, such as `ticket.creation`; all others use `object.creation`."""
_NAMES: Final = {
    **LEGACY_NAMES, "0-27": "task", "0-46": "note", "0-47": "meeting", "0-48": "call", "0-49": "email",
}  # fmt: skip
KINDS: Final = frozenset(
    {"creation", "propertyChange", "deletion", "merge", "restore", "associationChange", "privacyDeletion"}
)
_MAX_TARGET: Final = 2000


@dataclass(slots=True)
class Subscription:
    """One wish of an app: `event_type` is "ticket.creation" or, with `object_type_id`, "object.creation"."""

    id: int
    event_type: str
    property_name: str
    object_type_id: str
    active: bool
    created_at: str
    updated_at: str

    def wants(self, event: Event) -> bool:
        """Whether the app is told of this event."""
        subject, _, kind = self.event_type.partition(".")
        if not self.active or kind != event.kind:
            return False
        type_id = self.object_type_id if subject == "object" else _type_id(subject)
        if type_id != event.object_type_id:
            return False
        return kind != "propertyChange" or self.property_name == event.property

    def view(self) -> JSON:
        """The subscription as the API shows it."""
        document: JSON = {
            "id": str(self.id),
            "eventType": self.event_type,
            "active": self.active,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }
        if self.property_name:
            document["propertyName"] = self.property_name
        if self.object_type_id:
            document["objectTypeId"] = self.object_type_id
        return document


@dataclass(slots=True)
class Hooks:
    """The webhook configuration of one app."""

    app: App
    target_url: str = ""
    concurrent: int = 10
    created_at: str = ""
    updated_at: str = ""
    subscriptions: dict[int, Subscription] = field(default_factory=dict)

    def view(self) -> JSON:
        """The settings as the API shows them."""
        return {
            "targetUrl": self.target_url,
            "throttling": {"maxConcurrentRequests": self.concurrent},
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }


class Webhooks:
    """The webhook configuration of all apps of a portal."""

    def __init__(self, hub_id: str, clock: Clock, apps: Iterable[App]) -> None:
        self.hooks = {app.id: Hooks(app) for app in apps}
        self._hub_id = int(hub_id)
        self._clock = clock
        self._next = 1_000_001

    def set_target(self, app_id: int, target_url: str, concurrent: int = 10) -> Hooks:
        """Where an app wants its notifications.

        Raises:
            Refused: not an http(s) address of this machine: the sandbox calls nobody else.
        """
        parts = urlsplit(target_url)
        local = parts.scheme in {"http", "https"} and parts.hostname in LOOPBACK and len(target_url) <= _MAX_TARGET
        if not local:
            raise Refused("the target must be an http or https address of 127.0.0.1 or localhost")
        hooks, now = self.hooks[app_id], self.now()
        hooks.target_url, hooks.concurrent = target_url, concurrent
        hooks.created_at, hooks.updated_at = hooks.created_at or now, now
        return hooks

    def clear_target(self, app_id: int) -> None:
        """Send an app nothing more."""
        self.hooks[app_id].target_url = ""

    def subscribe(self, app_id: int, wish: Mapping[str, Any]) -> Subscription:
        """Add a subscription given as `{"eventType", "propertyName"?, "objectTypeId"?, "active"?}`.

        Raises:
            Refused: an event type that does not exist, or one that lacks its property or object type.
        """
        event_type, property_name = str(wish.get("eventType", "")), str(wish.get("propertyName") or "")
        object_type_id = str(wish.get("objectTypeId") or "")
        subject, _, kind = event_type.partition(".")
        if kind not in KINDS or (subject != "object" and not _type_id(subject)):
            raise Refused(f"eventType {event_type!r} is not valid")
        if kind == "propertyChange" and not property_name:
            raise Refused("propertyName is required for propertyChange subscriptions")
        if subject == "object" and not object_type_id:
            raise Refused("objectTypeId is required for object subscriptions")
        now = self.now()
        active = bool(wish.get("active", False))
        made = Subscription(self._next, event_type, property_name, object_type_id, active, now, now)
        self.hooks[app_id].subscriptions[made.id] = made
        self._next += 1
        return made

    def activate(self, app_id: int, subscription_id: int, *, active: bool) -> Subscription:
        """Switch a subscription on or off.

        Raises:
            KeyError: no such subscription.
        """
        found = self.hooks[app_id].subscriptions[subscription_id]
        found.active, found.updated_at = active, self.now()
        return found

    def restore(self, hooks: Mapping[int, Hooks]) -> None:
        """Put back what `save` returned."""
        self.hooks = {app_id: _copy(kept) for app_id, kept in hooks.items()}

    def save(self) -> dict[int, Hooks]:
        """A copy of settings and subscriptions."""
        return {app_id: _copy(hooks) for app_id, hooks in self.hooks.items()}

    def notifications(self, event: Event) -> list[tuple[App, JSON]]:
        """The notifications that an event leads to, by app. Called from the delivery thread: it looks at copies."""
        return [
            (hooks.app, self._notification(event, subscription, hooks.app))
            for hooks in tuple(self.hooks.values())
            if hooks.target_url
            for subscription in tuple(hooks.subscriptions.values())
            if subscription.wants(event)
        ]

    def _notification(self, event: Event, subscription: Subscription, app: App) -> JSON:
        document: JSON = {
            "eventId": event.sequence,
            "subscriptionId": subscription.id,
            "portalId": self._hub_id,
            "appId": app.id,
            "occurredAt": event.occurred_at_ms,
            "subscriptionType": subscription.event_type,
            "attemptNumber": 0,
            "changeSource": event.source,
            "sourceId": event.source_id,
        }
        if event.kind == "associationChange":
            return document | _association(event)
        document["objectId"] = int(event.object_id)
        if subscription.object_type_id:
            document["objectTypeId"] = event.object_type_id
        if event.kind == "propertyChange":
            document |= {"propertyName": event.property, "propertyValue": event.value}
        elif event.kind == "creation":
            document["changeFlag"] = "CREATED"
        elif event.kind == "deletion":
            document["changeFlag"] = "DELETED"
        elif event.kind == "merge":
            document |= {
                "primaryObjectId": int(event.object_id),
                "mergedObjectIds": [int(one) for one in event.merged_ids],
                "newObjectId": int(event.new_id) if event.new_id else None,
                "numberOfPropertiesMoved": 0,
            }
        return document

    def now(self) -> str:
        """The virtual time as the API writes it."""
        return self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _association(event: Event) -> JSON:
    """What an association's notification says instead of one object."""
    other_type, _, other_id = event.value.partition(":")
    kinds = (event.object_type_id, other_type)
    return {
        "associationType": "_TO_".join(_NAMES.get(kind, kind).upper() for kind in kinds),
        "fromObjectId": int(event.object_id),
        "toObjectId": int(other_id),
        "fromObjectTypeId": event.object_type_id,
        "toObjectTypeId": other_type,
        "associationRemoved": event.property == "removed",
        "isPrimaryAssociation": False,
    }


def _copy(hooks: Hooks) -> Hooks:
    return replace(hooks, subscriptions={number: replace(one) for number, one in hooks.subscriptions.items()})


def _type_id(name: str) -> str:
    """The object type id of a legacy name, or ""."""
    return next((type_id for type_id, known in LEGACY_NAMES.items() if known == name), "")
