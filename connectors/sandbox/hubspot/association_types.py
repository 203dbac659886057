"""By which types two kinds of records can be associated: HubSpot's own, and what the portal's people added."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.schema import Schema, standard
from connectors.sandbox.hubspot.store import Label

HUBSPOT: Final = "HUBSPOT_DEFINED"
USER: Final = "USER_DEFINED"
CATEGORIES: Final = frozenset({HUBSPOT, USER, "INTEGRATOR_DEFINED", "WORK"})
PRIMARY: Final = "Primary"
_PLAIN: Final = 4
"""Entries of a line without a label."""
_FIRST_USER_TYPE: Final = 37


@dataclass(frozen=True, slots=True)
class AssociationType:
    """One direction of an association type. `label` is None for the unlabelled type that every association has.

    `inverse` is the type id of the way back; `name` is what v3 calls it ("ticket_to_contact").
    """

    from_type: str
    to_type: str
    category: str
    id: int
    inverse: int
    name: str
    label: str | None = None

    @property
    def key(self) -> Label:
        """Category and id."""
        return self.category, self.id

    @property
    def inverse_key(self) -> Label:
        """Category and id of the way back."""
        return self.category, self.inverse


_Pairs = dict[tuple[str, str], tuple[AssociationType, ...]]


class AssociationTypes:
    """All association types of a portal; the first of a pair is its default."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._pairs = dict(_shipped())

    def between(self, from_type: str, to_type: str) -> tuple[AssociationType, ...]:
        """All types from one kind of records to another; custom objects get a default when first asked for."""
        found = self._pairs.get((from_type, to_type))
        if found is None and (self._schema.types[from_type].custom or self._schema.types[to_type].custom):
            self.define(from_type, to_type, None)
            found = self._pairs[from_type, to_type]
        return found or ()

    def default(self, from_type: str, to_type: str) -> AssociationType:
        """The unlabelled type of a pair.

        Raises:
            HubError: 400, these kinds of records cannot be associated.
        """
        for found in self.between(from_type, to_type):
            return found
        ids = (self._schema.types[from_type].id, self._schema.types[to_type].id)
        raise HubError.invalid(f"No default association type exists between {ids[0]} and {ids[1]}")

    def type(self, from_type: str, to_type: str, key: Label) -> AssociationType:
        """The type with this category and id.

        Raises:
            HubError: 400, there is none, or it leads in another direction.
        """
        for found in self.between(from_type, to_type):
            if found.key == key:
                return found
        raise self._misled(from_type, key)

    def leading(self, from_type: str, key: Label) -> AssociationType:
        """The type with this category and id that leads away from a kind of records.

        Raises:
            HubError: 400, there is none, or it leads in another direction.
        """
        for found in self._all():
            if found.from_type == from_type and found.key == key:
                return found
        raise self._misled(from_type, key)

    def by_name(self, from_type: str, to_type: str, name: str) -> AssociationType:
        """The type that v3 calls `name`, or whose id that is.

        Raises:
            HubError: 400, there is none.
        """
        for found in self.between(from_type, to_type):
            if name in {found.name, str(found.id)}:
                return found
        raise HubError.invalid(f"Unable to infer association type from: {name[:100]}")

    def find(self, from_type: str, to_type: str, key: Label) -> AssociationType | None:
        """The type with this category and id between two kinds of records, if it is defined."""
        return next((found for found in self._pairs.get((from_type, to_type), ()) if found.key == key), None)

    def define(self, from_type: str, to_type: str, label: str | None, *, type_id: int = 0) -> AssociationType:
        """Add a user-defined type with its way back; `type_id` 0 takes the next free ids."""
        taken = {found.id for found in self._all() if found.category == USER}
        number = type_id or max(taken, default=_FIRST_USER_TYPE - 1) + 1
        inverse = number if from_type == to_type else number + 1
        made = AssociationType(from_type, to_type, USER, number, inverse, "", label)
        _add_pair(self._pairs, made, self._singular)
        return next(found for found in self._pairs[from_type, to_type] if found.key == (USER, number))

    def remove(self, from_type: str, to_type: str, key: Label) -> AssociationType | None:
        """Take a labelled user-defined type away; returns it."""
        found = self.find(from_type, to_type, key)
        if found is None or found.category != USER or found.label is None:
            return None
        for pair, gone in (((from_type, to_type), key), ((to_type, from_type), found.inverse_key)):
            self._pairs[pair] = tuple(one for one in self._pairs[pair] if one.key != gone)
        return found

    def rename(self, from_type: str, to_type: str, key: Label, label: str) -> bool:
        """Give a user-defined label another text, in both directions; False when there is none."""
        found = self.find(from_type, to_type, key)
        if found is None or found.category != USER:
            return False
        for pair, known in (((from_type, to_type), key), ((to_type, from_type), found.inverse_key)):
            types = self._pairs[pair]
            self._pairs[pair] = tuple(replace(one, label=label) if one.key == known else one for one in types)
        return True

    def of(self, from_type: str) -> Iterator[AssociationType]:
        """All types that lead away from a kind of records."""
        return (found for found in self._all() if found.from_type == from_type)

    def snapshot(self) -> dict[tuple[str, str], tuple[AssociationType, ...]]:
        """The types as they stand."""
        return dict(self._pairs)

    def restore(self, state: dict[tuple[str, str], tuple[AssociationType, ...]]) -> None:
        """Put back a snapshot."""
        self._pairs = dict(state)

    def _misled(self, from_type: str, key: Label) -> HubError:
        other = next((found for found in self._all() if found.key == key), None)
        if other is None:
            return HubError.invalid(f"Association type id {key[1]} doesn't exist in category {key[0][:30]}")
        wrong, right = self._schema.types[from_type].id, self._schema.types[other.from_type].id
        return HubError.invalid(
            f"Association type {key[1]} is invalid from object type {wrong} for associations to be created. "
            f"expected: {right}"
        )

    def _all(self) -> Iterator[AssociationType]:
        for types in self._pairs.values():
            yield from types

    def _singular(self, type_name: str) -> str:
        return self._schema.types[type_name].singular


def _add_pair(pairs: _Pairs, there: AssociationType, singular: Callable[[str], str]) -> None:
    """Add a type and its way back, unless they are known. `name` comes with what its name ends in."""
    back = replace(there, from_type=there.to_type, to_type=there.from_type, id=there.inverse, inverse=there.id)
    for made in (there, back):
        have = pairs.get((made.from_type, made.to_type), ())
        if all(found.key != made.key for found in have):
            named = replace(made, name=_name(made, singular))
            pairs[made.from_type, made.to_type] = (*have, named)


def _name(made: AssociationType, singular: Callable[[str], str]) -> str:
    """What v3 calls a type."""
    if made.category == USER and made.label:
        return made.label.lower().replace(" ", "_")
    return f"{singular(made.from_type)}_to_{singular(made.to_type)}{made.name}".replace(" ", "_")


@cache
def _shipped() -> _Pairs:
    """HubSpot's own types. A default beside a primary type says in its name that it is unlabelled."""
    pairs: _Pairs = {}
    lines: list[Sequence[Any]] = standard()["associations"]
    labelled = {tuple(line[:2]) for line in lines if len(line) > _PLAIN}
    for from_type, to_type, type_id, inverse, *label in lines:
        suffix = "_unlabeled" if not label and (from_type, to_type) in labelled else ""
        made = AssociationType(from_type, to_type, HUBSPOT, type_id, inverse, suffix, label[0] if label else None)
        _add_pair(pairs, made, lambda name: str(standard()["types"][name]["singular"]))
    return pairs
