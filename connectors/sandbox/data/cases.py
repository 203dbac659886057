"""Fills an org with ordinary cases: which customer, which trouble, how long, who owns it and who else may see it."""

from collections.abc import Mapping
from random import Random
from typing import Final

from connectors.sandbox.data.accounts import Customer
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import OrgBuilder
from connectors.sandbox.data.desk import some_draft, some_task
from connectors.sandbox.data.hostile import Attack, mail_plan
from connectors.sandbox.data.org import Staff
from connectors.sandbox.data.slots import SECRETS
from connectors.sandbox.data.stories import FAMILY, LENGTHS, LONGEST_FOREIGN, MONEY, SHORT, imagine
from connectors.sandbox.data.threads import Cast, Frame, write_case
from connectors.sandbox.salesforce.values import Value

_CLOSED, _QUEUED, _SHARED, _RISKY, _WITH_TASK, _WITH_DRAFT = 0.66, 0.1, 0.16, 0.15, 0.35, 0.3
_VIEWERS: Final = (("sales", 0.3), ("knowledge", 0.08), ("tier1", 0.1))
"""Profile -> how likely somebody with it may read a case by a manual share."""

_FIRST_LEVEL, _REFUNDED = 0.7, 0.7
_LONG: Final = 10
_RESTRICTED_EVERY: Final = 27


class CaseMaker:
    """Makes the cases of one org."""

    def __init__(self, builder: OrgBuilder, staff: Staff, customers: list[Customer]) -> None:
        self.builder = builder
        self.staff = staff
        self.customers = customers

    def ordinary(self, count: int, first: int = 0, attacks: Mapping[int, Attack] | None = None) -> None:
        """Add the cases number `first` to `first + count`, of all kinds.

        Args:
            count: how many.
            first: number of the first; a case's story depends on its number and not on those before it.
            attacks: number of a case -> the attack in one of its messages; None: those of the example company.
        """
        attacks = mail_plan(self.builder.alias) if attacks is None else attacks
        for number in range(first, first + count):
            rng = self.builder.random("case", number)
            customer = rng.choice(self.customers)
            contact_id, contact = rng.choice(customer.contacts)
            known = [name for name in SECRETS if name in bank(f"scenarios_{contact.language}")]
            scenario = known[(number * 7 + rng.randrange(3)) % len(known)]
            restricted = number % _RESTRICTED_EVERY == _RESTRICTED_EVERY - 1
            agents = self._agents(rng, customer, restricted=restricted)
            queued = not restricted and rng.random() < _QUEUED
            owner = self.staff.queues[customer.desk.lower()] if queued else self.staff.agents[agents[0]].id
            cast = Cast(customer, contact_id, contact, owner, tuple(self.staff.agents[key] for key in agents))
            size = rng.choice(LENGTHS)
            size += rng.randrange(1 + size // 5)
            if contact.language != "en":
                size = min(size, LONGEST_FOREIGN)
            case_id = self._case(rng, cast, scenario, size, attacks.get(number))
            if restricted:
                self.builder.restricted.add(case_id)
            else:
                self._share(rng, cast, case_id)

    def relatives(self, owner: str, count: int) -> list[str]:
        """Add `count` English cases about gateways that drop off, all owned by one agent.

        Returns:
            Their ids.
        """
        english = [customer for customer in self.customers if customer.contacts[0][1].language == "en"]
        agent = self.staff.agents[owner]
        ids = []
        for number in range(count):
            customer = english[(number * 5 + 2) % len(english)]
            contact_id, contact = customer.contacts[-1]
            cast = Cast(customer, contact_id, contact, agent.id, (agent,))
            rng = self.builder.random("relative", number)
            ids.append(self._case(rng, cast, "gateway_offline", SHORT + number % 5))
        return ids

    def _case(self, rng: Random, cast: Cast, scenario: str, size: int, attack: Attack | None = None) -> str:
        """Tell the scenario in `size` messages and store it, with a task and a draft now and then; the case's id."""
        products, agent = self.staff.spec["products"], cast.agents[0].first
        told = imagine(rng, products, cast.contact, agent, scenario, size=size, closed=_CLOSED, attack=attack)
        fields = _fields(rng, scenario, told.product) | _status(rng, size, closed=told.closed)
        frame = Frame(scenario, cast.contact.language, told.closed, fields)
        case = write_case(self.builder, self.staff, cast, frame, told.tale)
        if rng.random() < _WITH_TASK:
            some_task(rng, self.builder, case, rng.choice(cast.agents))
        if not told.closed and frame.language == "en" and rng.random() < _WITH_DRAFT:
            some_draft(rng, self.builder, case, cast.contact, cast.agents[0])
        return str(case["Id"])

    def _agents(self, rng: Random, customer: Customer, *, restricted: bool) -> list[str]:
        """Keys of those who write: mostly a first-level agent of the region, then a second-level one."""
        if restricted:
            return self.staff.holders("role", "director")
        desk = self.staff.spec["agents"][customer.desk]
        first, second = rng.choice(desk["tier1"]), rng.choice(desk["tier2"])
        return list(dict.fromkeys((first, second))) if rng.random() < _FIRST_LEVEL else [second]

    def _share(self, rng: Random, cast: Cast, case_id: str) -> None:
        """Manual shares: with the escalation engineers, the account manager, or somebody else."""
        if rng.random() < _SHARED:
            self.builder.share(case_id, self.staff.group, "Edit")
        for profile, chance in _VIEWERS:
            viewer = self.staff.agents[rng.choice(self.staff.holders("profile", profile))]
            if rng.random() < chance and viewer.id != cast.owner_id:
                self.builder.share(case_id, viewer.id, "Read")


def _fields(rng: Random, scenario: str, product: str) -> dict[str, Value]:
    severity = rng.choice(("S1", "S2", "S3", "S3", "S4"))
    refunded = scenario in MONEY and rng.random() < _REFUNDED
    risky = severity in {"S1", "S2"} or rng.random() < _RISKY
    return {
        "Priority": {"S1": "High", "S2": "High", "S3": "Medium", "S4": "Low"}[severity],
        "Reason": {"sensor": "Performance", "gateway": "Breakdown"}.get(FAMILY.get(scenario, ""), "Other"),
        "Severity__c": severity,
        "Product__c": product,
        "Refund_Amount__c": float(rng.randrange(18, 980) * 5) if refunded else None,
        "Internal_Risk_Note__c": rng.choice(bank("phrases_en")["risk"]) if risky else None,
    }


def _status(rng: Random, size: int, *, closed: bool) -> dict[str, Value]:
    escalated = size >= _LONG and not closed
    status = "Escalated" if escalated else rng.choice(("New", "Working", "Working", "Waiting on Customer"))
    return {"Status": "Closed" if closed else status, "IsEscalated": escalated}
