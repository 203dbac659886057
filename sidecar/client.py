"""The command line's way to a running sidecar: log in as a CRM user in a browser, then call the API with a token."""

import base64
import hashlib
import json
import os
import secrets
import time
import webbrowser
from collections.abc import Callable, Mapping
from functools import cached_property
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

PATIENCE = 300
"""Seconds that a person has for logging in at her CRM."""
DONE = b"You are logged in. You can close this window and return to the command line.\n"
FAILED = b"You are not logged in. The command line says why.\n"
REFUSALS = {
    "unauthenticated": {"title": "You are not logged in", "detail": "The CRM did not let you in, or you said no."},
    "unavailable": {"title": "You are not logged in", "detail": "The CRM does not answer. Try again in a minute."},
}
TIMEOUT = (5, 120)
"""Seconds to connect, to answer."""
_ASK_THE_ADMINISTRATOR = (500, 502)
"""Statuses that only the log explains: the request's id leads there."""


class Problem(Exception):
    """The sidecar said no. `body` is its problem document."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        said = f"{body.get('title', 'The sidecar gave no answer')}: {body.get('detail', '')}"
        id_ = body.get("request") if body.get("status") in _ASK_THE_ADMINISTRATOR else ""
        super().__init__(f"{said} (request {id_})" if id_ else said)
        self.body = body


class Client:
    """A logged-in user's calls."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"
        self._http.trust_env = False  # a proxy or .netrc has no business between this tool and its sidecar

    def call(self, method: str, path: str, body: object = None, *, if_match: str = "") -> dict[str, Any]:
        """One request.

        Raises:
            Problem: the answer was a problem, or none came.
        """
        headers = {"If-Match": f'"{if_match}"'} if if_match else {}
        try:
            answer = self._http.request(method, self.url + path, json=body, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise Problem(
                {"title": "The sidecar does not answer", "detail": "Is `crm-sidecar serve` running?"}
            ) from error
        found = _json(answer)
        if not answer.ok:
            raise Problem(found)
        return found

    @cached_property
    def me(self) -> dict[str, Any]:
        """Who is logged in, and what her CRM calls things."""
        return self.call("GET", "/v1/me")

    @cached_property
    def buttons(self) -> dict[str, str]:
        """Each action, and the kind of record that it stands on."""
        return {one["action"]: one["object"] for one in self.call("GET", "/v1/actions")["actions"]}

    def draft(self, action: str, record_id: str, **options: object) -> dict[str, Any]:
        """Draft `action` on the record with this id."""
        object_ = self.buttons.get(action, self.me["case_object"])
        record = {"crm": self.me["crm"], "object": object_, "id": record_id}
        return self.call("POST", "/v1/drafts", {"action": action, "record": record, **options})

    def apply(self, draft: Mapping[str, Any]) -> dict[str, Any]:
        """Apply a draft as it was shown."""
        return self.call("POST", f"/v1/drafts/{draft['id']}/apply", if_match=draft["digest"])

    def undo(self, draft_id: str) -> dict[str, Any]:
        """Undo an applied draft."""
        return self.call("POST", f"/v1/drafts/{draft_id}/undo")

    def sync(self, object_: str, *, full: bool = False, advance: Callable[[int], object] = lambda _: None) -> int:
        """Call the sync endpoint until it is finished; `advance` hears how many records each step handled.

        Returns:
            The number of records indexed.
        """
        indexed = 0
        while True:
            step = self.call("POST", "/v1/sync", {"object": object_, "full": full})
            indexed, full = indexed + int(step["indexed"]), False
            advance(step["indexed"] + step["removed"])
            if step["finished"]:
                return indexed


def log_in(url: str, installation: str, visit: Callable[[str], object] = webbrowser.open) -> Client:
    """Log in as a CRM user. `visit` opens the login address in a browser; the answer comes to a loopback port.

    Raises:
        Problem: the login did not end well.
    """
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    codes: list[str] = []
    errors: list[str] = []

    # Say at once when nobody is there or the name is wrong, instead of waiting for a browser.
    Client(url, "").call("GET", "/healthz")
    _check_name(url, installation)

    class Catcher(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            codes.extend(query.get("code", []))
            errors.extend(query.get("error", []))
            said = DONE if "code" in query else FAILED if "error" in query else b"Nothing here.\n"
            self.send_response(404 if said not in (DONE, FAILED) else 200)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing: the address holds a code."""

    with HTTPServer(("127.0.0.1", 0), Catcher) as server:
        server.timeout = 1
        query = {"installation": installation, "cli_port": server.server_port, "challenge": challenge}
        address = f"{url.rstrip('/')}/login?{urlencode(query)}"
        Thread(target=visit, args=(address,), daemon=True).start()
        patience = time.monotonic() + PATIENCE
        while not codes and not errors and time.monotonic() < patience:
            server.handle_request()
    if errors:
        raise Problem(REFUSALS.get(errors[0], REFUSALS["unauthenticated"]))
    if not codes:
        raise Problem({"title": "The login was not finished", "detail": "Run the command again."})
    token = Client(url, "").call("POST", "/v1/token", {"code": codes[0], "verifier": verifier})["token"]
    return Client(url, token)


def _check_name(url: str, installation: str) -> None:
    if not installation:
        return
    with requests.Session() as http:
        http.trust_env = False
        address = f"{url.rstrip('/')}/login?{urlencode({'installation': installation})}"
        answer = http.get(address, allow_redirects=False, timeout=TIMEOUT)
    if answer.status_code == requests.codes.not_found:
        detail = f"The sidecar knows no installation {installation!r}. Its panel lists them."
        raise Problem({"title": "There is no such installation", "detail": detail})


def remember(path: Path, url: str, client: Client) -> None:
    """Keep the login for the next command, readable by this user only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    token = str(client._http.headers["Authorization"]).removeprefix("Bearer ")  # noqa: SLF001 - same module
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"url": url, "token": token}, file)


def recall(path: Path) -> Client:
    """The login that `remember` kept.

    Raises:
        Problem: there is none.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Client(kept["url"], kept["token"])
    except (OSError, ValueError, KeyError) as error:
        raise Problem({"title": "You are not logged in", "detail": "Run `crm-sidecar connect` first."}) from error


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    return (
        found if isinstance(found, dict) else {"title": "The sidecar gave no JSON", "detail": str(answer.status_code)}
    )
