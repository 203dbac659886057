"""What it costs to ask for room before a call to the CRM: the limiter that all processes share, on SQLite."""

import statistics
import tempfile
import time
from pathlib import Path

from bench.drafts import Row, row
from connectors.interfaces import Rate
from sidecar.adapters.sql import SqlLimiter, open_database

_CALLS = 500


def run() -> list[Row]:
    """One row."""
    with tempfile.TemporaryDirectory(prefix="crm-sidecar-bench-") as folder:
        engine = open_database(f"sqlite:///{Path(folder) / 'calls.sqlite3'}")
        limiter, rate = SqlLimiter(engine), Rate(limit=1_000_000, seconds=10.0, reserve=10)
        spans = []
        for _ in range(_CALLS):
            started = time.perf_counter()
            limiter.acquire("bench", rate, urgent=True)
            spans.append((time.perf_counter() - started) * 1000)
        engine.dispose()
    return [row("limiter_p50_ms", statistics.median(spans), "ms", "goal", 2.0)]
