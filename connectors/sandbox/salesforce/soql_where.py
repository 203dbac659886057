"""Turns a parsed WHERE into a test of one record, and into the few records worth testing where an index helps."""

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connectors.sandbox.salesforce import date_literals
from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.schema import NUMBERS, Field
from connectors.sandbox.salesforce.soql_ast import (
    Comparison,
    Condition,
    DateRange,
    FieldRef,
    Logical,
    Membership,
    Negation,
    Operand,
    Query,
    SemiJoin,
)
from connectors.sandbox.salesforce.soql_scope import Getter, Path, Scope
from connectors.sandbox.salesforce.values import Row, Value, stamp

Test = Callable[[Row], bool]
Span = tuple[str, str]
_TIMES: Final = frozenset({"date", "datetime"})


@dataclass(frozen=True, slots=True)
class Filter:
    """`candidates` holds every record that can pass `test`, or is None when all must be looked at."""

    test: Test
    candidates: AbstractSet[str] | None = None


class Compiler:
    """Compiles the conditions of one scope. `semi_join` runs an inner query and returns the values of its column."""

    def __init__(self, scope: Scope, semi_join: Callable[[Query], AbstractSet[Value]]) -> None:
        self._scope = scope
        self._semi_join = semi_join
        self._table = scope.view.org.store.tables[scope.kind.name]

    def compile(self, condition: Condition) -> Filter:
        """Compile one condition.

        Raises:
            ApiError: a name is unknown or hidden, a field cannot be filtered, a value has the wrong type.
        """
        match condition:
            case Logical():
                return self._logical(condition)
            case Negation():
                inner = self.compile(condition.part).test
                return Filter(lambda row: not inner(row))
            case Comparison():
                return self._comparison(condition)
            case Membership():
                return self._membership(condition)
            case SemiJoin():
                path = self._path(condition.field)
                if path.field.type not in {"id", "reference"}:
                    raise self._refuse(condition.field, f"field '{path.field.name}' cannot be used in a semi join")
                values = self._semi_join(condition.query) - {None}
                return self._one_of(path, values, negated=condition.negated)

    def _logical(self, condition: Logical) -> Filter:
        filters = [self.compile(part) for part in condition.parts]
        tests = [item.test for item in filters]
        known = [item.candidates for item in filters if item.candidates is not None]
        if condition.operator == "and":
            smallest = min(known, key=len) if known else None
            return Filter(lambda row: all(test(row) for test in tests), smallest)
        together = frozenset().union(*known) if len(known) == len(filters) else None
        return Filter(lambda row: any(test(row) for test in tests), together)

    def _comparison(self, condition: Comparison) -> Filter:
        path = self._path(condition.field)
        field, operator = path.field, condition.operator
        get = self._scope.getter(path)
        if operator == "like":
            return Filter(self._like(condition, field, get))
        operand = self._value(field, condition.operand)
        if isinstance(operand, tuple):
            return Filter(_in_span(get, operator, operand))
        if operator == "=" and operand is not None:
            return self._one_of(path, {operand}, negated=False)
        if operand is None and operator not in {"=", "!="}:
            raise self._refuse(condition.field, f"invalid operator on field '{field.name}' with null")
        return Filter(_compared(folded(field, get), operator, operand))

    def _membership(self, condition: Membership) -> Filter:
        path = self._path(condition.field)
        values = [self._value(path.field, operand) for operand in condition.operands]
        if condition.operator in {"includes", "excludes"}:
            return self._includes(condition, path, values)
        negated = condition.operator == "not in"
        spans = [item for item in values if isinstance(item, tuple)]
        plain = {item for item in values if not isinstance(item, tuple)}
        if not spans:
            return self._one_of(path, plain, negated=negated)
        get = self._scope.getter(path)
        tests = [_in_span(get, "=", item) for item in spans]
        return Filter(lambda row: (get(row) in plain or any(test(row) for test in tests)) is not negated)

    def _one_of(self, path: Path, values: AbstractSet[Value], *, negated: bool) -> Filter:
        get = folded(path.field, self._scope.getter(path))
        if negated:
            return Filter(lambda row: get(row) not in values)
        candidates = None if path.steps or None in values else self._table.find(path.field.name, values)
        return Filter(lambda row: get(row) in values, candidates)

    def _like(self, condition: Comparison, field: Field, get: Getter) -> Test:
        raw = getattr(condition.operand, "raw", None)
        if field.type in NUMBERS | _TIMES | {"boolean", "id", "reference"} or raw is None:
            raise self._refuse(
                condition.field, f"invalid operator on {field.type} field", "INVALID_QUERY_FILTER_OPERATOR"
            )
        matches = like_matcher(raw)

        def test(row: Row) -> bool:
            value = get(row)
            return isinstance(value, str) and matches(value)

        return test

    def _includes(self, condition: Membership, path: Path, values: list[Value | Span]) -> Filter:
        if path.field.type != "multipicklist":
            text = f"operator '{condition.operator}' is only valid on multi-select picklists"
            raise self._refuse(condition.field, text, "INVALID_QUERY_FILTER_OPERATOR")
        get = self._scope.getter(path)
        wanted = [frozenset(str(value).casefold().split(";")) for value in values]
        negated = condition.operator == "excludes"

        def test(row: Row) -> bool:
            chosen = frozenset(str(get(row) or "").casefold().split(";"))
            return any(item <= chosen for item in wanted) is not negated

        return Filter(test)

    def _path(self, ref: FieldRef) -> Path:
        path = self._scope.resolve(ref)
        if not path.field.filterable:
            raise self._refuse(ref, f"field '{path.field.name}' can not be filtered in a query call")
        return path

    def _value(self, field: Field, operand: Operand) -> Value | Span:
        """The operand as this field stores values; text is folded when the field ignores case."""
        if isinstance(operand, DateRange):
            return self._span(field, operand)
        value = operand.value
        if value is None:
            return None
        if field.type in {"id", "reference"}:
            record_id = canonical(str(value)) if operand.raw is not None and value else None
            if operand.raw is None or (record_id is None and value):
                text = f"{self._scope.where(operand.position)}invalid ID field: {value}"
                raise ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", text)
            return record_id
        if field.type in _TIMES:
            if operand.raw is None and isinstance(value, datetime) and field.type == "datetime":
                return stamp(value)
            fits = operand.raw is None and isinstance(value, str) and field.type == "date"
        elif field.type == "boolean":
            fits = isinstance(value, bool)
        elif field.type in NUMBERS:
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            fits = operand.raw is not None
        if not fits or isinstance(value, datetime):
            raise self._wrong_type(field, operand)
        return value.casefold() if isinstance(value, str) and not field.by_case else value

    def _span(self, field: Field, operand: DateRange) -> Span:
        if field.type not in _TIMES:
            raise self._wrong_type(field, operand)
        try:
            start, end = date_literals.span(operand.name, operand.number, self._scope.view.local_now)
        except OverflowError as error:
            text = f"{self._scope.where(operand.position)}invalid number for {operand.name.upper()}"
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", text) from error
        if field.type == "date":
            return start.date().isoformat(), end.date().isoformat()
        return stamp(start), stamp(end)

    def _wrong_type(self, field: Field, operand: Operand) -> ApiError:
        kinds = {"datetime": "dateTime", "date": "date", "boolean": "boolean"} | dict.fromkeys(NUMBERS, field.type)
        kind = kinds.get(field.type, "string")
        enclosed = "should be enclosed in quotes" if kind == "string" else "should not be enclosed in quotes"
        text = f"value of filter criterion for field '{field.name}' must be of type {kind} and {enclosed}"
        return ApiError(400, "INVALID_FIELD", f"{self._scope.where(operand.position)}{text}")

    def _refuse(self, ref: FieldRef, text: str, code: str = "INVALID_FIELD") -> ApiError:
        return ApiError(400, code, f"{self._scope.where(ref.position)}{text}")


def folded(field: Field, get: Getter) -> Getter:
    """`get` with texts folded, unless the field's values compare with their case."""
    if field.by_case or field.type in NUMBERS | _TIMES | {"boolean"}:
        return get

    def fold(row: Row) -> Value:
        value = get(row)
        return value.casefold() if isinstance(value, str) else value

    return fold


def _compared(get: Getter, operator: str, operand: Value) -> Test:
    if operator == "=":
        return lambda row: get(row) == operand
    if operator == "!=":
        return lambda row: get(row) != operand

    def test(row: Row) -> bool:
        value = get(row)
        if isinstance(value, str) and isinstance(operand, str):
            return _ordered(value, operator, operand)
        if isinstance(value, int | float) and isinstance(operand, int | float):
            return _ordered(value, operator, operand)
        return False

    return test


def _ordered(left: str | float, operator: str, right: str | float) -> bool:
    below = left < right  # type: ignore[operator]  # the caller passes two texts or two numbers
    if operator == "<":
        return below
    if operator == "<=":
        return below or left == right
    return not below if operator == ">=" else not below and left != right


def _in_span(get: Getter, operator: str, span: Span) -> Test:
    start, end = span
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda value: start <= value < end,
        "!=": lambda value: not start <= value < end,
        "<": lambda value: value < start,
        "<=": lambda value: value < end,
        ">": lambda value: value >= end,
        ">=": lambda value: value >= start,
    }
    check = tests[operator]

    def test(row: Row) -> bool:
        value = get(row)
        return check(value) if isinstance(value, str) else operator == "!="

    return test


def like_matcher(raw: str) -> Callable[[str], bool]:
    """A test for LIKE: `%` is any text, `_` any one character, a backslash takes their meaning away; case is ignored.

    Each piece between two `%` is looked for once, leftmost first, so no pattern can make it slow.
    """
    pieces, escaped = [""], False
    for char in raw:
        if escaped or char not in "\\%_":
            pieces[-1] += re.escape(char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "_":
            pieces[-1] += "."
        else:
            pieces.append("")
    flags = re.IGNORECASE | re.DOTALL
    if len(pieces) == 1:
        whole = re.compile(pieces[0], flags)
        return lambda text: whole.fullmatch(text) is not None
    head, tail = re.compile(pieces[0], flags), re.compile(f"(?:{pieces[-1]})\\Z", flags)
    middle = [re.compile(piece, flags) for piece in pieces[1:-1] if piece]

    def matches(text: str) -> bool:
        found = head.match(text)
        for piece in middle:
            found = piece.search(text, found.end()) if found else None
        return found is not None and tail.search(text, found.end()) is not None

    return matches
