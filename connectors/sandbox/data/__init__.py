"""The sandbox's company: two orgs with people, cases, articles and a ground truth, the same for the same seed."""

from typing import Final

from connectors.sandbox.data.accounts import build_accounts
from connectors.sandbox.data.banks import bank
from connectors.sandbox.data.builder import PREFIXES, OrgBuilder
from connectors.sandbox.data.cases import build_cases
from connectors.sandbox.data.org import Document, build_org
from connectors.sandbox.data.special import build_special
from connectors.sandbox.data.truth import GroundTruth
from connectors.sandbox.salesforce.ids import mint
from connectors.sandbox.salesforce.values import Row

Org = tuple[Document, list[tuple[str, Row]]]

_CASES: Final = {"northwind": 239, "globex": 145}


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
DEMO_USERNAMES: Final = ("maya.lindqvist@northwind-sensing.example", "tomas.rivera@northwind-sensing.example")
"""The two agents of the demo."""


def generate(seed: int = 7) -> list[Org]:
    """Both orgs.

    Returns:
        For each of "northwind" (the product's package is installed) and "globex" (it is not): the document that
        `salesforce.loading` reads, and the records as (object, REST field values). Nothing is shared between calls.
    """
    return build(seed)[0]


def ground_truth(seed: int = 7) -> GroundTruth:
    """What is known about the records that `generate(seed)` returns."""
    return build(seed)[1]


def build(seed: int = 7) -> tuple[list[Org], GroundTruth]:
    """`generate` and `ground_truth` at the price of one."""
    orgs: list[Org] = []
    builders: list[OrgBuilder] = []
    for alias, spec in bank("org")["orgs"].items():
        builder = OrgBuilder(alias, spec["pod"], seed)
        document, staff = build_org(builder)
        customers = build_accounts(builder, staff)
        if alias == "northwind":
            build_special(builder, staff, customers, "demo")
        build_cases(builder, staff, customers, _CASES[alias])
        orgs.append((document | {"shares": builder.shares}, builder.records))
        builders.append(builder)
    return orgs, _truth(orgs, builders)


def _truth(orgs: list[Org], builders: list[OrgBuilder]) -> GroundTruth:
    return GroundTruth(
        cases={story.case_id: story for builder in builders for story in builder.stories},
        planted=tuple(item for builder in builders for item in builder.planted),
        hostile=tuple(item for builder in builders for item in builder.hostile),
        drafts={key: author for builder in builders for key, author in builder.drafts.items()},
        restricted=frozenset(key for builder in builders for key in builder.restricted),
        related={key: ids for builder in builders for key, ids in builder.related.items()},
        hidden_fields={
            document["org"]["alias"]: {item["Name"]: tuple(item["hidden_fields"]) for item in document["profiles"]}
            for document, _ in orgs
        },
    )
