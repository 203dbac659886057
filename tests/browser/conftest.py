"""A real browser in front of real parts: Debian's Chromium, a sandbox CRM, a sidecar with an index."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from connectors.sandbox.data import DEMO_CASE_ID, DEMO_USERNAMES
from sidecar.local import LocalSidecar
from tests.functional.conftest import ORG, calm, sandbox, sidecar

__all__ = ["calm", "sandbox", "sidecar"]

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STATUS = "Failed to load resource: the server responded with a status of"
"""What Chromium writes to its console for every answer of 400 and above: expected where a test provokes one."""
LOOPBACK = re.compile(r"^https?://127\.0\.0\.1:\d+/")


class Desk:
    """One page of the panel, and what the browser complained about."""

    def __init__(self, context: BrowserContext, sidecar: LocalSidecar) -> None:
        self.context = context
        self.url = sidecar.url
        self.complaints: list[str] = []
        context.on("request", lambda request: self._foreign(request.url))
        context.on("console", lambda message: self._console(message.type, message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = context.new_page()

    def log_in(self, name: str) -> None:
        """Press the button, choose a user at the CRM's consent page, press Allow."""
        self.page.goto(f"{self.url}/")
        self.page.get_by_role("link", name=f"Log in with {ORG}").click()
        self.consent(name)

    def consent(self, name: str) -> None:
        """At the CRM's consent page: choose a user, press the button that allows."""
        self.page.get_by_label(name).check()
        self.page.locator("button[value=allow]").click()
        self.page.wait_for_url(f"{self.url}/**")

    def open(self, case: str = DEMO_CASE_ID) -> None:
        """Open a case by its address."""
        self.page.goto(f"{self.url}/#case={case}")
        self.page.locator("[data-action]").first.wait_for()

    def press(self, action: str) -> dict[str, Any]:
        """Press a scoped button; the draft as the API gives it."""
        self.page.get_by_role("button", name=action).click()
        self.page.locator(".claim").first.wait_for()
        return self.draft()

    def draft(self) -> dict[str, Any]:
        """The draft on show, asked from the API with this browser's own session."""
        found: dict[str, Any] = self.context.request.get(f"{self.url}/v1/drafts/{self.draft_id}").json()
        return found

    @property
    def draft_id(self) -> str:
        """The draft's id in the address."""
        return self.page.url.partition("draft=")[2]

    def says(self, text: str) -> None:
        """Wait until the draft's state sentence holds `text`."""
        self.page.locator("#state").filter(has_text=text).wait_for()

    def fits(self) -> bool:
        """Whether the page can be read without scrolling sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    @contextmanager
    def answered(self, draft: Mapping[str, Any]) -> Iterator[None]:
        """Let the API answer every look at this draft with `draft`."""
        address = f"**/v1/drafts/{draft['id']}"
        self.page.route(address, lambda route: route.fulfill(json=draft))
        yield
        self.page.unroute(address)

    def _foreign(self, url: str) -> None:
        if not LOOPBACK.match(url):
            self.complaints.append(f"request to {url}")

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not text.startswith(STATUS):
            self.complaints.append(text)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def maya_session(browser: Browser, sidecar: LocalSidecar) -> StorageState:
    """The cookies of a browser in which the demo's first agent is logged in."""
    context = browser.new_context(ignore_https_errors=True)
    Desk(context, sidecar).log_in(DEMO_USERNAMES[0])
    cookies = context.storage_state()
    context.close()
    return cookies


@pytest.fixture
def new_desk(browser: Browser, sidecar: LocalSidecar, calm: object) -> Iterator[Callable[..., Desk]]:
    """Make desks in browsers of their own; afterwards none of them may have complained or called anybody else."""
    made: list[Desk] = []

    def make(**options: Any) -> Desk:  # noqa: ANN401 - Playwright's own options
        made.append(Desk(browser.new_context(ignore_https_errors=True, **options), sidecar))
        return made[-1]

    yield make
    complaints = [complaint for desk in made for complaint in desk.complaints]
    for desk in made:
        desk.context.close()
    assert complaints == []


@pytest.fixture
def desk(new_desk: Callable[..., Desk], maya_session: StorageState) -> Desk:
    """A desk of usual size, logged in as the demo's first agent."""
    return new_desk(storage_state=maya_session, viewport={"width": 1280, "height": 800})


@pytest.fixture(scope="session")
def shots() -> Path:
    """Where pictures for a person to look at go (not in git)."""
    folder = Path(__file__).parent / "shots"
    folder.mkdir(exist_ok=True)
    return folder
