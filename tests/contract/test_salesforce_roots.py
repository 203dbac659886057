"""Accounts, contacts and e-mail drafts as only Salesforce has them: deals, who reads what, whom a draft goes to."""

from dataclasses import replace

import pytest

from connectors.errors import Ambiguous, Stale
from connectors.interfaces import Audience, RecordRef, TargetKind, Write, Written
from connectors.sandbox.process import SandboxProcess
from connectors.testing import Trouble
from connectors.testing.stage import make_write, minutes_ago
from tests.contract.sandbox_stage import ORG, SECRETS, SandboxStage
from tests.crm_facts import SALESFORCE

pytestmark = pytest.mark.sockets

ACCOUNT = SALESFORCE.roots["account"]
THREAD = {"Case": ("Subject",), "EmailMessage": ("Subject",), "CaseComment": ("CommentBody",)}


@pytest.fixture(scope="module")
def first(process: SandboxProcess) -> SandboxStage:
    """The stage as it is set once."""
    return SandboxStage(process, plain=True)


@pytest.fixture
def stage(first: SandboxStage) -> SandboxStage:
    """A clean org with one case, its account and its contact."""
    return first.again()


def drafted(stage: SandboxStage) -> tuple[Write, Written, dict[str, object]]:
    """An e-mail draft of the agent's on the case, and what it says."""
    session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.EMAIL_DRAFT)
    written = session.write(write, session.preimage(write))
    names = ("Status", "ToAddress", "FromAddress", "IsPrivateDraft", "AutomationType", "Subject", "RelatedToId")
    mail = RecordRef("salesforce", "EmailMessage", written.ids[0])
    return write, written, {name: stage.value(mail, name) for name in names}


def test_who_may_see_deals_sees_the_open_ones_of_an_account(process: SandboxProcess, stage: SandboxStage) -> None:
    """The lead does, in one round trip of two requests with at most five queries each; the agent may not."""
    session = stage.connector.session(stage.colleague)
    deals = [record for record in session.read(stage.account, ACCOUNT.fields).thread if record.ref in stage.unseen]
    assert [(deal.ref.object, deal.title) for deal in deals] == [("Opportunity", "A second crane")]
    before, trips = process.control.last(), session.round_trips
    session.read(stage.account, ACCOUNT.fields)
    requests = process.control.requests(before)
    assert session.round_trips - trips == 1
    assert sorted(len(request["subrequests"]) for request in requests) == [1, 5]
    stage.edit(deals[0].ref, {"StageName": "Closed Won", "IsClosed": True})
    assert deals[0].ref not in {record.ref for record in session.read(stage.account, ACCOUNT.fields).thread}


def test_messages_say_whom_they_reached(process: SandboxProcess, stage: SandboxStage) -> None:
    """Between colleagues, with a supplier, to the customer, and in the portal."""
    mail = {"ParentId": stage.case.id, "Incoming": False, "Status": "3", "FromAddress": "support@northwind.example"}
    made = {
        str(process.control.mutate(ORG, "create", object=object_, fields=fields)["id"]): audience
        for object_, fields, audience in (
            ("EmailMessage", {**mail, "ToAddress": "engineering@northwind.example"}, Audience.RECORD),
            ("EmailMessage", {**mail, "ToAddress": f"x@valves.example; {SECRETS[1].upper()}"}, Audience.CUSTOMER),
            ("EmailMessage", {**mail, "Incoming": True, "Status": "1", "FromAddress": "x@y.example"}, Audience.RECORD),
            (
                "CaseComment",
                {"ParentId": stage.case.id, "CommentBody": "For you.", "IsPublished": True},
                Audience.CUSTOMER,
            ),
        )
    }
    thread = stage.connector.session(stage.agent).read(stage.case, THREAD).thread
    assert {record.ref.id: record.audience for record in thread if record.ref.id in made} == made
    stage.hide(stage.agent, "Contact.Email")
    thread = stage.connector.session(stage.agent).read(stage.case, THREAD).thread
    assert {record.audience for record in thread if record.ref.object == "EmailMessage"} == {Audience.RECORD}


def test_a_draft_is_its_authors_and_goes_to_the_contact(stage: SandboxStage) -> None:
    """Nobody else sees it on the case, not even the lead above her; it is unsent and private."""
    _, written, mail = drafted(stage)
    assert mail == {
        "Status": "5", "ToAddress": SECRETS[1], "FromAddress": "maya.lindqvist@northwind-sensing.example",
        "IsPrivateDraft": True, "AutomationType": "AiAssisted", "Subject": "Step 0", "RelatedToId": stage.case.id,
    }  # fmt: skip
    seen = {
        user: {record.ref.id: (record.draft, record.audience) for record in session.read(stage.case, THREAD).thread}
        for user in (stage.agent, stage.colleague)
        for session in [stage.connector.session(user)]
    }
    assert seen[stage.agent][written.ids[0]] == (True, Audience.AGENT)
    assert written.ids[0] not in seen[stage.colleague]
    assert written.url.endswith(f"/lightning/r/EmailMessage/{written.ids[0]}/view")


def test_a_draft_for_nobody_that_she_sees_has_no_recipient(stage: SandboxStage) -> None:
    """She is not told an address that her profile hides."""
    stage.hide(stage.agent, "Contact.Email")
    assert drafted(stage)[2]["ToAddress"] is None
    stage.edit(stage.case, {"SuppliedEmail": "web@customer.example"})
    assert drafted(stage)[2]["ToAddress"] == "web@customer.example"


def test_without_the_package_a_draft_is_known_by_its_name(stage: SandboxStage) -> None:
    """Its text, which is the customer's, carries no key; it is found after a lost answer, and is no evidence later."""
    stage.uninstall_package()
    write = make_write(stage, TargetKind.EMAIL_DRAFT)
    write = replace(write, values=({"subject": "Your pump", "body": "Hello Carla, the seal is on its way."},))
    session = stage.connector.session(stage.agent)
    preimage = session.preimage(write)
    stage.trouble(Trouble.COMMIT_THEN_DROP)
    with pytest.raises(Ambiguous):
        session.write(write, preimage)
    written = session.find(write, preimage, minutes_ago())
    assert written
    for ref, fields in ((stage.case, THREAD), (stage.contact, SALESFORCE.roots["contact"].fields)):
        assert session.read(ref, fields).own_writes == set(written.ids)
    session.undo(write, preimage, written)
    assert stage.value(RecordRef("salesforce", "EmailMessage", written.ids[0]), "Id") is None


def test_a_draft_that_was_sent_stays(stage: SandboxStage) -> None:
    """The customer has it: there is nothing to take back."""
    write, written, _ = drafted(stage)
    mail = RecordRef("salesforce", "EmailMessage", written.ids[0])
    stage.edit(mail, {"Status": "3"})
    session = stage.connector.session(stage.agent)
    with pytest.raises(Stale):
        session.undo(write, session.preimage(write), written)
    assert stage.value(mail, "IsDeleted") is False
    assert written.ids[0] in session.read(stage.case, THREAD).own_writes


def test_a_draft_that_is_sent_while_it_is_taken_back_stays(process: SandboxProcess, stage: SandboxStage) -> None:
    """Between the look and the delete she presses Send in another window."""
    write, written, _ = drafted(stage)
    mail = RecordRef("salesforce", "EmailMessage", written.ids[0])
    session = stage.connector.session(stage.agent)
    preimage = session.preimage(write)
    stage.later()
    process.control.fault("touch", path="/composite$", body='"DELETE"', record=mail.id, fields={"Status": "3"})
    with pytest.raises(Stale):
        session.undo(write, preimage, written)
    assert (stage.value(mail, "Status"), stage.value(mail, "IsDeleted")) == ("3", False)


def test_without_the_right_to_its_fields_there_is_no_draft_to_offer(stage: SandboxStage) -> None:
    """What would be refused is not offered."""
    assert TargetKind.EMAIL_DRAFT in {
        target.kind for target in stage.connector.session(stage.agent).targets(stage.case)
    }
    stage.hide(stage.agent, "EmailMessage.ToAddress")
    cold = stage.new_connector().session(stage.agent)
    assert TargetKind.EMAIL_DRAFT not in {target.kind for target in cold.targets(stage.case)}


@pytest.mark.parametrize(("origin", "audience"), [("Web", Audience.CUSTOMER), ("Phone", Audience.RECORD)])
def test_a_case_is_the_customers_when_she_opened_it(stage: SandboxStage, origin: str, audience: Audience) -> None:
    """What an agent typed at the telephone is not known to be the customer's."""
    stage.edit(stage.case, {"Origin": origin})
    assert stage.connector.session(stage.agent).read(stage.case, THREAD).record.audience is audience
