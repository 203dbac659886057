"""What a target's readers may not see stays in the draft, whatever the reasoner made of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.interfaces import Audience, Target, TargetKind
from sidecar.audience import readers, reserve
from sidecar.domain import Claim, Passage
from sidecar.policy import Facts, Policy
from sidecar.settings import Settings
from tests.unit.passages import RELEASE, passage

POLICY = Policy.load(Settings().config_dir)


def of(audience: Audience, *, related: bool = False) -> Passage:
    """A passage that `audience` can read."""
    return replace(passage(1, "The valve leaks.", related=related), audience=audience)


def claim() -> Claim:
    """A sentence of that passage."""
    return Claim("state", "The valve leaks.", 1, "The valve leaks.")


@pytest.mark.parametrize("source", Audience)
@pytest.mark.parametrize("target", Audience)
def test_a_sentence_is_written_only_where_all_readers_may_see_its_source(source: Audience, target: Audience) -> None:
    """A source with a smaller audience than the target is reserved, with a reason; any other is not."""
    (kept,) = reserve([claim()], [of(source)], audience=target, noun="case")
    assert bool(kept.reserved) is (source < target)


def test_the_reason_says_what_kind_of_source_it_is() -> None:
    """A reader can tell a private field from another record and from what the customer never got."""
    (field,) = reserve([claim()], [of(Audience.AGENT)], audience=Audience.RECORD, noun="ticket")
    (record,) = reserve([claim()], [of(Audience.AGENT, related=True)], audience=Audience.RECORD, noun="ticket")
    (note,) = reserve([claim()], [of(Audience.RECORD)], audience=Audience.CUSTOMER, noun="ticket")
    assert field.reserved == "Not everyone who reads this ticket may see its source."
    assert "another record" in record.reserved
    assert "customer" in note.reserved


def test_a_word_that_stands_only_in_what_readers_may_not_see_reserves_the_sentence() -> None:
    """A model that mixes an internal note into a sentence about a customer's mail does not get the note out."""
    mail = replace(passage(1, "The router drops the connection every evening."), audience=Audience.CUSTOMER)
    note = replace(passage(2, "The router is fine, legal suspects fraud."), audience=Audience.RECORD)
    said = Claim("state", "The router drops the connection every evening, legal suspects.", 1, mail.text)
    (kept,) = reserve([said], [mail, note], audience=Audience.CUSTOMER, noun="case")
    assert "word" in kept.reserved
    assert "legal" not in kept.reserved
    (inside,) = reserve([said], [mail, note], audience=Audience.RECORD, noun="case")
    assert not inside.reserved
    known = replace(passage(3, "Your legal team suspects me."), audience=Audience.CUSTOMER)
    (kept,) = reserve([said], [mail, note, known], audience=Audience.CUSTOMER, noun="case")
    assert not kept.reserved


@given(st.sampled_from(Audience), st.sampled_from(Audience))
def test_a_text_for_the_customer_is_checked_for_the_customer_wherever_it_stands(
    meant: Audience, there: Audience
) -> None:
    """The wider of the two counts: whom a text is meant for, and who can read the place where it is written."""
    template = replace(RELEASE.get("draft_reply"), readers=meant)
    target = Target(TargetKind.EMAIL_DRAFT, "E-mail draft", "you", undoable=True, readers=there)
    assert readers(template, target) == max(meant, there)
    assert readers(template, None) == meant


def test_a_field_that_nobody_vouches_for_is_the_agents_alone() -> None:
    """What audience.yaml does not list, and every field of an unknown object, has no other readers."""
    assert POLICY.audience("Case", "Description") is Audience.CUSTOMER
    assert POLICY.audience("Case", "Resolution__c") is Audience.RECORD
    assert POLICY.audience("Case", "Internal_Risk_Note__c") is Audience.AGENT
    assert POLICY.audience("Case", "Refund_Amount__c") is Audience.AGENT
    assert POLICY.audience("Contact", "Phone") is Audience.AGENT
    assert POLICY.audience("Unheard_of__c", "Name") is Audience.AGENT


@given(
    st.sampled_from(["Case", "EmailMessage", "tickets", "Nothing"]),
    st.sampled_from(["Subject", "Description", "Status", "TextBody", "content", "Risk__c", "Contact.Name"]),
    st.none()
    | st.dictionaries(
        st.sampled_from(["Case", "EmailMessage", "tickets"]),
        st.frozensets(st.sampled_from(["Subject", "Description", "TextBody", "content", "Risk__c"])),
    ),
)
def test_what_the_crm_says_narrows_and_never_widens(object_: str, field: str, facts: Facts) -> None:
    """A field that somebody cannot read is the agent's alone; for all else the file's word stands."""
    promised = POLICY.audience(object_, field)
    found = POLICY.audience(object_, field, facts)
    hidden = facts is not None and object_ in facts and field not in facts[object_]
    assert found is (Audience.AGENT if hidden else promised)
    assert found <= promised
