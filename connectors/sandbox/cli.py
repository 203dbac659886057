"""`crm-sidecar fault`: fault rules of a running sandbox from the command line, one line per bad day."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from connectors.sandbox.client import SandboxControl

_ENVIRONMENT = "CRM_SIDECAR_SANDBOX_CONTROL"


@click.group()
@click.option("--control", default="", envvar=_ENVIRONMENT, show_envvar=True, help="Address of the control plane.")
@click.pass_context
def fault(context: click.Context, control: str) -> None:
    """Fault rules of a running sandbox (docs/sandbox.md)."""
    from connectors.sandbox.client import SandboxControl  # noqa: PLC0415 - keeps `crm-sidecar --help` instant

    context.obj = SandboxControl(control)


@fault.command()
@click.argument("action")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--path", default="", help="Regular expression, searched in the path.")
@click.option("--method", default="")
@click.option("--user", default="", help="Id or username.")
@click.option("--body", default="", help="Regular expression, searched in the body.")
@click.option("--org", default="", help="Alias of an org or portal.")
@click.option("--nth", default=1, show_default=True, help="Fire from this matching request on.")
@click.option("--times", default=1, show_default=True, help="Fire so often; 0: always.")
@click.pass_obj
def add(
    control: "SandboxControl", action: str, arguments: tuple[str, ...], *, path: str, method: str, user: str, body: str,
    org: str, nth: int, times: int,
) -> None:  # fmt: skip
    """Add a rule: crm-sidecar fault add delay seconds=3 --path /query."""
    match = {"path": path, "method": method, "user": user, "body": body, "org": org, "nth": nth, "times": times}
    with _Refusals():
        rule = control.add_fault({key: value for key, value in match.items() if value != ""}, action, _given(arguments))
    click.echo(f"rule {rule}")


@fault.command("list")
@click.pass_obj
def list_(control: "SandboxControl") -> None:
    """Show all rules, one JSON object a line, with how often they matched and fired."""
    with _Refusals():
        rules = control.faults()
    for rule in rules:
        click.echo(json.dumps(rule, ensure_ascii=False))


@fault.command()
@click.pass_obj
def actions(control: "SandboxControl") -> None:
    """Name everything that a rule can do; what each takes stands in docs/sandbox.md."""
    with _Refusals():
        names = control.actions()
    click.echo("\n".join(names))


@fault.command()
@click.argument("rule", type=int, required=False)
@click.pass_obj
def clear(control: "SandboxControl", rule: int | None) -> None:
    """Remove one rule, or all."""
    with _Refusals():
        if rule is None:
            control.clear_faults()
        else:
            control.remove_fault(rule)


class _Refusals:
    """Turns what the sandbox refuses, or that there is none, into one line."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Translate."""
        import requests  # noqa: PLC0415 - keeps `crm-sidecar --help` instant

        from connectors.sandbox.wire import Refused  # noqa: PLC0415

        if isinstance(error, Refused):
            raise click.ClickException(str(error)) from error
        if isinstance(error, requests.RequestException | ValueError):
            raise click.ClickException("There is no sandbox at that address: use --control.") from error


def _given(arguments: Iterable[str]) -> dict[str, object]:
    """`NAME=VALUE` pairs; a value that is JSON is taken as such, anything else is text."""
    given: dict[str, object] = {}
    for argument in arguments:
        name, mark, value = argument.partition("=")
        if not name or not mark:
            raise click.UsageError(f"{argument!r} is not NAME=VALUE")
        try:
            given[name] = json.loads(value)
        except ValueError:
            given[name] = value
    return given
