"""A Salesforce that answers from a script: unit tests see each request that the client makes, and open no socket."""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter

from connectors.interfaces import Token, User
from connectors.oauth import Grants
from connectors.salesforce import auth
from connectors.salesforce.client import Client
from connectors.salesforce.describe import ShapeCache
from connectors.salesforce.schema import Schema
from connectors.transport import HttpSession
from tests.fakes_connector import MemoryTokenStore

ORIGIN = "https://acme.example"
USER = User("00D000000000001AAA", "005000000000001AAA", "", "", "")
GRANT = f"salesforce:{USER.tenant}:{USER.id}"
CASE_ID = "500000000000001AAA"
TOKEN = Token("access-token-1", "refresh-token-1", ORIGIN, "api")

Answer = tuple[int, Any]
"""Status and JSON body; bytes and text are sent as they are; an exception is raised instead."""


class Scripted(BaseAdapter):
    """Answers by a function of method, path and JSON body. `sent` lists what was asked."""

    def __init__(self, answer: Callable[[str, str, Any], Answer | Exception]) -> None:
        super().__init__()
        self._answer = answer
        self.sent: list[tuple[str, str, Any]] = []
        self.headers: list[Mapping[str, str]] = []

    def send(self, request: requests.PreparedRequest, *_args: object, **_options: object) -> requests.Response:
        """One request."""
        url = str(request.url).removeprefix(ORIGIN)
        body = _body(request)
        self.sent.append((str(request.method), url, body))
        self.headers.append(dict(request.headers))
        answer = self._answer(str(request.method), url, body)
        if isinstance(answer, Exception):
            raise answer
        status, document = answer
        response = requests.Response()
        response.status_code = status
        response.url = str(request.url)
        response.request = request
        raw = document if isinstance(document, bytes) else json.dumps(document).encode()
        response.raw = io.BytesIO(raw)
        return response

    def close(self) -> None:
        """Nothing to close."""


class Bench:
    """A client and its parts on top of a script."""

    def __init__(self, answer: Callable[[str, str, Any], Answer | Exception]) -> None:
        self.adapter = Scripted(answer)
        self.http = HttpSession()
        self.http.mount("https://", self.adapter)
        self.tokens = MemoryTokenStore()
        self.tokens.save(GRANT, TOKEN)
        self.refreshed: list[str] = []
        self.grants = Grants(self, self.tokens, auth.to_token)
        self.client = Client(GRANT, TOKEN, self.grants, self.http, "66.0")
        self.cache = ShapeCache()
        self.schema = Schema(self.client, self.cache)

    def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """The token endpoint, with rotation."""
        self.refreshed.append(refresh_token)
        number = len(self.refreshed) + 1
        return {"access_token": f"access-token-{number}", "refresh_token": f"refresh-token-{number}"}

    def revoke(self, token: str) -> None:
        """Revocation always works."""


def composite(answers: Callable[[Mapping[str, Any]], Answer]) -> Callable[[str, str, Any], Answer]:
    """A script for `POST composite` in which each subrequest is answered for itself."""

    def answer(method: str, url: str, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        assert (method, url) == ("POST", "/services/data/v66.0/composite")
        found = []
        for sub in body["compositeRequest"]:
            status, document = answers(sub)
            found.append(
                {"referenceId": sub["referenceId"], "httpStatusCode": status, "httpHeaders": {}, "body": document}
            )
        return 200, {"compositeResponse": found}

    return answer


def describe(object_: str, fields: Mapping[str, str | tuple[str, ...]]) -> Answer:
    """A describe answer. `fields` maps a name to its relationship, or to () for none."""
    entries = []
    for name, relation in fields.items():
        parents = {"relationshipName": relation[0], "referenceTo": list(relation[1:])} if relation else {}
        entries.append(
            {"name": name, "label": name, "type": "string", "createable": True, "updateable": True, **parents}
        )
    rights = {"createable": True, "updateable": True, "deletable": True}
    return 200, {"name": object_, "fields": entries, **rights}


NOT_FOUND: Answer = (404, [{"errorCode": "NOT_FOUND", "message": "secret words"}])


def _body(request: requests.PreparedRequest) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(request.body) if request.body else None
