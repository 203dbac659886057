"""The watch at the door of the sandbox: it judges answers by itself, and agrees with the engine record by record."""

import random

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.watch import Watch
from connectors.sandbox.wire import Request, Response
from tests.unit.sandbox.data_world import world
from tests.unit.sandbox.engine_world import ANN, BEN, CASE_ANN, CASE_SHARED, CAT, DRAFT_BEN, EVERYBODY, World

REQUEST = Request("GET", "/services/data/v66.0/query", {}, {}, b"", "http://x")


def answer(*records: dict[str, object]) -> Response:
    """A page of a query."""
    return Response.json({"totalSize": len(records), "done": True, "records": list(records)})


def record(kind: str, record_id: str, **fields: object) -> dict[str, object]:
    """One record as the API renders it."""
    return {"attributes": {"type": kind, "url": f"/services/data/v66.0/sobjects/{kind}/{record_id}"}, **fields}


def test_a_hidden_record_a_draft_and_a_hidden_field_are_found() -> None:
    """Wherever they stand in the answer."""
    watch = Watch(World().org)
    inside = {"CaseComments": {"records": [record("EmailMessage", DRAFT_BEN)]}}
    given = answer(record("Case", CASE_ANN, Subject="x", Risk__c="high", **inside), record("Case", CASE_SHARED))
    assert set(watch.leaked(REQUEST, given, ANN)) == {CASE_SHARED, DRAFT_BEN, "Case.Risk__c"}


def test_csv_is_looked_through_too() -> None:
    """A bulk result names its records by their `Id`."""
    rows = f'"Id","Risk__c"\n"{CASE_ANN}","high"\n"{CASE_SHARED}",""\n'
    response = Response(200, rows.encode(), {"Content-Type": "text/csv"})
    assert set(Watch(World().org).leaked(REQUEST, response, ANN)) == {CASE_SHARED, "Case.Risk__c"}


def test_bare_ids_and_posts_are_found_too() -> None:
    """`updated` and `deleted` tell ids only; Chatter has a shape of its own."""
    watch = Watch(World().org)
    assert watch.leaked(REQUEST, Response.json({"ids": [CASE_ANN, CASE_SHARED], "latestDateCovered": "x"}), ANN) == (
        CASE_SHARED,
    )
    gone = {"deletedRecords": [{"id": CASE_SHARED, "deletedDate": "x"}]}
    assert watch.leaked(REQUEST, Response.json(gone), ANN) == (CASE_SHARED,)
    post = {"elements": [{"feedElementType": "FeedItem", "id": DRAFT_BEN}]}
    assert watch.leaked(REQUEST, Response.json(post), ANN) == (DRAFT_BEN,)


def test_what_a_user_may_see_is_no_leak() -> None:
    """A permission set gives the field back, a group the record; what does not exist cannot leak."""
    watch = Watch(World().org)
    assert watch.leaked(REQUEST, answer(record("Case", CASE_SHARED, Subject="x")), BEN) == ()
    assert watch.leaked(REQUEST, answer(record("Task", mint("00T", "5e0", 999_999))), BEN) == ()
    assert watch.leaked(REQUEST, Response.json({"error": "x"}, 400), CAT) == ()


def test_a_restriction_rule_counts() -> None:
    """What sharing opens and a rule closes must not leave."""
    org = World().org
    rule = {"targetEntity": "Case", "userCriteria": f"$User.Id = '{BEN}'", "recordFilter": "OwnerId = $User.Id"}
    org.restrictions.add(rule)
    assert Watch(org).leaked(REQUEST, answer(record("Case", CASE_SHARED)), BEN) == (CASE_SHARED,)


def _judged(org: Org, user_id: str, kind: str, record_id: str) -> bool:
    return not Watch(org).leaked(REQUEST, answer(record(kind, record_id)), user_id)


@pytest.mark.parametrize("user_id", EVERYBODY.values(), ids=EVERYBODY)
def test_the_watch_agrees_with_the_engine_in_the_small_world(user_id: str) -> None:
    """Every record of the small org."""
    org = World().org
    for kind, rows in org.records.items():
        for record_id, row in rows.items():
            assert _judged(org, user_id, kind, record_id) is org.can_read(user_id, kind, row), (kind, record_id)


def test_the_watch_agrees_with_the_engine_in_the_company() -> None:
    """A thousand records of the generated org, drawn at random, for random users; and all fields for all users."""
    [(document, records), *_] = world()[0]
    users = [{key: value for key, value in user.items() if key != "note"} for user in document["users"]]
    org = Org.load({**document, "users": users}, records, Clock())
    draw = random.Random(7)
    people = [str(user["Id"]) for user in org.users()]
    rows = [(kind, row) for kind, table in org.records.items() for row in table.values()]
    for kind, row in draw.sample(rows, 1000):
        user = draw.choice(people)
        assert _judged(org, user, kind, str(row["Id"])) is org.can_read(user, kind, row), (user, kind)
    for user in people:
        for kind_ in org.schema.objects.values():
            names = {field.name for field in kind_.fields.values()}
            if visible := org.permissions.visible(user, kind_.name):
                found = Watch(org).leaked(REQUEST, answer(record(kind_.name, "", **dict.fromkeys(names, "x"))), user)
                assert set(found) == {f"{kind_.name}.{name}" for name in names - visible}
