"""The organisation: users, roles, profiles, queues and the fields that the org's admin added."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import OrgBuilder
from connectors.sandbox.data.people import slug
from connectors.sandbox.salesforce.standard import PACKAGE_SCHEMA

Document = dict[str, Any]
"""What the engine loads an org from; `salesforce/loading.py` reads it."""

_CASE_FIELDS: Final = (
    {"name": "Severity__c", "type": "picklist", "label": "Severity", "picklistValues": ["S1", "S2", "S3", "S4"]},
    {"name": "Region__c", "type": "picklist", "label": "Region", "picklistValues": ["EMEA", "Americas", "APAC"]},
    {"name": "Product__c", "type": "picklist", "label": "Product"},
    {"name": "Refund_Amount__c", "type": "currency", "label": "Refund Amount"},
    {"name": "Internal_Risk_Note__c", "type": "textarea", "label": "Internal Risk Note", "length": 32000},
    {"name": "Resolution__c", "type": "textarea", "label": "Resolution", "length": 32000},
)
_HOLD: Final = {"name": "Legal_Hold__c", "type": "boolean", "label": "Legal Hold"}
_CURRENCY: Final = {"name": "CurrencyIsoCode", "type": "picklist", "label": "Currency ISO Code"}
_PERSON_FIELDS: Final = (
    {"name": "IsPersonAccount", "type": "boolean", "label": "Is Person Account", "createable": False},
    {"name": "PersonContactId", "type": "reference", "label": "Contact ID", "referenceTo": ["Contact"],
     "relationshipName": "PersonContact", "createable": False, "updateable": False},
    {"name": "FirstName", "type": "string", "label": "First Name", "length": 40},
    {"name": "LastName", "type": "string", "label": "Last Name", "length": 80},
    {"name": "PersonEmail", "type": "email", "label": "Email", "length": 80},
    {"name": "PersonMobilePhone", "type": "phone", "label": "Mobile", "length": 40},
    {"name": "PersonMailingStreet", "type": "textarea", "label": "Mailing Street", "length": 255},
)  # fmt: skip
"""What person accounts add to Account (Salesforce Object Reference, "Person Account Fields")."""
_ARTICLE_FIELDS: Final = ({"name": "Answer__c", "type": "textarea", "label": "Answer", "length": 131072},)


@dataclass(frozen=True, slots=True)
class Agent:
    """A user who writes to customers."""

    id: str
    name: str
    email: str
    title: str

    @property
    def first(self) -> str:
        """The given name, with which agents sign."""
        return self.name.split()[0]


@dataclass(frozen=True, slots=True)
class Staff:
    """The org's people by their key in `org.yaml`, and the ids of its groups."""

    spec: Mapping[str, Any]
    agents: Mapping[str, Agent]
    queues: Mapping[str, str]
    group: str

    @property
    def support_address(self) -> str:
        """The mailbox that customers write to."""
        return f"support@{self.spec['domain']}.example"

    def holders(self, what: str, value: str) -> list[str]:
        """Keys of the people whose `what` ("role" or "profile") is `value`; those who left do not count."""
        users = self.spec["users"].items()
        return [key for key, entry in users if entry[what] == value and entry.get("active", True)]

    def holder(self, what: str, value: str) -> Agent:
        """The first of `holders`."""
        return self.agents[self.holders(what, value)[0]]


def build_document(builder: OrgBuilder) -> tuple[Document, Staff]:
    """The org document (without shares, which come with the records) and its staff."""
    rules = bank("org")
    spec = rules["orgs"][builder.alias]
    org_id = builder.mint("Organization")
    role_ids = {key: builder.mint("UserRole") for key in rules["roles"]}
    profile_ids = {key: builder.mint("Profile") for key in rules["profiles"]}
    agents = {key: _agent(builder, entry, spec["domain"]) for key, entry in spec["users"].items()}
    queues = {key: builder.mint("Group") for key in spec["queues"]}
    group = builder.mint("Group")
    staff = Staff(spec, agents, queues, group)
    document: Document = {
        "org": {"Id": org_id, "Name": spec["name"], "alias": builder.alias, "my_domain": spec["domain"]},
        "roles": [
            {"Id": role_ids[key], "Name": role["name"], "ParentRoleId": role_ids.get(role.get("parent"))}
            for key, role in rules["roles"].items()
        ],
        "profiles": [_profile(profile_ids[key], profile) for key, profile in rules["profiles"].items()],
        "permission_sets": [_package_rights(builder, staff)] if spec["package"] else [],
        "users": [
            {
                **_user(agents[key], spec["domain"]),
                "ProfileId": profile_ids[entry["profile"]],
                "UserRoleId": role_ids[entry["role"]],
                "IsActive": entry.get("active", True),
                "note": entry["note"],
            }
            for key, entry in spec["users"].items()
        ],
        "groups": [
            *(_group(queues[key], queue, "Queue", agents) for key, queue in spec["queues"].items()),
            _group(group, spec["group"], "Regular", agents),
        ],
        "owd": dict(rules["owd"]),
        "schema": _schema(spec),
        "assignment": {"Case": queues["emea"]},
    }
    return document, staff


def _agent(builder: OrgBuilder, entry: Mapping[str, Any], domain: str) -> Agent:
    first, _, last = entry["name"].partition(" ")
    return Agent(builder.mint("User"), entry["name"], f"{slug(first)}.{slug(last)}@{domain}.example", entry["title"])


def _user(agent: Agent, domain: str) -> Document:
    first, _, last = agent.name.partition(" ")
    return {
        "Id": agent.id,
        "Username": f"{slug(first)}.{slug(last)}@{domain}.example",
        "Name": agent.name,
        "FirstName": first,
        "LastName": last,
        "Email": agent.email,
        "Title": agent.title,
    }


def _profile(profile_id: str, profile: Mapping[str, Any]) -> Document:
    return {
        "Id": profile_id,
        "Name": profile["name"],
        "permissions": list(profile["permissions"]),
        "objects": dict(profile["objects"]),
        "hidden_fields": list(profile["hidden_fields"]),
        "readonly_fields": list(profile["readonly_fields"]),
    }


def _package_rights(builder: OrgBuilder, staff: Staff) -> Document:
    """The permission set of the product's package, for those who may apply drafts."""
    return {
        "Id": builder.mint("PermissionSet"),
        "Name": "CRM Sidecar User",
        "objects": {"Writeback__c": "CRE"},
        "fields": ["Case.Assistant_Summary__c"],
        "assignees": [staff.agents[key].id for key in staff.spec["assistants"]],
    }


def _group(group_id: str, entry: Mapping[str, Any], kind: str, agents: Mapping[str, Agent]) -> Document:
    return {
        "Id": group_id,
        "Name": entry["name"],
        "Type": kind,
        "members": [agents[key].id for key in entry["members"]],
    }


def _schema(spec: Mapping[str, Any]) -> Document:
    products = [name for family in spec["products"].values() for name in family]
    case_fields = [
        {**field, "picklistValues": products} if field["name"] == "Product__c" else dict(field)
        for field in _CASE_FIELDS
    ]
    schema: Document = {
        "Case": {"fields": case_fields},
        "Knowledge__kav": {"fields": [dict(f) for f in _ARTICLE_FIELDS]},
    }
    if spec["lifecycle"]:
        currency = _CURRENCY | {"picklistValues": bank("lifecycle")["currencies"]}
        case_fields += [dict(_HOLD), dict(currency)]
        schema["Account"] = {"fields": [dict(field) for field in (_HOLD, currency, *_PERSON_FIELDS)]}
        schema["Contact"] = {"fields": [dict(_PERSON_FIELDS[0]), dict(currency)]}
        schema["Opportunity"] = {"fields": [dict(currency)]}
    if spec["package"]:
        for name, addition in PACKAGE_SCHEMA.items():
            known = schema.get(name, {"fields": []})
            extra = addition["fields"]
            schema[name] = {**addition, "fields": [*known["fields"], *(extra if isinstance(extra, list) else ())]}
    return schema
