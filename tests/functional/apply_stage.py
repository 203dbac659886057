"""What the tests of exactly-once stand on: agents who apply, and one rule that tells whether draft and CRM agree."""

import time
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.client import SandboxControl
from connectors.sandbox.data import DEMO_CASE_ID, DEMO_USERNAMES
from connectors.sandbox.process import SandboxProcess
from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import SqlAuditLog, open_database
from sidecar.client import Client, Problem
from sidecar.local import LocalSidecar

COMPOSITE = r"/composite$"
LEASE_SECONDS = 1
MAYA, TOMAS = DEMO_USERNAMES
AIKO = "aiko.tanabe@globex-flow.example"
ESCALATION_GROUP = "00G5eN000000003EBA"
"""The group by which Tomás sees the demo's case."""


@dataclass(frozen=True, slots=True)
class Target:
    """Who drafts what, and where it goes. `object` and `text` name what is created; `package`: the CRM keeps keys."""

    name: str
    org: str
    username: str
    action: str
    object: str
    text: str
    package: bool
    options: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """The target's kind, as the API names it."""
        return self.name.partition(" ")[0]


TARGETS = (
    Target("summary_field", "northwind", TOMAS, "summarize_case", "Case", "Assistant_Summary__c", package=True),
    Target("tasks", "northwind", TOMAS, "next_steps", "Task", "Description", package=True),
    Target("completed_task", "globex", AIKO, "summarize_case", "Task", "Description", package=False),
    Target(
        "comment", "globex", AIKO, "summarize_case", "CaseComment", "CommentBody", package=False,
        options=(("target", "comment"),),
    ),
)  # fmt: skip


class Stage:
    """One sandbox, one sidecar, and agents who are logged in as long as their grants live."""

    def __init__(self, sandbox: SandboxProcess, sidecar: LocalSidecar) -> None:
        self.sidecar = sidecar
        self.sandbox = sandbox
        self.control: SandboxControl = sandbox.control
        self._clients: dict[tuple[str, str], Client] = {}
        self._cases = {"northwind": DEMO_CASE_ID}

    def client(self, org: str, username: str) -> Client:
        """An agent; logged in anew after `forget`."""
        if (org, username) not in self._clients:
            self._clients[org, username] = self.sidecar.log_in(org, username)
        return self._clients[org, username]

    def forget(self) -> None:
        """Every agent logs in anew."""
        self._clients.clear()

    def case(self, target: Target) -> str:
        """A case on which the target's agent can draft: in globex the first of her own."""
        if target.org not in self._cases:
            client = self.client(target.org, target.username)
            listed = client.call("GET", "/v1/records")["records"]
            self._cases[target.org] = next(
                line["record"]["id"] for line in listed if client.draft(target.action, line["record"]["id"])["claims"]
            )
        return self._cases[target.org]

    def draft(self, target: Target) -> dict[str, Any]:
        """A new draft."""
        client = self.client(target.org, target.username)
        made = client.draft(target.action, self.case(target), **dict(target.options))
        assert made["change"]["target"] == target.kind
        return made

    def state(self, target: Target, draft: dict[str, Any]) -> str:
        """What the database says, without asking the CRM."""
        listed = self.client(target.org, target.username).call("GET", "/v1/drafts")["drafts"]
        return next(str(line["state"]) for line in listed if line["id"] == draft["id"])

    def standing(self, target: Target, draft: dict[str, Any]) -> int:
        """How many times the write stands in the CRM: records that carry its key, divided by what one write creates."""
        key, texts = draft["change"]["key"], draft["change"]["after"]
        found = [row for row in self.control.records(target.org, target.object) if key in str(row.get(target.text))]
        assert len(found) % len(texts) == 0, "a write is there in part"
        return len(found) // len(texts)

    def markers(self, target: Target, draft: dict[str, Any]) -> int:
        """How many attempts of a write took effect, by the CRM's own book."""
        if not target.package:
            return 0
        rows = self.control.records(target.org, "Writeback__c")
        return sum(str(row["Key__c"]).startswith(draft["change"]["key"]) and row["Kind__c"] != "void" for row in rows)

    def agree(self, target: Target, draft: dict[str, Any]) -> str:
        """The one rule: at most one write; and the state of a draft never says what is not so. Returns the state."""
        state, standing, markers = self.state(target, draft), self.standing(target, draft), self.markers(target, draft)
        said = f"{target.name}: {state}, {standing} in the CRM, {markers} markers"
        assert standing <= 1, said
        assert markers <= 1, said
        assert state != "draft" or standing == 0, said
        assert state != "applied" or standing == 1, said
        assert state != "undone" or standing == 0, said
        assert not target.package or state in {"undone", "undoing"} or markers == standing, said
        return state

    def press(self, target: Target, draft: dict[str, Any], what: str = "apply") -> str:
        """Click; the state that comes back, or the type of the refusal."""
        client = self.client(target.org, target.username)
        return outcome(client, draft, what)

    def wait_for_lease(self, target: Target, draft: dict[str, Any]) -> None:
        """Only where there is one to wait for."""
        if self.state(target, draft) in {"applying", "undoing"}:
            time.sleep(LEASE_SECONDS)

    def audited(self, target: Target, draft: dict[str, Any]) -> list[str]:
        """Results of the draft's applies in the audit log, oldest first, read beside the running server."""
        engine = open_database(f"sqlite:///{self.sidecar.state / 'sidecar.sqlite3'}")
        log = SqlAuditLog(engine, LocalKeyRing(self.sidecar.state / "keys"))
        events = log.events(self.sandbox.orgs[target.org].id, 1_000)
        engine.dispose()
        mine = [event for event in events if event.get("draft") == draft["id"] and event["kind"] == "apply"]
        return [str(event["result"]) for event in sorted(mine, key=lambda event: int(event["seq"]))]


def outcome(client: Client, draft: dict[str, Any], what: str = "apply") -> str:
    """Click as this client; the state that comes back, or the type of the refusal."""
    try:
        done = client.apply(draft) if what == "apply" else client.undo(draft["id"])
    except Problem as problem:
        return str(problem.body.get("type", "no answer")).rpartition(":")[2]
    return str(done["state"])
