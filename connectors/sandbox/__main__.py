"""`python -m connectors.sandbox`: what `SandboxProcess` starts."""

import sys
from pathlib import Path

import click

from connectors.sandbox.load import LoadError
from connectors.sandbox.serve import serve


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder of JSONL files instead of the generated company.")
@click.option("--seed", default=7, show_default=True, help="Seed of the generated company.")
@click.option("--scale", type=click.IntRange(0, 1_000_000), default=0, help="Records in a large generated company.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--http-port", default=0, help="Plain HTTP port of the first org; 0 picks free ports.")
@click.option("--tls-port", default=0, help="TLS port of the first org.")
@click.option("--control-port", default=0)
@click.option("--ca-file", type=click.Path(path_type=Path), help="Where to write the CA certificate.")
@click.option("--json", is_flag=True, help="Print one JSON line when ready.")
def main(
    *,
    data: Path | None,
    seed: int,
    scale: int,
    host: str,
    http_port: int,
    tls_port: int,
    control_port: int,
    ca_file: Path | None,
    json: bool,
) -> None:
    """Run the sandbox CRM until stopped."""
    try:
        serve(
            data,
            seed=seed,
            scale=scale,
            host=host,
            http_port=http_port,
            tls_port=tls_port,
            control_port=control_port,
            ca_file=ca_file,
            json=json,
        )
    except (LoadError, OSError) as error:
        sys.exit(f"The sandbox cannot start: {error}")


if __name__ == "__main__":
    main()
