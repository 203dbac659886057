"""Cases of the generator, of which it is known what matters in them and who wrote which words of a message."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape
from typing import Any, Final

from connectors.interfaces import Record, RecordRef
from connectors.sandbox.data import ALIASES, build_org
from connectors.sandbox.data.mail import Letter
from connectors.sandbox.data.truth import CaseStory
from sidecar.domain import OWN_MARK
from sidecar.replies import own_words
from sidecar.sanitise import clean
from sidecar.text import sentences
from sidecar.words import tokens

SHORTEST: Final = 5
LONGEST: Final = 60
"""Messages of a case that is measured: from five to sixty."""
UNSENT: Final = "5"
"""Status of an EmailMessage that is a draft."""
TEXTS: Final = ("Description", "TextBody", "CommentBody", "Resolution__c")
_MASKED: Final = re.compile(r"\[[^\]\n]*\]")
"""What stands for a value that nobody sees again, such as "[card ending 7477]"."""
OWN: Final = "own"
SIGNATURE: Final = "signature"
QUOTED: Final = "quoted"
BORROWED: Final = (OWN, SIGNATURE, QUOTED)
"""What a sentence of a message can be besides its writer's new words: our own text, her signature, what she answers."""
_CASE_FIELDS: Final = ("Subject", "Description", "Status", "Priority", "Product__c", "Resolution__c")
_MAIL_FIELDS: Final = ("Subject", "TextBody", "HtmlBody", "FromName")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A case as the CRM holds it, with an earlier summary of ours in its thread.

    `facts` are the sentences that a good summary rests on; `letters` tell of each message what is new in it.
    """

    story: CaseStory
    records: tuple[Record, ...] = field(repr=False)
    people: tuple[Record, ...] = field(repr=False)
    facts: tuple[str, ...] = field(repr=False)
    letters: dict[str, Letter] = field(repr=False)
    own: str
    """Id of the record that holds our earlier text."""

    @property
    def ideal(self) -> str:
        """All facts, in the order in which they were said."""
        return " ".join(self.facts)

    def sentences(self) -> list[str]:
        """What a picker chooses from: the sentences of the people's own words, signatures and quotes left out."""
        texts = (own_words(text) for record in self.records if record.ref.id != self.own for text in _texts(record))
        return [text[start:end] for text in texts for start, end in sentences(text)]

    def borrowed(self, record_id: str, quote: str) -> str:
        """What of `BORROWED` a quote from a record is; "" when it is its writer's new words."""
        if record_id == self.own:
            return OWN
        letter = self.letters.get(record_id)
        if letter is None:
            return ""
        new = _plain(" ".join((*letter.paragraphs, letter.text_extra, letter.subject)))
        if all(_plain(part) in new for part in _MASKED.split(quote)):
            return ""
        said = _plain(quote)
        lines = (_plain(line) for line in letter.signature.splitlines())
        return SIGNATURE if any(line and (line in said or said in line) for line in lines) else QUOTED


def tell(seed: int, count: int) -> list[Told]:
    """`count` cases of one seed, evenly from the shortest to the longest."""
    found = [told for alias in ALIASES for told in _org(alias, seed)]
    found.sort(key=lambda told: (told.story.messages, told.story.case_id))
    return [found[i * len(found) // count] for i in range(count)] if len(found) > count else found


def _org(alias: str, seed: int) -> Iterator[Told]:
    org = build_org(alias, seed, marks=False)
    built = org.builder
    rows: dict[str, Row] = {agent.id: {"Name": agent.name} for agent in org.staff.agents.values()}
    rows |= {str(row["Id"]): row for _, row in built.records}
    threads: dict[str, list[tuple[str, Row]]] = {}
    for object_, row in built.records:
        if object_ in {"EmailMessage", "CaseComment"} and row.get("Status") != UNSENT:
            threads.setdefault(str(row["ParentId"]), []).append((object_, row))
    for story in built.stories:
        if SHORTEST <= story.messages <= LONGEST:
            yield _told(story, rows, threads[story.case_id], built.letters)


def _told(
    story: CaseStory, rows: dict[str, Row], thread: Sequence[tuple[str, Row]], letters: dict[str, Letter]
) -> Told:
    case = rows[story.case_id]
    ref = RecordRef("salesforce", "Case", story.case_id)
    facts = tuple(unescape(f.text) if f.place.field == "HtmlBody" else f.text for f in story.facts)
    messages = sorted((_message(object_, row, ref, rows) for object_, row in thread), key=_written)
    own = _own_text(ref, facts, _written(messages[-1]) - timedelta(minutes=1))
    root = Record(ref, {name: case.get(name) for name in _CASE_FIELDS}, "", at=_time(case["CreatedDate"]))
    return Told(
        story=story,
        records=(root, *messages[:-1], own, messages[-1]),
        people=(_contact(rows[str(case["ContactId"])]),),
        facts=facts,
        letters=letters,
        own=own.ref.id,
    )


def _message(object_: str, row: Row, case: RecordRef, rows: dict[str, Row]) -> Record:
    """As the connector makes it: incoming mail is the customer's, a comment an agent's."""
    mail = object_ == "EmailMessage"
    fields = {name: row.get(name) for name in (_MAIL_FIELDS if mail else ("CommentBody",))}
    author = row["FromName"] if mail else rows[str(row["CreatedById"])]["Name"]
    inbound = bool(mail and row["Incoming"])
    at = _time(row.get("MessageDate") or row["CreatedDate"])
    return Record(RecordRef(case.crm, object_, str(row["Id"])), fields, "", case, "", str(author), at, inbound)


def _own_text(case: RecordRef, facts: Sequence[str], at: datetime) -> Record:
    """A summary that the assistant wrote before, as a comment: full of facts, and no evidence."""
    lines = "\n".join(f"- {fact}" for fact in facts[:7])
    text = f"Situation\n{lines}\n\nDrafted from this case on {at.date().isoformat()}.\n{OWN_MARK}4f6b0c2d"
    ref = RecordRef(case.crm, "CaseComment", f"{case.id}:own")
    return Record(ref, {"CommentBody": text}, "", case, "", "", at, inbound=False)


def _contact(row: Row) -> Record:
    names = ("Name", "FirstName", "LastName", "Email", "Phone", "MobilePhone")
    return Record(RecordRef("salesforce", "Contact", str(row["Id"])), {name: row.get(name) for name in names}, "")


def _texts(record: Record) -> Iterator[str]:
    """What people wrote in a record, as they see it; a message may have an HTML body alone."""
    fields = record.fields
    for name in TEXTS:
        if isinstance(text := fields.get(name), str):
            yield text
    if not fields.get("TextBody") and isinstance(html := fields.get("HtmlBody"), str):
        yield clean(html, html=True).text


def _time(value: object) -> datetime:
    return datetime.fromisoformat(str(value))


def _written(record: Record) -> datetime:
    assert record.at is not None
    return record.at


def _plain(text: str) -> str:
    return " ".join(tokens(text))
