"""Who reaches files and posts: the owner, whoever a link names, and the readers of the records that links lead to."""

from typing import Final

from connectors.sandbox.salesforce.content import DOCUMENT, LINK, VERSION
from connectors.sandbox.salesforce.sharing import Level, Sharing
from connectors.sandbox.salesforce.values import Row, text_of

FILE_LETTERS: Final = {DOCUMENT: "RED", VERSION: "CRE", LINK: "CRED"}
"""What every profile may do with files: Salesforce has no object permissions for them."""
_PRIVATE: Final = "P"
_SHARE_LEVELS: Final = {"V": Level.READ, "C": Level.EDIT, "I": Level.EDIT}


class ContentSharing(Sharing):
    """Row-level access that knows files and posts. `org.sharing` is one of these.

    View All Data and Modify All Data open the files of all records, but not what a user keeps to herself: that takes
    Query All Files (Object Reference 258.0, ContentDocumentLink).
    """

    def _level(self, user_id: str, kind: str, row: Row) -> Level:
        if kind not in FILE_LETTERS:
            return super()._level(user_id, kind, row)
        if "R" not in self._permissions.letters(user_id, kind):
            return Level.NONE
        level = self._by_sharing(user_id, kind, row)
        if kind == VERSION:
            return level
        if level and self._permissions.has(user_id, "ModifyAllData"):
            return Level.FULL
        return level or Level(int(self._permissions.has(user_id, "QueryAllFiles")))

    def _by_sharing(self, user_id: str, kind: str, row: Row) -> Level:
        if kind == DOCUMENT:
            return self._document(user_id, row)
        if kind == VERSION:
            document = self._store.get(DOCUMENT, row.get("ContentDocumentId"))
            return Level.NONE if document is None else self.level(user_id, DOCUMENT, document)
        if kind == LINK:
            return self._link(user_id, row)
        level = super()._by_sharing(user_id, kind, row)
        own_post = kind == "FeedItem" and row.get("CreatedById") == user_id and level > Level.NONE
        return Level.FULL if own_post else level

    def _document(self, user_id: str, document: Row) -> Level:
        """The owner's, or what the best of its links gives; a role higher up sees no files of those below it."""
        if document.get("OwnerId") == user_id:
            return Level.FULL
        links = self._store.linked(LINK, "ContentDocumentId", text_of(document, "Id"))
        return max((self._through(user_id, row) for row in links), default=Level.NONE)

    def _through(self, user_id: str, link: Row) -> Level:
        """What one link opens. An inferred one (I) opens as much as the record does, short of deleting.

        A file that is "private on records" is not opened by the records that it hangs on.
        """
        most = _SHARE_LEVELS.get(text_of(link, "ShareType"), Level.READ)
        entity = text_of(link, "LinkedEntityId")
        if entity.startswith(("005", "00G")):
            return most if entity in {user_id, *self._groups(user_id)} else Level.NONE
        document = self._store.get(DOCUMENT, link.get("ContentDocumentId"))
        if document is not None and document.get("SharingPrivacy") == _PRIVATE:
            return Level.NONE
        for target in self._store.tables[LINK].kind.fields["linkedentityid"].reference_to:
            record = self._store.get(target, entity)
            if record is not None and not record.get("IsDeleted"):
                return min(most, self.level(user_id, target, record))
        return Level.NONE

    def _link(self, user_id: str, link: Row) -> Level:
        """A link shows to those for whom it opens the document, and to its owner; only the owner removes others'."""
        document = self._store.get(DOCUMENT, link.get("ContentDocumentId"))
        if document is not None and document.get("OwnerId") == user_id:
            return Level.FULL
        reach = self._through(user_id, link)
        return Level.FULL if reach == Level.EDIT else reach

    def _groups(self, user_id: str) -> frozenset[str]:
        return frozenset(group for group, members in self.members.items() if user_id in members)
