"""While a draft is made: its steps as the sidecar reports them, what a stream may look like, and stopping."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from sidecar import panel
from tests.browser.conftest import Desk
from tests.browser.states import HELD, ask

ASSETS = Path(panel.__file__).parent / "assets"
SIZES = """Object.fromEntries(performance.getEntriesByType("resource").map(
    (one) => [new URL(one.name).pathname, one.decodedBodySize]))"""
STEPS = ["read", "admit", "related", "reason", "check", "save"]
WATCH = """() => {
    window.seen = [];
    new MutationObserver((changes) => {
        for (const { dataset } of changes.flatMap((change) => [...change.addedNodes])) {
            if (dataset?.step && window.seen.at(-1) !== dataset.step) window.seen.push(dataset.step);
        }
    }).observe(document.querySelector("#work"), { childList: true, subtree: true });
}"""
"""Keeps the names of the steps that were told: each is a new line in place of one that waited."""


def event(name: str, data: dict[str, Any]) -> str:
    """One Server-Sent Event."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def feed(desk: Desk, *texts: str) -> None:
    """Send pieces of the stream that stands in for the server's answer."""
    for text in texts:
        desk.page.evaluate("text => feed(text)", text)


@pytest.fixture
def held(desk: Desk) -> Desk:
    """A desk on the demo's case whose next draft is fed by hand."""
    desk.open()
    desk.page.evaluate(HELD)
    ask(desk)
    expect(desk.page.locator(".steps li")).to_have_count(len(STEPS))
    return desk


def test_a_draft_shows_its_steps_as_they_happen(desk: Desk) -> None:
    """The sidecar's own stream moves the steps on, in their order, until the draft is there."""
    desk.open()
    desk.page.evaluate(WATCH)
    desk.press("Summarize this case")
    assert desk.page.evaluate("seen") == STEPS


def test_progress_stands_there_before_the_server_has_answered(held: Desk) -> None:
    """The steps are on screen, the buttons rest, and it is said aloud, while nothing has come back yet."""
    expect(held.page.locator("#live")).to_have_text("Drafting…")
    expect(held.page.locator("#work")).to_have_attribute("aria-busy", "true")
    expect(held.page.locator("[data-action]").first).to_be_disabled()
    expect(held.page.locator(".steps .next")).to_have_count(len(STEPS))


def test_a_stream_may_come_in_any_pieces(held: Desk) -> None:
    """Events cut anywhere, other line ends, signs of life and unknown events are read as they are meant."""
    stream = ": hello\r\n\r\n" + event("progress", {"step": "read", "count": 0}).replace("\n", "\r\n")
    stream += event("later-version", {"x": 1}) + event("progress", {"step": "admit", "count": 7})
    feed(held, *stream)
    expect(held.page.locator("[data-step=admit]")).to_have_class("now")
    expect(held.page.locator("[data-step=admit] .found")).to_have_text("7 records")
    expect(held.page.locator("[data-step=read]")).to_have_class("past")


def test_a_problem_in_the_stream_is_shown_with_its_rule(held: Desk) -> None:
    """What ends the stream badly is told like any other problem."""
    feed(held, event("problem", {"title": "Not allowed", "status": 403, "detail": "Ask.", "rule": "no-such-purpose"}))
    expect(held.page.locator(".problem")).to_contain_text("Rule: no-such-purpose")
    expect(held.page.locator(".progress")).to_have_count(0)


def test_a_stream_that_breaks_off_can_be_tried_again(held: Desk) -> None:
    """Without a draft at its end the answer counts as none; the same click can be repeated."""
    feed(held, event("progress", {"step": "read", "count": 0}))
    held.page.evaluate("end()")
    expect(held.page.locator(".problem")).to_contain_text("The sidecar does not answer")
    expect(held.page.get_by_role("button", name="Try again")).to_be_visible()


def test_waiting_can_be_stopped(held: Desk) -> None:
    """Stop ends the waiting, says that nothing was written, and gives the buttons back."""
    held.page.get_by_role("button", name="Stop").click()
    held.says("You stopped waiting. Nothing was written.")
    expect(held.page.locator("#state")).to_be_focused()
    expect(held.page.locator("[data-action]").first).to_be_enabled()


def test_a_plain_answer_will_do(desk: Desk) -> None:
    """A server or proxy that answers with JSON instead of a stream is understood."""
    accept = {"accept": "application/json"}
    desk.page.route("**/v1/drafts", lambda route: route.continue_(headers=route.request.headers | accept))
    desk.open()
    assert desk.press("Summarize this case")["state"] == "draft"


def test_the_scripts_of_a_page_are_small(desk: Desk) -> None:
    """What one page load transfers as JavaScript, and all of it together, stays below 60 KB; one dictionary comes."""
    desk.page.goto(f"{desk.url}/")
    desk.page.locator("#chooser .lines a").first.wait_for()
    sizes = desk.page.evaluate(SIZES)
    assert sum(size for name, size in sizes.items() if name.endswith(".js")) <= 60_000
    assert sum(file.stat().st_size for file in ASSETS.glob("*.js")) <= 60_000
    assert [name for name in sizes if name.endswith(".json")] == ["/panel/assets/words.en.json"]
