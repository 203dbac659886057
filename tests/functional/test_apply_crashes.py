"""kill -9 at each step, clicks at the same time, a shutdown in the middle: one write, and nothing is lost."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from connectors.sandbox.process import SandboxProcess
from sidecar.client import Client, Problem
from sidecar.local import LocalSidecar
from tests.functional.apply_stage import COMPOSITE, LEASE_SECONDS, MAYA, TARGETS, TOMAS, Stage, Target, outcome

SUMMARY = TARGETS[0]
LATE_SECONDS = 8.0
"""Longer than a restart, a lease and a look at the draft take."""


@pytest.fixture(scope="module")
def stage(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A sidecar that may be killed."""
    state = tmp_path_factory.mktemp("crashes")
    with LocalSidecar(sandbox, state, CRM_SIDECAR_APPLY_LEASE_SECONDS=str(LEASE_SECONDS)) as running:
        yield Stage(sandbox, running)
    sandbox.control.reset()


@pytest.fixture(autouse=True)
def _afresh(stage: Stage) -> None:
    stage.control.reset()


def until(so: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "it never was"
        time.sleep(0.002)


def fired(stage: Stage, count: int) -> Callable[[], bool]:
    """Whether so many fault rules have fired."""
    return lambda: sum(rule["fired"] for rule in stage.control.faults()) >= count


def together(calls: Sequence[Callable[[], str]]) -> list[str]:
    """Run all at the same moment."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], str]) -> str:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def twin(client: Client) -> Client:
    """The same login on a connection of its own."""
    return Client(client.url, str(client._http.headers["Authorization"]).removeprefix("Bearer "))


def crash(stage: Stage, target: Target, draft: dict[str, Any], when: Callable[[], object]) -> None:
    """Click Apply, kill the sidecar at that moment, start it again."""
    with ThreadPoolExecutor(1) as pool:
        click = pool.submit(stage.press, target, draft)
        until(when)
        stage.sidecar.kill()
        assert click.result() in {"no answer", "applied"}
    stage.control.clear_faults()
    stage.sidecar.start()


def look(stage: Stage, target: Target, draft: dict[str, Any]) -> str:
    """Open the draft once the lease is over; what was interrupted is settled."""
    stage.wait_for_lease(target, draft)
    shown: str = stage.client(target.org, target.username).call("GET", f"/v1/drafts/{draft['id']}")["state"]
    assert shown == stage.agree(target, draft)
    return shown


def verify(stage: Stage) -> None:
    """The chain of the audit log is whole."""
    command = [sys.executable, "-m", "sidecar", "audit", "verify"]
    environment = os.environ | stage.sidecar.settings()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "is whole" in done.stdout


# Faults of one apply as (action, request, arguments): the last one holds the request while the sidecar is killed.
MOMENTS: dict[str, tuple[tuple[str, int, dict[str, Any]], ...]] = {
    "while the sources are read": (("delay", 1, {"seconds": 1.0}),),
    "before the pre-image": (("delay", 2, {"seconds": 1.0}),),
    "while the write is on its way": (("delay", 3, {"seconds": 1.0}),),
    "after the write, before its answer": (("commit_then_drop", 3, {}), ("delay", 4, {"seconds": 1.0})),
    "after the write was lost": (("drop_before", 3, {}), ("delay", 4, {"seconds": 1.0})),
}


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
@pytest.mark.parametrize("moment", MOMENTS)
def test_kill_9(stage: Stage, target: Target, moment: str) -> None:
    """After a restart the draft is settled; one more click, and the write stands there once, or it is unknown."""
    draft = stage.draft(target)
    for action, nth, arguments in MOMENTS[moment]:
        stage.control.fault(action, path=COMPOSITE, org=target.org, nth=nth, **arguments)
    crash(stage, target, draft, fired(stage, len(MOMENTS[moment])))
    settled = look(stage, target, draft)
    sent = "sources" not in moment and "pre-image" not in moment
    expected = {"applied" if sent and "lost" not in moment else "draft"}
    assert settled in (expected if target.package or not sent else {"applied", "unknown"})
    final = stage.press(target, draft)
    assert final == stage.agree(target, draft)
    assert final == ("unknown" if settled == "unknown" else "applied")
    assert "intent" in stage.audited(target, draft)
    verify(stage)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_kill_9_as_soon_as_the_write_is_there(stage: Stage, target: Target) -> None:
    """Whether or not its answer was stored, the write is found again and never repeated."""
    draft = stage.draft(target)
    crash(stage, target, draft, lambda: stage.standing(target, draft))
    assert look(stage, target, draft) == "applied"
    assert stage.press(target, draft) == "applied"
    assert stage.agree(target, draft) == "applied"
    assert stage.audited(target, draft) in (["intent", "applied"], ["intent", "applied", "applied"])
    verify(stage)


@pytest.mark.parametrize("target", [TARGETS[0], TARGETS[2]], ids=lambda target: target.name)
def test_a_write_that_arrives_after_the_restart(stage: Stage, target: Target) -> None:
    """With keys it was fenced off and can only fail. Without, nobody said "not written", and then it is found."""
    draft = stage.draft(target)
    stage.control.fault("delay", path=COMPOSITE, org=target.org, nth=3, seconds=LATE_SECONDS)
    crash(stage, target, draft, fired(stage, 1))
    mark = stage.control.last()
    settled = look(stage, target, draft)
    assert settled == ("draft" if target.package else "unknown")
    until(lambda: any("delay" in entry["faults"] for entry in stage.control.requests(mark, target.org)))
    assert stage.agree(target, draft) == settled
    assert stage.standing(target, draft) == (0 if target.package else 1)
    assert stage.press(target, draft) == "applied"
    assert stage.agree(target, draft) == "applied"


def test_a_shutdown_lets_an_apply_finish(stage: Stage) -> None:
    """SIGTERM in the middle of a write: the agent gets her answer, and the draft is applied after the restart."""
    draft = stage.draft(SUMMARY)
    stage.control.fault("delay", path=COMPOSITE, org=SUMMARY.org, nth=3, seconds=1.0)
    with ThreadPoolExecutor(1) as pool:
        click = pool.submit(stage.press, SUMMARY, draft)
        until(fired(stage, 1))
        stage.sidecar.stop()
        assert click.result() == "applied"
    stage.sidecar.start()
    assert stage.agree(SUMMARY, draft) == "applied"
    assert stage.audited(SUMMARY, draft) == ["intent", "applied"]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_eight_clicks_at_once_write_once(stage: Stage, target: Target) -> None:
    """One click does it; the others see it done or are told that it is being done."""
    draft = stage.draft(target)
    clients = [twin(stage.client(target.org, target.username)) for _ in range(8)]
    said = together([lambda client=client: outcome(client, draft) for client in clients])  # type: ignore[misc]
    assert set(said) <= {"applied", "conflict"}
    assert "applied" in said
    assert stage.agree(target, draft) == "applied"
    assert stage.press(target, draft) == "applied"
    assert stage.audited(target, draft) == ["intent", "applied"]


def test_two_agents_one_case(stage: Stage) -> None:
    """The first to arrive wins; the other is told that the case moved on; the text is the winner's to the letter."""
    agents = [stage.client("northwind", username) for username in (MAYA, TOMAS)]
    for _ in range(5):
        stage.control.reset()
        drafts = [agent.draft("summarize_case", stage.case(SUMMARY)) for agent in agents]
        said = together(
            [
                lambda agent=agent, draft=draft: outcome(agent, draft)  # type: ignore[misc]
                for agent, draft in zip(agents, drafts, strict=True)
            ]
        )
        assert sorted(said) == ["applied", "moved-on"]
        winner = drafts[said.index("applied")]
        case = stage.control.record("northwind", "Case", stage.case(SUMMARY))
        assert case
        assert case["Assistant_Summary__c"] == winner["change"]["after"][0]["body"]
        assert len(stage.control.records("northwind", "Writeback__c")) == 1


@pytest.mark.parametrize("target", TARGETS[:3], ids=lambda target: target.name)
def test_two_undos_at_once(stage: Stage, target: Target) -> None:
    """It is undone once; the other click sees that, or is told that it is being done."""
    draft = stage.draft(target)
    assert stage.press(target, draft) == "applied"
    clients = [twin(stage.client(target.org, target.username)) for _ in range(2)]
    said = together([lambda client=client: outcome(client, draft, "undo") for client in clients])  # type: ignore[misc]
    assert set(said) <= {"undone", "conflict"}
    assert "undone" in said
    assert stage.agree(target, draft) == "undone"
    assert stage.press(target, draft, "undo") == "undone"


def test_an_undo_never_overwrites_a_person(stage: Stage) -> None:
    """Somebody has edited the field since: refused, the draft stays applied and the person's text stays."""
    draft = stage.draft(SUMMARY)
    assert stage.press(SUMMARY, draft) == "applied"
    text = {SUMMARY.text: "A person wrote this."}
    stage.control.mutate(SUMMARY.org, "touch", record=stage.case(SUMMARY), fields=text)
    with pytest.raises(Problem) as refused:
        stage.client(SUMMARY.org, SUMMARY.username).undo(draft["id"])
    assert refused.value.body["type"].endswith("moved-on")
    assert stage.state(SUMMARY, draft) == "applied"
    case = stage.control.record(SUMMARY.org, "Case", stage.case(SUMMARY))
    assert case
    assert case[SUMMARY.text] == text[SUMMARY.text]
