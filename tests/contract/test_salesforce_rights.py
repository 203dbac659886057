"""Which fields everyone reads: what Salesforce's permission sets say, against what each user is shown."""

from collections.abc import Mapping

import pytest
import requests

from connectors.sandbox.process import SandboxProcess
from tests.contract.sandbox_stage import ORG, SandboxStage

pytestmark = pytest.mark.sockets

OBJECTS = (
    "Account", "Case", "CaseComment", "Contact", "ContentVersion", "EmailMessage", "FeedItem", "Knowledge__kav",
    "Opportunity", "Task",
)  # fmt: skip
ADMIN = "sam.ostrander"


@pytest.fixture
def stage(process: SandboxProcess) -> SandboxStage:
    """A clean org."""
    return SandboxStage(process)


def told(stage: SandboxStage, user: str = ADMIN) -> Mapping[str, frozenset[str]] | None:
    """What the connector says as this user."""
    found: Mapping[str, frozenset[str]] | None = stage.connector.session(stage.log_in(user)).open_fields(OBJECTS)
    return found


def shown(stage: SandboxStage, process: SandboxProcess) -> dict[str, frozenset[str]]:
    """What every user's own describe shows: fields that all of those see who see the object."""
    base, found = "/services/data/v66.0", dict[str, frozenset[str]]()
    asked = [{"method": "GET", "url": f"{base}/sobjects/{name}/describe", "referenceId": name} for name in OBJECTS]
    for user in process.orgs[ORG].users:
        token = stage.tokens.load(stage.log_in(user.username))
        assert token is not None
        answer = requests.post(
            f"{token.instance_url}{base}/composite",
            json={"compositeRequest": asked},
            headers={"Authorization": f"Bearer {token.access_token}"},
            verify=str(process.ca_file),
            timeout=30,
        )
        for each in answer.json()["compositeResponse"]:
            if each["httpStatusCode"] == requests.codes.ok:
                fields = frozenset(item["name"] for item in each["body"]["fields"])
                found[each["referenceId"]] = found.get(each["referenceId"], fields) & fields
    return found


def test_who_may_not_see_the_setup_is_told_nothing(stage: SandboxStage) -> None:
    """An agent, a lead and the user of an integration get no answer, which is not the same as "all are open"."""
    for user in ("maya.lindqvist", "jonas.weidmann", "sidecar.integration"):
        assert told(stage, user) is None


def test_open_is_what_all_readers_are_shown(stage: SandboxStage, process: SandboxProcess) -> None:
    """In the example org the answer is exactly what the users' own describes have in common."""
    found, seen = told(stage), shown(stage, process)
    assert found is not None
    assert {name: found[name] - {"FileText"} for name in OBJECTS} == seen
    assert "FileText" in found["ContentVersion"]
    assert "Description" in found["Case"]
    assert found["Case"].isdisjoint({"Refund_Amount__c", "Internal_Risk_Note__c"})


def test_a_field_that_one_profile_loses_is_closed_for_all(stage: SandboxStage, process: SandboxProcess) -> None:
    """It is enough that one profile of somebody active does not read it; messages follow their case."""
    profiles = {row["Name"]: row["Id"] for row in process.control.records(ORG, "Profile")}
    fields = ("Case.Description", "EmailMessage.TextBody", "CaseComment.CommentBody")
    for field, profile in zip(fields, ("Knowledge Editor", "Auditor", "Integration"), strict=True):
        process.control.mutate(ORG, "hide_field", profile=profiles[profile], field=field)
    found, seen = told(stage), shown(stage, process)
    assert found is not None
    for object_, name in (field.split(".") for field in fields):
        assert name not in found[object_]
        assert found[object_] - {"FileText"} == seen[object_]


def test_it_costs_one_round_trip_and_its_pages(stage: SandboxStage) -> None:
    """Sets, profiles, rights and describes go out together; the org's 1,500 field permissions fit into one page."""
    session = stage.connector.session(stage.log_in(ADMIN))
    assert session.open_fields(OBJECTS) is not None
    assert session.round_trips == 1


def test_an_object_that_is_not_there_has_no_open_fields(stage: SandboxStage) -> None:
    """Unknown to the org, or hidden from this user: nothing of it is open."""
    found = stage.connector.session(stage.log_in(ADMIN)).open_fields(["Case", "No_Such__c"])
    assert found is not None
    assert found["No_Such__c"] == frozenset()
    assert found["Case"]
