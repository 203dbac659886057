"""HubSpot behind the connector interface: one app, and each user's live session in her portal."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from connectors.diagnosis import refused
from connectors.errors import ConnectorError, Unauthorized
from connectors.hubspot import auth, changes, records, targets
from connectors.hubspot.access import AccessRule, Rules
from connectors.hubspot.audience import SHARED, Audiences
from connectors.hubspot.belonging import Fields
from connectors.hubspot.client import CALLS, OTHER_APP, SIDE_BY_SIDE, Api, Client
from connectors.hubspot.diagnose import Outside, inside
from connectors.hubspot.guard import Guard
from connectors.hubspot.reading import Reader
from connectors.hubspot.routes import DEFAULT_VERSION, TYPE_IDS, object_name, record_id, routes
from connectors.hubspot.schema import FactCache, Schema
from connectors.hubspot.writing import Writer
from connectors.interfaces import (
    Bundle,
    Change,
    Checkpoint,
    Finding,
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
from connectors.oauth import RECONNECT, Grants
from connectors.transport import HttpSession, trusted_origin


class HubSpotConnector:
    """One app in HubSpot, user-level or account-level, for the users of one portal or of several.

    Args:
        api_url: "https://api.hubapi.com".
        app_url: "https://app.hubspot.com", where people log in and open records.
        client_id: of the app.
        client_secret: its secret.
        tokens: where users' grants are kept.
        ca_file: PEM file of a certificate authority to trust instead of the system's.
        api_version: "2026-03" and its kin, or "v3".
        access: for an account-level app, who sees what by object (`AccessRule`, or its plain form). An object that is
            not named is seen by its owner and the owner's teams; a user-level token needs no rule and gets none.
        shared: what everybody who reads a record reads on it, by the record's object; by default the mails, notes and
            calls of a ticket. A portal that lets some of those users view only their own mails, or those of their
            teams, must leave mails out: nothing tells the connector, and what it believes to be shared is written where
            everyone who reads the record can read it.
        portal: the id of the one account whose users may log in; by default users of any that lets the app in.
        limiter: the budget of calls, shared by all processes that use the app; by default one for this process.
        calls: what HubSpot lets the app do in ten seconds.
        clock: epoch seconds.
    """

    crm = records.CRM

    def __init__(
        self,
        api_url: str,
        app_url: str,
        client_id: str,
        client_secret: str,
        tokens: TokenStore,
        *,
        ca_file: str | None = None,
        api_version: str | None = None,
        access: Mapping[str, AccessRule | Mapping[str, Any]] | None = None,
        shared: Mapping[str, Sequence[str]] = SHARED,
        portal: str = "",
        limiter: Limiter | None = None,
        calls: int = CALLS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        api_url = self._api_url = trusted_origin(api_url)
        self._app_url = trusted_origin(app_url)
        self._app = auth.oauth_app(api_url, app_url, client_id, client_secret, ca_file)
        self._to_token = partial(auth.to_token, api_url, clock)
        self._grants = Grants(self._app, tokens, self._to_token)
        self._rules = Rules(access or {})
        self._audiences = Audiences(shared)
        self._portal = portal
        self._cache = FactCache()
        self._http = HttpSession(ca_file, pool=2 * SIDE_BY_SIDE)
        version = routes(api_version or DEFAULT_VERSION)
        self._api = Api(
            api_url, version, self._http, limiter or LocalLimiter(), app=client_id, calls=calls, clock=clock
        )

    def authorize_url(self, state: str, verifier: str, redirect_uri: str) -> str:
        """`Connector.authorize_url`: see there."""
        return self._app.authorize_url(state, verifier, redirect_uri)

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> tuple[User, Token]:
        """`Connector.exchange`: see there.

        The user's `attributes` hold "access" ("user-level" or "account-level"), "owner" (id), "teams" (names joined by
        ";") and "profile" (role), as far as the token may see them.

        Raises:
            Unauthorized: besides a refused code, the user is of another portal than the configured one.
            Forbidden: the app lacks the scope for tickets.
            Fatal: besides OAuth misconfiguration, HubSpot does not offer the configured API version.
        """
        token = self._to_token(self._app.exchange(code, verifier, redirect_uri), None)
        hub, user_id, token, said = auth.introspected(self._app, replace(token, app=self._app.client_id))
        self._of_this_portal(hub)
        client = self._client(f"{self.crm}:{hub}:{user_id}", token, urgent=True)
        return auth.identify(client, hub, user_id, token.access, str(said.get("user") or "")), token

    def session(self, grant_id: str, *, urgent: bool = True) -> "HubSpotSession":
        """`Connector.session`: see there."""
        user, client, schema = self._access(grant_id, urgent=urgent)
        rules = None if client.token.access == auth.USER else self._rules
        guard = Guard(client, schema, rules)
        return HubSpotSession(user, client, schema, guard, audiences=self._audiences, app_url=self._app_url)

    def diagnose(self, grant_id: str = "") -> list[Finding]:
        """`Connector.diagnose`: see there."""
        found = Outside(self._api_url, self._api.routes, self._http, self._app.refresh).check()
        if not grant_id:
            return found
        try:
            _, client, schema = self._access(grant_id, urgent=True)
        except ConnectorError as error:
            return [*found, refused("access", error)]
        return [*found, *inside(client, schema)]

    def _access(self, grant_id: str, *, urgent: bool) -> tuple[User, Client, Schema]:
        token = self._grants.current(grant_id)
        crm, _, rest = grant_id.partition(":")
        tenant, _, user_id = rest.partition(":")
        if crm != self.crm or not tenant or not user_id:
            raise Unauthorized("this is no HubSpot grant", code="bad_grant")
        self._of_this_portal(tenant)
        if token.app not in {"", self._app.client_id}:  # another app of the portal has other rights and other rules
            raise Unauthorized(RECONNECT, code=OTHER_APP)
        user = User(tenant, user_id, username="", name="", email="")
        client = self._client(grant_id, token, urgent=urgent)
        return user, client, Schema(client, self._cache, user, self._app.introspect)

    def _of_this_portal(self, hub: str) -> None:
        if self._portal not in {"", hub}:
            raise Unauthorized("this login belongs to another HubSpot account", code="other_portal")

    def revoke(self, grant_id: str) -> None:
        """`Connector.revoke`: see there. What was cached for this user is dropped too."""
        self._cache.forget(grant_id)
        self._grants.revoke(grant_id)

    def _client(self, grant_id: str, token: Token, *, urgent: bool) -> Client:
        return Client(grant_id, token, self._grants, self._api, self._active, urgent=urgent)

    def _active(self, refresh_token: str) -> bool:
        return bool(self._app.introspect(refresh_token)["active"])


class HubSpotSession:
    """One user's live access; satisfies `connectors.interfaces.Session`, which says what each method does."""

    def __init__(
        self, user: User, client: Client, schema: Schema, guard: Guard, *, audiences: Audiences, app_url: str
    ) -> None:
        self.user = user
        self._client = client
        self._schema = schema
        self._guard = guard
        self._app_url = app_url
        self._reader = Reader(client, schema, guard, audiences)
        self._writer = Writer(client, schema, guard, self._reader)

    @property
    def round_trips(self) -> int:
        """Sequential requests to HubSpot so far; those that went out side by side count as one."""
        return self._client.round_trips

    @property
    def describe_trips(self) -> int:
        """Those of them that asked about the portal: properties, pipelines, owners, teams."""
        return self._schema.trips

    def read(self, ref: RecordRef, fields: Fields) -> Bundle:
        """See `Session.read`."""
        return self._reader.read(ref, fields)

    def reread(self, refs: Sequence[RecordRef], fields: Fields) -> dict[RecordRef, Record]:
        """See `Session.reread`."""
        return self._reader.reread(refs, fields)

    def recent(self, object_: str, fields: Sequence[str], limit: int) -> list[Record]:
        """See `Session.recent`."""
        return self._reader.recent(object_, fields, limit)

    def changes(self, checkpoint: Checkpoint, fields: Sequence[str]) -> Iterator[Change]:
        """See `Session.changes`."""
        return changes.changes(self._client, self._schema, self._guard, checkpoint, fields)

    def targets(self, ref: RecordRef) -> tuple[Target, ...]:
        """See `Session.targets`."""
        return targets.available(ref, self._client.token.scope)

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

    def open_fields(self, objects: Sequence[str]) -> None:
        """See `Session.open_fields`. HubSpot has no API that tells who may view which property."""

    def link(self, ref: RecordRef) -> str:
        """See `Session.link`. A custom object's name is its type id already."""
        object_ = object_name(ref.object)
        type_id = TYPE_IDS.get(object_, object_)
        return f"{self._app_url}/contacts/{self.user.tenant}/record/{type_id}/{record_id(ref.id)}"

    def _linked(self, write: Write, written: Written) -> Written:
        """A note or task has no page of its own: the record that it hangs on has."""
        return replace(written, url=self.link(write.record))
