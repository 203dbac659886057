"""Nothing is written that another reader of the record may not read: every user x record x action, on Salesforce.

A marked company (`marked_world`), and the CRM's own word on what each user reads; every other article is public, so the
whole world reads it. Once its profiles hide many fields: `config/audience.yaml` promises more than it keeps, and what
its permission sets say must take that back. Once it is as the example has it: much is written, and what counts is
which records others see. PROOF_SHARE=1 takes all records in one run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from connectors.interfaces import Connector, RecordRef
from connectors.sandbox.salesforce.values import Row
from sidecar.domain import Principal
from sidecar.interfaces import Services
from sidecar.policy import Facts
from tests.functional import marked_world
from tests.functional.audience_proof import Generous, Proof, Tally
from tests.functional.marked_world import Place, Rights, World
from tests.functional.test_permissions import Stage, staged

ORGS = ("northwind", "globex")
HIDING = "many fields hidden"
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "Case": ("summarize_case", "next_steps", "draft_reply", "handover"),
    "Account": ("brief_account",),
    "Contact": ("draft_outreach",),
}


class Silent:
    """A store that the CRM has told nothing: what `audience.yaml` promises is believed."""

    def claim(self, tenant: str, asker: str, now: datetime, every: timedelta) -> bool:
        """See `OpenFields.claim`."""
        return False

    def save(self, tenant: str, fields: Mapping[str, frozenset[str]], now: datetime) -> None:
        """See `OpenFields.save`."""

    def load(self, tenant: str) -> Facts:
        """See `OpenFields.load`."""
        return None


@dataclass(frozen=True)
class Company:
    """The running company, and who is who in one org after another."""

    stage: Stage
    world: World
    public: frozenset[str]
    name: str
    known: dict[str, tuple[dict[str, Principal], dict[str, Rights]]]

    def people(self, org: str) -> tuple[dict[str, Principal], dict[str, Rights]]:
        """Everybody of an org, logged in once, and her rights as the CRM tells them."""
        if org not in self.known:
            found = {user.username: self.stage.log_in(org, user) for user in self.stage.users(org)}
            self.known[org] = ({n: who for n, (who, _) in found.items()}, {n: has for n, (_, has) in found.items()})
        return self.known[org]

    def proof(self, org: str, services: Services | None = None) -> Proof:
        """The proof on one org."""
        return Proof(services or self.stage.services, self.world, self.people(org)[1], self.is_public)

    def is_public(self, place: Place) -> bool:
        """Whether it stands in a public article."""
        return place[1] in self.public


@pytest.fixture(scope="module", params=[HIDING, "as it comes"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The marked company with public articles; its administrators have synced, so the sidecar knows its rights."""
    public: set[str] = set()
    hidden = marked_world.HIDDEN if request.param == HIDING else {}

    def with_public(object_: str, row: Row) -> Row:
        if object_ != "Knowledge__kav":
            return row
        shown = int(str(row["ArticleNumber"])) % 2 == 0
        public.update({str(row["Id"])} if shown and row["PublishStatus"] == "Online" else ())
        return row | {"IsVisibleInPkb": shown}

    folder = tmp_path_factory.mktemp("audiences")
    world = marked_world.write(folder / "data", with_public, hidden)
    with staged(folder / "state", world.folder, folder / "keys") as running:
        yield Company(running, world, frozenset(public), request.param, {})


@pytest.mark.parametrize("org", ORGS)
def test_every_user_every_record_every_action(company: Company, org: str) -> None:
    """What would be written holds no mark of a field or record that another reader of the record may not read."""
    tally = company.proof(org).all_of(org, company.people(org)[0], ACTIONS)
    print(f"\n{company.name}, {org}: {tally.said()}")  # noqa: T201 - the figures of this proof
    assert tally.beyond == []
    # Something is written and something is held back, so that both mean something.
    assert {object_ for object_, _, _ in tally.places} >= {"EmailMessage", "Account", "Contact"}
    assert 0 < tally.reserved < tally.claims


def test_the_proof_would_notice(company: Company) -> None:
    """Without the CRM's word on fields, or on who sees which record, the same drafts say too much."""
    services = company.stage.services
    if company.name == HIDING:
        services = replace(services, open_fields=Silent())
    else:
        generous = {name: cast("Connector", Generous(found)) for name, found in services.connectors.items()}
        services = replace(services, connectors=generous)
    people, proof, tally = company.people("northwind")[0], company.proof("northwind", services), Tally()
    username = next(name for name in people if name.startswith("jonas"))
    for object_, action in (("Case", "handover"), ("Account", "brief_account")):
        for record in proof.records("northwind", username, object_)[:8]:
            proof.draft(tally, people[username], username, action, RecordRef("salesforce", object_, record))
    assert tally.beyond
