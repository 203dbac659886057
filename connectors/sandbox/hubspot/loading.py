"""Fills a portal with records and associations, as the generator or a file has them."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors.sandbox.hubspot.association_types import CATEGORIES, USER
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.store import Label, Links, Record
from connectors.sandbox.hubspot.values import Problem, instant, normal

if TYPE_CHECKING:
    from connectors.sandbox.hubspot.portal import Portal


class _Unusable(ValueError):
    """Says what is wrong with a record without quoting it."""


_NORMAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\d{4}-\d\d-\d\d", re.ASCII)
_Linked = dict[tuple[str, str, str], dict[str, frozenset[Label]]]


def fill(portal: "Portal", records: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Store all records, both directions of all associations, and the users as records of their own.

    Raises:
        ValueError: a record that cannot be understood; the message names its place, not its content.
    """
    links: _Linked = {}
    for number, (type_name, row) in enumerate(records):
        try:
            if type_name == "associations":
                _link(portal, row, links)
            else:
                made = _record(portal, type_name, row)
                portal.store.put(made)
                for loser in filter(None, made.get("hs_merged_object_ids").split(";")):
                    portal.store.redirect((made.type, loser), made.id)
        except Problem as error:
            raise ValueError(f"record {number} ({type_name}): {error.code} of {error.name}") from None
        except _Unusable as error:
            raise ValueError(f"record {number} ({type_name}): {error}") from None
        except (KeyError, TypeError, ValueError, HubError) as error:
            raise ValueError(f"record {number} ({type_name}): {type(error).__name__}") from None
    frozen: dict[tuple[str, str, str], Links] = dict(links)
    portal.store.load_links(frozen)
    for user in portal.users():
        if user.id not in portal.store.tables["users"].rows:
            portal.store.put(_user(portal, user.id))


def owned(portal: "Portal", owner_id: str) -> dict[str, str]:
    """The properties that HubSpot derives from a record's owner, "" where there is nothing to say."""
    user = portal.user(portal.people.user_of(owner_id)) if owner_id else None
    team = user.primary_team_id if user else ""
    return {
        "hubspot_team_id": team,
        "hs_all_owner_ids": owner_id,
        "hs_all_team_ids": team,
        "hs_all_accessible_team_ids": ";".join(portal.line(team)),
        "hs_user_ids_of_all_owners": user.id if user else "",
    }


def _record(portal: "Portal", type_name: str, row: Mapping[str, Any]) -> Record:
    kind = portal.schema.type(type_name)
    record_id = str(int(row["id"]))
    given = {name: str(value) for name, value in row["properties"].items() if value is not None and value != ""}
    for name in given.keys() & portal.schema.moments(kind.name):
        if not _NORMAL.fullmatch(given[name]):
            given[name] = normal(portal.schema.properties[kind.name][name], given[name])
    if unknown := given.keys() - portal.schema.properties[kind.name].keys():
        raise _Unusable(f"no property {min(unknown)}")
    created = _millis(row["createdAt"])
    updated = _millis(row.get("updatedAt") or row["createdAt"])
    archived = (_millis(row.get("archivedAt") or row["createdAt"])) if row.get("archived") else 0
    derived = owned(portal, given.get("hubspot_owner_id", ""))
    properties = {
        "hs_object_source": "CRM_UI",
        "hs_object_source_label": "CRM_UI",
        **({"hs_ticket_id": record_id} if kind.name == "tickets" else {}),
        **{name: value for name, value in derived.items() if value},
        **given,
        "hs_object_id": record_id,
        kind.created: instant(created),
        kind.modified: instant(updated),
    }
    return Record(kind.name, record_id, properties, created, updated, archived)


def _user(portal: "Portal", user_id: str) -> Record:
    user = portal.people.users[user_id]
    properties = {
        "hs_object_id": user.id,
        "hs_internal_user_id": user.id,
        "hs_email": user.email,
        "hs_given_name": user.first_name,
        "hs_family_name": user.last_name,
        "hs_searchable_calculated_name": f"{user.first_name} {user.last_name}".strip(),
        "hubspot_owner_id": portal.owner_of(user.id),
        "hs_createdate": instant(0),
        "hs_lastmodifieddate": instant(0),
    }
    return Record("users", user.id, {name: value for name, value in properties.items() if value}, 0, 0)


def _link(portal: "Portal", row: Mapping[str, Any], links: _Linked) -> None:
    (from_name, from_id), (to_name, to_id) = row["from"], row["to"]
    from_type, to_type = portal.schema.type(from_name).name, portal.schema.type(to_name).name
    ahead: set[Label] = set()
    back: set[Label] = set()
    for given in row["types"]:
        label = (given["category"], int(given["typeId"]))
        if label[0] not in CATEGORIES:
            raise _Unusable("no such association category")
        found = portal.types.find(from_type, to_type, label)
        if found is None and label[0] == USER:
            found = portal.types.define(from_type, to_type, None, type_id=label[1])
        if found is None:
            raise _Unusable(f"no association type {label[1]}")
        ahead.add(found.key)
        back.add(found.inverse_key)
    for place, other, labels in (((from_type, str(from_id), to_type), to_id, ahead),
                                 ((to_type, str(to_id), from_type), from_id, back)):  # fmt: skip
        have = links.setdefault(place, {})
        have[str(other)] = have.get(str(other), frozenset()) | labels


def _millis(text: str) -> int:
    return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)
