"""Puts the turns of a conversation on paper: who writes to whom, with which subject, signature and secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.mail import Letter
from connectors.sandbox.data.org import Agent
from connectors.sandbox.data.people import Person
from connectors.sandbox.data.planted import Secrets
from connectors.sandbox.data.scenarios import Tale, Turn

AGENTS_CLIENT: Final = "desk"
"""The "mail program" that agents write with: the CRM itself."""


Who = TypeVar("Who", bound=Agent)


@dataclass(frozen=True, slots=True)
class Desk:
    """The support desk as customers see it."""

    company: str
    address: str


def speaker(agents: Sequence[Who], turn: Turn) -> Who:
    """Who writes an outgoing turn."""
    return agents[min(turn.by, len(agents) - 1)]


def letters_of(tale: Tale, language: str, contact: Person, agents: Sequence[Agent], desk: Desk) -> list[Letter]:
    """One letter per turn of the tale, in order."""
    letters = []
    for number, turn in enumerate(tale.turns):
        prefix = bank(f"phrases_{language}")["reply"] if number else ""
        if turn.incoming:
            sender, address, to = contact.name, contact.email, desk.address
            signature, client = _customer_signature(contact, number, language), turn.client or contact.client
        else:
            agent = speaker(agents, turn)
            sender, address, to = agent.name, desk.address, contact.email
            signature, client = _agent_signature(agent, desk, number, language), AGENTS_CLIENT
        letters.append(
            Letter(
                sender,
                address,
                to,
                turn.at,
                f"{prefix}{tale.subject}",
                tuple(turn.paragraphs),
                signature,
                language,
                client,
                turn.text_extra,
                turn.html_extra,
            )
        )
    return letters


def secrets_of(person: Person, agents: Sequence[Agent], turns: Sequence[Turn]) -> Secrets:
    """Everything personal that can occur in the texts of a conversation: value -> category."""
    found: Secrets = {person.name: "name", f"{person.first} {person.last}": "name", person.email: "email"}
    found |= {person.phone: "phone", person.mobile: "phone", person.address.line: "address"}
    found |= {agent.name: "name" for agent in agents}
    found |= {value: category for turn in turns for category, value in turn.secrets}
    return found | {person.first: "name", person.last: "name"} | {agent.first: "name" for agent in agents}


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


def _agent_signature(agent: Agent, desk: Desk, number: int, language: str) -> str:
    words = bank(f"phrases_{language}")
    bye: str = words["bye_agent"][number % len(words["bye_agent"])]
    return f"{bye}\n{agent.name}\n{agent.title}, {desk.company}\n{desk.address}"
