"""Notes and tasks of a scripted HubSpot, for the tests of writing: they can be lost, refused and changed."""

from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from urllib3.exceptions import ProtocolError

from connectors.interfaces import RecordRef, Target, TargetKind, Write
from tests.unit.connectors.hubspot_bench import NOW, STAMP, TICKET, VERSION, Bench, results, row
from tests.unit.connectors.scripted import Answer

BASE = "/crm/objects/2026-03"
REF = RecordRef("hubspot", "tickets", TICKET)
KEY = "K1abc"
DROPPED = requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError()))
SINCE = datetime.fromtimestamp(NOW - 300, UTC)
KINDS = (TargetKind.COMMENT, TargetKind.TASKS)


def write_of(kind: TargetKind, *, key: str = KEY, ref: RecordRef = REF) -> Write:
    """A note, or two tasks."""
    target = Target(kind, "x", "y", undoable=True)
    values = [
        {"subject": f"Step {number}", "body": f"Do <this> & that.\n\nref: {key}", "due": "2026-12-01"}
        for number in range(2 if kind is TargetKind.TASKS else 1)
    ]
    return Write(key, ref, VERSION, target, tuple(values))


class Store:
    """Notes and tasks on one record of a portal as far as writing needs them, with trouble on request.

    `trouble` holds, per kind of request ("upsert", "create", "archive", "associate"), what happens to the next ones:
    an answer or error that comes instead, or "drop" to do it and lose the answer.
    """

    def __init__(self, *, keyed: bool = True, ref: RecordRef = REF) -> None:
        self.ref = ref
        self.rows: dict[str, dict[str, Any]] = {}
        self.linked: set[str] = set()
        self.types: set[int] = set()
        self.trouble: dict[str, deque[Answer | Exception | str]] = {}
        self.stamp = STAMP
        self.bench = Bench(self.answer, keyed=keyed)

    @property
    def live(self) -> list[str]:
        """Ids that are there."""
        return [id_ for id_, each in self.rows.items() if not each["archived"]]

    def answer(self, method: str, path: str, body: Any) -> Answer | Exception | None:  # noqa: ANN401 - any JSON
        """HubSpot."""
        act = self._act(method, path)
        if act is None:
            return self._read(path, body)
        name, do = act
        queue = self.trouble.get(name)
        what = queue.popleft() if queue else None
        if what is not None and what != "drop":
            return what  # type: ignore[return-value]  # mypy: not the text "drop" here
        done = do(body)
        return DROPPED if what == "drop" else done

    def _act(self, method: str, path: str) -> tuple[str, Callable[[Any], Answer]] | None:
        last = path.rpartition("/")[2]
        if method == "PUT" and "/associations/default/" in path:
            return "associate", lambda _: self._associate(path.split("/")[5])
        return {"upsert": ("upsert", self._upsert), "create": ("create", self._create)}.get(last) or (
            ("archive", self._archive) if last == "archive" else None
        )

    def _upsert(self, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        made = []
        for entry in body["inputs"]:
            assert entry["idProperty"] == "assistant_writeback_key"
            assert entry["properties"]["assistant_writeback_key"] == entry["id"]
            old = next((r for r in self.rows.values() if key_of(r) == entry["id"] and not r["archived"]), None)
            made.append(old or self._make(entry["properties"]))
        return results(*made)

    def _create(self, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        made = []
        for entry in body["inputs"]:
            (association,) = entry["associations"]
            assert association["to"] == {"id": self.ref.id}
            made.append(self._make(entry["properties"]))
            self.types.add(association["types"][0]["associationTypeId"])
            self.linked.add(made[-1]["id"])
        return results(*made)

    def _make(self, properties: Mapping[str, str]) -> dict[str, Any]:
        new = row(str(700 + len(self.rows)), **properties)
        self.rows[new["id"]] = new
        return new

    def _associate(self, id_: str) -> Answer:
        self.linked.add(id_)
        return results({"id": id_})

    def _archive(self, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        for each in body["inputs"]:
            if each["id"] in self.rows:
                self.rows[each["id"]]["archived"] = True
        return 204, b""

    def _read(self, path: str, body: Any) -> Answer | None:  # noqa: ANN401 - any JSON
        if path == f"{BASE}/{self.ref.object}/{self.ref.id}":
            return 200, row(self.ref.id, hs_lastmodifieddate=self.stamp, lastmodifieddate=self.stamp)
        if path.startswith(f"{BASE}/{self.ref.object}/{self.ref.id}/associations/"):
            return results(*({"toObjectId": int(id_)} for id_ in self.linked & set(self.live)))
        if path.startswith("/crm/associations/"):
            asked = [each["id"] for each in body["inputs"] if each["id"] in self.linked]
            return results(
                *({"id": id_, "from": {"id": id_}, "to": [{"toObjectId": int(self.ref.id)}]} for id_ in asked)
            )
        if path.endswith("/batch/read"):
            by = body.get("idProperty", "hs_object_id")
            keys = {each["id"] for each in body["inputs"]}
            return results(*(self.rows[id_] for id_ in self.live if self.rows[id_]["properties"].get(by) in keys))
        return None

    def sent(self, part: str) -> int:
        """How many requests went to paths that end so."""
        return sum(part in path for path in self.bench.paths())


def key_of(held: Mapping[str, Any]) -> object:
    """The write's key that a row carries."""
    return held["properties"].get("assistant_writeback_key")
