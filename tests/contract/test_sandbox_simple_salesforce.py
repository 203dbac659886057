"""simple-salesforce, over TLS with the sandbox's CA: reads, writes, paging, permissions and errors."""

from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from connectors.sandbox.client import SandboxOrg, log_in
from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.salesforce.ids import widen

Client = Any
"""A `Salesforce`: objects are attributes made at run time, which no type checker can follow."""
OUTBOARD = widen("500TW0000000001")
DEPOSIT = widen("500TW0000000002")


@pytest.fixture
def org(sandbox: SandboxProcess) -> SandboxOrg:
    """The example's org."""
    return sandbox.orgs["tidewater"]


def connect(sandbox: SandboxProcess, user: str) -> Client:
    """simple-salesforce as a user who logged in through the consent page."""
    org = sandbox.orgs["tidewater"]
    token = log_in(org.https, org.web_client, user, verify=str(sandbox.ca_file))
    session = requests.Session()
    session.trust_env = False
    session.verify = str(sandbox.ca_file)
    return Salesforce(
        instance_url=token["instance_url"], session_id=token["access_token"], session=session, version="66.0"
    )


@pytest.fixture
def ben(sandbox: SandboxProcess) -> Client:
    """The front-desk agent."""
    return connect(sandbox, "ben@tidewater.example")


@pytest.fixture
def nora(sandbox: SandboxProcess) -> Client:
    """The administrator."""
    return connect(sandbox, "nora@tidewater.example")


def code_of(error: pytest.ExceptionInfo[Any]) -> str:
    """The vendor's errorCode."""
    return str(error.value.content[0]["errorCode"])


def test_hidden_record_looks_missing(ben: Client) -> None:
    """A case of a colleague and a case that never was give the same 404."""
    for record_id in (DEPOSIT, "500TW0000000099"):
        with pytest.raises(SalesforceResourceNotFound) as error:
            ben.Case.get(record_id)
        assert code_of(error) == "NOT_FOUND"


def test_hidden_field_looks_missing(ben: Client, nora: Client) -> None:
    """A field that the profile hides cannot be queried, described or read."""
    with pytest.raises(SalesforceMalformedRequest) as error:
        ben.query("SELECT Id, Damage_Estimate__c FROM Case")
    assert code_of(error) == "INVALID_FIELD"
    assert "Damage_Estimate__c" not in {field["name"] for field in ben.Case.describe()["fields"]}
    assert "Damage_Estimate__c" not in ben.Case.get(OUTBOARD)
    assert nora.Case.get(OUTBOARD)["Damage_Estimate__c"] == 240.5


def test_users_see_their_own_rows(ben: Client, nora: Client, sandbox: SandboxProcess) -> None:
    """Private cases: the owner's, the shared one; a draft e-mail only for its author and the administrator."""
    cleo = connect(sandbox, "cleo@tidewater.example")
    subjects = {
        user: {row["CaseNumber"] for row in client.query("SELECT CaseNumber FROM Case")["records"]}
        for user, client in (("ben", ben), ("cleo", cleo), ("nora", nora))
    }
    assert subjects["ben"] == {"00001001", "00001003"}
    assert subjects["cleo"] == {"00001002", "00001003"}
    assert len(subjects["nora"]) == 4
    drafts = "SELECT COUNT() FROM EmailMessage WHERE Status = '5'"
    assert [client.query(drafts)["totalSize"] for client in (ben, cleo)] == [1, 0]


def test_create_update_delete(ben: Client) -> None:
    """A task lives its life, and a deleted one is gone."""
    made = ben.Task.create(
        {"WhatId": OUTBOARD, "Subject": "Send invoice", "Status": "Not Started", "Priority": "Normal"}
    )
    assert made["success"]
    assert ben.Task.update(made["id"], {"Status": "Completed"}) == 204
    assert ben.Task.get(made["id"])["IsClosed"] is True
    assert ben.Task.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        ben.Task.get(made["id"])


def test_readonly_field_refuses_the_write(ben: Client) -> None:
    """A field that the profile may only read is refused by name."""
    with pytest.raises(SalesforceMalformedRequest) as error:
        ben.Case.update(OUTBOARD, {"Priority": "Low"})
    assert code_of(error) == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_query_pages_and_counts_the_whole(nora: Client, sandbox: SandboxProcess) -> None:
    """query_all follows locators; totalSize is the whole result, not the page."""
    for number in range(250):
        sandbox.control.mutate("tidewater", "create", object="Account", fields={"Name": f"Berth {number:03d}"})
    page = nora.query("SELECT Name FROM Account", headers={"Sforce-Query-Options": "batchSize=200"})
    assert (page["totalSize"], page["done"], len(page["records"])) == (252, False, 200)
    rest = nora.query_more(page["nextRecordsUrl"], identifier_is_url=True)
    assert (rest["done"], len(rest["records"])) == (True, 52)
    assert nora.query_all("SELECT Id FROM Account")["totalSize"] == 252


def test_describe_limits_and_usage(ben: Client) -> None:
    """describe, limits and the usage header are what the client parses."""
    names = {item["name"] for item in ben.describe()["sobjects"]}
    assert {"Case", "Task", "EmailMessage"} <= names
    assert ben.limits()["DailyApiRequests"]["Max"] > 0
    assert ben.api_usage["api-usage"].used > 0


def test_dead_session_is_recognised(ben: Client, sandbox: SandboxProcess) -> None:
    """After the session timeout every call is 401 INVALID_SESSION_ID, which the client turns into its own error."""
    sandbox.control.advance(2 * 60 * 60 + 1)
    with pytest.raises(SalesforceExpiredSession) as error:
        ben.query("SELECT Id FROM Case")
    assert code_of(error) == "INVALID_SESSION_ID"


def test_deleted_records_are_reported(nora: Client, sandbox: SandboxProcess) -> None:
    """GetDeleted and getUpdated answer the client's own calls."""
    now = sandbox.control.now()
    nora.Case.delete(DEPOSIT)
    window = (now.replace(hour=0, minute=0, second=0, microsecond=0), now.replace(microsecond=0))
    sandbox.control.advance(120)
    gone = nora.Case.deleted(window[0], sandbox.control.now())
    assert [item["id"] for item in gone["deletedRecords"]] == [DEPOSIT]
    assert "latestDateCovered" in nora.Case.updated(window[0], sandbox.control.now())
