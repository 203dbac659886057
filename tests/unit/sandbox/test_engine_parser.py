"""SOQL text: what does not parse says where, and what parses means what it says."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.soql_ast import (
    Comparison,
    DateRange,
    FieldRef,
    Literal,
    Logical,
    Membership,
    Negation,
    Query,
    SemiJoin,
)
from connectors.sandbox.salesforce.soql_parser import parse
from connectors.sandbox.salesforce.soql_where import like_matcher


@pytest.mark.parametrize(
    ("text", "row", "column", "token"),
    [
        ("SELECT FROM Case", 1, 8, "FROM"),
        ("SELECT Id\nFROM Case HAVING Id", 2, 11, "HAVING"),
        ("SELECT Id FROM Case WHERE a = 1 AND b = 2 OR c = 3", 1, 43, "OR"),
        ("SELECT Id FROM Case WHERE a IN ()", 1, 33, ")"),
        ("SELECT Id FROM Case LIMIT -1", 1, 27, "-1"),
        ("SELECT Id, FROM Case", 1, 12, "FROM"),
        ("UPDATE Case", 1, 1, "UPDATE"),
    ],
)
def test_a_query_that_does_not_parse_says_where(text: str, row: int, column: int, token: str) -> None:
    """MALFORMED_QUERY names the token, its row and its column, counted from one."""
    with pytest.raises(ApiError) as caught:
        parse(text)
    assert caught.value.code == "MALFORMED_QUERY"
    assert f"ERROR at Row:{row}:Column:{column}\nunexpected token: '{token}'" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT",
        "SELECT Id FROM Case WHERE",
        "SELECT Id FROM Case WHERE a = 'x",
        "SELECT Id FROM Case WHERE a = '\\q'",
        "SELECT Id FROM Case WHERE " + "(" * 80 + "a = 1" + ")" * 80,
        "SELECT Id FROM Case WHERE " + "NOT " * 80 + "a = 1",
    ],
)
def test_unfinished_and_overgrown_queries_are_refused(text: str) -> None:
    """Missing ends, bad escapes and endless nesting are MALFORMED_QUERY, not a crash."""
    with pytest.raises(ApiError) as caught:
        parse(text)
    assert caught.value.code == "MALFORMED_QUERY"


def test_offset_beyond_2000_is_refused() -> None:
    """OFFSET has its own limit."""
    with pytest.raises(ApiError) as caught:
        parse("SELECT Id FROM Case OFFSET 2001")
    assert caught.value.code == "NUMBER_OUTSIDE_VALID_RANGE"


def test_the_parts_of_a_query() -> None:
    """Every clause lands in its place."""
    query = parse(
        "select Id, Contact.Account.Name, (SELECT Id FROM CaseComments LIMIT 2) from Case "
        "WHERE (Subject LIKE 'a%' OR NOT Status IN ('New', 'x')) AND CreatedDate >= LAST_N_DAYS:7 "
        "AND AccountId NOT IN (SELECT Id FROM Account) ORDER BY CreatedDate DESC NULLS LAST, Id LIMIT 5 OFFSET 3"
    )
    assert query.source == "Case"
    assert (query.limit, query.offset) == (5, 3)
    assert isinstance(query.select[1], FieldRef)
    assert query.select[1].path == ("Contact", "Account", "Name")
    assert isinstance(query.select[2], Query)
    assert isinstance(query.where, Logical)
    either, recent, outside = query.where.parts
    assert isinstance(either, Logical)
    assert either.operator == "or"
    assert isinstance(either.parts[1], Negation)
    assert isinstance(either.parts[1].part, Membership)
    assert isinstance(recent, Comparison)
    assert isinstance(recent.operand, DateRange)
    assert recent.operand.number == 7
    assert isinstance(outside, SemiJoin)
    assert outside.negated
    assert [(key.descending, key.nulls_first) for key in query.order] == [(True, False), (False, True)]


def test_escapes_in_text() -> None:
    """Quotes, backslashes and unicode escapes are read."""
    query = parse(r"SELECT Id FROM Case WHERE Subject = 'it\'s a \\ \u00e9'")
    assert isinstance(query.where, Comparison)
    assert isinstance(query.where.operand, Literal)
    assert query.where.operand.value == "it's a \\ é"


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("a%", "Abc", True),
        ("%c", "abc", True),
        ("a_c", "abc", True),
        ("a_c", "abbc", False),
        (r"100\%", "100%", True),
        (r"100\%", "1000", False),
        (r"a\\%", "a\\zzz", True),
        ("%a%b%", "xaxxbx", True),
        ("%b%a%", "xaxxbx", False),
        ("", "", True),
        ("a%a", "a", False),
    ],
)
def test_like(pattern: str, text: str, fits: bool) -> None:  # noqa: FBT001 - a table of cases
    """`%` and `_` are wild unless escaped; case does not matter."""
    assert like_matcher(pattern)(text) is fits


@given(st.text(max_size=80))
def test_any_text_parses_or_is_refused(text: str) -> None:
    """The parser answers any text with a query or an ApiError."""
    with contextlib.suppress(ApiError):
        assert isinstance(parse(text), Query)
