"""The fake connector keeps the same contract as the real one, so tests that use it mean something."""

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.interfaces import Audience, RecordRef, Value
from connectors.testing import ConnectorContract, Trouble
from tests.crm_facts import SALESFORCE
from tests.fake_crm import CRM, TENANT, FakeCrm
from tests.fakes_connector import FakeConnector, MemoryTokenStore

AGENT, COLLEAGUE, OUTSIDER = "005000000000001AAA", "005000000000002AAA", "005000000000003AAA"
SECRETS = ("pump 7 in Rotterdam", "carla.contact@customer.example", "the seal leaks")


class FakeStage:
    """One case with two messages and a comment."""

    def __init__(self) -> None:
        self.backend = FakeCrm(users={AGENT, COLLEAGUE, OUTSIDER})
        self.tokens = MemoryTokenStore()
        self.connector = FakeConnector(self.backend, self.tokens)
        self.secrets = SECRETS
        self.agent, self.colleague, self.outsider = (self._log_in(name) for name in (AGENT, COLLEAGUE, OUTSIDER))
        crm = self.backend
        self.account = crm.add("Account", {"Name": "Harbour Pumps", "Industry": "Ports"})
        customer = {"AccountId": self.account.id}
        self.contact = contact = crm.add(
            "Contact", {"Name": "Carla Contact", "Title": "Dock Master", "Email": SECRETS[1], **customer}
        )
        customer |= {"ContactId": contact.id}
        for root in (self.account, self.contact):
            crm.add("Task", {"Subject": "Call back", "Description": "She likes mornings."}, parent=root)
        owner = crm.add("User", {"Name": "Maya Agent"})
        case: dict[str, Value] = {
            "CaseNumber": "00001", "Subject": SECRETS[0], "Description": SECRETS[2], "Status": "New",
            "Contact.Name": "Carla Contact", "OwnerId": owner.id, **customer,
        }  # fmt: skip
        self.case = crm.add("Case", case, readers={AGENT, COLLEAGUE})
        for number in range(2):
            message = {"Subject": f"Message {number}", "TextBody": SECRETS[2], "FromName": "Carla Contact"}
            crm.add(
                "EmailMessage", message, parent=self.case, author="Carla Contact", inbound=True,
                audience=Audience.CUSTOMER,
            )  # fmt: skip
        crm.add("CaseComment", {"CommentBody": SECRETS[2]}, parent=self.case, author="Maya", inbound=False)
        done: dict[str, Value] = {"CaseNumber": "00002", "Subject": "Done", "IsClosed": True, **customer}
        self.closed = crm.add("Case", done, readers={AGENT})
        hidden = crm.add("Case", {"CaseNumber": "00003", "Subject": "Not hers", **customer}, readers={OUTSIDER})
        deal = crm.add("Opportunity", {"Name": "A second crane", "AccountId": self.account.id}, readers=set())
        self.unseen = frozenset({hidden, deal})
        self.article = crm.add("Knowledge__kav", {"Title": "Pump seals"})

    def hide(self, grant_id: str, field: str) -> None:
        """See `Stage`."""
        self.backend.hidden.add((_user(grant_id), field))

    def hide_at_next_query(self, grant_id: str, field: str) -> None:
        """See `Stage`."""
        self.backend.hide_next.add((_user(grant_id), field))

    def edit(self, ref: RecordRef, fields: Mapping[str, Any]) -> None:
        """See `Stage`."""
        self.backend.edit(ref, fields)

    def add_draft(self, grant_id: str) -> RecordRef:
        """See `Stage`."""
        user = _user(grant_id)
        message = {"Subject": "Draft", "TextBody": "not yet"}
        return self.backend.add(
            "EmailMessage", message, parent=self.case, author=user, creator=user, inbound=False, draft=True
        )

    def remove(self, ref: RecordRef) -> None:
        """See `Stage`."""
        self.backend.remove(ref)

    def value(self, ref: RecordRef, field: str) -> object:
        """See `Stage`."""
        return self.backend.rows[ref].fields.get(field)

    def carrying(self, key: str) -> int:
        """See `Stage`."""
        return sum(any(key in str(value) for value in row.fields.values()) for row in self.backend.rows.values())

    def trouble(self, what: Trouble) -> None:
        """See `Stage`."""
        self.backend.trouble = what

    def settle(self) -> None:
        """See `Stage`."""
        self.backend.settle()

    def uninstall_package(self) -> None:
        """See `Stage`."""
        self.backend.package = False

    def expire(self, grant_id: str) -> None:
        """See `Stage`."""
        self.backend.expire(_user(grant_id))

    def end_grant(self, grant_id: str) -> None:
        """See `Stage`."""
        self.backend.end_all(_user(grant_id))

    def requests(self) -> int:
        """See `Stage`."""
        return self.backend.requests

    def refreshes(self) -> int:
        """See `Stage`."""
        return self.backend.refreshes

    def _log_in(self, user: str) -> str:
        who, token = self.connector.exchange(user, "verifier", "https://sidecar.example/callback")
        grant_id = f"{CRM}:{TENANT}:{who.id}"
        self.tokens.save(grant_id, token)
        return grant_id


class TestFakeConnector(ConnectorContract):
    """The whole contract."""

    facts = SALESFORCE

    @pytest.fixture
    def stage(self) -> FakeStage:
        """A fresh CRM."""
        return FakeStage()


def _user(grant_id: str) -> str:
    return grant_id.rpartition(":")[2]
