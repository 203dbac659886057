"""Collects the records of one org together with what is known about them; a portal's collector shares the ledger."""

from datetime import UTC, datetime
from random import Random
from typing import Final

from connectors.sandbox.data.mail import Letter
from connectors.sandbox.data.truth import CaseStory, Fates, FileTruth, Hostile, Place, Planted
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.values import Row, Value, stamp

NOW: Final = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""Nothing in the data is newer: the sandbox's clock starts an hour later."""

PREFIXES: Final = {
    "Organization": "00D",
    "User": "005",
    "UserRole": "00E",
    "Profile": "00e",
    "PermissionSet": "0PS",
    "Group": "00G",
    "Account": "001",
    "Contact": "003",
    "Opportunity": "006",
    "Case": "500",
    "CaseComment": "00a",
    "EmailMessage": "02s",
    "Task": "00T",
    "Knowledge__kav": "ka0",
    "KnowledgeArticle": "kA0",
    "FeedItem": "0D5",
    "ContentDocument": "069",
    "ContentVersion": "068",
    "ContentDocumentLink": "06A",
}


class Ledger:
    """What is known about one org or portal in the making. `key` is the field of a record that holds its id.

    With `marks` off nobody looks for personal data in the finished texts, which halves the time. `letters` are messages
    by their record's id, as they were before they were rendered: what is new in them, and what only the signature.
    """

    key = "Id"

    def __init__(self, alias: str, seed: int, *, marks: bool = True) -> None:
        self.alias = alias
        self.seed = seed
        self.marks = marks
        self.stories: list[CaseStory] = []
        self.planted: list[Planted] = []
        self.hostile: list[Hostile] = []
        self.drafts: dict[str, str] = {}
        self.restricted: set[str] = set()
        self.related: dict[str, tuple[str, ...]] = {}
        self.files: dict[str, FileTruth] = {}
        self.letters: dict[str, Letter] = {}
        self.fates = Fates()
        self._counts: dict[str, int] = {}

    def random(self, *what: object) -> Random:
        """A generator of its own for each thing, so that a change in one case does not ripple through the others."""
        return Random(":".join(map(str, (self.seed, self.alias, *what))))  # noqa: S311 - repeatable, not secret

    def forget(self) -> None:
        """Drop what is known about the records so far; ids go on counting."""
        for known in (self.stories, self.planted, self.hostile, self.drafts, self.restricted, self.related, self.files):
            known.clear()
        self.letters.clear()
        self.fates = Fates()

    def count(self, object_: str) -> int:
        """How many ids of an object were given."""
        return self._counts.get(object_, 0)

    def advance(self, object_: str) -> int:
        """The number of the next record of an object; they begin with 1."""
        self._counts[object_] = self.count(object_) + 1
        return self._counts[object_]

    def place(self, object_: str, row: Row, field: str, start: int, length: int) -> Place:
        """A stretch of one field of a record of this org."""
        return Place(self.alias, object_, str(row[self.key]), field, start, start + length)

    def find(self, object_: str, row: Row, field: str, text: str, start: int = 0) -> Place | None:
        """Where `text` stands in the field, from `start` on."""
        value = row.get(field)
        found = value.find(text, start) if isinstance(value, str) else -1
        return None if found < 0 else self.place(object_, row, field, found, len(text))


class OrgBuilder(Ledger):
    """One org in the making. Ids count up per object, so the n-th record of an object has the same id at every seed."""

    def __init__(self, alias: str, pod: str, seed: int, *, marks: bool = True) -> None:
        super().__init__(alias, seed, marks=marks)
        self.pod = pod
        self.records: list[tuple[str, Row]] = []
        self.shares: list[dict[str, str]] = []

    def mint(self, object_: str) -> str:
        """The next id of an object."""
        return mint(PREFIXES[object_], self.pod, self.advance(object_))

    def add(
        self, object_: str, created: datetime, by: str, fields: dict[str, Value], changed: datetime | None = None
    ) -> Row:
        """Store a record; `fields` may hold an `Id` minted earlier. `changed` defaults to `created`."""
        last = stamp(min(changed or created, NOW))
        row: Row = {
            "Id": fields.get("Id") or self.mint(object_),
            "IsDeleted": False,
            **fields,
            "CreatedDate": stamp(created),
            "CreatedById": by,
            "LastModifiedDate": last,
            "LastModifiedById": by,
            "SystemModstamp": last,
        }
        self.records.append((object_, row))
        return row

    def share(self, record_id: str, who: str, level: str) -> None:
        """Share a record with a user or a group: `level` is "Read" or "Edit"."""
        self.shares.append({"ParentId": record_id, "UserOrGroupId": who, "AccessLevel": level})
