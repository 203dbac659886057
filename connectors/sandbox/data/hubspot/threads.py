"""Writes a told conversation into the portal: ticket, e-mails, notes, calls and tasks, and where each fact stands."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final

from connectors.sandbox.data.accounts import Customer
from connectors.sandbox.data.hostile import note_mail
from connectors.sandbox.data.hubspot.builder import PortalBuilder, stamp
from connectors.sandbox.data.hubspot.portal import Crew, Member
from connectors.sandbox.data.letters import Desk, letters_of, secrets_of, speaker
from connectors.sandbox.data.mail import Letter, render
from connectors.sandbox.data.people import Person
from connectors.sandbox.data.planted import mark
from connectors.sandbox.data.scenarios import Saying, Tale, Turn
from connectors.sandbox.data.truth import CaseStory, Fact
from connectors.sandbox.salesforce.values import Row

EMAIL_BODIES: Final = ("hs_email_text", "hs_email_html")
_MAIL_FIELDS: Final = (
    *EMAIL_BODIES,
    "hs_email_headers",
    "hs_email_from_email",
    "hs_email_from_firstname",
    "hs_email_from_lastname",
    "hs_email_to_email",
)
_NOTE_LAG: Final = timedelta(minutes=11)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in a ticket. `owner` is a member's key or None; turns name their writer by place in `agents`.

    The activities of a `private` ticket hang on the ticket alone: who sees the customer does not see them.
    """

    customer: Customer
    contact_id: str
    contact: Person
    owner: str | None
    agents: tuple[Member, ...]
    private: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """A ticket around its conversation. `properties` are the ticket's own values (stage, severity …)."""

    scenario: str
    language: str
    closed: bool
    properties: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that an agent wrote down: plain text, and the agent's place in the cast."""

    who: int
    at: datetime
    title: str
    minutes: int
    text: str


@dataclass(frozen=True, slots=True)
class Todo:
    """A task of an agent."""

    who: int
    at: datetime
    due: datetime
    subject: str
    text: str
    status: str


def write_ticket(
    builder: PortalBuilder, crew: Crew, cast: Cast, frame: Frame, tale: Tale, *, calls: Sequence[Call] = ()
) -> Row:
    """Add a ticket with its e-mails, notes and calls.

    Returns:
        The ticket's properties.
    """
    return _Writer(builder, crew, cast, frame, tale).write(calls)


def write_task(builder: PortalBuilder, crew: Crew, ticket: Row, cast: Cast, todo: Todo) -> Row:
    """Add a task to a ticket; `hs_timestamp` is when it is due."""
    agent = cast.agents[todo.who]
    task = builder.add(
        "tasks",
        todo.at,
        {
            "hs_timestamp": stamp(todo.due),
            "hs_task_subject": todo.subject,
            "hs_task_body": _markup(todo.text),
            "hs_task_status": todo.status,
            "hs_task_priority": "HIGH" if ticket["hs_ticket_priority"] in {"HIGH", "URGENT"} else "NONE",
            "hs_task_type": "TODO",
            **crew.ownership(_key_of(crew, agent)),
        },
    )
    _hang(builder, "tasks", task, ticket, cast)
    mark(builder, "tasks", task, ("hs_task_body", "hs_task_subject"), secrets_of(cast.contact, cast.agents, ()))
    return task


def write_note(builder: PortalBuilder, crew: Crew, ticket: Row, cast: Cast, *, at: datetime, author: Member,
               markup: str) -> Row:  # fmt: skip
    """Add a note to a ticket."""
    properties: Row = {"hs_timestamp": stamp(at), "hs_note_body": markup, **crew.ownership(_key_of(crew, author))}
    note = builder.add("notes", at, properties)
    _hang(builder, "notes", note, ticket, cast)
    mark(builder, "notes", note, ("hs_note_body",), secrets_of(cast.contact, cast.agents, ()))
    return note


class _Writer:
    """Writes one ticket."""

    def __init__(self, builder: PortalBuilder, crew: Crew, cast: Cast, frame: Frame, tale: Tale) -> None:
        self.builder = builder
        self.crew = crew
        self.cast = cast
        self.frame = frame
        self.tale = tale
        self.ticket_id = builder.mint("tickets")
        self.secrets = secrets_of(cast.contact, cast.agents, tale.turns)
        desk = Desk(crew.spec["portal"]["name"], crew.support_address)
        self.letters = letters_of(tale, frame.language, cast.contact, cast.agents, desk)
        self.facts: list[Fact] = []

    def write(self, calls: Sequence[Call]) -> Row:
        ticket = self._ticket()
        for turn, (number, letter) in zip(self.tale.turns, enumerate(self.letters), strict=True):
            self._email(ticket, turn, letter, self.letters[:number])
        self._notes(ticket)
        for call in calls:
            self._call(ticket, call)
        self.builder.stories.append(
            CaseStory(
                self.builder.alias,
                self.ticket_id,
                self.frame.scenario,
                self.frame.language,
                len(self.letters),
                self.frame.closed,
                tuple(self.facts),
            )
        )
        return ticket

    def _ticket(self) -> Row:
        cast, first, last = self.cast, self.letters[0], self.letters[-1]
        resolution = self.tale.resolution
        ticket = self.builder.add(
            "tickets",
            first.sent,
            {
                "hs_object_id": self.ticket_id,
                "subject": self.tale.subject,
                "content": "\n\n".join(first.paragraphs),
                "source_type": "EMAIL",
                "closed_date": stamp(last.sent) if self.frame.closed else None,
                "region": cast.customer.region,
                "resolution": resolution.text if resolution else None,
                "legal_hold": None,
                **self.crew.ownership(cast.owner),
                **self.frame.properties,
            },
            changed=last.sent,
        )
        self.builder.associate(("tickets", self.ticket_id), ("contacts", cast.contact_id))
        self.builder.associate(("tickets", self.ticket_id), ("companies", cast.customer.id))
        if resolution:
            self._note_facts("tickets", ticket, "resolution", [resolution])
        mark(self.builder, "tickets", ticket, ("content", "subject"), self.secrets)
        return ticket

    def _email(self, ticket: Row, turn: Turn, letter: Letter, earlier: Sequence[Letter]) -> None:
        rendered = render(letter, earlier)
        sender = self.cast.contact if turn.incoming else speaker(self.cast.agents, turn)
        first, _, last = sender.name.partition(" ")
        owner = self.cast.owner if turn.incoming else _key_of(self.crew, speaker(self.cast.agents, turn))
        headers = {
            "from": {"email": letter.address, "firstName": first, "lastName": last},
            "to": [{"email": letter.to}],
            "cc": [],
            "bcc": [],
        }
        email = self.builder.add(
            "emails",
            letter.sent,
            {
                "hs_timestamp": stamp(letter.sent),
                "hs_email_direction": "INCOMING_EMAIL" if turn.incoming else "EMAIL",
                "hs_email_status": "SENT",
                "hs_email_subject": letter.subject,
                "hs_email_text": rendered.text,
                "hs_email_html": rendered.html,
                "hs_email_headers": json.dumps(headers, ensure_ascii=False),
                "hs_email_from_email": letter.address,
                "hs_email_from_firstname": first,
                "hs_email_from_lastname": last,
                "hs_email_to_email": letter.to,
                **self.crew.ownership(owner),
            },
        )
        self.builder.letters[str(email[self.builder.key])] = letter
        _hang(self.builder, "emails", email, ticket, self.cast)
        field = "hs_email_html" if rendered.text is None else "hs_email_text"
        self._note_facts("emails", email, field, turn.sayings, rendered.start)
        mark(self.builder, "emails", email, _MAIL_FIELDS, self.secrets)
        if turn.disguise:
            note_mail(self.builder, "emails", email, EMAIL_BODIES, turn)

    def _note_facts(self, type_: str, row: Row, field: str, sayings: Sequence[Saying], start: int = 0) -> None:
        """Where the sentences stand in the field; in markup they stand escaped."""
        for saying in sayings:
            text = escape(saying.text, quote=False) if field == "hs_email_html" else saying.text
            place = self.builder.find(type_, row, field, text, start)
            if place is None:
                raise LookupError(f"{type_} {row['hs_object_id']}: a {saying.kind} sentence is not in {field}")
            self.facts.append(Fact(self.ticket_id, saying.kind, text, place, saying.due))

    def _notes(self, ticket: Row) -> None:
        """Internal notes, spread over the thread, each shortly after a message."""
        notes, agents = self.tale.notes, self.cast.agents
        for number, text in enumerate(notes):
            at = self.letters[(number + 1) * len(self.letters) // (len(notes) + 1)].sent + _NOTE_LAG
            author = agents[number % len(agents)]
            write_note(self.builder, self.crew, ticket, self.cast, at=at, author=author, markup=_markup(text))

    def _call(self, ticket: Row, call: Call) -> None:
        agent, incoming = self.cast.agents[call.who], call.minutes % 2 == 0
        number = self.cast.contact.phone
        row = self.builder.add(
            "calls",
            call.at,
            {
                "hs_timestamp": stamp(call.at),
                "hs_call_title": call.title,
                "hs_call_body": _markup(call.text),
                "hs_call_duration": str(call.minutes * 60_000),
                "hs_call_status": "COMPLETED" if call.minutes > 1 else "NO_ANSWER",
                "hs_call_direction": "INBOUND" if incoming else "OUTBOUND",
                "hs_call_from_number": number if incoming else None,
                "hs_call_to_number": None if incoming else number,
                **self.crew.ownership(_key_of(self.crew, agent)),
            },
        )
        _hang(self.builder, "calls", row, ticket, self.cast)
        mark(self.builder, "calls", row, ("hs_call_body", "hs_call_from_number", "hs_call_to_number"), self.secrets)


def _hang(builder: PortalBuilder, type_: str, row: Row, ticket: Row, cast: Cast) -> None:
    """Associate an activity with its ticket, the contact and the company, as HubSpot does by itself."""
    builder.associate((type_, row["hs_object_id"]), ("tickets", ticket["hs_object_id"]))
    if cast.private:
        return
    builder.associate((type_, row["hs_object_id"]), ("contacts", cast.contact_id))
    builder.associate((type_, row["hs_object_id"]), ("companies", cast.customer.id))


def _key_of(crew: Crew, member: Member) -> str:
    return next(key for key, item in crew.members.items() if item.id == member.id)


def _markup(text: str) -> str:
    """Text as HubSpot's editor stores it."""
    return "".join(f"<p>{escape(paragraph, quote=False)}</p>" for paragraph in text.split("\n\n"))
