"""Feed posts: as records, and through the little of Chatter that there is."""

from typing import Any

import pytest

from connectors.sandbox.salesforce.org import Org
from tests.unit.sandbox.engine_world import (
    ADMIN,
    ANN,
    BEN,
    BOSS,
    CASE_ANN,
    CASE_SHARED,
    Reply,
    World,
    document,
    records,
)


@pytest.fixture
def world() -> World:
    """A fresh org."""
    return World()


def post(world: World, user: str = ANN, **fields: object) -> Reply:
    """A post as a record."""
    return world.call(user, "POST", "/sobjects/FeedItem", {"ParentId": CASE_ANN, "Body": "Seen.", **fields})


def say(world: World, text: str, user: str = ANN, subject: str = CASE_ANN, **extra: object) -> Reply:
    """A post through Chatter."""
    body = {
        "body": {"messageSegments": [{"type": "Text", "text": text}]},
        "feedElementType": "FeedItem",
        "subjectId": subject,
        **extra,
    }
    return world.call(user, "POST", "/chatter/feed-elements", body)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Body": None}, "REQUIRED_FIELD_MISSING"),
        ({"Body": "x" * 10_001}, "STRING_TOO_LONG"),
        ({"Type": "LinkPost"}, "REQUIRED_FIELD_MISSING"),
        ({"Type": "PollPost"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"ParentId": CASE_SHARED}, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
        ({"ParentId": None}, "REQUIRED_FIELD_MISSING"),
        ({"LikeCount": 3}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_bad_posts_are_refused(world: World, fields: dict[str, object], code: str) -> None:
    """No words, too many, unknown kinds, places out of reach."""
    body = {"ParentId": CASE_ANN, "Body": "Seen.", **fields}
    assert world.call(ANN, "POST", "/sobjects/FeedItem", body).code == code
    assert not world.org.records["FeedItem"]


def test_a_post_shows_to_the_readers_of_its_record_and_is_asked_for_by_record(world: World) -> None:
    """Ann and her boss see it, Ben does not; only who sees all data may ask without a record."""
    made = post(world, Body="x" * 10_000, Visibility="InternalUsers").body["id"]
    asked = f"SELECT Id FROM FeedItem WHERE ParentId = '{CASE_ANN}'"
    assert [world.ids(user, asked) for user in (ANN, BOSS, BEN)] == [[made], [made], []]
    assert world.soql(ANN, "SELECT Id FROM FeedItem").code == "MALFORMED_QUERY"
    assert world.ids(ADMIN, "SELECT Id FROM FeedItem") == [made]
    assert world.org.records["FeedItem"][made]["InsertedById"] == ANN


def test_a_post_is_not_edited_but_its_author_may_delete_it(world: World) -> None:
    """Not by its author nor by the owner of the record; by an administrator."""
    made = post(world, ANN, ParentId=CASE_ANN).body["id"]
    for user, status in ((ANN, 403), (BOSS, 403), (ADMIN, 204)):
        assert world.call(user, "PATCH", f"/sobjects/FeedItem/{made}", {"Body": "Changed."}).status == status
    shared = post(world, BEN, ParentId=CASE_SHARED).body["id"]
    assert world.call(BEN, "DELETE", f"/sobjects/FeedItem/{shared}").status == 204


def test_who_may_edit_her_own_posts() -> None:
    """The author, once her profile gives the right; nobody else's post."""
    rights = document()
    rights["profiles"][1]["permissions"].append("ChatterEditOwnPost")
    world = World()
    world.org = Org.load(rights, records(), world.clock)
    made = post(world).body["id"]
    for user, status in ((ANN, 204), (BOSS, 403), (BEN, 404)):
        assert world.call(user, "PATCH", f"/sobjects/FeedItem/{made}", {"Body": "Changed."}).status == status


def test_chatter_says_who_i_am(world: World) -> None:
    """`me`, a colleague, nobody."""
    me: dict[str, Any] = world.call(ANN, "GET", "/chatter/users/me").body
    assert (me["id"], me["name"], me["email"], me["type"]) == (ANN, "Ann Agent", "ann@test.example", "User")
    assert world.call(ANN, "GET", f"/connect/users/{BEN}").body["name"] == "Ben Agent"
    assert world.call(ANN, "GET", "/chatter/users/0055e0000000099AAA").status == 404


def test_chatter_posts_and_reads(world: World) -> None:
    """Segments become words; the feed pages from the newest on, for those who see the record."""
    first = say(world, "One.", visibility="InternalUsers")
    assert (first.status, first.body["body"]["text"], first.body["type"]) == (201, "One.", "TextPost")
    segments = [
        {"type": "MarkupBegin", "markupType": "Bold"},
        {"type": "Text", "text": "Ask "},
        {"type": "Mention", "id": BEN},
        {"type": "MarkupEnd", "markupType": "Bold"},
    ]
    world.clock.advance(seconds=2)
    second = say(world, "", body={"messageSegments": segments})
    assert second.body["body"]["text"] == "Ask @Ben Agent"
    path = f"/chatter/feeds/record/{CASE_ANN}/feed-elements"
    page = world.call(ANN, "GET", path, query={"pageSize": "1"}).body
    assert [element["id"] for element in page["elements"]] == [second.body["id"]]
    rest = world.call(ANN, "GET", path, query={"pageSize": "1", "page": page["nextPageToken"]}).body
    assert ([element["id"] for element in rest["elements"]], rest["nextPageUrl"]) == ([first.body["id"]], None)
    assert world.call(BEN, "GET", path).status == 404
    assert world.call(ANN, "GET", f"/chatter/feed-elements/{first.body['id']}").body["createdDate"].endswith("Z")
    asked = {"feedElementType": "FeedItem", "subjectId": "me", "text": "On my own page."}
    mine = world.call(ANN, "POST", "/chatter/feed-elements", query=asked)
    assert (mine.status, mine.body["parent"]["id"]) == (201, ANN)


def test_chatter_keeps_hidden_fields_hidden(world: World) -> None:
    """Neither the words of a post nor the name of its record reach who may not see the field."""
    made = say(world, "Secret.").body["id"]
    for field in ("FeedItem.Body", "Case.CaseNumber"):
        world.org.hide_field(BOSS, field)
    shown = world.call(BOSS, "GET", f"/chatter/feed-elements/{made}").body
    assert (shown["body"]["text"], shown["parent"]["name"]) == (None, None)
    assert world.call(ANN, "GET", f"/chatter/feed-elements/{made}").body["parent"]["name"] == "00000001"


def test_bad_chatter_is_refused(world: World) -> None:
    """Other kinds, no segments, no subject, mentions of nobody, pages that are none."""
    for reply, code in (
        (say(world, "x", feedElementType="Bundle"), "INVALID_INPUT"),
        (say(world, "x", body={}), "INVALID_INPUT"),
        (say(world, "x", body=[1]), "INVALID_INPUT"),
        (say(world, "x", body={"messageSegments": [{"type": "Mention", "id": "x"}]}), "MALFORMED_ID"),
        (say(world, "x", subject=""), "REQUIRED_FIELD_MISSING"),
        (say(world, ""), "REQUIRED_FIELD_MISSING"),
        (say(world, "x", subject=CASE_SHARED), "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
    ):
        assert (reply.status, reply.code) == (400, code)
    path = f"/chatter/feeds/record/{CASE_ANN}/feed-elements"
    for query in ({"pageSize": "0"}, {"pageSize": "101"}, {"page": "x"}, {"page": "1"}):
        assert world.call(ANN, "GET", path, query=query).code == "INVALID_PARAMETER"
    assert world.call(ANN, "GET", "/chatter/feeds/record/nothing/feed-elements").status == 404
