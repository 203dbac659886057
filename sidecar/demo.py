"""`crm-sidecar demo`: the main job told on simulated CRMs. Every step is real, every figure read where it is made.

At Salesforce, then at HubSpot: two agents of different rights log in by OAuth, the index is built, both draft on the
same record, one applies and undoes.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from connectors.sandbox.data import DEMO_CASE_ID, DEMO_TICKET_ID, DEMO_TICKET_USERS, DEMO_USERNAMES
from connectors.sandbox.process import SandboxProcess
from sidecar.adapters import minilm
from sidecar.local import LocalSidecar
from sidecar.report import show
from sidecar.settings import Settings


@dataclass(frozen=True, slots=True)
class Scene:
    """The same job at one CRM. `indexer` is the profile of who builds the index."""

    org: str
    record_id: str
    usernames: tuple[str, str]
    indexer: str


SCENES = (
    Scene("northwind", DEMO_CASE_ID, DEMO_USERNAMES, "System Administrator"),
    Scene("meridian", DEMO_TICKET_ID, DEMO_TICKET_USERS, "Super Admin"),
)
SUMMARY_FIELD = "Assistant_Summary__c"
VENDORS = {"salesforce": "Salesforce", "hubspot": "HubSpot"}


class Story:
    """One telling. `out` is stdout for people, stderr when stdout belongs to the JSON."""

    def __init__(self, out: Console) -> None:
        self.out = out
        self.timings: dict[str, float] = {}

    @contextmanager
    def chapter(self, name: str, title: str) -> Iterator[None]:
        """Announce a step and time it."""
        self.out.rule(f"[bold]{title}", align="left")
        started = time.perf_counter()
        yield
        self.timings[f"{name}_s"] = round(time.perf_counter() - started, 2)


def run(*, keep: bool, as_json: bool) -> None:
    """Tell the story; exit code 1 when any step did not do what it says.

    Raises:
        click.ClickException: names the step that failed.
    """
    story = Story(Console(stderr=as_json, highlight=False))
    started = time.perf_counter()
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crm-sidecar-demo-")))
        with story.chapter("start", "Two simulated CRMs and the sidecar start on free ports"):
            _model(story)
            sandbox = stack.enter_context(SandboxProcess())
            sidecar = stack.enter_context(LocalSidecar(sandbox, state))
            story.out.print(f"Sidecar: {sidecar.url}")
        result = _sum([_tell(story, sandbox, sidecar, scene) for scene in SCENES])
        story.timings["total_s"] = round(time.perf_counter() - started, 2)
        story.out.rule("[bold]In short", align="left")
        _summary(story.out, result, sidecar.url)
        if as_json:
            sys.stdout.write(json.dumps(result | {"timings": story.timings}) + "\n")
            sys.stdout.flush()
        if keep:
            story.out.print(f"\nOpen [bold]{sidecar.url}[/bold] and log in as any user. Ctrl+C stops everything.")
            _wait()


def _tell(story: Story, sandbox: SandboxProcess, sidecar: LocalSidecar, scene: Scene) -> dict[str, Any]:
    out, org = story.out, sandbox.orgs[scene.org]
    at = f"{org.vendor}."
    with story.chapter(f"{at}connect", f"{VENDORS[org.vendor]}: two agents log in by OAuth with PKCE"):
        agents = [sidecar.log_in(scene.org, name) for name in scene.usernames]
        for client, name in zip(agents, scene.usernames, strict=True):
            user = org.user(name)
            out.print(f"[bold]{client.me['name']}[/bold], {user.profile}: {user.note}")
    noun = agents[0].me["noun"]
    with story.chapter(f"{at}sync", "The index is built: ids, keyed hashes and protected vectors, no text"):
        indexer = sidecar.log_in(scene.org, next(user.username for user in org.users if user.profile == scene.indexer))
        indexed = {object_: indexer.sync(object_) for object_ in indexer.me["indexed"]}
        out.print(", ".join(f"{count} x {object_}" for object_, count in indexed.items()))
    with story.chapter(f"{at}draft", f"Both press “Summarize this {noun}” on {scene.record_id}"):
        drafts = [client.draft("summarize_case", scene.record_id) for client in agents]
        for client, made in zip(agents, drafts, strict=True):
            out.print(f"\n[bold cyan]{client.me['name']}[/bold cyan]")
            show(out, made)
        _compare(out, drafts)
    mine, author = drafts[0], agents[0]
    with story.chapter(f"{at}apply", "One click applies what was shown"):
        before = _written(sandbox, scene, mine)
        applied = author.apply(mine)
        after = _written(sandbox, scene, applied)
        out.print(f"In the CRM now, {applied['change']['label']}:\n{after}", markup=False)
        _expect(applied["state"] == "applied" and after == applied["change"]["after"][0]["body"], "apply")
    with story.chapter(f"{at}undo", "One click takes it back"):
        undone = author.undo(mine["id"])
        left = _written(sandbox, scene, applied)
        out.print(f"In the CRM now: {left or '(nothing, as before)'}", markup=False)
        _expect(undone["state"] == "undone" and left == before, "undo")
    with story.chapter(f"{at}warm", "A second draft embeds nothing and costs"):
        warm = author.draft("summarize_case", scene.record_id)
        ms = sum(warm["timings_ms"].values())
        out.print(f"{warm['round_trips']} round trips to the CRM and {ms:.0f} ms, the CRM's own time included.")
    claims = [claim for made in drafts for claim in made["claims"]]
    _expect(all(made["claims"] for made in drafts), "draft")
    return {
        "drafts": len(drafts) + 1,
        "applied": int(applied["state"] == "applied"),
        "undone": int(undone["state"] == "undone"),
        "crm_round_trips": {org.vendor: warm["round_trips"]},
        "citations": len(claims),
        "citations_verified": sum(claim["grounding"] == "verified" for claim in claims),
        "masked": sum(item["count"] for made in drafts for item in made["masked"]),
        "withheld": sum(len(made["withheld"]) for made in drafts),
        "injections_refused": len(
            {flag["record"]["id"] for made in drafts for flag in made["flags"] if flag["refused"]}
        ),
    }


def _sum(told: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of all scenes together; the round trips stay apart."""
    total = {name: sum(one[name] for one in told) for name in told[0] if name != "crm_round_trips"}
    return total | {"crm_round_trips": {crm: trips for one in told for crm, trips in one["crm_round_trips"].items()}}


def _model(story: Story) -> None:
    directory = Settings().model_dir
    if not directory.exists():
        story.out.print("Building the embedding model from its pinned weights (once, about half a minute).")
    minilm.build(directory)


def _compare(out: Console, drafts: list[dict[str, Any]]) -> None:
    seen = [{item["record"]["id"] for item in made["related"]} for made in drafts]
    _expect(seen[0] != seen[1], "different sources")
    table = Table(title="What each was shown beside the record", title_justify="left")
    for heading in ("", "first agent", "second agent"):
        table.add_column(heading)
    table.add_row("related records, read live", *(str(len(ids)) for ids in seen))
    table.add_row(
        "of these, for this agent only", *(str(len(ids - other)) for ids, other in zip(seen, seen[::-1], strict=True))
    )
    table.add_row(
        "left out by policy", *("\n".join(f"{w['object']}.{w['field']}" for w in made["withheld"]) for made in drafts)
    )
    table.add_row("masked", *("\n".join(f"{m['count']} x {m['category']}" for m in made["masked"]) for made in drafts))
    table.add_row(
        "injections refused",
        *("\n".join(sorted({f["rule"] for f in made["flags"] if f["refused"]})) for made in drafts),
    )
    out.print(table)


def _summary(out: Console, result: dict[str, Any], url: str) -> None:
    for name, value in result.items():
        shown = ", ".join(f"{VENDORS[crm]} {n}" for crm, n in value.items()) if isinstance(value, dict) else value
        out.print(f"{name.replace('_', ' '):22} {shown}")
    out.print(f"{'panel':22} {url}")


def _written(sandbox: SandboxProcess, scene: Scene, made: dict[str, Any]) -> str:
    """What the CRM itself holds where the draft is written: the summary field, or the text of the note."""
    if sandbox.orgs[scene.org].vendor == "salesforce":
        record = sandbox.control.record(scene.org, "Case", scene.record_id) or {}
        return str(record.get(SUMMARY_FIELD) or "")
    ids = made["change"]["ids"]
    note = sandbox.control.record(scene.org, "notes", ids[0]) if ids else None
    return unescape(str((note or {}).get("hs_note_body") or "").replace("<br>", "\n"))


def _expect(condition: object, step: str) -> None:
    if not condition:
        raise click.ClickException(f"The demo's step “{step}” did not do what it says.")


def _wait() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return
