"""The one file of all figures: each benchmark replaces its own rows and keeps the others'."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

Row = dict[str, Any]

LATEST: Final = Path(__file__).parent / "results" / "latest.json"


def store(rows: Sequence[Row], path: Path = LATEST) -> None:
    """Write `rows` (each with a `name`) beside what the file holds under other names."""
    path.parent.mkdir(exist_ok=True)
    known = {row["name"]: row for row in json.loads(path.read_text("utf-8"))} if path.exists() else {}
    known |= {row["name"]: row for row in rows}
    path.write_text(json.dumps(list(known.values()), indent=1) + "\n", encoding="utf-8")
