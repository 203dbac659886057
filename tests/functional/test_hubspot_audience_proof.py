"""Nothing is written that another reader of the record may not read: every user x record x action, on HubSpot.

HubSpot has no API that tells which properties are hidden from whom, so the configuration is what an administrator of
the portal would write: `config/audience.yaml` without what anybody is denied. Once some users are denied more than the
example has it, once not; each with a user-level and an account-level app. PROOF_SHARE=1 takes all records in one run.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import yaml

from connectors.interfaces import Connector, RecordRef
from connectors.sandbox.wire import Refused
from sidecar.domain import Principal
from sidecar.policy import Policy
from sidecar.settings import Settings
from tests.functional import marked_portal
from tests.functional.audience_proof import Generous, Proof, Tally
from tests.functional.marked_portal import ALIAS, NUMBERS, TEXTS, Portal
from tests.functional.marked_world import Rights
from tests.functional.test_hubspot_permissions import MODES, Stage, staged

LOST: Mapping[str, tuple[str, ...]] = {
    "noor.haddad": ("tickets.content", "emails.hs_email_subject"),
    "davi.rocha": ("notes.hs_note_body",),
    "gloria.estevez": ("companies.name", "contacts.lastname"),
}
"""Properties that these users lose here: enough is left to write about."""
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "tickets": ("summarize_case", "next_steps", "draft_reply", "handover"),
    "companies": ("brief_account",),
    "contacts": ("draft_outreach",),
}


def honest(portal: Portal, folder: Path) -> Policy:
    """The released policy without the properties that somebody in this portal is denied."""
    shutil.copytree(Settings().config_dir, folder)
    denied = {name for user in portal.document["users"] for name in user["hidden_properties"]}
    path = folder / "audience.yaml"
    found = yaml.safe_load(path.read_text("utf-8"))
    kept = {
        audience: {
            object_: [name for name in names if not _is_denied(object_, name, denied)]
            for object_, names in listed.items()
        }
        for audience, listed in found.items()
    }
    path.write_text(yaml.safe_dump(kept), encoding="utf-8")
    return Policy.load(folder)


def _is_denied(object_: str, name: str, denied: set[str]) -> bool:
    """A contact's full name shows its parts; the HTML of a message shows its text."""
    names = {name, *(("firstname", "lastname") if name == "Name" else ())}
    names |= {"hs_email_text"} if name == "hs_email_html" else set()
    return any(f"{object_}.{each}" in denied for each in names)


def without_app(portal: Portal, user_id: str) -> Rights:
    """What somebody reads who may not install the app: all of the objects that her seat shows whole, nothing else."""
    user = next(user for user in portal.document["users"] if user["id"] == user_id)
    hidden = user["hidden_properties"]
    whole = {name for name, level in user["permissions"].items() if level["view"] == "all"}
    objects = portal.world.records[ALIAS]
    fields = {
        name: frozenset(each for each in (*TEXTS[name], *NUMBERS.get(name, ())) if f"{name}.{each}" not in hidden)
        for name in TEXTS
    }
    return Rights(fields, frozenset(key for key, object_ in objects.items() if object_ in whole), objects)


def everybody(stage: Stage, mode: str) -> tuple[dict[str, Principal], dict[str, Rights]]:
    """Who can log in, and what each user of the portal reads."""
    people: dict[str, Principal] = {}
    rights: dict[str, Rights] = {}
    for user in stage.sandbox.orgs[ALIAS].users:
        if mode == "user-level" and not stage.portal.may_view_tickets(user.id):
            with pytest.raises(Refused):
                stage.log_in(mode, user.username)
            rights[user.username] = without_app(stage.portal, user.id)
        else:
            people[user.username], rights[user.username] = stage.log_in(mode, user.username)
    return people, rights


@pytest.fixture(scope="module", params=[LOST, {}], ids=["some properties hidden", "as it comes"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The marked portal with the configuration that fits it."""
    folder = tmp_path_factory.mktemp("audiences")
    portal = marked_portal.write(folder / "data", request.param)
    with staged(folder, portal) as running:
        yield replace(running, services=replace(running.services, policy=honest(portal, folder / "config")))


@pytest.mark.parametrize("mode", MODES)
def test_every_user_every_record_every_action(stage: Stage, mode: str) -> None:
    """What would be written holds no mark of a property or record that another reader of the record may not read."""
    people, rights = everybody(stage, mode)
    tally = Proof(stage.services, stage.portal.world, rights).all_of(ALIAS, people, ACTIONS)
    print(f"\n{mode}: {tally.said()}")  # noqa: T201 - the figures of this proof
    assert tally.beyond == []
    assert {object_ for object_, _, _ in tally.places} >= {"tickets", "emails", "calls"}
    assert 0 < tally.reserved < tally.claims


def test_the_proof_would_notice(stage: Stage) -> None:
    """With the released policy and a connector that takes every record for everybody's, drafts say too much."""
    people, rights = everybody(stage, "user-level")
    generous = {name: cast("Connector", Generous(found)) for name, found in stage.services.connectors.items()}
    services = replace(stage.services, connectors=generous, policy=Policy.load(Settings().config_dir))
    proof, tally = Proof(services, stage.portal.world, rights), Tally()
    username = next(name for name in people if name.startswith("rosa"))
    for object_, action in (("tickets", "handover"), ("companies", "brief_account")):
        for record in proof.records(ALIAS, username, object_)[:12]:
            proof.draft(tally, people[username], username, action, RecordRef("hubspot", object_, record))
    assert tally.beyond
