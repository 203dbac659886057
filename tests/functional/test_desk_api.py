"""The desk's API on real parts: a draft that is followed, other kinds of records, history and opinions."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask

from connectors.sandbox.data import DEMO_CASE_ID
from sidecar.api import streams
from sidecar.api.draft_models import FeedbackOut
from sidecar.client import Client
from sidecar.domain import Progress
from sidecar.errors import Unavailable
from sidecar.feedback import Rating
from sidecar.local import LocalSidecar
from sidecar.settings import Settings

STEPS = ["read", "admit", "related", "reason", "check", "save"]


def events(answer: requests.Response) -> Iterator[tuple[str, Any]]:
    """The events of a stream as they come."""
    name = ""
    for line in answer.iter_lines(decode_unicode=True):
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def follow(sidecar: LocalSidecar, who: Client, body: dict[str, Any]) -> tuple[requests.Response, list[tuple[str, Any]]]:
    """POST a draft and follow its making."""
    headers = {"Authorization": str(who._http.headers["Authorization"]), "Accept": "text/event-stream"}
    answer = requests.post(f"{sidecar.url}/v1/drafts", json=body, headers=headers, stream=True, timeout=60)
    return answer, list(events(answer))


def test_a_draft_is_followed_step_by_step(sidecar: LocalSidecar, maya: Client) -> None:
    """Every step is told in order, then the draft itself, once, as a plain request would have given it."""
    record = {"crm": "salesforce", "object": "Case", "id": DEMO_CASE_ID}
    answer, told = follow(sidecar, maya, {"action": "summarize_case", "record": record})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    steps = [data["step"] for name, data in told if name == "progress"]
    assert list(dict.fromkeys(steps)) == STEPS
    assert [name for name, _ in told].count("draft") == 1
    draft = told[-1][1]
    assert draft["claims"]
    assert maya.call("GET", f"/v1/drafts/{draft['id']}")["digest"] == draft["digest"]


def test_a_refusal_is_told_as_a_problem(sidecar: LocalSidecar, maya: Client) -> None:
    """What goes wrong on the way ends the stream with a problem document."""
    record = {"crm": "salesforce", "object": "Case", "id": "500000000000999AAA"}
    _, told = follow(sidecar, maya, {"action": "summarize_case", "record": record})
    name, problem = told[-1]
    assert (name, problem["type"], problem["status"]) == ("problem", "urn:crm-sidecar:problem:not-found", 404)
    assert problem["request"]


def test_who_leaves_again_and_again_does_not_pile_up_work() -> None:
    """A draft goes on when its follower has gone, and counts until it is done: beyond the threads there is a 503."""
    app = Flask("test")
    app.extensions["crm-sidecar-settings"] = Settings(threads=2)
    gate = threading.Event()

    def make(_: Progress) -> FeedbackOut:
        gate.wait(30)
        return FeedbackOut(rating=Rating.UP)

    def left() -> None:
        with app.test_request_context("/v1/drafts", method="POST"):
            streams.follow(make).close()

    try:
        left()
        left()
        with pytest.raises(Unavailable):
            left()
    finally:
        gate.set()
    for worker in threading.enumerate():
        if worker.name == "draft":
            worker.join(10)
    left()


@pytest.mark.parametrize(("object_", "action"), [("Account", "brief_account"), ("Contact", "draft_outreach")])
def test_other_records_have_buttons_of_their_own(maya: Client, object_: str, action: str) -> None:
    """An account and a contact from the list can be drafted on, and every sentence is verified."""
    lines = maya.call("GET", f"/v1/records?object={object_}&limit=5")["records"]
    assert lines
    (button,) = [one for one in maya.call("GET", "/v1/actions")["actions"] if one["object"] == object_]
    assert button["action"] == action
    record = {name: lines[0]["record"][name] for name in ("crm", "object", "id")}
    draft = maya.call("POST", "/v1/drafts", {"action": action, "record": record})
    assert draft["claims"]
    assert {claim["grounding"] for claim in draft["claims"]} == {"verified"}


def test_history_and_opinion(maya: Client) -> None:
    """Drafts on one record are listed by it; an opinion comes back with its draft."""
    draft = maya.draft("summarize_case", DEMO_CASE_ID)
    listed = maya.call("GET", f"/v1/drafts?record={DEMO_CASE_ID}")["drafts"]
    assert draft["id"] in {one["id"] for one in listed}
    assert {one["record"]["id"] for one in listed} == {DEMO_CASE_ID}
    opinion = {"rating": "down", "reason": "missing", "privacy": True}
    assert maya.call("POST", f"/v1/drafts/{draft['id']}/feedback", opinion) == opinion
    assert maya.call("GET", f"/v1/drafts/{draft['id']}")["feedback"] == opinion
