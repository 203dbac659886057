"""HubSpot: each fault at each request of apply and undo, and kill -9: one write, a refusal, or `unknown`; never two."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from connectors.sandbox.data import DEMO_TICKET_ID
from tests.functional.apply_stage import outcome
from tests.functional.hubspot_desk import LEASE_SECONDS, MIRA, PORTAL, Desk, running
from tests.functional.test_apply_crashes import twin, until

CRM = r"^/crm/"
"""What the faults match: every request to the CRM itself."""
INVALID = {"status": "error", "message": "Invalid input JSON", "category": "VALIDATION_ERROR"}


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule of the sandbox. `lasting`: a second click cannot succeed. `login`: the agent logs in again afterwards."""

    name: str
    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    lasting: bool = False
    login: bool = False

    def arm(self, desk: Desk, nth: int, times: int = 1) -> None:
        """Let it happen to the n-th request from now."""
        desk.control.fault(self.action, path=CRM, org=PORTAL, nth=nth, times=times, **self.arguments)


FAULTS = (
    Fault("400", "status", {"status": 400, "content": INVALID}),
    Fault("403", "status", {"status": 403}),
    Fault("423", "status", {"status": 423}),
    Fault("429", "status", {"status": 429}),
    Fault("500", "status", {"status": 500}),
    Fault("502 html", "status", {"status": 502}),
    Fault("delay beyond lease", "delay", {"seconds": LEASE_SECONDS + 0.2}),
    Fault("commit, drop", "commit_then_drop"),
    Fault("commit, 500", "commit_then_500"),
    Fault("drop", "drop_before"),
    Fault("cut answer", "truncated_json"),
    Fault("wrong label", "wrong_content_type"),
    Fault("token expires", "expire_tokens"),
    Fault(
        "ticket moves on", "touch",
        {"object": "tickets", "id": DEMO_TICKET_ID, "properties": {"hs_ticket_priority": "LOW"}}, lasting=True,
    ),
    Fault("ticket archived", "archive", {"object": "tickets", "id": DEMO_TICKET_ID}, lasting=True),
    Fault("ticket lost", "move_owner", {"object": "tickets", "id": DEMO_TICKET_ID, "owner": ""}, lasting=True),
    Fault("user deactivated", "deactivate_user", lasting=True, login=True),
    Fault("app uninstalled", "revoke_grants", lasting=True, login=True),
)  # fmt: skip
SHARE = int(os.environ.get("PROOF_SHARE", "6"))
"""Each request meets every n-th fault, the next request the next ones; 1 means all of them."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with a short lease."""
    with running(tmp_path_factory.mktemp("faults")) as made:
        yield made


def cases(requests: int) -> Iterator[tuple[int, Fault]]:
    """Which fault meets which request."""
    for nth in range(1, requests + 1):
        for number, fault in enumerate(FAULTS):
            if (nth + number) % SHARE == 0:
                yield nth, fault


def settled(desk: Desk, draft: dict[str, Any], click: str) -> bool:
    """Click again; False while the first click still holds its claim."""
    return outcome(desk.client(), draft, click) != "conflict"


def requests_of(desk: Desk, target: str, click: str) -> int:
    """How many requests an apply or undo sends when nothing goes wrong."""
    desk.reset()
    draft = desk.draft(target)
    if click == "undo":
        desk.client().apply(draft)
    mark = desk.control.last()
    assert outcome(desk.client(), draft, click) == {"apply": "applied", "undo": "undone"}[click]
    return sum(request["path"].startswith("/crm/") for request in desk.control.requests(mark, PORTAL))


@pytest.mark.parametrize("target", ["comment", "tasks"])
def test_apply_under_faults(desk: Desk, target: str) -> None:
    """Whatever goes wrong wherever, draft and portal agree, and a second click makes it good or says `unknown`."""
    seen: Counter[str] = Counter()
    count = requests_of(desk, target, "apply")
    assert count >= 5
    for nth, fault in cases(count):
        desk.reset()
        draft = desk.draft(target)
        fault.arm(desk, nth)
        first = outcome(desk.client(), draft)
        assert sum(rule["fired"] for rule in desk.control.faults()) == 1, (nth, fault.name, first)
        desk.control.clear_faults()
        between = desk.agree(draft)
        if fault.login:
            seen[f"{first} [{between}]"] += 1
            desk.forget()
            continue
        if not fault.lasting and between == "applying":
            until(partial(settled, desk, draft, "apply"))
        second = outcome(desk.client(), draft)
        last = desk.agree(draft)
        seen[f"{first} [{between}] -> {second} [{last}]"] += 1
        # A write that was refused half-way has been taken away again, which moves the ticket on.
        good = last in {"applied", "unknown"} or (first, second) == ("refused", "moved-on")
        assert fault.lasting or good, (nth, fault.name, first, between, second, last)
    report(f"apply to {target}: {count} requests x {len(FAULTS)} faults", seen)


@pytest.mark.parametrize("target", ["comment", "tasks"])
def test_undo_under_faults(desk: Desk, target: str) -> None:
    """An undo ends undone or applied, and never takes away half."""
    seen: Counter[str] = Counter()
    count = requests_of(desk, target, "undo")
    for nth, fault in cases(count):
        desk.reset()
        draft = desk.draft(target)
        assert outcome(desk.client(), draft) == "applied"
        fault.arm(desk, nth)
        first = outcome(desk.client(), draft, "undo")
        desk.control.clear_faults()
        between = desk.agree(draft)
        if fault.login:
            seen[f"{first} [{between}]"] += 1
            desk.forget()
            continue
        if between == "undoing":
            until(partial(settled, desk, draft, "undo"))
        second = outcome(desk.client(), draft, "undo")
        last = desk.agree(draft)
        seen[f"{first} [{between}] -> {second} [{last}]"] += 1
        assert last == "undone" or fault.lasting, (nth, fault.name, first, between, second)
    report(f"undo of {target}: {count} requests x {len(FAULTS)} faults", seen)


@pytest.mark.parametrize(
    "moment", ["before the write", "write on its way", "write arrived", "write lost", "not linked"]
)
@pytest.mark.parametrize("target", ["comment", "tasks"] if SHARE == 1 else ["comment"])
def test_kill_9(desk: Desk, target: str, moment: str) -> None:
    """After a restart the draft is settled by reading back; one more click, and the write stands there once at most."""
    desk.reset()
    draft = desk.draft(target)
    upsert, link = r"/batch/upsert$", r"/associations/default/"
    rules: Mapping[str, tuple[tuple[str, str, dict[str, Any]], ...]] = {
        "before the write": (("delay", rf"/tickets/{DEMO_TICKET_ID}$", {"seconds": 1.0}),),
        "write on its way": (("delay", upsert, {"seconds": 1.0}),),
        "write arrived": (("delay", link, {"seconds": 1.0}),),
        "write lost": (("drop_before", upsert, {"times": 2}), ("delay", upsert, {"nth": 3, "seconds": 1.0})),
        "not linked": (("drop_before", link, {}), ("delay", link, {"nth": 2, "seconds": 1.0})),
    }
    for action, path, arguments in rules[moment]:
        desk.control.fault(action, org=PORTAL, path=path, **arguments)
    with ThreadPoolExecutor(1) as pool:
        click = pool.submit(outcome, desk.client(), draft)
        until(_all_fired(desk, len(rules[moment])))
        desk.sidecar.kill()
        assert click.result() in {"no answer", "applied"}
    desk.control.clear_faults()
    desk.sidecar.start()
    until(lambda: outcome(desk.client(), draft) != "conflict", seconds=30)
    assert desk.agree(draft) in {"applied", "unknown"}


def test_clicks_at_the_same_time_write_once(desk: Desk) -> None:
    """Eight clicks on one draft: all of them end applied or in a clear refusal, and one note stands there."""
    desk.reset()
    draft = desk.draft("comment")
    clients = [twin(desk.client(MIRA)) for _ in range(8)]
    with ThreadPoolExecutor(len(clients)) as pool:
        outcomes = list(pool.map(lambda client: outcome(client, draft), clients))
    assert set(outcomes) <= {"applied", "conflict"}
    assert desk.agree(draft) == "applied"


def _all_fired(desk: Desk, rules: int) -> Callable[[], bool]:
    return lambda: sum(bool(rule["fired"]) for rule in desk.control.faults()) >= rules


def report(title: str, seen: Counter[str]) -> None:
    """How often each outcome was seen."""
    print(f"\n{title}")  # noqa: T201 - the figures of this proof
    for path, count in seen.most_common():
        print(f"  {count:4} x {path}")  # noqa: T201 - the same
