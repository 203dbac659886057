"""A sidecar on the HubSpot sandbox: agents who draft on tickets, and the rule on which draft and portal must agree."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectors.sandbox.client import SandboxControl
from connectors.sandbox.data import DEMO_TICKET_ID, DEMO_TICKET_USERS
from connectors.sandbox.process import SandboxProcess
from sidecar.client import Client
from sidecar.local import LocalSidecar

PORTAL = "meridian"
MIRA, DAVI = DEMO_TICKET_USERS
LEASE_SECONDS = 1
UNLIMITED = 1_000_000
TEXT = {"notes": "hs_note_body", "tasks": "hs_task_body"}
TARGETS = {"comment": ("summarize_case", "notes"), "tasks": ("next_steps", "tasks")}
"""What a draft is written as -> the action that does so, and the object that it creates."""


class Desk:
    """One sandbox, one sidecar, and agents who stay logged in."""

    def __init__(self, sandbox: SandboxProcess, sidecar: LocalSidecar) -> None:
        self.sandbox = sandbox
        self.sidecar = sidecar
        self.control: SandboxControl = sandbox.control
        self._clients: dict[str, Client] = {}

    def reset(self) -> None:
        """The portal as at the start, without limits."""
        self.control.reset()
        self.control.mutate(PORTAL, "rate_limits", on=False)

    def client(self, username: str = MIRA) -> Client:
        """An agent; logged in anew after `forget`."""
        if username not in self._clients:
            self._clients[username] = self.sidecar.log_in(PORTAL, username)
        return self._clients[username]

    def forget(self) -> None:
        """Every agent logs in anew."""
        self._clients.clear()

    def draft(self, target: str, username: str = MIRA) -> dict[str, Any]:
        """A new draft on the demo's ticket."""
        made = self.client(username).draft(TARGETS[target][0], DEMO_TICKET_ID)
        assert made["change"]["target"] == target
        assert made["change"]["undoable"]
        return made

    def state(self, draft: dict[str, Any], username: str = MIRA) -> str:
        """What the database says, without asking HubSpot."""
        listed = self.client(username).call("GET", "/v1/drafts")["drafts"]
        return next(str(line["state"]) for line in listed if line["id"] == draft["id"])

    def written(self, draft: dict[str, Any]) -> list[dict[str, Any]]:
        """What stands in the portal that carries the draft's key: notes or tasks that are not archived."""
        object_ = TARGETS[draft["change"]["target"]][1]
        rows = self.control.records(PORTAL, object_)
        return [row for row in rows if draft["change"]["key"] in str(row.get(TEXT[object_]))]

    def agree(self, draft: dict[str, Any]) -> str:
        """The one rule: at most one write, and the state of a draft never says what is not so. Returns the state."""
        state, found, wanted = self.state(draft), len(self.written(draft)), len(draft["change"]["after"])
        said = f"{state}, {found} of {wanted} in the portal"
        assert found in {0, wanted}, said
        assert state != "draft" or found == 0, said
        assert state != "applied" or found == wanted, said
        assert state != "undone" or found == 0, said
        return state


@contextmanager
def running(folder: Path) -> Iterator[Desk]:
    """A desk with an empty index."""
    lease = {"CRM_SIDECAR_APPLY_LEASE_SECONDS": str(LEASE_SECONDS)}
    with SandboxProcess() as sandbox, LocalSidecar(sandbox, folder, calls=UNLIMITED, **lease) as sidecar:
        desk = Desk(sandbox, sidecar)
        desk.reset()
        yield desk
