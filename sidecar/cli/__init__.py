"""The command line. Commands import what they need when they run, so that `--help` is instant."""

from importlib.metadata import version
from typing import Any

import click
from pydantic import ValidationError

from connectors.sandbox.cli import fault
from sidecar.cli import agent, evaluation, service, trial
from sidecar.errors import SidecarError


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


for command in (
    *(trial.demo, trial.sandbox, fault),
    *(service.serve, service.doctor, service.audit, service.feedback, service.purge, service.openapi),
    *(agent.connect, agent.sync, agent.actions, agent.draft, agent.apply, agent.undo),
    *(evaluation.model, evaluation.evaluate),
):
    main.add_command(command)
