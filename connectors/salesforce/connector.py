"""Salesforce behind the connector interface: one org, and each user's live session in it."""

from collections.abc import Mapping
from typing import Any

from connectors.diagnosis import refused
from connectors.errors import ConnectorError, Unauthorized
from connectors.interfaces import Finding, Limiter, Token, TokenStore, User
from connectors.limiter import LocalLimiter
from connectors.oauth import Grants
from connectors.salesforce import auth, records
from connectors.salesforce.addresses import api_origin, checked_version, offered_versions, require_version
from connectors.salesforce.budget import DAILY_RESERVE, Budget
from connectors.salesforce.catalogue import catalogue
from connectors.salesforce.client import Client
from connectors.salesforce.describe import ShapeCache
from connectors.salesforce.diagnose import Outside, inside
from connectors.salesforce.schema import Schema
from connectors.salesforce.session import SalesforceSession
from connectors.transport import HttpSession, trusted_origin

DEFAULT_VERSION = "66.0"
"""API version Spring '26: every org runs the same release, and versions live for years (contract, 1.1)."""


class SalesforceConnector:
    """One Salesforce org.

    Args:
        login_url: the org's My Domain ("https://acme.my.salesforce.com"), or login/test.salesforce.com.
        client_id: consumer key of the External Client App.
        client_secret: its secret; empty for a public client.
        tokens: where users' grants are kept.
        ca_file: PEM file of a certificate authority to trust instead of the system's.
        api_version: "NN.0", at least 49.0 (composite requests without collation).
        objects: custom objects of the org, see `connectors.salesforce.catalogue.catalogue`.
        limiter: counts calls; one for all processes that use the org. Left out: one for this connector.
        daily_reserve: the share of the org's daily API calls at which a sync stops.

    Raises:
        Fatal: the address, the version or the objects cannot be used.
    """

    crm = records.CRM

    def __init__(
        self,
        login_url: str,
        client_id: str,
        client_secret: str,
        tokens: TokenStore,
        *,
        ca_file: str | None = None,
        api_version: str | None = None,
        objects: Mapping[str, Mapping[str, Any]] | None = None,
        limiter: Limiter | None = None,
        daily_reserve: float = DAILY_RESERVE,
    ) -> None:
        self._login_url = api_origin(login_url)
        self._corrected = self._login_url != trusted_origin(login_url)
        self._app = auth.oauth_app(self._login_url, client_id, client_secret, ca_file)
        self._grants = Grants(self._app, tokens, auth.to_token)
        self._http = HttpSession(ca_file)
        self._daily_reserve = daily_reserve
        self._budget = Budget(limiter or LocalLimiter(), daily_reserve=daily_reserve)
        self._cache = ShapeCache()
        self._catalogue = catalogue(objects or {})
        self._version = checked_version(api_version or DEFAULT_VERSION)

    def authorize_url(self, state: str, verifier: str, redirect_uri: str) -> str:
        """`Connector.authorize_url`: see there."""
        return self._app.authorize_url(state, verifier, redirect_uri)

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> tuple[User, Token]:
        """`Connector.exchange`: see there.

        The user's `attributes` hold "profile", "role", "username" and "zone" (her time zone, as in "Europe/Berlin"), as
        far as she may see them herself.

        Raises:
            Fatal: besides OAuth misconfiguration, the org does not offer the configured API version.
        """
        token = auth.to_token(self._app.exchange(code, verifier, redirect_uri), None)
        require_version(self._version, offered_versions(token.instance_url, self._http))
        return auth.identify(self._login_url, token, self._http, self._version), token

    def session(self, grant_id: str, *, urgent: bool = True) -> SalesforceSession:
        """`Connector.session`: see there."""
        user, client, schema = self._access(grant_id, urgent=urgent)
        return SalesforceSession(user, client, schema)

    def revoke(self, grant_id: str) -> None:
        """`Connector.revoke`: see there. What was cached of this user's rights is dropped too."""
        self._cache.forget(grant_id)
        self._grants.revoke(grant_id)

    def diagnose(self, grant_id: str = "") -> list[Finding]:
        """`Connector.diagnose`: see there."""
        found = Outside(self._login_url, self._corrected, self._version, self._http, self._app.refresh).check()
        if not grant_id:
            return found
        try:
            _, client, schema = self._access(grant_id, urgent=True)
        except ConnectorError as error:
            return [*found, refused("access", error)]
        return [*found, *inside(client, schema, self._daily_reserve)]

    def _access(self, grant_id: str, *, urgent: bool) -> tuple[User, Client, Schema]:
        token = self._grants.current(grant_id)
        crm, _, rest = grant_id.partition(":")
        tenant, _, user_id = rest.partition(":")
        if crm != self.crm or not tenant or not user_id:
            raise Unauthorized("this is no Salesforce grant", code="bad_grant")
        user = User(tenant, user_id, username="", name="", email="")
        client = Client(grant_id, token, self._grants, self._http, self._version, budget=self._budget, urgent=urgent)
        return user, client, Schema(client, self._cache, self._catalogue)
