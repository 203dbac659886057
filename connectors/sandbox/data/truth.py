"""What the generator knows about its own records: facts, personal data, hostile text and what is hidden from whom."""

from collections.abc import Mapping
from dataclasses import dataclass
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
class GroundTruth:
    """Everything about orgs and portals. Keys of mappings are record ids (18 characters, or HubSpot's digits).

    `drafts`: EmailMessage id -> id of the one user who wrote it. `restricted`: cases that only the head of support
    and View All see. `related`: a case -> the cases and articles that tell about the same trouble.
    `hidden_fields`: per org, profile name (portal: user's e-mail) -> "Object.Field" that is hidden from it.
    """

    cases: Mapping[str, CaseStory]
    planted: tuple[Planted, ...]
    hostile: tuple[Hostile, ...]
    drafts: Mapping[str, str]
    restricted: frozenset[str]
    related: Mapping[str, tuple[str, ...]]
    hidden_fields: Mapping[str, Mapping[str, tuple[str, ...]]]

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
        )
