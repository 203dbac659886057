"""What a letter says it is about: never more than its readers may see."""

from dataclasses import replace

import pytest

from connectors.interfaces import Audience, RecordRef
from sidecar.domain import Passage, PassageKey, Role
from sidecar.evidence import heading
from sidecar.firewall import Released
from tests.unit.passages import passage

CASE = RecordRef("salesforce", "Case", "500000000000001AAA")


def named(number: int, ref: RecordRef, text: str, audience: Audience, *, related: bool = False) -> Passage:
    """The title of a record."""
    return replace(
        passage(number, text, related=related), key=PassageKey(ref, "Subject", 0), root=CASE, audience=audience
    )


def mail(number: int, text: str, audience: Audience = Audience.CUSTOMER) -> Passage:
    """The subject of a message on the case."""
    return named(number, RecordRef("salesforce", "EmailMessage", f"02s{number:012d}AAA"), text, audience)


def head(*passages: Passage, audience: Audience = Audience.CUSTOMER) -> str:
    """The heading."""
    return heading(passages, Released((), {p.number: p.text for p in passages}, {}), CASE, audience)


@pytest.mark.parametrize("audience", [Audience.AGENT, Audience.RECORD])
def test_a_title_that_the_customer_was_never_shown_is_not_mailed_to_her(audience: Audience) -> None:
    """An agent's own words for the case, or a field hidden from some: the newest mail that she has names the letter."""
    title = named(1, CASE, "Angry customer wants refund", audience)
    assert head(title) == ""
    assert head(title, mail(2, "Pump leaks"), mail(3, "Re: Pump leaks"), mail(4, "Fwd", Audience.RECORD)) == (
        "Re: Pump leaks"
    )


def test_her_own_title_comes_first() -> None:
    """The record's title when its readers may see it, whatever came after; a related record never lends its own."""
    title = named(1, CASE, "Pump leaks", Audience.CUSTOMER)
    other = named(5, RecordRef("salesforce", "Case", "500000000000002AAA"), "Other", Audience.CUSTOMER, related=True)
    assert head(title, mail(2, "Re: Pump leaks"), other) == "Pump leaks"
    assert head(other) == ""
    assert head(replace(mail(6, "invoice.pdf"), role=Role.RECORD)) == ""  # a file is no message
