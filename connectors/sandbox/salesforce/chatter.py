"""The little of Connect REST that a desk needs: who am I, the posts on a record, and a new text post."""

from typing import Final

from connectors.sandbox.salesforce.call import Answer, Call, object_of
from connectors.sandbox.salesforce.errors import ApiError, bad_input, malformed_id, not_found
from connectors.sandbox.salesforce.ids import canonical
from connectors.sandbox.salesforce.soql_scope import entity_value
from connectors.sandbox.salesforce.values import Json, Row, Value, text_of

_FEED_ITEM: Final = "FeedItem"
_PAGE, _MOST = 25, 100


def user(call: Call, who: str) -> Answer:
    """`GET chatter/users/me` or `chatter/users/{id}`."""
    found = call.org.user(call.user_id if who == "me" else who)
    if found is None:
        raise not_found()
    return Answer(200, _person(call, found) | {"email": found.get("Email"), "username": found.get("Username")})


def record_feed(call: Call, record_id: str) -> Answer:
    """`GET chatter/feeds/record/{id}/feed-elements`: posts on a record, newest first, `pageSize` of them."""
    parent = _subject(call, record_id)
    view, path = call.view(), f"{call.root}/chatter/feeds/record/{parent['Id']}/feed-elements"
    below = call.org.store.linked(_FEED_ITEM, "ParentId", text_of(parent, "Id"))
    posts = [row for row in below if view.sees(_FEED_ITEM, row)]
    posts.sort(key=lambda row: (text_of(row, "CreatedDate"), text_of(row, "Id")), reverse=True)
    size, start = _number(call, "pageSize", _PAGE, 1, _MOST), _number(call, "page", 0, 0, len(posts))
    end = start + size
    more = str(end) if end < len(posts) else None
    page: Json = {
        "currentPageToken": call.query.get("page"),
        "currentPageUrl": path,
        "elements": [_element(call, row) for row in posts[start:end]],
        "nextPageToken": more,
        "nextPageUrl": f"{path}?page={more}&pageSize={size}" if more else None,
    }
    return Answer(200, page)


def element(call: Call, record_id: str) -> Answer:
    """`GET chatter/feed-elements/{id}`."""
    return Answer(200, _element(call, call.writer.readable(call.kind(_FEED_ITEM), record_id)))


def post(call: Call) -> Answer:
    """`POST chatter/feed-elements`: a text post, told by a JSON body or by `subjectId` and `text` in the query."""
    body: Json = call.json_object() if call.body.strip() else {**call.query}
    if body.get("feedElementType") != _FEED_ITEM:
        raise bad_input("feedElementType must be FeedItem")
    subject = str(body.get("subjectId") or "")
    fields = {"ParentId": call.user_id if subject == "me" else subject, "Type": "TextPost", "Body": _text(call, body)}
    if body.get("visibility"):
        fields["Visibility"] = str(body["visibility"])
    kind = call.kind(_FEED_ITEM)
    record_id = call.writer.create(kind, fields)
    return Answer(201, _element(call, call.org.store.tables[_FEED_ITEM].rows[record_id]))


def _text(call: Call, body: Json) -> str:
    """The words of a post: its text segments, and a name for each mention; markup is dropped."""
    if isinstance(body.get("text"), str):
        return str(body["text"])
    segments = object_of(body.get("body") or {}).get("messageSegments")
    if not isinstance(segments, list):
        raise bad_input("The post needs body.messageSegments")
    words = ""
    for segment in map(object_of, segments):
        if segment.get("type") == "Text":
            words += str(segment.get("text") or "")
        elif segment.get("type") == "Mention":
            mentioned = call.org.user(str(segment.get("id") or ""))
            if mentioned is None:
                raise malformed_id(str(segment.get("id")), "mention")
            words += f"@{mentioned.get('Name')}"
    return words


def _subject(call: Call, record_id: str) -> Row:
    wide = canonical(record_id)
    kind = call.org.schema.by_id(wide) if wide is not None else None
    if wide is None or kind is None:
        raise not_found()
    return call.writer.readable(call.kind(kind.name), wide)


def _element(call: Call, row: Row) -> Json:
    """A post with the fields that the user may see."""
    view, record_id = call.view(), text_of(row, "Id")
    parent_kind = call.org.kind_of(text_of(row, "ParentId"))
    parent = call.org.store.get(parent_kind.name, row.get("ParentId")) or {}
    name = entity_value(view, parent_kind.name, parent, "Name")
    row = {field: value for field, value in row.items() if field in view.visible(_FEED_ITEM)}
    text = row.get("Body")
    return {
        "id": record_id,
        "url": f"{call.root}/chatter/feed-elements/{record_id}",
        "feedElementType": _FEED_ITEM,
        "type": row.get("Type"),
        "visibility": row.get("Visibility"),
        "body": {"text": text, "isRichText": False, "messageSegments": [{"type": "Text", "text": text}]},
        "actor": _person(call, call.org.user(text_of(row, "CreatedById")) or {}),
        "parent": {
            "id": row.get("ParentId"),
            "type": parent_kind.name,
            "name": name,
            "url": f"{call.root}/chatter/records/{row.get('ParentId')}",
        },
        "header": {"text": f"{name} — {(call.org.user(text_of(row, 'CreatedById')) or {}).get('Name')}"},
        "createdDate": _time(row.get("CreatedDate")),
        "modifiedDate": _time(row.get("LastModifiedDate")),
        "event": False,
        "isDeleteRestricted": False,
        "capabilities": {"comments": {"page": {"items": [], "total": row.get("CommentCount") or 0}}},
    }


def _person(call: Call, row: Row) -> Json:
    return {
        "id": row.get("Id"),
        "name": row.get("Name"),
        "displayName": row.get("Name"),
        "firstName": row.get("FirstName"),
        "lastName": row.get("LastName"),
        "title": row.get("Title"),
        "isActive": bool(row.get("IsActive")),
        "type": "User",
        "userType": "Internal",
        "url": f"{call.root}/chatter/users/{row.get('Id')}",
    }


def _time(value: Value) -> Value:
    return value.replace("+0000", "Z") if isinstance(value, str) else value


def _number(call: Call, name: str, default: int, least: int, most: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or not least <= int(text[:9]) <= most:
        raise ApiError(400, "INVALID_PARAMETER", f"{name} must be a number from {least} to {most}")
    return int(text[:9])
