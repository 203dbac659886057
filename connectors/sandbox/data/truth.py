"""What the generator knows about its own records: facts, personal data, hostile text and what is hidden from whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

CATEGORIES: Final = frozenset(
    ("name", "email", "phone", "address", "card", "iban", "national_id", "ip", "api_key", "password", "health")
)
"""The kinds of personal data and secrets that are planted."""


class FactKind(StrEnum):
    """What a sentence says about its case."""

    PROBLEM = "problem"
    DETAIL = "detail"
    ORDER = "order"
    TRIED = "tried"
    ESCALATION = "escalation"
    PROMISE = "promise"
    STATE = "state"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one field: characters `start` to `end` of `field` of record `record_id`."""

    org: str
    object: str
    record_id: str
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence that a good summary of `case_id` rests on. `due` is the promise's ISO date, else ""."""

    case_id: str
    kind: FactKind
    text: str
    place: Place
    due: str = ""


@dataclass(frozen=True, slots=True)
class Planted:
    """One occurrence of personal data. The place holds exactly `value`; `category` is one of `CATEGORIES`."""

    category: str
    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Hostile:
    """One record that carries an injected instruction. The place holds exactly `text`; `disguise` names the trick."""

    disguise: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class CaseStory:
    """A case in one look: who may see it is the engine's to decide."""

    org: str
    case_id: str
    scenario: str
    language: str
    messages: int
    closed: bool
    facts: tuple[Fact, ...]

    def of(self, kind: FactKind) -> tuple[Fact, ...]:
        """The facts of one kind, in the order in which they were said."""
        return tuple(fact for fact in self.facts if fact.kind is kind)


@dataclass(frozen=True, slots=True)
class FileFact:
    """A sentence of a file that answers rest on. `page` counts from 1, also where a format has one page only."""

    kind: FactKind
    text: str
    page: int
    due: str = ""


@dataclass(frozen=True, slots=True)
class HiddenText:
    """Text in a file that no reader sees; `disguise` names the trick. Each of them is an injected instruction."""

    disguise: str
    text: str
    page: int


@dataclass(frozen=True, slots=True)
class FileTruth:
    """A version of an attached file: `pages` holds what a reader sees of each, one paragraph a line.

    There are no pages if it cannot be read. `latest` is false for a version that a newer one replaced.
    """

    org: str
    case_id: str
    document_id: str
    name: str
    pages: tuple[str, ...]
    facts: tuple[FileFact, ...]
    hidden: tuple[HiddenText, ...]
    latest: bool = True


@dataclass(frozen=True, slots=True)
class Fates:
    """What happened to records, by record id.

    `merged`: the one that went -> the one that stayed (both in the records of a Salesforce org; in a portal only the
    latter). `deleted`: in the recycle bin. `archived`: the same in a portal, and old tasks of a Salesforce org.
    `moved`: record -> (field, before, now). `held`: under legal hold. `erased`: a contact deleted for good on request;
    no record has the id any more. `persons`: a person account -> its contact. `mentions`: (record, field) -> ids that
    its text names, 18 characters.
    """

    merged: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    archived: set[str] = field(default_factory=set)
    moved: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    persons: dict[str, str] = field(default_factory=dict)
    mentions: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def __or__(self, other: "Fates") -> "Fates":
        """Both: no record is in two of them."""
        return Fates(
            self.merged | other.merged,
            self.deleted | other.deleted,
            self.archived | other.archived,
            self.moved | other.moved,
            self.held | other.held,
            self.erased | other.erased,
            self.persons | other.persons,
            self.mentions | other.mentions,
        )


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """Everything about orgs and portals. Keys of mappings are record ids (18 characters, or HubSpot's digits).

    `drafts`: EmailMessage id -> id of the one user who wrote it. `restricted`: cases that only the head of support
    and View All see. `related`: a case -> the cases and articles that tell about the same trouble.
    `hidden_fields`: per org, profile name (portal: user's e-mail) -> "Object.Field" that is hidden from it.
    `files`: ContentVersion id -> what stands in the file.
    """

    cases: Mapping[str, CaseStory]
    planted: tuple[Planted, ...]
    hostile: tuple[Hostile, ...]
    drafts: Mapping[str, str]
    restricted: frozenset[str]
    related: Mapping[str, tuple[str, ...]]
    hidden_fields: Mapping[str, Mapping[str, tuple[str, ...]]]
    files: Mapping[str, FileTruth]
    fates: Fates

    def __or__(self, other: "GroundTruth") -> "GroundTruth":
        """Both: no record is in two of them."""
        return GroundTruth(
            cases={**self.cases, **other.cases},
            planted=self.planted + other.planted,
            hostile=self.hostile + other.hostile,
            drafts={**self.drafts, **other.drafts},
            restricted=self.restricted | other.restricted,
            related={**self.related, **other.related},
            hidden_fields={**self.hidden_fields, **other.hidden_fields},
            files={**self.files, **other.files},
            fates=self.fates | other.fates,
        )
