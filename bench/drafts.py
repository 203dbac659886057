"""A draft of a 60-message case with ten related records over HTTP on real parts: time, memory, start until ready.

The sandbox adds no latency, so the figures are the product's own plus what the sandbox needs to answer. The peer of the
draft is one bare read: the time that the CRM itself takes for the same two round trips, in the same run.
"""

import statistics
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from connectors.interfaces import RecordRef
from connectors.sandbox.data import DEMO_TICKET_USERS, DEMO_USERNAMES, LONG_CASE_ID, LONG_TICKET_ID
from connectors.sandbox.process import SandboxProcess
from sidecar.actions import Click, draft
from sidecar.app import build_services
from sidecar.client import Client
from sidecar.crm import open_session
from sidecar.local import LocalSidecar, installations, principal
from sidecar.retrieval import Index
from sidecar.settings import Settings
from sidecar.sync import sync
from sidecar.vocabulary import VOCABULARIES

ORG = "northwind"
PORTAL = "meridian"
INDEXER = "sam.ostrander@northwind-sensing.example"
WARM = 60
COLD = 7
SOAK = 1000
RELATED = 10

Row = dict[str, Any]


def run() -> list[Row]:
    """All rows. Takes about five minutes."""
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crm-sidecar-bench-")))
        sandbox = stack.enter_context(SandboxProcess())
        sandbox.control.mutate(PORTAL, "rate_limits", on=False)
        sidecar = stack.enter_context(LocalSidecar(sandbox, state, calls=1_000_000))
        rows = [row("ready_s", sidecar.ready_seconds, "s", "goal", 3.0)]
        indexer = sidecar.log_in(ORG, INDEXER)
        for object_ in VOCABULARIES["salesforce"].indexed:
            indexer.sync(object_)
        agent = sidecar.log_in(ORG, DEMO_USERNAMES[0])
        rows += _warm(sandbox, agent)
        rows += _hubspot(sandbox, sidecar)
        rows += _soak(sidecar, agent)
        rows += _cold(sandbox, state / "cold")
        return rows


def row(name: str, value: float, unit: str, peer: str, peer_value: float) -> Row:
    """One figure beside its peer; the ratio is value / peer."""
    ratio = round(value / peer_value, 3) if peer_value else None
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "peer": peer,
        "peer_value": round(peer_value, 2),
        "ratio": ratio,
    }


def _warm(sandbox: SandboxProcess, agent: Client) -> list[Row]:
    _timed(agent)
    mark = sandbox.control.last()
    times, parts = zip(*(_timed(agent) for _ in range(WARM)), strict=True)
    crm = [r["ms"] for r in sandbox.control.requests(mark, ORG) if r["path"].startswith("/services/data")]
    crm_ms = sum(crm) / WARM
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[18]
    return [
        row("draft_p50_ms", p50, "ms", "goal", 200.0),
        row("draft_p95_ms", p95, "ms", "goal", 400.0),
        row("draft_crm_ms", crm_ms, "ms", "draft_p50_ms", p50),
        *_where(parts, "warm"),
    ]


def _hubspot(sandbox: SandboxProcess, sidecar: LocalSidecar) -> list[Row]:
    """The same on HubSpot: the long ticket, warm, with ten related tickets."""
    admin = next(user for user in sandbox.orgs[PORTAL].users if user.profile == "Super Admin")
    sidecar.log_in(PORTAL, admin.username).sync("tickets")
    agent = sidecar.log_in(PORTAL, DEMO_TICKET_USERS[0])
    _timed(agent, LONG_TICKET_ID)
    times = [_timed(agent, LONG_TICKET_ID)[0] for _ in range(WARM)]
    return [
        row("hubspot_draft_p50_ms", statistics.median(times), "ms", "goal", 200.0),
        row("hubspot_draft_p95_ms", statistics.quantiles(times, n=20)[18], "ms", "goal", 400.0),
    ]


def _cold(sandbox: SandboxProcess, state: Path) -> list[Row]:
    """The thread's vectors are dropped before each draft; in process, since embedded Chroma belongs to one process."""
    settings = Settings(state_dir=state, installations_file=installations(sandbox, state))
    services = build_services(settings)
    indexer, agent = (principal(services, sandbox, ORG, name) for name in (INDEXER, DEMO_USERNAMES[0]))
    for object_ in VOCABULARIES["salesforce"].indexed:
        sync(services, open_session(services, indexer), object_)
    click = Click("summarize_case", RecordRef("salesforce", "Case", LONG_CASE_ID))
    index = Index(services.embedder, services.vectors, services.keys)
    draft(services, agent, click)
    times, parts = [], []
    for _ in range(COLD):
        for object_ in ("EmailMessage", "CaseComment", "Task"):
            services.vectors.drop(index.collection(agent.tenant, object_))
        started = time.perf_counter()
        made = draft(services, agent, click).draft
        times.append((time.perf_counter() - started) * 1000)
        parts.append(made.timings_ms)
    return [row("draft_cold_p50_ms", statistics.median(times), "ms", "none", 0.0), *_where(parts, "cold")]


def _where(parts: Any, kind: str) -> list[Row]:  # noqa: ANN401 - a sequence of mappings
    return [
        row(f"draft_{kind}_{name}_ms", statistics.median(laps[name] for laps in parts), "ms", "none", 0.0)
        for name in parts[0]
    ]


def _soak(sidecar: LocalSidecar, agent: Client) -> list[Row]:
    samples = []
    for number in range(SOAK):
        agent.draft("summarize_case", LONG_CASE_ID)
        if number % 100 == 99:  # noqa: PLR2004 - ten samples
            samples.append(sidecar.memory_mb())
    return [
        row("rss_mb", samples[-1], "MB", "goal", 400.0),
        row("rss_growth_mb", samples[-1] - samples[1], "MB over 800 drafts", "goal", 0.0),
    ]


def _timed(agent: Client, record_id: str = LONG_CASE_ID) -> tuple[float, Mapping[str, float]]:
    started = time.perf_counter()
    made = agent.draft("summarize_case", record_id)
    assert len(made["related"]) == RELATED, "the benchmark's records have ten related ones"
    return (time.perf_counter() - started) * 1000, made["timings_ms"]
