"""A small portal for the tests of the CRM engine, and a way to talk to it without HTTP."""

import json
from datetime import timedelta
from typing import Any, Final

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.api import handle
from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.mutations import Mutations
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.wire import Request, Response

READ: Final = frozenset(
    {
        "tickets",
        "crm.objects.contacts.read",
        "crm.objects.companies.read",
        "crm.objects.deals.read",
        "crm.objects.custom.read",
        "crm.objects.owners.read",
        "crm.objects.users.read",
        "crm.objects.feedback_submissions.read",
        "crm.schemas.custom.read",
        "sales-email-read",
    }
)
WRITE: Final = READ | {
    "crm.objects.contacts.write",
    "crm.objects.companies.write",
    "crm.objects.deals.write",
    "crm.objects.custom.write",
    "crm.schemas.contacts.write",
}
APP: Final = Caller("1", "4711", user_level=False, scopes=WRITE)
BASE: Final = "https://portal.test"
_AT: Final = "2026-11-01T08:00:00.000Z"

NORTH, SOUTH, ROOT = "910", "920", "900"
ANN, BEN, CLEO, ADA = "11", "12", "13", "14"
"""An agent of the north team, one of the south team, their lead in the team above, and a super admin."""
ANN_OWNER, BEN_OWNER, CLEO_OWNER, ADA_OWNER = "5011", "5012", "5013", "5014"


def user(user_id: str, team: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A user who sees the tickets of the team, and everything else."""
    everything = {"view": "all", "edit": "all", "unassigned": True}
    names = ("contacts", "companies", "notes", "emails", "calls", "meetings", "tasks", "boats")
    rights = {"tickets": {"view": "team", "edit": "team", "unassigned": False}}
    return {
        "id": user_id,
        "email": f"u{user_id}@portal.example",
        "firstName": f"U{user_id}",
        "lastName": "Test",
        "primaryTeamId": team,
        "permissions": dict.fromkeys(names, everything) | rights,
        **more,
    }


def document() -> dict[str, Any]:
    """The portal's document."""
    people = ((ANN, NORTH), (BEN, SOUTH), (CLEO, ROOT), (ADA, ""))
    return {
        "portal": {"id": "777", "name": "Test", "alias": "test"},
        "users": [user(one, team, superAdmin=one == ADA) for one, team in people],
        "owners": [
            {
                "id": f"50{one}",
                "userId": one,
                "email": f"u{one}@portal.example",
                "firstName": f"U{one}",
                "lastName": "T",
            }
            for one, _ in people
        ],
        "teams": [
            {"id": NORTH, "name": "North", "userIds": [ANN], "parentTeamId": ROOT},
            {"id": SOUTH, "name": "South", "userIds": [BEN], "parentTeamId": ROOT},
            {"id": ROOT, "name": "All", "userIds": [CLEO]},
        ],
        "properties": {
            "tickets": [{"name": "risk", "label": "Risk"}, {"name": "amount", "label": "Amount", "type": "number"}],
            "notes": [{"name": "key", "label": "Key", "hasUniqueValue": True}],
        },
        "objects": [
            {
                "name": "boats",
                "objectTypeId": "2-777001",
                "labels": {"singular": "Boat", "plural": "Boats"},
                "primaryDisplayProperty": "hull",
                "requiredProperties": ["hull"],
                "properties": [{"name": "hull", "label": "Hull", "hasUniqueValue": True}],
            }
        ],
    }


def ticket(record_id: str, owner: str = "", **properties: str) -> tuple[str, dict[str, Any]]:
    """A ticket of the portal."""
    values = {"subject": f"T{record_id}", "hs_pipeline": "0", "hs_pipeline_stage": "1", **properties}
    return "tickets", row(record_id, {**values, **({"hubspot_owner_id": owner} if owner else {})})


def row(record_id: str, properties: dict[str, Any]) -> dict[str, Any]:
    """A record as the document has it."""
    return {"id": record_id, "properties": properties, "createdAt": _AT, "updatedAt": _AT}


def linked(from_: tuple[str, str], to: tuple[str, str], *types: int) -> tuple[str, dict[str, Any]]:
    """An association as the document has it."""
    kinds = [{"category": "HUBSPOT_DEFINED", "typeId": one} for one in types]
    return "associations", {"from": list(from_), "to": list(to), "types": kinds}


RECORDS: Final = (
    ticket("101", ANN_OWNER, risk="high"),
    ticket("102", BEN_OWNER),
    ticket("103"),
    ("contacts", row("201", {"email": "c1@customer.example", "firstname": "Carla", "lastname": "One"})),
    ("contacts", row("202", {"email": "c2@customer.example", "firstname": "Curt", "lastname": "Two"})),
    ("companies", row("301", {"name": "Customer Ltd", "domain": "customer.example"})),
    ("companies", row("302", {"name": "Other Ltd"})),
    ("notes", row("401", {"hs_timestamp": _AT, "hs_note_body": "<p>n1</p>"})),
    ("emails", row("501", {"hs_timestamp": _AT, "hs_email_subject": "Hi", "hs_email_text": "secret text"})),
    ("boats", row("601", {"hull": "H-1"})),
    linked(("tickets", "101"), ("contacts", "201"), 16),
    linked(("tickets", "101"), ("companies", "301"), 339, 26),
    linked(("notes", "401"), ("tickets", "101"), 228),
    linked(("emails", "501"), ("tickets", "102"), 224),
)


class Desk:
    """One portal, and a caller who talks to it."""

    def __init__(self, portal: Portal | None = None, caller: Caller = APP) -> None:
        self.clock = Clock()
        self.portal = portal or Portal.load(document(), RECORDS, self.clock)
        self.caller = caller
        self.mutations = Mutations(self.portal)

    def as_user(self, user_id: str, *without: str) -> "Desk":
        """The same portal with a user's own token, which lacks the scopes `without`."""
        found = Desk(self.portal, Caller(user_id, "4711", user_level=True, scopes=WRITE - set(without)))
        found.clock = self.clock
        return found

    def without(self, *scopes: str) -> "Desk":
        """The same portal with an account-level token that lacks `scopes`."""
        found = Desk(self.portal, Caller("1", "4711", user_level=False, scopes=WRITE - set(scopes)))
        found.clock = self.clock
        return found

    def raw(self, method: str, url: str, body: bytes = b"") -> Response:
        """Send bytes."""
        path, _, query = url.partition("?")
        return handle(self.portal, self.caller, Request(method, path, {}, {}, body, BASE, query))

    def call(self, method: str, url: str, body: object = None) -> tuple[int, Any]:
        """Send JSON; status and the answer's JSON."""
        response = self.raw(method, url, b"" if body is None else json.dumps(body).encode())
        return response.status, json.loads(response.body) if response.body else None

    def ok(self, method: str, url: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Send JSON that must be accepted; the answer's JSON."""
        status, answer = self.call(method, url, body)
        assert status in {200, 201, 204}, (status, answer)
        return answer

    def refused(self, method: str, url: str, body: object = None) -> tuple[int, str, str]:
        """Send JSON that must be refused; status, category and message."""
        status, answer = self.call(method, url, body)
        assert status >= 400, (status, answer)
        assert answer["status"] == "error"
        assert answer["correlationId"]
        return status, answer.get("category", ""), answer["message"]

    def later(self, seconds: float = 10) -> None:
        """Time passes."""
        self.clock.advance(timedelta(seconds=seconds))

    def ids(self, url: str) -> list[str]:
        """The ids of a page."""
        return [one["id"] for one in self.ok("GET", url)["results"]]

    def found(self, type_name: str, **body: Any) -> list[str]:  # noqa: ANN401 - JSON
        """The ids that a search finds."""
        return [one["id"] for one in self.ok("POST", f"/crm/v3/objects/{type_name}/search", body)["results"]]
