"""The same panel for a HubSpot user: tickets, notes, and the portal's words for things."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from connectors.sandbox.data import DEMO_TICKET_ID, DEMO_TICKET_USERS
from connectors.sandbox.process import SandboxProcess
from tests.browser.conftest import Desk

PORTAL = "meridian"
SHOTS = Path(__file__).parent / "shots"


def test_a_ticket_from_login_to_undo(new_desk: Callable[..., Desk], calm: SandboxProcess) -> None:
    """Mira logs in at HubSpot, drafts on a ticket, applies the note and takes it back; nobody calls it a case."""
    desk = new_desk()
    page = desk.page
    page.goto(f"{desk.url}/")
    page.get_by_role("link", name=f"Log in with {PORTAL}").click()
    desk.consent(DEMO_TICKET_USERS[0])
    expect(page.get_by_role("button", name="Tickets")).to_be_visible()
    desk.open(DEMO_TICKET_ID)
    made = desk.press("Summarize this ticket")
    assert made["record"]["object"] == "tickets"
    shown = page.locator("body").inner_text()
    assert [line for line in shown.splitlines() if re.search(r"\bcases?\b", line, re.IGNORECASE)] == []
    page.screenshot(path=SHOTS / "light-8-hubspot.png", full_page=True)
    page.locator("#apply").click()
    desk.says("Written to “Note”")
    key = made["change"]["key"]
    notes = [row for row in calm.control.records(PORTAL, "notes") if key in str(row.get("hs_note_body"))]
    assert len(notes) == 1
    page.locator("#undo").click()
    desk.says("Taken back")
    assert not [row for row in calm.control.records(PORTAL, "notes") if key in str(row.get("hs_note_body"))]
    assert desk.complaints == []
