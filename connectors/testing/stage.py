"""What a conformance test of a connector stands on: a CRM that can be disturbed, and helpers to watch it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, TypeVar

import pytest

from connectors.errors import ConnectorError
from connectors.interfaces import Connector, RecordRef, Session, Target, TargetKind, TokenStore, Write
from connectors.testing.facts import CrmFacts

E = TypeVar("E", bound=ConnectorError)


class Trouble(StrEnum):
    """What can happen to the next write request."""

    COMMIT_THEN_DROP = "commit_then_drop"
    COMMIT_THEN_500 = "commit_then_500"
    TRUNCATED = "truncated_json"
    DROP_BEFORE = "drop_before"
    ERROR_500 = "error_500"
    DELAY = "delay"
    LATE = "late"
    """The request arrives, but only after the connector has given up waiting."""


ARRIVES = (Trouble.COMMIT_THEN_DROP, Trouble.COMMIT_THEN_500, Trouble.TRUNCATED)
LOST = (Trouble.DROP_BEFORE, Trouble.ERROR_500)


class Stage(Protocol):
    """A CRM arranged for a test. Grant ids belong to users who have consented already.

    Agent and colleague see the case, the outsider does not; all of them see the article.
    """

    @property
    def connector(self) -> Connector:
        """Connected to the CRM of this stage."""

    @property
    def tokens(self) -> TokenStore:
        """Where its grants lie."""

    @property
    def agent(self) -> str:
        """Grant id."""

    @property
    def colleague(self) -> str:
        """Grant id."""

    @property
    def outsider(self) -> str:
        """Grant id."""

    @property
    def case(self) -> RecordRef:
        """A case (a ticket) with two incoming messages, an outgoing one or a comment, a contact and an owner."""

    @property
    def account(self) -> RecordRef:
        """The case's company. On it hang the case, and for each user what she sees of `Root.thread`."""

    @property
    def contact(self) -> RecordRef:
        """The case's contact, in the same way."""

    @property
    def closed(self) -> RecordRef:
        """Another case of the same company, which the agent sees and which is closed."""

    @property
    def unseen(self) -> frozenset[RecordRef]:
        """Records that hang on the company or the contact and that the agent may not see; a case is among them."""

    @property
    def article(self) -> RecordRef:
        """Something that everybody may read and nobody drafts for: an article, a company."""

    @property
    def secrets(self) -> Sequence[str]:
        """Words from the case's text and thread, none of which may ever turn up in an error."""

    def hide(self, grant_id: str, field: str) -> None:
        """Take the right to see a field ("Case.Description") from a user, at once."""

    def hide_at_next_query(self, grant_id: str, field: str) -> None:
        """The same, but only when the next request for records arrives: after any describe."""

    def edit(self, ref: RecordRef, fields: Mapping[str, object]) -> None:
        """Somebody else changes a record; its version changes."""

    def add_draft(self, grant_id: str) -> RecordRef:
        """The user begins an e-mail on the case and does not send it."""

    def remove(self, ref: RecordRef) -> None:
        """Somebody deletes a record."""

    def value(self, ref: RecordRef, field: str) -> object:
        """A field's value as the system sees it."""

    def carrying(self, key: str) -> int:
        """How many records and fields at the case, its company and its contact carry a write's key."""

    def trouble(self, what: Trouble) -> None:
        """Arrange for it to happen to the next write."""

    def settle(self) -> None:
        """Wait until a late request has arrived."""

    def uninstall_package(self) -> None:
        """Take away what gives the CRM a unique key (and the summary field, where there is one)."""

    def expire(self, grant_id: str) -> None:
        """The access token dies, the refresh token lives."""

    def end_grant(self, grant_id: str) -> None:
        """An administrator ends the connection."""

    def requests(self) -> int:
        """How many requests the CRM has answered so far, OAuth included."""

    def refreshes(self) -> int:
        """How many times a refresh token was used so far."""


def make_write(stage: Stage, kind: TargetKind, ref: RecordRef | None = None) -> Write:
    """A write of that kind on `ref` (the stage's case), from its version now; two records for TASKS."""
    session, ref = stage.connector.session(stage.agent), ref or stage.case
    target = next((t for t in session.targets(ref) if t.kind is kind), _any_target(kind))
    record = session.reread([ref], {})[ref]
    key = f"K{time.time_ns():x}"
    values = [
        {"subject": f"Step {number}", "body": f"Summary {number}.\n\nref: {key}", "due": "2026-12-01"}
        for number in range(2 if kind is TargetKind.TASKS else 1)
    ]
    return Write(key, ref, record.version, target, tuple(values))


def _any_target(kind: TargetKind) -> Target:
    return Target(kind, "no such target", "nobody", undoable=False)


def raised(kind: type[E], call: Callable[[], object]) -> E:
    """The error of this kind that `call` raises; a test failure when it does not."""
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def minutes_ago() -> datetime:
    """Early enough for everything that a test did."""
    return datetime.now(UTC) - timedelta(minutes=5)


def together(call: Callable[[Session], object], sessions: Sequence[Session]) -> list[object]:
    """What `call` gives for each session, all at the same time; a raised error is an outcome, too."""
    barrier = threading.Barrier(len(sessions))
    outcomes: list[object] = [None] * len(sessions)

    def run(number: int) -> None:
        barrier.wait()
        try:
            outcomes[number] = call(sessions[number])
        except ConnectorError as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(sessions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def everything_said(error: BaseException) -> str:
    """Message, repr and attributes of an error and of all that a traceback would print with it."""
    return "\n".join(f"{e!s} {e!r} {vars(e)}" for e in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class Staged:
    """Base of the suites: the facts of the CRM, fixtures, and the target kinds that tests run for."""

    facts: ClassVar[CrmFacts]
    """Given by the subclass, as is `stage`."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run tests that take a `kind`, an `undoable` or an `unmarked` kind once for each that the CRM has."""
        for argument in ("kind", "undoable", "unmarked"):
            if argument in metafunc.fixturenames:
                metafunc.parametrize(argument, self.facts.kinds_for(argument))
        if "root" in metafunc.fixturenames:
            metafunc.parametrize("root", list(self.facts.roots))
        if "aim" in metafunc.fixturenames:
            aims = self.facts.aims()
            metafunc.parametrize("aim", aims, ids=["-".join(aim) for aim in aims])
        if "no_id" in metafunc.fixturenames:
            metafunc.parametrize("no_id", self.facts.no_ids)

    @pytest.fixture
    def stage(self) -> Stage:
        """Given by the subclass."""
        raise NotImplementedError

    @pytest.fixture
    def session(self, stage: Stage) -> Session:
        """The agent's live access."""
        return stage.connector.session(stage.agent)
