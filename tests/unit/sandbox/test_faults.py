"""Fault rules: which requests they hit, and what becomes of the answer."""

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.sandbox.faults import ACTIONS, AFTER, INSTEAD, PREPARING, Faults, answer_after, answer_instead
from connectors.sandbox.wire import JSON, Refused, Request, Response


class FakeSite:
    """A vendor that has one error for every status."""

    alias = "north"

    def respond(self, request: Request) -> Response:
        """Not used here."""
        raise NotImplementedError

    def user_of(self, request: Request) -> str:
        """Nobody."""
        return ""

    def names_of(self, user_id: str) -> tuple[str, ...]:
        """No names."""
        return ()

    def failure(self, status: int) -> Response:
        """One error for all."""
        return Response.json([{"errorCode": f"E{status}"}], status)

    def subrequests(self, request: Request) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def mutations(self) -> frozenset[str]:
        """One."""
        return frozenset({"hide_field"})

    def leaked(self, request: Request, response: Response, user_id: str) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def mutate(self, name: str, user_id: str, arguments: Mapping[str, Any]) -> JSON:
        """Nothing."""
        return {}

    def records(self, object_: str, filters: Mapping[str, str]) -> list[JSON]:
        """None."""
        return []

    def describe(self, urls: Mapping[str, str]) -> JSON:
        """Nothing."""
        return {}

    def save(self) -> object:
        """Nothing."""
        return None

    def load(self, state: object) -> None:
        """Nothing."""


def request(path: str = "/services/data/v66.0/composite", method: str = "POST", body: bytes = b"") -> Request:
    """A request."""
    return Request(method, path, {}, {}, body, "http://127.0.0.1:1")


def fired(faults: Faults, wish: Request | None = None, users: tuple[str, ...] = ()) -> list[str]:
    """Names of the actions that fire on one request."""
    return [rule.action for rule in faults.take("north", users, wish or request())]


def rule(action: str, arguments: JSON | None = None, **match: str | int) -> JSON:
    """The document of a rule."""
    return {"match": match, "action": {"name": action, **(arguments or {})}}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (rule("explode"), "unknown action"),
        ({}, "unknown action"),
        (rule("drop_before", color="red"), "unknown matcher color"),
        (rule("drop_before", path="("), "cannot be understood"),
        (rule("drop_before", nth="soon"), "cannot be understood"),
        (rule("delay"), "needs `seconds`"),
        (rule("clock_skew", {"seconds": True}), "needs `seconds`"),
        (rule("status", {"status": "bad"}), "needs `status`"),
        (rule("hide_field", {"field": "Case.Subject"}), "unknown action"),
    ],
)
def test_wrong_rules_are_refused(document: JSON, words: str) -> None:
    """A rule that cannot work is refused when it is made, with the reason."""
    with pytest.raises(Refused, match=words):
        Faults().add(document)


def test_actions_are_of_one_kind_each() -> None:
    """No action is of two kinds."""
    assert len(ACTIONS) == len(PREPARING) + len(INSTEAD) + len(AFTER)


@pytest.mark.parametrize(
    ("match", "hits"),
    [
        ({}, True),
        ({"path": r"/composite$"}, True),
        ({"path": r"/composite/sobjects$"}, False),
        ({"method": "post"}, True),
        ({"method": "GET"}, False),
        ({"user": "ada@x.test"}, True),
        ({"user": "bob@x.test"}, False),
        ({"org": "south"}, False),
        ({"body": "Key__c.*k-1"}, True),
        ({"body": "Key__c.*k-2"}, False),
    ],
)
def test_matchers(match: JSON, hits: bool) -> None:  # noqa: FBT001 - parametrised
    """Each matcher narrows the rule; a trailing slash does not hide a request."""
    faults = Faults()
    faults.add(rule("drop_before", **match))
    found = fired(faults, request("/services/data/v66.0/composite/", body=b'{"Key__c": "k-1"}'), ("005", "ada@x.test"))
    assert bool(found) is hits


def test_nth_and_times_count_matching_requests_only() -> None:
    """The rule waits for its turn, fires as often as told, and then rests."""
    faults = Faults()
    made = faults.add(rule("drop_before", path="composite", nth=2, times=2))
    assert fired(faults, request("/query")) == []
    assert [bool(fired(faults)) for _ in range(4)] == [False, True, True, False]
    assert (made.view()["seen"], made.view()["fired"]) == (4, 2)


def test_times_zero_fires_for_ever() -> None:
    """0 means always."""
    faults = Faults()
    faults.add(rule("drop_before", times=0))
    assert all(fired(faults) for _ in range(5))


def test_oldest_deciding_rule_wins_and_preparing_ones_join() -> None:
    """A delay and a change of rights go along with one decision about the answer; the other decision waits."""
    faults = Faults(frozenset({"hide_field"}))
    faults.add(rule("delay", {"seconds": 0}))
    faults.add(rule("status", {"status": 503}))
    faults.add(rule("commit_then_drop"))
    faults.add(rule("hide_field", {"field": "Case.Description"}))
    assert fired(faults) == ["delay", "status", "hide_field"]
    assert fired(faults) == ["commit_then_drop"]


def test_rules_can_be_removed() -> None:
    """By id, or all at once."""
    faults = Faults()
    first = faults.add(rule("drop_before"))
    faults.add(rule("html_503"))
    assert faults.remove(first.id)
    assert not faults.remove(first.id)
    assert fired(faults) == ["html_503"]
    faults.clear()
    assert faults.rules() == []


def test_answers_instead() -> None:
    """The vendor's own error, a given body and headers, an HTML page, or a cut line."""
    faults, site = Faults(), FakeSite()
    plain = faults.add(rule("status", {"status": 403}))
    assert answer_instead(plain, site) == site.failure(403)
    given = faults.add(rule("status", {"status": 429, "content": {"a": 1}, "headers": {"Retry-After": 3}}))
    response = answer_instead(given, site)
    assert response is not None
    assert (response.status, response.body, response.headers["retry-after"]) == (429, b'{"a":1}', "3")
    page = answer_instead(faults.add(rule("html_503")), site)
    assert page is not None
    assert page.headers["content-type"].startswith("text/html")
    assert answer_instead(faults.add(rule("drop_before")), site) is None


def test_answers_after() -> None:
    """The real answer is lost, replaced by a 500, or cut in half."""
    faults, site = Faults(), FakeSite()
    real = Response.json({"id": "500", "success": True}, 201)
    assert answer_after(faults.add(rule("commit_then_drop")), site, real) is None
    assert answer_after(faults.add(rule("commit_then_500")), site, real) == site.failure(500)
    page = answer_after(faults.add(rule("wrong_content_type")), site, real)
    assert page is not None
    assert (page.body, page.headers["content-type"]) == (real.body, "text/html;charset=UTF-8")
    half = answer_after(faults.add(rule("truncated_json")), site, real)
    assert half is not None
    assert (half.status, half.body) == (201, real.body[: len(real.body) // 2])
