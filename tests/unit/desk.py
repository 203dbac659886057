"""A whole sidecar in this process, on a CRM in memory, and a way to disturb it between any two steps of an action."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from connectors.errors import Retriable
from connectors.interfaces import Audience, Connector, RecordRef, Session, TargetKind, Write
from sidecar import actions
from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.adapters.sql import (
    SqlAuditLog,
    SqlCheckpoints,
    SqlDraftStore,
    SqlFeedback,
    SqlOpenFields,
    SqlSessions,
    open_database,
)
from sidecar.domain import Principal
from sidecar.drafts import Draft
from sidecar.errors import Unavailable
from sidecar.interfaces import Services
from sidecar.policy import Policy
from sidecar.settings import Settings
from sidecar.templates import TemplateSet
from tests.fake_crm import CRM, OBJECT, SUMMARY_FIELD, TEXT_FIELD, FakeCrm
from tests.fakes import MemoryVectors, WordEmbedder
from tests.fakes_connector import FakeConnector, MemoryTokenStore

MAYA, TOMAS = "005000000000001AAA", "005000000000002AAA"
LEASE = timedelta(seconds=60)
OUTSIDE = {"append", "change", "preimage", "write", "find", "undo", "reread"}
"""What an action asks of the outside: the audit log, the draft store, the CRM."""
_DOWN = Unavailable("It is down.")


class Crash(BaseException):
    """kill -9: nothing catches it, and nothing of this process reaches the outside any more."""


class Steps:
    """The points before and after each call to the outside: "before write", "after append 2", and so on.

    `plan` says what happens at which point, by its name or its number, counted from the start of `disturbed`.
    """

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.dead = False
        self.plan: dict[int | str, Callable[[], object]] = {}

    def point(self, name: str) -> None:
        """Pass one point."""
        if self.dead:
            raise Crash
        self.passed[name] += 1
        for at in (self.passed.total(), f"{name} {self.passed[name]}"):
            if act := self.plan.pop(at, None):
                act()

    def crash(self) -> None:
        """Die here."""
        self.dead = True
        raise Crash

    @contextmanager
    def disturbed(self, at: int | str, act: Callable[[], object] | None) -> Iterator[None]:
        """Let `act` happen at a point of what runs inside; a crash ends it. "before write" is its first time."""
        at = f"{at} 1" if isinstance(at, str) and not at[-1].isdigit() else at
        self.passed, self.plan = Counter(), {} if act is None else {at: act}
        try:
            yield
        except Crash:
            pass
        finally:
            self.dead, self.plan = False, {}


class Watched:
    """Something of the outside, whose calls pass points; `broken` names calls that fail, with `trouble`."""

    def __init__(self, inner: object, steps: Steps, trouble: Exception, broken: set[str] | None = None) -> None:
        self._trouble = trouble
        self._inner = inner
        self._steps = steps
        self.broken = set() if broken is None else broken

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the inner one has
        found = getattr(self._inner, name)
        return self._call(name, found) if name in OUTSIDE else found

    def _call(self, name: str, inner: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            self._steps.point(f"before {name}")
            if name in self.broken:
                raise self._trouble
            result = inner(*args, **options)
            self._steps.point(f"after {name}")
            return result

        return call


class WatchedConnector:
    """Opens watched sessions."""

    def __init__(self, inner: FakeConnector, steps: Steps, broken: set[str]) -> None:
        self._inner = inner
        self._steps = steps
        self._broken = broken
        self.crm = inner.crm

    def session(self, grant_id: str, *, urgent: bool = True) -> Session:
        """See `Connector.session`."""
        return cast("Session", Watched(self._inner.session(grant_id), self._steps, Retriable("busy"), self._broken))


class CountingCrm(FakeCrm):
    """Counts, by key, how often a write took effect, and runs `on_write` just before."""

    def __init__(self, *, package: bool) -> None:
        super().__init__(package=package, users={MAYA, TOMAS})
        self.effects: Counter[str] = Counter()
        self.on_write: Callable[[str], None] = lambda _: None

    def _put(self, user: str, write: Write) -> tuple[str, ...]:
        self.on_write(write.key)
        self.effects[write.key] += 1
        return super()._put(user, write)


class Desk:
    """One org with one case, two agents who see it, and the services of a sidecar around it."""

    def __init__(self, folder: Path, *, package: bool = True) -> None:
        self.steps = Steps()
        self.crm_broken: set[str] = set()
        self.made: dict[str, Draft] = {}
        self.now = datetime(2026, 11, 24, 9, tzinfo=UTC)
        self.crm = CountingCrm(package=package)
        self.crm.on_write = self._check_intent
        connector = FakeConnector(self.crm, tokens := MemoryTokenStore())
        folder.mkdir(exist_ok=True)
        engine = open_database(f"sqlite:///{folder / 'desk.sqlite3'}")
        self.close = engine.dispose
        keys, settings = LocalKeyRing(folder / "keys"), Settings()
        self.policy = Policy.load(settings.config_dir)
        self.drafts = Watched(SqlDraftStore(engine, keys, clock=lambda: self.now), self.steps, _DOWN)
        self.audit = Watched(SqlAuditLog(engine, keys), self.steps, _DOWN)
        self.services = Services(
            connectors={"test": cast("Connector", WatchedConnector(connector, self.steps, self.crm_broken))},
            tokens=tokens,
            embedder=WordEmbedder(),
            vectors=MemoryVectors(),
            keys=keys,
            reasoner=ExtractiveReasoner(),
            drafts=cast("Any", self.drafts),
            audit=cast("Any", self.audit),
            sessions=SqlSessions(engine, keys),
            checkpoints=SqlCheckpoints(engine),
            feedback=SqlFeedback(engine),
            open_fields=SqlOpenFields(engine),
            policy=self.policy,
            templates=TemplateSet.load(settings.templates_dir),
            clock=lambda: self.now,
            apply_lease=LEASE,
        )
        self.maya, self.tomas = (self._agent(connector, user) for user in (MAYA, TOMAS))
        self.case = self._seed()

    # ── What an agent does ───────────────────────────────────────────────

    def draft(self, agent: Principal | None = None, action: str = "summarize_case", **options: Any) -> Draft:  # noqa: ANN401 - a Click's
        """Click an action on the case."""
        click = actions.Click(action=action, record=self.case, **options)
        made = actions.draft(self.services, agent or self.maya, click).draft
        if made.write:
            self.made[made.write.key] = made
        return made

    def apply(self, draft: Draft, agent: Principal | None = None) -> Draft:
        """Click Apply on what was shown."""
        return actions.apply(self.services, agent or self.maya, draft.id, draft.digest).draft

    def undo(self, draft: Draft) -> Draft:
        """Click Undo."""
        return actions.undo(self.services, self.maya, draft.id).draft

    def show(self, draft: Draft) -> Draft:
        """Open the draft again."""
        return actions.show(self.services, self.maya, draft.id).draft

    # ── What is so ───────────────────────────────────────────────────────

    def stored(self, draft: Draft) -> Draft:
        """As it lies in the database."""
        return self.services.drafts.get(draft.tenant, draft.user_id, draft.id)

    def results(self, draft: Draft, kind: str) -> list[str]:
        """What the audit log tells about a draft, oldest first."""
        events = self.services.audit.events(draft.tenant, 1_000)
        found = [event for event in events if event.get("draft") == draft.id and event["kind"] == kind]
        return [str(event["result"]) for event in sorted(found, key=lambda event: int(event["seq"]))]

    def standing(self, draft: Draft) -> int:
        """How many times the write stands in the CRM now: 1, 0, or a number that nobody wants to see."""
        write = draft.write
        assert write
        if write.target.kind is TargetKind.SUMMARY_FIELD:
            return int(write.key in str(self.crm.rows[self.case].fields.get(SUMMARY_FIELD)))
        rows = [row for row in self.crm.rows.values() if row.ref.object == OBJECT[write.target.kind]]
        texts = [str(row.fields[TEXT_FIELD[write.target.kind]]) for row in rows]
        return sum(write.key in text for text in texts) // len(write.values)

    def later(self, time: timedelta = LEASE) -> None:
        """Time passes."""
        self.now += time

    def _check_intent(self, key: str) -> None:
        """Nothing takes effect whose intent is not in the audit log already."""
        draft = self.made[key]
        assert "intent" in self.results(draft, "apply")

    def _agent(self, connector: FakeConnector, user_id: str) -> Principal:
        user, token = connector.exchange(user_id, "", "")
        agent = Principal(user.tenant, CRM, user.id, user.name, user.attributes, "test")
        self.services.tokens.save(agent.grant_id, token)
        return agent

    def _seed(self) -> RecordRef:
        contact = self.crm.add("Contact", {"Name": "Carla Jansen", "Email": "carla@customer.example"})
        fields = {
            "CaseNumber": "00001", "Subject": "The pump leaks", "Status": "New", "Priority": "High",
            "Description": "The pump of line 7 leaks since Monday. We replaced the seal and it still leaks.",
            "ContactId": contact.id, "Contact.Name": "Carla Jansen", SUMMARY_FIELD: None,
        }  # fmt: skip
        case = self.crm.add("Case", fields, readers={MAYA, TOMAS}, audience=Audience.CUSTOMER)
        text = "Please send us a new seal for the pump. Please call me back by 2026-12-01."
        mail = {"Subject": "Seal", "TextBody": text}
        self.crm.add("EmailMessage", mail, parent=case, author="Carla", inbound=True, audience=Audience.CUSTOMER)
        return case
