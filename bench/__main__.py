"""Run all benchmarks, print a table, write `bench/results/latest.json`."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import calls, drafts, embedding, sandbox

RESULTS = Path(__file__).parent / "results" / "latest.json"


def main() -> None:
    """All figures."""
    rows = [*sandbox.run(), *calls.run(), *drafts.run(), *embedding.run()]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    table = Table("figure", "value", "unit", "peer", "peer's value", "ratio")
    for row in rows:
        table.add_row(*(str(row[key]) for key in ("name", "value", "unit", "peer", "peer_value", "ratio")))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
