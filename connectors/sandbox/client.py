"""The sandbox from the outside: its control plane as Python, its orgs, and how to log in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from connectors.sandbox.login import consent, log_in
from connectors.sandbox.wire import JSON, Refused

__all__ = ["SandboxClient", "SandboxControl", "SandboxOrg", "SandboxUser", "consent", "log_in"]

_TIMEOUT = 30


@dataclass(frozen=True, slots=True)
class SandboxClient:
    """A registered OAuth client. HubSpot's apps also have an `app_id` and a `developer_key`; elsewhere both are ""."""

    name: str
    id: str
    secret: str = field(repr=False)
    redirect_paths: tuple[str, ...]
    app_id: str = ""
    developer_key: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class SandboxUser:
    """A user of an org; `note` says in a sentence what she can see. A HubSpot user's `username` is her e-mail."""

    id: str
    username: str
    name: str
    profile: str
    role: str
    note: str


@dataclass(frozen=True, slots=True)
class SandboxOrg:
    """One org or portal: `http` and `https` are the base URLs of the same site.

    Salesforce orgs have a confidential `web_client` and a `public_client`. HubSpot portals have the user-level app as
    `web_client`, the account-level app as `account_client`, and a `service_key` that is a token by itself.
    """

    alias: str
    id: str
    http: str
    https: str
    web_client: SandboxClient
    public_client: SandboxClient | None
    users: tuple[SandboxUser, ...]
    vendor: str = "salesforce"
    account_client: SandboxClient | None = None
    service_key: str = field(repr=False, default="")

    def user(self, key: str) -> SandboxUser:
        """A user by username, id or the part of the username before the @.

        Raises:
            Refused: no such user.
        """
        for user in self.users:
            if key in {user.username, user.id, user.username.partition("@")[0]}:
                return user
        raise Refused(f"no user {key!r} in {self.alias}")

    @classmethod
    def of(cls, document: JSON) -> "SandboxOrg":
        """Read one entry of the ready document's `orgs`."""
        clients = {
            str(item.get("kind", "web" if item["secret"] else "public")): SandboxClient(
                item["name"],
                item["id"],
                item["secret"],
                tuple(item["redirect_paths"]),
                str(item.get("app_id", "")),
                str(item.get("developer_key", "")),
            )
            for item in document["clients"]
        }
        users = tuple(
            SandboxUser(item["id"], item["username"], item["name"], item["profile"], item["role"], item["note"])
            for item in document["users"]
        )
        urls = document["urls"]
        return cls(
            document["alias"],
            document["id"],
            urls["http"],
            urls["https"],
            clients["web"],
            clients.get("public"),
            users,
            document.get("vendor", "salesforce"),
            clients.get("account"),
            document.get("service_key", ""),
        )


class SandboxControl:
    """The control plane of a running sandbox.

    Every method raises `Refused` when the sandbox says that the wish makes no sense.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = False

    def about(self) -> JSON:
        """The ready document: addresses, CA file, clients, users."""
        return self._call("GET", "/")

    def orgs(self) -> dict[str, SandboxOrg]:
        """The orgs by alias."""
        return {item["alias"]: SandboxOrg.of(item) for item in self.about()["orgs"]}

    def reset(self) -> None:
        """Records, rights, clock, faults and log back to the start; who is logged in stays so."""
        self._call("POST", "/reset")

    def snapshot(self, name: str) -> None:
        """Keep records and rights under a name."""
        self._call("PUT", f"/snapshots/{name}")

    def restore(self, name: str) -> None:
        """Put back what `snapshot` kept."""
        self._call("POST", f"/snapshots/{name}/restore")

    def now(self) -> datetime:
        """The virtual time."""
        return datetime.fromisoformat(self._call("GET", "/clock")["now"])

    def advance(self, seconds: float) -> datetime:
        """Let time pass."""
        return datetime.fromisoformat(self._call("POST", "/clock", {"advance": seconds})["now"])

    def set_clock(self, moment: datetime) -> datetime:
        """Jump to a time (aware)."""
        return datetime.fromisoformat(self._call("POST", "/clock", {"set": moment.isoformat()})["now"])

    def last(self) -> int:
        """Number of the newest request, to be given to `requests` later."""
        return int(self._call("GET", "/health")["last"])

    def requests(self, since: int = 0, org: str = "") -> list[JSON]:
        """Requests after number `since`, oldest first; keys as in `requestlog.Entry`."""
        found: list[JSON] = self._call("GET", "/requests", query={"since": str(since), "org": org})["requests"]
        return found

    def clear_requests(self) -> None:
        """Empty the request log."""
        self._call("DELETE", "/requests")

    def leaks(self, since: int = 0, org: str = "") -> dict[str, int]:
        """What users were given after number `since` and may not see, counted by user id; must be empty."""
        found: dict[str, int] = self._invariants(since, org)["leaks"]
        return found

    def calls(self, since: int = 0, org: str = "") -> dict[str, dict[str, int]]:
        """Requests after number `since`: user id -> "METHOD path" with `{}` for ids -> count."""
        found: dict[str, dict[str, int]] = self._invariants(since, org)["calls"]
        return found

    def fault(
        self,
        action: str,
        *,
        path: str = "",
        method: str = "",
        user: str = "",
        body: str = "",
        org: str = "",
        nth: int = 1,
        times: int = 1,
        **arguments: Any,  # noqa: ANN401 - what an action takes is the action's business
    ) -> int:
        """Add a fault rule and return its id; see `faults` for the actions and what they take."""
        match = {"path": path, "method": method, "user": user, "body": body, "org": org, "nth": nth, "times": times}
        return self.add_fault({name: value for name, value in match.items() if value != ""}, action, arguments)

    def add_fault(self, match: Mapping[str, Any], action: str, arguments: Mapping[str, Any]) -> int:
        """The same with everything in mappings, for an action that takes `times`, `path` or the like."""
        action_ = {**arguments, "name": action}
        return int(self._call("POST", "/faults", {"match": dict(match), "action": action_})["id"])

    def remove_fault(self, rule: int) -> None:
        """Remove one rule."""
        self._call("DELETE", f"/faults/{rule}")

    def faults(self) -> list[JSON]:
        """All rules with `seen` and `fired`."""
        found: list[JSON] = self._call("GET", "/faults")["faults"]
        return found

    def actions(self) -> list[str]:
        """The names of all actions that a fault rule may have, mutations of all orgs and portals included."""
        found: list[str] = self._call("GET", "/faults")["actions"]
        return found

    def clear_faults(self) -> None:
        """Remove all rules."""
        self._call("DELETE", "/faults")

    def records(self, org: str, object_: str, **filters: str) -> list[JSON]:
        """Records as the system sees them, whose fields equal `filters`."""
        found: list[JSON] = self._call("GET", f"/orgs/{org}/records/{object_}", query=filters)["records"]
        return found

    def record(self, org: str, object_: str, record_id: str) -> JSON | None:
        """One record as the system sees it."""
        found = self.records(org, object_, Id=record_id)
        return found[0] if found else None

    def counts(self, org: str, object_: str, by: str, **filters: str) -> dict[str, int]:
        """Number of records for each value of the field `by`, for instance comments by `ParentId`."""
        found: dict[str, int] = self._call("GET", f"/orgs/{org}/counts/{object_}/{by}", query=filters)["counts"]
        return found

    def relay(
        self,
        org: str,
        url: str,
        *,
        user: str,
        method: str = "GET",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        app: str = "",
    ) -> JSON:
        """Call an app's backend as `hubspot.fetch` does for a card; what the card sees: `status` and `body`.

        Args:
            org: alias of a HubSpot portal.
            url: of the backend, on this machine.
            user: id or e-mail of the user who looks at the card.
            method: HTTP method.
            body: anything JSON can say; None for no body.
            headers: `Authorization` only.
            app: id of the app whose secret signs; "" is the user-level app.
        """
        wish = {"url": url, "method": method, "user": user, "body": body, "headers": dict(headers or {}), "app": app}
        return self._call("POST", f"/orgs/{org}/relay", wish)

    def mutate(self, org: str, name: str, **arguments: Any) -> JSON:  # noqa: ANN401 - see `mutations` of the vendor
        """Change data, rights or OAuth state of an org; see the vendor's `mutations`."""
        return self._call("POST", f"/orgs/{org}/mutations/{name}", arguments)

    def _invariants(self, since: int, org: str) -> JSON:
        return self._call("GET", "/invariants", query={"since": str(since), "org": org})

    def _call(
        self, method: str, path: str, document: JSON | None = None, query: Mapping[str, str] | None = None
    ) -> JSON:
        reply = self._http.request(method, self.url + path, json=document, params=query, timeout=_TIMEOUT)
        body: JSON = reply.json()
        if not reply.ok:
            raise Refused(body["error"])
        return body
