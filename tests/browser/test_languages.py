"""English and German: one dictionary at a time, the browser's language or the agent's choice, nothing forgotten."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import StorageState, expect

from sidecar import panel
from sidecar.panel.views import NOTICES
from sidecar.policy import Policy
from sidecar.settings import Settings
from sidecar.templates import TemplateSet
from tests.browser.conftest import Desk
from tests.browser.states import ask

ASSETS = Path(panel.__file__).parent / "assets"
PAGES = Path(panel.__file__).parent / "pages"
OPEN = {"nouns", "objects", "fields", "pages", "server"}
"""The CRM's own names: a language translates what differs. Pages and server bring their English themselves."""

COMPUTED = {"rule", "request", "discard", "again", "look", "undo", "up", "down"}
"""Words that the scripts ask for by a computed name."""


def dictionary(language: str) -> dict[str, object]:
    """A language's words."""
    found: dict[str, object] = json.loads((ASSETS / f"words.{language}.json").read_text(encoding="utf-8"))
    return found


def flat(words: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every sentence with its place."""
    if isinstance(words, str):
        yield path, words
        return
    assert isinstance(words, dict | list)
    for name, value in words.items() if isinstance(words, dict) else enumerate(words):
        yield from flat(value, f"{path}/{name}")


def test_both_languages_say_the_same_things() -> None:
    """The dictionaries have the same entries with the same gaps to fill."""
    english, german = (
        {place: set(re.findall(r"\{\d\}", text)) for place, text in flat(words) if place.split("/")[1] not in OPEN}
        for words in (dictionary("en"), dictionary("de"))
    )
    assert english == german


def test_every_word_of_a_page_has_its_german() -> None:
    """What the static pages say in English is in the German dictionary, and nothing else is."""
    marked = {
        word for page in PAGES.glob("*.html") for word in re.findall(r'data-word="(\w+)"', page.read_text("utf-8"))
    }
    pages = dictionary("de")["pages"]
    assert isinstance(pages, dict)
    assert set(pages) == marked | set(NOTICES)


def test_every_word_is_used_and_every_used_word_exists() -> None:
    """A script asks for nothing that the dictionary lacks, and the dictionary holds nothing for nobody."""
    scripts = "".join(file.read_text("utf-8") for file in ASSETS.glob("*.js"))
    used = set(re.findall(r"\bw\.(\w+)", scripts)) | {
        "rule",
        "request",
        "discard",
        "again",
        "look",
        "undo",
        "up",
        "down",
    }
    assert used == set(dictionary("en"))


def test_what_stands_in_templates_and_policy_is_known_in_german() -> None:
    """Titles, readers and purposes that the shipped files give are in the dictionary; a new one must be added."""
    known = dictionary("de")["server"]
    assert isinstance(known, dict)
    shipped, policy = TemplateSet.load(Settings().templates_dir), Policy.load(Settings().config_dir)
    texts = {purpose.title for action in shipped.actions() for purpose in policy.purposes(action)}
    for crm in ("salesforce", "hubspot"):
        for template in (shipped.get(action, crm=crm) for action in shipped.actions(crm)):
            texts |= {template.title, *(section.title for section in template.sections)}
    assert texts <= known.keys()


def test_a_german_browser_gets_german(new_desk: Callable[..., Desk], maya_session: StorageState) -> None:
    """The browser's language decides: the page says so, and the draft's frame, dates and numbers follow."""
    desk = new_desk(storage_state=maya_session, locale="de-DE")
    desk.open()
    expect(desk.page.locator("html")).to_have_attribute("lang", "de")
    ask(desk)
    desk.says("Noch ist nichts ins CRM geschrieben.")
    expect(desk.page.get_by_role("button", name="Fälle")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Übernehmen")).to_be_visible()
    expect(desk.page.locator(".confidence").first).to_contain_text(re.compile(r"(Hoch|Mittel|Gering) \d+\s%"))
    expect(desk.page.locator("#draft-title")).to_have_text("Fall zusammenfassen")
    assert desk.page.locator("#draft-title [lang=en]").count() == 0


def test_the_choice_of_a_language_is_remembered(desk: Desk) -> None:
    """The switch keeps the record on show, and the choice outlives a reload and the login page."""
    desk.open()
    desk.page.get_by_role("button", name="DE: Deutsch").click()
    expect(desk.page.get_by_role("button", name="Abmelden")).to_be_visible()
    expect(desk.page.locator("#title")).to_contain_text("cold store 2")
    desk.page.reload()
    expect(desk.page.get_by_role("button", name="EN: English")).to_be_visible()
    desk.context.clear_cookies()
    desk.page.goto(f"{desk.url}/?notice=unavailable")
    expect(desk.page.get_by_role("alert")).to_contain_text("Das CRM antwortet gerade nicht.")
    expect(desk.page.get_by_role("link", name="Anmelden bei northwind")).to_be_visible()
    desk.page.get_by_role("button", name="EN: English").click()
    expect(desk.page.get_by_role("link", name="Log in with northwind")).to_be_visible()
    expect(desk.page.locator("html")).to_have_attribute("lang", "en")
