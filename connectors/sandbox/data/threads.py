"""Writes a told conversation into the CRM: the case, its messages and comments, and where each fact stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Final

from connectors.sandbox.data.accounts import Customer
from connectors.sandbox.data.builder import OrgBuilder
from connectors.sandbox.data.hostile import note_mail
from connectors.sandbox.data.letters import Desk, letters_of, secrets_of, speaker
from connectors.sandbox.data.mail import render
from connectors.sandbox.data.org import Agent, Staff
from connectors.sandbox.data.people import Person
from connectors.sandbox.data.planted import mark
from connectors.sandbox.data.scenarios import Saying, Tale, Turn
from connectors.sandbox.data.truth import CaseStory, Fact
from connectors.sandbox.salesforce.values import Row, Value, stamp

FIRST_NUMBER: Final = 1026
"""Case number of the first case."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in a case. `owner_id` is a user or a queue; turns name their writer by the place in `agents`."""

    customer: Customer
    contact_id: str
    contact: Person
    owner_id: str
    agents: tuple[Agent, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A case around its conversation. `fields` are the case's own values (status, product …)."""

    scenario: str
    language: str
    closed: bool
    fields: Mapping[str, Value]


_MAIL_FIELDS: Final = ("TextBody", "HtmlBody", "FromName", "FromAddress", "ToAddress")
_COMMENT_LAG: Final = timedelta(minutes=11)


def write_case(builder: OrgBuilder, staff: Staff, cast: Cast, frame: Frame, tale: Tale) -> Row:
    """Add a case with its thread and comments.

    Returns:
        The row of the case.
    """
    return _Writer(builder, staff, cast, frame, tale).write()


class _Writer:
    """Writes one case."""

    def __init__(self, builder: OrgBuilder, staff: Staff, cast: Cast, frame: Frame, tale: Tale) -> None:
        self.builder = builder
        self.staff = staff
        self.cast = cast
        self.frame = frame
        self.tale = tale
        self.case_id = builder.mint("Case")
        self.secrets = secrets_of(cast.contact, cast.agents, tale.turns)
        desk = Desk(staff.spec["name"], staff.support_address)
        self.letters = letters_of(tale, frame.language, cast.contact, cast.agents, desk)
        self.facts: list[Fact] = []

    def write(self) -> Row:
        case = self._case()
        for number, turn in enumerate(self.tale.turns):
            self._message(turn, number)
        self._comments()
        self.builder.stories.append(
            CaseStory(
                self.builder.alias,
                self.case_id,
                self.frame.scenario,
                self.frame.language,
                len(self.letters),
                self.frame.closed,
                tuple(self.facts),
            )
        )
        return case

    def _case(self) -> Row:
        cast, first, last = self.cast, self.letters[0], self.letters[-1]
        resolution = self.tale.resolution
        case = self.builder.add(
            "Case",
            first.sent,
            self.staff.agents["robot"].id,
            {
                "Id": self.case_id,
                "CaseNumber": f"{FIRST_NUMBER + self.builder.count('Case') - 1:08d}",
                "Subject": self.tale.subject,
                "Description": "\n\n".join(first.paragraphs),
                "AccountId": cast.customer.id,
                "ContactId": cast.contact_id,
                "OwnerId": cast.owner_id,
                "Origin": "Email",
                "Type": None,
                "SuppliedName": cast.contact.name,
                "SuppliedEmail": cast.contact.email,
                "IsClosed": self.frame.closed,
                "ClosedDate": stamp(last.sent) if self.frame.closed else None,
                "Region__c": cast.customer.region,
                "Resolution__c": resolution.text if resolution else None,
                **self.frame.fields,
            },
            changed=last.sent,
        )
        case["LastModifiedById"] = cast.agents[0].id
        if resolution:
            self._note_facts("Case", case, "Resolution__c", [resolution])
        mark(self.builder, "Case", case, ("Description", "SuppliedName", "SuppliedEmail", "Subject"), self.secrets)
        return case

    def _agent(self, turn: Turn) -> Agent:
        return speaker(self.cast.agents, turn)

    def _message(self, turn: Turn, number: int) -> None:
        letter = self.letters[number]
        rendered = render(letter, self.letters[:number])
        message_id = self.builder.mint("EmailMessage")
        self.builder.letters[message_id] = letter
        row = self.builder.add(
            "EmailMessage",
            letter.sent,
            self.staff.agents["robot"].id if turn.incoming else self._agent(turn).id,
            {
                "Id": message_id,
                "ParentId": self.case_id,
                "RelatedToId": self.case_id,
                "Subject": letter.subject,
                "TextBody": rendered.text,
                "HtmlBody": rendered.html,
                "FromName": letter.sender,
                "FromAddress": letter.address,
                "ToAddress": letter.to,
                "CcAddress": None,
                "Incoming": turn.incoming,
                "HasAttachment": False,
                "Status": "2" if turn.incoming else "3",
                "MessageDate": stamp(letter.sent),
                "MessageIdentifier": f"<{message_id}@{letter.address.partition('@')[2]}>",
                "ThreadIdentifier": f"<{self.case_id}@{self.staff.spec['domain']}.example>",
                "IsPrivateDraft": False,
            },
        )
        field = "HtmlBody" if rendered.text is None else "TextBody"
        self._note_facts("EmailMessage", row, field, turn.sayings, rendered.start)
        mark(self.builder, "EmailMessage", row, _MAIL_FIELDS, self.secrets)
        if turn.disguise:
            note_mail(self.builder, "EmailMessage", row, ("TextBody", "HtmlBody"), turn)

    def _note_facts(self, object_: str, row: Row, field: str, sayings: Sequence[Saying], start: int = 0) -> None:
        """Where the sentences stand in the field; in markup they stand escaped."""
        for saying in sayings:
            text = escape(saying.text, quote=False) if field == "HtmlBody" else saying.text
            place = self.builder.find(object_, row, field, text, start)
            if place is None:
                raise LookupError(f"{self.builder.alias}, {row['Id']}: a {saying.kind} sentence is not in {field}")
            self.facts.append(Fact(self.case_id, saying.kind, text, place, saying.due))

    def _comments(self) -> None:
        """Internal notes, spread over the thread, each shortly after a message."""
        notes, agents = self.tale.notes, self.cast.agents
        for number, note in enumerate(notes):
            after = self.letters[(number + 1) * len(self.letters) // (len(notes) + 1)].sent + _COMMENT_LAG
            fields: dict[str, Value] = {"ParentId": self.case_id, "CommentBody": note, "IsPublished": False}
            self.builder.add("CaseComment", after, agents[number % len(agents)].id, fields)
