"""Every state of the panel, light and dark, wide and narrow, English and German: axe, widths, pictures to look at."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, StorageState

from tests.browser import states
from tests.browser.conftest import Desk

AXE = (Path(__file__).parents[1] / "contract/node/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class View(NamedTuple):
    """A size, a colour scheme and a language to look at the panel in."""

    name: str
    width: int
    height: int
    scheme: str
    locale: str


def audit(page: Page) -> list[str]:
    """What axe finds wrong on the page as it is: the rule and the place. The first lines of a list stand for all."""
    page.evaluate(AXE)
    found = page.evaluate(
        """rules => axe.run(
            { exclude: [[".lines li:nth-child(n+5)"]] },
            { runOnly: rules, resultTypes: ["violations"], preload: false },
        )""",
        RULES,
    )
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize(
    "view",
    [
        View("light", 1280, 800, "light", "en-GB"),
        View("360", 360, 740, "dark", "de-DE"),
    ],
    ids=lambda view: view.name,
)
def test_every_state(new_desk: Callable[..., Desk], maya_session: StorageState, shots: Path, view: View) -> None:
    """No state has an axe violation or needs sideways scrolling; each leaves a picture to look at."""
    size = {"width": view.width, "height": view.height}
    desk = new_desk(storage_state=maya_session, viewport=size, color_scheme=view.scheme, locale=view.locale)
    wrong = {}
    for number, state in enumerate(states.every(desk)):
        desk.page.screenshot(path=shots / f"{view.name}-{number:02}-{state}.png")
        if found := audit(desk.page) + ([] if desk.fits() else ["needs sideways scrolling"]):
            wrong[state] = found
    assert wrong == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_way_in(new_desk: Callable[..., Desk], shots: Path, scheme: str) -> None:
    """The login page, also after a login that failed, has no axe violation."""
    desk = new_desk(color_scheme=scheme, viewport={"width": 360, "height": 740})
    for address in ("/", "/?notice=unauthenticated"):
        desk.page.goto(f"{desk.url}{address}")
        assert audit(desk.page) == []
        assert desk.fits()
    desk.page.screenshot(path=shots / f"login-{scheme}.png")


@pytest.mark.parametrize("width", [320, 820])
def test_a_draft_fits_any_width(new_desk: Callable[..., Desk], maya_session: StorageState, width: int) -> None:
    """A draft with all its marks reflows on a tablet, and at the 320 pixels of WCAG 1.4.10."""
    desk = new_desk(storage_state=maya_session, viewport={"width": width, "height": 900}, locale="de-DE")
    desk.open()
    states.ask(desk)
    desk.page.locator(".claim").first.wait_for()
    with desk.answered(states.rich(desk.draft())):
        desk.page.reload()
        desk.page.locator(".claim").first.wait_for()
        assert desk.fits()
