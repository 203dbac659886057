"""The example company on HubSpot: one portal with people, tickets and their threads, the same for the same seed."""

from dataclasses import dataclass

from connectors.sandbox.data.hubspot.builder import Item, PortalBuilder, object_id
from connectors.sandbox.data.hubspot.customers import build_customers
from connectors.sandbox.data.hubspot.hostile import infect_objects
from connectors.sandbox.data.hubspot.lifecycle import add_lifecycle
from connectors.sandbox.data.hubspot.portal import WRITEBACK_KEY, Crew, Document, build_portal
from connectors.sandbox.data.hubspot.special import build_special
from connectors.sandbox.data.hubspot.tickets import TicketMaker

__all__ = ["WRITEBACK_KEY", "Built", "Crew", "Document", "Item", "PortalBuilder", "build", "object_id"]

ALIAS = "meridian"
_TICKETS, _RELATIVES = 102, 12
"""Ordinary tickets, beside six written by hand, and the long ticket's relatives."""


@dataclass(frozen=True, slots=True)
class Built:
    """The portal's document, its people, and the builder with its objects and what is known about them."""

    document: Document
    crew: Crew
    builder: PortalBuilder


def build(seed: int, *, marks: bool = True) -> Built:
    """The portal. Without `marks` its ground truth knows no personal data."""
    builder = PortalBuilder(ALIAS, seed, marks=marks)
    document, crew = build_portal(builder)
    customers = build_customers(builder, crew)
    maker = TicketMaker(builder, crew, customers)
    demo = list(build_special(builder, crew, customers, "demo").values())
    long = build_special(builder, crew, customers, "long")["long"]
    relatives = maker.relatives("noor", _RELATIVES)
    by_hand = len(builder.records)
    builder.related[demo[0]] = (*demo[1:], long, *relatives)
    builder.related[long] = (*demo[:4], *relatives)
    maker.ordinary(_TICKETS)
    infect_objects(builder, by_hand)
    add_lifecycle(builder, crew, maker, customers)
    return Built(document, crew, builder)
