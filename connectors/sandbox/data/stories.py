"""Makes up one customer's trouble: the product, how it ends, and its messages with their times; for every CRM alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from connectors.sandbox.data.hostile import Attack, infect
from connectors.sandbox.data.people import Person
from connectors.sandbox.data.scenarios import Plot, Tale, ending, tell
from connectors.sandbox.data.schedule import schedule
from connectors.sandbox.data.slots import slots_for

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

MONEY: Final = frozenset({"wrong_invoice", "duplicate_charge", "warranty", "delayed_delivery", "damaged_parcel"})
LENGTHS: Final = (2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 9, 10, 11, 13, 16, 22, 30, 44)
LONGEST_FOREIGN: Final = 16
"""The banks of the other languages are smaller: a longer thread would repeat itself."""
SHORT: Final = 4
"""A story of so few messages is not over yet."""


@dataclass(frozen=True, slots=True)
class Story:
    """What happened with which product, and whether it is over."""

    product: str
    closed: bool
    tale: Tale


def imagine(
    rng: Random,
    products: Mapping[str, Sequence[str]],
    contact: Person,
    agent: str,
    scenario: str,
    *,
    size: int,
    closed: float,
    attack: Attack | None = None,
) -> Story:
    """Tell a scenario in `size` messages.

    `agent` is the first name of who answers, `closed` how likely the story is over; an `attack` goes into the last
    message from outside.
    """
    product = rng.choice(products[FAMILY.get(scenario, "cloud")])
    over = rng.random() < closed and size > SHORT
    slots = slots_for(rng, products, contact.language, product)
    confirmed = size - ending(size, closed=over) + 1
    times = schedule(rng, size, closed=over, pause=confirmed if over else 0)
    plot = Plot(scenario, contact.language, over, times, contact, agent, slots)
    tale = tell(rng, plot)
    if attack:
        infect([turn for turn in tale.turns if turn.incoming][-1], attack)
    return Story(product, over, tale)
