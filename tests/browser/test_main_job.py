"""The main job in the panel: log in, choose a case, draft, check the sources, edit, apply, undo."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect
from pypdfium2 import PdfDocument

from connectors.sandbox.data import DEMO_CASE_ID, DEMO_USERNAMES
from connectors.sandbox.process import SandboxProcess
from tests.browser.conftest import Desk
from tests.browser.states import RESERVED, rich
from tests.functional.conftest import ORG

FIELD = "Assistant_Summary__c"


def in_crm(sandbox: SandboxProcess) -> str | None:
    """What stands in the summary field of the demo's case."""
    record = sandbox.control.record(ORG, "Case", DEMO_CASE_ID)
    assert record is not None
    value: str | None = record.get(FIELD)
    return value


def test_log_in_at_the_crm_and_out_again(new_desk: Callable[..., Desk]) -> None:
    """The panel knows who came from the CRM, lists her cases, and forgets her on logout."""
    desk = new_desk()
    desk.log_in(DEMO_USERNAMES[0])
    expect(desk.page.locator("#who")).to_contain_text("Maya Lindqvist")
    listed = desk.context.request.get(f"{desk.url}/v1/records?limit=100").json()["records"]
    expect(desk.page.locator("#chooser .lines a")).to_have_count(len(listed))
    desk.page.get_by_role("button", name="Log out").click()
    expect(desk.page.get_by_role("link", name=f"Log in with {ORG}")).to_be_visible()
    assert desk.context.request.get(f"{desk.url}/v1/me").status == 401


def test_the_filter_narrows_the_list(desk: Desk) -> None:
    """Words, numbers and states narrow the list; nothing found is said."""
    desk.page.goto(f"{desk.url}/")
    desk.page.get_by_label("Filter cases").fill("cold store escalated")
    expect(desk.page.locator(".lines a")).to_have_count(1)
    desk.page.get_by_label("Filter cases").fill("no such thing")
    expect(desk.page.get_by_text("No case matches.")).to_be_visible()


def test_a_draft_shows_where_every_sentence_was_read(desk: Desk) -> None:
    """Pressing a citation marks exactly the quoted characters, and nothing else on the page."""
    desk.open()
    draft = desk.press("Summarize this case")
    chips = desk.page.locator(".chip")
    expect(chips).to_have_count(len(draft["claims"]))
    for chip in chips.all():
        chip.click()
        cite = draft["claims"][int(chip.get_attribute("data-claim") or "")]["citation"]
        assert desk.page.locator("mark").all_text_contents() == [cite["quote"]]
        expect(desk.page.locator(f"#source-{cite['source']} mark")).to_be_visible()


def test_offsets_count_code_points(desk: Desk) -> None:
    """Characters outside the basic plane before a quote do not move the highlight."""
    desk.open()
    draft = desk.press("Summarize this case")
    before = "🧊🚨𠮷 "
    sources = [source | {"text": before + source["text"]} for source in draft["sources"]]
    claims = [
        claim | {"citation": cite | {"start": cite["start"] + len(before), "end": cite["end"] + len(before)}}
        for claim in draft["claims"]
        for cite in [claim["citation"]]
    ]
    with desk.answered(draft | {"sources": sources, "claims": claims}):
        desk.page.reload()
        for index, claim in enumerate(claims):
            desk.page.locator(f'.chip[data-claim="{index}"]').click()
            assert desk.page.locator("mark").all_text_contents() == [claim["citation"]["quote"]]


def test_what_stayed_out_is_said(desk: Desk) -> None:
    """Fields left out, values masked and suspicious places are counted as the API reports them, with the rule."""
    desk.open()
    draft = desk.press("Summarize this case")
    desk.page.locator(".glance").click()
    receipt = desk.page.locator(".receipt")
    for left_out in draft["withheld"]:
        expect(receipt).to_contain_text(left_out["rule"])
    expect(receipt).to_contain_text(f"{sum(item['count'] for item in draft['masked'])} values masked")
    expect(receipt).to_contain_text("card number")
    expect(receipt).to_contain_text("tries to replace the assistant's instructions")


def test_apply_and_undo(desk: Desk, calm: SandboxProcess) -> None:
    """The CRM holds what the panel showed after Apply, and what stood there before after Undo."""
    before = in_crm(calm)
    desk.open()
    desk.press("Summarize this case")
    expect(desk.page.locator(".change")).to_contain_text("Yes: it puts back what stood there")
    after = desk.page.locator(".side .text").last.text_content()
    desk.page.get_by_role("button", name="Apply").click()
    desk.says("Written to “Assistant Summary”")
    assert in_crm(calm) == after
    desk.page.get_by_role("button", name="Undo").click()
    desk.says("Taken back")
    assert in_crm(calm) == before
    expect(desk.page.get_by_role("button", name="Apply")).to_have_count(0)


def test_a_double_click_writes_once(desk: Desk, calm: SandboxProcess) -> None:
    """The button rests while it works: two clicks are one write."""
    desk.open()
    draft = desk.press("Summarize this case")
    desk.page.get_by_role("button", name="Apply").dblclick()
    desk.says("Written to “")
    assert calm.control.counts(ORG, "Writeback__c", "Key__c") == {draft["change"]["key"]: 1}


def test_own_words_are_marked_and_written(desk: Desk, calm: SandboxProcess) -> None:
    """An edited sentence is called the agent's own, a removed one is gone, and Apply writes both."""
    desk.open()
    draft = desk.press("Summarize this case")
    removed = draft["claims"][1]["text"]
    desk.page.get_by_role("button", name="Edit sentence 1").click()
    desk.page.get_by_label("Your words for this sentence").fill("The customer waits for a replacement.")
    desk.page.get_by_role("button", name="Save").click()
    expect(desk.page.locator("#claim-0")).to_contain_text("Your words")
    expect(desk.page.get_by_role("button", name="Edit sentence 1")).to_be_focused()
    desk.page.get_by_role("button", name="Remove sentence 2").click()
    expect(desk.page.locator(".claim")).to_have_count(len(draft["claims"]) - 1)
    desk.page.get_by_role("button", name="Apply").click()
    desk.says("Written to “")
    assert "The customer waits for a replacement." in str(in_crm(calm))
    assert removed not in str(in_crm(calm))


def test_escape_leaves_a_sentence_as_it_was(desk: Desk) -> None:
    """Leaving the editor saves nothing and goes back to where the agent was."""
    desk.open()
    draft = desk.press("Summarize this case")
    desk.page.get_by_role("button", name="Edit sentence 1").click()
    desk.page.keyboard.type("never saved")
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator("#claim-0 .sentence")).to_have_text(draft["claims"][0]["text"])
    expect(desk.page.get_by_role("button", name="Edit sentence 1")).to_be_focused()
    assert desk.draft()["digest"] == draft["digest"]


def test_steps_become_tasks(desk: Desk, calm: SandboxProcess) -> None:
    """The button says how many tasks it makes, and makes them."""
    before = len(calm.control.records(ORG, "Task", WhatId=DEMO_CASE_ID))
    desk.open()
    steps = len(desk.press("Propose next steps")["change"]["after"])
    expect(desk.page.locator(".tasks li")).to_have_count(steps)
    desk.page.get_by_role("button", name=f"Create {steps} tasks").click()
    desk.says("Written to “")
    assert len(calm.control.records(ORG, "Task", WhatId=DEMO_CASE_ID)) == before + steps


def test_a_field_switched_off_is_not_read(desk: Desk) -> None:
    """What the agent excludes is named as her choice and never a source."""
    desk.open()
    desk.page.get_by_text("What a draft may use").click()
    desk.page.get_by_role("group", name="Case").get_by_label("Description").uncheck()
    expect(desk.page.get_by_text("What a draft may use (1 switched off)")).to_be_visible()
    draft = desk.press("Summarize this case")
    assert not [source for source in draft["sources"] if source["field"] == "Description"]
    desk.page.locator(".glance").click()
    expect(desk.page.locator(".receipt")).to_contain_text("you switched it off")


def test_a_comment_is_said_to_stay_before_it_is_written(desk: Desk) -> None:
    """A target that cannot be undone says so beside Apply, and offers no Undo afterwards."""
    desk.open()
    desk.page.get_by_text("What a draft may use").click()
    desk.page.get_by_label("Write to").select_option("comment")
    desk.press("Summarize this case")
    expect(desk.page.locator(".bar")).to_contain_text("cannot be undone")
    expect(desk.page.locator(".change")).to_contain_text("No: what is written stays.")
    desk.page.get_by_role("button", name="Apply").click()
    desk.says("Written to “")
    expect(desk.page.get_by_role("button", name="Undo")).to_have_count(0)


def test_reload_and_history_bring_a_draft_back(desk: Desk) -> None:
    """The address keeps case and draft; the list of drafts opens an older one."""
    desk.open()
    first = desk.press("Summarize this case")
    desk.page.reload()
    expect(desk.page.locator(".claim")).to_have_count(len(first["claims"]))
    desk.open()
    desk.press("Propose next steps")
    desk.page.get_by_role("button", name="Drafts").click()
    desk.page.locator(f'#chooser a[href$="draft={first["id"]}"]').click()
    expect(desk.page.locator("#draft-title")).to_have_text("Summarize this case")
    assert desk.draft_id == first["id"]


def test_discard(desk: Desk) -> None:
    """A discarded draft says that nothing was written and offers to draft again."""
    desk.open()
    desk.press("Summarize this case")
    desk.page.get_by_role("button", name="Discard").click()
    desk.says("You threw this draft away. Nothing was written.")
    expect(desk.page.get_by_role("button", name="Apply")).to_have_count(0)
    desk.page.get_by_role("button", name="Draft again").click()
    desk.says("Nothing is written to the CRM yet.")


def test_an_opinion_is_kept_and_replaced(desk: Desk) -> None:
    """A thumb is sent at once, its reason and a privacy concern after it; a later thumb keeps the concern."""
    desk.open()
    desk.press("Summarize this case")
    desk.page.get_by_role("button", name="No", exact=True).click()
    expect(desk.page.locator(".feedback")).to_contain_text("Thank you.")
    assert desk.draft()["feedback"] == {"rating": "down", "reason": "", "privacy": False}
    desk.page.get_by_label("Something is missing").check()
    desk.page.get_by_label("Privacy concern").check()
    desk.page.get_by_role("button", name="Send").click()
    expect(desk.page.get_by_role("button", name="No", exact=True)).to_be_focused()
    desk.page.reload()
    expect(desk.page.get_by_text("Privacy concern reported")).to_be_visible()
    assert desk.draft()["feedback"] == {"rating": "down", "reason": "missing", "privacy": True}
    desk.page.get_by_role("button", name="Yes", exact=True).click()
    expect(desk.page.get_by_role("button", name="Yes", exact=True)).to_have_attribute("aria-pressed", "true")
    assert desk.draft()["feedback"] == {"rating": "up", "reason": "", "privacy": True}


def test_the_list_shows_where_a_draft_waits(desk: Desk) -> None:
    """A case with an open draft is marked in the list, and the record lists her earlier drafts on it."""
    desk.open()
    first = desk.press("Summarize this case")
    second = desk.press("Propose next steps")
    expect(desk.page.locator("#chooser .lines a[aria-current] .badge").last).to_have_text("Draft")
    past = desk.page.locator("#past .lines a")
    desk.page.locator("#past summary").click()
    assert {first["id"], second["id"]} <= {(a.get_attribute("href") or "")[-22:] for a in past.all()}
    desk.page.locator(f'#past a[href$="{first["id"]}"]').click()
    expect(desk.page.locator("#draft-title")).to_have_text("Summarize this case")


def test_a_reserved_sentence_is_marked_and_absent_from_what_is_written(desk: Desk) -> None:
    """A sentence whose source the target's readers may not see says why it stays, in the draft and at the change."""
    desk.open()
    draft = desk.press("Summarize this case")
    with desk.answered(rich(draft)):
        desk.page.reload()
        expect(desk.page.locator("#claim-0")).to_contain_text(f"Stays in the draft {RESERVED}")
        expect(desk.page.locator(".absent")).to_contain_text("1 sentence of the draft is not written")
        expect(desk.page.locator(".absent s")).to_have_text(draft["claims"][0]["text"])
        expect(desk.page.locator(".glance")).to_contain_text("1 sentence not for the CRM")


def test_a_draft_without_the_model_says_so(desk: Desk) -> None:
    """The fallback is marked at the head of the draft, once, with its reason; doubtful sentences say so in words."""
    desk.open()
    draft = desk.press("Summarize this case")
    with desk.answered(rich(draft)):
        desk.page.reload()
        said = desk.page.locator("#fallback")
        expect(said).to_have_text("Written without the language model. The language model did not answer in time.")
        expect(desk.page.get_by_text("The language model did not answer in time.")).to_have_count(1)
        expect(desk.page.locator("#claim-1 .confidence")).to_contain_text("Confidence: Fair 62%")
        expect(desk.page.locator("#claim-2")).to_contain_text("Not supported")


def test_what_would_be_written_can_be_copied(desk: Desk) -> None:
    """Copy puts the text of the change on the clipboard."""
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.open()
    draft = desk.press("Summarize this case")
    desk.page.get_by_role("button", name="Copy").click()
    expect(desk.page.get_by_role("button", name="Copied.")).to_be_visible()
    assert desk.page.evaluate("navigator.clipboard.readText()") == draft["change"]["after"][0]["body"]


def test_on_paper_stand_the_draft_and_its_sources(desk: Desk, tmp_path: Path) -> None:
    """A print holds every sentence and every quote, and none of the desk around them."""
    desk.open()
    draft = desk.press("Summarize this case")
    printed = tmp_path / "draft.pdf"
    desk.page.pdf(path=printed)
    with PdfDocument(printed) as document:
        text = " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    for claim in draft["claims"]:
        assert claim["text"] in text
        assert claim["citation"]["quote"] in text.replace("- ", "-")
    for word in ("Apply would", "Private Assistant"):
        assert word in text
    for word in ("Log out", "Discard", "Number, words, status", "Filter cases", "Was this draft useful"):
        assert word not in text
