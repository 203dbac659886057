"""Fills an org with ordinary cases: which customer, which trouble, how long, who owns it and who else may see it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from connectors.sandbox.data.accounts import Customer
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import NOW, OrgBuilder
from connectors.sandbox.data.hostile import Attack, infect, mail_plan
from connectors.sandbox.data.org import Staff
from connectors.sandbox.data.scenarios import SECRETS, Plot, slots_for, tell
from connectors.sandbox.data.threads import Cast, Frame, add_draft, write_case
from connectors.sandbox.salesforce.values import Row, Value

OLDEST: Final = datetime(2025, 5, 26, 8, 0, tzinfo=UTC)
"""Eighteen months before the sandbox's clock starts."""

FAMILY: Final[Mapping[str, str]] = {
    "battery_drain": "sensor",
    "calibration_drift": "sensor",
    "delayed_delivery": "sensor",
    "damaged_parcel": "sensor",
    "warranty": "sensor",
    "alarm_flood": "sensor",
    "onboarding": "sensor",
    "firmware_fails": "gateway",
    "gateway_offline": "gateway",
}
"""Scenario -> product family; every other scenario is about the cloud product."""

_MONEY: Final = frozenset({"wrong_invoice", "duplicate_charge", "warranty", "delayed_delivery", "damaged_parcel"})
_LENGTHS: Final = (2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 14, 16, 19, 23, 28, 34, 41)
_GAPS: Final = (25, 50, 95, 190, 410, 700, 1_440, 1_900, 2_900, 4_300)
_CLOSED, _QUEUED, _SHARED, _RISKY = 0.66, 0.1, 0.16, 0.15
_RESTRICTED_EVERY: Final = 27
_OPEN_DAYS: Final = 12
_WITH_TASK, _WITH_DRAFT = 0.35, 0.2
_LATER: Final = timedelta(minutes=35)
_SHORT: Final = 4
"""A case with so few messages is still open."""
_WORK_STARTS, _WORK_ENDS, _FRIDAY = 6, 18, 4


def build_relatives(builder: OrgBuilder, staff: Staff, customers: list[Customer], owner: str, count: int) -> list[str]:
    """Add `count` English cases about gateways that drop off, all owned by one agent.

    Returns:
        Their ids.
    """
    english = [customer for customer in customers if customer.contacts[0][1].language == "en"]
    ids = []
    for number in range(count):
        rng = builder.random("relative", number)
        customer = english[(number * 5 + 2) % len(english)]
        contact_id, contact = customer.contacts[-1]
        agent = staff.agents[owner]
        cast = Cast(customer, contact_id, contact, agent.id, (agent,))
        ids.append(_write(builder, staff, rng, cast, "gateway_offline", 4 + number % 5, closed=number % 3 > 0))
    return ids


def build_cases(builder: OrgBuilder, staff: Staff, customers: list[Customer], count: int) -> None:
    """Add `count` cases."""
    plan = mail_plan(builder.alias)
    for number in range(count):
        _case(builder, staff, builder.random("case", number), customers, number, plan.get(number))


def _case(
    builder: OrgBuilder, staff: Staff, rng: Random, customers: list[Customer], number: int, attack: Attack | None
) -> None:
    customer = rng.choice(customers)
    contact_id, contact = rng.choice(customer.contacts)
    available = [name for name in SECRETS if name in bank(f"scenarios_{contact.language}")]
    scenario = available[(number * 7 + rng.randrange(3)) % len(available)]
    size = rng.choice(_LENGTHS)
    closed = rng.random() < _CLOSED and size > _SHORT
    cast = _cast(staff, rng, customer, contact_id, restricted=number % _RESTRICTED_EVERY == _RESTRICTED_EVERY - 1)
    case_id = _write(builder, staff, rng, cast, scenario, size, closed=closed, attack=attack)
    _share(builder, staff, rng, cast, case_id)


def _write(
    builder: OrgBuilder,
    staff: Staff,
    rng: Random,
    cast: Cast,
    scenario: str,
    size: int,
    *,
    closed: bool,
    attack: Attack | None = None,
) -> str:
    """Tell the scenario and store it, with a task and a draft now and then; the id of the case."""
    products = staff.spec["products"]
    product = rng.choice(products[FAMILY.get(scenario, "cloud")])
    times = _schedule(rng, size, closed=closed)
    language, agent = cast.contact.language, cast.agents[0]
    slots = slots_for(rng, products, language, product)
    tale = tell(rng, Plot(scenario, language, closed, times, cast.contact, agent.first, slots))
    if attack:
        infect([turn for turn in tale.turns if turn.incoming][-1], attack)
    frame = Frame(scenario, language, closed, _fields(rng, scenario, product, slots, closed=closed, size=size))
    case = write_case(builder, staff, cast, frame, tale)
    if rng.random() < _WITH_TASK:
        _task(builder, rng, cast, case, times[-1], closed=closed)
    if not closed and rng.random() < _WITH_DRAFT:
        text = rng.choice(bank("desk")["drafts"]).format(first=cast.contact.first)
        add_draft(builder, staff, case, cast.contact, agent, min(times[-1] + _LATER, NOW), text.split("\n\n"))
    return str(case["Id"])


def _task(builder: OrgBuilder, rng: Random, cast: Cast, case: Row, at: datetime, *, closed: bool) -> None:
    """A to-do of the agent on the case."""
    agent = rng.choice(cast.agents)
    due = at + timedelta(days=rng.randrange(1, 12))
    subject, text = rng.choice(bank("desk")["tasks"])
    builder.add(
        "Task",
        min(at + _LATER, NOW),
        agent.id,
        {
            "WhatId": case["Id"],
            "WhoId": None,
            "OwnerId": agent.id,
            "Subject": subject,
            "Description": text,
            "ActivityDate": f"{due:%Y-%m-%d}",
            "Status": "Completed" if closed else rng.choice(("Not Started", "In Progress", "Waiting on someone else")),
            "Priority": "Normal",
            "IsClosed": closed,
        },
    )


def _cast(staff: Staff, rng: Random, customer: Customer, contact_id: str, *, restricted: bool) -> Cast:
    """Owner and agents: mostly a first-level agent of the region with a second-level one behind."""
    desk = staff.spec["agents"][customer.desk]
    head = next(key for key, entry in staff.spec["users"].items() if entry["role"] == "director")
    first, second = rng.choice(desk["tier1"]), rng.choice(desk["tier2"])
    if rng.random() < 0.3:  # noqa: PLR2004 - three in ten are the second level's own
        first = second
    if restricted:
        first = second = head
    owner = staff.agents[first].id
    if not restricted and rng.random() < _QUEUED:
        owner = staff.queues[customer.desk.lower()]
    agents = dict.fromkeys((first, second))
    contact = next(person for key, person in customer.contacts if key == contact_id)
    return Cast(customer, contact_id, contact, owner, tuple(staff.agents[key] for key in agents))


def _share(builder: OrgBuilder, staff: Staff, rng: Random, cast: Cast, case_id: str) -> None:
    """Manual shares: with the escalation engineers, the account manager, or a colleague in the other region."""
    head = next(key for key, entry in staff.spec["users"].items() if entry["role"] == "director")
    if cast.owner_id == staff.agents[head].id:
        builder.restricted.add(case_id)
        return
    if rng.random() < _SHARED:
        builder.share(case_id, staff.group, "Edit")
    for profile, chance in (("sales", 0.3), ("knowledge", 0.08), ("tier1", 0.1)):
        users = [key for key, entry in staff.spec["users"].items() if entry["profile"] == profile]
        agent = staff.agents[rng.choice(users)]
        if rng.random() < chance and agent.id != cast.owner_id:
            builder.share(case_id, agent.id, "Read")


def _fields(
    rng: Random, scenario: str, product: str, slots: Mapping[str, object], *, closed: bool, size: int
) -> dict[str, Value]:
    severity = rng.choice(("S1", "S2", "S3", "S3", "S4"))
    refund = slots["refund"] if scenario in _MONEY and rng.random() < 0.7 else None  # noqa: PLR2004
    risk = rng.choice(bank("phrases_en")["risk"]) if severity in {"S1", "S2"} or rng.random() < _RISKY else None
    open_status = "Escalated" if size > 9 else rng.choice(("New", "Working", "Working", "Waiting on Customer"))  # noqa: PLR2004
    return {
        "Status": "Closed" if closed else open_status,
        "Priority": {"S1": "High", "S2": "High", "S3": "Medium", "S4": "Low"}[severity],
        "Reason": {"sensor": "Performance", "gateway": "Breakdown"}.get(FAMILY.get(scenario, ""), "Other"),
        "IsEscalated": open_status == "Escalated" and not closed,
        "Severity__c": severity,
        "Product__c": product,
        "Refund_Amount__c": refund if isinstance(refund, float) else None,
        "Internal_Risk_Note__c": risk,
    }


def _schedule(rng: Random, size: int, *, closed: bool) -> tuple[datetime, ...]:
    """Moments of the messages: working hours, growing, none after NOW. Open cases moved within the last days."""
    moments = [OLDEST]
    for _ in range(size - 1):
        moments.append(working_hours(moments[-1] + timedelta(minutes=rng.choice(_GAPS) + rng.randrange(-9, 45))))
    room = (NOW - OLDEST - (moments[-1] - moments[0])).days - 1
    days = rng.randrange(room) if closed else room - rng.randrange(_OPEN_DAYS)
    days -= days % 7
    minutes = rng.randrange(45)
    return tuple(moment + timedelta(days=days, minutes=minutes) for moment in moments)


def working_hours(moment: datetime) -> datetime:
    """The moment itself on a working day; otherwise the same minutes of the next working morning."""
    if moment.hour >= _WORK_ENDS:
        moment = (moment + timedelta(days=1)).replace(hour=_WORK_STARTS + moment.hour % 5)
    elif moment.hour < _WORK_STARTS:
        moment = moment.replace(hour=_WORK_STARTS + moment.hour % 5)
    while moment.weekday() > _FRIDAY:
        moment += timedelta(days=1)
    return moment
