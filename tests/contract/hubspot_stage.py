"""A stage for the connector suite on the sandbox's HubSpot portal: a real server, real OAuth, real faults.

Records are made and changed over HubSpot's own API with the portal's service key, as a colleague's tool would do it.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from connectors.hubspot.connector import HubSpotConnector
from connectors.interfaces import RecordRef
from connectors.sandbox.client import SandboxOrg, consent
from connectors.sandbox.process import SandboxProcess
from connectors.testing import Trouble
from tests.contract.planted import SKEW, Planted
from tests.fakes_connector import MemoryTokenStore

PORTAL = "meridian"
SECRETS = ("pump 7 in Rotterdam", "carla.contact@customer.example", "the seal leaks")
AGENT, COLLEAGUE, OUTSIDER, INSTALLER = "mira.lindgren", "pavel.novotny", "gloria.estevez", "robot"
RULES = {"tickets": {"view": "team"}, "contacts": {"view": "all"}, "companies": {"view": "all"}}
"""What an administrator of an account-level app would configure for this portal."""
LIMITLESS = 1_000_000
NEVER_REPEATED, REPEATED = 1, 3
"""Requests that a trouble has to befall until the connector gives up."""

_KEYED = ("notes", "tasks")
_KEY = "assistant_writeback_key"
_WRITES = r"/batch/(upsert|create|archive)$"
_TYPE_IDS = {
    ("tickets", "contacts"): 16, ("emails", "tickets"): 224, ("notes", "tickets"): 228, ("emails", "contacts"): 198,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manner:
    """How the portal is reached: through which kind of app, under which version; `plain`: without TLS."""

    account: bool = False
    plain: bool = False
    version: str = "2026-03"
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: RULES)


class HubSpotStage(Planted):
    """One ticket with two incoming mails, an outgoing one and a note, made anew for every test."""

    crm = "hubspot"

    def __init__(self, sandbox: SandboxProcess, manner: Manner = Manner()) -> None:
        self._sandbox = sandbox
        self._manner = manner
        self._control = sandbox.control
        self._control.restore("clean")
        self._control.clear_faults()
        self._control.set_clock(datetime.now().astimezone() - SKEW)
        self._org: SandboxOrg = sandbox.orgs[PORTAL]
        self._control.mutate(PORTAL, "rate_limits", on=False)
        self._times = REPEATED
        self.secrets = SECRETS
        self.tokens = MemoryTokenStore()
        self.connector = self.new_connector()
        self._users = {self.log_in(name): name for name in (AGENT, COLLEAGUE, OUTSIDER)}
        self.agent, self.colleague, self.outsider = self._users
        self.case = self._make_ticket()
        company = self.create("companies", {"name": "Harbour Pumps", "domain": "harbour-pumps.example"})
        self.article = RecordRef(self.crm, "companies", company)
        self.later()
        self._control.snapshot("staged")
        self._start = self._control.last()

    def new_connector(self, clock: Callable[[], float] = time.time) -> HubSpotConnector:
        """A connector with empty caches, as in another process."""
        client = self._org.account_client if self._manner.account else self._org.web_client
        assert client
        address = self._org.http if self._manner.plain else self._org.https
        return HubSpotConnector(
            address,
            address,
            client.id,
            client.secret,
            self.tokens,
            ca_file=str(self._sandbox.ca_file),
            api_version=self._manner.version,
            access=self._manner.rules,
            calls=LIMITLESS,
            clock=clock,
        )

    def log_in(self, user: str) -> str:
        """The web-server flow as the sidecar does it; the grant id.

        Only an administrator may install an account-level app. Its tokens do not depend on who did, so the grant is
        kept under the user for whom the configured rule is to hold.
        """
        who = self._org.user(user)
        installer = self._installer() if self._manner.account else who.username
        state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
        redirect_uri = f"http://127.0.0.1:1{self._org.web_client.redirect_paths[0]}"
        url = self.connector.authorize_url(state, verifier, redirect_uri)
        back = consent(url, installer, verify=str(self._sandbox.ca_file))
        answer = parse_qs(urlsplit(back).query)
        assert answer["state"] == [state]
        found, token = self.connector.exchange(answer["code"][0], verifier, redirect_uri)
        assert token.access == ("account" if self._manner.account else "user")
        grant_id = f"{self.crm}:{found.tenant}:{who.id}"
        self.tokens.save(grant_id, token)
        return grant_id

    def hide(self, grant_id: str, field: str) -> None:
        """See `Stage.hide`."""
        self._control.mutate(PORTAL, "hide_property", user=_user(grant_id), property=field)

    def hide_at_next_query(self, grant_id: str, field: str) -> None:
        """See `Stage.hide_at_next_query`."""
        self._control.fault("hide_property", path="/crm/objects/", user=_user(grant_id), property=field)

    def edit(self, ref: RecordRef, fields: Mapping[str, object]) -> None:
        """See `Stage.edit`. Time passes before, so that stamps differ, and after, so that the search index has it."""
        self.later()
        self.api("PATCH", f"{ref.object}/{ref.id}", {"properties": dict(fields)})
        self.later()

    def add_draft(self, grant_id: str) -> RecordRef:
        """See `Stage.add_draft`. What HubSpot's API knows of unsent mails is those that are to be sent later."""
        del grant_id
        properties = {"hs_email_status": "SCHEDULED", "hs_email_subject": "Draft", "hs_email_text": "not yet"}
        return RecordRef(self.crm, "emails", self._mail("EMAIL", self._control.now(), properties))

    def remove(self, ref: RecordRef) -> None:
        """See `Stage.remove`."""
        self.api("DELETE", f"{ref.object}/{ref.id}")
        self.later()

    def value(self, ref: RecordRef, field: str) -> object:
        """See `Stage.value`."""
        record = self._control.record(PORTAL, ref.object, ref.id)
        return record.get(field) if record else None

    def carrying(self, key: str) -> int:
        """See `Stage.carrying`. Counted all over the portal: what hangs on no ticket counts as well."""
        return sum(
            key in str(row.get(body)) and not row["archived"]
            for object_, body in (("notes", "hs_note_body"), ("tasks", "hs_task_body"))
            for row in self._control.records(PORTAL, object_)
        )

    def trouble(self, what: Trouble) -> None:
        """See `Stage.trouble`. What can be repeated is, so the trouble stays until the connector gives up."""
        if what is Trouble.LATE:
            self.connector._http.timeout = (5.0, 0.5)
        special: dict[Trouble, tuple[str, dict[str, Any]]] = {
            Trouble.ERROR_500: ("status", {"status": 500}),
            Trouble.DELAY: ("delay", {"seconds": 0.2}),
            Trouble.LATE: ("delay", {"seconds": 2.2}),
        }
        action, arguments = special.get(what, (str(what), {}))
        if what is Trouble.TRUNCATED:  # the answer to an archive is empty: it cannot be cut, only the line can
            self._control.fault("commit_then_drop", path="/batch/archive$", method="POST", times=self._times)
        self._control.fault(action, path=_WRITES, method="POST", times=self._times, **arguments)

    def settle(self) -> None:
        """See `Stage.settle`."""
        time.sleep(2.0)

    def uninstall_package(self) -> None:
        """See `Stage.uninstall_package`. Whoever knew of the property before is another process now."""
        for object_ in _KEYED:
            self.api("DELETE", f"{object_}/{_KEY}", area="properties")
        self._times = NEVER_REPEATED
        self.connector = self.new_connector()

    def expire(self, grant_id: str) -> None:
        """See `Stage.expire`."""
        self._control.mutate(PORTAL, "expire_tokens", user=self._holder(grant_id))

    def end_grant(self, grant_id: str) -> None:
        """See `Stage.end_grant`."""
        self._control.mutate(PORTAL, "revoke_grants", user=self._holder(grant_id))

    def refreshes(self) -> int:
        """See `Stage.refreshes`. Since the stage was set nobody has logged in: each token request is a refresh."""
        return sum(entry["path"].endswith("/token") for entry in self._control.requests(self._start))

    def later(self) -> None:
        """Let the next stamp differ from the last, and the search index keep up."""
        self._control.advance(3)

    def create(self, object_: str, properties: Mapping[str, object], **to: str) -> str:
        """A record with associations to others, given as `tickets=id`; its id."""
        associations = [
            {
                "to": {"id": id_},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TYPE_IDS[object_, name]}],
            }
            for name, id_ in to.items()
        ]
        made = self.api("POST", object_, {"properties": dict(properties), "associations": associations})
        return str(made["id"])

    def add_message(self, number: int) -> None:
        """One more incoming mail on the ticket."""
        properties = {"hs_email_subject": f"Message {number}", "hs_email_text": f"Message {number}: {SECRETS[2]}. " * 8}
        self._mail("INCOMING_EMAIL", self._control.now() - timedelta(days=3) + timedelta(minutes=number), properties)

    def api(self, method: str, path: str, body: object = None, *, area: str = "objects") -> dict[str, Any]:
        """A request with the portal's service key."""
        reply = requests.request(
            method,
            f"{self._org.http}/crm/{area}/2026-03/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self._org.service_key}"},
            timeout=30,
        )
        assert reply.ok, (reply.status_code, reply.text)
        return dict(reply.json()) if reply.content else {}

    def owner_of(self, grant_id: str) -> str:
        """The owner id of a user."""
        found = self.api("GET", f"{_user(grant_id)}?idProperty=userId", area="owners")
        return str(found["id"])

    def column(self) -> dict[str, str]:
        """Where a new ticket stands, and whose it is: the agent's."""
        return {"hs_pipeline": "0", "hs_pipeline_stage": "1", "hubspot_owner_id": self.owner_of(self.agent)}

    def _make_ticket(self) -> RecordRef:
        owner = {"hubspot_owner_id": self.owner_of(self.agent)}
        self.contact = self.create(
            "contacts", {"firstname": "Carla", "lastname": "Contact", "email": SECRETS[1], **owner}
        )
        ticket = self.create(
            "tickets",
            {"subject": SECRETS[0], "content": SECRETS[2], **self.column()},
            contacts=self.contact,
        )
        self.case = RecordRef(self.crm, "tickets", ticket)
        for number in range(2):
            self.add_message(number)
        when = self._control.now() - timedelta(days=1)
        self._mail("EMAIL", when, {"hs_email_subject": "Re: pump", "hs_email_text": "We look into it."})
        note = {"hs_note_body": f"<p>Internal: {SECRETS[2]}</p>", "hs_timestamp": _stamp(when), **owner}
        self.create("notes", note, tickets=ticket)
        return self.case

    def _mail(self, direction: str, when: datetime, properties: Mapping[str, str]) -> str:
        incoming = {"firstName": "Carla", "lastName": "Contact", "email": SECRETS[1]}
        outgoing = {"firstName": "Mira", "lastName": "Lindgren", "email": "support@meridian-flow.example"}
        headers = {"from": incoming if direction == "INCOMING_EMAIL" else outgoing}
        given = {
            "hs_email_direction": direction, "hs_email_status": "SENT", "hs_timestamp": _stamp(when),
            "hs_email_headers": json.dumps(headers), "hubspot_owner_id": self.owner_of(self.agent), **properties,
        }  # fmt: skip
        return self.create("emails", given, tickets=self.case.id)

    def _installer(self) -> str:
        return next(user.username for user in self._org.users if user.name == "Sidecar Integration")

    def _holder(self, grant_id: str) -> str:
        """Whose token a grant is."""
        return self._installer() if self._manner.account else _user(grant_id)


def running_sandbox() -> Iterator[SandboxProcess]:
    """A running sandbox whose clean state is kept."""
    with SandboxProcess() as process:
        process.control.snapshot("clean")
        yield process


def _user(grant_id: str) -> str:
    return grant_id.rpartition(":")[2]


def _stamp(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
