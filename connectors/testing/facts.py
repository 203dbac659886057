"""What the conformance suite has to know about one CRM: names, targets, prices, and what the CRM cannot do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.interfaces import Audience, TargetKind


@dataclass(frozen=True, slots=True)
class Price:
    """Sequential requests of warm calls, describes left out. Requests sent side by side count as one.

    `read` is the most that one record with its thread and people costs, `reread` what it costs to read all that again,
    `requery` what a read costs when a field was hidden after the describe. `parallel` says that the CRM itself counts
    more requests than the session does.
    """

    read: int
    reread: int
    requery: int
    describe: int
    parallel: bool


@dataclass(frozen=True, slots=True)
class Root:
    """An account or a contact (a company, a contact), as far as the suite reads it and writes to it.

    `fields` is what the suite wants of it and of what hangs on it; `title` a field that its title shows; `thread` the
    objects that the agent sees there, one record of each at least; `edited` a field and a new value that somebody else
    may write; `kinds` its targets, best first; `noun` the word for it in a target's `audience`.
    """

    object: str
    fields: Mapping[str, Sequence[str]]
    title: str
    thread: frozenset[str]
    edited: tuple[str, str]
    kinds: Sequence[TargetKind]
    noun: str


@dataclass(frozen=True, slots=True)
class CrmFacts:
    """One CRM, as far as the suite differs from CRM to CRM.

    `case` is the object that agents work on (a case, a ticket), `fields` what the suite wants of it and of its thread.
    `titles` are fields of the case that its title shows; `hideable` is one that the stage can hide; `edited` a field
    and a new value that somebody else may write. `message` and `message_field` name the object of mails and a text
    field of it, `thread` all objects that the stage's thread consists of, `people` those of its people.
    `article_field` is a text field of `Stage.article`. `missing` is a well-formed id that no record has, `no_ids` are
    texts that are none.

    `kinds` are the targets of a case, best first; `unmarked` those that remain when the CRM offers no unique key;
    `undoable` those that can be taken back. `written` gives the object and the text field that each kind touches.

    `roots` are the other objects that agents work on: "account" and "contact". `audiences` says for each object of the
    case's thread who reads the messages that the stage has put there.

    `rotates`: a refresh token works once and its replay ends the grant. `fences`: a write that did not arrive can be
    kept from ever arriving, so `find` may say no for good. `drafts`: who reads a message that was not sent yet.
    """

    case: str
    fields: Mapping[str, Sequence[str]]
    titles: Sequence[str]
    hideable: str
    edited: tuple[str, str]
    message: str
    message_field: str
    thread: frozenset[str]
    people: frozenset[str]
    article_field: str
    missing: str
    no_ids: Sequence[str]
    kinds: Sequence[TargetKind]
    unmarked: Sequence[TargetKind]
    undoable: Sequence[TargetKind]
    written: Mapping[TargetKind, tuple[str, str]]
    price: Price
    roots: Mapping[str, Root]
    audiences: Mapping[str, Audience]
    rotates: bool = True
    fences: bool = True
    drafts: Literal["author", "all", "none"] = "author"

    def kinds_for(self, argument: str) -> Sequence[TargetKind]:
        """The target kinds that a test with this argument runs for."""
        return {"kind": self.kinds, "undoable": self.undoable, "unmarked": self.unmarked}[argument]

    def aims(self) -> Sequence[tuple[str, TargetKind]]:
        """Every root with each of its targets."""
        return [(name, kind) for name, root in self.roots.items() for kind in root.kinds]
