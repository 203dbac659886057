"""The portal's document: people with their rights, teams, pipelines, and the properties that its admin added."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.hubspot.builder import DEVICE_TYPE, PortalBuilder
from connectors.sandbox.data.org import Agent
from connectors.sandbox.data.people import slug

Document = dict[str, Any]

WRITEBACK_KEY: Final = "assistant_writeback_key"
"""The property of notes and tasks by which the assistant writes exactly once."""

_ACTIVITIES: Final = ("notes", "emails", "calls", "meetings")
"""In this portal who sees tickets sees all that hangs on them; HubSpot could narrow it for each of these."""

_GROUP = "ticketinformation"
_SEVERITIES, _REGIONS = ("S1", "S2", "S3", "S4"), ("EMEA", "Americas", "APAC")


@dataclass(frozen=True, slots=True)
class Member(Agent):
    """A user of the portal. `id` is the user's, `owner_id` that of the same person as an owner of records."""

    owner_id: str = ""
    team_id: str = ""


@dataclass(frozen=True, slots=True)
class Crew:
    """The portal's people by their key in `hubspot.yaml`; `teams` holds team ids, `inbox` the owner id of the queue."""

    spec: Mapping[str, Any]
    members: Mapping[str, Member]
    teams: Mapping[str, str]
    inbox: str

    @property
    def support_address(self) -> str:
        """The mailbox that customers write to."""
        return f"support@{self.spec['domain']}.example"

    def teams_above(self, key: str) -> list[str]:
        """Ids of a team and of those above it, whose members see its records too."""
        found = []
        at: str | None = key
        while at:
            found.append(self.teams[at])
            at = self.spec["teams"][at].get("parent")
        return found

    def ownership(self, key: str | None) -> dict[str, str | None]:
        """The properties by which a record belongs to a member (None: to nobody), as HubSpot derives them."""
        if key is None:
            names = ("hubspot_owner_id", "hubspot_team_id", "hs_all_owner_ids", "hs_all_team_ids")
            return dict.fromkeys((*names, "hs_all_accessible_team_ids"))
        member = self.members[key]
        return {
            "hubspot_owner_id": member.owner_id,
            "hubspot_team_id": member.team_id,
            "hs_all_owner_ids": member.owner_id,
            "hs_all_team_ids": member.team_id,
            "hs_all_accessible_team_ids": ";".join(self.teams_above(self.spec["users"][key]["team"])),
        }


def build_portal(builder: PortalBuilder) -> tuple[Document, Crew]:
    """The portal's document and its people."""
    spec = bank("hubspot")
    teams = {key: builder.mint("teams") for key in spec["teams"]}
    roles = {key: builder.mint("roles") for key in spec["roles"]}
    members = {key: _member(builder, entry, spec["domain"], teams) for key, entry in spec["users"].items()}
    crew = Crew(spec, members, teams, builder.mint("owners"))
    document: Document = {
        "vendor": "hubspot",
        "portal": dict(spec["portal"]),
        "users": [_user(crew, key, entry, roles[entry["role"]]) for key, entry in spec["users"].items()],
        "owners": [*(_owner(crew, key) for key in spec["users"]), _inbox(crew)],
        "teams": [_team(crew, key, entry) for key, entry in spec["teams"].items()],
        "roles": [
            {"id": roles[key], "name": role["name"], "requiresBillingWrite": role.get("billing", False)}
            for key, role in spec["roles"].items()
        ],
        "properties": _properties(spec),
        "objects": [_devices(spec)],
        "pipelines": {
            "tickets": [_pipeline(number, key, line) for number, (key, line) in enumerate(spec["pipelines"].items())],
            "deals": [_deal_pipeline(spec["deal_pipeline"])],
        },
    }
    return document, crew


def stage_id(pipeline: str, stage: str) -> str:
    """The id of a stage: "1" to "5" in the first pipeline, as every portal has them, longer in those added later."""
    spec = bank("hubspot")["pipelines"][pipeline]
    number = list(spec["stages"]).index(stage) + 1
    return str(number) if spec["id"] == "0" else f"{spec['id']}{number:02d}"


def _member(builder: PortalBuilder, entry: Mapping[str, Any], domain: str, teams: Mapping[str, str]) -> Member:
    first, _, last = entry["name"].partition(" ")
    email = f"{slug(first)}.{slug(last)}@{domain}.example"
    user_id, owner_id = builder.mint("users"), builder.mint("owners")
    return Member(user_id, entry["name"], email, entry["title"], owner_id, teams[entry["team"]])


def _user(crew: Crew, key: str, entry: Mapping[str, Any], role_id: str) -> Document:
    member = crew.members[key]
    first, _, last = member.name.partition(" ")
    rights = crew.spec["seats"].get(entry.get("seat"), {})
    permissions = {
        name: {"view": view, "edit": edit, "unassigned": unassigned}
        for name, (view, edit, unassigned) in rights.items()
    }
    if "tickets" in permissions:
        edit = permissions["tickets"]["edit"]
        permissions |= {name: {"view": "all", "edit": edit, "unassigned": True} for name in _ACTIVITIES}
    return {
        "id": member.id,
        "email": member.email,
        "firstName": first,
        "lastName": last,
        "superAdmin": entry.get("super", False),
        "marketplace": entry.get("super", False) or entry.get("marketplace", False),
        "roleId": role_id,
        "primaryTeamId": member.team_id,
        "secondaryTeamIds": [crew.teams[team] for team in entry.get("also", ())],
        "permissions": permissions,
        "hidden_properties": list(entry.get("hidden", ())),
        "editAssociations": entry.get("associations", True),
        "active": entry.get("active", True),
        "note": entry["note"],
    }


def _owner(crew: Crew, key: str) -> Document:
    member = crew.members[key]
    first, _, last = member.name.partition(" ")
    return {
        "id": member.owner_id,
        "userId": member.id,
        "email": member.email,
        "firstName": first,
        "lastName": last,
        "type": "PERSON",
        "archived": not crew.spec["users"][key].get("active", True),
    }


def _inbox(crew: Crew) -> Document:
    name = crew.spec["queue"]["name"]
    return {
        "id": crew.inbox,
        "userId": None,
        "email": None,
        "firstName": name,
        "lastName": "",
        "type": "QUEUE",
        "archived": False,
    }


def _team(crew: Crew, key: str, entry: Mapping[str, Any]) -> Document:
    users = crew.spec["users"].items()
    team: Document = {
        "id": crew.teams[key],
        "name": entry["name"],
        "userIds": [crew.members[name].id for name, user in users if user["team"] == key],
        "secondaryUserIds": [crew.members[name].id for name, user in users if key in user.get("also", ())],
    }
    if "parent" in entry:
        team["parentTeamId"] = crew.teams[entry["parent"]]
    return team


def _properties(spec: Mapping[str, Any]) -> dict[str, list[Document]]:
    products = [name for family in spec["products"].values() for name in family]
    own = {**_property(WRITEBACK_KEY, "Assistant Key"), "hasUniqueValue": True}
    hold = _property("legal_hold", "Legal Hold", "bool", "booleancheckbox", ("true", "false"))
    return {
        "tickets": [
            _property("severity", "Severity", "enumeration", "select", _SEVERITIES),
            _property("region", "Region", "enumeration", "select", _REGIONS),
            _property("product", "Product", "enumeration", "select", products),
            _property("refund_amount", "Refund Amount", "number", "number"),
            _property("internal_risk_note", "Internal Risk Note", "string", "textarea"),
            _property("resolution", "Resolution", "string", "textarea"),
            hold,
        ],
        "companies": [{**hold, "groupName": "companyinformation"}],
        "notes": [{**own, "groupName": "note"}],
        "tasks": [{**own, "groupName": "task"}],
    }


def _property(
    name: str, label: str, type_: str = "string", field: str = "text", options: tuple[str, ...] | list[str] = ()
) -> Document:
    made: Document = {"name": name, "label": label, "type": type_, "fieldType": field, "groupName": _GROUP}
    if options:
        made["options"] = [
            {"label": value, "value": value, "displayOrder": place, "hidden": False}
            for place, value in enumerate(options)
        ]
    return made


def _devices(spec: Mapping[str, Any]) -> Document:
    products = [name for family in ("sensor", "gateway") for name in spec["products"][family]]
    properties = [
        {**_property("serial_number", "Serial Number"), "hasUniqueValue": True},
        _property("model", "Model", "enumeration", "select", products),
        _property("firmware", "Firmware"),
        _property("installed_on", "Installed On", "date", "date"),
    ]
    return {
        "name": "devices",
        "objectTypeId": DEVICE_TYPE,
        "labels": {"singular": "Device", "plural": "Devices"},
        "primaryDisplayProperty": "serial_number",
        "requiredProperties": ["serial_number"],
        "associatedObjects": ["TICKET", "COMPANY"],
        "properties": [{**item, "groupName": "devices_information"} for item in properties],
    }


def _pipeline(number: int, key: str, line: Mapping[str, Any]) -> Document:
    return {
        "id": line["id"],
        "label": line["label"],
        "displayOrder": number,
        "stages": [
            {"id": stage_id(key, stage), "label": label, "displayOrder": place, "metadata": {"ticketState": state}}
            for place, (stage, (label, state)) in enumerate(line["stages"].items())
        ],
    }


def _deal_pipeline(line: Mapping[str, Any]) -> Document:
    return {
        "id": line["id"],
        "label": line["label"],
        "displayOrder": 0,
        "stages": [
            {"id": stage, "label": label, "displayOrder": place,
             "metadata": {"probability": chance, "isClosed": str(chance in {"1.0", "0.0"}).lower()}}
            for place, (stage, (label, chance)) in enumerate(line["stages"].items())
        ],
    }  # fmt: skip
