"""The parts of a parsed SOQL query. Positions are offsets into the query text, for error messages."""

from dataclasses import dataclass
from datetime import datetime

from connectors.sandbox.salesforce.values import Value


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field, possibly of a parent: `Contact.Account.Name` is a path of three."""

    path: tuple[str, ...]
    position: int

    @property
    def text(self) -> str:
        """The path as it was written."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """`FIELDS(ALL|STANDARD|CUSTOM)`."""

    which: str
    position: int


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`COUNT(Id)`, `MAX(CreatedDate)`, …; `function` is in lower case."""

    function: str
    field: FieldRef

    @property
    def position(self) -> int:
        """Where the field stands."""
        return self.field.position


@dataclass(frozen=True, slots=True)
class DateRange:
    """A date literal such as `TODAY` or `LAST_N_DAYS:7`: the half-open span of time that it means."""

    name: str
    number: int
    position: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. `raw` is the text between quotes with its escapes (for LIKE); None when it was not quoted."""

    value: Value | datetime
    position: int
    raw: str | None = None


Operand = Literal | DateRange


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator operand`; operators are `= != < <= > >= LIKE`."""

    field: FieldRef
    operator: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class Membership:
    """`field [NOT] IN (…)`, or `INCLUDES`/`EXCLUDES`."""

    field: FieldRef
    operator: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """`field [NOT] IN (SELECT …)`."""

    field: FieldRef
    negated: bool
    query: "Query"


@dataclass(frozen=True, slots=True)
class Logical:
    """`AND` or `OR` of two parts or more."""

    operator: str
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """`NOT part`."""

    part: "Condition"


Condition = Comparison | Membership | SemiJoin | Logical | Negation


@dataclass(frozen=True, slots=True)
class Order:
    """One key of `ORDER BY`."""

    field: "FieldRef | Aggregate"
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query, or a sub-query (then `source` is a child relationship or the object of a semi-join).

    `aliases` names the items of `select` ("" for none); only grouped and aggregated ones may have an alias.
    """

    text: str
    select: tuple["FieldRef | FieldsOf | Aggregate | Query", ...]
    source: str
    source_position: int
    count: bool = False
    where: Condition | None = None
    group: tuple[FieldRef, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    aliases: tuple[str, ...] = ()

    @property
    def aggregates(self) -> bool:
        """Whether the answer is made of `AggregateResult`s."""
        return bool(self.group) or any(isinstance(item, Aggregate) for item in self.select)
