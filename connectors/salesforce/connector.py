"""Salesforce behind the connector interface: one org, and each user's live session in it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import requests

from connectors.errors import Fatal, Unauthorized
from connectors.interfaces import (
    Bundle,
    Change,
    Checkpoint,
    Limiter,
    PreImage,
    Record,
    RecordRef,
    Target,
    Token,
    TokenStore,
    User,
    Write,
    Written,
)
from connectors.limiter import LocalLimiter
from connectors.oauth import Grants
from connectors.salesforce import auth, changes, reading, records, targets
from connectors.salesforce.answers import error_for
from connectors.salesforce.budget import DAILY_RESERVE, Budget
from connectors.salesforce.client import Client
from connectors.salesforce.describe import ShapeCache
from connectors.salesforce.schema import Schema
from connectors.salesforce.soql import object_name, record_id
from connectors.salesforce.writing import Writer
from connectors.transport import HttpSession, raise_unanswered, trusted_origin

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
        limiter: counts calls; one for all processes that use the org. Left out: one for this connector.
        daily_reserve: the share of the org's daily API calls at which a sync stops.
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
        limiter: Limiter | None = None,
        daily_reserve: float = DAILY_RESERVE,
    ) -> None:
        self._login_url = trusted_origin(login_url)
        self._app = auth.oauth_app(login_url, client_id, client_secret, ca_file)
        self._grants = Grants(self._app, tokens, auth.to_token)
        self._http = HttpSession(ca_file)
        self._budget = Budget(limiter or LocalLimiter(), daily_reserve=daily_reserve)
        self._cache = ShapeCache()
        self._version = api_version or DEFAULT_VERSION

    def authorize_url(self, state: str, verifier: str, redirect_uri: str) -> str:
        """`Connector.authorize_url`: see there."""
        return self._app.authorize_url(state, verifier, redirect_uri)

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> tuple[User, Token]:
        """`Connector.exchange`: see there.

        The user's `attributes` hold "profile", "role" and "username", as far as she may see them herself.

        Raises:
            Fatal: besides OAuth misconfiguration, the org does not offer the configured API version.
        """
        token = auth.to_token(self._app.exchange(code, verifier, redirect_uri), None)
        self._check_version(token)
        return auth.identify(self._login_url, token, self._http, self._version), token

    def session(self, grant_id: str, *, urgent: bool = True) -> "SalesforceSession":
        """`Connector.session`: see there."""
        token = self._grants.current(grant_id)
        crm, _, rest = grant_id.partition(":")
        tenant, _, user_id = rest.partition(":")
        if crm != self.crm or not tenant or not user_id:
            raise Unauthorized("this is no Salesforce grant", code="bad_grant")
        user = User(tenant, user_id, username="", name="", email="")
        client = Client(grant_id, token, self._grants, self._http, self._version, budget=self._budget, urgent=urgent)
        return SalesforceSession(user, client, self._cache)

    def revoke(self, grant_id: str) -> None:
        """`Connector.revoke`: see there. What was cached of this user's rights is dropped too."""
        self._cache.forget(grant_id)
        self._grants.revoke(grant_id)

    def _check_version(self, token: Token) -> None:
        try:
            response = self._http.get(f"{token.instance_url}/services/data")
            offered = response.json() if response.status_code == requests.codes.ok else None
        except requests.RequestException as failed:
            raise_unanswered(failed, write=False)
        if not isinstance(offered, list):
            raise error_for(response.status_code, None)
        if self._version not in {str(entry.get("version")) for entry in offered if isinstance(entry, dict)}:
            raise Fatal("this org does not offer the configured Salesforce API version", code="UNSUPPORTED_API_VERSION")


class SalesforceSession:
    """One user's live access; satisfies `connectors.interfaces.Session`, which says what each method does."""

    def __init__(self, user: User, client: Client, cache: ShapeCache) -> None:
        self.user = user
        self._client = client
        self._schema = Schema(client, cache)
        self._writer = Writer(client, self._schema, user)

    @property
    def round_trips(self) -> int:
        """Requests to Salesforce so far, describes included."""
        return self._client.round_trips

    @property
    def describe_trips(self) -> int:
        """Requests spent on describes."""
        return self._schema.trips

    def read(self, ref: RecordRef, fields: reading.Fields) -> Bundle:
        """See `Session.read`."""
        return reading.read(self._client, self._schema, ref, fields)

    def reread(self, refs: Sequence[RecordRef], fields: reading.Fields) -> dict[RecordRef, Record]:
        """See `Session.reread`."""
        return reading.reread(self._client, self._schema, refs, fields)

    def recent(self, object_: str, fields: Sequence[str], limit: int) -> list[Record]:
        """See `Session.recent`."""
        return reading.recent(self._client, self._schema, object_, fields, limit)

    def changes(self, checkpoint: Checkpoint, fields: Sequence[str]) -> Iterator[Change]:
        """See `Session.changes`."""
        return changes.changes(self._client, self._schema, checkpoint, fields)

    def targets(self, ref: RecordRef) -> tuple[Target, ...]:
        """See `Session.targets`."""
        return targets.available(ref, self._schema.shapes({object_name(ref.object): ()}))

    def preimage(self, write: Write) -> PreImage:
        """See `Session.preimage`."""
        return self._writer.preimage(write)

    def write(self, write: Write, preimage: PreImage) -> Written:
        """See `Session.write`."""
        return self._linked(write, self._writer.write(write, preimage))

    def find(self, write: Write, preimage: PreImage, since: datetime) -> Written | None:
        """See `Session.find`."""
        found = self._writer.find(write, preimage, since)
        return self._linked(write, found) if found else None

    def undo(self, write: Write, preimage: PreImage, written: Written) -> None:
        """See `Session.undo`."""
        self._writer.undo(write, preimage, written)

    def link(self, ref: RecordRef) -> str:
        """See `Session.link`. A Lightning address; the instance host redirects to the org's Lightning host."""
        return f"{self._client.token.instance_url}/lightning/r/{object_name(ref.object)}/{record_id(ref.id)}/view"

    def _linked(self, write: Write, written: Written) -> Written:
        return replace(written, url=self.link(RecordRef(records.CRM, targets.written_object(write), written.ids[0])))
