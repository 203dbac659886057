"""Loading an org: what is refused, what is filled in, and custom objects that follow their parent."""

from typing import Any

import pytest

from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.org import Org
from tests.unit.sandbox.engine_world import ANN, BEN, CASE_ANN, EVERYBODY, FakeClock, World, document, records

_WIDGETS = [mint("a7Q", "5e0", number) for number in (1, 2)]


@pytest.mark.parametrize(
    ("name", "record", "what"),
    [
        ("Case", {"Id": "nonsense"}, "Id is not a record id"),
        ("Case", {"Id": mint("003", "5e0", 9)}, "begins with 500"),
        ("Case", {"Id": CASE_ANN}, "given to an earlier record"),
        ("Case", {"ContactId": "x"}, "ContactId is not a record id"),
        ("Case", {"ClosedDate": "soon"}, "ClosedDate is not a datetime"),
        ("Opportunity", {"Amount": "much"}, "Amount is not a number"),
        ("Bad Name", {"X": 1}, "object name"),
    ],
)
def test_records_that_cannot_be_loaded(name: str, record: dict[str, Any], what: str) -> None:
    """The error names the place and the field, never the value."""
    told = record | {"attributes": {"place": "Some.jsonl, line 7"}}
    with pytest.raises(ValueError, match=what) as caught:
        Org.load(document(), [*records(), (name, told)], FakeClock())
    assert not any(str(value) in str(caught.value) for value in ("nonsense", "soon", "much"))
    assert "line 7" in str(caught.value) or name == "Bad Name"


def test_numbers_go_on_after_those_that_records_bring() -> None:
    """A record without a number never takes the number of a later one."""
    rows: list[tuple[str, dict[str, Any]]] = [
        ("Case", {"Subject": "a"}),
        ("Case", {"Subject": "b", "CaseNumber": "00000041"}),
    ]
    org = Org.load({"org": {}}, rows, FakeClock())
    assert {row["Subject"]: row["CaseNumber"] for row in org.records["Case"].values()} == {
        "a": "00000042",
        "b": "00000041",
    }


def test_an_object_of_somebodys_export_keeps_its_ids() -> None:
    """The key prefix of an unknown object is that of its records, and its rows can be read."""
    rows: list[tuple[str, dict[str, Any]]] = [("Widget__c", {"Id": _WIDGETS[0], "Name": "w", "Size__c": 3})]
    world = World()
    world.org = Org.load({"org": {}}, rows, world.clock)
    admin = str(world.org.users()[0]["Id"])
    assert world.call(admin, "GET", f"/sobjects/Widget__c/{_WIDGETS[0]}").body["Size__c"] == 3
    created = world.call(admin, "POST", "/sobjects/Widget__c", {"Name": "n"})
    assert created.body["id"].startswith("a7Q")


def test_a_custom_object_can_follow_its_parent() -> None:
    """ControlledByParent reads through the required lookup, and notices when the parent changes hands."""
    spec = document()
    lookup = {"name": "Case__c", "type": "reference", "referenceTo": ["Case"], "nillable": False,
              "childRelationshipName": "Widgets__r"}  # fmt: skip
    spec["schema"]["Widget__c"] = {"keyPrefix": "a7Q", "fields": [lookup]}
    spec["owd"]["Widget__c"] = "ControlledByParent"
    next(item for item in spec["profiles"] if item["Name"] == "Agent")["objects"]["Widget__c"] = "R"
    world = World()
    rows = [*records(), ("Widget__c", {"Id": _WIDGETS[0], "Case__c": CASE_ANN})]
    world.org = Org.load(spec, rows, world.clock)
    assert world.ids(ANN, "SELECT Id FROM Widget__c WHERE Case__r.Status = 'New'") == [_WIDGETS[0]]
    assert world.ids(BEN, "SELECT Id FROM Widget__c") == []
    nested = world.soql(ANN, "SELECT Id, (SELECT Id FROM Widgets__r) FROM Case").body["records"][0]
    assert nested["Widgets__r"]["totalSize"] == 1
    world.org.touch(CASE_ANN, OwnerId=BEN)
    assert world.ids(BEN, "SELECT Id FROM Widget__c") == [_WIDGETS[0]]
    assert world.ids(ANN, "SELECT Id FROM Widget__c") == []


def test_users_without_profiles_are_administrators() -> None:
    """A document that names people but no profiles gives everybody the administrator's."""
    spec = {"org": {}, "users": [{"Id": ANN, "Username": "a@b.example", "LastName": "A", "Email": "a@b.example"}]}
    world = World()
    world.org = Org.load(spec, [], world.clock)
    assert world.soql(ANN, "SELECT COUNT() FROM Case").status == 200


def test_people_are_found_by_id_and_name() -> None:
    """Both lengths of an id, any case of a username."""
    org = World().org
    assert len(org.users()) == len(EVERYBODY)
    assert org.user(ANN[:15]) == org.user(ANN) == org.user_by_name("ANN@test.example")
    assert org.user("nobody") is None
    assert org.user_by_name("nobody@test.example") is None
