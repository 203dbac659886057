"""What a user may do with objects and fields: her profile, her permission sets, and changes made at run time."""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from connectors.sandbox.salesforce.schema import SYSTEM_NAMES, Field, Schema
from connectors.sandbox.salesforce.values import Json

ALL: Final = frozenset("CREDVM")
_VIEW_ALL: Final = frozenset("RV")
_FOLLOWS_CASE: Final = {"CaseComment": {"R": "CRE"}, "EmailMessage": {"R": "R", "E": "CRED"}}
"""Objects without rights of their own: a letter on Case gives these letters on them."""
VIEW_SETUP: Final = "ViewSetup"
"""The system permission "View Setup and Configuration"."""
SETUP_ONLY: Final = frozenset({"PermissionSet", "ObjectPermissions", "FieldPermissions"})
"""Objects that exist only for those who hold it."""
_FEED: Final = frozenset("CRED")
"""Everybody may post; what a feed item shows follows its parent record."""


@dataclass(slots=True)
class Grant:
    """A profile, or a permission set (additive, given to `assignees`). `objects` maps object -> letters of CREDVM."""

    id: str
    name: str
    permissions: frozenset[str]
    objects: dict[str, frozenset[str]]
    hidden_fields: frozenset[str] = frozenset()
    readonly_fields: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    assignees: frozenset[str] = frozenset()

    @classmethod
    def of(cls, spec: Json, resolve: Callable[[str], str]) -> "Grant":
        """Read one entry of `profiles` or `permission_sets`; `resolve` turns an id into its long form."""
        objects = spec.get("objects")
        return cls(
            resolve(str(spec.get("Id", ""))),
            str(spec.get("Name", "")),
            frozenset(_strings(spec.get("permissions"))),
            {str(name): frozenset(str(letters).upper()) & ALL for name, letters in objects.items()}
            if isinstance(objects, Mapping)
            else {},
            frozenset(_strings(spec.get("hidden_fields"))),
            frozenset(_strings(spec.get("readonly_fields"))),
            frozenset(_strings(spec.get("fields"))),
            frozenset(map(resolve, _strings(spec.get("assignees")))),
        )


@dataclass(slots=True)
class _State:
    """Everything that a snapshot keeps."""

    profiles: dict[str, Grant]
    sets: list[Grant]
    revoked: set[tuple[str, str]] = field(default_factory=set)
    hidden: set[tuple[str, str]] = field(default_factory=set)


class Permissions:
    """Object and field permissions. Answers are memoised until `generation` moves."""

    def __init__(self, schema: Schema, profiles: Iterable[Grant], sets: Iterable[Grant]) -> None:
        self._schema = schema
        additive = [replace(item, hidden_fields=frozenset(), readonly_fields=frozenset()) for item in sets]
        self._state = _State({item.id: item for item in profiles}, additive)
        self._profile_of: Callable[[str], str] = lambda _user: ""
        self.generation = 0
        self._memo: dict[tuple[str, str, str, str], frozenset[str]] = {}

    def bind(self, profile_of: Callable[[str], str]) -> None:
        """Tell where a user's profile id is read (the User table)."""
        self._profile_of = profile_of

    def has(self, user_id: str, permission: str) -> bool:
        """Does the user hold a system permission such as `ViewAllData`?"""
        return permission in self._memoised("permissions", user_id, "", self._permissions)

    def letters(self, user_id: str, kind: str) -> frozenset[str]:
        """The letters of CREDVM that the user holds on an object, system permissions folded in."""
        return self._memoised("object", user_id, kind, self._letters)

    def visible(self, user_id: str, kind: str) -> frozenset[str]:
        """The names of the fields of `kind` that the user may see; empty when she may not read the object."""
        return self._memoised("visible", user_id, kind, self._visible)

    def editable(self, user_id: str, kind: str) -> frozenset[str]:
        """The names of the visible fields that the user may write, as far as the field itself allows it."""
        return self._memoised("editable", user_id, kind, self._editable)

    @property
    def profiles(self) -> tuple[Grant, ...]:
        """All profiles."""
        return tuple(self._state.profiles.values())

    @property
    def sets(self) -> tuple[Grant, ...]:
        """All permission sets."""
        return tuple(self._state.sets)

    def permissionable(self, kind: str, item: Field) -> bool:
        """Whether access to a field can be given and taken: not to what must be filled, nor to what the system fills.

        What somebody has hidden can be hidden, whatever the field looks like: an org document may say so.
        """
        hidden = {name for _, name in self._state.hidden}.union(*(each.hidden_fields for each in self.profiles))
        if f"{kind}.{item.name}" in hidden:
            return item.name not in SYSTEM_NAMES
        optional = item.nillable or (item.type == "boolean" and item.createable)
        return optional and item.name not in SYSTEM_NAMES and not (item.name_field and not item.createable)

    @property
    def withdrawn(self) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
        """What was taken away at run time: (user, object) and (user or profile, `Object.Field`)."""
        return frozenset(self._state.revoked), frozenset(self._state.hidden)

    def revoke_object(self, user_id: str, kind: str) -> None:
        """Take every right on an object from one user."""
        self._state.revoked.add((user_id, kind))
        self.changed()

    def hide_field(self, holder: str, name: str) -> None:
        """Hide `Object.Field` from a user or from everybody with a profile, whatever permission sets say."""
        self._state.hidden.add((holder, name))
        self.changed()

    def unhide_field(self, holder: str, name: str) -> None:
        """Undo `hide_field`, and take the field off the profile's own hidden list."""
        self._state.hidden.discard((holder, name))
        profile = self._state.profiles.get(holder)
        if profile is not None:
            profile.hidden_fields -= {name}
        self.changed()

    def changed(self) -> None:
        """Forget memoised answers."""
        self.generation += 1
        self._memo.clear()

    def snapshot(self) -> object:
        """The state, to be given to `restore`."""
        return copy.deepcopy(self._state)

    def restore(self, state: object) -> None:
        """Put back a snapshot (which stays usable)."""
        if not isinstance(state, _State):
            raise TypeError("not a snapshot of permissions")
        self._state = copy.deepcopy(state)
        self.changed()

    def _memoised(
        self, what: str, user_id: str, kind: str, compute: Callable[[str, str], frozenset[str]]
    ) -> frozenset[str]:
        key = (what, user_id, kind, self._profile_of(user_id))
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = compute(user_id, kind)
        return found

    def grants_of(self, user_id: str) -> list[Grant]:
        """The user's profile and permission sets."""
        profile = self._state.profiles.get(self._profile_of(user_id))
        return ([] if profile is None else [profile]) + [item for item in self._state.sets if user_id in item.assignees]

    def _permissions(self, user_id: str, _kind: str) -> frozenset[str]:
        return frozenset().union(*(item.permissions for item in self.grants_of(user_id)))

    def _letters(self, user_id: str, kind: str) -> frozenset[str]:
        if (user_id, kind) in self._state.revoked:
            return frozenset()
        known = self._schema.object(kind)
        if known is None:
            return frozenset()
        if kind in SETUP_ONLY:
            return frozenset("R") if self.has(user_id, VIEW_SETUP) else frozenset()
        grants = self.grants_of(user_id)
        letters: frozenset[str] = frozenset("R") if known.setup else frozenset()
        letters = letters.union(*(item.objects.get(kind, frozenset()) for item in grants))
        if kind == "FeedItem":
            letters |= _FEED
        if kind in _FOLLOWS_CASE and not any(kind in item.objects for item in grants):
            on_case = self.letters(user_id, "Case")
            for letter, given in _FOLLOWS_CASE[kind].items():
                letters |= frozenset(given) if letter in on_case else frozenset()
            letters |= on_case & {"V", "M"}
        if self.has(user_id, "ModifyAllData") or "M" in letters:
            return ALL
        return letters | _VIEW_ALL if self.has(user_id, "ViewAllData") or "V" in letters else letters

    def _visible(self, user_id: str, kind: str) -> frozenset[str]:
        known = self._schema.object(kind)
        if known is None or "R" not in self.letters(user_id, kind):
            return frozenset()
        grants = self.grants_of(user_id)
        hidden = frozenset().union(*(item.hidden_fields for item in grants))
        hidden -= frozenset().union(*(item.fields for item in grants))
        hidden |= {name for holder, name in self._state.hidden if holder in {user_id, self._profile_of(user_id)}}
        return frozenset(
            item.name
            for item in known.fields.values()
            if f"{kind}.{item.name}" not in hidden or item.name in SYSTEM_NAMES
        )

    def _editable(self, user_id: str, kind: str) -> frozenset[str]:
        grants = self.grants_of(user_id)
        readonly = frozenset().union(*(item.readonly_fields for item in grants))
        readonly -= frozenset().union(*(item.fields for item in grants))
        return frozenset(name for name in self.visible(user_id, kind) if f"{kind}.{name}" not in readonly)


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple | set | frozenset) else []
