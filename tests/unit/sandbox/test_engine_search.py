"""SOSL and parameterised search: what they find, for whom, and what they refuse."""

import time

import pytest

from connectors.sandbox.salesforce.sosl import parse_sosl
from tests.unit.sandbox.engine_world import (
    ADMIN,
    ANN,
    BEN,
    CASE_ANN,
    CASE_QUEUE,
    CASE_SHARED,
    CAT,
    JO,
    MAIL_ANN,
    OUTSIDER,
    Reply,
    World,
)

_WORLD = World()


@pytest.fixture
def world() -> World:
    """An org that nobody changes."""
    return _WORLD


def sosl(world: World, user: str, text: str, path: str = "/search") -> Reply:
    """One search."""
    return world.call(user, "GET", path, query={"q": text})


def found(reply: Reply) -> list[str]:
    """The ids of the hits, read off their addresses."""
    assert reply.status == 200, reply.body
    return [record["attributes"]["url"].rpartition("/")[2] for record in reply.body["searchRecords"]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "MALFORMED_SEARCH"),
        ("FIND pump", "MALFORMED_SEARCH"),
        ("FIND {}", "MALFORMED_SEARCH"),
        ("FIND {a}", "MALFORMED_SEARCH"),
        ("FIND {*}", "MALFORMED_SEARCH"),
        ("FIND {pump AND}", "MALFORMED_SEARCH"),
        ("FIND {(pump}", "MALFORMED_SEARCH"),
        ("FIND {pump)}", "MALFORMED_SEARCH"),
        ("FIND {pump} IN MOST FIELDS", "MALFORMED_SEARCH"),
        ("FIND {pump} RETURNING", "MALFORMED_SEARCH"),
        ("FIND {pump} RETURNING Case(Id", "MALFORMED_SEARCH"),
        ("FIND {pump} RETURNING Case(Id LIMIT many)", "MALFORMED_SEARCH"),
        ("FIND {pump} RETURNING Case WITH METADATA", "MALFORMED_SEARCH"),
        ("FIND {pump} LIMIT 2001", "MALFORMED_SEARCH"),
        ("FIND {pump} RETURNING Nope", "INVALID_TYPE"),
        ("FIND {pump} RETURNING Profile", "INVALID_TYPE"),
        ("FIND {pump} RETURNING Case(Nope)", "INVALID_FIELD"),
        ("FIND {nothing such} RETURNING Case(Nope)", "INVALID_FIELD"),
        ("FIND {pump} RETURNING Case(Id WHERE Nope = 1)", "INVALID_FIELD"),
        ("FIND {pump} RETURNING Case(Id WHERE Id != null) OR (Id = null)", "MALFORMED_SEARCH"),
        ("FIND {pump} RETURNING Case(Id WHERE Id = null\\)", "MALFORMED_QUERY"),
    ],
)
def test_bad_searches_are_refused(world: World, text: str, code: str) -> None:
    """No terms, unfinished operators, unknown clauses, objects and fields."""
    reply = sosl(world, ADMIN, text)
    assert (reply.status, reply.code) == (400, code)


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("pump", [CASE_ANN, CASE_QUEUE]),
        ("PUMP loud", [CASE_ANN]),
        ("pump AND leaks", [CASE_QUEUE]),
        ("loud OR leaks", [CASE_ANN, CASE_QUEUE]),
        ("pump AND NOT leaks", [CASE_ANN]),
        ("(loud OR noise) AND NOT pump", [CASE_SHARED]),
        ('"is loud"', [CASE_ANN]),
        ('"loud is"', []),
        ("pum*", [CASE_ANN, CASE_QUEUE]),
        ("p?mp", [CASE_ANN, CASE_QUEUE]),
        ("*um*", [CASE_ANN, CASE_QUEUE]),
        ("le*k*s", [CASE_QUEUE]),
        ('"pump l*ks"', [CASE_QUEUE]),
        ("le*k", []),
        ("pum", []),
        ("100%", [CASE_SHARED]),
        ("it\\ hums", [CASE_ANN]),
    ],
)
def test_words_are_matched(world: World, words: str, ids: list[str]) -> None:
    """Words side by side, operators, phrases, wildcards; whole words only, in any case."""
    assert found(sosl(world, ADMIN, f"FIND {{{words}}} IN ALL FIELDS RETURNING Case(Id)")) == ids


@pytest.mark.parametrize(
    ("user", "ids"), [(ADMIN, [CASE_ANN, CASE_QUEUE]), (ANN, [CASE_ANN]), (CAT, [CASE_QUEUE]), (BEN, [])]
)
def test_a_search_sees_what_its_user_sees(world: World, user: str, ids: list[str]) -> None:
    """Rows follow sharing."""
    assert found(sosl(world, user, "FIND {pump} RETURNING Case(Id)")) == ids


def test_hidden_fields_are_not_searched(world: World) -> None:
    """Ann cannot find her case by the risk that is hidden from her; the administrator can."""
    text = "FIND {red} RETURNING Case(Id)"
    assert found(sosl(world, ADMIN, text)) == [CASE_ANN]
    assert found(sosl(world, ANN, text)) == []
    assert sosl(world, ANN, "FIND {pump} RETURNING Case(Risk__c)").code == "INVALID_FIELD"
    assert sosl(world, OUTSIDER, "FIND {pump} RETURNING Case(Id)").code == "INVALID_TYPE"


def test_returning_takes_clauses(world: World) -> None:
    """Fields, WHERE, ORDER BY, LIMIT and OFFSET per object; LIMIT for all; fields default to Id."""
    text = (
        "FIND {pump OR noise} RETURNING Case(Subject, Owner.Name WHERE Status IN ('New', 'Working') "
        "ORDER BY Subject DESC LIMIT 1 OFFSET 1), Contact"
    )
    [record] = sosl(world, ADMIN, text).body["searchRecords"]
    assert (record["Subject"], record["Owner"]["Name"]) == ("Pump is loud", "Ann Agent")
    both = sosl(world, ADMIN, "find {jo} returning Contact, EmailMessage(Subject) limit 1").body["searchRecords"]
    assert [(hit["attributes"]["type"], hit.get("Id")) for hit in both] == [("Contact", JO)]


def test_groups_of_fields(world: World) -> None:
    """NAME, EMAIL and SIDEBAR look into fewer fields; without RETURNING every object is searched."""
    assert found(sosl(world, ADMIN, "FIND {jo@acme.example} IN EMAIL FIELDS RETURNING Contact")) == [JO]
    assert found(sosl(world, ADMIN, "FIND {jo@acme.example} IN NAME FIELDS RETURNING Contact")) == []
    assert found(sosl(world, ADMIN, "FIND {doe} IN SIDEBAR FIELDS RETURNING Contact")) == [JO]
    everywhere = found(sosl(world, ADMIN, "FIND {pump}"))
    assert set(everywhere) == {CASE_ANN, CASE_QUEUE, MAIL_ANN}


def test_old_versions_answer_a_bare_list(world: World) -> None:
    """Before v37 there is no envelope."""
    reply = sosl(world, ADMIN, "FIND {pump} RETURNING Case", "/services/data/v36.0/search/")
    assert [record["Id"] for record in reply.body] == [CASE_ANN, CASE_QUEUE]


def test_parameterized_search_by_post_and_by_get(world: World) -> None:
    """The same search in JSON and in a query string with repeated objects."""
    body = {
        "q": "pump",
        "in": "ALL",
        "fields": ["Id", "Subject"],
        "sobjects": [
            {"name": "Case", "where": "Status = 'New'", "limit": 5},
            {"name": "EmailMessage", "fields": ["Id"]},
        ],
        "overallLimit": 10,
    }
    posted = world.call(ADMIN, "POST", "/parameterizedSearch", body)
    assert found(posted) == [CASE_ANN, MAIL_ANN]
    assert posted.body["searchRecords"][0]["Subject"] == "Pump is loud"
    query = "q=pump&sobject=Case&Case.fields=id,subject&Case.where=Status%20%3D%20%27New%27&sobject=EmailMessage"
    asked = world.call(ADMIN, "GET", "/parameterizedSearch", query={"q": "pump"}, query_string=query)
    assert found(asked) == [CASE_ANN, MAIL_ANN]
    assert found(world.call(ANN, "GET", "/parameterizedSearch", query_string="q=leaks")) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MALFORMED_SEARCH"),
        ({"q": 5}, "MALFORMED_SEARCH"),
        ({"q": "pump", "sobjects": {"name": "Case"}}, "MALFORMED_SEARCH"),
        ({"q": "pump", "sobjects": ["Case"]}, "INVALID_INPUT"),
        ({"q": "pump", "sobjects": [{"name": "Case", "limit": "x"}]}, "MALFORMED_SEARCH"),
        ({"q": "pump", "sobjects": [{"name": "Case", "where": "Status = "}]}, "MALFORMED_QUERY"),
        ({"q": "pump", "sobjects": [{}]}, "INVALID_TYPE"),
        ({"q": "pump", "overallLimit": -1}, "MALFORMED_SEARCH"),
        ({"q": "pump", "in": ["ALL"]}, "MALFORMED_SEARCH"),
    ],
)
def test_bad_parameters_are_refused(world: World, body: object, code: str) -> None:
    """JSON that is no search."""
    reply = world.call(ADMIN, "POST", "/parameterizedSearch", body)
    assert (reply.status, reply.code) == (400, code)


def test_stars_take_no_time() -> None:
    """A pattern of stars against a word without end is decided in a moment."""
    match = parse_sosl("FIND {" + "ab*" * 40 + "cd}").match
    started = time.perf_counter()
    assert not match("ab" * 20_000)
    assert match("ab" * 20_000 + "cd")
    assert time.perf_counter() - started < 2
