"""What an agent does from the command line: log in, index, draft, apply, undo."""

import json
import sys
from typing import Any

import click

from sidecar.cli import terminal


@click.command()
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="Where the sidecar listens.")
@click.option(
    "--installation", default="", help="Which CRM org or portal, as named in installations.yaml; default: the first."
)
@click.option("--no-browser", is_flag=True, help="Print the login address instead of opening it.")
def connect(url: str, installation: str, *, no_browser: bool) -> None:
    """Log in as a CRM user; the other commands act as her."""
    from sidecar.client import log_in, remember  # noqa: PLC0415

    client = log_in(url, installation, click.echo if no_browser else _open)
    remember(terminal.session_file(), url, client)
    me = client.me
    rights = me["attributes"].get("access", "user-level")
    click.echo(f"Connected as {me['name']} ({me['crm']} {me['tenant']}, {rights} access).")


@click.command()
@click.option("--full", is_flag=True, help="Start over, as after a change of rights, instead of reading what changed.")
def sync(*, full: bool) -> None:
    """Bring the index up to date, as the connected user."""
    client = terminal.client()
    for object_ in client.me["indexed"]:
        with terminal.bar(object_) as advance:
            indexed = client.sync(object_, full=full, advance=advance)
        terminal.out.print(f"{object_}: {indexed} records indexed.")


@click.command()
@click.argument("record_id", metavar="RECORD_ID")
@click.option("--action", default="summarize_case", show_default=True, help="`crm-sidecar actions` lists them.")
@click.option("--purpose", default=None)
@click.option("--exclude", multiple=True, help="A field to leave out, such as Case.Description or tickets.content.")
@click.option("--json", "as_json", is_flag=True, help="Print the draft as JSON.")
def draft(record_id: str, action: str, purpose: str | None, exclude: tuple[str, ...], *, as_json: bool) -> None:
    """Draft an action on a record, by the id in its address in the CRM. Nothing is written."""
    options: dict[str, Any] = {"exclude_fields": list(exclude)} | ({"purpose": purpose} if purpose else {})
    with terminal.spinner("Drafting"):
        made = terminal.client().draft(action, record_id, **options)
    _print(made, as_json=as_json)


@click.command()
@click.argument("draft_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True)
def apply(draft_id: str, *, yes: bool, as_json: bool) -> None:
    """Show a draft again and write it to the CRM, once."""
    client = terminal.client()
    shown = client.call("GET", f"/v1/drafts/{draft_id}")
    if not yes:
        _print(shown, as_json=False)
        click.confirm("Write this to the CRM?", abort=True)
    _print(client.apply(shown), as_json=as_json)


@click.command()
@click.argument("draft_id")
@click.option("--json", "as_json", is_flag=True)
def undo(draft_id: str, *, as_json: bool) -> None:
    """Put back what stood in the CRM before."""
    _print(terminal.client().undo(draft_id), as_json=as_json)


@click.command()
def actions() -> None:
    """List the actions, what each stands on, and where it writes."""
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("action", "stands on", "writes", "read by"):
        table.add_column(title)
    for one in terminal.client().call("GET", "/v1/actions")["actions"]:
        table.add_row(one["action"], one["object"], ", ".join(one["targets"]), one["audience"])
    terminal.out.print(table)


def _open(address: str) -> None:
    import webbrowser  # noqa: PLC0415

    if webbrowser.open(address):
        click.echo("Log in in the browser; this command waits five minutes.", err=True)
    else:  # a machine without one
        click.echo(f"Open this address in a browser on this machine within five minutes: {address}")


def _print(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(made, ensure_ascii=False) + "\n")
        return
    from sidecar.report import show  # noqa: PLC0415

    show(terminal.out, made)
