"""Clocks, disks and indexes in a bad state, and round trips: a clear answer, nothing written, nothing lost."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import pytest
import requests
import structlog
from sqlalchemy import Engine, event

from connectors.sandbox.data import DEMO_CASE_ID, DEMO_USERNAMES
from connectors.sandbox.process import SandboxProcess
from sidecar import logs
from sidecar.api.problems import TYPE
from sidecar.domain import Claim
from sidecar.interfaces import quiet
from sidecar.local import LocalSidecar
from sidecar.templates import Prompt
from sidecar.vocabulary import VOCABULARIES
from tests.functional.conftest import INDEXER
from tests.functional.conftest import ORG as NORTHWIND
from tests.functional.odd_desk import CANARY, Desk, problem
from tests.functional.odd_records import ORG, PLAIN
from tests.functional.trips import counted

DAYS = timedelta(days=2)


# ── Time ─────────────────────────────────────────────────────────────────


def test_an_expired_draft_is_not_applied(desk: Desk) -> None:
    """A day later the draft says that it is too old; the session is a new one."""
    made = desk.made(PLAIN)
    later = desk.services.clock() + timedelta(hours=25)
    token = desk.services.sessions.create(desk.who, later)[0]
    late = replace(desk.on(replace(desk.services, clock=lambda: later)), token=token)
    answer = late.call("POST", f"/v1/drafts/{made['id']}/apply", If_Match=f'"{made["digest"]}"')
    assert problem(answer, 409, "conflict", "Draft again")["state"] == "expired"


@pytest.mark.parametrize("skew", [DAYS, -DAYS], ids=["crm ahead", "crm behind"])
@pytest.mark.parametrize("action", ["summarize_case", "next_steps"])
def test_clocks_that_disagree(shared: Desk, skew: timedelta, action: str) -> None:
    """With two days between CRM and sidecar, draft, apply and undo work as ever, and undo leaves nothing behind."""
    control = shared.sandbox.control
    control.reset()
    control.set_clock(shared.services.clock() + skew)
    mail = {"ParentId": PLAIN, "Incoming": True, "Status": "1", "TextBody": "Please send a new valve by 2026-12-04."}
    control.mutate(
        ORG, "create", object="EmailMessage", fields={**mail, "Subject": "Valve", "FromAddress": "k@c.example"}
    )
    case = {name: value for name, value in (control.record(ORG, "Case", PLAIN) or {}).items() if name.endswith("__c")}
    made = shared.draft(PLAIN, action).get_json()
    assert made["change"]["after"], made
    applied = shared.call("POST", f"/v1/drafts/{made['id']}/apply", If_Match=f'"{made["digest"]}"')
    assert applied.get_json()["state"] == "applied"
    undone = shared.call("POST", f"/v1/drafts/{made['id']}/undo")
    assert undone.get_json()["state"] == "undone"
    assert control.records(ORG, "Task", WhatId=PLAIN, IsDeleted="false") == []
    now = control.record(ORG, "Case", PLAIN) or {}
    assert {name: now.get(name) for name in case} == case
    control.reset()


# ── Disk, index, crash ───────────────────────────────────────────────────


@contextmanager
def full_disk(engine: Engine) -> Iterator[None]:
    """SQLite may not grow any more: what a full disk looks like from inside (SQLITE_FULL)."""

    def limit(connection: Any, _record: object) -> None:  # noqa: ANN401 - sqlite3's connection
        connection.execute("PRAGMA max_page_count = 1")

    engine.dispose()
    event.listen(engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(engine, "connect", limit)
        engine.dispose()


def test_a_full_disk_loses_nothing(desk: Desk) -> None:
    """Drafts and applies are refused and say what is missing; when there is room again, all is still there."""
    made = desk.made(PLAIN)
    engine: Engine = cast("Any", desk.services.audit)._engine
    refused = 0
    with full_disk(engine):
        for _ in range(40):
            answer = desk.draft(PLAIN)
            refused += answer.status_code != HTTPStatus.CREATED
            if answer.status_code != HTTPStatus.CREATED:
                body = problem(answer, 503, "unavailable", "")
                assert answer.headers["Retry-After"]
        assert refused > 0, "the disk was never full"
        applied = desk.call("POST", f"/v1/drafts/{made['id']}/apply", If_Match=f'"{made["digest"]}"')
        problem(applied, 503, "unavailable", "")
        assert desk.web.get("/readyz").status_code in {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}
    print(f"\nfull disk: {refused} of 40 drafts refused: {body['detail']}")  # noqa: T201 - read as an agent
    assert desk.services.audit.verify(desk.who.tenant).broken is None
    shown = desk.call("GET", f"/v1/drafts/{made['id']}").get_json()
    assert (shown["state"], shown["digest"]) == ("draft", made["digest"])
    assert desk.draft(PLAIN).status_code == HTTPStatus.CREATED


def test_a_corrupted_index_is_done_without(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Broken while running or at start: drafts go on and say so; removed and synced again, all is as before."""
    sandbox.control.reset()
    with LocalSidecar(sandbox, tmp_path / "state") as sidecar:
        indexer = sidecar.log_in(NORTHWIND, INDEXER)
        filled = sum(indexer.sync(object_) for object_ in VOCABULARIES["salesforce"].indexed)
        maya = sidecar.log_in(NORTHWIND, DEMO_USERNAMES[0])
        whole = maya.draft("summarize_case", DEMO_CASE_ID)
        assert whole["related"]
        index = sidecar.state / "chroma"

        def ready() -> dict[str, Any]:
            found: dict[str, Any] = requests.get(f"{sidecar.url}/readyz", timeout=30).json()
            return found

        def without() -> None:
            made = maya.draft("summarize_case", DEMO_CASE_ID)
            assert made["claims"]
            assert made["related"] == []
            assert any("index of related records is not available" in warning for warning in made["warnings"])
            assert (ready()["status"], ready()["parts"]["index"]) == ("ok", "down")

        for path in index.rglob("*"):
            if path.is_file():
                path.write_bytes(b"\x00garbage" * 500)
        without()
        sidecar.stop()
        sidecar.start()
        without()
        sidecar.stop()
        shutil.rmtree(index)
        sidecar.start()
        assert sum(indexer.sync(object_) for object_ in VOCABULARIES["salesforce"].indexed) == filled
        assert maya.draft("summarize_case", DEMO_CASE_ID)["related"] == whole["related"]
        assert ready()["parts"]["index"] == "ok"


class Crashing:
    """A reasoner that dies with a message full of text."""

    name = "crashing"

    def generate(self, prompt: Prompt, progress: Callable[[int], None] = quiet) -> tuple[Claim, ...]:
        """See `Reasoner.generate`."""
        raise RuntimeError(CANARY + prompt.data) from ValueError(CANARY)


def test_a_crash_names_places_only(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    """What nobody foresaw is logged by class and place, with the request's id that the caller sees; no message."""
    logs.configure()
    try:
        answer = desk.on(replace(desk.services, reasoner=Crashing())).draft(PLAIN)
    finally:
        structlog.reset_defaults()
    body = problem(answer, 500, "internal", "administrator")
    assert body["type"] == f"{TYPE}internal"
    _, said = capfd.readouterr()
    assert CANARY not in said
    assert "RuntimeError" in said
    assert "tests.functional.test_bad_states:" in said
    assert body["request"] in said


# ── Round trips ──────────────────────────────────────────────────────────


def test_round_trips_of_a_cold_and_a_warm_draft(sandbox: SandboxProcess, tmp_path: Path) -> None:
    """By the CRM's own log: three for the first draft of a user in a fresh process, two for the next."""
    sandbox.control.reset()
    with LocalSidecar(sandbox, tmp_path / "state") as sidecar:
        indexer = sidecar.log_in(NORTHWIND, INDEXER)
        for object_ in VOCABULARIES["salesforce"].indexed:
            indexer.sync(object_)
        for username in DEMO_USERNAMES:
            agent = sidecar.log_in(NORTHWIND, username)
            for allowed in (3, 2):
                with counted(sandbox.control, NORTHWIND) as trips:
                    made = agent.draft("summarize_case", DEMO_CASE_ID)
                    assert made["related"]
                    assert trips() == made["round_trips"] <= allowed
