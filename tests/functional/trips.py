"""Sequential round trips, told from outside: the longest chain of requests that had to wait for each other."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from connectors.sandbox.client import SandboxControl

SECONDS = 0.1
"""Every request is held up so long, so that requests that are sent side by side overlap."""
ROUNDING = timedelta(milliseconds=2)
"""The log has whole milliseconds."""
API = re.compile(r"^/(services/data|crm|settings|account-info|oauth)/")


@contextmanager
def counted(control: SandboxControl, org: str) -> Iterator[Callable[[], int]]:
    """Hold up every request to `org`; what is yielded says how many of them had to wait for each other so far."""
    mark = control.last()
    control.fault("delay", org=org, times=0, seconds=SECONDS)
    try:
        yield lambda: _chain(control, mark, org)
    finally:
        control.clear_faults()


def _chain(control: SandboxControl, since: int, org: str) -> int:
    spans = []
    for request in control.requests(since, org):
        if API.match(request["path"]):
            end = datetime.fromisoformat(request["at"])
            spans.append((end - timedelta(milliseconds=request["ms"]), end))
    chain: list[datetime] = []
    for start, end in sorted(spans, key=lambda span: span[1]):
        if not chain or start >= chain[-1] - ROUNDING:
            chain.append(end)
    return len(chain)
