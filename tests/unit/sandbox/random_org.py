"""Random Salesforce orgs, and random changes to them, for judging the permission engine."""

import random

from connectors.sandbox.salesforce.ids import mint
from tests.unit.sandbox.engine_world import World
from tests.unit.sandbox.permission_model import JSON

OBJECTS = ("Account", "Contact", "Case", "CaseComment", "EmailMessage", "Task", "Event", "Opportunity", "FeedItem",
           "Knowledge__kav", "Writeback__c")  # fmt: skip
PREFIXES = ("001", "003", "500", "00a", "02s", "00T", "00U", "006", "0D5", "ka0", "a0W")
SHOWN = {
    "Account": ("Name", "Industry"), "Contact": ("LastName", "Email"), "Case": ("Subject", "Priority", "Risk__c"),
    "CaseComment": ("CommentBody",), "EmailMessage": ("Subject", "TextBody"), "Task": ("Subject", "Description"),
    "Event": ("Subject",), "Opportunity": ("Name", "Amount"), "FeedItem": ("Body",), "Knowledge__kav": ("Title",),
    "Writeback__c": ("Key__c",),
}  # fmt: skip
HIDEABLE = [f"{kind}.{name}" for kind, names in SHOWN.items() for name in names]
RIGHTS, RIGHTS_OFTEN = ("", "R", "CR", "RE", "CRE", "CRED", "RV", "CREDVM"), (2, 5, 4, 4, 6, 4, 1, 1)
"""Combinations that an admin can make: each further right needs reading."""
UNOWNED, QUEUED = ("CaseComment", "EmailMessage", "FeedItem"), ("Case", "Writeback__c")


def document(draw: random.Random) -> JSON:
    """An org of two to five people with rights, roles, groups and shares at random."""
    users = [mint("005", "5e0", number) for number in range(1, draw.randint(3, 6))]
    roles = [mint("00E", "5e0", number) for number in range(1, draw.randint(2, 5))]
    groups = [mint("00G", "5e0", number) for number in range(1, draw.randint(2, 5))]
    profiles = [mint("00e", "5e0", number) for number in (1, 2, 3)]
    return {
        "org": {"Id": mint("00D", "5e0", 1)},
        "hidden": [],
        "revoked": [],
        "roles": [
            {"Id": role, "Name": role, "ParentRoleId": draw.choice([None, *roles[:number]])}
            for number, role in enumerate(roles)
        ],
        "profiles": [grant(draw, profile) for profile in profiles],
        "permission_sets": [
            grant(draw, mint("0PS", "5e0", number))
            | {
                "assignees": draw.sample(users, draw.randint(0, 2)),
                "fields": draw.sample(HIDEABLE, draw.randint(0, 3)),
            }
            for number in range(1, draw.randint(1, 3))
        ],
        "users": [
            {
                "Id": user,
                "Username": f"{user}@x.example",
                "LastName": user,
                "Email": f"{user}@x.example",
                "ProfileId": draw.choice(profiles),
                "UserRoleId": draw.choice([None, *roles]),
                "IsActive": True,
            }
            for user in users
        ],
        "groups": [
            {"Id": group, "Name": group, "members": draw.sample(users + roles + groups[:number], draw.randint(0, 3))}
            for number, group in enumerate(groups)
        ],
        "owd": {
            kind: draw.choice(("Private", "Private", "Private", "Read", "ReadWrite"))
            for kind in ("Account", "Case", "Task", "Event", "Opportunity", "Writeback__c")
        }
        | {"Contact": draw.choice(("ControlledByParent", "Private"))},
        "schema": {
            "Case": {"fields": [{"name": "Risk__c", "type": "string"}]},
            "Writeback__c": {
                "keyPrefix": "a0W",
                "fields": [
                    {"name": "Key__c", "type": "string"},
                    {"name": "OwnerId", "type": "reference", "referenceTo": ["User", "Group"]},
                ],
            },
        },
    }


def grant(draw: random.Random, grant_id: str) -> JSON:
    """Rights of a profile or permission set."""
    kinds = draw.sample(OBJECTS, draw.randint(0, len(OBJECTS)))
    return {
        "Id": grant_id,
        "Name": grant_id,
        "permissions": ["ApiEnabled", *draw.choices((None, "ViewAllData", "ModifyAllData"), (18, 1, 1))],
        "objects": {kind: draw.choices(RIGHTS, RIGHTS_OFTEN)[0] for kind in kinds},
        "hidden_fields": draw.sample(HIDEABLE, draw.randint(0, 6)),
    }


def records(draw: random.Random, document_: JSON) -> list[tuple[str, JSON]]:
    """One to three records of each object, tied to each other at random; some deleted, some drafts."""
    users = [user["Id"] for user in document_["users"]]
    owners = users + [group["Id"] for group in document_["groups"]]
    ids = {
        kind: [mint(prefix, "5e0", number) for number in range(1, draw.randint(2, 4))]
        for kind, prefix in zip(OBJECTS, PREFIXES, strict=True)
    }

    def one(*kinds: str) -> str | None:
        return draw.choice([None, *(record_id for kind in kinds for record_id in ids[kind])])

    def related(kind: str) -> JSON:
        case = one("Case")
        ties: dict[str, JSON] = {
            "Case": {"AccountId": one("Account")},
            "CaseComment": {"ParentId": draw.choice(ids["Case"])},
            "Contact": {"AccountId": one("Account")},
            "EmailMessage": {
                "ParentId": case,
                "RelatedToId": case or one("Account", "Opportunity"),
                "ActivityId": one("Task"),
                "Status": draw.choice(("1", "3", "5")),
            },
            "Event": {"WhatId": one("Case", "Account", "Opportunity"), "WhoId": one("Contact")},
            "FeedItem": {"ParentId": draw.choice(ids["Case"])},
            "Knowledge__kav": {"PublishStatus": draw.choice(("Draft", "Online", "Archived"))},
            "Opportunity": {"AccountId": one("Account"), "Amount": 1},
            "Task": {"WhatId": one("Case", "Account", "Opportunity"), "WhoId": one("Contact")},
        }
        owner = {} if kind in UNOWNED else {"OwnerId": draw.choice(owners if kind in QUEUED else users)}
        return owner | ties.get(kind, {})

    return [
        (
            kind,
            {"Id": record_id, "CreatedById": draw.choice(users), "IsDeleted": draw.random() < 0.1}
            | dict.fromkeys(SHOWN[kind], "x")
            | related(kind),
        )
        for kind, listed in ids.items()
        for record_id in listed
    ]


def share(draw: random.Random, document_: JSON, made: list[tuple[str, JSON]]) -> None:
    """Shares of owned records with people, roles and groups; now and then a restriction rule."""
    owned = [row["Id"] for _, row in made if "OwnerId" in row]
    people = [item["Id"] for key in ("users", "roles", "groups") for item in document_[key]]
    document_["shares"] = [
        {
            "ParentId": draw.choice(owned),
            "UserOrGroupId": draw.choice(people),
            "AccessLevel": draw.choice(("Read", "Edit")),
        }
        for _ in range(draw.randint(2, 8))
    ]
    document_["restriction_rules"] = [
        {
            "targetEntity": draw.choice(OBJECTS),
            "userCriteria": f"$User.Id = '{draw.choice(document_['users'])['Id']}'",
            "recordFilter": "OwnerId = $User.Id",
        }
        for _ in range(draw.choice((0, 0, 0, 1)))
    ]


def change(draw: random.Random, about: JSON, made: list[tuple[str, JSON]], world: World) -> None:
    """One change of rights, people or records, made to the running org and to what the model is built from."""
    user = draw.choice(about["users"])
    kind, row = draw.choice(made)
    what = draw.choice(
        ("owner", "owner", "unshare", "unshare", "hide", "revoke", "send", "delete", "role", "profile", "move")
    )
    fields: JSON = {}
    if what == "owner" and "OwnerId" in row:
        fields = {"OwnerId": draw.choice(about["users"])["Id"]}
    elif what == "unshare" and about["shares"]:
        lost = draw.choice(about["shares"])
        world.org.unshare(lost["ParentId"], lost["UserOrGroupId"])
        about["shares"] = [
            item
            for item in about["shares"]
            if (item["ParentId"], item["UserOrGroupId"]) != (lost["ParentId"], lost["UserOrGroupId"])
        ]
    elif what == "hide":
        about["hidden"].append((user["Id"], draw.choice(HIDEABLE)))
        world.org.hide_field(*about["hidden"][-1])
    elif what == "revoke":
        about["revoked"].append((user["Id"], kind))
        world.org.revoke_object(user["Id"], kind)
    elif what == "send" and kind == "EmailMessage":
        fields = {"Status": draw.choice(("3", "5"))}
    elif what == "delete":
        fields = {"IsDeleted": True}
    elif what == "move" and kind in {"Case", "Contact", "Opportunity"}:
        fields = {"AccountId": draw.choice([None, *world.org.records["Account"]])}
    elif what in {"role", "profile"}:
        key, listed = ("UserRoleId", "roles") if what == "role" else ("ProfileId", "profiles")
        user[key] = draw.choice(about[listed])["Id"]
        world.org.touch(user["Id"], **{key: user[key]})
    if fields:
        row |= fields
        world.org.touch(row["Id"], **fields)
