"""Drafts of e-mails, from writing to deleting them, and whom and what a task is about."""

import pytest

from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.org import Org
from tests.unit.sandbox.engine_world import (
    ACME,
    ADMIN,
    ANN,
    AUDITOR,
    BEN,
    BOSS,
    CASE_ANN,
    CASE_QUEUE,
    CASE_SHARED,
    GLOBEX,
    JO,
    MAIL_ANN,
    OUTSIDER,
    Reply,
    World,
    document,
    records,
)

DRAFT = {"ParentId": CASE_ANN, "RelatedToId": CASE_ANN, "Incoming": False, "Status": "5", "Subject": "Re: pump",
         "TextBody": "We look into it.", "ToAddress": "jo@acme.example"}  # fmt: skip


@pytest.fixture
def world() -> World:
    """A fresh org."""
    return World()


def write(world: World, user: str = ANN, /, **fields: object) -> Reply:
    """Create a draft on Ann's case."""
    return world.call(user, "POST", "/sobjects/EmailMessage", {**DRAFT, **fields})


@pytest.mark.parametrize(("user", "seen"), [(ANN, 1), (ADMIN, 1), (BOSS, 0), (AUDITOR, 0), (BEN, 0), (OUTSIDER, 0)])
def test_a_draft_shows_to_its_author_and_to_modify_all(world: World, user: str, seen: int) -> None:
    """Neither those above her nor those who view everything see it; once sent it shows with the case."""
    draft = write(world).body["id"]
    query = f"SELECT Id FROM EmailMessage WHERE Id = '{draft}'"
    assert len(world.ids(user, query)) == seen if user != OUTSIDER else world.soql(user, query).status == 400
    world.org.touch(draft, Status="3")
    assert user in {BEN, OUTSIDER} or world.ids(user, query) == [draft]


@pytest.mark.parametrize("user", [BEN, AUDITOR, OUTSIDER])
def test_who_may_not_edit_the_case_writes_no_draft_on_it(world: World, user: str) -> None:
    """Ben does not see it, the auditor only reads."""
    assert write(world, user).status in {400, 403, 404}


def test_a_case_that_may_only_be_read_takes_a_draft_all_the_same(world: World) -> None:
    """The right to e-mails is the object's; which case they belong to only has to be seen."""
    assert write(world, BEN, ParentId=CASE_SHARED, RelatedToId=CASE_SHARED).status == 201
    assert write(world, BEN, ParentId=CASE_QUEUE, RelatedToId=CASE_QUEUE).code == (
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    )


def test_a_draft_is_edited_and_deleted_by_its_author(world: World) -> None:
    """And by nobody who does not see it; what was sent stays as it is."""
    draft = write(world).body["id"]
    path = f"/sobjects/EmailMessage/{draft}"
    assert world.call(BOSS, "PATCH", path, {"TextBody": "x"}).status == 404
    assert world.call(BOSS, "DELETE", path).status == 404
    assert world.call(ANN, "PATCH", path, {"TextBody": "Better."}).status == 204
    assert world.call(ANN, "GET", path).body["TextBody"] == "Better."
    assert world.call(ANN, "DELETE", path).status == 204
    assert world.call(ANN, "GET", path).status == 404
    sent = world.call(ANN, "PATCH", f"/sobjects/EmailMessage/{MAIL_ANN}", {"TextBody": "x"})
    assert sent.code == "INVALID_FIELD_FOR_INSERT_UPDATE"


@pytest.mark.parametrize(("before", "after", "status"), [
    ("0", "1", 204), ("1", "0", 400), ("1", "3", 400), ("5", "3", 400), ("5", "0", 400), ("0", "5", 400),
])  # fmt: skip
def test_a_status_moves_from_new_to_read_only(world: World, before: str, after: str, status: int) -> None:
    """No client sends a draft by calling it sent, and nothing that was sent becomes a draft again."""
    mail = write(world, Status=before).body["id"]
    assert world.call(ANN, "PATCH", f"/sobjects/EmailMessage/{mail}", {"Status": after}).status == status


def test_a_private_draft_changes_in_its_authors_hands_alone(world: World) -> None:
    """Modify All sees it, and that is all; it must come from an address of hers."""
    private = {"IsPrivateDraft": True, "FromAddress": "ann@test.example"}
    draft = write(world, **private).body["id"]
    path = f"/sobjects/EmailMessage/{draft}"
    assert world.call(ADMIN, "GET", path).status == 200
    assert world.call(ADMIN, "PATCH", path, {"TextBody": "x"}).status == 403
    assert world.call(ANN, "PATCH", path, {"TextBody": "x"}).status == 204
    assert write(world, **{**private, "FromAddress": "support@test.example"}).code == "FIELD_INTEGRITY_EXCEPTION"
    assert write(world, **{**private, "Status": "3"}).code == "FIELD_INTEGRITY_EXCEPTION"


def test_messages_are_found_by_the_contact_of_their_case(world: World) -> None:
    """As far as both are seen."""
    query = f"SELECT Id, Parent.Contact.Email FROM EmailMessage WHERE Parent.ContactId = '{JO}'"
    assert world.ids(ANN, query) == [MAIL_ANN]
    assert world.ids(BEN, query) == []


def test_a_task_is_of_the_account_of_what_it_is_about_else_of_whom(world: World) -> None:
    """On creation and when it moves on; a closed one stays where it is."""

    def account(task: str) -> object:
        return world.call(ANN, "GET", f"/sobjects/Task/{task}").body["AccountId"]

    def task(**fields: object) -> str:
        made = world.call(ANN, "POST", "/sobjects/Task", {"Subject": "Call", **fields})
        assert made.status == 201, made.body
        return str(made.body["id"])

    by_case, by_person, by_nothing = task(WhatId=CASE_ANN), task(WhoId=JO), task()
    assert [account(each) for each in (by_case, by_person, by_nothing)] == [ACME, ACME, None]
    assert world.call(ANN, "PATCH", f"/sobjects/Task/{by_nothing}", {"WhatId": CASE_ANN, "WhoId": JO}).status == 204
    assert account(by_nothing) == ACME
    assert world.call(ANN, "PATCH", f"/sobjects/Task/{by_case}", {"WhatId": None}).status == 204
    assert account(by_case) is None
    found = world.ids(ANN, f"SELECT Id FROM Task WHERE AccountId = '{ACME}'")
    assert set(found) == {by_person, by_nothing}


@pytest.mark.parametrize(("fields", "code"), [
    ({"WhatId": JO}, "MALFORMED_ID"),
    ({"WhoId": ACME}, "MALFORMED_ID"),
    ({"WhatId": mint("001", "5e0", 99)}, "INVALID_CROSS_REFERENCE_KEY"),
    ({"WhatId": GLOBEX}, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
    ({"AccountId": ACME}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
])  # fmt: skip
def test_a_task_is_about_a_person_and_a_thing_that_its_author_sees(
    world: World, fields: dict[str, object], code: str
) -> None:
    """A contact stands in WhoId, everything else in WhatId; the account follows by itself."""
    assert world.call(ANN, "POST", "/sobjects/Task", {"Subject": "Call", **fields}).code == code


def test_loaded_tasks_know_their_account_whatever_comes_first() -> None:
    """Also when the case that a task is about is loaded after it."""
    task = ("Task", {"Id": mint("00T", "5e0", 1), "Subject": "Call", "WhatId": CASE_ANN, "OwnerId": ANN})
    world = World()
    world.org = Org.load(document(), [task, *records()], world.clock)
    assert world.ids(ANN, f"SELECT Id FROM Task WHERE AccountId = '{ACME}'") == [task[1]["Id"]]
