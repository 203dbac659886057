"""Who else reads a message: only what its record says for sure, and nobody where it says nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.interfaces import Audience
from connectors.salesforce import readers

CARLA = "carla@customer.example"
SUPPORT = "support@acme.example"
CUSTOMER = frozenset({CARLA})
INCOMING = {"Status": "1", "Incoming": True, "FromAddress": CARLA, "ToAddress": SUPPORT, "CcAddress": None}
SENT = {"Status": "3", "Incoming": False, "IsBounced": False, "FromAddress": SUPPORT, "ToAddress": CARLA}


@pytest.mark.parametrize(
    ("row", "audience"),
    [
        ({}, Audience.AGENT),  # the status is hidden: it may be a draft
        ({**SENT, "Status": "5"}, Audience.AGENT),
        ({**INCOMING, "Status": "5"}, Audience.AGENT),
        ({**INCOMING, "Status": None}, Audience.AGENT),
        (INCOMING, Audience.CUSTOMER),
        ({**INCOMING, "FromAddress": "CARLA@Customer.example"}, Audience.CUSTOMER),
        ({**INCOMING, "FromAddress": "supplier@valves.example"}, Audience.RECORD),
        (
            {**INCOMING, "FromAddress": "supplier@valves.example", "CcAddress": f"x@y.example; {CARLA}"},
            Audience.CUSTOMER,
        ),
        ({**INCOMING, "FromAddress": "not-carla@customer.example"}, Audience.RECORD),
        (SENT, Audience.CUSTOMER),
        ({**SENT, "ToAddress": f'"Carla" <{CARLA}>'}, Audience.CUSTOMER),
        ({**SENT, "ToAddress": "engineering@acme.example"}, Audience.RECORD),
        ({**SENT, "IsBounced": True}, Audience.RECORD),
        ({**SENT, "Status": "0"}, Audience.RECORD),  # not incoming and not sent either
        ({**SENT, "Incoming": None}, Audience.RECORD),
    ],
)
def test_a_message_is_the_customers_when_it_reached_her(row: Mapping[str, Any], audience: Audience) -> None:
    """A draft is its author's; what colleagues or suppliers write on a case stays with those who read the case."""
    assert readers.of_child("EmailMessage", row, CUSTOMER) is audience


def test_without_a_known_customer_nothing_is_hers() -> None:
    """Where this user sees no address of the customer, nobody can tell."""
    assert readers.of_child("EmailMessage", INCOMING, ()) is Audience.RECORD


@pytest.mark.parametrize(
    ("object_", "row", "audience"),
    [
        ("CaseComment", {"IsPublished": True}, Audience.CUSTOMER),
        ("CaseComment", {"IsPublished": False}, Audience.RECORD),
        ("CaseComment", {}, Audience.RECORD),
        ("FeedItem", {"Visibility": "AllUsers", "Status": "Published"}, Audience.RECORD),
        ("FeedItem", {"Visibility": "InternalUsers", "Status": "Published"}, Audience.RECORD),
        ("FeedItem", {"Visibility": "InternalUsers", "Status": "PendingReview"}, Audience.AGENT),
        ("FeedItem", {"Visibility": "InternalUsers"}, Audience.AGENT),
        ("FeedItem", {"Status": "Published"}, Audience.AGENT),
        ("Task", {"IsClosed": True}, Audience.AGENT),
        ("Site_Visit__c", {"IsPublished": True}, Audience.AGENT),
    ],
)
def test_comments_posts_and_the_rest(object_: str, row: Mapping[str, Any], audience: Audience) -> None:
    """Comments follow the case, posts too once they are out; a task or an object of one's own is shared for itself."""
    assert readers.of_child(object_, row, CUSTOMER) is audience


@pytest.mark.parametrize(
    ("link", "audience"),
    [
        ({"Visibility": "AllUsers", "ContentDocument": {"SharingPrivacy": "N"}}, Audience.RECORD),
        ({"Visibility": "InternalUsers", "ContentDocument": {"SharingPrivacy": "N"}}, Audience.RECORD),
        ({"Visibility": "SharedUsers", "ContentDocument": {"SharingPrivacy": "N"}}, Audience.AGENT),
        ({"Visibility": "AllUsers", "ContentDocument": {"SharingPrivacy": "P"}}, Audience.AGENT),
        ({"Visibility": "AllUsers", "ContentDocument": {}}, Audience.AGENT),
        ({"ContentDocument": {"SharingPrivacy": "N"}}, Audience.AGENT),
        ({"Visibility": "AllUsers", "ContentDocument": None}, Audience.AGENT),
    ],
)
def test_a_file_follows_its_record_unless_it_is_private(link: Mapping[str, Any], audience: Audience) -> None:
    """One that is "private on records" is kept from those who read the record."""
    assert readers.of_file(link) is audience


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{CARLA};x@y.example", {CARLA, "x@y.example"}),
        (f'"Contact, Carla" <{CARLA}>, <x@y.example>', {CARLA, "x@y.example"}),
        ("no address", set()),
        (None, set()),
        (7, set()),
    ],
)
def test_addresses_are_found_however_they_are_listed(text: object, found: set[str]) -> None:
    """One field may hold several, with names or without."""
    assert readers.addresses(text) == found
