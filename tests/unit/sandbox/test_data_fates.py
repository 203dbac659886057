"""Merged, deleted, moved and held records, person accounts and short ids are what the ground truth says."""

from connectors.sandbox.data import DEMO_CASE_ID, LONG_CASE_ID
from connectors.sandbox.data.truth import Fates
from connectors.sandbox.salesforce.ids import canonical
from tests.unit.sandbox.data_world import by_id, document, records, world


def fates() -> Fates:
    """What happened to records of the two orgs."""
    return world()[1].fates


def test_deleted_records_are_those_of_the_truth() -> None:
    """Exactly the records of the truth are in the recycle bin, of several objects, and none of them has a story."""
    gone = {str(row["Id"]) for name, row in by_id().values() if row.get("IsDeleted")}
    assert gone == fates().deleted
    assert {by_id()[key][0] for key in gone} >= {"Case", "CaseComment", "Contact", "Task"}
    assert not gone & set(world()[1].cases)


def test_merged_records_lead_to_a_live_master_of_their_kind() -> None:
    """Who follows a merged record finds the one that stayed."""
    assert {by_id()[key][0] for key in fates().merged} == {"Case", "Contact"}
    for went, stayed in fates().merged.items():
        (name, lost), (same, master) = by_id()[went], by_id()[stayed]
        assert (name, lost["MasterRecordId"], lost["IsDeleted"]) == (same, stayed, True)
        assert master["IsDeleted"] is False
    masters = {str(row["Id"]) for _, row in by_id().values() if row.get("MasterRecordId")}
    assert masters == set(fates().merged)


def test_old_tasks_are_archived() -> None:
    """They were closed more than a year ago and hang on live cases."""
    archived = {str(row["Id"]): row for row in records("Task") if row.get("IsArchived")}
    assert set(archived) == fates().archived != set()
    for row in archived.values():
        assert row["IsClosed"] is True
        assert str(row["CreatedDate"]) < "2025-11-24"
        assert by_id()[str(row["WhatId"])][1]["IsDeleted"] is False


def test_moved_records_stand_where_they_were_moved_to() -> None:
    """Another owner, another account: the old value was a possible one too."""
    assert {field for field, _, _ in fates().moved.values()} == {"OwnerId", "AccountId"}
    users = {user["Id"] for user in document("northwind")["users"]}
    for record, (field, before, now) in fates().moved.items():
        assert by_id()[record][1][field] == now != before
        assert before in users or by_id()[before][0] == "Account"


def test_held_records_say_so() -> None:
    """The checkbox is set on a case and on an account, and on no other record."""
    held = {str(row["Id"]) for _, row in by_id().values() if row.get("Legal_Hold__c")}
    assert held == fates().held
    assert {by_id()[key][0] for key in held} == {"Account", "Case"}


def test_a_person_account_is_an_account_and_its_contact() -> None:
    """Both know each other, both carry the person's data, and the truth has marked it in both."""
    ((account_id, contact_id),) = fates().persons.items()
    account, contact = by_id()[account_id][1], by_id()[contact_id][1]
    assert account["PersonContactId"] == contact_id
    assert contact["AccountId"] == account_id
    assert account["IsPersonAccount"] is contact["IsPersonAccount"] is True
    assert account["PersonEmail"] == contact["Email"]
    marked = {item.place.record_id for item in world()[1].planted if item.value == contact["Email"]}
    assert marked >= {account_id, contact_id}
    assert any(row["AccountId"] == account_id for row in records("Case"))


def test_texts_name_records_by_short_ids_and_links() -> None:
    """Ids of 15 characters and a link stand in the text, and lead to the records of the truth."""
    assert fates().mentions
    for (record, field), named in fates().mentions.items():
        text = str(by_id()[record][1][field])
        assert named == (DEMO_CASE_ID, LONG_CASE_ID)
        assert all(key[:15] in text and canonical(key[:15]) == key for key in named)
        assert "lightning.force.com" in text


def test_deals_are_in_several_currencies() -> None:
    """Four currencies occur, each one that the org knows."""
    codes = {row["CurrencyIsoCode"] for row in records("Opportunity") if row.get("CurrencyIsoCode")}
    schema = document("northwind")["schema"]["Opportunity"]["fields"]
    known = next(item["picklistValues"] for item in schema if item["name"] == "CurrencyIsoCode")
    assert len(codes) >= 4
    assert codes <= set(known)
