"""Composite requests as Salesforce wants them."""

import pytest

from connectors.errors import Fatal
from connectors.salesforce.composite import Answer, Sub, answers, culprit, query, request_body

HALTED = [{"errorCode": "PROCESSING_HALTED", "message": "rolled back"}]


def test_too_many_subrequests_are_refused() -> None:
    """25 subrequests, 5 of them queries (contract, 1.6)."""
    with pytest.raises(ValueError, match="26 subrequests"):
        request_body("66.0", [Sub(f"s{n}", "GET", "sobjects/Case/1") for n in range(26)], all_or_none=False)
    with pytest.raises(ValueError, match="6 queries"):
        request_body("66.0", [query(f"q{n}", "SELECT Id FROM Case") for n in range(6)], all_or_none=False)


def test_a_missing_subresponse_is_refused() -> None:
    """Half an answer is none."""
    document = {"compositeResponse": [{"referenceId": "a", "httpStatusCode": 200, "body": {}, "httpHeaders": {}}]}
    assert answers(document, [Sub("a", "GET", "x")])["a"].ok
    broken_answers: list[object] = [document, {}, [], None, {"compositeResponse": None}]
    for broken in broken_answers:
        with pytest.raises(Fatal):
            answers(broken, [Sub("a", "GET", "x"), Sub("b", "GET", "x")])


def test_order_is_kept_and_conditions_travel_with_their_request() -> None:
    """Collation would let a write overtake its condition."""
    subs = [
        Sub("a", "POST", "sobjects/Task", {"Subject": "x"}),
        Sub("b", "PATCH", "sobjects/Case/1", {}, {"If-X": "y"}),
    ]
    body = request_body("66.0", subs, all_or_none=True)
    assert body["allOrNone"] is True
    assert body["collateSubrequests"] is False
    assert body["compositeRequest"] == [
        {"method": "POST", "url": "/services/data/v66.0/sobjects/Task", "referenceId": "a", "body": {"Subject": "x"}},
        {
            "method": "PATCH",
            "url": "/services/data/v66.0/sobjects/Case/1",
            "referenceId": "b",
            "body": {},
            "httpHeaders": {"If-X": "y"},
        },
    ]


def test_queries_are_quoted_but_references_are_not() -> None:
    """`@{…}` must reach Salesforce readable, everything else percent-encoded."""
    sub = query("q", "SELECT Id FROM Task WHERE Id IN ('@{t0.id}') AND Subject = 'a&b#c+d'")
    assert "@{t0.id}" in sub.path
    assert "a%26b%23c%2Bd" in sub.path
    assert " " not in sub.path


def test_the_culprit_is_the_one_that_was_not_merely_halted() -> None:
    """Of a rolled-back request only one subresponse names the reason."""
    subs = [Sub(name, "POST", "x") for name in ("a", "b", "c")]
    halted, refused, fine = Answer(400, HALTED), Answer(400, [{"errorCode": "DUPLICATE_VALUE"}]), Answer(201, {})
    assert culprit({"a": halted, "b": refused, "c": halted}, subs) == ("b", refused)
    assert culprit({"a": halted, "b": halted, "c": halted}, subs) == ("a", halted)
    assert culprit({"a": fine, "b": fine, "c": fine}, subs) is None
