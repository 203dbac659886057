"""Fills the portal with ordinary tickets: which customer, which trouble, how long, and who owns it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Final

from connectors.sandbox.data.accounts import Customer
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW
from connectors.sandbox.data.hostile import Attack, mail_plan
from connectors.sandbox.data.hubspot.builder import PortalBuilder
from connectors.sandbox.data.hubspot.portal import Crew, stage_id
from connectors.sandbox.data.hubspot.threads import Call, Cast, Frame, Todo, write_task, write_ticket
from connectors.sandbox.data.scenarios import Tale
from connectors.sandbox.data.slots import SECRETS
from connectors.sandbox.data.stories import FAMILY, LENGTHS, LONGEST_FOREIGN, MONEY, SHORT, imagine
from connectors.sandbox.salesforce.values import Row

_CLOSED, _UNASSIGNED, _ESCALATED, _RISKY, _WITH_TASK, _WITH_CALL = 0.6, 0.1, 0.15, 0.15, 0.4, 0.45
_FIRST_LEVEL, _REFUNDED = 0.7, 0.7
_LONG: Final = 10
_RESTRICTED_EVERY: Final = 27
_LATER: Final = timedelta(minutes=35)
_PRIORITIES: Final = {"S1": "URGENT", "S2": "HIGH", "S3": "MEDIUM", "S4": "LOW"}


class TicketMaker:
    """Makes the tickets of the portal."""

    def __init__(self, builder: PortalBuilder, crew: Crew, customers: Sequence[Customer]) -> None:
        self.builder = builder
        self.crew = crew
        self.customers = customers

    def ordinary(self, count: int, first: int = 0, attacks: Mapping[int, Attack] | None = None) -> None:
        """Add the tickets number `first` to `first + count`, as `CaseMaker.ordinary` does."""
        attacks = mail_plan(self.builder.alias) if attacks is None else attacks
        for number in range(first, first + count):
            rng = self.builder.random("ticket", number)
            customer = rng.choice(self.customers)
            contact_id, contact = rng.choice(customer.contacts)
            known = [name for name in SECRETS if name in bank(f"scenarios_{contact.language}")]
            scenario = known[(number * 7 + rng.randrange(3)) % len(known)]
            restricted = number % _RESTRICTED_EVERY == _RESTRICTED_EVERY - 1
            agents = ["rosa"] if restricted else self._agents(rng, customer)
            owner: str | None = agents[0]
            if not restricted and rng.random() < _UNASSIGNED:
                owner = None
            elif not restricted and rng.random() < _ESCALATED:
                owner = "noor"
            members = tuple(self.crew.members[key] for key in agents)
            cast = Cast(customer, contact_id, contact, owner, members, restricted)
            size = rng.choice(LENGTHS)
            size += rng.randrange(1 + size // 5)
            if contact.language != "en":
                size = min(size, LONGEST_FOREIGN)
            ticket = self.ticket(rng, cast, scenario, size, attacks.get(number))
            if restricted:
                self.builder.restricted.add(str(ticket["hs_object_id"]))

    def relatives(self, owner: str, count: int) -> list[str]:
        """Add `count` English tickets about gateways that drop off, all owned by one member; their ids."""
        english = [customer for customer in self.customers if customer.contacts[0][1].language == "en"]
        ids = []
        for number in range(count):
            customer = english[(number * 5 + 2) % len(english)]
            contact_id, contact = customer.contacts[-1]
            cast = Cast(customer, contact_id, contact, owner, (self.crew.members[owner],))
            rng = self.builder.random("relative", number)
            ticket = self.ticket(rng, cast, "gateway_offline", SHORT + number % 5)
            ids.append(str(ticket["hs_object_id"]))
        return ids

    def ticket(self, rng: Random, cast: Cast, scenario: str, size: int, attack: Attack | None = None) -> Row:
        """Tell the scenario in `size` messages and store it, with a call and a task now and then."""
        products, agent = self.crew.spec["products"], cast.agents[0].first
        told = imagine(rng, products, cast.contact, agent, scenario, size=size, closed=_CLOSED, attack=attack)
        properties = self._properties(rng, scenario, told.product)
        properties |= self._stage(rng, scenario, size, closed=told.closed)
        calls = self._calls(rng, cast, told.tale)
        frame = Frame(scenario, cast.contact.language, told.closed, properties)
        ticket = write_ticket(self.builder, self.crew, cast, frame, told.tale, calls=calls)
        if rng.random() < _WITH_TASK:
            todo = self._todo(rng, cast, told.tale, closed=told.closed)
            write_task(self.builder, self.crew, ticket, cast, todo)
        return ticket

    def _agents(self, rng: Random, customer: Customer) -> list[str]:
        """Keys of those who write: mostly a first-level agent of the region, then a second-level one."""
        desk = self.crew.spec["agents"][customer.desk]
        first, second = rng.choice(desk["first"]), rng.choice(desk["second"])
        return [first, second] if rng.random() < _FIRST_LEVEL else [second]

    def _properties(self, rng: Random, scenario: str, product: str) -> dict[str, str | None]:
        severity = rng.choice(("S1", "S2", "S3", "S3", "S4"))
        refunded = scenario in MONEY and rng.random() < _REFUNDED
        risky = severity in {"S1", "S2"} or rng.random() < _RISKY
        categories = self.crew.spec["categories"]
        return {
            "hs_ticket_priority": _PRIORITIES[severity],
            "hs_ticket_category": categories["money" if scenario in MONEY else FAMILY.get(scenario, "cloud")],
            "severity": severity,
            "product": product,
            "refund_amount": str(rng.randrange(18, 980) * 5) if refunded else None,
            "internal_risk_note": rng.choice(bank("phrases_en")["risk"]) if risky else None,
        }

    def _stage(self, rng: Random, scenario: str, size: int, *, closed: bool) -> dict[str, str | None]:
        pipeline = "returns" if scenario in {"warranty", "damaged_parcel", "duplicate_charge"} else "support"
        stage = "escalated" if size >= _LONG else rng.choice(("new", "working", "working", "waiting"))
        where = stage_id(pipeline, "closed" if closed else stage)
        return {"hs_pipeline": self.crew.spec["pipelines"][pipeline]["id"], "hs_pipeline_stage": where}

    def _calls(self, rng: Random, cast: Cast, tale: Tale) -> list[Call]:
        if rng.random() >= _WITH_CALL:
            return []
        calls = []
        for title, minutes, text in rng.sample(bank("hubspot")["calls"], 1 + rng.randrange(2)):
            who = rng.randrange(len(cast.agents))
            said = text.format(first=cast.contact.first, agent=cast.agents[who].first)
            at = rng.choice(tale.turns).at + timedelta(minutes=rng.randrange(14, 55))
            calls.append(Call(who, min(at, NOW), title, minutes, said))
        return sorted(calls, key=lambda call: call.at)

    def _todo(self, rng: Random, cast: Cast, tale: Tale, *, closed: bool) -> Todo:
        at = min(tale.turns[-1].at + _LATER, NOW)
        subject, text = rng.choice(bank("desk")["tasks"])
        status = "COMPLETED" if closed else rng.choice(("NOT_STARTED", "IN_PROGRESS", "WAITING"))
        due = at + timedelta(days=rng.randrange(1, 12))
        return Todo(rng.randrange(len(cast.agents)), at, due, subject, text, status)
