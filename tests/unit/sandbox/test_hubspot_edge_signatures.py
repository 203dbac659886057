"""Signatures of HubSpot's requests: the vectors of the vendor's documentation, and the official client as a judge."""

from typing import Final

import pytest
from hubspot.utils.signature import Signature

from connectors.sandbox.hubspot import signatures

SECRET: Final = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URI: Final = "https://www.example.com/webhook_uri"
EVENT: Final = (
    '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    '"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW",'
    '"appId":54321}]'
)


def test_v1_has_the_documented_value() -> None:
    """The example of HubSpot's page on v1 validation."""
    assert signatures.v1(SECRET, EVENT) == "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"


@pytest.mark.parametrize(
    ("method", "body", "expected"),
    [
        ("GET", "", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"),
        (
            "POST",
            '{"example_field":"example_value"}',
            "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900",
        ),
    ],
)
def test_v2_has_the_documented_values(method: str, body: str, expected: str) -> None:
    """The examples of HubSpot's page on v2 validation."""
    assert signatures.v2(SECRET, method, URI, body) == expected


def test_v3_is_what_the_official_client_computes() -> None:
    """Without escapes in the address both agree."""
    theirs = Signature.get_signature(SECRET, EVENT, "v3", URI, "POST", "1764000000000")
    assert signatures.v3(SECRET, "POST", URI, EVENT, 1764000000000) == theirs


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://x.test/a%3Ab%2fc%3Fd?e=%40%21%24", "https://x.test/a:b/c?d?e=@!$"),
        ("https://x.test/?q=%27%28%29%2A%2C%3B", "https://x.test/?q='()*,;"),
        ("https://x.test/?q=a%20b%26c%3Dd%25e%C3%A9", "https://x.test/?q=a%20b%26c%3Dd%25e%C3%A9"),
        ("https://x.test/?q=%253A", "https://x.test/?q=%253A"),
    ],
)
def test_v3_decodes_exactly_twelve_escapes(uri: str, expected: str) -> None:
    """Either case of hex digits; everything else stays escaped, and nothing is decoded twice."""
    assert signatures.decoded(uri) == expected
    assert signatures.v3(SECRET, "GET", uri, "", 1) == signatures.v3(SECRET, "GET", expected, "", 1)


def test_v3_covers_method_address_body_and_time() -> None:
    """Any change gives another signature."""
    base = signatures.v3(SECRET, "POST", URI, "{}", 1)
    others = {
        signatures.v3(SECRET, "PUT", URI, "{}", 1),
        signatures.v3(SECRET, "POST", URI + "?a=1", "{}", 1),
        signatures.v3(SECRET, "POST", URI, "", 1),
        signatures.v3(SECRET, "POST", URI, "{}", 2),
        signatures.v3("other", "POST", URI, "{}", 1),
    }
    assert base not in others
    assert len(others) == 5


def test_headers_of_webhooks_and_of_cards_differ_in_the_old_signature() -> None:
    """A webhook carries v1 and v3, a card's call v2 and v3."""
    hook = signatures.webhook_headers(SECRET, URI, EVENT, 5)
    card = signatures.fetch_headers(SECRET, "POST", URI, EVENT, 5)
    assert (hook["X-HubSpot-Signature-Version"], card["X-HubSpot-Signature-Version"]) == ("v1", "v2")
    assert hook["X-HubSpot-Signature"] == signatures.v1(SECRET, EVENT)
    assert card["X-HubSpot-Signature"] == signatures.v2(SECRET, "POST", URI, EVENT)
    assert hook["X-HubSpot-Signature-v3"] == card["X-HubSpot-Signature-v3"]
    assert hook["X-HubSpot-Request-Timestamp"] == "5"
