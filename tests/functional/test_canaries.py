"""Nothing confidential stands in what the process writes: its log, metrics, errors, database, index, environment.

Words that occur nowhere else are put into CRM text, tokens, codes and requests; then everything goes right and wrong in
every way that a test can cause, and all that was written is searched for them, byte by byte.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connectors.sandbox.client import consent
from connectors.sandbox.data import DEMO_CASE_ID, DEMO_USERNAMES
from connectors.sandbox.process import SandboxProcess
from sidecar.app import open_stores
from sidecar.client import Client, Problem
from sidecar.local import LocalSidecar
from sidecar.settings import Settings
from tests.functional.conftest import INDEXER, ORG

TEXTS = {
    "subject": "zqsubjectcanary",
    "description": "zqdescriptioncanary",
    "mail": "zqmailcanary",
    "html": "zqhtmlcanary",
    "name": "Zqnamecanary",
    "address": "zqaddresscanary@customer.example",
    "phone": "+49 30 77010142",
    "iban": "DE02120300000000202051",
    "comment": "zqcommentcanary",
}
ASKED = {
    name: f"zqasked{name}canary"
    for name in ("path", "query", "body", "header", "cookie", "token", "line", "code", "edit")
}
ANSWERED = {name: f"zqanswered{name}canary" for name in ("json", "html", "text", "oauth", "redirect")}
COMPOSITE = r"/composite$"
TIMEOUT = 60


class Traces:
    """What may not be found, and where to look."""

    def __init__(self, sandbox: SandboxProcess, sidecar: LocalSidecar) -> None:
        self.sandbox = sandbox
        self.sidecar = sidecar
        self.words: dict[str, str | bytes] = {}
        self.bodies: list[bytes] = []

    def hits(self, name: str, content: bytes) -> list[str]:
        """Which words stand in `content`, with its name."""
        found = {what: word if isinstance(word, bytes) else word.encode() for what, word in self.words.items()}
        return [f"{what} in {name}" for what, word in found.items() if word in content]

    def look(self) -> tuple[int, list[str]]:
        """Bytes searched, and hits."""
        searched, hits = 0, []
        for name, content in self._places():
            searched += len(content)
            hits += self.hits(name, content)
        return searched, hits

    def _places(self) -> Iterator[tuple[str, bytes]]:
        state = self.sidecar.state
        # The two files that hold secrets by design: 0600, and refused in production (docs/operations.md).
        holders = {state / "installations.yaml", state / "keys"}
        for path in state.rglob("*"):
            if path.is_file() and path not in holders:
                yield path.relative_to(state).as_posix(), path.read_bytes()
        yield "metrics", requests.get(f"{self.sidecar.url}/metrics", timeout=TIMEOUT).content
        yield "answers", b"\n".join(self.bodies)
        for process in _family(self.sidecar.process.pid):
            yield "command line", Path(f"/proc/{process}/cmdline").read_bytes()
            yield "environment", Path(f"/proc/{process}/environ").read_bytes()


@pytest.fixture
def traces(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Traces]:
    """A sidecar of its own over a case full of marked words."""
    sandbox.control.reset()
    _plant(sandbox)
    with LocalSidecar(sandbox, tmp_path / "state") as running:
        yield Traces(sandbox, running)
    sandbox.control.reset()


def test_nothing_confidential_is_written(traces: Traces) -> None:
    """After drafts, applies, undos and failures of every kind: no hit in anything that the process wrote."""
    client = _log_in(traces)
    _work(client)
    _fail_at_the_crm(traces, client)
    _fail_at_login(traces)
    _ask_nonsense(traces)
    traces.words |= TEXTS | ASKED | ANSWERED | _secrets(traces, client)
    searched, hits = traces.look()
    assert hits == []
    log = traces.sidecar.log.read_bytes()
    assert log.count(b'"event": "request"') > 30
    assert searched > 500_000
    # What the client gets is the only place where the text belongs: so the words were really there.
    assert TEXTS["subject"] in str(client.draft("summarize_case", DEMO_CASE_ID))
    print(f"\n{len(traces.words)} words searched in {searched / 1e6:.1f} MB, {len(traces.bodies)} answers: 0 hits")  # noqa: T201 - the figures of this proof


def test_the_search_would_notice(traces: Traces) -> None:
    """A word that does stand in a file of the state folder, in the log or in the environment is found."""
    traces.words = {"route": "/readyz", "setting": "CRM_SIDECAR_STATE_DIR", "file": "SQLite format 3"}
    _, hits = traces.look()
    assert {hit.partition(" ")[0] for hit in hits} == {"route", "setting", "file"}


QUIET = """
import sys, tempfile, threading, time
from pathlib import Path
seen = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"):
        target = arguments[1] if event == "socket.connect" else arguments[0]
        if not str(target).startswith(("('127.", "('::1'", "/")):
            seen.append((event, str(target)))
sys.addaudithook(hook)
import numpy as np
from sidecar.adapters.chroma import ChromaStore
from sidecar.adapters.onnx import OnnxEmbedder
from sidecar.interfaces import Entry
from sidecar.settings import Settings
vectors = OnnxEmbedder(Settings().model_dir, precision="int8", threads=1).embed(["a pump", "a valve"])
store = ChromaStore(Path(tempfile.mkdtemp()))
store.upsert("tenant.Case.x", [Entry(f"Case:{n}:Subject:0", f"{n}", f"{n}", "h", 1) for n in range(2)], vectors)
assert store.query("tenant.Case.x", vectors[0], 2)[0][0].record_id == "0"
store.delete("tenant.Case.x", ["0"]); store.ping(); store.drop("tenant.Case.x")
time.sleep(2)
if len(sys.argv) > 1:
    import socket
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe: probe.connect(("192.0.2.1", 9))
print(seen)
"""


def test_index_and_model_never_call_out() -> None:
    """Chroma and the model runtime make no network attempt at all; the hook notices one that is made on purpose."""
    for arguments, expected in (((), "[]"), (("probe",), "[('socket.connect', \"('192.0.2.1', 9)\")]")):
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("CHROMA", "ANONYMIZED"))
        }
        ran = subprocess.run(
            [sys.executable, "-c", QUIET, *arguments], env=environment, capture_output=True, text=True, check=True
        )
        assert ran.stdout.strip() == expected


def _plant(sandbox: SandboxProcess) -> None:
    said = " ".join((TEXTS["mail"], TEXTS["phone"], TEXTS["iban"]))
    subject = f"Gateway {TEXTS['subject']} offline"
    description = f"The gateway in hall {TEXTS['description']} goes offline every night since 14 November."
    control = sandbox.control
    control.mutate(ORG, "touch", record=DEMO_CASE_ID, fields={"Subject": subject, "Description": description})
    mail = {"ParentId": DEMO_CASE_ID, "Incoming": True, "Status": "1", "Subject": subject, "FromName": TEXTS["name"]}
    text = f"Please replace the gateway {said} by 2026-12-04. It failed again last night."
    for body in (
        {"TextBody": text},
        {"HtmlBody": f"<p>The gateway {TEXTS['html']} is offline again since Monday.</p>"},
    ):
        fields = {**mail, **body, "FromAddress": TEXTS["address"], "ToAddress": "support@northwind.example"}
        control.mutate(ORG, "create", object="EmailMessage", fields=fields)
    comment = {"ParentId": DEMO_CASE_ID, "CommentBody": f"We sent a gateway {TEXTS['comment']} to the customer."}
    control.mutate(ORG, "create", object="CaseComment", fields=comment)


def _log_in(traces: Traces) -> Client:
    """Log in the demo's first agent and an administrator; the codes are kept to be searched for."""
    sidecar = traces.sidecar
    indexer = sidecar.log_in(ORG, INDEXER)
    for object_ in ("Knowledge__kav", "Case"):
        indexer.sync(object_)
    traces.words["bearer of the administrator"] = _bearer(indexer)
    with requests.Session() as browser:
        browser.trust_env = False
        start = browser.get(f"{sidecar.url}/login?installation={ORG}", allow_redirects=False, timeout=TIMEOUT)
        back = consent(start.headers["location"], DEMO_USERNAMES[0], verify=str(traces.sandbox.ca_file))
        query = parse_qs(urlsplit(back).query)
        traces.words |= {"code": query["code"][0], "state": query["state"][0]}
        traces.words["nonce"] = str(browser.cookies["login"])
        browser.get(back, allow_redirects=False, timeout=TIMEOUT)
        session_id = str(browser.cookies["crm-sidecar"])
        traces.words["cookie"] = session_id
        me = browser.get(f"{sidecar.url}/v1/me", timeout=TIMEOUT).json()
        traces.words["csrf"] = str(me["csrf"])
        return Client(sidecar.url, session_id)


def _work(client: Client) -> None:
    """Draft, look, edit, apply, undo, discard, list."""
    for action in ("summarize_case", "next_steps"):
        draft = client.draft(action, DEMO_CASE_ID)
        assert draft["claims"]
        edits = {"edits": [{"claim": 0, "text": f"The customer waits: {ASKED['edit']}."}]}
        edited = client.call("PATCH", f"/v1/drafts/{draft['id']}", edits, if_match=draft["digest"])
        client.apply(edited)
        client.undo(draft["id"])
    discarded = client.draft("summarize_case", DEMO_CASE_ID)
    client.call("POST", f"/v1/drafts/{discarded['id']}/discard")
    client.call("GET", "/v1/records")
    client.call("GET", "/v1/drafts")


def _fail_at_the_crm(traces: Traces, client: Client) -> None:
    """Each kind of bad answer, at a draft, at an apply and at an undo."""
    control = traces.sandbox.control
    spoken = [{"errorCode": "UNKNOWN_EXCEPTION", "message": ANSWERED["json"]}]
    odd = [{"errorCode": ANSWERED["json"], "message": ANSWERED["json"]}]
    faults: list[tuple[str, dict[str, Any]]] = [
        ("status", {"status": 500, "content": spoken}),
        ("status", {"status": 400, "content": odd}),
        ("status", {"status": 403, "content": odd}),
        ("status", {"status": 404, "content": odd}),
        ("status", {"status": 200, "content": {"compositeResponse": [{"body": ANSWERED["json"]}]}}),
        ("status", {"status": 200, "content": ANSWERED["text"]}),
        ("status", {"status": 502, "content": f"<html>{ANSWERED['html']}</html>"}),
        (
            "status",
            {"status": 302, "headers": {"Location": f"https://x.example/{ANSWERED['redirect']}"}, "content": ""},
        ),
        *((name, {}) for name in ("html_503", "truncated_json", "drop_before", "commit_then_drop", "commit_then_500")),
    ]
    for action, given in faults:
        for what in ("draft", "apply", "undo"):
            draft = client.draft("summarize_case", DEMO_CASE_ID)
            if what == "undo":
                client.apply(draft)
            control.fault(action, path=COMPOSITE, org=ORG, times=0, **given)
            try:
                done = _press(client, draft, what)
            except Problem as problem:
                traces.bodies.append(str(problem.body).encode())
            else:
                assert done["state"] in {"unknown", "applying"}, (action, given)
            control.clear_faults()


def _press(client: Client, draft: dict[str, Any], what: str) -> dict[str, Any]:
    if what == "draft":
        return client.draft("summarize_case", DEMO_CASE_ID)
    return client.apply(draft) if what == "apply" else client.undo(draft["id"])


def _fail_at_login(traces: Traces) -> None:
    """The CRM's login service answers nonsense, says no, or is not there."""
    sidecar, control = traces.sidecar, traces.sandbox.control
    refused = {"error": "invalid_grant", "error_description": ANSWERED["oauth"]}
    for status, content in (
        (400, refused),
        (400, {"error": ANSWERED["oauth"]}),
        (200, ANSWERED["oauth"]),
        (500, ANSWERED["oauth"]),
    ):
        control.fault("status", path="/oauth2/token$", org=ORG, status=status, content=content)
        traces.bodies.append(sidecar.visit(f"{sidecar.url}/login?installation={ORG}", DEMO_USERNAMES[0]).content)
        control.clear_faults()
    said_no = f"state=x&error=access_denied&error_description={ANSWERED['oauth']}"
    for query in (said_no, f"state={ASKED['token']}&code={ASKED['code']}", f"code={ASKED['code']}"):
        traces.bodies.append(requests.get(f"{sidecar.url}/oauth/callback?{query}", timeout=TIMEOUT).content)


def _ask_nonsense(traces: Traces) -> None:
    """Requests that hold secrets in every place where a request can hold something."""
    url, asked = traces.sidecar.url, ASKED
    headers = {
        "Authorization": f"Bearer {asked['token']}",
        "If-Match": asked["header"],
        "X-CSRF-Token": asked["header"],
    }
    cookies = {"crm-sidecar": asked["cookie"], "login": asked["cookie"]}
    for method, path in (
        ("GET", f"/{asked['path']}?q={asked['query']}"), ("GET", f"/v1/drafts/{asked['path']}"), ("GET", "/v1/drafts"),
        ("POST", "/v1/drafts"), ("POST", f"/v1/drafts/{asked['path']}/apply?x={asked['query']}"),
        ("PUT", f"/v1/{asked['path']}"), ("GET", f"/login?installation={asked['query']}"), ("POST", "/v1/token"),
        ("GET", f"/?notice={asked['query']}"), ("GET", f"/panel/assets/{asked['path']}"),
    ):  # fmt: skip
        for body in ({asked["body"]: asked["body"]}, asked["body"], None):
            for given in (headers, {}):
                answer = requests.request(
                    method,
                    url + path,
                    json=body,
                    headers=given,
                    cookies=cookies,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
                traces.bodies.append(answer.content)
    line = asked["line"].encode()
    for raw in (
        line + b"\r\n\r\n", b"GET /" + line + b" HTTP/9.9\r\n\r\n", b"G\xff" + line + b" / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + line + b"\r\n\r\n", b"GET / HTTP/1.1\r\n" + line + b" x: y\r\n\r\n",
        b"POST /v1/drafts HTTP/1.1\r\nContent-Length: " + line + b"\r\n\r\n",
        b"POST /v1/drafts HTTP/1.1\r\nTransfer-Encoding: " + line + b"\r\n\r\n",
        b"GET /" + line * 600 + b" HTTP/1.1\r\n\r\n", b"POST /v1/drafts HTTP/1.1\r\nContent-Length: 99\r\n\r\n" + line,
    ):  # fmt: skip
        with socket.create_connection(("127.0.0.1", traces.sidecar.port), timeout=5) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass


def _secrets(traces: Traces, client: Client) -> dict[str, str | bytes]:
    """The tokens as the sidecar keeps them, the OAuth client's secret, the key file and the session."""
    settings = Settings(state_dir=traces.sidecar.state, installations_file=traces.sidecar.state / "installations.yaml")
    who = client.call("GET", "/v1/me")
    token = open_stores(settings).tokens.load(f"{who['crm']}:{who['tenant']}:{who['user_id']}")
    assert token is not None
    key = settings.keys().read_bytes()
    secret = traces.sandbox.orgs[ORG].web_client.secret
    return {"access": token.access_token, "refresh": token.refresh_token, "secret": secret, "root key": key}


def _bearer(client: Client) -> str:
    return str(client._http.headers["Authorization"]).removeprefix("Bearer ")


def _family(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [pid, *map(int, listed.split())]
