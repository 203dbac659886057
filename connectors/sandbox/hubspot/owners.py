"""Owners: the people and queues that records belong to. An owner's id is not her user's id (contract, 2.3)."""

from typing import Final

from connectors.sandbox.hubspot.call import Answer, Call, position
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.values import instant
from connectors.sandbox.wire import JSON

_SCOPES: Final = ("crm.objects.owners.read",)
_PAGE, _MAX_PAGE = 100, 500
_CREATED: Final = instant(1_609_459_200_000)


def list_owners(call: Call) -> Answer:
    """A page of owners; `email` picks one, `archived=true` lists those whose user was deactivated."""
    call.access.need(_SCOPES)
    size, after = call.size(_PAGE, _MAX_PAGE), position(call.value("after", "0"))
    email, archived = call.value("email"), call.flag("archived")
    chosen = [
        owner
        for owner in sorted(call.portal.owners, key=lambda owner: int(owner["id"]))
        if _archived(call, owner) == archived
        and int(owner["id"]) > after
        and (not email or (owner.get("email") or "").casefold() == email.casefold())
    ]
    body: JSON = {"results": [_document(call, owner) for owner in chosen[:size]]}
    if len(chosen) > size:
        body["paging"] = call.next_link(chosen[size - 1]["id"])
    return Answer(200, body)


def read_owner(call: Call, key: str) -> Answer:
    """One owner by id, or with `idProperty=userId` by the user's."""
    call.access.need(_SCOPES)
    id_property, archived = call.value("idProperty", "id"), call.flag("archived")
    if id_property not in {"id", "userId"}:
        raise HubError.invalid("idProperty must be id or userId")
    for owner in call.portal.owners:
        if owner[id_property] == key and key and _archived(call, owner) == archived:
            return Answer(200, _document(call, owner))
    raise HubError.not_found(key)


def _archived(call: Call, owner: JSON) -> bool:
    """Whether the owner's user is gone, by the document or since then."""
    user = call.portal.user(owner["userId"])
    return bool(owner.get("archived")) or (user is not None and not user.active)


def _document(call: Call, owner: JSON) -> JSON:
    user, archived = call.portal.user(owner["userId"]), _archived(call, owner)
    found: JSON = {
        "id": owner["id"],
        "email": owner.get("email") or "",
        "type": owner.get("type", "PERSON"),
        "firstName": owner.get("firstName") or "",
        "lastName": owner.get("lastName") or "",
        "userId": int(owner["userId"]) if user and not archived else None,
        "userIdIncludingInactive": int(owner["userId"]) if user else None,
        "createdAt": _CREATED,
        "updatedAt": _CREATED,
        "archived": archived,
    }
    names = {str(team["id"]): team["name"] for team in call.portal.teams}
    if user and user.team_ids:
        found["teams"] = [
            {"id": team_id, "name": names.get(team_id, ""), "primary": team_id == user.primary_team_id}
            for team_id in dict.fromkeys((user.primary_team_id, *user.secondary_team_ids))
            if team_id
        ]
    return {name: value for name, value in found.items() if value is not None}
