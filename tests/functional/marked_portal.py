"""The example company's HubSpot portal with a mark in every text, and what each user may see of it.

For a user-level app the CRM itself says so, asked as that user with plain requests. For an account-level app it is the
configured rule, worked out here from owners and teams: no code of the product takes part in either answer.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from connectors.sandbox.data import generate
from tests.functional.marked_world import Rights, World, number, planted, word

ALIAS = "meridian"
TEXTS: Mapping[str, tuple[str, ...]] = {
    "tickets": ("subject", "content", "internal_risk_note", "resolution", "product"),
    "emails": ("hs_email_subject", "hs_email_text", "hs_email_html"),
    "notes": ("hs_note_body",),
    "calls": ("hs_call_title", "hs_call_body"),
    "tasks": ("hs_task_subject", "hs_task_body"),
    "contacts": ("firstname", "lastname", "jobtitle", "address"),
    "companies": ("name",),
    "deals": ("dealname",),
}
NUMBERS: Mapping[str, tuple[str, ...]] = {"tickets": ("refund_amount",), "deals": ("amount",)}
HIDDEN: Mapping[str, tuple[str, ...]] = {
    "noor.haddad": ("tickets.content", "emails.hs_email_subject"),
    "stefan.kroll": ("emails.hs_email_text", "contacts.lastname"),
    "davi.rocha": ("notes.hs_note_body", "calls.hs_call_body"),
    "gloria.estevez": ("tickets.subject", "companies.name"),
}
"""Properties that these users lose beside those that the example company hides, so that every property matters."""
RULED = ("tickets", "deals")
"""Objects of which the rule shows what its owner and her teams have."""
ENGAGEMENTS = ("emails", "notes", "calls", "tasks")
API = "/crm/objects/2026-03"


@dataclass(frozen=True)
class Portal:
    """What was written: the marks, and who owns what for the account-level rule."""

    world: World
    document: Mapping[str, Any]
    owned: Mapping[str, tuple[frozenset[str], frozenset[str]]]
    tickets_of: Mapping[str, frozenset[str]]

    @property
    def tickets(self) -> list[str]:
        """Ids of all tickets that are not archived."""
        return self.of("tickets")

    def of(self, wanted: str) -> list[str]:
        """Ids of all records of an object that are not archived."""
        return [record_id for record_id, object_ in self.world.records[ALIAS].items() if object_ == wanted]

    def may_view_tickets(self, user_id: str) -> bool:
        """Whether her permissions let her see any ticket at all."""
        user = next(user for user in self.document["users"] if user["id"] == user_id)
        return bool(user["superAdmin"]) or user["permissions"].get("tickets", {}).get("view", "none") != "none"

    def by_rule(self, user_id: str) -> Rights:
        """What the rule "owner or team, unassigned hidden" shows: engagements with a ticket.

        Contacts and companies are open to everybody by configuration.
        """
        owner = next((str(o["id"]) for o in self.document["owners"] if o.get("userId") == user_id), "")
        teams = {
            str(team["id"])
            for team in self.document["teams"]
            if user_id in {*map(str, team["userIds"]), *map(str, team["secondaryUserIds"])}
        }
        objects = self.world.records[ALIAS]
        ids = set()
        for record_id, object_ in objects.items():
            if record_id in self.owned:
                owners, its_teams = self.owned[record_id]
                if owner and (owner in owners or teams & its_teams):
                    ids.add(record_id)
            elif object_ in {"contacts", "companies"}:
                ids.add(record_id)
        ids |= {key for key, tickets in self.tickets_of.items() if tickets & ids}
        fields = {name: frozenset({*TEXTS.get(name, ()), *NUMBERS.get(name, ())}) for name in TEXTS}
        return Rights(fields, frozenset(ids), objects)


def write(folder: Path, hidden: Mapping[str, tuple[str, ...]] = HIDDEN) -> Portal:
    """Write the marked portal below `folder`. Everybody may install the account-level app, so that all can be tried.

    `hidden` are the properties that users lose.
    """
    document, rows = next((doc, rows) for doc, rows in generate() if doc.get("vendor") == "hubspot")
    world = World(folder)
    target = folder / ALIAS
    target.mkdir(parents=True)
    world.records[ALIAS] = {}
    owned: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    tickets_of: dict[str, set[str]] = {}
    lines: dict[str, list[str]] = {}
    for object_, row in rows:
        if object_ == "associations":
            _link(tickets_of, row)
        elif not row.get("archived"):
            world.records[ALIAS][str(row["id"])] = object_
        lines.setdefault(object_, []).append(json.dumps(_marked(world, object_, row) if object_ in TEXTS else row))
        if object_ in RULED:
            owned[str(row["id"])] = _owners(row["properties"])
    for object_, found in lines.items():
        (target / f"{object_}.jsonl").write_text("\n".join(found), encoding="utf-8")
    users = [user | {"marketplace": True, "hidden_properties": _hidden(user, hidden)} for user in document["users"]]
    document = document | {"users": users}
    (target / "portal.json").write_text(json.dumps(document, default=list), encoding="utf-8")
    frozen = {key: frozenset(tickets) for key, tickets in tickets_of.items()}
    return Portal(world, document, owned, frozen)


def ask(url: str, token: str, ca_file: Path) -> Rights:
    """Ask the CRM as the owner of `token`: every record of every object, and which properties come with them."""
    fields: dict[str, frozenset[str]] = {}
    ids: dict[str, str] = {}
    with requests.Session() as http:
        http.trust_env = False
        http.headers["Authorization"] = f"Bearer {token}"
        for object_ in TEXTS:
            names = (*TEXTS[object_], *NUMBERS.get(object_, ()))
            seen: set[str] = set()
            after: str | None = "0"
            while after is not None:
                query = {"limit": "100", "properties": ",".join(names), **({"after": after} if after != "0" else {})}
                answer = http.get(f"{url}{API}/{object_}", params=query, verify=str(ca_file), timeout=60)
                assert answer.ok or answer.status_code == requests.codes.forbidden, answer.status_code
                page = answer.json() if answer.ok else {"results": []}
                for found in page["results"]:
                    ids[found["id"]] = object_
                    seen |= found["properties"].keys() & set(names)
                after = page.get("paging", {}).get("next", {}).get("after")
            fields[object_] = frozenset(seen)
    return Rights(fields, frozenset(ids), ids)


def _marked(world: World, object_: str, row: dict[str, Any]) -> dict[str, Any]:
    properties = dict(row["properties"])
    for name in TEXTS[object_]:
        if properties.get(name):
            mark = word(ALIAS, object_, str(row["id"]), name)
            world.marks[mark] = (object_, str(row["id"]), name)
            properties[name] = planted(str(properties[name]), mark)
    for name in NUMBERS.get(object_, ()):
        digits = number(ALIAS, object_, str(row["id"]), name)
        world.marks[digits] = (object_, str(row["id"]), name)
        properties[name] = digits
    return row | {"properties": properties}


def _hidden(user: Mapping[str, Any], hidden: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [*user["hidden_properties"], *hidden.get(str(user["email"]).partition("@")[0], ())]


def _owners(properties: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    def ids(*names: str) -> frozenset[str]:
        return frozenset(re.findall(r"\d+", ";".join(str(properties.get(name) or "") for name in names)))

    return (
        ids("hubspot_owner_id", "hs_all_owner_ids"),
        ids("hubspot_team_id", "hs_all_team_ids", "hs_all_accessible_team_ids"),
    )


def _link(tickets_of: dict[str, set[str]], row: Mapping[str, Any]) -> None:
    ends = (row["from"], row["to"])
    for (one, one_id), (two, two_id) in (ends, ends[::-1]):
        if one in ENGAGEMENTS and two == "tickets":
            tickets_of.setdefault(str(one_id), set()).add(str(two_id))
