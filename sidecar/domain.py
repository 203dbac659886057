"""The words of the design as values. No behaviour beyond what a value knows of itself, no I/O."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connectors.interfaces import Audience, RecordRef, Value

Vectors = NDArray[np.float32]
"""Shape (n, dimension), unit length, float32."""


class Label(IntEnum):
    """Sensitivity of a field. Ordered: a purpose states the highest it may use."""

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    RESTRICTED = 3


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `tenant` comes from the CRM's own answer, never from input. `attributes` feed the Cedar rules.

    `installation` is the name under which the org is configured: it chooses the connector.
    """

    tenant: str
    crm: str
    user_id: str
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    installation: str = ""

    @property
    def grant_id(self) -> str:
        """The key under which this user's tokens lie."""
        return f"{self.crm}:{self.tenant}:{self.user_id}"


class Role(StrEnum):
    """Who speaks in a passage."""

    CUSTOMER = "customer"
    AGENT = "agent"
    RECORD = "record"
    ARTICLE = "article"


@dataclass(frozen=True, slots=True)
class PassageKey:
    """Where a passage comes from: chunk `ordinal` of one field of one record."""

    ref: RecordRef
    field: str
    ordinal: int

    @property
    def id(self) -> str:
        """Stable id in the vector store: reveals ids, never text."""
        return f"{self.ref.object}:{self.ref.id}:{self.field}:{self.ordinal}"

    @property
    def fields(self) -> list[str]:
        """The names of the fields that it was read from: one, unless it is a line."""
        return self.field.split("+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of one field of one record at one version, as the reasoner may see it.

    `text` is sanitised and masked. `hash` is the keyed hash of the *raw* field value; since chunking is deterministic,
    an equal hash means an equal passage. `number` counts from 1 within one `Admitted`. `root` is the record that a
    person would open (the case of a message). `related` is False for the record the button was on and its thread.
    `page` counts from 1 in a file and is 0 elsewhere; `offset` is where the passage begins in the visible text of its
    page or field, in characters and before masking. `audience` says who else can read it in the CRM for sure. Several
    fields that a template reads as one line are one passage, whose key joins their names with "+".
    """

    number: int
    key: PassageKey
    text: str = field(repr=False)
    hash: str
    root: RecordRef
    role: Role
    author: str = field(repr=False, default="")
    when: datetime | None = None
    label: Label = Label.INTERNAL
    related: bool = False
    indexable: bool = False
    flags: tuple[str, ...] = ()
    page: int = 0
    offset: int = 0
    audience: Audience = Audience.AGENT


@dataclass(frozen=True, slots=True)
class Withheld:
    """A field that the *policy* left out. What the CRM denied never appears here."""

    object: str
    field: str
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class Masked:
    """How many values of one data category were replaced, and whether a reader of the draft sees them again."""

    category: str
    count: int
    restored: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """An injected instruction or another oddity found in a field: `rule` names the detector, never the text.

    `strong`: it reads like an instruction, and what it stands in was kept out; else it is only worth knowing.
    """

    ref: RecordRef
    field: str
    rule: str
    strong: bool = True


class Grounding(StrEnum):
    """What the check of a claim against its quote said. EDITED: the agent's own words, checked for leaks only."""

    VERIFIED = "verified"
    UNSUPPORTED = "unsupported"
    STALE = "stale"
    HIDDEN = "hidden"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a draft, tied to a verbatim `quote` of passage `passage` (its number).

    `start`/`end` are the quote's character offsets in the passage's text. `score` is 0 to 1. `due` is an ISO date
    when the sentence holds a promise with a date. `reserved` says why it is for the agent alone, so that it is never
    written; empty when everyone who can read the target may read its source.
    """

    section: str
    text: str = field(repr=False)
    passage: int
    quote: str = field(repr=False)
    start: int = 0
    end: int = 0
    score: float = 0.0
    grounding: Grounding = Grounding.UNSUPPORTED
    due: str = ""
    reserved: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that a claim cites, as stored with the draft: enough to read it again and compare."""

    number: int
    key: PassageKey
    hash: str
    root: RecordRef
    role: Role
    author: str = field(repr=False)
    when: datetime | None
    text: str = field(repr=False)
    title: str = field(repr=False, default="")
    link: str = ""
    related: bool = False
    flags: tuple[str, ...] = ()
    page: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Related:
    """A record that was consulted beside the record and its thread; `score` is a cosine similarity."""

    ref: RecordRef
    title: str = field(repr=False)
    score: float
    link: str = ""


class Step(StrEnum):
    """Where a draft that is being made has come to."""

    READ = "read"
    ADMIT = "admit"
    RELATED = "related"
    REASON = "reason"
    CHECK = "check"
    SAVE = "save"


Progress = Callable[[Step, int], None]
"""Told at the start of each step, with what the one before has found: records, passages, characters, claims."""


def unwatched(_: Step, __: int) -> None:
    """For a draft whose making nobody follows."""


class DraftState(StrEnum):
    """draft -> applying -> applied -> undoing -> undone; draft -> expired | discarded; applying -> unknown."""

    DRAFT = "draft"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    EXPIRED = "expired"
    DISCARDED = "discarded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a draft is kept after it last changed.

    `content`: all of it, once it came to an end; `undo`: what undo of an applied draft needs; `rows`: who, what and
    when, without content, so that a repeated request still finds its answer.
    """

    content: timedelta = timedelta(days=1)
    undo: timedelta = timedelta(days=30)
    rows: timedelta = timedelta(days=90)


TITLE_FIELDS = ("Subject", "Title", "subject")
"""Fields that name a record rather than say something."""

NAME_FIELDS = (*TITLE_FIELDS, "Name", "name", "dealname")
"""Fields that name a record, in the order of preference."""

LINE_BREAK = " · "
"""Stands between the fields of one record that a template reads as one line."""


def raw_text(fields: Mapping[str, Value], names: Iterable[str]) -> str:
    """What the CRM holds in these fields, as one text: what a passage's hash is taken of."""
    return "\x1f".join(str(fields[name] or "") for name in names)


JSON = dict[str, Any]

OWN_MARK = "Private Assistant · ref: "
"""The visible trailer of every text that the assistant writes. Text that carries it is never evidence."""
