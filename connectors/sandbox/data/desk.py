"""What agents keep at their desk: e-mails not yet sent, which only they see, and tasks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW, OrgBuilder
from connectors.sandbox.data.org import Agent
from connectors.sandbox.data.people import Person
from connectors.sandbox.data.planted import mark
from connectors.sandbox.salesforce.values import Row, instant, stamp

LATER: Final = timedelta(minutes=35)
"""How long after the last message somebody writes a draft or a task."""

_OPEN: Final = ("Not Started", "In Progress", "Waiting on someone else")


def add_draft(
    builder: OrgBuilder, case: Row, contact: Person, author: Agent, *, at: datetime, paragraphs: Sequence[str]
) -> None:
    """Add an unsent e-mail to a case, which only `author` (and Modify All Data) may see."""
    row = builder.add(
        "EmailMessage",
        at,
        author.id,
        {
            "ParentId": case["Id"],
            "RelatedToId": case["Id"],
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
            "ThreadIdentifier": None,
            "IsPrivateDraft": True,
        },
    )
    builder.drafts[str(row["Id"])] = author.id
    people = {author.name: "name", author.first: "name", contact.first: "name"}
    addresses = {contact.email: "email", author.email: "email"}
    mark(builder, "EmailMessage", row, ("TextBody", "FromName", "FromAddress", "ToAddress"), people | addresses)


def some_draft(rng: Random, builder: OrgBuilder, case: Row, contact: Person, author: Agent) -> None:
    """Add one of the drafts of the bank, a little after the case was last touched."""
    text: str = rng.choice(bank("desk")["drafts"]).format(first=contact.first)
    at = min(_last_touched(case) + LATER, NOW)
    add_draft(builder, case, contact, author, at=at, paragraphs=text.split("\n\n"))


def some_task(rng: Random, builder: OrgBuilder, case: Row, agent: Agent) -> None:
    """Add one of the tasks of the bank to a case; on a closed case it is done."""
    at = min(_last_touched(case) + LATER, NOW)
    subject, text = rng.choice(bank("desk")["tasks"])
    builder.add(
        "Task",
        at,
        agent.id,
        {
            "WhatId": case["Id"],
            "WhoId": None,
            "OwnerId": agent.id,
            "Subject": subject,
            "Description": text,
            "ActivityDate": f"{at + timedelta(days=rng.randrange(1, 12)):%Y-%m-%d}",
            "Status": "Completed" if case["IsClosed"] else rng.choice(_OPEN),
            "Priority": "Normal",
            "IsClosed": case["IsClosed"],
        },
    )


def _last_touched(case: Row) -> datetime:
    moment = instant(str(case["LastModifiedDate"]))
    if moment is None:
        raise ValueError("a case without a date")
    return moment
