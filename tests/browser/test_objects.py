"""Buttons on more than cases: a tab for each object, its records and its drafts."""

from playwright.sync_api import expect

from connectors.sandbox.process import SandboxProcess
from tests.browser.conftest import Desk


def test_an_account_is_briefed(desk: Desk, calm: SandboxProcess) -> None:
    """The accounts have a tab, a button of their own, an address of their own, and a draft that can be applied."""
    page = desk.page
    page.goto(f"{desk.url}/")
    page.get_by_role("button", name="Accounts").click()
    page.get_by_label("Filter accounts").fill("a")
    page.locator("#chooser .lines a").first.click()
    expect(page.locator("[data-action]")).to_have_count(1)
    title = page.locator("#title").text_content()
    page.locator("[data-action=brief_account]").click()
    desk.says("Nothing is written to the CRM yet.")
    assert "#Account=" in page.url
    assert desk.draft()["record"]["object"] == "Account"
    page.reload()
    expect(page.locator("#title")).to_have_text(str(title))
    expect(page.get_by_role("button", name="Accounts")).to_have_attribute("aria-pressed", "true")


def test_a_contact_is_written_to(desk: Desk) -> None:
    """The contacts have a tab and a button of their own."""
    page = desk.page
    page.goto(f"{desk.url}/")
    page.get_by_role("button", name="Contacts").click()
    page.locator("#chooser .lines a").first.click()
    page.locator("[data-action=draft_outreach]").click()
    desk.says("Nothing is written to the CRM yet.")
    assert "#Contact=" in page.url


def test_an_address_of_an_unknown_kind_shows_the_welcome(desk: Desk) -> None:
    """Objects without buttons and identifiers that are none lead nowhere."""
    for address in ("#User=005000000000001", "#Account=../../v1/me", "#case=", "#draft=x"):
        desk.page.goto("about:blank")
        desk.page.goto(f"{desk.url}/{address}")
        expect(desk.page.get_by_role("heading", name="Choose a case")).to_be_visible()


def test_a_desk_that_comes_back_reads_its_list_again(desk: Desk) -> None:
    """After a while in the background the list is read anew; the draft on show stays as it is."""
    desk.page.clock.install()
    desk.open()
    desk.press("Summarize this case")
    desk.page.locator("[data-edit]").first.click()
    desk.page.keyboard.type("Half a thought")
    desk.page.clock.fast_forward(120_000)
    with desk.page.expect_request("**/v1/records?**"):
        desk.page.evaluate("dispatchEvent(new Event('visibilitychange'))")
    expect(desk.page.get_by_label("Your words for this sentence")).to_be_focused()
