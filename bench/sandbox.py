"""Speed of the sandbox, so that other figures measure the product: over real HTTP, one connection, a plain client."""

import http.client
import json
import statistics
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from bench.drafts import Row, row
from connectors.sandbox.client import SandboxControl, SandboxOrg, log_in
from connectors.sandbox.data import DEMO_CASE_ID, DEMO_USERNAMES
from connectors.sandbox.process import SandboxProcess

_ROOT = "/services/data/v66.0"
_ROUNDS = 300
_WARM_UP = 20
_ALIAS = "northwind"
_AGENT = DEMO_USERNAMES[0]
_BULK = "SELECT Id, WhatId, Subject, Status, OwnerId, ActivityDate, CreatedDate FROM Task"
_TASKS = 20_000
_AT_ONCE = 200


class _Plain:
    """One kept-alive connection, no library between us and the socket."""

    def __init__(self, org: SandboxOrg, token: str) -> None:
        parts = urlsplit(org.http)
        self._line = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> bytes:  # noqa: ANN401 - any JSON
        """One request that must succeed; the body of its answer."""
        self._line.request(method, _ROOT + path, json.dumps(body) if body is not None else None, self._headers)
        answer = self._line.getresponse()
        content = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{method} {path.partition('?')[0]} was answered {answer.status}")
        return content


def run() -> list[Row]:
    """Milliseconds of one record and of five queries in one composite (medians), records a second of a bulk export."""
    with SandboxProcess() as sandbox:
        org = sandbox.orgs[_ALIAS]
        admin = next(user.username for user in org.users if user.profile == "System Administrator")
        agent, service = (
            _Plain(org, log_in(org.http, org.web_client, user)["access_token"]) for user in (_AGENT, admin)
        )
        record = f"/sobjects/Case/{DEMO_CASE_ID}"
        get = _median(lambda: agent.call("GET", record))
        composite = _median(lambda: agent.call("POST", "/composite", _composite()))
        return [
            row("sandbox_get_p50_ms", get, "ms", "goal", 5.0),
            row("sandbox_composite_p50_ms", composite, "ms", "goal", 15.0),
            row("sandbox_bulk_records", _bulk(service, sandbox.control), "1/s", "goal", 20_000.0),
        ]


def _median(act: Callable[[], object]) -> float:
    spans: list[float] = []
    for _ in range(_WARM_UP + _ROUNDS):
        started = time.perf_counter()
        act()
        spans.append(time.perf_counter() - started)
    return round(statistics.median(spans[_WARM_UP:]) * 1000, 3)


def _composite() -> dict[str, Any]:
    """A case with its thread, as a draft needs it."""
    mine = f"ParentId = '{DEMO_CASE_ID}'"
    questions = (
        f"SELECT Id, CaseNumber, Subject, Status, Contact.Name, Account.Name FROM Case WHERE Id = '{DEMO_CASE_ID}'",
        f"SELECT Id, Subject, TextBody, FromAddress, MessageDate FROM EmailMessage WHERE {mine} ORDER BY MessageDate",
        f"SELECT Id, CommentBody, CreatedBy.Name FROM CaseComment WHERE {mine} ORDER BY CreatedDate",
        f"SELECT Id, Subject, Status, ActivityDate FROM Task WHERE WhatId = '{DEMO_CASE_ID}'",
        "SELECT Id, CaseNumber, Subject FROM Case WHERE Account.Name LIKE 'A%' ORDER BY SystemModstamp DESC LIMIT 50",
    )
    parts = [
        {"referenceId": f"q{number}", "method": "GET", "url": f"{_ROOT}/query?q={quote(question)}"}
        for number, question in enumerate(questions)
    ]
    return {"allOrNone": False, "compositeRequest": parts}


def _bulk(plain: _Plain, control: SandboxControl) -> float:
    """From the creation of a job to the last byte of its result, without the time that the sandbox pretends to take."""
    task = {
        "attributes": {"type": "Task"},
        "WhatId": DEMO_CASE_ID,
        "Subject": "Call back",
        "ActivityDate": "2026-12-01",
    }
    for _ in range(_TASKS // _AT_ONCE):
        plain.call("POST", "/composite/sobjects", {"records": [task] * _AT_ONCE})
    started = time.perf_counter()
    job = json.loads(plain.call("POST", "/jobs/query", {"operation": "query", "query": _BULK, "contentType": "CSV"}))
    control.advance(60)
    if json.loads(plain.call("GET", f"/jobs/query/{job['id']}"))["state"] != "JobComplete":
        raise RuntimeError("the bulk job is not complete after a minute")
    lines = plain.call("GET", f"/jobs/query/{job['id']}/results").count(b"\n") - 1
    return round(lines / (time.perf_counter() - started))
