"""Run all benchmarks of speed and size, print a table, write `bench/results/latest.json`."""

from rich.console import Console
from rich.table import Table

from bench import calls, drafts, embedding, panel, sandbox
from bench.results import store


def main() -> None:
    """All figures."""
    rows = [*sandbox.run(), *calls.run(), *drafts.run(), *embedding.run(), *panel.run()]
    store(rows)
    table = Table("figure", "value", "unit", "peer", "peer's value", "ratio")
    for row in rows:
        table.add_row(*(str(row[key]) for key in ("name", "value", "unit", "peer", "peer_value", "ratio")))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
