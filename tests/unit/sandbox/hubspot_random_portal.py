"""Random HubSpot portals: teams below each other, users with odd rights, records, associations, and changes."""

import random
from typing import Any, Final

from connectors.sandbox.hubspot.mutations import Mutations

JSON = dict[str, Any]
Pair = tuple[tuple[str, str], ...]
TYPES: Final = ("tickets", "contacts", "companies", "deals", "notes", "emails", "tasks")
SHOWN: Final = {
    "tickets": ("subject", "content"),
    "contacts": ("firstname", "email"),
    "companies": ("name", "phone"),
    "deals": ("dealname", "amount"),
    "notes": ("hs_note_body", "hs_timestamp"),
    "emails": ("hs_email_subject", "hs_email_text", "hs_email_html", "hs_email_headers"),
    "tasks": ("hs_task_subject", "hs_task_body"),
}
_LINKS: Final = {
    ("notes", "tickets"): 228,
    ("notes", "contacts"): 202,
    ("notes", "companies"): 190,
    ("notes", "deals"): 214,
    ("emails", "tickets"): 224,
    ("emails", "contacts"): 198,
    ("tasks", "deals"): 216,
    ("tasks", "tickets"): 230,
    ("tickets", "contacts"): 16,
    ("deals", "companies"): 341,
}
_LEVELS: Final = ("none", "owned", "team", "all")
_USERS: Final = ("1", "2", "3", "4")
_TEAMS: Final = ("10", "20", "30", "40")
_OWNERS: Final = ("", "91", "92", "93", "94", "99")
_AT: Final = "2026-11-01T08:00:00.000Z"


def document(draw: random.Random) -> JSON:
    """A portal's document; an owner 99 is a queue, and a team's parent comes after it."""
    teams = [
        {"id": one, "name": one, "parentTeamId": draw.choice(["", *_TEAMS[place + 1 :]])}
        for place, one in enumerate(_TEAMS)
    ]
    owners: list[JSON] = [{"id": f"9{one}", "userId": one, "email": f"{one}@x.example"} for one in _USERS]
    owners.append({"id": "99", "userId": "", "type": "QUEUE"})
    return {"portal": {"id": "7"}, "users": [_user(draw, one) for one in _USERS], "owners": owners, "teams": teams}


def records(draw: random.Random) -> tuple[list[tuple[str, JSON]], list[Pair]]:
    """Records, three of a type, and associations between some of them."""
    made: list[tuple[str, JSON]] = []
    for place, name in enumerate(TYPES, 1):
        for number in range(3):
            properties = dict.fromkeys(SHOWN[name], "1") | {"hubspot_owner_id": draw.choice(_OWNERS)}
            properties |= {one: _AT for one in properties if one == "hs_timestamp"}
            made.append((name, {"id": f"{place}{number}", "properties": properties, "createdAt": _AT,
                                "archived": draw.random() < 0.1}))  # fmt: skip
    links = []
    for _ in range(draw.randrange(14)):
        ends = draw.choice(sorted(_LINKS))
        links.append(tuple((name, f"{TYPES.index(name) + 1}{draw.randrange(3)}") for name in ends))
    return made, links


def rows(made: list[tuple[str, JSON]], links: list[Pair]) -> list[tuple[str, JSON]]:
    """Records and associations as a portal is loaded from them."""
    kinds = {pair: [{"category": "HUBSPOT_DEFINED", "typeId": one}] for pair, one in _LINKS.items()}
    return [
        *made,
        *(
            ("associations", {"from": list(here), "to": list(there), "types": kinds[here[0], there[0]]})
            for here, there in links
        ),
    ]


def change(draw: random.Random, about: JSON, made: list[tuple[str, JSON]], links: list[Pair], to: Mutations) -> None:
    """Change the document and the portal alike: a right, a hidden property, an owner, the bin, an association."""
    user, (name, row) = draw.choice(about["users"]), draw.choice(made)
    what = draw.randrange(5)
    if what == 0:
        rights = {"view": draw.choice(_LEVELS), "unassigned": draw.random() < 0.5}
        user["permissions"][name] = {**user["permissions"].get(name, {}), **rights}
        to.apply("set_permission", user["id"], {"object": name, **rights})
    elif what == 1:
        hidden = f"{name}.{draw.choice(SHOWN[name])}"
        user["hidden_properties"] = [*user["hidden_properties"], hidden]
        to.apply("hide_property", user["id"], {"property": hidden})
    elif what == 2 and not row["archived"]:
        owner = draw.choice(_OWNERS)
        row["properties"]["hubspot_owner_id"] = owner
        to.apply("move_owner", "", {"object": name, "id": row["id"], "owner": owner})
    elif what == 3:
        row["archived"] = not row["archived"]
        to.apply("archive" if row["archived"] else "restore", "", {"object": name, "id": row["id"]})
    elif links:
        here, there = gone = draw.choice(links)
        links[:] = [one for one in links if one != gone]
        to.apply("dissociate", "", {"object": here[0], "id": here[1], "to": list(there)})


def _user(draw: random.Random, user_id: str) -> JSON:
    return {
        "id": user_id,
        "email": f"{user_id}@x.example",
        "superAdmin": draw.random() < 0.08,
        "active": draw.random() > 0.08,
        "primaryTeamId": draw.choice(["", *_TEAMS]),
        "secondaryTeamIds": draw.sample(_TEAMS, draw.randrange(3)),
        "permissions": {
            name: {"view": draw.choice(_LEVELS), "edit": draw.choice(_LEVELS), "unassigned": draw.random() < 0.5}
            for name in TYPES
            if draw.random() < 0.85
        },
        "hidden_properties": [f"{name}.{SHOWN[name][0]}" for name in TYPES if draw.random() < 0.15],
    }
