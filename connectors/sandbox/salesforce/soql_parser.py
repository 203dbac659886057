"""Reads SOQL text into `soql_ast.Query`: a recursive-descent parser with Salesforce's errors."""

import re
from functools import lru_cache
from typing import Final

from connectors.sandbox.salesforce.errors import ApiError, malformed_query
from connectors.sandbox.salesforce.soql_ast import (
    Aggregate,
    Comparison,
    Condition,
    DateRange,
    FieldRef,
    FieldsOf,
    Literal,
    Logical,
    Membership,
    Negation,
    Operand,
    Order,
    Query,
    SemiJoin,
)
from connectors.sandbox.salesforce.soql_tokens import Token, excerpt, tokenize, unescape
from connectors.sandbox.salesforce.values import instant, normal_date

MAX_LENGTH: Final = 100_000
MAX_OFFSET: Final = 2_000
_MAX_DEPTH: Final = 50
_COMPARISONS: Final = frozenset({"=", "!=", "<>", "<", "<=", ">", ">=", "like"})
_RESERVED: Final = frozenset(
    {"and", "asc", "desc", "excludes", "first", "from", "group", "having", "in", "includes", "last", "like", "limit",
     "not", "null", "nulls", "or", "select", "using", "where", "with"}
)  # fmt: skip
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_Selected = FieldRef | FieldsOf | Aggregate | Query
_AGGREGATES: Final = frozenset({"avg", "count", "count_distinct", "max", "min", "sum"})
_RANGE = re.compile(
    r"YESTERDAY|TODAY|TOMORROW|(?:LAST|NEXT)_90_DAYS"
    r"|(?:LAST|THIS|NEXT)_(?:WEEK|MONTH|(?:FISCAL_)?QUARTER|(?:FISCAL_)?YEAR)"
    r"|(?:LAST|NEXT)_N_(?:DAYS|WEEKS|MONTHS|(?:FISCAL_)?QUARTERS|(?:FISCAL_)?YEARS)"
    r"|N_(?:DAYS|WEEKS|MONTHS|(?:FISCAL_)?QUARTERS|(?:FISCAL_)?YEARS)_AGO",
    re.IGNORECASE,
)


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    """Parse one query.

    Raises:
        ApiError: `MALFORMED_QUERY` (with Row and Column), or a limit of the language.
    """
    if len(text) > MAX_LENGTH:
        raise malformed_query(f"SOQL statements cannot be longer than {MAX_LENGTH} characters.")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenize(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Query:
        query = self._query()
        if self._peek().kind != "end":
            raise self._failure(self._peek())
        return query

    def _query(self) -> Query:
        self._deeper()
        self._word("select")
        count, select, aliases = self._select()
        self._word("from")
        source = self._name()
        where = self._condition() if self._accept("where") else None
        group = self._group() if self._accept("group") else []
        self._refuse_aliases(select, aliases, grouped=bool(group))
        order: list[Order] = []
        if self._accept("order"):
            self._word("by")
            order.append(self._order())
            while self._mark(","):
                order.append(self._order())
        limit = self._whole_number() if self._accept("limit") else None
        offset = self._whole_number() if self._accept("offset") else 0
        if offset > MAX_OFFSET:
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
        if self._accept("for"):
            purpose = self._next()
            if purpose.word not in {"view", "reference"}:
                raise self._failure(purpose)
        self._depth -= 1
        return Query(
            self._text, tuple(select), source.text, source.position, count, where, tuple(group), tuple(order), limit,
            offset, tuple(aliases),
        )  # fmt: skip

    def _refuse_aliases(self, select: list[_Selected], aliases: list[str], *, grouped: bool) -> None:
        if grouped or any(isinstance(item, Aggregate) for item in select):
            return
        for item, alias in zip(select, aliases, strict=True):
            if alias:
                position = item.source_position if isinstance(item, Query) else item.position
                raise malformed_query(f"{excerpt(self._text, position)}only aggregate expressions use field aliasing")

    def _group(self) -> list[FieldRef]:
        self._word("by")
        group = [self._field()]
        while self._mark(","):
            group.append(self._field())
        return group

    def _select(self) -> tuple[bool, list[_Selected], list[str]]:
        select: list[_Selected] = []
        aliases: list[str] = []
        while True:
            token = self._peek()
            following = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
            if token.text == "(":
                self._at += 1
                select.append(self._query())
                self._close()
            elif token.word == "fields" and following.text == "(":
                self._at += 2
                select.append(self._fields_of())
            elif token.word == "count" and following.text == "(" and self._peek(2).text == ")":
                self._at += 3
                if select:
                    raise self._failure(token)
                return True, [], []
            else:
                select.append(self._aggregate() or self._field())
            aliases.append(self._alias())
            if not self._mark(","):
                return False, select, aliases

    def _aggregate(self) -> Aggregate | None:
        token, following = self._peek(), self._peek(1)
        if token.word not in _AGGREGATES or following.text != "(":
            return None
        self._at += 2
        field = self._field()
        self._close()
        return Aggregate(token.word, field)

    def _alias(self) -> str:
        """A name after a selected item, which is not the next word of the query."""
        token = self._peek()
        if token.kind != "name" or token.word in _RESERVED or "." in token.text:
            return ""
        self._at += 1
        return token.text

    def _fields_of(self) -> FieldsOf:
        which = self._next()
        if which.word not in {"all", "standard", "custom"}:
            raise self._failure(which)
        self._close()
        return FieldsOf(which.word, which.position)

    def _condition(self) -> Condition:
        self._deeper()
        parts = [self._simple()]
        operator = self._peek().word
        if operator in {"and", "or"}:
            while self._accept(operator):
                parts.append(self._simple())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Logical(operator, tuple(parts))

    def _simple(self) -> Condition:
        if self._accept("not"):
            self._deeper()
            part = self._simple()
            self._depth -= 1
            return Negation(part)
        if self._mark("("):
            inner = self._condition()
            self._close()
            return inner
        field = self._field()
        token = self._next()
        operator = token.word or token.text
        if operator in _COMPARISONS:
            return Comparison(field, "!=" if operator == "<>" else operator, self._operand())
        if operator == "not":
            self._word("in")
            operator = "not in"
        if operator in {"in", "not in"} and self._peek(1).word == "select":
            self._open()
            query = self._query()
            self._close()
            return SemiJoin(field, operator == "not in", query)
        if operator in {"in", "not in", "includes", "excludes"}:
            return Membership(field, operator, self._list())
        raise self._failure(token)

    def _list(self) -> tuple[Operand, ...]:
        self._open()
        operands = [self._operand()]
        while self._mark(","):
            operands.append(self._operand())
        self._close()
        return tuple(operands)

    def _operand(self) -> Operand:
        token = self._next()
        if token.kind == "string":
            raw = token.text[1:-1]
            return Literal(unescape(raw), token.position, raw)
        if token.kind == "date":
            value = instant(token.text) if "T" in token.text.upper() else normal_date(token.text)
            if value is not None:
                return Literal(value, token.position)
        if token.kind == "number":
            digits = token.text.lstrip("+-")
            number = float(token.text) if "." in digits or len(digits) > 18 else int(token.text)  # noqa: PLR2004 - a long has 18 safe digits
            return Literal(number, token.position)
        if token.word in _CONSTANTS:
            return Literal(_CONSTANTS[token.word], token.position)
        if _RANGE.fullmatch(token.text):
            number = self._whole_number() if "_n_" in f"_{token.word}" and self._need(":") else 0
            return DateRange(token.word, number, token.position)
        raise self._failure(token)

    def _order(self) -> Order:
        field = self._aggregate() or self._field()
        descending = self._accept("desc") or (self._accept("asc") and False)
        nulls_first = True
        if self._accept("nulls"):
            nulls_first = self._accept("first")
            if not nulls_first:
                self._word("last")
        return Order(field, descending, nulls_first)

    def _field(self) -> FieldRef:
        token = self._name()
        return FieldRef(tuple(token.text.split(".")), token.position)

    def _name(self) -> Token:
        token = self._next()
        if token.kind != "name" or token.word in _RESERVED:
            raise self._failure(token)
        return token

    def _whole_number(self) -> int:
        token = self._next()
        if token.kind != "number" or not token.text.isdecimal() or len(token.text) > 9:  # noqa: PLR2004 - fits 32 bits
            raise self._failure(token)
        return int(token.text)

    def _peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _accept(self, word: str) -> bool:
        if self._peek().word != word:
            return False
        self._at += 1
        return True

    def _mark(self, mark: str) -> bool:
        if self._peek().text != mark or self._peek().kind != "mark":
            return False
        self._at += 1
        return True

    def _need(self, mark: str) -> bool:
        if not self._mark(mark):
            raise self._failure(self._peek())
        return True

    def _open(self) -> None:
        self._need("(")

    def _close(self) -> None:
        self._need(")")

    def _word(self, word: str) -> None:
        if not self._accept(word):
            raise self._failure(self._peek())

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise malformed_query("Query is too complex: too many nested conditions.")

    def _failure(self, token: Token) -> ApiError:
        what = "unexpected end of query" if token.kind == "end" else f"unexpected token: '{token.text}'"
        return malformed_query(f"{excerpt(self._text, token.position)}{what}")
