"""What a newcomer starts: the demo and the simulated CRMs."""

from pathlib import Path
from typing import Any

import click


@click.command()
@click.option("--keep", is_flag=True, help="Stay up afterwards, with the panel open for you.")
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
def demo(*, keep: bool, as_json: bool) -> None:
    """Tell the whole story on two simulated CRMs: two agents, a draft, apply, undo."""
    from sidecar.demo import run  # noqa: PLC0415

    run(keep=keep, as_json=as_json)


@click.command()
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
