"""Restriction rules: they take records away from users whom sharing lets in. `UserRecordAccess` does not know of them.

A rule is what the Tooling API calls `RestrictionRule`, in three texts: the object (`targetEntity`), whom it binds
(`userCriteria`: `$User.ProfileId = '00e…'`) and the only records they still see (`recordFilter`: `OwnerId = $User.Id`).
"""

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.values import Row, Value

_CLAUSE: Final = re.compile(r"\s*(\$User\.\w+|\w+)\s*=\s*(?:'([^']*)'|(\$User\.\w+)|(true|false))\s*", re.IGNORECASE)
_AND: Final = re.compile(r"\s+AND\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Clause:
    """`left = right`: `left` is a field of the record or `$User.Field`; `right` a constant or `$User.Field`."""

    left: str
    constant: Value
    right: str

    def holds(self, user: Row, row: Row) -> bool:
        value = _value(self.left, user, row)
        return _same(value, _value(self.right, user, row) if self.right else self.constant)


@dataclass(frozen=True, slots=True)
class RestrictionRule:
    """One active rule."""

    target: str
    binds: tuple[_Clause, ...]
    leaves: tuple[_Clause, ...]

    @classmethod
    def of(cls, spec: Mapping[str, object]) -> "RestrictionRule":
        """Read a rule.

        Raises:
            ValueError: a text is missing or is not one or more `field = value` joined by AND.
        """
        return cls(str(spec.get("targetEntity") or ""), _clauses(spec, "userCriteria"), _clauses(spec, "recordFilter"))


class Restrictions:
    """The rules of one org; none unless its document or a mutation brings them."""

    def __init__(self, rules: Iterable[Mapping[str, object]] = ()) -> None:
        self._rules = [RestrictionRule.of(rule) for rule in rules if rule.get("active", True)]

    def add(self, spec: Mapping[str, object]) -> None:
        """Put one more rule in force.

        Raises:
            ValueError: see `RestrictionRule.of`.
        """
        self._rules.append(RestrictionRule.of(spec))

    def forbid(self, user: Row, kind: str, row: Row) -> bool:
        """Whether a rule keeps this record of object `kind` from the user."""
        return any(
            rule.target == kind
            and all(clause.holds(user, row) for clause in rule.binds)
            and not all(clause.holds(user, row) for clause in rule.leaves)
            for rule in self._rules
        )

    def snapshot(self) -> object:
        """The rules, to be given to `restore`."""
        return copy.copy(self._rules)

    def restore(self, state: object) -> None:
        """Put back a snapshot (which stays usable)."""
        if not isinstance(state, list):
            raise TypeError("not a snapshot of restriction rules")
        self._rules = copy.copy(state)

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return bool(self._rules)


def _clauses(spec: Mapping[str, object], key: str) -> tuple[_Clause, ...]:
    clauses: list[_Clause] = []
    for text in _AND.split(str(spec.get(key) or "")):
        match = _CLAUSE.fullmatch(text)
        if match is None:
            raise ValueError(f"{key} of a restriction rule must be `field = value`, joined by AND")
        left, quoted, user_field, boolean = match.groups()
        constant: Value = boolean.lower() == "true" if boolean else quoted
        clauses.append(_Clause(left, constant, user_field or ""))
    return tuple(clauses)


def _value(name: str, user: Row, row: Row) -> Value:
    source, field = (user, name[len("$User.") :]) if name.lower().startswith("$user.") else (row, name)
    return source.get(field)


def _same(left: Value, right: Value) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold() or (canonical(left) or left) == (canonical(right) or right)
    return left == right
