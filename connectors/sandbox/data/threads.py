"""Writes a told conversation into the CRM: the case, its messages and comments, and where each fact stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final

from connectors.sandbox.data.accounts import Customer
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import OrgBuilder
from connectors.sandbox.data.hostile import note_mail
from connectors.sandbox.data.mail import Letter, Rendered, render
from connectors.sandbox.data.org import Agent, Staff
from connectors.sandbox.data.people import Person
from connectors.sandbox.data.planted import Secrets, mark
from connectors.sandbox.data.scenarios import Saying, Tale, Turn
from connectors.sandbox.data.truth import CaseStory, Fact, FactKind
from connectors.sandbox.salesforce.values import Row, Value, stamp

FIRST_NUMBER: Final = 1026
"""Case number of the first case."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in a case. `owner_id` is a user or a queue; `agents` speak in the order in which turns name them."""

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


def write_case(builder: OrgBuilder, staff: Staff, cast: Cast, frame: Frame, tale: Tale) -> Row:
    """Add a case with its thread and comments.

    Returns:
        The row of the case.
    """
    case_id = builder.mint("Case")
    letters = _letters(staff, cast, frame, tale)
    first, last = letters[0], letters[-1]
    case = builder.add(
        "Case",
        first.sent,
        staff.agents["robot"].id,
        {
            "Id": case_id,
            "CaseNumber": f"{FIRST_NUMBER + len(builder.stories):08d}",
            "Subject": tale.subject,
            "Description": "\n\n".join(first.paragraphs),
            "AccountId": cast.customer.id,
            "ContactId": cast.contact_id,
            "OwnerId": cast.owner_id,
            "Origin": "Email",
            "Type": None,
            "SuppliedName": cast.contact.name,
            "SuppliedEmail": cast.contact.email,
            "IsClosed": frame.closed,
            "ClosedDate": stamp(last.sent) if frame.closed else None,
            "Region__c": cast.customer.region,
            "Resolution__c": tale.resolution.text if tale.resolution else None,
            **frame.fields,
        },
        changed=last.sent,
    )
    case["LastModifiedById"] = cast.agents[0].id
    secrets = _secrets(cast, tale.turns)
    facts = _facts_on(builder, case_id, "Case", case, "Resolution__c", [tale.resolution] if tale.resolution else [])
    mark(builder, "Case", case, ("Description", "SuppliedName", "SuppliedEmail", "Subject"), secrets)
    for number, (turn, letter) in enumerate(zip(tale.turns, letters, strict=True)):
        rendered = render(letter, letters[:number])
        row = _message(builder, staff, cast, case_id, turn, letter, rendered)
        field = "HtmlBody" if rendered.text is None else "TextBody"
        facts += _facts_on(builder, case_id, "EmailMessage", row, field, turn.sayings, rendered.start)
        mark(builder, "EmailMessage", row, _MAIL_FIELDS, secrets)
        if turn.disguise:
            note_mail(builder, row, turn)
    _comments(builder, cast, case_id, tale, letters, secrets)
    builder.stories.append(
        CaseStory(builder.alias, case_id, frame.scenario, frame.language, len(letters), frame.closed, tuple(facts))
    )
    return case


def add_draft(
    builder: OrgBuilder,
    staff: Staff,
    case: Row,
    contact: Person,
    author: Agent,
    at: datetime,
    paragraphs: Sequence[str],
) -> None:
    """Add an unsent e-mail to a case, which only `author` (and Modify All Data) may see."""
    case_id = str(case["Id"])
    row = builder.add(
        "EmailMessage",
        at,
        author.id,
        {
            "ParentId": case_id,
            "RelatedToId": case_id,
            "Subject": f"Re: {case['Subject']}",
            "TextBody": "\n\n".join((*paragraphs, author.name)),
            "HtmlBody": None,
            "FromName": author.name,
            "FromAddress": author.email,
            "ToAddress": contact.email,
            "CcAddress": None,
            "Incoming": False,
            "HasAttachment": False,
            "Status": "5",
            "MessageDate": stamp(at),
            "MessageIdentifier": None,
            "ThreadIdentifier": f"<{case_id}@{staff.spec['domain']}.example>",
            "IsPrivateDraft": True,
        },
    )
    builder.drafts[str(row["Id"])] = author.id
    people = {author.name: "name", author.first: "name", contact.first: "name", contact.email: "email"}
    mark(builder, "EmailMessage", row, _MAIL_FIELDS, people)


_MAIL_FIELDS: Final = ("TextBody", "HtmlBody", "FromName", "FromAddress", "ToAddress")
_COMMENT_LAG: Final = timedelta(minutes=11)


def _letters(staff: Staff, cast: Cast, frame: Frame, tale: Tale) -> list[Letter]:
    words = bank(f"phrases_{frame.language}")
    letters = []
    for number, turn in enumerate(tale.turns):
        subject = tale.subject if number == 0 else f"{words['reply']}{tale.subject}"
        agent = cast.agents[min(turn.by, len(cast.agents) - 1)]
        paragraphs = tuple(turn.paragraphs)
        sender, address, to = cast.contact.name, cast.contact.email, staff.support_address
        signature, client = _customer_signature(cast.contact, number, frame.language), cast.contact.client
        if not turn.incoming:
            sender, address, to = agent.name, staff.support_address, cast.contact.email
            signature, client = _agent_signature(agent, staff, number, frame.language), "desk"
        letters.append(
            Letter(
                sender,
                address,
                to,
                turn.at,
                subject,
                paragraphs,
                signature,
                frame.language,
                turn.client or client,
                turn.text_extra,
                turn.html_extra,
            )
        )
    return letters


def _customer_signature(person: Person, number: int, language: str) -> str:
    words = bank(f"phrases_{language}")
    bye: str = words["bye_customer"][(number + len(person.last)) % len(words["bye_customer"])]
    if person.client == "mobile":
        device: str = words["mobile"][len(person.first) % len(words["mobile"])]
        return f"{bye}\n{person.first}\n\n{device}"
    if number and not person.signs_long:
        return f"{bye}\n{person.first}"
    lines = [bye, person.name, f"{person.title}, {person.company}", f"Tel. {person.phone}"]
    if person.signs_long:
        lines += [person.mobile, person.address.line, "", words["confidential"][0]]
    return "\n".join(lines)


def _agent_signature(agent: Agent, staff: Staff, number: int, language: str) -> str:
    words = bank(f"phrases_{language}")
    bye: str = words["bye_agent"][number % len(words["bye_agent"])]
    return f"{bye}\n{agent.name}\n{agent.title}, {staff.spec['name']}\n{staff.support_address}"


def _secrets(cast: Cast, turns: Sequence[Turn]) -> Secrets:
    """Everything personal that can occur in the texts of this case: value -> category."""
    person = cast.contact
    found: Secrets = {person.name: "name", f"{person.first} {person.last}": "name", person.email: "email"}
    found |= {person.phone: "phone", person.mobile: "phone", person.address.line: "address"}
    found |= {agent.name: "name" for agent in cast.agents}
    found |= {value: category for turn in turns for category, value in turn.secrets}
    return found | {person.first: "name", person.last: "name"} | {agent.first: "name" for agent in cast.agents}


def _message(
    builder: OrgBuilder, staff: Staff, cast: Cast, case_id: str, turn: Turn, letter: Letter, rendered: Rendered
) -> Row:
    message_id = builder.mint("EmailMessage")
    agent = cast.agents[min(turn.by, len(cast.agents) - 1)]
    return builder.add(
        "EmailMessage",
        letter.sent,
        staff.agents["robot"].id if turn.incoming else agent.id,
        {
            "Id": message_id,
            "ParentId": case_id,
            "RelatedToId": case_id,
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
            "ThreadIdentifier": f"<{case_id}@{staff.spec['domain']}.example>",
            "IsPrivateDraft": False,
        },
    )


def _facts_on(
    builder: OrgBuilder,
    case_id: str,
    object_: str,
    row: Row,
    field: str,
    sayings: Sequence[Saying],
    start: int = 0,
) -> list[Fact]:
    """Where the sentences stand in the field; in markup they stand escaped."""
    facts = []
    for saying in sayings:
        text = escape(saying.text, quote=False) if field == "HtmlBody" else saying.text
        place = builder.find(object_, row, field, text, start)
        if place is None:
            msg = f"{builder.alias}: a {saying.kind} sentence of case {case_id} is not in its {field}"
            raise LookupError(msg)
        facts.append(Fact(case_id, FactKind(saying.kind), text, place, saying.due))
    return facts


def _comments(
    builder: OrgBuilder, cast: Cast, case_id: str, tale: Tale, letters: Sequence[Letter], secrets: Secrets
) -> None:
    """Internal notes, spread over the thread, each shortly after a message."""
    for number, note in enumerate(tale.notes):
        after: datetime = letters[(number + 1) * len(letters) // (len(tale.notes) + 1)].sent + _COMMENT_LAG
        author = cast.agents[number % len(cast.agents)]
        row = builder.add(
            "CaseComment", after, author.id, {"ParentId": case_id, "CommentBody": note, "IsPublished": False}
        )
        mark(builder, "CaseComment", row, ("CommentBody",), secrets)
