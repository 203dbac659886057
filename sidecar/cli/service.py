"""What whoever runs the sidecar does: serve, examine, verify, look at opinions, purge."""

import json
import sys
from datetime import UTC, datetime
from importlib.metadata import version

import click

from sidecar.cli import terminal


@click.command()
def serve() -> None:
    """Run the sidecar. Settings come from CRM_SIDECAR_* variables (docs/operations.md)."""
    from sidecar.serve import Server  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    settings = Settings()
    settings.check()
    settings.installations()
    click.echo(f"The panel is at {settings.public_url}. Ctrl+C stops the sidecar.", err=True)
    Server(settings).run()


@click.command()
@click.option("--as", "grant", default="", help="A stored grant: crm:tenant:user id. Default: who is connected.")
@click.option("--installation", default="", help="The CRM org that gave the grant, as named in installations.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(grant: str, installation: str, *, as_json: bool) -> None:
    """Check the settings and each CRM: address, certificate, API version, clock, login, a user's access."""
    from sidecar import doctor as doctor_  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    grant, installation = (grant, installation) if grant else terminal.connected()
    report = doctor_.examine(Settings(), grant, installation)
    if as_json:
        sys.stdout.write(json.dumps(doctor_.as_json(report)) + "\n")
    else:
        doctor_.show(terminal.out, report)
    if not doctor_.sound(report):
        sys.exit(1)


@click.group()
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
    terminal.out.print(f"The audit log is whole: {report.events} events{head}.")


@click.command()
def purge() -> None:
    """Expire and erase what is past its time: drafts, sessions, logins."""
    from sidecar.app import open_stores  # noqa: PLC0415
    from sidecar.lifecycle import purge as purge_  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    stores = open_stores(Settings(), create=False)
    report = purge_(stores.drafts, stores.sessions, datetime.now(UTC))
    terminal.out.print(f"Purged {report.drafts} drafts and {report.sessions} sessions and logins.")


@click.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from sidecar.api.openapi import text  # noqa: PLC0415

    sys.stdout.write(text(version("crm-sidecar")))


@click.command()
@click.option("--tenant", default=None, help="One org only.")
def feedback(tenant: str | None) -> None:
    """Count what agents think of drafts, by template and reasoner. No names, no records, no text."""
    from rich.table import Table  # noqa: PLC0415

    from sidecar.app import open_stores  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("template", "reasoner", "rating", "reason", "privacy concern", "drafts"):
        table.add_column(title)
    for total in open_stores(Settings(), create=False).feedback.totals(tenant):
        said = total.opinion
        privacy = "yes" if said.privacy else ""
        table.add_row(total.template, total.reasoner, said.rating, said.reason, privacy, str(total.count))
    terminal.out.print(table if table.row_count else "Nobody has said anything yet.")
