"""Webhook subscriptions, what they are told, and the journal; without HTTP."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.delivery import Deliveries
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.journal import Journal
from connectors.sandbox.hubspot.oauth import AccessToken, apps_of
from connectors.sandbox.hubspot.portal import Event
from connectors.sandbox.hubspot.webhooks import Webhooks
from connectors.sandbox.hubspot.webhooks_api import WebhooksApi
from connectors.sandbox.wire import JSON, Refused, Response
from tests.unit.sandbox.hubspot_edge_world import document, request

HUB = "39402715"
APP, OTHER = apps_of(HUB)
TARGET = "http://127.0.0.1:5000/hooks"
JOURNAL = "/webhooks-journal/journal/2026-03"
READ = "developer.webhooks_journal.read"


@pytest.fixture
def clock() -> Clock:
    """A clock of its own."""
    return Clock()


@pytest.fixture
def webhooks(clock: Clock) -> Webhooks:
    """An app with a target and no subscription."""
    made = Webhooks(HUB, clock, (APP, OTHER))
    made.set_target(APP.id, TARGET)
    return made


def change(kind: str = "creation", **more: Any) -> Event:  # noqa: ANN401 - fields of an event
    """Something that happened to ticket 1001."""
    return replace(Event(7, kind, "0-5", "1001", 1_764_000_000_000, source="CRM_UI", source_id="userId:1"), **more)


# ── Subscriptions ────────────────────────────────────────────────────────
@pytest.mark.parametrize("url", ["https://sidecar.example.com/hooks", "ftp://127.0.0.1/x", "127.0.0.1:80", "", "x" * 9])
def test_targets_elsewhere_are_refused(webhooks: Webhooks, url: str) -> None:
    """The sandbox calls nobody but this machine."""
    with pytest.raises(Refused):
        webhooks.set_target(APP.id, url)
    assert webhooks.hooks[APP.id].target_url == TARGET


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"eventType": "ticket.exploded"},
        {"eventType": "invoice.creation"},
        {"eventType": "ticket.propertyChange"},
        {"eventType": "object.creation"},
    ],
)
def test_subscriptions_that_make_no_sense_are_refused(webhooks: Webhooks, wish: JSON) -> None:
    """Unknown kinds and objects, or one that lacks its property or its type."""
    with pytest.raises(Refused):
        webhooks.subscribe(APP.id, wish)
    assert webhooks.hooks[APP.id].subscriptions == {}


@pytest.mark.parametrize(
    ("wish", "event", "told"),
    [
        ({"eventType": "ticket.creation"}, change(), 1),
        ({"eventType": "ticket.creation", "active": False}, change(), 0),
        ({"eventType": "contact.creation"}, change(), 0),
        ({"eventType": "ticket.deletion"}, change(), 0),
        ({"eventType": "object.creation", "objectTypeId": "0-5"}, change(), 1),
        ({"eventType": "object.creation", "objectTypeId": "0-46"}, change(), 0),
        ({"eventType": "ticket.propertyChange", "propertyName": "subject"}, change("propertyChange"), 0),
        (
            {"eventType": "ticket.propertyChange", "propertyName": "subject"},
            change("propertyChange", property="subject", value="x"),
            1,
        ),
    ],
)
def test_who_is_told_of_what(webhooks: Webhooks, wish: JSON, event: Event, told: int) -> None:
    """By object type, kind and property; inactive subscriptions and apps without a target hear nothing."""
    webhooks.subscribe(APP.id, {"active": True, **wish})
    webhooks.subscribe(OTHER.id, {"active": True, **wish})
    assert [app.id for app, _ in webhooks.notifications(event)] == [APP.id] * told


def test_notifications_carry_what_the_kind_needs(webhooks: Webhooks) -> None:
    """Ids are numbers; a merge names who lost and the survivor's new id; generic subscriptions name the type."""
    for kind in ("creation", "merge"):
        webhooks.subscribe(APP.id, {"eventType": f"ticket.{kind}", "active": True})
    generic = {"eventType": "object.propertyChange", "objectTypeId": "0-5", "propertyName": "subject", "active": True}
    webhooks.subscribe(APP.id, generic)
    [(_, made)] = webhooks.notifications(change())
    expected = {"eventId", "subscriptionId", "portalId", "appId", "occurredAt", "subscriptionType", "attemptNumber"}
    assert expected | {"objectId", "changeSource", "sourceId", "changeFlag"} == set(made)
    assert (made["portalId"], made["appId"], made["objectId"]) == (int(HUB), APP.id, 1001)
    [(_, merged)] = webhooks.notifications(change("merge", merged_ids=("1002",), new_id="2001"))
    assert (merged["primaryObjectId"], merged["mergedObjectIds"], merged["newObjectId"]) == (1001, [1002], 2001)
    [(_, changed)] = webhooks.notifications(change("propertyChange", property="subject", value="New"))
    assert (changed["propertyName"], changed["propertyValue"], changed["objectTypeId"]) == ("subject", "New", "0-5")


def test_associations_are_told_by_their_two_ends(webhooks: Webhooks) -> None:
    """Which kind of association, and whether it came or went."""
    webhooks.subscribe(APP.id, {"eventType": "ticket.associationChange", "active": True})
    for what, removed in (("added", False), ("removed", True)):
        [(_, made)] = webhooks.notifications(change("associationChange", property=what, value="0-1:3001"))
        assert (made["fromObjectId"], made["toObjectId"], made["associationRemoved"]) == (1001, 3001, removed)
        assert made["associationType"] == "TICKET_TO_CONTACT"
        assert "objectId" not in made


# ── The API of webhooks ──────────────────────────────────────────────────
def test_webhooks_api_needs_the_developer_key(clock: Clock, webhooks: Webhooks) -> None:
    """No key, another app's key, and an app that is not ours."""
    api = WebhooksApi(webhooks, Deliveries(lambda _: (), webhooks, lambda _: True, clock))
    for app_id, key, status in ((APP.id, "", 401), (APP.id, OTHER.developer_key, 401), (1, APP.developer_key, 404)):
        with pytest.raises(HubError) as caught:
            api.respond(request("GET", f"/webhooks/v3/{app_id}/settings", query=f"hapikey={key}"), None)
        assert caught.value.status == status


@pytest.mark.parametrize("version", ["v3", "2026-03"])
def test_webhooks_api_reads_and_changes_subscriptions(clock: Clock, webhooks: Webhooks, version: str) -> None:
    """Create, list, switch on one by one or in a batch, delete; the deleted one is gone."""
    api = WebhooksApi(webhooks, Deliveries(lambda _: (), webhooks, lambda _: True, clock))
    root = f"/webhooks/{version}/{APP.id}"

    def ask(method: str, path: str, body: JSON | None = None) -> Response:
        text = json.dumps(body) if body is not None else ""
        return api.respond(request(method, root + path, body=text, query=f"hapikey={APP.developer_key}"), None)

    assert document(ask("GET", "/settings"))["targetUrl"] == TARGET
    made = ask("POST", "/subscriptions", {"eventType": "ticket.creation"})
    assert (made.status, document(made)["active"]) == (201, False)
    one = f"/subscriptions/{document(made)['id']}"
    assert document(ask("PATCH", one, {"active": True}))["active"] is True
    batch = ask("POST", "/subscriptions/batch/update", {"inputs": [{"id": document(made)["id"], "active": False}]})
    assert document(batch)["results"][0]["active"] is False
    assert len(document(ask("GET", "/subscriptions"))["results"]) == 1
    assert ask("DELETE", one).status == 204
    for method, path, body, status in (
        ("GET", one, None, 404),
        ("POST", "/subscriptions", {"eventType": "x"}, 400),
        ("PUT", "/settings", {"targetUrl": "https://example.com"}, 400),
        ("PUT", "/settings", {"targetUrl": TARGET, "throttling": {"maxConcurrentRequests": "many"}}, 400),
        ("POST", "/subscriptions/batch/update", {"inputs": [{"id": "1", "active": True}]}, 404),
        ("POST", "/subscriptions/batch/update", {"inputs": 1}, 400),
        ("DELETE", "/subscriptions", None, 405),
    ):
        with pytest.raises(HubError) as caught:
            ask(method, path, body)
        assert caught.value.status == status


# ── The journal ──────────────────────────────────────────────────────────
class Pages:
    """A journal over events that a test may add to."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.events: list[Event] = []
        self.journal = Journal(HUB, lambda after: [one for one in self.events if one.sequence > after], clock)
        self.token = AccessToken("t", APP, "", (READ,), 0, 0, None)

    def add(self, count: int) -> None:
        """That many new tickets, now."""
        now = int(self.clock.time() * 1000)
        for _ in range(count):
            self.events.append(change(sequence=len(self.events) + 1, occurred_at_ms=now))

    def get(self, path: str) -> Response:
        """Ask with the app's token."""
        return self.journal.respond(request("GET", JOURNAL + path), self.token)

    def file(self, response: Response) -> list[JSON]:
        """Fetch the file that an answer points at."""
        _, _, rest = document(response)["url"].partition("127.0.0.1:9443")
        path, _, query = rest.partition("?")
        found: list[JSON] = document(self.journal.respond(request("GET", path, query=query), None))["journalEvents"]
        return found


@pytest.fixture
def pages(clock: Clock) -> Pages:
    """An empty journal."""
    return Pages(clock)


def test_the_journal_is_for_the_apps_own_token(pages: Pages) -> None:
    """No token, a user's token, and a token without the scope."""
    grantless = pages.token
    user = replace(grantless, grant=object())  # type: ignore[arg-type]  # any grant makes it a user's token
    for token, status in ((None, 401), (user, 401), (replace(grantless, scopes=("x",)), 403)):
        with pytest.raises(HubError) as caught:
            pages.journal.respond(request("GET", f"{JOURNAL}/earliest"), token)
        assert caught.value.status == status


def test_the_journal_is_read_to_its_end(pages: Pages) -> None:
    """Every event once and in order, in files of at most 100; then 204 until there is more."""
    assert pages.get("/earliest").status == 204
    pages.add(230)
    answer, seen = pages.get("/earliest"), []
    while answer.status == 200:
        events = pages.file(answer)
        assert len(events) <= 100
        seen += [event["action"] for event in events]
        offset = document(answer)["currentOffset"]
        answer = pages.get(f"/offset/{offset}/next")
    assert (answer.status, seen) == (204, ["CREATE"] * 230)
    pages.add(1)
    assert len(pages.file(pages.get(f"/offset/{offset}/next"))) == 1
    assert document(pages.get("/latest"))["currentOffset"] == "231"


def test_the_journal_forgets_after_three_days(pages: Pages) -> None:
    """Then the offset is unknown and what is left comes first."""
    pages.add(2)
    pages.clock.advance(timedelta(days=3, minutes=1))
    pages.add(1)
    assert len(pages.file(pages.get("/earliest"))) == 1
    for offset in ("1", "99", "nonsense"):
        with pytest.raises(HubError) as caught:
            pages.get(f"/offset/{offset}/next")
        assert caught.value.status == 404


def test_links_to_journal_files_are_sealed_and_expire(pages: Pages) -> None:
    """A changed range, a changed time and an old link are refused."""
    pages.add(3)
    url = document(pages.get("/earliest"))["url"].partition("127.0.0.1:9443")[2]
    path, _, query = url.partition("?")
    for bad_path, bad_query in (
        (path.replace("1-3", "1-2"), query),
        (path, query.replace("expires=", "expires=9")),
        (path, ""),
    ):
        with pytest.raises(HubError):
            pages.journal.respond(request("GET", bad_path, query=bad_query), None)
    pages.clock.advance(timedelta(minutes=6))
    with pytest.raises(HubError):
        pages.journal.respond(request("GET", path, query=query), None)
