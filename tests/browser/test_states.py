"""When things go wrong and when they end: errors, states, hostile text."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from connectors.sandbox.data import DEMO_CASE_ID
from connectors.sandbox.process import SandboxProcess
from tests.browser.conftest import Desk
from tests.functional.conftest import ORG


def test_a_crm_that_is_down_can_be_tried_again(desk: Desk, calm: SandboxProcess) -> None:
    """The problem is shown in the sidecar's words; once the CRM is back, the same click goes through."""
    desk.open()
    calm.control.fault("status", path="^/services/data/", status=503, times=0)
    desk.page.get_by_role("button", name="Summarize this case").click()
    box = desk.page.locator(".problem")
    expect(box).to_contain_text("A part of the service is not available")
    expect(box).to_be_focused()
    calm.control.clear_faults()
    box.get_by_role("button", name="Try again").click()
    expect(desk.page.locator(".claim").first).to_be_visible()
    expect(box).to_have_count(0)


def test_a_record_that_moved_on_refuses_apply(desk: Desk, calm: SandboxProcess) -> None:
    """The refusal keeps the draft on show and offers to load it again; nothing was written."""
    desk.open()
    desk.press("Summarize this case")
    calm.control.advance(5)
    calm.control.mutate(ORG, "touch", record=DEMO_CASE_ID, fields={"Priority": "Low"})
    desk.page.get_by_role("button", name="Apply").click()
    expect(desk.page.locator(".problem")).to_contain_text("has changed since it was shown")
    expect(desk.page.locator(".claim").first).to_be_visible()
    expect(desk.page.get_by_role("button", name="Load the draft again")).to_be_visible()
    assert calm.control.counts(ORG, "Writeback__c", "Key__c") == {}


def test_a_refusal_names_its_rule(desk: Desk) -> None:
    """A change without the session's token is refused, and the panel shows which rule refused it."""
    desk.open()
    desk.press("Summarize this case")
    desk.page.route("**/apply", lambda route: route.continue_(headers=route.request.headers | {"x-csrf-token": "no"}))
    desk.page.get_by_role("button", name="Apply").click()
    expect(desk.page.locator(".problem")).to_contain_text("Rule: csrf")


def test_words_that_may_not_be_written_are_refused_and_kept(desk: Desk) -> None:
    """A card number in the agent's own words is refused; what she wrote stays in the editor."""
    desk.open()
    draft = desk.press("Summarize this case")
    desk.page.get_by_role("button", name="Edit sentence 1").click()
    words = desk.page.get_by_label("Your words for this sentence")
    words.fill("The card is 4111 1111 1111 1111.")
    desk.page.keyboard.press("Control+Enter")
    expect(desk.page.locator(".problem")).to_contain_text("may not be written")
    expect(words).to_have_value("The card is 4111 1111 1111 1111.")
    assert desk.draft()["digest"] == draft["digest"]


def test_an_ended_session_leads_back_to_the_same_case(new_desk: Callable[..., Desk]) -> None:
    """Without a session the way on is to log in again, and it ends where the agent was."""
    desk = new_desk()
    desk.log_in("Maya Lindqvist")
    desk.open()
    csrf = desk.context.request.get(f"{desk.url}/v1/me").json()["csrf"]
    desk.context.request.post(f"{desk.url}/v1/logout", headers={"X-CSRF-Token": csrf})
    desk.page.get_by_role("button", name="Summarize this case").click()
    desk.page.get_by_role("link", name="Log in again").click()
    desk.consent("Maya Lindqvist")
    expect(desk.page.locator("#title")).to_contain_text("cold store 2")


@pytest.mark.parametrize(
    ("state", "sentence", "button"),
    [
        ("applying", "has not answered yet", "Look again"),
        ("unknown", "it is never sent a second time", "Look again"),
        ("undone", "is as it was before", "Draft again"),
        ("expired", "Nothing was written", "Draft again"),
    ],
)
def test_every_state_says_what_it_means(desk: Desk, state: str, sentence: str, button: str) -> None:
    """Each state is explained in a sentence and offers no Apply."""
    desk.open()
    draft = desk.press("Summarize this case")
    with desk.answered(draft | {"state": state}):
        desk.page.reload()
        desk.says(sentence)
        expect(desk.page.get_by_role("button", name=button)).to_be_visible()
        expect(desk.page.get_by_role("button", name="Apply")).to_have_count(0)


def test_a_lost_source_hides_its_sentence_and_stops_apply(desk: Desk) -> None:
    """A sentence whose source the agent has lost is not shown, and the draft cannot be applied."""
    desk.open()
    draft = desk.press("Summarize this case")
    lost = draft["claims"][0]
    gone = {"text": "", "grounding": "hidden", "citation": {**lost["citation"], "quote": "", "start": 0, "end": 0}}
    sources = [source for source in draft["sources"] if source["number"] != lost["citation"]["source"]]
    with desk.answered(draft | {"claims": [lost | gone, *draft["claims"][1:]], "sources": sources}):
        desk.page.reload()
        expect(desk.page.locator("#claim-0")).to_contain_text("no longer yours to see")
        expect(desk.page.locator(".bar")).to_contain_text("draft again before you apply")
        expect(desk.page.get_by_role("button", name="Apply")).to_have_count(0)


def test_what_a_record_says_is_never_markup(desk: Desk) -> None:
    """Markup in a sentence, a source or a title is shown as text, and only web addresses become links."""
    desk.open()
    draft = desk.press("Summarize this case")
    hostile = "<img src=x onerror=alert(1)><b>bold</b>"
    source = draft["sources"][0]
    record = source["record"] | {"title": hostile, "link": "javascript:alert(1)"}
    claims = [claim | {"text": hostile} for claim in draft["claims"]]
    sources = [source | {"text": hostile, "author": hostile, "record": record}, *draft["sources"][1:]]
    related = [{"record": record, "score": 0.5}]
    with desk.answered(draft | {"claims": claims, "sources": sources, "related": related}):
        desk.page.reload()
        expect(desk.page.locator(".sentence").first).to_have_text(hostile)
        assert desk.page.locator("main img, #sources img, main b, #sources b").count() == 0
        assert desk.page.locator('a[href^="javascript"]').count() == 0
