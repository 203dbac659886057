"""Files of a case: their text comes as pages, in one more round trip, with the reader's own rights and no other."""

import pytest

from connectors.errors import Retriable
from connectors.interfaces import RecordRef
from connectors.sandbox.data import DEMO_FILES_CASE_ID
from connectors.sandbox.process import SandboxProcess
from tests.contract.sandbox_stage import ORG, SandboxStage

FIELDS = {"Case": ("Subject",), "ContentVersion": ("Title", "FileText")}
CASE = RecordRef("salesforce", "Case", DEMO_FILES_CASE_ID)


@pytest.fixture
def stage(process: SandboxProcess) -> SandboxStage:
    """Maya, a colleague and an outsider, logged in."""
    return SandboxStage(process)


def test_the_newest_files_are_read_page_by_page(stage: SandboxStage) -> None:
    """Three files have their text, the fourth is counted; hidden layers are set apart; one more round trip for all."""
    session = stage.connector.session(stage.agent)
    session.read(CASE, {"Case": ("Subject",)})
    cold = session.round_trips
    bundle = session.read(CASE, FIELDS)
    warm = stage.connector.session(stage.agent)
    again = warm.read(CASE, FIELDS)
    assert (warm.round_trips, warm.describe_trips) == (2, 0)
    assert session.round_trips - cold <= 4
    assert {record.ref.object for record in bundle.thread} == {"ContentVersion"}
    assert len(bundle.thread) + bundle.unread == 4
    assert all(record.title and record.parent == CASE and record.at for record in bundle.thread)
    assert all(str(record.fields["FileText"]) for record in bundle.thread)
    assert any("\f" in str(record.fields["FileText"]) for record in bundle.thread)
    assert any("hidden" in str(record.fields["FileText"]) for record in bundle.thread)
    assert again.thread == bundle.thread


def test_a_file_that_is_read_again_says_the_same(stage: SandboxStage) -> None:
    """A citation's hash is made of the text: reading, re-reading and a second look agree."""
    session = stage.connector.session(stage.agent)
    files = session.read(CASE, FIELDS).thread
    found = session.reread([record.ref for record in files], FIELDS)
    assert {ref: record.fields for ref, record in found.items()} == {record.ref: record.fields for record in files}


def test_who_does_not_see_the_case_sees_none_of_its_files(stage: SandboxStage) -> None:
    """Neither by the case nor by the file's own id."""
    files = [record.ref for record in stage.connector.session(stage.agent).read(CASE, FIELDS).thread]
    assert stage.connector.session(stage.outsider).reread(files, FIELDS) == {}


def test_a_file_that_was_replaced_has_no_text_any_more(stage: SandboxStage) -> None:
    """A citation of an older version turns stale; a deleted file is gone."""
    session = stage.connector.session(stage.agent)
    first, second, *_ = [record.ref for record in session.read(CASE, FIELDS).thread]
    stage._control.mutate(ORG, "touch", record=first.id, fields={"IsLatest": False})
    document = stage.value(second, "ContentDocumentId")
    stage._control.mutate(ORG, "delete", record=document)
    found = session.reread([first, second], FIELDS)
    assert found[first].fields["FileText"] == ""
    assert second not in found
    assert second not in {record.ref for record in session.read(CASE, FIELDS).thread}


def test_a_download_that_fails_fails_the_read(stage: SandboxStage) -> None:
    """No half thread: the caller hears that the CRM is busy."""
    session = stage.connector.session(stage.agent)
    session.read(CASE, {"Case": ("Subject",)})
    stage._control.fault("html_503", path=r"/VersionData$", times=0)
    with pytest.raises(Retriable):
        session.read(CASE, FIELDS)
