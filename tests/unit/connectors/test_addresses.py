"""The org's address as people paste it, and API versions that an org has or has not."""

import pytest

from connectors.errors import Fatal, Retriable
from connectors.salesforce import auth
from connectors.salesforce.addresses import api_origin, checked_version, offered_versions, require_version
from connectors.salesforce.answers import UNSUPPORTED
from connectors.salesforce.composite import query
from connectors.salesforce.connector import SalesforceConnector
from tests.fakes_connector import MemoryTokenStore
from tests.unit.connectors.scripted import NOT_FOUND, ORIGIN, Answer, Bench

OFFERED = [{"version": "65.0"}, {"version": "66.0"}]


@pytest.mark.parametrize(
    ("pasted", "origin"),
    [
        ("https://acme.lightning.force.com/lightning/r/Case/500/view", "https://acme.my.salesforce.com"),
        ("https://acme--uat.sandbox.lightning.force.com", "https://acme--uat.sandbox.my.salesforce.com"),
        ("https://acme.develop.lightning.force.com/", "https://acme.develop.my.salesforce.com"),
        ("https://Acme.Lightning.Force.com", "https://Acme.my.salesforce.com"),
        ("https://acme.my.salesforce-setup.com/lightning/setup", "https://acme.my.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://lightning.force.com.evil.example", "https://lightning.force.com.evil.example"),
        ("https://127.0.0.1:8443/x", "https://127.0.0.1:8443"),
    ],
)
def test_a_browsers_address_becomes_the_apis(pasted: str, origin: str) -> None:
    """On a Lightning host every call would end in 401; other hosts stay what they are."""
    assert api_origin(pasted) == origin


def test_an_instance_address_is_corrected_too() -> None:
    """Wherever a token answer got it from; logins go to the corrected host as well."""
    answer = {"access_token": "a", "refresh_token": "r", "instance_url": "https://acme.lightning.force.com"}
    assert auth.to_token(answer, None).instance_url == "https://acme.my.salesforce.com"
    connector = SalesforceConnector("https://acme.lightning.force.com", "id", "", MemoryTokenStore())
    url = connector.authorize_url("state", "v" * 43, "http://127.0.0.1:1/callback")
    assert url.startswith("https://acme.my.salesforce.com/services/oauth2/authorize?")


@pytest.mark.parametrize("version", ["v66.0", "66", "48.0", "9999.0", "66.1", "", "latest"])
def test_a_version_that_cannot_be_one_is_refused(version: str) -> None:
    """When the connector is made, with the form that it must have."""
    with pytest.raises(Fatal, match=r"66\.0") as refused:
        checked_version(version)
    assert refused.value.code == UNSUPPORTED


def test_a_version_that_the_org_does_not_offer_is_named_with_the_newest() -> None:
    """So that whoever reads the error knows what to set."""
    bench = Bench(lambda *_: (200, OFFERED))
    offered = offered_versions(ORIGIN, bench.http)
    require_version("66.0", offered)
    with pytest.raises(Fatal, match=r"99\.0.*66\.0.*api_version"):
        require_version("99.0", offered)
    assert "Authorization" not in bench.adapter.headers[0]


@pytest.mark.parametrize(
    ("answer", "kind"), [((503, b"<html>"), Retriable), ((200, {"no": "list"}), Fatal), ((200, b"<"), Retriable)]
)
def test_a_list_of_versions_that_is_none_says_nothing_about_versions(answer: Answer, kind: type[Exception]) -> None:
    """Maintenance is no unsupported version."""
    with pytest.raises(kind) as refused:
        offered_versions(ORIGIN, Bench(lambda *_: answer).http)
    assert getattr(refused.value, "code", "") != UNSUPPORTED


def test_a_version_that_went_away_is_no_missing_record() -> None:
    """The composite resource itself is not found: the error names the version and is not "no such record"."""
    for answer in (NOT_FOUND, (404, b"<html>"), (410, b""), (410, [{"errorCode": UNSUPPORTED}])):
        with pytest.raises(Fatal) as refused:
            Bench(lambda *_, answer=answer: answer).client.composite([query("q", "SELECT Id FROM Case")])
        assert refused.value.code == UNSUPPORTED
