"""HubSpot: nothing beyond a user's own rights, or beyond the configured rule, reaches a prompt, draft or count.

Every user x every ticket x every text, as in `test_permissions` (PROOF_SHARE=1 for all of them in one run): once with
a user-level app, and once with an account-level app whose token sees the whole portal.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.interfaces import Rate, RecordRef
from connectors.registry import connector_class
from connectors.sandbox.process import SandboxProcess
from connectors.sandbox.wire import Refused
from sidecar import actions
from sidecar.api.draft_models import DraftOut
from sidecar.app import build_services
from sidecar.crm import open_session
from sidecar.domain import Principal
from sidecar.errors import NotFound
from sidecar.interfaces import Services
from sidecar.local import principal
from sidecar.settings import Settings
from sidecar.sync import sync
from tests.fakes import WordEmbedder
from tests.functional import marked_portal
from tests.functional.marked_portal import ALIAS, NUMBERS, TEXTS, Portal
from tests.functional.marked_world import Rights
from tests.functional.test_permissions import Overheard

SHARE = int(os.environ.get("PROOF_SHARE", "4"))
"""Each user asks for every n-th ticket, another user for the next ones; 1 asks for all of them."""
MODES = ("user-level", "account-level")
UNKNOWN = "999999999999"
FIELDS = {object_: (*names, *NUMBERS.get(object_, ())) for object_, names in TEXTS.items()}
"""Every property that bears a mark."""
OPEN = {"contacts": {"view": "all"}, "companies": {"view": "all"}}


class Unhurried:
    """A limiter that lets every call through: the sandbox's limits are off here."""

    def acquire(self, bucket: str, rate: Rate, *, urgent: bool) -> None:
        """See `Limiter.acquire`."""

    def pause(self, bucket: str, seconds: float) -> None:
        """See `Limiter.pause`."""


@dataclass(frozen=True)
class Stage:
    """A marked portal with both kinds of app, and services whose index is full."""

    sandbox: SandboxProcess
    services: Services
    overheard: Overheard
    portal: Portal

    def log_in(self, mode: str, username: str) -> tuple[Principal, Rights]:
        """By OAuth; and what she may see."""
        who = principal(self.services, self.sandbox, mode, username)
        assert who.attributes["access"] == mode
        if mode == "account-level":
            return who, self.portal.by_rule(who.user_id)
        token = self.services.tokens.load(who.grant_id)
        assert token is not None
        return who, marked_portal.ask(self.sandbox.orgs[ALIAS].https, token.access_token, self.sandbox.ca_file)

    def draft(self, who: Principal, ticket: str) -> dict[str, Any]:
        """A draft as the API shows it."""
        self.overheard.prompt = None
        click = actions.Click("summarize_case", RecordRef("hubspot", "tickets", ticket))
        return DraftOut.of(actions.draft(self.services, who, click), None).model_dump(mode="json")

    def seen(self, made: dict[str, Any]) -> str:
        """All that left the firewall for this draft."""
        prompt = self.overheard.prompt
        assert prompt is not None
        shown = [prompt.instructions, prompt.data, json.dumps(made, ensure_ascii=False)]
        shown += [f"{p.key.id} {p.root.id} {p.author} {p.text}" for p in prompt.passages]
        return "\n".join(shown)


@contextmanager
def staged(folder: Path, portal: Portal) -> Iterator[Stage]:
    """The marked portal in `folder`, and the index filled by its super admin."""
    with SandboxProcess(folder / "data" / ALIAS) as sandbox:
        sandbox.control.mutate(ALIAS, "rate_limits", on=False)
        org = sandbox.orgs[ALIAS]
        assert org.account_client is not None
        apps = {"user-level": org.web_client, "account-level": org.account_client}
        address = {"crm": "hubspot", "api_url": org.https, "app_url": org.https, "ca_file": str(sandbox.ca_file)}
        file = folder / "installations.yaml"
        file.write_text(
            yaml.safe_dump(
                {
                    mode: address | {"client_id": app.id, "client_secret": app.secret, "access": OPEN}
                    for mode, app in apps.items()
                }
            )
        )
        settings = Settings(state_dir=folder / "state", installations_file=file)
        built = build_services(settings)
        overheard = Overheard(built.reasoner)
        connectors = {
            name: connector_class("hubspot")(tokens=built.tokens, limiter=Unhurried(), **found.options())
            for name, found in settings.installations().items()
        }
        services = replace(built, embedder=WordEmbedder(), reasoner=overheard, connectors=connectors)
        made = Stage(sandbox, services, overheard, portal)
        admin = next(user for user in org.users if user.profile == "Super Admin")
        who, _ = made.log_in("user-level", admin.username)
        sync(services, open_session(services, who), "tickets")
        yield made


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where every user drafts on every ticket."""
    folder = tmp_path_factory.mktemp("portal")
    with staged(folder, marked_portal.write(folder / "data")) as running:
        yield running


def denied(stage: Stage, rights: Rights, text: str) -> set[object]:
    """Records and properties that `text` shows and these rights do not."""
    world = stage.portal.world
    places: set[object] = {place for place in world.found(text) if not rights.may_read(place)}
    return places


@pytest.mark.parametrize("mode", MODES)
def test_every_user_and_every_ticket(stage: Stage, mode: str) -> None:
    """A ticket is drafted from what its reader may see and nothing else, or it is as if it did not exist."""
    drafts = refusals = 0
    leaks: list[tuple[str, str, object]] = []
    shown: set[tuple[str, str, str]] = set()
    for number, user in enumerate(stage.sandbox.orgs[ALIAS].users):
        if mode == "user-level" and not stage.portal.may_view_tickets(user.id):
            with pytest.raises(Refused):  # HubSpot lets nobody install an app for what she may not do herself
                stage.log_in(mode, user.username)
            continue
        who, rights = stage.log_in(mode, user.username)
        missing = _refusal(stage, who, UNKNOWN)
        for ticket in stage.portal.tickets[number % SHARE :: SHARE]:
            if not rights.sees(ticket):
                assert _refusal(stage, who, ticket) == missing, (user.username, ticket)
                refusals += 1
                continue
            made = stage.draft(who, ticket)
            text = stage.seen(made)
            drafts += 1
            leaks += [(user.username, ticket, what) for what in denied(stage, rights, text)]
            leaks += [(user.username, ticket, what) for what in _named(rights, made)]
            shown |= stage.portal.world.found(text)
    assert leaks == []
    # The marks do reach prompts and drafts, so their absence means something.
    assert {(object_, name) for object_, _, name in shown} >= {
        ("tickets", "subject"), ("tickets", "content"), ("emails", "hs_email_text"), ("notes", "hs_note_body"),
        ("calls", "hs_call_body"), ("tasks", "hs_task_body"),
    }  # fmt: skip
    users, tickets = stage.sandbox.orgs[ALIAS].users, stage.portal.tickets
    print(  # noqa: T201 - the figures of this proof
        f"\n{mode}: {len(users)} users x {len(tickets)} tickets = {drafts} drafts "
        f"+ {refusals} refusals; {len(stage.portal.world.marks)} marks planted, {len(shown)} seen where allowed"
    )


@pytest.mark.parametrize("mode", MODES)
def test_every_user_and_every_company_and_contact(stage: Stage, mode: str) -> None:
    """What hangs on a company or contact is read as far as its reader may see it, in records and in properties."""
    leaks: list[tuple[str, object]] = []
    shown: set[tuple[str, str, str]] = set()
    for number, user in enumerate(stage.sandbox.orgs[ALIAS].users):
        if mode == "user-level" and not stage.portal.may_view_tickets(user.id):
            continue
        who, rights = stage.log_in(mode, user.username)
        session = open_session(stage.services, who)
        for object_ in ("companies", "contacts"):
            for id_ in stage.portal.of(object_)[number % (2 * SHARE) :: 2 * SHARE]:
                bundle = session.read(RecordRef("hubspot", object_, id_), FIELDS)
                records = [bundle.record, *bundle.thread, *bundle.people]
                text = "\n".join(str(value) for record in records for value in record.fields.values())
                ids = {record.ref.id for record in records if record.ref.object != "owners"}
                leaks += [(user.username, id_) for id_ in ids if not rights.sees(id_)]
                leaks += [(user.username, what) for what in denied(stage, rights, text)]
                shown |= stage.portal.world.found(text)
    assert leaks == []
    assert {object_ for object_, _, _ in shown} == set(TEXTS)


@pytest.mark.parametrize("mode", MODES)
def test_the_proof_would_notice(stage: Stage, mode: str) -> None:
    """The head of support's drafts, judged by an agent's rights, are full of what she may not see."""
    users = {user.username.partition("@")[0]: user for user in stage.sandbox.orgs[ALIAS].users}
    who, _ = stage.log_in("user-level", users["rosa.amsel"].username)
    for name in ("mira.lindgren", "davi.rocha", "gloria.estevez"):
        _, rights = stage.log_in(mode, users[name].username)
        hidden = next(ticket for ticket in stage.portal.tickets if not rights.sees(ticket))
        assert denied(stage, rights, stage.seen(stage.draft(who, hidden))), name


def _refusal(stage: Stage, who: Principal, ticket: str) -> tuple[object, ...]:
    with pytest.raises(NotFound) as error:
        stage.draft(who, ticket)
    assert stage.overheard.prompt is None
    return error.value.status, error.value.type, error.value.title, error.value.detail, error.value.extra


def _named(rights: Rights, made: dict[str, Any]) -> set[object]:
    """Records that sources, related records and flags name and that the user may not see."""
    named = {item["record"]["id"] for part in ("sources", "related", "flags") for item in made[part]}
    return {record_id for record_id in named if not rights.sees(record_id)}


def test_the_marked_portal_is_the_portal(tmp_path: Path) -> None:
    """Every text of every ticket carries a mark, so that none can leak unseen."""
    portal = marked_portal.write(tmp_path / "again")
    lines = (tmp_path / "again" / ALIAS / "tickets.jsonl").read_text("utf-8").splitlines()
    assert len(lines) >= len(portal.tickets) > 100
    assert all(portal.world.found(json.loads(line)["properties"]["subject"]) for line in lines)
