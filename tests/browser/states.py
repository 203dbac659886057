"""Brings a desk into every state that an agent can see, one after the other: by hand where the real parts allow it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from connectors.sandbox.data import DEMO_CASE_ID
from tests.browser.conftest import Desk

Json = dict[str, Any]

RESERVED: Final = "Not everyone who reads this case may see its source."
HELD: Final = """() => {
    const send = window.fetch;
    window.fetch = (path, options) => {
        if (path !== "/v1/drafts" || options?.method !== "POST") return send(path, options);
        const body = new ReadableStream({
            start(held) {
                const encoder = new TextEncoder();
                window.feed = (text) => held.enqueue(encoder.encode(text));
                window.end = () => held.close();
                options.signal.addEventListener("abort", () => held.error(options.signal.reason));
            },
        });
        return Promise.resolve(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
    };
}"""
"""Puts a stream in place of the answer to the next drafts: `feed(text)` and `end()` play the server."""


def every(desk: Desk) -> Iterator[str]:
    """The name of each state, while the desk is in it. The desk is logged in."""
    yield from _lists(desk)
    yield from _record(desk)
    yield from _running(desk)
    yield from _draft(desk)
    yield from _ends(desk)
    yield from _troubles(desk)


def rich(draft: Json) -> Json:
    """A draft with everything that seldom stands in one: a fallback, a reserved and a doubtful sentence, flags."""
    first, second, third, *rest = draft["claims"]
    claims = [
        first | {"reserved": RESERVED},
        second | {"confidence": 0.62},
        third | {"grounding": "unsupported", "confidence": 0.2},
        *rest,
    ]
    flag = {"record": draft["record"], "field": "Description", "rule": "hidden-text", "refused": True}
    fallback = "The language model did not answer in time."
    warnings = (fallback, "2 sentences were left out because their source could not be found.")
    sources = [draft["sources"][0] | {"flags": ["hidden-text"]}, *draft["sources"][1:]]
    return draft | {
        "claims": claims,
        "sources": sources,
        "fallback": fallback,
        "warnings": warnings,
        "flags": (flag, *draft["flags"]),
        "edited": True,
    }


def lost(draft: Json) -> Json:
    """The same draft after the agent has lost one source and another has changed."""
    gone, changed, *rest = draft["claims"]
    hidden = {"text": "", "grounding": "hidden", "citation": gone["citation"] | {"quote": "", "start": 0, "end": 0}}
    sources = [source for source in draft["sources"] if source["number"] != gone["citation"]["source"]]
    return draft | {"claims": [gone | hidden, changed | {"grounding": "stale"}, *rest], "sources": sources}


def emptied(draft: Json, state: str) -> Json:
    """The same draft when its time was over or it was thrown away: its content is deleted."""
    return draft | {"state": state, "claims": [], "sources": [], "related": [], "warnings": [], "change": None}


def ask(desk: Desk) -> None:
    """Press the button that summarizes, whatever it is called."""
    desk.page.locator("[data-action=summarize_case]").click()


def _lists(desk: Desk) -> Iterator[str]:
    page = desk.page
    page.route("**/v1/records?**", lambda _: None)
    page.goto(f"{desk.url}/")
    page.locator(".ghost").first.wait_for()
    yield "loading"
    page.unroute("**/v1/records?**")
    page.reload()
    page.locator("#chooser .lines a").first.wait_for()
    yield "welcome"
    page.locator("#filter").fill("no such thing")
    yield "no-match"
    page.locator("#filter").fill("")
    page.locator("#tab-Account").click()
    page.locator("#chooser .lines a").first.wait_for()
    yield "accounts"
    with _answers(desk, "**/v1/records?**", {"records": []}), _answers(desk, "**/v1/drafts?", {"drafts": []}):
        page.reload()
        page.locator("#chooser .nothing").wait_for()
        yield "empty-list"
        page.locator("#tab-drafts").click()
        yield "no-drafts"


def _record(desk: Desk) -> Iterator[str]:
    page = desk.page
    desk.open()
    page.reload()
    page.locator("[data-action]").first.wait_for()
    yield "record"
    page.locator("details.settings summary").first.click()
    yield "settings"
    page.locator("details.settings summary").first.click()
    page.locator("#help").click()
    yield "help"
    page.keyboard.press("Escape")


def _running(desk: Desk) -> Iterator[str]:
    page = desk.page
    page.clock.install()
    desk.open()
    page.reload()
    page.locator("[data-action]").first.wait_for()
    page.evaluate(HELD)
    ask(desk)
    for step, count in (("read", 0), ("admit", 24), ("related", 57), ("reason", 1280)):
        page.evaluate("text => feed(text)", f'event: progress\ndata: {{"step": "{step}", "count": {count}}}\n\n')
    page.locator(".now[data-step=reason]").wait_for()
    yield "running"
    page.clock.fast_forward(5000)
    page.locator(".slow:not(:empty)").wait_for()
    yield "slow"
    page.locator("#stop").click()
    page.locator("#state").wait_for()
    yield "stopped"
    page.reload()
    page.locator("[data-action]").first.wait_for()


def _draft(desk: Desk) -> Iterator[str]:
    page = desk.page
    ask(desk)
    page.locator(".claim").first.wait_for()
    page.locator("#past summary").wait_for()
    yield "draft"
    page.locator("[data-edit]").first.click()
    yield "editing"
    page.keyboard.press("Escape")
    page.locator("[data-rating=down]").click()
    page.locator(".feedback form").wait_for()
    yield "feedback"
    page.locator("#past summary").click()
    page.locator(".glance").click()
    yield "receipt"
    page.locator(".change").scroll_into_view_if_needed()
    yield "change"
    draft = desk.draft()
    nothing = draft | {"claims": [], "sources": [], "change": draft["change"] | {"after": []}}
    for name, changed in (("rich", rich(draft)), ("lost", lost(draft)), ("nothing", nothing)):
        with desk.answered(changed):
            page.reload()
            page.locator(".draft").wait_for()
            if name == "rich":
                page.locator(".glance").click()
            yield name


def _ends(desk: Desk) -> Iterator[str]:
    draft = desk.draft()
    ids = {"ids": ["00T000000000001"], "url": f"{desk.url}/elsewhere"}
    drafts = [draft | {"state": state, "change": draft["change"] | ids} for state in ("applied", "undone", "unknown")]
    drafts += [emptied(draft, state) for state in ("expired", "discarded")]
    for ended in drafts:
        with desk.answered(ended):
            desk.page.reload()
            desk.page.locator("#state").wait_for()
            yield str(ended["state"])


def _troubles(desk: Desk) -> Iterator[str]:
    page = desk.page
    page.goto(f"{desk.url}/#case={DEMO_CASE_ID}&draft=never-was")
    page.locator("#problem-box").wait_for()
    yield "not-found"
    with _answers(desk, "**/v1/me", {"title": "The CRM does not answer", "status": 503, "detail": "Try again."}, 503):
        page.reload()
        page.locator("#problem-box").wait_for()
        yield "problem"


@contextmanager
def _answers(desk: Desk, address: str, body: Json, status: int = 200) -> Iterator[None]:
    desk.page.route(address, lambda route: route.fulfill(json=body, status=status))
    yield
    desk.page.unroute(address)
