"""The Salesforce connector keeps the connector contract on the sandbox CRM."""

from dataclasses import replace

import pytest

from connectors.errors import Forbidden, Retriable
from connectors.interfaces import TargetKind
from connectors.sandbox.process import SandboxProcess
from connectors.testing import ConnectorContract
from connectors.testing.stage import make_write
from tests.contract.sandbox_stage import ORG, SandboxStage
from tests.crm_facts import SALESFORCE

pytestmark = pytest.mark.sockets


@pytest.fixture(scope="module")
def first(process: SandboxProcess) -> SandboxStage:
    """The stage as it is set once."""
    return SandboxStage(process)


class TestSalesforceConnector(ConnectorContract):
    """The whole contract, and what only Salesforce does."""

    facts = SALESFORCE

    @pytest.fixture
    def stage(self, first: SandboxStage) -> SandboxStage:
        """A clean org with one case."""
        return first.again()

    def test_one_read_is_one_composite_request_of_at_most_five_queries(
        self, process: SandboxProcess, stage: SandboxStage
    ) -> None:
        """Salesforce takes no more than five queries in one request (contract, 1.6)."""
        fields = {**SALESFORCE.fields, "Task": ("Subject",), "Knowledge__kav": ("Title",)}
        stage.connector.session(stage.agent).read(stage.case, fields)
        before = process.control.last()
        stage.connector.session(stage.agent).read(stage.case, fields)
        (request,) = process.control.requests(before)
        asked = request["subrequests"]
        assert request["path"].endswith("/composite")
        assert len(asked) <= 5
        assert all("/query?q=" in sub or "/queryAll?q=" in sub for sub in asked)

    def test_the_short_form_of_an_id_names_the_same_record(self, stage: SandboxStage) -> None:
        """People paste 15-character ids from old reports."""
        short = replace(stage.case, id=stage.case.id[:15])
        session = stage.connector.session(stage.agent)
        assert session.read(short, SALESFORCE.fields).record.ref == stage.case
        assert set(session.reread([short], SALESFORCE.fields)) == {short}

    def test_a_locked_record_is_retriable_and_nothing_was_written(
        self, process: SandboxProcess, stage: SandboxStage
    ) -> None:
        """Somebody's trigger holds the row; the whole transaction is rolled back."""
        session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.SUMMARY_FIELD)
        preimage = session.preimage(write)
        process.control.mutate(ORG, "row_lock", record=stage.case.id, times=1)
        with pytest.raises(Retriable):
            session.write(write, preimage)
        assert stage.carrying(write.key) == 0
        session.write(write, preimage)
        assert stage.carrying(write.key) == 1

    def test_a_comment_of_more_than_four_thousand_bytes_is_refused(self, stage: SandboxStage) -> None:
        """Bytes, not characters; the marker is rolled back, too."""
        session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.COMMENT)
        text = "ü" * 2_001 + write.values[0]["body"]
        with pytest.raises(Forbidden):
            session.write(replace(write, values=({"body": text},)), session.preimage(write))
        assert stage.carrying(write.key) == 0

    def test_a_session_that_missed_a_renewal_catches_up(self, stage: SandboxStage) -> None:
        """The token that another process has stored meanwhile may be spent, too: that is no reason to reconnect."""
        session = stage.connector.session(stage.agent)
        stage.expire(stage.agent)
        stage.connector.session(stage.agent).read(stage.case, SALESFORCE.fields)
        stage.expire(stage.agent)
        assert session.read(stage.case, SALESFORCE.fields).record.ref == stage.case
        assert stage.refreshes() == 2

    def test_an_assignment_rule_does_not_take_the_case_away(self, stage: SandboxStage) -> None:
        """Writing the summary must not change the owner."""
        session, write = stage.connector.session(stage.agent), make_write(stage, TargetKind.SUMMARY_FIELD)
        owner = stage.value(stage.case, "OwnerId")
        session.write(write, session.preimage(write))
        assert stage.value(stage.case, "OwnerId") == owner

    @pytest.mark.parametrize("action", ["truncated_json", "html_503", "commit_then_500"])
    def test_a_broken_answer_to_a_read_is_retriable(
        self, process: SandboxProcess, stage: SandboxStage, action: str
    ) -> None:
        """Half a case is no case."""
        session = stage.connector.session(stage.agent)
        session.targets(stage.case)
        process.control.fault(action, path="/composite$")
        with pytest.raises(Retriable):
            session.read(stage.case, SALESFORCE.fields)
        assert session.read(stage.case, SALESFORCE.fields).record.ref == stage.case

    def test_a_connection_that_breaks_under_a_read_goes_unnoticed(
        self, process: SandboxProcess, stage: SandboxStage
    ) -> None:
        """One more request, and counted."""
        session = stage.connector.session(stage.agent)
        session.targets(stage.case)
        before = session.round_trips
        process.control.fault("drop_before", path="/composite$")
        assert session.read(stage.case, SALESFORCE.fields).record.ref == stage.case
        assert session.round_trips - before == 2
