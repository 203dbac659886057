"""A draft on the terminal: sentences with their citations, the change, and what the policy did."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

Draft = Mapping[str, Any]


def show(out: Console, draft: Draft) -> None:
    """Print a draft, as the API gave it."""
    out.print(
        Panel(
            Group(*_claims(draft), "", *_sources(draft)),
            title=f"[bold]{escape(draft['action'])}[/bold] of {escape(draft['record']['title'])}",
            subtitle=f"{draft['state']} · {draft['template']} · {draft['reasoner']} · draft {draft['id']}",
            title_align="left",
            subtitle_align="left",
        )
    )
    if notes := _notes(draft):
        out.print(notes)
    for warning in draft["warnings"]:
        out.print(f"[yellow]![/yellow] {escape(warning)}")
    if change := draft["change"]:
        out.print(_change(draft["state"], change))


def _change(state: str, change: Draft) -> str:
    """What was or would be written, and who reads it there."""
    label, undoable = escape(change["label"]), "can be undone" if change["undoable"] else "[red]cannot be undone[/red]"
    if state == "undone":
        return f"[green]Undone[/green]: {label} is again as it was"
    said = "[green]Written[/green] to" if state == "applied" else "Apply writes to"
    return f"{said}: {label} · read by {escape(change['audience'])} · {undoable}"


def _claims(draft: Draft) -> list[Text]:
    lines, section = [], ""
    for claim in draft["claims"]:
        if claim["section"] != section:
            section = claim["section"]
            lines.append(Text(section.replace("_", " ").capitalize(), style="bold"))
        if claim["grounding"] == "hidden":
            lines.append(Text("  (its source is no longer yours to see)", style="dim"))
            continue
        line = Text(f"  {claim['text']} ")
        line.append(f"[{claim['citation']['source']}]", style="cyan")
        line.append(f" {claim['confidence']:.0%}", style="dim")
        if claim["grounding"] != "verified":
            line.append(f" {claim['grounding']}", style="yellow")
        lines.append(line)
        if claim["reserved"]:
            lines.append(Text(f"    for you alone, not written: {claim['reserved']}", style="yellow"))
    return lines or [Text("Nothing in this record supports a sentence.", style="dim")]


def _sources(draft: Draft) -> list[Text]:
    lines = []
    for source in draft["sources"]:
        when = f", {source['when'][:16].replace('T', ' ')}" if source["when"] else ""
        kind = "related " if source["related"] else ""
        page = f" page {source['page']}" if source["page"] else ""
        place = f"{source['record']['object']}.{source['field']}{page}"
        lines.append(Text(f"[{source['number']}] {kind}{place} by {source['role']}{when}", style="dim"))
    return lines


def _notes(draft: Draft) -> Table | None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for item in draft["masked"]:
        shown = "shown to you again" if item["restored"] else "stays masked"
        table.add_row("[cyan]masked[/cyan]", f"{item['count']} x {escape(item['category'])}", shown)
    for item in draft["withheld"]:
        table.add_row("[cyan]left out[/cyan]", f"{escape(item['object'])}.{escape(item['field'])}", item["reason"])
    for item in draft["flags"]:
        where = f"{escape(item['record']['object'])} {escape(item['record']['id'])}"
        said = "[red]refused[/red]" if item["refused"] else "[yellow]noticed[/yellow]"
        table.add_row(said, where, escape(item["rule"].replace("-", " ")))
    return table if table.row_count else None
