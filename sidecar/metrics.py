"""Figures for Prometheus: how many, how long, how ended. Labels come from closed sets; no ids, no content."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from sidecar.errors import SidecarError

REGISTRY = CollectorRegistry()
CLICKS = Counter("crm_sidecar_clicks", "Clicks by kind and result.", ["kind", "result"], registry=REGISTRY)
SECONDS = Histogram(
    "crm_sidecar_click_seconds",
    "Time of a click, the CRM included.",
    ["kind"],
    buckets=(0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6),
    registry=REGISTRY,
)
OPINIONS = Counter(
    "crm_sidecar_opinions", "What agents think of drafts.", ["rating", "reason", "privacy"], registry=REGISTRY
)
RUNNING = Gauge("crm_sidecar_clicks_running", "Clicks being worked on.", registry=REGISTRY)


@contextmanager
def click(kind: str) -> Iterator[None]:
    """Count and time one click; the result is "ok" or the stable type of the problem."""
    started, result = perf_counter(), "crash"
    RUNNING.inc()
    try:
        yield
        result = "ok"
    except SidecarError as error:
        result = error.type
        raise
    finally:
        RUNNING.dec()
        CLICKS.labels(kind, result).inc()
        SECONDS.labels(kind).observe(perf_counter() - started)


def text() -> bytes:
    """The exposition format."""
    return generate_latest(REGISTRY)
