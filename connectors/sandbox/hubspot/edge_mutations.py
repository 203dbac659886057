"""What may happen to a portal's door while a test is running: tokens, grants, scopes, limits, webhooks.

| name | arguments | what happens |
|---|---|---|
| `expire_tokens` | `user` (none: all) | access tokens are expired now; refresh tokens live |
| `revoke_grants` | `user` (none: all), `app` (id, none: both) | the app is uninstalled: consent is needed again |
| `deactivate_user` | `user` | her user-level tokens and refreshes are refused |
| `revoke_scope`, `restore_scope` | `scope`, `user` (none: all) | calls meet MISSING_SCOPES; consent fails for it |
| `rotation` | `app` (client id), `on` | refresh tokens change at each use |
| `rate_limits` | `on`, `oauth_app`, `private_app`, `search`, `token`, `daily` | other limits; `on` false: none |
| `exhaust` | `policy` (TEN_SECONDLY_ROLLING, SECONDLY, DAILY), `times` | the next calls meet that 429 |
| `webhooks` | `target`, `subscriptions` (as in the API), `app` (id; none: the user-level app) | an app listens |
| `duplicate_webhook` | `times` | the next batches arrive twice |
| `reorder_webhook` | `times` | the next notifications arrive after later ones |

`user` is an id or an e-mail; inside a fault rule it defaults to the user whose request it is.
"""

from collections.abc import Mapping
from dataclasses import replace

from connectors.sandbox.changes import Change, Changes
from connectors.sandbox.hubspot.delivery import Deliveries
from connectors.sandbox.hubspot.oauth import App, Grants
from connectors.sandbox.hubspot.oauth.apps import SCOPES
from connectors.sandbox.hubspot.oauth.people import People
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.ratelimit import RateLimiter
from connectors.sandbox.hubspot.webhooks import Webhooks
from connectors.sandbox.wire import JSON, Refused


class EdgeMutations(Changes):
    """The changes at the edge of one portal."""

    def __init__(
        self,
        portal: Portal,
        *,
        people: People,
        grants: Grants,
        limiter: RateLimiter,
        webhooks: Webhooks,
        deliveries: Deliveries,
    ) -> None:
        self._portal = portal
        self._people = people
        self._grants = grants
        self._limiter = limiter
        self._webhooks = webhooks
        self._deliveries = deliveries
        changes: Mapping[str, Change] = {
            "expire_tokens": self._expire_tokens,
            "revoke_grants": self._revoke_grants,
            "deactivate_user": self._deactivate_user,
            "revoke_scope": self._revoke_scope,
            "restore_scope": self._restore_scope,
            "rotation": self._rotation,
            "rate_limits": self._rate_limits,
            "exhaust": self._exhaust,
            "webhooks": self._listen,
            "duplicate_webhook": self._duplicate_webhook,
            "reorder_webhook": self._reorder_webhook,
        }
        super().__init__(changes)

    def _person(self, key: str) -> str:
        person = self._people.person(key)
        if person is None:
            raise Refused(f"no user {key!r} in {self._portal.alias}")
        return person.id

    def _expire_tokens(self, user: str, _given: JSON) -> JSON:
        return {"ended": self._grants.expire_tokens(user)}

    def _revoke_grants(self, user: str, given: JSON) -> JSON:
        return {"ended": self._grants.end_grants(user, self._app(given) if "app" in given else None)}

    def _deactivate_user(self, user: str, _given: JSON) -> None:
        found = self._portal.user(user)
        if found is None:
            raise KeyError("user")
        self._portal.set_user(replace(found, active=False))

    def _revoke_scope(self, user: str, given: JSON) -> None:
        scope = given["scope"]
        if scope not in SCOPES:
            raise Refused(f"no scope {scope!r}")
        self._people.denied[user] = self._people.denied.get(user, frozenset()) | {scope}

    def _restore_scope(self, user: str, given: JSON) -> None:
        self._people.denied[user] = self._people.denied.get(user, frozenset()) - {given["scope"]}

    def _rotation(self, _user: str, given: JSON) -> None:
        self._grants.apps[given["app"]].rotate = bool(given["on"])

    def _rate_limits(self, _user: str, given: JSON) -> None:
        self._limiter.limits = self._limiter.limits.changed(given)
        self._limiter.clear()

    def _exhaust(self, _user: str, given: JSON) -> None:
        self._limiter.exhaust(str(given["policy"]), int(given.get("times", 1)))

    def _listen(self, _user: str, given: JSON) -> JSON:
        app = self._app(given)
        self._webhooks.set_target(app.id, str(given["target"]))
        wishes = given.get("subscriptions") or []
        made = [self._webhooks.subscribe(app.id, {"active": True, **wish}).id for wish in wishes]
        self._deliveries.start()
        return {"subscriptions": made}

    def _duplicate_webhook(self, _user: str, given: JSON) -> None:
        self._deliveries.duplicate(int(given.get("times", 1)))

    def _reorder_webhook(self, _user: str, given: JSON) -> None:
        self._deliveries.reorder(int(given.get("times", 1)))

    def _app(self, given: JSON) -> App:
        """The app that is meant, by app id or client id; the user-level app by default."""
        wanted = str(given.get("app") or "")
        for app in self._grants.apps.values():
            if wanted in {str(app.id), app.client_id} or (not wanted and app.user_level):
                return app
        raise KeyError("app")
