"""The card relay: a backend on this machine is called as HubSpot's `hubspot.fetch` would call it."""

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from hubspot.utils.signature import Signature

from connectors.sandbox.client import SandboxOrg
from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.wire import Refused
from tests.contract.receiver import Receiver, receiving

LUCIA = "lucia@harbourlight.example"


@pytest.fixture
def backend() -> Iterator[Receiver]:
    """The app's backend."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def portal(hubspot: SandboxProcess) -> SandboxOrg:
    """The example portal."""
    return hubspot.orgs["harbourlight"]


def test_addresses_elsewhere_and_unknown_callers_are_refused(hubspot: SandboxProcess, backend: Receiver) -> None:
    """The relay is no open proxy."""
    for url, user in (("https://example.com/x", LUCIA), ("file:///etc/hosts", LUCIA), (backend.url, "nobody")):
        with pytest.raises(Refused):
            hubspot.control.relay("harbourlight", url, user=user)
    with pytest.raises(Refused):
        hubspot.control.relay("harbourlight", backend.url, user=LUCIA, app="1")
    assert backend.seen == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"headers": {"X-Mine": "1"}}, 400),
        ({"headers": {"Authorization": "a", "Accept": "b"}}, 400),
        ({"method": "TRACE"}, 400),
        ({"method": "POST", "body": "x" * 1_000_001}, 400),
    ],
)
def test_what_the_proxy_does_not_let_through(
    hubspot: SandboxProcess, backend: Receiver, changes: dict[str, object], status: int
) -> None:
    """Headers other than Authorization, odd methods, big bodies: a validation error, and no call."""
    told = hubspot.control.relay("harbourlight", backend.url, user=LUCIA, **changes)  # type: ignore[arg-type]  # wrong on purpose
    assert (told["status"], told["body"]["category"]) == (status, "VALIDATION_ERROR")
    assert backend.seen == []


@pytest.mark.parametrize(
    ("method", "body", "sent"),
    [("GET", None, ""), ("POST", {"note": "Grüße", "n": 1}, '{"note":"Grüße","n":1}'), ("POST", None, "")],
)
def test_calls_are_signed_as_the_official_client_checks_them(
    hubspot: SandboxProcess, backend: Receiver, method: str, body: object, sent: str
) -> None:
    """v2 and v3 hold over the address with the user's identity in it; the body is compact JSON or nothing."""
    portal = hubspot.orgs["harbourlight"]
    backend.body = '{"ok":true}'
    url = f"{backend.url}/v1/cards?ticket=1001"
    told = hubspot.control.relay("harbourlight", url, user=LUCIA, method=method, body=body)
    assert (told["status"], told["body"]) == (200, {"ok": True})
    [got] = backend.seen
    full = backend.url + got.path
    assert (got.method, got.body) == (method, sent)
    assert parse_qs(urlsplit(full).query) == {
        "ticket": ["1001"],
        "userId": ["70010003"],
        "portalId": [portal.id],
        "userEmail": [LUCIA],
        "appId": [portal.web_client.app_id],
    }
    secret, stamp = portal.web_client.secret, got.headers["x-hubspot-request-timestamp"]
    v2, v3 = got.headers["x-hubspot-signature"], got.headers["x-hubspot-signature-v3"]
    assert got.headers["x-hubspot-signature-version"] == "v2"
    assert Signature.is_valid(v2, secret, got.body, full, method, "v2")
    decoded = full.replace("%40", "@")
    assert Signature.is_valid(v3, secret, got.body, decoded, method, "v3", stamp)
    assert abs(int(stamp) / 1000 - time.time()) < 60


def test_only_authorization_travels_and_the_other_app_signs_with_its_own_secret(
    hubspot: SandboxProcess, portal: SandboxOrg, backend: Receiver
) -> None:
    """The account-level app's secret is another."""
    assert portal.account_client
    hubspot.control.relay(
        "harbourlight",
        backend.url,
        user=LUCIA,
        headers={"Authorization": "Bearer panel"},
        app=portal.account_client.app_id,
    )
    [got] = backend.seen
    assert got.headers["authorization"] == "Bearer panel"
    full = backend.url + got.path
    assert Signature.is_valid(got.headers["x-hubspot-signature"], portal.account_client.secret, "", full, "GET", "v2")


@pytest.mark.parametrize(
    ("script", "status", "calls"),
    [([500], 200, 2), ([0], 200, 2), ([503, 503], 502, 2), ([0, 0], 502, 2), ([404], 502, 1), ([302], 502, 1)],
)
def test_one_more_try_and_wrapped_errors(
    hubspot: SandboxProcess, backend: Receiver, script: list[int], status: int, calls: int
) -> None:
    """A 5xx or a cut line is tried once more; whatever is not 2xx reaches the card as an error of HubSpot's."""
    final = script[-1]
    backend.script, backend.headers = script, {"location": f"{backend.url}/elsewhere"}
    told = hubspot.control.relay("harbourlight", f"{backend.url}/x?secret=1", user=LUCIA, method="POST", body={})
    assert told["status"] == status
    assert len(backend.seen) == calls
    if status != 200 and final:
        assert told["body"]["message"] == f"Unacceptable HTTP status {final} calling POST {backend.url}/x"


def test_the_clock_of_the_portal_stamps_the_call(hubspot: SandboxProcess, backend: Receiver) -> None:
    """A receiver's check of stale calls can be tested by moving the clock."""
    hubspot.control.advance(-600)
    hubspot.control.relay("harbourlight", backend.url, user=LUCIA)
    stamp = int(backend.seen[0].headers["x-hubspot-request-timestamp"]) / 1000
    assert 590 < time.time() - stamp < 660
