"""A picture of the report's top, for the README."""

from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
WIDTH: Final = 1120


def draw(report: Path, picture: Path) -> None:
    """Write `picture` (PNG) of the head of `report` (HTML), in light colours."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light", offline=True)
        page.goto(report.resolve().as_uri())
        head = page.locator("#top").bounding_box()
        assert head is not None
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": head["y"] + head["height"] + 16}
        page.screenshot(path=picture, clip=clip, full_page=True)  # type: ignore[arg-type]  # floats by name
        browser.close()
