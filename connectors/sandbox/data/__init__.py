"""The sandbox's company: two Salesforce orgs, a HubSpot portal and a ground truth, the same for the same seed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.sandbox.data import hubspot
from connectors.sandbox.data.accounts import build_accounts
from connectors.sandbox.data.articles import build_articles
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import PREFIXES, Ledger, OrgBuilder
from connectors.sandbox.data.cases import CaseMaker
from connectors.sandbox.data.hostile import infect_records
from connectors.sandbox.data.org import Document, build_org
from connectors.sandbox.data.special import build_special
from connectors.sandbox.data.truth import GroundTruth
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.values import Row

Org = tuple[Document, list[tuple[str, Row]]]
Portal = tuple[Document, list[tuple[str, Any]]]

_CASES: Final = {"northwind": 242, "globex": 140}
"""Ordinary cases, beside the hand-written ones and their relatives: 400 in all."""
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


def generate(seed: int = 7) -> list[Portal]:
    """Both orgs and the portal.

    Returns:
        For each of "northwind" (the product's package is installed) and "globex" (it is not): the document that
        `salesforce.loading` reads, and the records as (object, REST field values). Then the same for the portal
        "meridian", whose document has `vendor` "hubspot". Nothing is shared between calls.
    """
    return [*build(seed)[0], build_portal(seed)[0]]


def ground_truth(seed: int = 7) -> GroundTruth:
    """What is known about the records that `generate(seed)` returns."""
    return build(seed)[1] | build_portal(seed)[1]


def build_portal(seed: int = 7) -> tuple[Portal, GroundTruth]:
    """The HubSpot portal and what is known about its records; its "cases" are tickets."""
    document, builder = hubspot.build(seed)
    hidden = {user["email"]: tuple(user["hidden_properties"]) for user in document["users"]}
    return (document, builder.records), _truth([builder], {builder.alias: hidden})


def build(seed: int = 7) -> tuple[list[Org], GroundTruth]:
    """The two Salesforce orgs and what is known about their records."""
    orgs: list[Org] = []
    builders: list[OrgBuilder] = []
    for alias, spec in bank("org")["orgs"].items():
        builder = OrgBuilder(alias, spec["pod"], seed)
        document, staff = build_org(builder)
        customers = build_accounts(builder, staff)
        articles = build_articles(builder, staff, every=alias == "northwind")
        maker = CaseMaker(builder, staff, customers)
        if alias == "northwind":
            _hand_written(maker, articles)
        maker.ordinary(_CASES[alias])
        infect_records(builder, staff)
        orgs.append((document | {"shares": builder.shares}, builder.records))
        builders.append(builder)
    hidden = {
        document["org"]["alias"]: {item["Name"]: tuple(item["hidden_fields"]) for item in document["profiles"]}
        for document, _ in orgs
    }
    return orgs, _truth(builders, hidden)


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
    )
