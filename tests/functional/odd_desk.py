"""A sidecar in this process on the org of odd records, for tests of bad input and of bad states."""

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from connectors.sandbox.process import SandboxProcess
from sidecar.app import create_app
from sidecar.domain import Principal
from sidecar.interfaces import Services
from sidecar.settings import Settings
from tests.functional.odd_records import ORG

CANARY = "c4n4ryvalue"
"""Stands in requests; no answer may repeat it."""
PUBLIC = "http://127.0.0.1:8080"


@dataclass(frozen=True)
class Desk:
    """A sidecar in this process on the org of odd records, and a logged-in agent."""

    sandbox: SandboxProcess
    settings: Settings
    services: Services
    who: Principal
    web: FlaskClient
    token: str

    def call(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        """One request with the agent's bearer token; header names have underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with self.web.application.test_client() as client:
            return client.open(
                path, method=method, json=body, headers={"Authorization": f"Bearer {self.token}"} | named
            )

    def draft(self, case: str, action: str = "summarize_case", **more: object) -> TestResponse:
        """Click."""
        return self.call("POST", "/v1/drafts", {"action": action, "record": {"object": "Case", "id": case}, **more})

    def made(self, case: str) -> dict[str, Any]:
        """A draft that works."""
        answer = self.draft(case)
        assert answer.status_code == HTTPStatus.CREATED, answer.get_json()
        body: dict[str, Any] = answer.get_json()
        return body

    def writes(self, since: int) -> list[str]:
        """What was asked of the CRM to change since a mark of its request log."""
        asked = self.sandbox.control.requests(since, ORG)
        return [part for request in asked for part in request.get("subrequests", ()) if not part.startswith("GET")]

    def on(self, services: Services) -> "Desk":
        """The same agent with other services."""
        return replace(self, services=services, web=create_app(self.settings, services).test_client())


def problem(answer: TestResponse, status: int, type_: str, says: str) -> dict[str, Any]:
    """The answer is this problem, tells what to do, and repeats nothing."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    body: dict[str, Any] = answer.get_json()
    assert body["type"] == f"urn:crm-sidecar:problem:{type_}"
    assert re.search(says, body["detail"]), body["detail"]
    assert CANARY not in answer.get_data(as_text=True)
    return body
