"""The apps that a portal knows, and the scopes they may ask for."""

import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from connectors.sandbox.forms import comes_back

TIERS: Final = ("free", "starter", "professional", "enterprise")
REDIRECT_PATHS: Final = ("/oauth/callback", "/OauthRedirect", "/callback")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a scope is for: `right` is what a user needs on `object_` to grant it in a user-level install.

    `right` is "view", "edit", "admin" (a super admin only) or "" (anybody). An account below `tier` lacks the scope.
    """

    meaning: str
    object_: str = ""
    right: str = ""
    tier: str = "free"


def _objects() -> dict[str, Scope]:
    """Read, write and schema scopes per object; tickets have a scope of their own that covers everything."""
    names = {"contacts": "contacts", "companies": "companies", "deals": "deals", "custom": "custom objects"}
    scopes: dict[str, Scope] = {}
    for name, label in names.items():
        tier = "enterprise" if name == "custom" else "free"
        scopes[f"crm.objects.{name}.read"] = Scope(f"Read {label}", name, "view", tier)
        scopes[f"crm.objects.{name}.write"] = Scope(f"Create, change and delete {label}", name, "edit", tier)
        scopes[f"crm.schemas.{name}.read"] = Scope(f"Read the properties of {label}", tier=tier)
        scopes[f"crm.schemas.{name}.write"] = Scope(f"Change the properties of {label}", right="admin", tier=tier)
    return scopes


SCOPES: Final[Mapping[str, Scope]] = {
    "oauth": Scope("Basic functionality of OAuth"),
    "tickets": Scope("Read, create and change tickets", "tickets", "view"),
    "tickets.highly_sensitive.v2": Scope("Highly sensitive properties of tickets", right="admin", tier="enterprise"),
    **_objects(),
    "crm.objects.owners.read": Scope("Read owners"),
    "crm.objects.users.read": Scope("Read users as records"),
    "crm.objects.feedback_submissions.read": Scope(
        "Read feedback submissions", "feedback_submissions", "view", "professional"
    ),
    "sales-email-read": Scope("Read the content of e-mails", "emails", "view"),
    "settings.users.read": Scope("Read the users of the account", right="admin"),
    "settings.users.teams.read": Scope("Read the teams of the account", right="admin"),
    "account-info.security.read": Scope("Read account information and usage", right="admin"),
    "conversations.read": Scope("Read conversations"),
    "files": Scope("Read and write files"),
    "timeline": Scope("Write events to the timeline"),
    "e-commerce": Scope("Products and line items"),
}
"""Every scope that the consent page knows; any other makes it fail."""

JOURNAL_SCOPES: Final = frozenset(
    {
        "developer.webhooks_journal.read",
        "developer.webhooks_journal.subscriptions.read",
        "developer.webhooks_journal.subscriptions.write",
        "developer.webhooks_journal.snapshots.read",
        "developer.webhooks_journal.snapshots.write",
    }
)
"""What a client-credentials token may ask for; no user grants these."""


@dataclass(slots=True)
class App:
    """A registered app. `user_level`: its tokens have the rights of the user who installed it, not of the account.

    `id` is the app id in webhooks and introspection. Any port on a loopback host is accepted with an exactly matching
    path, so that tests and the demo may listen anywhere; a real app registers whole addresses.
    """

    id: int
    name: str
    client_id: str
    secret: str = field(repr=False)
    user_level: bool
    developer_key: str = field(repr=False, default="")
    paths: tuple[str, ...] = REDIRECT_PATHS
    rotate: bool = False

    def accepts(self, redirect_uri: str) -> bool:
        """Whether a redirect goes to a place that this app registered."""
        return comes_back(redirect_uri, self.paths)

    def knows(self, secret: str) -> bool:
        """Whether this is the app's secret; compared in constant time."""
        return hmac.compare_digest(secret.encode(), self.secret.encode())


def apps_of(hub_id: str) -> tuple[App, App]:
    """The two apps of every portal, user-level first. Ids and secrets follow from its id: they survive a restart."""
    first = 1_000_000 + 2 * (int(hub_id) % 1_000_000)
    user_level = _app(hub_id, first, "CRM Sidecar", user_level=True)
    account_level = _app(hub_id, first + 1, "CRM Sidecar (account)", user_level=False)
    return user_level, account_level


def _app(hub_id: str, app_id: int, name: str, *, user_level: bool) -> App:
    return App(
        id=app_id,
        name=name,
        client_id=derived(hub_id, f"client {app_id}"),
        secret=derived(hub_id, f"secret {app_id}"),
        user_level=user_level,
        developer_key=derived(hub_id, f"developer key {app_id}"),
    )


def derived(hub_id: str, purpose: str) -> str:
    """A UUID that depends on portal and purpose only."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"sandbox portal {hub_id} {purpose}"))
