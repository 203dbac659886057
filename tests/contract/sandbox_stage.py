"""A stage for the connector suite on the sandbox CRM: a real server, real OAuth, real faults."""

import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from connectors.interfaces import RecordRef
from connectors.salesforce.connector import SalesforceConnector
from connectors.sandbox.client import SandboxOrg, consent
from connectors.sandbox.process import SandboxProcess
from connectors.testing import Trouble
from tests.contract.planted import SKEW, Planted
from tests.contract.salesforce_faults import RULES
from tests.fakes_connector import MemoryTokenStore

ORG = "northwind"
SECRETS = ("pump 7 in Rotterdam", "carla.contact@customer.example", "the seal leaks")


class SandboxStage(Planted):
    """One case with two messages and a comment, its account and its contact, made anew for every test.

    `plain`: without TLS, which is faster.
    """

    crm = "salesforce"

    def __init__(self, sandbox: SandboxProcess, *, plain: bool = False) -> None:
        self._sandbox = sandbox
        self._plain = plain
        self._control = sandbox.control
        self._control.restore("clean")
        self._control.clear_faults()
        self._control.set_clock(datetime.now().astimezone() - SKEW)
        self._org: SandboxOrg = sandbox.orgs[ORG]
        self.secrets = SECRETS
        self.tokens = MemoryTokenStore()
        self.connector = self.new_connector()
        self._users = {self.log_in(name): name for name in ("maya.lindqvist", "jonas.weidmann", "grace.okonkwo")}
        self.agent, self.colleague, self.outsider = self._users
        self.account, self.contact = self._make_customer()
        self.case = self._make_case()
        self.closed, self.unseen = self._make_neighbours()
        article = self._create("Knowledge__kav", Title="Pump seals", UrlName="pump-seals-stage")
        self._control.mutate(ORG, "touch", record=article, fields={"PublishStatus": "Online"})
        self.article = RecordRef(self.crm, "Knowledge__kav", article)
        self.later()
        self._control.snapshot("staged")
        self._start = self._control.last()

    def new_connector(self) -> SalesforceConnector:
        """A connector with empty caches, as in another process."""
        client = self._org.web_client
        return SalesforceConnector(
            self._org.http if self._plain else self._org.https,
            client.id,
            client.secret,
            self.tokens,
            ca_file=str(self._sandbox.ca_file),
        )

    def log_in(self, user: str) -> str:
        """The web-server flow as the sidecar does it; the grant id."""
        state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
        redirect_uri = f"http://127.0.0.1:1{self._org.web_client.redirect_paths[0]}"
        url = self.connector.authorize_url(state, verifier, redirect_uri)
        back = consent(url, self._org.user(user).username, verify=str(self._sandbox.ca_file))
        answer = parse_qs(urlsplit(back).query)
        assert answer["state"] == [state]
        who, token = self.connector.exchange(answer["code"][0], verifier, redirect_uri)
        grant_id = f"{self.crm}:{who.tenant}:{who.id}"
        self.tokens.save(grant_id, token)
        return grant_id

    def hide(self, grant_id: str, field: str) -> None:
        """See `Stage.hide`."""
        self._control.mutate(ORG, "hide_field", user=_user(grant_id), field=field)

    def hide_at_next_query(self, grant_id: str, field: str) -> None:
        """See `Stage.hide_at_next_query`."""
        self._control.fault("hide_field", path="/composite$", body=r"query\?q=", user=_user(grant_id), field=field)

    def edit(self, ref: RecordRef, fields: Mapping[str, object]) -> None:
        """See `Stage.edit`. Time passes, because versions have whole seconds."""
        self.later()
        self._control.mutate(ORG, "touch", record=ref.id, fields=dict(fields))

    def add_draft(self, grant_id: str) -> RecordRef:
        """See `Stage.add_draft`."""
        fields = {
            "ParentId": self.case.id, "Status": "5", "Incoming": False, "Subject": "Draft", "TextBody": "not yet",
        }  # fmt: skip
        return RecordRef(self.crm, "EmailMessage", self._post("sobjects/EmailMessage", fields, grant_id)["id"])

    def add_many_messages(self, count: int) -> None:
        """So many incoming messages that a sync of them comes in pages."""
        fields = {"attributes": {"type": "EmailMessage"}, "ParentId": self.case.id, "Status": "0", "Incoming": True}
        for start in range(0, count, 200):
            numbers = range(start, min(start + 200, count))
            rows = [{**fields, "Subject": f"Message {number}", "TextBody": "It leaks."} for number in numbers]
            self._post("composite/sobjects", {"allOrNone": True, "records": rows})

    def remove(self, ref: RecordRef) -> None:
        """See `Stage.remove`. The delete log covers whole minutes, so a minute passes."""
        self._control.mutate(ORG, "delete", record=ref.id)
        self._control.advance(61)

    def value(self, ref: RecordRef, field: str) -> object:
        """See `Stage.value`."""
        record = self._control.record(ORG, ref.object, ref.id)
        return record.get(field) if record else None

    def carrying(self, key: str) -> int:
        """See `Stage.carrying`."""
        texts = [
            (row.get(field), row.get("IsDeleted"))
            for object_, lookup, field in (
                ("Task", "WhatId", "Description"),
                ("CaseComment", "ParentId", "CommentBody"),
                ("EmailMessage", "ParentId", "TextBody"),
                ("Case", "Id", "Assistant_Summary__c"),
            )
            for row in self._control.records(ORG, object_, **{lookup: self.case.id})
        ]
        for root, lookup in ((self.account, "WhatId"), (self.contact, "WhoId")):
            rows = self._control.records(ORG, "Task", **{lookup: root.id})
            texts += [(row.get("Description"), row.get("IsDeleted")) for row in rows]
        return sum(key in str(text) and not deleted for text, deleted in texts)

    def trouble(self, what: Trouble) -> None:
        """See `Stage.trouble`."""
        if what is Trouble.LATE:
            self.connector._http.timeout = (5.0, 0.5)
        special: dict[Trouble, tuple[str, dict[str, Any]]] = {
            Trouble.ERROR_500: ("status", {"status": 500}),
            Trouble.DELAY: ("delay", {"seconds": 0.5}),
            Trouble.LATE: ("delay", {"seconds": 1.5}),
        }
        action, arguments = special.get(what, (str(what), {}))
        self._control.fault(action, path="/composite$", method="POST", body=r'"allOrNone": ?true', **arguments)

    def plant(self, fault: str, nth: int) -> None:
        """See `FaultStage.plant`."""
        rule = RULES[fault]
        names = {"case": self.case.id, "outsider": _user(self.outsider)}
        if "{other}" in str(rule):
            names["other"] = self._create("Case", Subject="The other case", OwnerId=_user(self.agent))
        self.add("^/services/data/", ORG, nth, rule, names)

    def settle(self) -> None:
        """See `Stage.settle`."""
        time.sleep(2.0)

    def uninstall_package(self) -> None:
        """See `Stage.uninstall_package`."""
        for grant_id in (self.agent, self.colleague):
            self._control.mutate(ORG, "revoke_object", object="Writeback__c", user=_user(grant_id))
            self.hide(grant_id, "Case.Assistant_Summary__c")

    def expire(self, grant_id: str) -> None:
        """See `Stage.expire`."""
        self._control.mutate(ORG, "expire_sessions", user=_user(grant_id))

    def end_grant(self, grant_id: str) -> None:
        """See `Stage.end_grant`."""
        self._control.mutate(ORG, "revoke_grants", user=_user(grant_id))

    def refreshes(self) -> int:
        """See `Stage.refreshes`. Since the stage was set nobody has logged in: each token request is a refresh."""
        return sum(entry["path"].endswith("/oauth2/token") for entry in self._control.requests(self._start))

    def later(self) -> None:
        """Let the next time stamp differ from the last."""
        self._control.advance(2)

    def add_message(self, number: int) -> None:
        """One more incoming message on the case."""
        self._create(
            "EmailMessage", ParentId=self.case.id, Incoming=True, Status="0", Subject=f"Message {number}",
            FromName="Carla Contact", FromAddress=SECRETS[1], ToAddress="support@northwind-sensing.example",
            TextBody=f"Message {number}: {SECRETS[2]}. " * 8,
            MessageDate=(self._control.now() - timedelta(days=3) + timedelta(minutes=number)).isoformat(),
        )  # fmt: skip

    def _make_customer(self) -> tuple[RecordRef, RecordRef]:
        owner = _user(self.agent)
        account = self._create("Account", Name="Harbour Pumps", Industry="Ports", OwnerId=owner)
        contact = self._create(
            "Contact", FirstName="Carla", LastName="Contact", Email=SECRETS[1], Title="Dock Master", AccountId=account,
            OwnerId=owner,
        )  # fmt: skip
        for lookup in ({"WhatId": account}, {"WhoId": contact}):
            self._create("Task", Subject="Call back", Description="She likes mornings.", OwnerId=owner, **lookup)
        return RecordRef(self.crm, "Account", account), RecordRef(self.crm, "Contact", contact)

    def _make_neighbours(self) -> tuple[RecordRef, frozenset[RecordRef]]:
        """A closed case of the agent's, and what belongs to the outsider: a case with a message, a deal."""
        mine, theirs = _user(self.agent), _user(self.outsider)
        customer = {"AccountId": self.account.id, "ContactId": self.contact.id}
        closed = self._create("Case", Subject="Done long ago", Status="Closed", OwnerId=mine, **customer)
        hidden = self._create("Case", Subject="Not hers", Status="New", OwnerId=theirs, **customer)
        message = self._create(
            "EmailMessage",
            ParentId=hidden,
            Incoming=True,
            Status="0",
            Subject="Not hers either",
            FromAddress=SECRETS[1],
        )
        deal = self._create(
            "Opportunity", Name="A second crane", AccountId=self.account.id, StageName="Prospecting", OwnerId=mine,
            CloseDate="2027-03-01", Amount=120_000.0,
        )  # fmt: skip
        refs = (("Case", hidden), ("EmailMessage", message), ("Opportunity", deal))
        return RecordRef(self.crm, "Case", closed), frozenset(RecordRef(self.crm, *each) for each in refs)

    def _make_case(self) -> RecordRef:
        case = self._create(
            "Case", Subject=SECRETS[0], Description=SECRETS[2], Status="New", Origin="Email", AccountId=self.account.id,
            ContactId=self.contact.id, OwnerId=_user(self.agent),
        )  # fmt: skip
        self.case = RecordRef(self.crm, "Case", case)
        for number in range(2):
            self.add_message(number)
        self._create(
            "EmailMessage", ParentId=case, Incoming=False, Status="3", Subject="Re: pump", FromName="Maya Lindqvist",
            FromAddress="support@northwind-sensing.example", ToAddress=SECRETS[1], TextBody="We look into it.",
            MessageDate=(self._control.now() - timedelta(days=1)).isoformat(),
        )  # fmt: skip
        self._create("CaseComment", ParentId=case, CommentBody=f"Internal: {SECRETS[2]}")
        return self.case

    def _post(self, path: str, body: Mapping[str, Any], grant_id: str = "") -> Any:  # noqa: ANN401 - any JSON
        """Past the connector, as a user (the agent)."""
        token = self.tokens.load(grant_id or self.agent)
        assert token
        answer = requests.post(
            f"{token.instance_url}/services/data/v66.0/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token.access_token}"},
            verify=str(self._sandbox.ca_file),
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()

    def _create(self, object_: str, **fields: object) -> str:
        made = self._control.mutate(ORG, "create", object=object_, fields=fields)
        return str(made["id"])


def _user(grant_id: str) -> str:
    return grant_id.rpartition(":")[2]
