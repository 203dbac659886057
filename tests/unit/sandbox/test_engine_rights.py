"""Permission sets, object and field permissions as records: who sees them, and that they say what the engine does."""

import pytest

from tests.unit.sandbox.engine_world import ADMIN, ANN, AUDITOR, CAT, World, document, records

QUERY = (
    "SELECT Parent.Label, Parent.IsOwnedByProfile, Field, PermissionsEdit FROM FieldPermissions WHERE SobjectType = "
)


@pytest.fixture
def world() -> World:
    """The usual org; its administrators may view the setup."""
    given = document()
    given["profiles"][0]["permissions"].append("ViewSetup")
    return World.of(given, records())


def holders(world: World, field: str) -> dict[str, bool]:
    """Who gives Read on a field, and whether Edit as well."""
    reply = world.soql(ADMIN, f"{QUERY}'{field.partition('.')[0]}' AND Field = '{field}'")
    assert reply.status == 200, reply.body
    return {row["Parent"]["Label"]: row["PermissionsEdit"] for row in reply.body["records"]}


@pytest.mark.parametrize("kind", ["PermissionSet", "ObjectPermissions", "FieldPermissions"])
@pytest.mark.parametrize("user", [ANN, AUDITOR])
def test_without_view_setup_they_do_not_exist(world: World, kind: str, user: str) -> None:
    """Not for an agent, and not for somebody who may view all data: INVALID_TYPE, as for what there is not."""
    reply = world.soql(user, f"SELECT Id FROM {kind}")
    assert (reply.status, reply.code) == (400, "INVALID_TYPE")
    assert "is not supported" in reply.body[0]["message"]


def test_every_profile_owns_a_set_and_rows_stand_where_something_is_granted(world: World) -> None:
    """A hidden field has no row, a read-only one no Edit; a permission set gives what it lists."""
    sets = world.soql(ADMIN, "SELECT Label, IsOwnedByProfile, ProfileId, PermissionsViewAllData FROM PermissionSet")
    owned = {row["Label"]: row["IsOwnedByProfile"] for row in sets.body["records"]}
    assert owned == {"Admin": True, "Agent": True, "Audit": True, "Nothing": True, "Risk": False}
    assert {row["Label"] for row in sets.body["records"] if row["PermissionsViewAllData"]} == {"Admin", "Audit"}
    assert holders(world, "Case.Risk__c") == {"Admin": True, "Nothing": True, "Risk": True}
    assert holders(world, "Case.Priority") == {"Admin": True, "Agent": False, "Audit": True, "Nothing": True}
    assert holders(world, "Case.CaseNumber") == {}  # not permissionable
    granted = world.soql(
        ADMIN, "SELECT Parent.Label FROM ObjectPermissions WHERE SobjectType = 'Case' AND PermissionsRead = true"
    )
    assert [row["Parent"]["Label"] for row in granted.body["records"]] == ["Agent"]


def test_they_follow_what_is_changed_at_run_time(world: World) -> None:
    """A field hidden from one person leaves her profile and her sets, one shown again comes back; ids stay."""
    before = world.soql(ADMIN, "SELECT Id, Field FROM FieldPermissions").body["records"]
    world.org.hide_field(CAT, "Case.Risk__c")
    assert holders(world, "Case.Risk__c") == {"Admin": True, "Nothing": True}
    world.org.unhide_field(CAT, "Case.Risk__c")
    after = world.soql(ADMIN, "SELECT Id, Field FROM FieldPermissions").body["records"]
    assert [row["Id"] for row in after] == [row["Id"] for row in before]


def test_nobody_writes_them(world: World) -> None:
    """Rights are set up elsewhere: create, change and delete are refused."""
    row = world.soql(ADMIN, "SELECT Id FROM PermissionSet LIMIT 1").body["records"][0]
    path = f"/sobjects/PermissionSet/{row['Id']}"
    assert world.call(ADMIN, "GET", path).body["Label"]
    assert world.call(ADMIN, "POST", "/sobjects/PermissionSet", {"Name": "X", "Label": "X"}).status >= 400
    assert world.call(ADMIN, "PATCH", path, {"Label": "X"}).status >= 400
    assert world.call(ADMIN, "DELETE", path).status >= 400
