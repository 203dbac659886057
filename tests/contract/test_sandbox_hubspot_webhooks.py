"""Webhooks as they arrive at an app: signed, in batches, again when it was not there, twice, or in the wrong order."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hubspot.utils.signature import Signature

from connectors.sandbox.client import SandboxOrg, log_in
from connectors.sandbox.process import SandboxProcess
from tests.contract.receiver import Received, Receiver, receiving

ALIAS = "harbourlight"
LUCIA = "lucia@harbourlight.example"
CREATED = {"eventType": "ticket.creation"}
SUBJECT = {"eventType": "ticket.propertyChange", "propertyName": "subject"}


@pytest.fixture
def backend() -> Iterator[Receiver]:
    """The app's backend."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def portal(hubspot: SandboxProcess, backend: Receiver) -> SandboxOrg:
    """The example portal with the user-level app installed and listening to tickets."""
    org = hubspot.orgs[ALIAS]
    log_in(org.http, org.web_client, LUCIA)
    hubspot.control.mutate(ALIAS, "webhooks", target=f"{backend.url}/hooks?a=b", subscriptions=[CREATED, SUBJECT])
    return org


def create(hubspot: SandboxProcess, subject: str) -> str:
    """A new ticket."""
    made = hubspot.control.mutate(
        ALIAS, "create", object="tickets", properties={"subject": subject, "hs_pipeline_stage": "1"}
    )
    return str(made["id"])


def told(received: Received) -> list[dict[str, Any]]:
    """The notifications of a delivery."""
    found: list[dict[str, Any]] = json.loads(received.body)
    return found


def attempts(hubspot: SandboxProcess, count: int) -> list[dict[str, Any]]:
    """The portal's own record of deliveries, as soon as it has `count` rows."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if len(rows := hubspot.control.records(ALIAS, "webhook_deliveries")) >= count:
            return rows
        time.sleep(0.02)
    raise AssertionError("too few deliveries")


def test_nobody_hears_of_a_portal_without_the_app(hubspot: SandboxProcess, backend: Receiver) -> None:
    """Events go to apps that are installed."""
    hubspot.control.mutate(ALIAS, "revoke_grants")
    hubspot.control.mutate(ALIAS, "webhooks", target=backend.url, subscriptions=[CREATED])
    create(hubspot, "x")
    time.sleep(0.3)
    assert backend.seen == []


def test_deliveries_are_signed_v1_and_v3(hubspot: SandboxProcess, portal: SandboxOrg, backend: Receiver) -> None:
    """The official client accepts both signatures, over the whole address."""
    ticket = create(hubspot, "Mast")
    got = backend.wait(1)[0]
    secret, target = portal.web_client.secret, f"{backend.url}/hooks?a=b"
    assert Signature.is_valid(got.headers["x-hubspot-signature"], secret, got.body, signature_version="v1")
    stamp = got.headers["x-hubspot-request-timestamp"]
    assert Signature.is_valid(got.headers["x-hubspot-signature-v3"], secret, got.body, target, "POST", "v3", stamp)
    [event] = [one for one in told(got) if one["subscriptionType"] == "ticket.creation"]
    assert (event["objectId"], event["attemptNumber"], event["portalId"]) == (int(ticket), 0, int(portal.id))


@pytest.mark.parametrize("status", [500, 404, 0])
def test_a_failed_delivery_comes_again_when_time_passes(
    hubspot: SandboxProcess, portal: SandboxOrg, backend: Receiver, status: int
) -> None:
    """Not before its time, with a higher attempt number, until it is accepted."""
    backend.script = [status, status]
    create(hubspot, "Mast")
    backend.wait(1)
    time.sleep(0.3)
    assert len(backend.seen) == 1
    hubspot.control.advance(90)
    backend.wait(2)
    hubspot.control.advance(600)
    backend.wait(3)
    hubspot.control.advance(86_400)
    time.sleep(0.3)
    assert [told(one)[0]["attemptNumber"] for one in backend.seen] == [0, 1, 2]
    statuses = {row["attempt"]: row["status"] for row in attempts(hubspot, 3)}
    assert statuses == {0: status, 1: status, 2: 200}


def test_after_ten_retries_in_a_day_it_gives_up(hubspot: SandboxProcess, portal: SandboxOrg, backend: Receiver) -> None:
    """Eleven attempts in all."""
    backend.script = [503] * 20
    create(hubspot, "Mast")
    for count in range(1, 12):
        backend.wait(count)
        attempts(hubspot, count)
        hubspot.control.advance(26_000)
    time.sleep(0.3)
    assert len(backend.seen) == 11
    assert told(backend.seen[-1])[0]["attemptNumber"] == 10


def test_a_batch_may_arrive_twice(hubspot: SandboxProcess, portal: SandboxOrg, backend: Receiver) -> None:
    """`duplicate_webhook`: the same events, also in the portal's own record."""
    hubspot.control.mutate(ALIAS, "duplicate_webhook")
    create(hubspot, "Mast")
    first, second = backend.wait(2)
    assert told(first) == told(second)
    create(hubspot, "Boom")
    backend.wait(3)
    time.sleep(0.2)
    assert len(backend.seen) == 3


def test_events_may_arrive_in_the_wrong_order(hubspot: SandboxProcess, portal: SandboxOrg, backend: Receiver) -> None:
    """`reorder_webhook`: what happened first is told last."""
    hubspot.control.mutate(ALIAS, "reorder_webhook")
    for subject in ("First", "Second"):
        hubspot.control.mutate(ALIAS, "touch", object="tickets", id="1001", properties={"subject": subject})
    received = backend.wait(2)
    changes = [one["propertyValue"] for got in received for one in told(got)]
    assert changes == ["Second", "First"]


def test_many_events_come_in_batches_of_at_most_a_hundred(
    hubspot: SandboxProcess, portal: SandboxOrg, backend: Receiver
) -> None:
    """Every event once."""
    backend.script = [500]
    tickets = [create(hubspot, f"Ticket {number}") for number in range(130)]
    attempts(hubspot, 130)
    hubspot.control.advance(90)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        accepted = hubspot.control.records(ALIAS, "webhook_deliveries", status="200")
        if len(accepted) >= 130:
            break
        time.sleep(0.05)
    assert sorted(row["object"] for row in accepted) == sorted(tickets)
    assert max(len(told(one)) for one in backend.seen) <= 100


def test_reset_forgets_subscriptions_and_what_waits(
    hubspot: SandboxProcess, portal: SandboxOrg, backend: Receiver
) -> None:
    """Another test hears nothing of this one."""
    backend.script = [500]
    create(hubspot, "Mast")
    backend.wait(1)
    hubspot.control.reset()
    hubspot.control.advance(90_000)
    create(hubspot, "Boom")
    time.sleep(0.3)
    assert len(backend.seen) == 1


def test_every_kind_of_change_is_told(hubspot: SandboxProcess, portal: SandboxOrg, backend: Receiver) -> None:
    """Merges with the new id, associations by both ends, archiving and restoring, erasure of a contact."""
    kinds = [
        {"eventType": "ticket.merge"},
        {"eventType": "contact.associationChange"},
        {"eventType": "ticket.deletion"},
        {"eventType": "ticket.restore"},
        {"eventType": "contact.privacyDeletion"},
        {"eventType": "object.creation", "objectTypeId": "0-46"},
    ]
    hubspot.control.mutate(ALIAS, "webhooks", target=backend.url, subscriptions=kinds)
    change = hubspot.control.mutate
    merged = change(ALIAS, "merge", object="tickets", id="1002", other="1003")
    change(ALIAS, "associate", object="tickets", id="1001", to=["contacts", "3003"])
    change(ALIAS, "dissociate", object="tickets", id="1001", to=["contacts", "3003"])
    change(ALIAS, "archive", object="tickets", id="1004")
    change(ALIAS, "restore", object="tickets", id="1004")
    change(ALIAS, "gdpr_delete", id="3002")
    note = change(ALIAS, "create", object="notes", properties={"hs_timestamp": "2026-11-24T09:00:00Z"})
    attempts(hubspot, 7)
    found: dict[str, list[dict[str, Any]]] = {}
    for received in backend.wait(1):
        for event in told(received):
            found.setdefault(event["subscriptionType"], []).append(event)
    assert found["ticket.merge"][0]["mergedObjectIds"] == [1003]
    assert found["ticket.merge"][0]["newObjectId"] == int(merged["id"])
    ends = [(one["fromObjectId"], one["associationRemoved"]) for one in found["contact.associationChange"]]
    assert {(3003, False), (3003, True)} <= set(ends)
    assert [one["objectId"] for one in found["ticket.deletion"] if one["objectId"] == 1004] == [1004]
    assert found["ticket.restore"][0]["objectId"] == 1004
    assert found["contact.privacyDeletion"][0]["objectId"] == 3002
    assert (found["object.creation"][0]["objectId"], found["object.creation"][0]["objectTypeId"]) == (
        int(note["id"]),
        "0-46",
    )


def test_the_journal_tells_the_same_to_an_app_without_an_address(hubspot: SandboxProcess, portal: SandboxOrg) -> None:
    """With client credentials: earliest, the file behind the link, then next until there is nothing more."""
    app = portal.web_client
    form = {"grant_type": "client_credentials", "client_id": app.id, "client_secret": app.secret}
    scope = {"scope": "developer.webhooks_journal.read"}
    token = requests.post(f"{portal.http}/oauth/2026-03/token", data=form | scope, timeout=30).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    root = f"{portal.http}/webhooks-journal/journal/2026-03"
    ticket = create(hubspot, "Mast")
    hubspot.control.mutate(ALIAS, "archive", object="tickets", id=ticket)
    answer, seen = requests.get(f"{root}/earliest", headers=headers, timeout=30), []
    while answer.status_code == 200:
        page = answer.json()
        file = requests.get(page["url"], timeout=30).json()
        seen += [(one["action"], one["objectId"]) for one in file["journalEvents"]]
        answer = requests.get(f"{root}/offset/{page['currentOffset']}/next", headers=headers, timeout=30)
    assert answer.status_code == 204
    assert next(one for one in seen if one[1] == int(ticket)) == ("CREATE", int(ticket))
    assert seen[-1] == ("DELETE", int(ticket))
    assert requests.get(f"{root}/earliest", timeout=30).status_code == 401
