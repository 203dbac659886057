"""The panel in Chromium on real parts: first paint of a cold page, from the click to progress on screen, script sizes.

Every sample is a browser context of its own with the session's cookie and an empty cache. `panel_first_progress_ms`
ends with the frame that shows the steps; `panel_first_event_ms` with the frame that shows the first step as the sidecar
reported it, so that includes the way to the server and back.
"""

import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from bench.drafts import INDEXER, ORG, Row, row
from connectors.sandbox.data import DEMO_USERNAMES, LONG_CASE_ID
from connectors.sandbox.process import SandboxProcess
from sidecar.local import LocalSidecar
from sidecar.vocabulary import VOCABULARIES

CHROMIUM: Final = "/usr/bin/chromium"
SAMPLES: Final = 15
PAINT: Final = "performance.getEntriesByType('paint').find(one => one.name === 'first-contentful-paint')?.startTime"
SIZES: Final = """Object.fromEntries(performance.getEntriesByType("resource").map(
    (one) => [new URL(one.name).pathname, one.decodedBodySize]))"""
CLICK: Final = """selectors => new Promise((done) => {
    const started = performance.now();
    const times = selectors.map(() => null);
    new MutationObserver((_, watch) => {
        selectors.forEach((selector, index) => {
            if (times[index] !== null || !document.querySelector(selector)) return;
            times[index] = 0;
            requestAnimationFrame(() => {
                times[index] = performance.now() - started;
                if (times.every(Boolean)) done(times);
            });
        });
        if (times.every((time) => time !== null)) watch.disconnect();
    }).observe(document.body, { childList: true, subtree: true, attributes: true });
    document.querySelector("[data-action=summarize_case]").click();
})"""


def run() -> list[Row]:
    """All rows. Takes about a minute."""
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crm-sidecar-bench-")))
        sandbox = stack.enter_context(SandboxProcess())
        sidecar = stack.enter_context(LocalSidecar(sandbox, state, calls=1_000_000))
        indexer = sidecar.log_in(ORG, INDEXER)
        for object_ in VOCABULARIES["salesforce"].indexed:
            indexer.sync(object_)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--headless", "--no-sandbox"])
        stack.callback(browser.close)
        session = _log_in(browser, sidecar.url)
        return _rows([_sample(browser, session, sidecar.url) for _ in range(SAMPLES)])


def _rows(samples: list[dict[str, Any]]) -> list[Row]:
    median = {name: statistics.median(sample[name] for sample in samples) for name in samples[0]}
    return [
        row("panel_first_paint_ms", median["paint"], "ms", "goal", 300.0),
        row("panel_first_paint_max_ms", max(sample["paint"] for sample in samples), "ms", "goal", 300.0),
        row("panel_first_progress_ms", median["progress"], "ms", "goal", 100.0),
        row("panel_first_progress_max_ms", max(sample["progress"] for sample in samples), "ms", "goal", 100.0),
        row("panel_first_event_ms", median["event"], "ms", "goal", 100.0),
        row("panel_js_bytes", median["scripts"], "bytes", "goal", 60_000.0),
        row("panel_words_bytes", median["words"], "bytes", "none", 0.0),
    ]


def _log_in(browser: Browser, url: str) -> StorageState:
    context = browser.new_context(ignore_https_errors=True)  # the sandbox signs its own certificate
    page = context.new_page()
    page.goto(f"{url}/")
    page.get_by_role("link", name=f"Log in with {ORG}").click()
    page.get_by_label(DEMO_USERNAMES[0]).check()
    page.locator("button[value=allow]").click()
    page.wait_for_url(f"{url}/**")
    session = context.storage_state()
    context.close()
    return session


def _sample(browser: Browser, session: StorageState, url: str) -> dict[str, float]:
    context = browser.new_context(storage_state=session, viewport={"width": 1280, "height": 800})
    page: Page = context.new_page()
    page.goto(f"{url}/#case={LONG_CASE_ID}")
    page.locator("#past").wait_for(state="attached")
    page.locator("#chooser .lines a").first.wait_for()
    paint = page.evaluate(PAINT)
    sizes = page.evaluate(SIZES)
    progress, event = page.evaluate(CLICK, [".progress", ".steps [aria-current]"])
    page.locator(".claim").first.wait_for()
    context.close()
    return {
        "paint": paint,
        "progress": progress,
        "event": event,
        "scripts": sum(size for name, size in sizes.items() if name.endswith(".js")),
        "words": sum(size for name, size in sizes.items() if name.endswith(".json")),
    }


if __name__ == "__main__":
    for one in run():
        print(f"{one['name']:32} {one['value']:>10} {one['unit']}  (goal {one['peer_value']})")
