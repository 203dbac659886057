"""`python -m connectors.sandbox.data`: writes the example company, as large as wanted, into JSON Lines files."""

import sys
from pathlib import Path
from typing import Final

import click

from connectors.sandbox.data.scale import LARGEST, grow
from connectors.sandbox.data.writing import write

_ALIASES: Final = {"salesforce": "northwind", "hubspot": "meridian"}


@click.command()
@click.option("--scale", type=click.IntRange(1, LARGEST), required=True, help="Number of records, children included.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="An empty or new folder.")
@click.option("--format", "vendor", type=click.Choice(sorted(_ALIASES)), default="salesforce", show_default=True)
@click.option("--seed", default=7, show_default=True, help="Seed of the generator.")
def main(*, scale: int, out: Path, vendor: str, seed: int) -> None:
    """Write an org or a portal with so many records, for `crm-sidecar sandbox --data`."""
    document, records = grow(_ALIASES[vendor], scale, seed)
    try:
        written = write(document, records, out)
    except OSError as error:
        sys.exit(f"The data cannot be written: {error}")
    click.echo("\n".join(f"{count:>9,}  {name}" for name, count in written.most_common()))


if __name__ == "__main__":
    main()
