"""A writer that knows what files, their links and feed posts bring along: documents, versions, limits, cascades."""

from collections.abc import Mapping
from typing import Final

from connectors.sandbox.salesforce import content
from connectors.sandbox.salesforce.content import DOCUMENT, LINK, VERSION
from connectors.sandbox.salesforce.errors import ApiError, no_access
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.sharing import Level
from connectors.sandbox.salesforce.values import Row, text_of
from connectors.sandbox.salesforce.writes import Writer

FEED_ITEM: Final = "FeedItem"
_SHARED_NAMES: Final = ("Title", "Description")
"""A document and its latest version have these in common."""
_POST_NEEDS: Final = {"TextPost": "Body", "LinkPost": "LinkUrl", "ContentPost": "RelatedRecordId"}


class ContentWriter(Writer):
    """One user's hand on one org, files and posts included. The hand that every request uses."""

    __slots__ = ()

    def create(self, kind: ObjectType, body: Mapping[str, object]) -> str:
        """See `Writer.create`. `VersionData` of a `ContentVersion` is base64 text, or the bytes themselves."""
        if kind.name == DOCUMENT:
            raise _unsupported(kind, "inserted")
        with self.org.store.transaction():
            return self._create_version(kind, body) if kind.name == VERSION else self._create(kind, body)

    def update(self, kind: ObjectType, row: Row, body: Mapping[str, object]) -> None:
        """See `Writer.update`. A post is changed by nobody but those who may edit posts."""
        if kind.name == FEED_ITEM and not self._edits_posts(row):
            raise no_access()
        super().update(kind, row, body)
        if kind.name in {DOCUMENT, VERSION}:
            new = self.org.store.tables[kind.name].rows[text_of(row, "Id")]
            document_id = new["Id"] if kind.name == DOCUMENT else new.get("ContentDocumentId")
            if kind.name == DOCUMENT or new.get("IsLatest"):
                content.rename(self.org, str(document_id), {name: new.get(name) for name in _SHARED_NAMES})

    def delete(self, kind: ObjectType, row: Row) -> None:
        """See `Writer.delete`. A document takes its versions along, every record its links; no version goes alone."""
        if kind.name == VERSION:
            raise _unsupported(kind, "deleted")
        super().delete(kind, row)
        below = ((VERSION, "ContentDocumentId"), (LINK, "ContentDocumentId")) if kind.name == DOCUMENT else ()
        for child, lookup in (*below, (LINK, "LinkedEntityId")):
            for tied in list(self.org.store.linked(child, lookup, text_of(row, "Id"))):
                gone = tied | {"IsDeleted": True, "SystemModstamp": self.org.now()}
                self.org.store.put(child, text_of(tied, "Id"), gone)

    def _create(self, kind: ObjectType, body: Mapping[str, object]) -> str:
        record_id = super().create(kind, body)
        row = self.org.store.tables[kind.name].rows[record_id]
        if kind.name == LINK:
            self._check_link(row)
            content.mark_mail(self.org, row["LinkedEntityId"])
        if kind.name == FEED_ITEM:
            _check_post(row)
            self.org.store.put(kind.name, record_id, row | {"InsertedById": self.user_id})
        return record_id

    def _create_version(self, kind: ObjectType, body: Mapping[str, object]) -> str:
        given = {name.lower(): value for name, value in body.items()}
        data = content.decoded(given["versiondata"]) if given.get("versiondata") else None
        values = {name: value for name, value in body.items() if name.lower() != "versiondata"}
        if data is not None:
            values["VersionData"] = content.checksum_of(data)
        if not given.get("title") and isinstance(given.get("pathonclient"), str):
            name = str(given["pathonclient"]).rpartition("/")[2]
            values["Title"] = name.rpartition(".")[0] or name
        record_id = super().create(kind, values)
        row = self.org.store.tables[VERSION].rows[record_id]
        document = self.org.store.get(DOCUMENT, row.get("ContentDocumentId"))
        if document is not None and self.org.sharing.level(self.user_id, DOCUMENT, document) < Level.EDIT:
            raise no_access()
        self._check_place(text_of(row, "FirstPublishLocationId"))
        content.publish(self.org, record_id, data or b"")
        return record_id

    def _check_link(self, link: Row) -> None:
        self._check_place(text_of(link, "LinkedEntityId"))
        document_id, entity_id = text_of(link, "ContentDocumentId"), link["LinkedEntityId"]
        links = self.org.store.linked(LINK, "ContentDocumentId", document_id)
        if any(row["LinkedEntityId"] == entity_id and row["Id"] != link["Id"] for row in links):
            text = f"Document with ID: {document_id[:15]} is already linked with the entity with ID: {entity_id}"
            raise ApiError(400, "DUPLICATE_VALUE", text, ())

    def _check_place(self, entity_id: str) -> None:
        """A file may be put on a record by those who may edit the record, and shared with anybody."""
        kind = self.org.schema.by_id(entity_id) if entity_id else None
        if kind is None or kind.setup:
            return
        row = self.org.store.tables[kind.name].rows[entity_id]
        if self.org.sharing.level(self.user_id, kind.name, row) < Level.EDIT:
            text = f"insufficient access rights on cross-reference id: {entity_id[:15]}"
            raise ApiError(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", text, ())

    def _edits_posts(self, post: Row) -> bool:
        may = self.org.permissions.has
        own = post.get("CreatedById") == self.user_id and may(self.user_id, "ChatterEditOwnPost")
        return own or may(self.user_id, "ModifyAllData")


def _check_post(post: Row) -> None:
    """A post has the one thing that its type is about.

    Raises:
        ApiError: `INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST`, `REQUIRED_FIELD_MISSING`.
    """
    kind = text_of(post, "Type")
    needed = _POST_NEEDS.get(kind)
    if needed is None:
        text = f"Feed Item Type: bad value for restricted picklist field: {kind}"
        raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, ("Type",))
    if not post.get(needed):
        raise ApiError(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{needed}]", (needed,))


def _unsupported(kind: ObjectType, done: str) -> ApiError:
    return ApiError(400, "INVALID_TYPE_FOR_OPERATION", f"entity type cannot be {done}: {kind.label}")
