# ruff: noqa: S101 - this is a test suite that ships: asserts and expected values are its point
"""Conformance: each fault in turn, at each request of each operation: the right answer or the right error, one write.

The right answer is what the same call gave before the fault. Where a fault changes data or rights (`Fault.moves`) it is
that, or what a fresh connector says afterwards, decided record by record: a call of several requests may meet both.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol, TypeVar

import pytest

from connectors.errors import Ambiguous, ConnectorError, Retriable
from connectors.interfaces import Bundle, Checkpoint, Connector, PreImage, Session, TargetKind, Write
from connectors.testing.facts import CrmFacts
from connectors.testing.stage import Stage, Staged, make_write, minutes_ago

T = TypeVar("T")
Errors = tuple[type[ConnectorError], ...]
Answer = Mapping[object, object]
"""What a call said, taken apart: every record and remark under a name of its own."""

ALWAYS = 0
"""In place of the number of a request: the fault befalls every request."""
NEVER = 1_000_000
"""The number of a request that does not come: all goes well, and one learns how many requests there are."""
_TRIES = 6
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. The stage knows by its `name` how to plant it.

    `reads` and `writes` are the errors that a reading and a writing call may end with, `always` those that either may
    end with, too, when every request meets the fault; `kinds` those of writes of one kind besides `writes`. `moves`: it
    changes data or rights, and happens only once.
    """

    name: str
    reads: Errors = ()
    writes: Errors = ()
    always: Errors = ()
    kinds: Mapping[TargetKind, Errors] = field(default_factory=dict)
    moves: bool = False

    def of_write(self, kind: TargetKind, nth: int) -> Errors:
        """What writing a target of that kind may end with."""
        return self.allowed((*self.writes, *self.kinds.get(kind, ())), nth)

    def allowed(self, errors: Errors, nth: int) -> Errors:
        """`errors`, and those of a fault that never ends; none when it does not happen."""
        if nth == NEVER:
            return ()
        return (*errors, *self.always) if nth == ALWAYS else errors


class FaultStage(Stage, Protocol):
    """A stage on which faults can be planted."""

    def plant(self, fault: str, nth: int) -> None:
        """Let a fault befall the `nth` request for data from now on (OAuth's are spared); `ALWAYS`: every one."""

    def met(self) -> int:
        """How many requests there were of those that the planted fault counts."""

    def fired(self) -> int:
        """How often it has happened."""

    def clear_faults(self) -> None:
        """Plant nothing any more."""

    def leaks(self) -> int:
        """How many things users were given so far that they may not see, as the CRM's own watch counts them."""

    def new_connector(self) -> Connector:
        """A connector with empty caches on the same grants, as in another process."""

    def again(self) -> "FaultStage":
        """The same stage, set anew; this one is over."""


class FaultContract(Staged):
    """Every fault x every operation. Subclasses give `facts`, `faults` and a `stage` that is a `FaultStage`.

    `readings` are the reading calls that ask the CRM for records; a subclass leaves out those that do not.
    """

    faults: ClassVar[Sequence[Fault]]
    readings: ClassVar[Sequence[str]] = ("read", "account", "reread", "recent", "changes", "targets")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each test for each fault, the reading one for each reading call, too."""
        super().pytest_generate_tests(metafunc)
        if "fault" in metafunc.fixturenames:
            metafunc.parametrize("fault", self.faults, ids=[fault.name for fault in self.faults])
        for argument in {"written", "taken_back"} & set(metafunc.fixturenames):
            kinds = self.facts.kinds if argument == "written" else self.facts.undoable
            # One task is written like several, only fewer.
            metafunc.parametrize(argument, [kind for kind in kinds if kind is not TargetKind.COMPLETED_TASK])
        if "reading" in metafunc.fixturenames:
            metafunc.parametrize("reading", self.readings)

    def test_a_reading_call_under_a_fault(self, stage: FaultStage, fault: Fault, reading: str) -> None:
        """Cold, so describes are hit, too. Right or refused: never half an answer or an old right."""
        prepared: list[tuple[Callable[[Session], Answer], Answer]] = []

        def run(here: FaultStage, nth: int) -> int:
            if fault.moves or not prepared:
                ask = READINGS[reading](self.facts, here)
                prepared.append((ask, ask(here.connector.session(here.agent))))
            ask, before = prepared[-1]
            outcome, hits = _under(here, fault, nth, ask, here.new_connector())
            after = _outcome(lambda: ask(_cold(here))) if fault.moves else before
            _judge(outcome, before, after, fault.allowed(fault.reads, nth))
            return hits

        self._at_each_request(stage, fault, run)

    def test_a_pre_image_under_a_fault(self, stage: FaultStage, fault: Fault) -> None:
        """What stands at the target is told right or not at all, whatever was cached; nothing is written."""

        def run(here: FaultStage, nth: int) -> int:
            write = make_write(here, self.facts.kinds[0])

            def ask(session: Session) -> Answer:
                return {"pre-image": replace(session.preimage(write), attempt="")}

            before = ask(here.connector.session(here.agent))
            outcome, hits = _under(here, fault, nth, ask, here.connector)
            after = _outcome(lambda: ask(_cold(here))) if fault.moves else before
            _judge(outcome, before, after, fault.allowed(fault.reads, nth))
            assert here.carrying(write.key) == 0
            return hits

        self._at_each_request(stage, fault, run)

    def test_a_write_under_a_fault(self, stage: FaultStage, fault: Fault, written: TargetKind) -> None:
        """Written, not written, or openly unknown; found out afterwards; never twice."""

        def run(here: FaultStage, nth: int) -> int:
            write = make_write(here, written)
            preimage = here.connector.session(here.agent).preimage(write)
            outcome, hits = _under(here, fault, nth, lambda session: session.write(write, preimage), here.connector)
            there = here.carrying(write.key)
            if isinstance(outcome, ConnectorError):
                assert isinstance(outcome, fault.of_write(written, nth)), (nth, outcome)
                assert there in ({0, len(write.values)} if isinstance(outcome, Ambiguous) else {0})
            else:
                assert there == len(write.values) == len(outcome.ids)
            if not fault.moves:
                self._finish(here, write, preimage)
            assert here.carrying(write.key) in {0, len(write.values)}
            return hits

        self._at_each_request(stage, fault, run)

    @pytest.mark.parametrize("arrived", [True, False], ids=["arrived", "lost"])
    def test_finding_out_under_a_fault(self, stage: FaultStage, fault: Fault, *, arrived: bool) -> None:
        """Neither a yes for what was lost nor a no for what has arrived."""

        def run(here: FaultStage, nth: int) -> int:
            write = make_write(here, TargetKind.TASKS)
            session = here.connector.session(here.agent)
            preimage = session.preimage(write)
            written = session.write(write, preimage) if arrived else None
            outcome, hits = _under(
                here, fault, nth, lambda session: session.find(write, preimage, minutes_ago()), here.connector
            )
            if isinstance(outcome, ConnectorError):
                assert isinstance(outcome, (Ambiguous, *fault.allowed(fault.reads + fault.writes, nth))), (nth, outcome)
            else:
                assert (outcome and outcome.ids) == (written and written.ids)
                assert outcome == written or fault.moves
            if not fault.moves:
                self._finish(here, write, preimage)
            return hits

        self._at_each_request(stage, fault, run)

    def test_undoing_under_a_fault(self, stage: FaultStage, fault: Fault, taken_back: TargetKind) -> None:
        """Undone as a whole or not at all; doing it again ends well, whatever the error."""

        def run(here: FaultStage, nth: int) -> int:
            write = make_write(here, taken_back)
            session = here.connector.session(here.agent)
            preimage = session.preimage(write)
            written = session.write(write, preimage)
            outcome, hits = _under(
                here, fault, nth, lambda session: session.undo(write, preimage, written), here.connector
            )
            there, whole = here.carrying(write.key), len(write.values)
            if isinstance(outcome, ConnectorError):
                # An undo may take several requests: after the first write nobody may say that nothing happened.
                allowed = (*fault.of_write(taken_back, nth), *((Ambiguous,) if nth > 1 else ()))
                assert isinstance(outcome, allowed), (nth, outcome)
                assert there in {0, whole}
            else:
                assert there == 0
            if not fault.moves:
                _insist(lambda: here.connector.session(here.agent).undo(write, preimage, written))
                assert here.carrying(write.key) == 0
            return hits

        self._at_each_request(stage, fault, run)

    def _at_each_request(self, stage: FaultStage, fault: Fault, run: Callable[[FaultStage, int], int]) -> None:
        """Call `run` without the fault, then with it at each request that there was, then at all of them."""
        count = run(stage, NEVER)
        assert count, "there is no request to befall"
        for nth in range(1, count + 1):
            if nth > 1 and fault.moves:
                stage = stage.again()
            assert run(stage, nth) or nth > 1, "the fault never happened"
            assert stage.leaks() == 0
        if not fault.moves:
            assert run(stage, ALWAYS)

    def _finish(self, stage: Stage, write: Write, preimage: PreImage) -> None:
        """What a sidecar does next: find out, and send again only what is known to be lost."""

        def step() -> None:
            nonlocal preimage
            session = stage.connector.session(stage.agent)
            if session.find(write, preimage, minutes_ago()) is None:
                preimage = session.preimage(write)
                session.write(write, preimage)

        _insist(step)
        whole = len(write.values)
        assert stage.carrying(write.key) in ({whole} if self.facts.fences else {0, whole})


def _read(facts: CrmFacts, stage: Stage) -> Callable[[Session], Answer]:
    return lambda session: _parts(session.read(stage.case, facts.fields))


def _account(facts: CrmFacts, stage: Stage) -> Callable[[Session], Answer]:
    return lambda session: _parts(session.read(stage.account, facts.roots["account"].fields))


def _reread(facts: CrmFacts, stage: Stage) -> Callable[[Session], Answer]:
    bundle = stage.connector.session(stage.agent).read(stage.case, facts.fields)
    refs = [stage.case, stage.article, *(record.ref for record in bundle.thread)]
    fields = {**facts.fields, stage.article.object: (facts.article_field,)}
    return lambda session: {ref: record for ref, record in session.reread(refs, fields).items()}  # noqa: C416 - wider keys


def _recent(facts: CrmFacts, _stage: Stage) -> Callable[[Session], Answer]:
    return lambda session: {record.ref: record for record in session.recent(facts.case, facts.titles, 3)}


def _changes(facts: CrmFacts, stage: Stage) -> Callable[[Session], Answer]:
    session, start = stage.connector.session(stage.agent), Checkpoint(facts.message, minutes_ago())
    thread = [record.ref for record in session.read(stage.case, facts.fields).thread]
    edited, removed = [ref for ref in thread if ref.object == facts.message][:2]
    stage.edit(edited, {facts.message_field: "edited"})
    stage.remove(removed)
    return lambda session: {change.ref: change.record for change in session.changes(start, (facts.message_field,))}


def _targets(_facts: CrmFacts, stage: Stage) -> Callable[[Session], Answer]:
    return lambda session: dict.fromkeys(session.targets(stage.case), True)


READINGS: Mapping[str, Callable[[CrmFacts, Stage], Callable[[Session], Answer]]] = {
    "read": _read,
    "account": _account,
    "reread": _reread,
    "recent": _recent,
    "changes": _changes,
    "targets": _targets,
}
"""Each prepares a stage and gives the call to make on a session."""


def _parts(bundle: Bundle) -> Answer:
    """A bundle's records by where they stand; a remark that the fault cannot turn is one more part."""
    records: dict[object, object] = {
        (group, record.ref): record for group in ("thread", "people") for record in getattr(bundle, group)
    }
    return {**records, "record": bundle.record, "truncated": bundle.truncated, "own writes": bundle.own_writes}


def _cold(stage: FaultStage) -> Session:
    return stage.new_connector().session(stage.agent)


def _outcome(call: Callable[[], T]) -> T | ConnectorError:
    try:
        return call()
    except ConnectorError as error:
        return error


def _under(
    stage: FaultStage, fault: Fault, nth: int, call: Callable[[Session], T], connector: Connector
) -> tuple[T | ConnectorError, int]:
    """What `call` gives on a session of `connector` while the fault is planted, and how many requests it befell.

    With `NEVER`: how many it could have befallen.
    """
    session = connector.session(stage.agent)
    stage.plant(fault.name, nth)
    outcome = _outcome(lambda: call(session))
    hits = stage.met() if nth == NEVER else stage.fired()
    stage.clear_faults()
    return outcome, hits


def _judge(outcome: Answer | ConnectorError, before: Answer, after: Answer | ConnectorError, allowed: Errors) -> None:
    """Fail unless an outcome is an allowed error, or each part of it stood there before or afterwards."""
    if isinstance(outcome, ConnectorError):
        assert isinstance(outcome, (*allowed, type(after))), outcome
        return
    later: Answer = {} if isinstance(after, ConnectorError) else after
    for name, value in outcome.items():
        assert value in (before.get(name, _MISSING), later.get(name, _MISSING)), name
    assert before.keys() & later.keys() <= outcome.keys()


def _insist(step: Callable[[], None]) -> None:
    """Take a step until it succeeds; one that stays undecided is left so."""
    for _ in range(_TRIES):
        with suppress(Retriable, Ambiguous):
            step()
            return
