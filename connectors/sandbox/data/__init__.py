"""The sandbox's company: two Salesforce orgs, a HubSpot portal and a ground truth, the same for the same seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final

from connectors.sandbox.data import hubspot
from connectors.sandbox.data.accounts import Customer, build_accounts
from connectors.sandbox.data.activities import add_activities
from connectors.sandbox.data.articles import build_articles
from connectors.sandbox.data.attachments import attach_files, post_feed
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import PREFIXES, Ledger, OrgBuilder
from connectors.sandbox.data.cases import CaseMaker
from connectors.sandbox.data.hostile import infect_records
from connectors.sandbox.data.lifecycle import add_lifecycle
from connectors.sandbox.data.org import Document, Staff, build_document
from connectors.sandbox.data.special import build_case, build_special
from connectors.sandbox.data.truth import GroundTruth
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.values import Row

Org = tuple[Document, list[tuple[str, Row]]]
Generated = tuple[Document, list[tuple[str, Any]]]

ALIASES: Final = ("northwind", "globex")
"""The Salesforce orgs."""
_CASES: Final = {"northwind": 242, "globex": 140}
"""Ordinary cases, beside the hand-written ones and their relatives: 400 in all, before what `_afterwards` adds."""
_RELATIVES: Final = 12


def _case_id(number: int) -> str:
    return mint(PREFIXES["Case"], bank("org")["orgs"]["northwind"]["pod"], number)


DEMO_CASE_ID: Final = _case_id(1)
"""The demo's case in northwind: Maya (tier 1, its owner) and Tomás (tier 2, by a share) both see it."""
DEMO_RELATED_MINE_ID: Final = _case_id(2)
"""The same trouble; Maya sees it, Tomás does not."""
DEMO_RELATED_THEIRS_ID: Final = _case_id(3)
"""The same trouble; Tomás sees it, Maya does not."""
DEMO_RELATED_SHARED_ID: Final = _case_id(4)
"""The same trouble; both see it."""
DEMO_RELATED_RESTRICTED_ID: Final = _case_id(5)
"""The same trouble; neither sees it, nor do their leads."""
LONG_CASE_ID: Final = _case_id(6)
"""The only case with sixty messages, also in northwind: Maya owns it, Tomás sees it by a share."""
DEMO_FILES_CASE_ID: Final = _case_id(261)
"""A case in northwind with an attachment of each kind: txt, html, pdf and docx. Maya owns it, Tomás cannot see it."""
DEMO_USERNAMES: Final = ("maya.lindqvist@northwind-sensing.example", "tomas.rivera@northwind-sensing.example")
"""The two agents of the demo."""


DEMO_TICKET_ID: Final = hubspot.object_id("tickets", 1)
"""The demo's ticket in the portal "meridian": it tells the story of the demo's case, and both users below see it."""
DEMO_TICKET_RELATED_MINE_ID: Final = hubspot.object_id("tickets", 2)
"""The same trouble; Mira sees it, Davi does not."""
DEMO_TICKET_RELATED_THEIRS_ID: Final = hubspot.object_id("tickets", 3)
"""The same trouble; Davi sees it, Mira does not."""
DEMO_TICKET_RELATED_SHARED_ID: Final = hubspot.object_id("tickets", 4)
"""The same trouble; both see it."""
DEMO_TICKET_RELATED_RESTRICTED_ID: Final = hubspot.object_id("tickets", 5)
"""The same trouble; neither sees it."""
LONG_TICKET_ID: Final = hubspot.object_id("tickets", 6)
"""The only ticket with sixty messages; both users see it and the twelve that tell about the same trouble."""
DEMO_TICKET_USERS: Final = ("mira.lindgren@meridian-flow.example", "davi.rocha@meridian-flow.example")
"""The two agents of the demo on HubSpot: counterparts of Maya and Tomás."""


def generate(seed: int = 7) -> list[Generated]:
    """Both orgs and the portal.

    Returns:
        For each of "northwind" (the product's package is installed) and "globex" (it is not): the document that
        `salesforce.loading` reads, and the records as (object, REST field values). Then the same for the portal
        "meridian", whose document has `vendor` "hubspot". Nothing is shared between calls.
    """
    built = [build_org(alias, seed, marks=False) for alias in ALIASES]
    orgs = [(org.document, org.builder.records) for org in built]
    portal = hubspot.build(seed, marks=False)
    return [*orgs, (portal.document, portal.builder.records)]


def build(seed: int = 7) -> tuple[list[Org], GroundTruth]:
    """The two Salesforce orgs and what is known about their records."""
    orgs = [build_org(alias, seed) for alias in ALIASES]
    hidden = {
        org.builder.alias: {item["Name"]: tuple(item["hidden_fields"]) for item in org.document["profiles"]}
        for org in orgs
    }
    truth = _truth([org.builder for org in orgs], hidden)
    return [(org.document, org.builder.records) for org in orgs], truth


def build_portal(seed: int = 7) -> tuple[Generated, GroundTruth]:
    """The HubSpot portal and what is known about its records; its "cases" are tickets."""
    portal = hubspot.build(seed)
    hidden = {user["email"]: tuple(user["hidden_properties"]) for user in portal.document["users"]}
    return (portal.document, portal.builder.records), _truth([portal.builder], {portal.builder.alias: hidden})


@dataclass(frozen=True, slots=True)
class BuiltOrg:
    """A Salesforce org: its document, its people, and the builder with its records and what is known about them."""

    document: Document
    staff: Staff
    builder: OrgBuilder


def build_org(alias: str, seed: int, *, marks: bool = True) -> BuiltOrg:
    """One of the two Salesforce orgs. Without `marks` its ground truth knows no personal data."""
    builder = OrgBuilder(alias, bank("org")["orgs"][alias]["pod"], seed, marks=marks)
    document, staff = build_document(builder)
    customers = build_accounts(builder, staff)
    articles = build_articles(builder, staff, every=alias == "northwind")
    maker = CaseMaker(builder, staff, customers)
    if alias == "northwind":
        _hand_written(maker, articles)
    maker.ordinary(_CASES[alias])
    infect_records(builder, staff)
    _afterwards(builder, staff, customers)
    return BuiltOrg(document | {"shares": builder.shares}, staff, builder)


def _afterwards(builder: OrgBuilder, staff: Staff, customers: list[Customer]) -> None:
    """What was added to the company later: files, posts, records that something happened to, calls and deals.

    All of it follows the records that were there before, so that those stay as they are.
    """
    by_name = {customer.name: customer for customer in customers}
    scripts = bank("files")["cases"].get(builder.alias, ())
    named = {spec["name"]: build_case(builder, staff, by_name[spec["account"]], spec) for spec in scripts}
    attach_files(builder, staff, named)
    post_feed(builder, staff, named)
    if staff.spec["lifecycle"]:
        add_lifecycle(builder, staff, {"demo": DEMO_CASE_ID, "long": LONG_CASE_ID})
    add_activities(builder, staff, customers)


def _hand_written(maker: CaseMaker, articles: dict[str, list[str]]) -> None:
    """The demo's cases, the long case, and its relatives."""
    builder = maker.builder
    demo = build_special(builder, maker.staff, maker.customers, "demo")
    long = build_special(builder, maker.staff, maker.customers, "long")["long"]
    relatives = maker.relatives("maya", _RELATIVES)
    about_gateways = articles["gateway_offline"]
    demo_ids = [str(row["Id"]) for row in demo.values()]
    builder.related[DEMO_CASE_ID] = (*demo_ids[1:], str(long["Id"]), *about_gateways)
    builder.related[LONG_CASE_ID] = (*demo_ids[:4], *relatives, *about_gateways)


def _truth(builders: Sequence[Ledger], hidden: Mapping[str, Mapping[str, tuple[str, ...]]]) -> GroundTruth:
    return GroundTruth(
        cases={story.case_id: story for builder in builders for story in builder.stories},
        planted=tuple(item for builder in builders for item in builder.planted),
        hostile=tuple(item for builder in builders for item in builder.hostile),
        drafts={key: author for builder in builders for key, author in builder.drafts.items()},
        restricted=frozenset(key for builder in builders for key in builder.restricted),
        related={key: ids for builder in builders for key, ids in builder.related.items()},
        hidden_fields=hidden,
        files={key: item for builder in builders for key, item in builder.files.items()},
        fates=reduce(or_, (builder.fates for builder in builders)),
    )
