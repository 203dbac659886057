"""Anything in, the vendor's answer out: no input breaks the engine, and indexes never change a result."""

import contextlib
import copy
import json
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.salesforce.api import ApiRequest, handle
from connectors.sandbox.salesforce.schema import standard_schema
from connectors.sandbox.salesforce.store import Store, Table
from connectors.sandbox.salesforce.values import Row
from connectors.sandbox.salesforce.watch import Watch
from connectors.sandbox.wire import Request, Response
from tests.unit.sandbox.engine_world import (
    ADMIN,
    ANN,
    BASE,
    BEN,
    CASE_ANN,
    CASE_QUEUE,
    CASE_SHARED,
    EVERYBODY,
    JO,
    V,
    World,
)

_WORLD = World()
_PIECES = st.sampled_from(
    [
        "SELECT",
        "Id",
        "FROM",
        "Case",
        "WHERE",
        "Subject",
        "=",
        "'x'",
        "null",
        "AND",
        "OR",
        "NOT",
        "(",
        ")",
        ",",
        "IN",
        "LIKE",
        "TODAY",
        "LAST_N_DAYS:3",
        "ORDER BY",
        "LIMIT",
        "1",
        "Contact.Name",
        "Owner.Name",
        "(SELECT Id FROM Tasks)",
        "COUNT()",
        "COUNT(Id)",
        "MAX(CreatedDate) newest",
        "GROUP BY",
        "Status",
        "NEXT_N_FISCAL_QUARTERS:99",
        "(SELECT Id, Subject FROM EmailMessages)",
        "CaseComment",
        "EmailMessage",
        "FIELDS(ALL)",
        "2026-01-01T00:00:00Z",
        "2026-99-99",
        "OFFSET",
        "UserRecordAccess",
        "CreatedDate",
        "<",
        "INCLUDES",
        "'\\'",
        "true",
        "RecordId",
        f"'{CASE_ANN}'",
        "UserId",
    ]
)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["@{a.id}", "@{a.records[0].Id}", CASE_ANN, "Case", "GET", "POST", f"{V}/sobjects/Case", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "attributes",
                    "type",
                    "records",
                    "ids",
                    "fields",
                    "id",
                    "Id",
                    "Subject",
                    "OwnerId",
                    "allOrNone",
                    "url",
                    "method",
                    "body",
                    "referenceId",
                    "compositeRequest",
                    "batchRequests",
                    "httpHeaders",
                    "Status",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
_PATHS = st.sampled_from(
    [
        "/query",
        "/queryAll",
        "/composite",
        "/composite/batch",
        "/composite/sobjects",
        "/composite/sobjects/Case",
        "/composite/sobjects/Contact/Email",
        "/composite/tree/Case",
        "/sobjects",
        "/sobjects/Case",
        f"/sobjects/Case/{CASE_ANN}",
        "/sobjects/Contact/Email/x",
        "/sobjects/Case/updated",
        "/sobjects/Case/describe",
        "/recent",
        "/query/01g-2000",
        "/sobjects/ContentVersion",
        "/sobjects/ContentVersion/068000000000001/VersionData",
        "/jobs/query",
        "/jobs/query/750000000000001/results",
        "/search",
        "/parameterizedSearch",
    ]
) | st.text(max_size=30).map(lambda text: f"/{text}")


def _read(user: str, text: str) -> None:
    """A query of a user gets an answer below 500 that holds nothing she may not see."""
    request = Request("GET", f"{V}/query", {"q": text}, {}, b"", BASE)
    answer = handle(_WORLD.org, user, BASE, ApiRequest("GET", request.path, request.query, {}, b""))
    assert answer.status < 500, answer.body
    assert Watch(_WORLD.org).leaked(request, Response(answer.status, answer.body, answer.headers), user) == ()


def _answered(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> int:
    snapshot = _WORLD.org.snapshot()
    answer = handle(_WORLD.org, ADMIN, BASE, ApiRequest(method, V + path, query, headers, body))
    _WORLD.org.restore(snapshot)
    assert answer.status != 500, answer.body
    assert b"Traceback" not in answer.body
    return answer.status


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, min_size=1, max_size=14), st.text(max_size=12))
def test_no_query_breaks_the_engine(pieces: list[str], noise: str) -> None:
    """Shuffled SOQL and noise get an answer below 500."""
    for user in (ADMIN, ANN, BEN):
        _read(user, " ".join(pieces))
    _read(ANN, " ".join([*pieces[:3], noise, *pieces[3:]]))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["Id, Subject", "Id, Risk__c", "COUNT(Id)", "Status, MAX(Subject)", "FIELDS(ALL)", "Id, Owner.Name",
                     "Id, (SELECT Id, Subject, TextBody FROM EmailMessages)", "Id, Contact.Account.Name"]),
    st.sampled_from(["Case", "EmailMessage", "CaseComment", "Contact", "Account", "User"]),
    st.sampled_from(["", "WHERE Status = 'New'", "WHERE Risk__c = 'red'",
                     "WHERE Id IN (SELECT ParentId FROM EmailMessage)",
                     "WHERE Owner.Name LIKE 'A%' OR CreatedDate = THIS_YEAR"]),
    st.sampled_from(["", "GROUP BY Status", "ORDER BY Subject DESC NULLS LAST", "LIMIT 2", "LIMIT 200 OFFSET 1"]),
    st.sampled_from(list(EVERYBODY.values())),
)  # fmt: skip
def test_no_query_leaks(select: str, source: str, where: str, rest: str, user: str) -> None:
    """Queries that mostly make sense show nobody what she may not see."""
    _read(user, f"SELECT {select} FROM {source} {where} {rest}")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "BREW"]),
    _PATHS,
    st.dictionaries(
        st.sampled_from(["q", "ids", "fields", "start", "end", "limit", "updateOnly"]), st.text(max_size=20), max_size=3
    ),
    st.dictionaries(
        st.sampled_from(
            ["if-modified-since", "if-unmodified-since", "if-match", "sforce-query-options", "sforce-auto-assign"]
        ),
        st.text(max_size=20),
        max_size=3,
    ),
    st.binary(max_size=40) | _JSON.map(lambda value: str(value).replace("'", '"').encode("utf-8", "replace")),
)
def test_no_request_breaks_the_engine(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    """Any method, path, query, header and body get an answer below 500."""
    _answered(method, path, query, headers, body)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["POST", "PATCH"]), _PATHS, _JSON)
def test_no_json_breaks_the_engine(method: str, path: str, value: object) -> None:
    """Well-formed JSON of any shape, NaN and huge numbers included, gets an answer below 500."""
    _answered(method, path, {}, {}, json.dumps(value).encode())


def test_deep_json_and_broken_unicode_are_refused() -> None:
    """Nesting that would exhaust the stack, invalid UTF-8 and lone surrogates are the client's error."""
    for body in (b"[" * 100_000, b"\xff\xfe", b'{"a":' * 50_000, b"1" * 10_000, b""):
        assert _answered("POST", "/sobjects/Case", {}, {}, body) == 400
    assert _answered("POST", "/sobjects/Case", {}, {}, b'{"Subject":"\\ud800"}') == 201
    assert _answered("GET", "/query", {"q": "SELECT Id FROM Case WHERE Id = '\\ud800'"}, {}, b"") == 400


_CASES = st.sampled_from([CASE_ANN, CASE_QUEUE, CASE_SHARED])
_ROWS = st.fixed_dictionaries(
    {"Id": _CASES, "ContactId": st.sampled_from([None, JO]), "CaseNumber": st.sampled_from(["a", "A", "b", None])}
)


@given(st.lists(_ROWS | _CASES, max_size=25))
def test_indexes_agree_with_a_scan(steps: list[Row | str]) -> None:
    """After any puts and removals, every index finds exactly what looking at all rows finds."""
    kind = standard_schema().object("Case")
    assert kind is not None
    table = Table(kind)
    for step in steps:
        if isinstance(step, str):
            table.put(step, None)
        else:
            table.put(str(step["Id"]), step)
    for value in ("a", "A", "b", "c"):
        scanned = {row["Id"] for row in table.rows.values() if str(row["CaseNumber"]).lower() == value.lower()}
        assert table.find("CaseNumber", (value,)) == scanned
    assert table.find("ContactId", (JO,)) == {row["Id"] for row in table.rows.values() if row["ContactId"] == JO}
    assert table.find("Subject", ("x",)) is None


@given(st.lists(_ROWS, max_size=8), st.lists(_ROWS | _CASES, max_size=8))
def test_a_failed_transaction_leaves_no_trace(before: list[Row], inside: list[Row | str]) -> None:
    """Rows and indexes after a rollback equal those before it."""
    kind = standard_schema().object("Case")
    assert kind is not None
    store = Store([kind])
    for row in before:
        store.put("Case", str(row["Id"]), row)
    rows, indexes = store.snapshot(), copy.deepcopy(store.tables["Case"]._indexes)
    with contextlib.suppress(ZeroDivisionError), store.transaction():
        for step in inside:
            new = None if isinstance(step, str) else step
            store.put("Case", step if isinstance(step, str) else str(step["Id"]), new)
        _ = 1 // 0
    assert store.snapshot() == rows
    assert store.tables["Case"]._indexes == indexes


_CONDITIONS = st.sampled_from(
    [
        "Subject LIKE 'pump%'",
        "Status = 'New'",
        f"ContactId = '{JO}'",
        f"Id IN ('{CASE_ANN}','{CASE_QUEUE}')",
        "CaseNumber = '00000001'",
        "CaseNumber != '00000001'",
        "IsClosed = true",
        f"OwnerId = '{ANN}'",
        "AccountId = null",
        "AccountId IN (SELECT Id FROM Account WHERE Name LIKE 'A%')",
        "Contact.Name = 'jo doe'",
        "CreatedDate > LAST_YEAR",
        f"ContactId NOT IN ('{JO}')",
    ]
)
_WHERE = st.recursive(
    _CONDITIONS,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda each: f"({each[0]} {each[1]} {each[2]})")
        | inner.map(lambda each: f"(NOT {each})")
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(_WHERE, st.sampled_from([ADMIN, ANN]))
def test_a_condition_and_its_negation_share_out_all_records(where: str, user: str) -> None:
    """Indexed or not, WHERE x and WHERE NOT x together find every readable record once."""
    yes = _WORLD.ids(user, f"SELECT Id FROM Case WHERE {where}")
    no = _WORLD.ids(user, f"SELECT Id FROM Case WHERE (NOT {where})")
    assert sorted(yes + no) == _WORLD.ids(user, "SELECT Id FROM Case")
