"""An org that is not like the example: custom objects, a person account, several currencies, users in other zones."""

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.interfaces import Checkpoint, RecordRef, User
from connectors.salesforce.connector import SalesforceConnector
from connectors.salesforce.session import SalesforceSession
from connectors.sandbox.client import consent
from connectors.sandbox.process import SandboxProcess
from tests.contract.conftest import EXAMPLE
from tests.fakes_connector import MemoryTokenStore

pytestmark = pytest.mark.sockets

CASE = RecordRef("salesforce", "Case", "500TW0000000001")
VISITS = {
    "Site_Visit__c": {
        "thread_of": "Case",
        "lookup": "Case__c",
        "title": ["Name", "Place__c"],
        "author": "CreatedBy.Name",
        "at": ["Visited__c", "CreatedDate"],
        "inbound": "By_Customer__c",
        "texts": "Report__c",
    }
}
FIELDS = {"Case": ("Subject", "Damage_Estimate__c", "CurrencyIsoCode"), "EmailMessage": ("Subject",)}


def lines(folder: Path, object_: str) -> list[dict[str, Any]]:
    """The records of an object."""
    return [json.loads(line) for line in (folder / f"{object_}.jsonl").read_text(encoding="utf-8").splitlines()]


def write(folder: Path, object_: str, rows: list[dict[str, Any]]) -> None:
    """Replace them."""
    (folder / f"{object_}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The boat hire, which visits its customers, has a private person among them and bills in two currencies."""
    folder = tmp_path_factory.mktemp("own") / "tidewater"
    shutil.copytree(EXAMPLE, folder)
    person = {"IsPersonAccount": True, "FirstName": "Idris", "LastName": "Vaughan", "PersonEmail": "idris@home.example"}
    accounts = lines(folder, "Account")
    write(folder, "Account", [{**accounts[0], **person}, *accounts[1:]])
    write(folder, "Case", [{**row, "CurrencyIsoCode": "GBP"} for row in lines(folder, "Case")])
    when = "2026-11-04T09:30:00.000+0100"
    visit = {
        "Name": "V-0001", "Case__c": CASE.id, "Place__c": "Pontoon 4", "Report__c": "Fuel filter replaced.",
        "Visited__c": when, "By_Customer__c": False, "OwnerId": "005TW0000000002", "CreatedById": "005TW0000000003",
    }  # fmt: skip
    write(folder, "Site_Visit__c", [visit, {**visit, "Name": "V-0002", "Case__c": "500TW0000000002"}])
    org = json.loads((folder / "org.json").read_text(encoding="utf-8"))
    org["profiles"][1]["objects"]["Site_Visit__c"] = "R"
    org["profiles"][1]["hidden_fields"] = ["Contact.Birthdate"]
    org["owd"]["Site_Visit__c"] = "Read"
    lookup = {
        "name": "Case__c",
        "type": "reference",
        "label": "Case",
        "referenceTo": ["Case"],
        "relationshipName": "Case__r",
    }
    org["schema"] = {"Site_Visit__c": {"keyPrefix": "a0V", "label": "Site Visit", "fields": [lookup]}}
    org["users"][1]["TimeZoneSidKey"] = "America/Los_Angeles"
    (folder / "org.json").write_text(json.dumps(org), encoding="utf-8")
    with SandboxProcess(folder) as running:
        yield running


def log_in(process: SandboxProcess, objects: Mapping[str, Mapping[str, Any]]) -> tuple[User, SalesforceSession]:
    """Ben at the front desk, with a connector that knows these custom objects."""
    org = process.orgs["tidewater"]
    client, tokens = org.web_client, MemoryTokenStore()
    connector = SalesforceConnector(
        org.https, client.id, client.secret, tokens, ca_file=str(process.ca_file), objects=objects
    )
    verifier, callback = secrets.token_urlsafe(48), f"http://127.0.0.1:1{client.redirect_paths[0]}"
    back = consent(
        connector.authorize_url("s", verifier, callback), org.user("ben").username, verify=str(process.ca_file)
    )
    user, token = connector.exchange(parse_qs(urlsplit(back).query)["code"][0], verifier, callback)
    tokens.save("salesforce:" + user.tenant + ":" + user.id, token)
    return user, connector.session(f"salesforce:{user.tenant}:{user.id}")


@pytest.fixture(scope="module")
def session(process: SandboxProcess) -> SalesforceSession:
    """Ben's, of an installation whose settings name the visits."""
    return log_in(process, VISITS)[1]


def test_a_user_knows_her_zone_and_all_times_are_utc(process: SandboxProcess, session: SalesforceSession) -> None:
    """Wherever she is, and whatever offset a time was written with."""
    user, _ = log_in(process, {})
    assert user.attributes["zone"] == "America/Los_Angeles"
    bundle = session.read(CASE, FIELDS)
    assert all(entry.at and entry.at.tzinfo is UTC for entry in (bundle.record, *bundle.thread))


def test_a_custom_object_is_part_of_the_thread_by_configuration(
    process: SandboxProcess, session: SalesforceSession
) -> None:
    """Only those of this case, in their place by time; without the settings it is not read."""
    (visit,) = [entry for entry in session.read(CASE, FIELDS).thread if entry.ref.object == "Site_Visit__c"]
    assert (visit.title, visit.author, visit.inbound) == ("V-0001 · Pontoon 4", "Cleo Marchetti", False)
    assert visit.at == datetime(2026, 11, 4, 8, 30, tzinfo=UTC)
    assert visit.fields == {"Report__c": "Fuel filter replaced."}
    assert visit.parent
    assert visit.parent.id.startswith(CASE.id)
    _, plain = log_in(process, {})
    assert all(entry.ref.object != "Site_Visit__c" for entry in plain.read(CASE, FIELDS).thread)


def test_a_custom_object_can_be_checked_again_listed_and_synced(session: SalesforceSession) -> None:
    """As every other one."""
    recent = session.recent("Site_Visit__c", ("Report__c",), 5)
    assert {record.title for record in recent} == {"V-0001 · Pontoon 4", "V-0002 · Pontoon 4"}
    refs = [record.ref for record in recent]
    assert session.reread(refs, {"Site_Visit__c": ("Report__c",)}).keys() == set(refs)
    changes = list(session.changes(Checkpoint("Site_Visit__c"), ("Report__c",)))
    assert {change.ref for change in changes} == set(refs)


def test_a_person_account_brings_her_names_and_addresses(session: SalesforceSession) -> None:
    """So that they can be masked; a company's account has none."""
    people = {entry.ref.object: entry.fields for entry in session.read(CASE, FIELDS).people}
    assert people["Account"]["PersonEmail"] == "idris@home.example"
    assert people["Account"]["IsPersonAccount"] is True
    assert people["Account"]["LastName"] == people["Contact"]["LastName"] == "Vaughan"


def test_an_amount_has_its_currency_beside_it(session: SalesforceSession) -> None:
    """When the template asks for it."""
    record = session.read(CASE, FIELDS).record
    assert (record.fields["Damage_Estimate__c"], record.fields["CurrencyIsoCode"]) == (240.5, "GBP")
