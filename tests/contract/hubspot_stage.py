"""A stage for the connector suite on the sandbox's HubSpot portal: a real server, real OAuth, real faults.

Records are made and changed over HubSpot's own API with the portal's service key, as a colleague's tool would do it.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
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
AGENT, COLLEAGUE, OUTSIDER, SELLER = "mira.lindgren", "pavel.novotny", "gloria.estevez", "viktor.hallam"
RULES = {"tickets": {"view": "team"}, "contacts": {"view": "all"}, "companies": {"view": "all"}}
"""What an administrator of an account-level app would configure for this portal."""
LIMITLESS = 1_000_000
NEVER_REPEATED, REPEATED = 1, 3
"""Requests that a trouble has to befall until the connector gives up."""

_KEYED = ("notes", "tasks")
_KEY = "assistant_writeback_key"
_WRITES = r"/batch/(upsert|create|archive)$"
_TYPE_IDS = {
    ("tickets", "contacts"): 16, ("tickets", "companies"): 339, ("contacts", "companies"): 279,
    ("emails", "tickets"): 224, ("emails", "contacts"): 198, ("emails", "companies"): 186,
    ("notes", "tickets"): 228, ("notes", "contacts"): 202, ("notes", "companies"): 190,
    ("deals", "contacts"): 3, ("deals", "companies"): 341,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manner:
    """How the portal is reached: through which kind of app, under which version; `plain`: without TLS."""

    account: bool = False
    plain: bool = False
    version: str = "2026-03"
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: RULES)


class HubSpotStage(Planted):
    """One ticket with two incoming mails, an outgoing one and a note, made anew for every test.

    On its contact and company there are a mail and a note of their own, a closed ticket, one of the outsider's with a
    note, and a deal of somebody in sales.
    """

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
        self._owners: dict[str, str] = {}
        self.secrets = SECRETS
        self.tokens = MemoryTokenStore()
        self.connector = self.new_connector()
        self._users = {self.log_in(name): name for name in (AGENT, COLLEAGUE, OUTSIDER)}
        self.agent, self.colleague, self.outsider = self._users
        self.account = self.article = self._ref("companies", {"name": "Harbour Pumps", "domain": "harbour.example"})
        self.contact = self._make_contact()
        self.case = self._make_ticket()
        self.closed = self._ref("tickets", {"subject": "Done", **self.column(stage="5")}, **self._customer)
        self._make_history()
        self.unseen = self._make_others()
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

    def again(self) -> Self:
        """See `FaultStage.again`. Through an account-level app all log-ins are one user's: they end together."""
        self._times = REPEATED
        if any(self.tokens.load(grant_id) is None for grant_id in self._users):
            for grant_id in self._users:
                self.tokens.delete(grant_id)
        return super().again()

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
        user = _user(grant_id)
        if user not in self._owners:
            self._owners[user] = str(self.api("GET", f"{user}?idProperty=userId", area="owners")["id"])
        return self._owners[user]

    def column(self, *, stage: str = "1", whose: str = "") -> dict[str, str]:
        """Where a new ticket stands, and whose it is: the agent's, or that of another grant."""
        owner = self.owner_of(whose or self.agent)
        return {"hs_pipeline": "0", "hs_pipeline_stage": stage, "hubspot_owner_id": owner}

    @property
    def _customer(self) -> dict[str, str]:
        return {"contacts": self.contact.id, "companies": self.account.id}

    def _ref(self, object_: str, properties: Mapping[str, object], **to: str) -> RecordRef:
        return RecordRef(self.crm, object_, self.create(object_, properties, **to))

    def _make_contact(self) -> RecordRef:
        owner = {"hubspot_owner_id": self.owner_of(self.agent)}
        names = {"firstname": "Carla", "lastname": "Contact", "email": SECRETS[1], "jobtitle": "Buyer"}
        return self._ref("contacts", {**names, **owner}, companies=self.account.id)

    def _make_history(self) -> None:
        """What was said and done with the customer apart from tickets."""
        when = self._control.now() - timedelta(days=40)
        subject = {"hs_email_subject": "A visit", "hs_email_text": "May we see you in May?"}
        self._mail("EMAIL", when, subject, self._customer)
        self.create("notes", {"hs_note_body": "Likes pumps", "hs_timestamp": _stamp(when)}, **self._customer)

    def _make_others(self) -> frozenset[RecordRef]:
        """What hangs on the customer and is not the agent's to see.

        The note on the outsider's ticket hangs on the company, too, so that HubSpot itself shows it there; a rule for
        tickets does not.
        """
        ticket = self._ref("tickets", {"subject": "Theirs", **self.column(whose=self.outsider)}, **self._customer)
        seller = {"hubspot_owner_id": self.owner_of(self._org.user(SELLER).id)}
        stage = {"pipeline": "default", "dealstage": "proposal"}
        deal = self._ref("deals", {"dealname": "Second site", **stage, **seller}, **self._customer)
        text = {"hs_note_body": "Theirs", "hs_timestamp": _stamp(self._control.now() - timedelta(days=1))}
        on = self._customer if self._manner.account else {}
        note = self._ref("notes", text, tickets=ticket.id, **on)
        return frozenset({ticket, deal, note})

    def _make_ticket(self) -> RecordRef:
        owner = {"hubspot_owner_id": self.owner_of(self.agent)}
        self.case = self._ref(
            "tickets", {"subject": SECRETS[0], "content": SECRETS[2], **self.column()}, **self._customer
        )
        for number in range(2):
            self.add_message(number)
        when = self._control.now() - timedelta(days=1)
        self._mail("EMAIL", when, {"hs_email_subject": "Re: pump", "hs_email_text": "We look into it."})
        note = {"hs_note_body": f"<p>Internal: {SECRETS[2]}</p>", "hs_timestamp": _stamp(when), **owner}
        self.create("notes", note, tickets=self.case.id)
        return self.case

    def _mail(
        self, direction: str, when: datetime, properties: Mapping[str, str], on: Mapping[str, str] | None = None
    ) -> str:
        incoming = {"firstName": "Carla", "lastName": "Contact", "email": SECRETS[1]}
        outgoing = {"firstName": "Mira", "lastName": "Lindgren", "email": "support@meridian-flow.example"}
        ends = (incoming, outgoing) if direction == "INCOMING_EMAIL" else (outgoing, incoming)
        headers = {"from": ends[0], "to": [ends[1]]}
        given = {
            "hs_email_direction": direction, "hs_email_status": "SENT", "hs_timestamp": _stamp(when),
            "hs_email_headers": json.dumps(headers), "hubspot_owner_id": self.owner_of(self.agent), **properties,
        }  # fmt: skip
        return self.create("emails", given, **(on or {"tickets": self.case.id}))

    def _installer(self) -> str:
        return next(user.username for user in self._org.users if user.name == "Sidecar Integration")

    def _holder(self, grant_id: str) -> str:
        """Whose token a grant is."""
        return self._installer() if self._manner.account else _user(grant_id)


def _user(grant_id: str) -> str:
    return grant_id.rpartition(":")[2]


def _stamp(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
