"""A small org for the tests of the sandbox engine: seven people, three cases, one draft, one hidden field."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from connectors.sandbox.salesforce.api import ApiRequest, handle
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.standard import PACKAGE_SCHEMA

BASE: Final = "https://crm.example"
V: Final = "/services/data/v66.0"


def uid(number: int) -> str:
    """The id of the n-th user."""
    return mint("005", "5e0", number)


ADMIN, BOSS, ANN, BEN, CAT, AUDITOR, OUTSIDER = (uid(number) for number in range(1, 8))
EVERYBODY: Final = {
    "admin": ADMIN,
    "boss": BOSS,
    "ann": ANN,
    "ben": BEN,
    "cat": CAT,
    "auditor": AUDITOR,
    "outsider": OUTSIDER,
}
QUEUE, TEAM = mint("00G", "5e0", 1), mint("00G", "5e0", 2)
CASE_ANN, CASE_QUEUE, CASE_SHARED, CASE_CLOSED = (mint("500", "5e0", number) for number in range(1, 5))
ACME, GLOBEX = mint("001", "5e0", 1), mint("001", "5e0", 2)
JO = mint("003", "5e0", 1)
MAIL_ANN, DRAFT_BEN = mint("02s", "5e0", 1), mint("02s", "5e0", 2)
COMMENT_ANN = mint("00a", "5e0", 1)
_ADMIN_PROFILE, _AGENT_PROFILE, _AUDIT_PROFILE, _NO_PROFILE = (mint("00e", "5e0", number) for number in range(1, 5))
AGENT_PROFILE: Final = _AGENT_PROFILE
_CEO, _LEAD, _AGENT = (mint("00E", "5e0", number) for number in range(1, 4))


class FakeClock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 24, 8, 0, 0, 250_000, tzinfo=UTC)

    def now(self) -> datetime:
        """The current moment."""
        return self.moment

    def advance(self, **step: float) -> None:
        """Move on, in the words of `timedelta`."""
        self.moment += timedelta(**step)


def document() -> dict[str, Any]:
    """The org: Boss leads Ann and Ben; Cat is in the queue; Ben has a share through the team."""
    people = [
        (ADMIN, "Ada Admin", _ADMIN_PROFILE, None),
        (BOSS, "Bo Boss", _AGENT_PROFILE, _LEAD),
        (ANN, "Ann Agent", _AGENT_PROFILE, _AGENT),
        (BEN, "Ben Agent", _AGENT_PROFILE, _AGENT),
        (CAT, "Cat Agent", _AGENT_PROFILE, None),
        (AUDITOR, "Al Auditor", _AUDIT_PROFILE, None),
        (OUTSIDER, "Otto Outsider", _NO_PROFILE, None),
    ]
    return {
        "org": {"Id": mint("00D", "5e0", 1), "Name": "Test", "alias": "test", "my_domain": "test"},
        "roles": [
            {"Id": _CEO, "Name": "CEO"},
            {"Id": _LEAD, "Name": "Lead", "ParentRoleId": _CEO},
            {"Id": _AGENT, "Name": "Agent", "ParentRoleId": _LEAD},
        ],
        "profiles": [
            {"Id": _ADMIN_PROFILE, "Name": "Admin", "permissions": ["ApiEnabled", "ModifyAllData", "ViewAllData"]},
            {
                "Id": _AGENT_PROFILE,
                "Name": "Agent",
                "permissions": ["ApiEnabled"],
                "objects": {
                    "Case": "CRE",
                    "Contact": "R",
                    "Account": "RE",
                    "Task": "CRED",
                    "Writeback__c": "CRE",
                    "Knowledge__kav": "R",
                },
                "hidden_fields": ["Case.Risk__c", "Contact.Birthdate"],
                "readonly_fields": ["Case.Priority"],
            },
            {
                "Id": _AUDIT_PROFILE,
                "Name": "Audit",
                "permissions": ["ApiEnabled", "ViewAllData"],
                "hidden_fields": ["Case.Risk__c"],
            },
            {"Id": _NO_PROFILE, "Name": "Nothing", "permissions": ["ApiEnabled"]},
        ],
        "permission_sets": [
            {"Id": mint("0PS", "5e0", 1), "Name": "Risk", "objects": {}, "fields": ["Case.Risk__c"], "assignees": [CAT]}
        ],
        "users": [
            {
                "Id": user_id,
                "Username": f"{name.split()[0].lower()}@test.example",
                "FirstName": name.split()[0],
                "LastName": name.split()[1],
                "Email": f"{name.split()[0].lower()}@test.example",
                "ProfileId": profile,
                "UserRoleId": role,
                "IsActive": True,
            }
            for user_id, name, profile, role in people
        ],
        "groups": [
            {"Id": QUEUE, "Name": "Queue", "Type": "Queue", "members": [CAT]},
            {"Id": TEAM, "Name": "Team", "Type": "Regular", "members": [BEN]},
        ],
        "owd": {"Case": "Private", "Account": "Private", "Contact": "ControlledByParent", "Task": "Private"},
        "shares": [{"ParentId": CASE_SHARED, "UserOrGroupId": TEAM, "AccessLevel": "Read"}],
        "schema": {
            "Case": {
                "fields": [
                    *cast("list[Any]", PACKAGE_SCHEMA["Case"]["fields"]),
                    {"name": "Risk__c", "type": "string", "length": 20},
                ]
            },
            "Writeback__c": PACKAGE_SCHEMA["Writeback__c"],
        },
        "assignment": {"Case": QUEUE},
    }


def records() -> list[tuple[str, dict[str, Any]]]:
    """Four cases, their people and their messages."""
    return [
        ("Account", {"Id": ACME, "Name": "Acme", "OwnerId": ADMIN}),
        ("Account", {"Id": GLOBEX, "Name": "Globex", "OwnerId": ADMIN}),
        (
            "Contact",
            {
                "Id": JO,
                "FirstName": "Jo",
                "LastName": "Doe",
                "AccountId": ACME,
                "Birthdate": "1990-01-02",
                "Email": "jo@acme.example",
            },
        ),
        (
            "Case",
            {
                "Id": CASE_ANN,
                "Subject": "Pump is loud",
                "OwnerId": ANN,
                "AccountId": ACME,
                "ContactId": JO,
                "Status": "New",
                "Priority": "High",
                "Risk__c": "red",
                "Description": "It hums.",
            },
        ),
        (
            "Case",
            {"Id": CASE_QUEUE, "Subject": "Pump leaks", "OwnerId": QUEUE, "Status": "Working", "Risk__c": "green"},
        ),
        ("Case", {"Id": CASE_SHARED, "Subject": "100% noise", "OwnerId": ADMIN, "Status": "New", "AccountId": GLOBEX}),
        ("Case", {"Id": CASE_CLOSED, "Subject": None, "OwnerId": ADMIN, "Status": "Closed"}),
        (
            "EmailMessage",
            {
                "Id": MAIL_ANN,
                "ParentId": CASE_ANN,
                "RelatedToId": CASE_ANN,
                "Subject": "Re: pump",
                "TextBody": "hello",
                "Status": "1",
                "Incoming": True,
                "FromAddress": "jo@acme.example",
            },
        ),
        (
            "EmailMessage",
            {
                "Id": DRAFT_BEN,
                "ParentId": CASE_SHARED,
                "RelatedToId": CASE_SHARED,
                "Subject": "Draft",
                "TextBody": "secret",
                "Status": "5",
                "CreatedById": BEN,
            },
        ),
        ("CaseComment", {"Id": COMMENT_ANN, "ParentId": CASE_ANN, "CommentBody": "called back", "CreatedById": ANN}),
    ]


@dataclass(frozen=True)
class Reply:
    """A response with its JSON read."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The `errorCode` of the first error."""
        return str(self.body[0]["errorCode"])


class World:
    """The org with a clock, and short ways to call it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.org = Org.load(document(), records(), self.clock)

    @classmethod
    def of(cls, about: Mapping[str, Any], rows: Iterable[tuple[str, Mapping[str, Any]]]) -> "World":
        """An org of one's own behind the same short ways."""
        world = cls.__new__(cls)
        world.clock = FakeClock()
        world.org = Org.load(about, rows, world.clock)
        return world

    def call(
        self,
        user: str,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        query_string: str = "",
    ) -> Reply:
        """One request below the version root (or an absolute path); bytes bodies go as they are."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        absolute = path if path.startswith("/services") else V + path
        answer = handle(
            self.org, user, BASE, ApiRequest(method, absolute, query or {}, headers or {}, raw, query_string)
        )
        return Reply(answer.status, json.loads(answer.body) if answer.body else None, answer.headers)

    def soql(self, user: str, text: str, **headers: str) -> Reply:
        """One query."""
        return self.call(
            user, "GET", "/query", query={"q": text}, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    def ids(self, user: str, text: str) -> list[str]:
        """The ids that a query finds."""
        reply = self.soql(user, text)
        assert reply.status == 200, reply.body
        return [record["Id"] for record in reply.body["records"]]

    def composite(self, user: str, *parts: tuple[Any, ...], all_or_none: bool = True) -> list[Any]:
        """A composite of (reference, method, path, body, headers) tuples; returns the sub-responses."""
        requests = []
        for reference, method, path, *rest in parts:
            part = {"referenceId": reference, "method": method, "url": V + path}
            if rest and rest[0] is not None:
                part["body"] = rest[0]
            if len(rest) > 1:
                part["httpHeaders"] = rest[1]
            requests.append(part)
        reply = self.call(user, "POST", "/composite", {"allOrNone": all_or_none, "compositeRequest": requests})
        assert reply.status == 200, reply.body
        return list(reply.body["compositeResponse"])
