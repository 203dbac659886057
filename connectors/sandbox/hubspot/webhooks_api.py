"""`/webhooks/{version}/{appId}/…`: an app's developer sets the target and the subscriptions, with the developer key."""

import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from connectors.sandbox.hubspot.body import json_object
from connectors.sandbox.hubspot.delivery import Deliveries
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.oauth import AccessToken
from connectors.sandbox.hubspot.webhooks import Hooks, Subscription, Webhooks
from connectors.sandbox.wire import Refused, Request, Response

_PATH: Final = re.compile(
    r"/webhooks/(?:v3|2026-03|2026-09)/(\d{1,18})/(settings|subscriptions)(?:/(\d{1,18}|batch/update))?"
)
_MISSING: Final = HubError.not_found()


class WebhooksApi:
    """Answers for one portal's apps."""

    def __init__(self, webhooks: Webhooks, deliveries: Deliveries) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries

    @staticmethod
    def owns(path: str) -> bool:
        """Whether the path is ours."""
        return path.startswith("/webhooks/")

    def respond(self, request: Request, token: AccessToken | None) -> Response:
        """Answer one request. `token` is the caller's, for apps that come with client credentials instead of a key.

        Raises:
            HubError: unknown app or subscription, wrong key, or a body that makes no sense.
        """
        match = _PATH.fullmatch(request.path.rstrip("/"))
        hooks = self._webhooks.hooks.get(int(match[1])) if match else None
        if match is None or hooks is None:
            raise _MISSING
        key = request.query.get("hapikey", "")
        own_token = token is not None and token.grant is None and token.app is hooks.app
        if not own_token and not hmac.compare_digest(key.encode(), hooks.app.developer_key.encode()):
            raise HubError(401, "INVALID_AUTHENTICATION", "The developer API key provided is invalid.")
        if match[2] == "settings":
            return self._settings(request, hooks)
        if match[3] is None:
            return self._subscriptions(request, hooks)
        if match[3] == "batch/update":
            return self._batch(request, hooks)
        return self._subscription(request, hooks, int(match[3]))

    def _settings(self, request: Request, hooks: Hooks) -> Response:
        def put() -> Response:
            wish = json_object(request.body)
            throttling = wish.get("throttling")
            concurrent = throttling.get("maxConcurrentRequests", 10) if isinstance(throttling, dict) else 10
            try:
                self._webhooks.set_target(hooks.app.id, str(wish.get("targetUrl", "")), int(concurrent))
            except (Refused, TypeError, ValueError, OverflowError) as error:
                raise HubError(400, "VALIDATION_ERROR", f"Invalid settings: {error}") from None
            self._deliveries.start()
            return Response.json(hooks.view())

        def get() -> Response:
            if not hooks.target_url:
                raise _MISSING
            return Response.json(hooks.view())

        def delete() -> Response:
            self._webhooks.clear_target(hooks.app.id)
            return Response(204)

        return _by_method(request, {"GET": get, "PUT": put, "DELETE": delete})

    def _subscriptions(self, request: Request, hooks: Hooks) -> Response:
        def post() -> Response:
            try:
                made = self._webhooks.subscribe(hooks.app.id, json_object(request.body))
            except Refused as error:
                raise HubError(400, "VALIDATION_ERROR", f"Invalid input: {error}") from None
            return Response.json(made.view(), 201)

        def get() -> Response:
            return Response.json({"results": [one.view() for one in hooks.subscriptions.values()]})

        return _by_method(request, {"GET": get, "POST": post})

    def _subscription(self, request: Request, hooks: Hooks, subscription_id: int) -> Response:
        if subscription_id not in hooks.subscriptions:
            raise _MISSING

        def delete() -> Response:
            del hooks.subscriptions[subscription_id]
            return Response(204)

        def patch() -> Response:
            return Response.json(self._activate(hooks, {**json_object(request.body), "id": subscription_id}).view())

        def get() -> Response:
            return Response.json(hooks.subscriptions[subscription_id].view())

        return _by_method(request, {"GET": get, "PATCH": patch, "DELETE": delete})

    def _batch(self, request: Request, hooks: Hooks) -> Response:
        def post() -> Response:
            inputs = json_object(request.body).get("inputs")
            if not isinstance(inputs, list) or not all(isinstance(one, dict) for one in inputs):
                raise HubError(400, "VALIDATION_ERROR", "Invalid input: inputs is required")
            done = [self._activate(hooks, one).view() for one in inputs]
            now = self._webhooks.now()
            return Response.json({"status": "COMPLETE", "results": done, "startedAt": now, "completedAt": now})

        return _by_method(request, {"POST": post})

    def _activate(self, hooks: Hooks, wish: Mapping[str, Any]) -> Subscription:
        active = wish.get("active")
        if not isinstance(active, bool):
            raise HubError(400, "VALIDATION_ERROR", "Invalid input: active must be true or false")
        try:
            return self._webhooks.activate(hooks.app.id, int(wish.get("id", 0)), active=active)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise _MISSING from None


def _by_method(request: Request, handlers: Mapping[str, Callable[[], Response]]) -> Response:
    handler = handlers.get(request.method)
    if handler is None:
        raise HubError(405, "METHOD_NOT_ALLOWED", "Method not allowed")
    return handler()
