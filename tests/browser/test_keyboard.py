"""Without a mouse: the whole job by Tab, Enter and letters; single keys, which can be switched off."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from connectors.sandbox.process import SandboxProcess
from tests.browser.conftest import Desk
from tests.browser.test_main_job import in_crm
from tests.functional.conftest import ORG

SEEN = """() => {
    const focused = document.activeElement;
    const { left, top, width, height } = focused.getBoundingClientRect();
    const points = [0.05, 0.5, 0.95].flatMap((x) => [0.1, 0.5, 0.9].map((y) => [left + x * width, top + y * height]));
    const style = getComputedStyle(focused);
    return {
        outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        uncovered: points.some(([x, y]) => {
            const hit = document.elementFromPoint(x, y);
            return hit && (focused.contains(hit) || hit.contains(focused) && hit !== document.body);
        }),
        what: focused.outerHTML.slice(0, 120),
    };
}"""


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until the focus is on `selector`; at every stop it is visible and not covered by a bar."""
    for _ in range(150):
        page.keyboard.press(key)
        seen = page.evaluate(SEEN)
        assert seen["outlined"], seen
        assert seen["uncovered"], seen
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{key} does not reach {selector}")


def focused(page: Page) -> str:
    """The id of what has the focus."""
    return str(page.evaluate("document.activeElement.id"))


def test_the_way_in_without_a_mouse(new_desk: Callable[..., Desk]) -> None:
    """The login's link is reached by Tab and leads to the CRM's consent page."""
    desk = new_desk()
    desk.page.goto(f"{desk.url}/")
    tab_to(desk.page, f'[data-name="{ORG}"]')
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("button[value=allow]")).to_be_visible()


def test_the_whole_job_without_a_mouse(desk: Desk, calm: SandboxProcess) -> None:
    """Choose a case, leave a field out, draft, look at a source, edit, rate, apply and undo: Tab, Enter and letters."""
    page = desk.page
    before = in_crm(calm)
    page.goto(f"{desk.url}/")
    page.locator("#chooser .lines a").first.wait_for()
    tab_to(page, "#filter")
    page.keyboard.type("00001026")
    expect(page.locator("#chooser .lines a")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_be_focused()
    tab_to(page, "details.settings > summary")
    page.keyboard.press("Enter")
    tab_to(page, '[name="Case.Priority"]')
    page.keyboard.press("Space")
    tab_to(page, "[data-action=summarize_case]", "Shift+Tab")
    page.keyboard.press("Enter")
    page.locator(".claim").first.wait_for()
    expect(page.locator("#state")).to_be_focused()
    tab_to(page, '.chip[data-claim="1"]')
    quote = desk.draft()["claims"][1]["citation"]["quote"]
    assert page.locator("mark").all_text_contents() == [quote]
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_contain_text(quote)
    tab_to(page, "[data-edit]")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("The customer tried a shorter keepalive.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#claim-1 [data-edit]")).to_be_focused()
    tab_to(page, "[data-rating=up]")
    page.keyboard.press("Enter")
    expect(page.locator(".feedback")).to_contain_text("Thank you.")
    tab_to(page, "#apply")
    page.keyboard.press("Enter")
    desk.says("Written to “")
    assert "The customer tried a shorter keepalive." in str(in_crm(calm))
    tab_to(page, "#undo")
    page.keyboard.press("Enter")
    desk.says("Taken back")
    assert in_crm(calm) == before
    assert desk.draft()["withheld"]


def test_single_keys_go_where_they_say(desk: Desk) -> None:
    """Each key of the help does what the help says; none writes to the CRM."""
    page = desk.page
    desk.open()
    page.keyboard.press("/")
    assert focused(page) == "filter"
    page.keyboard.type("1/?")
    expect(page.locator("#filter")).to_have_value("1/?")
    page.locator("#title").focus()
    actions = page.locator("[data-action]")
    names = [action.get_attribute("data-action") for action in actions.all()]
    page.keyboard.press(str(names.index("summarize_case") + 1))
    page.locator(".claim").first.wait_for()
    page.keyboard.press("j")
    expect(page.locator('.chip[data-claim="0"]')).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator('.chip[data-claim="1"]')).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("e")
    expect(page.get_by_label("Your words for this sentence")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    assert focused(page) == "apply"
    assert desk.draft()["state"] == "draft"


def test_single_keys_can_be_switched_off(desk: Desk) -> None:
    """The help says what the keys do and switches them off for good (WCAG 2.1.4); Escape leads back."""
    page = desk.page
    desk.open()
    page.locator("#skip").focus()
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Without a mouse")
    expect(help_.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(help_).to_have_count(0)
    assert focused(page) == "skip"
    page.reload()
    page.locator("[data-action]").first.wait_for()
    page.keyboard.press("?")
    page.keyboard.press("1")
    page.keyboard.press("/")
    assert focused(page) == "title"
    expect(page.locator("dialog, .progress, .claim")).to_have_count(0)
    page.get_by_role("button", name="Help").click()
    expect(page.get_by_label("Use these single keys")).not_to_be_checked()


def test_modified_keys_are_left_to_the_browser(desk: Desk) -> None:
    """A key with Ctrl, Alt or Meta is never taken."""
    desk.open()
    for key in ("Control+a", "Alt+1", "Meta+j"):
        desk.page.keyboard.press(key)
    expect(desk.page.locator(".progress, .claim")).to_have_count(0)
