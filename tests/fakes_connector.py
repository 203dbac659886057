"""Fakes of a connector and of a token store, for tests of the sidecar; they keep the same contract as the real ones."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from connectors.errors import Ambiguous, Forbidden, NotFound, Retriable, Stale, Unauthorized
from connectors.interfaces import (
    Audience,
    Bundle,
    Change,
    Checkpoint,
    Finding,
    PreImage,
    Record,
    RecordRef,
    Target,
    TargetKind,
    Token,
    TokenStore,
    User,
    Write,
    Written,
)
from connectors.oauth import Grants
from tests.fake_crm import (
    CHILDREN,
    CRM,
    OBJECT,
    SUMMARY_FIELD,
    TENANT,
    TEXT_FIELD,
    FakeCrm,
    Marker,
    Refused,
    Row,
    moment,
    version,
)

T = TypeVar("T")
AUDIENCE = "everyone who can read the case"


class MemoryTokenStore:
    """A `TokenStore` in a dict, with a lock per grant."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)

    def load(self, grant_id: str) -> Token | None:
        """The current token."""
        return self._tokens.get(grant_id)

    def save(self, grant_id: str, token: Token) -> None:
        """Remember."""
        self._tokens[grant_id] = token

    def delete(self, grant_id: str) -> None:
        """Forget."""
        self._tokens.pop(grant_id, None)

    @contextmanager
    def exclusive(self, grant_id: str) -> Iterator[None]:
        """One at a time."""
        with self._locks[grant_id]:
            yield


class FakeConnector:
    """A connector to a `FakeCrm`. The authorization code is the id of the user who consents."""

    crm = CRM

    def __init__(self, backend: FakeCrm, tokens: TokenStore) -> None:
        self.backend = backend
        self.known: dict[tuple[str, str], frozenset[str]] = {}
        self.grants = Grants(_FakeOAuth(backend), tokens, _to_token)

    def authorize_url(self, state: str, verifier: str, redirect_uri: str) -> str:
        """An address that shows what it was made of."""
        return f"https://crm.example/authorize?state={state}&redirect_uri={redirect_uri}"

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> tuple[User, Token]:
        """The code names the user."""
        self.backend.requests += 1
        if code not in self.backend.users:
            raise Unauthorized("the code was refused", code="invalid_grant")
        user = User(TENANT, code, f"{code}@crm.example", code, f"{code}@crm.example", {"profile": "Agent"})
        return user, _to_token(_answer(self.backend.issue(code)), None)

    def session(self, grant_id: str, *, urgent: bool = True) -> "FakeSession":
        """Live access."""
        token = self.grants.current(grant_id)
        return FakeSession(self, grant_id, token)

    def revoke(self, grant_id: str) -> None:
        """End the grant."""
        self.grants.revoke(grant_id)

    def diagnose(self, grant_id: str = "") -> list[Finding]:
        """All is well."""
        return [Finding("reachable", ok=True, detail="the fake answers")]


class FakeSession:
    """One user's access; counts its requests as the real one does."""

    def __init__(self, connector: FakeConnector, grant_id: str, token: Token) -> None:
        self.user = User(TENANT, grant_id.rpartition(":")[2], "", "", "")
        self.round_trips = 0
        self.describe_trips = 0
        self._connector = connector
        self._crm = connector.backend
        self._grant_id = grant_id
        self._token = token

    def read(self, ref: RecordRef, fields: Mapping[str, Sequence[str]]) -> Bundle:
        """See `Session.read`."""
        if len(ref.id) != len("500000000000001AAA"):
            raise NotFound("no such record for this user", code="NOT_FOUND")
        return self._query(lambda: self._bundle(ref, fields))

    def reread(self, refs: Sequence[RecordRef], fields: Mapping[str, Sequence[str]]) -> dict[RecordRef, Record]:
        """See `Session.reread`."""
        if any(len(ref.id) != len("500000000000001AAA") for ref in refs):
            raise NotFound("no such record for this user", code="NOT_FOUND")
        if not refs:
            return {}
        return self._query(
            lambda: {ref: self._record(row, fields) for ref in refs if (row := self._crm.visible(self.user.id, ref))}
        )

    def recent(self, object_: str, fields: Sequence[str], limit: int) -> list[Record]:
        """See `Session.recent`."""
        rows = self._query(lambda: self._rows(object_))
        rows.sort(key=lambda row: -row.changed)
        return [self._record(row, {object_: fields}) for row in rows[:limit]]

    def changes(self, checkpoint: Checkpoint, fields: Sequence[str]) -> Iterator[Change]:
        """See `Session.changes`."""
        since = int(checkpoint.cursor or 0)
        for ref, tick in list(self._crm.deleted.items()):
            if ref.object == checkpoint.object and tick >= since:
                yield Change(ref, None, checkpoint)
        for row in sorted(self._query(lambda: self._rows(checkpoint.object)), key=lambda row: row.changed):
            if row.changed >= since:
                reached = Checkpoint(checkpoint.object, moment(row.changed), str(row.changed))
                yield Change(row.ref, self._record(row, {checkpoint.object: fields}), reached)

    def targets(self, ref: RecordRef) -> tuple[Target, ...]:
        """See `Session.targets`."""
        self._describe()
        if ref.object not in CHILDREN:
            return ()
        audience = AUDIENCE.replace("case", ref.object.lower())
        tasks = (
            Target(TargetKind.COMPLETED_TASK, "Completed task", audience, undoable=True),
            Target(TargetKind.TASKS, "Open tasks", audience, undoable=True),
        )
        if ref.object != "Case":
            return tasks
        summary = Target(TargetKind.SUMMARY_FIELD, "Summary", AUDIENCE, undoable=True, field=f"Case.{SUMMARY_FIELD}")
        return (
            *([summary] if self._crm.package else []),
            *tasks,
            Target(TargetKind.COMMENT, "Comment", AUDIENCE, undoable=False, max_bytes=4_000),
            Target(TargetKind.EMAIL_DRAFT, "E-mail draft", "only you", undoable=True, readers=Audience.CUSTOMER),
        )

    def preimage(self, write: Write) -> PreImage:
        """See `Session.preimage`."""
        row = self._query(lambda: self._seen(write.record))
        if version(row.changed) != write.version:
            raise Stale("the record has changed since it was read", code="VERSION")
        value = row.fields.get(SUMMARY_FIELD) if write.target.field else None
        fences = self._crm.markers.get(write.key, Marker()).fences
        return PreImage(write.version, None if value is None else str(value), str(fences) if self._crm.package else "")

    def write(self, write: Write, preimage: PreImage) -> Written:
        """See `Session.write`."""
        try:
            ids = self._send(lambda: self._crm.commit(self.user.id, write, preimage))
        except Refused:
            ids = self._crm.markers[write.key].ids
        if not ids:
            raise Retriable("this attempt was declared lost meanwhile", code="FENCED")
        return self._written(write, ids)

    def find(self, write: Write, preimage: PreImage, since: datetime) -> Written | None:
        """See `Session.find`."""
        marker = self._query(lambda: self._crm.markers.get(write.key))
        if marker and marker.ids:
            return self._written(write, marker.ids)
        if preimage.attempt:
            self._crm.fence(write.key, int(preimage.attempt))
            return None
        bodies = {values["body"] for values in write.values}
        text = TEXT_FIELD[write.target.kind]
        rows = [row for row in self._rows(OBJECT[write.target.kind]) if row.fields.get(text) in bodies]
        if len(rows) != len(bodies):
            raise Ambiguous("the write was sent and no answer came", code="read_back")
        return self._written(write, [row.ref.id for row in rows])

    def undo(self, write: Write, preimage: PreImage, written: Written) -> None:
        """See `Session.undo`."""
        if not write.target.undoable:
            raise Forbidden("a comment stays", code="NO_UNDO")
        self._query(lambda: self._check_unchanged(write, preimage, written))
        self._send(lambda: self._take_back(write, preimage))

    def open_fields(self, objects: Sequence[str]) -> None:
        """See `Session.open_fields`: this CRM does not tell."""

    def link(self, ref: RecordRef) -> str:
        """See `Session.link`."""
        return f"https://crm.example/{ref.object}/{ref.id}"

    # ── What the user may do ─────────────────────────────────────────────

    def _bundle(self, ref: RecordRef, fields: Mapping[str, Sequence[str]]) -> Bundle:
        row = self._seen(ref)
        names = [name for name in CHILDREN.get(ref.object, ()) if name in fields]
        children = [child for name in names for child in self._rows(name) if self._crm.hangs_on(child, ref)]
        children.sort(key=lambda child: (child.created, child.ref.id))
        known = {row.fields.get("ContactId"), row.fields.get("OwnerId"), ref.id, *(child.ref.id for child in children)}
        people = [
            self._record(person, {person.ref.object: ("Name", "Email")})
            for person in self._crm.rows.values()
            if person.ref.id in known and person.ref.object in {"Account", "Contact", "User"}
        ]
        own = {id_ for marker in self._crm.markers.values() for id_ in marker.ids} & {c.ref.id for c in self._all(ref)}
        return Bundle(
            replace(self._record(row, fields), parent=None, audience=row.audience),
            tuple(
                replace(
                    self._record(child, fields),
                    parent=ref,
                    audience=child.audience if ref.object == "Case" and child.parent == ref else Audience.AGENT,
                )
                for child in children
            ),
            tuple(people),
            own_writes=frozenset(own),
        )

    def _all(self, ref: RecordRef) -> list[Row]:
        return [row for row in self._crm.rows.values() if row.parent == ref]

    def _seen(self, ref: RecordRef) -> Row:
        row = self._crm.visible(self.user.id, ref)
        if row is None:
            raise NotFound("no such record for this user", code="NOT_FOUND")
        return row

    def _rows(self, object_: str) -> list[Row]:
        seen = (self._crm.visible(self.user.id, ref) for ref in list(self._crm.rows) if ref.object == object_)
        return [row for row in seen if row]

    def _record(self, row: Row, fields: Mapping[str, Sequence[str]]) -> Record:
        return self._crm.record(self.user.id, row, fields.get(row.ref.object, ()))

    def _written(self, write: Write, ids: Sequence[str]) -> Written:
        object_ = OBJECT.get(write.target.kind, write.record.object)
        refs = [RecordRef(CRM, object_, id_) for id_ in ids]
        rows = [self._crm.rows.get(ref) for ref in refs]
        return Written(tuple(ids), tuple(version(row.changed) if row else "" for row in rows), self.link(refs[0]))

    def _check_unchanged(self, write: Write, preimage: PreImage, written: Written) -> None:
        object_ = OBJECT.get(write.target.kind, write.record.object)
        for id_, expected in zip(written.ids, written.versions, strict=True):
            row = self._crm.rows.get(RecordRef(CRM, object_, id_))
            if row is None or (write.target.field and row.fields.get(SUMMARY_FIELD) == preimage.value):
                continue
            if version(row.changed) != expected:
                raise Stale("somebody has changed it since", code="VERSION")

    def _take_back(self, write: Write, preimage: PreImage) -> None:
        with self._crm.lock:
            if write.target.field:
                self._crm.edit(write.record, {SUMMARY_FIELD: preimage.value})
                return
            bodies = {values["body"] for values in write.values}
            for row in self._rows(OBJECT[write.target.kind]):
                if row.fields.get(TEXT_FIELD[write.target.kind]) in bodies:
                    self._crm.remove(row.ref)

    # ── Requests ─────────────────────────────────────────────────────────

    def _query(self, answer: Callable[[], T]) -> T:
        """Describe if need be, ask, and ask again when a field was hidden in between."""
        for _ in range(2):
            told = self._describe()
            self._request()
            self._crm.hidden |= self._crm.hide_next
            self._crm.hide_next = set()
            if self._crm.hidden_for(self.user.id) == told:
                break
            self._connector.known.pop((self.user.id, self._token.access_token), None)
        with self._crm.lock:
            return answer()

    def _describe(self) -> frozenset[str]:
        key = (self.user.id, self._token.access_token)
        if key not in self._connector.known:
            before = self.round_trips
            self._request()
            self.describe_trips += self.round_trips - before
            key = (self.user.id, self._token.access_token)
            self._connector.known[key] = self._crm.hidden_for(self.user.id)
        return self._connector.known[key]

    def _send(self, action: Callable[[], T]) -> T:
        self._request()
        return self._crm.receive(action)

    def _request(self) -> None:
        self.round_trips += 1
        self._crm.requests += 1
        if self._token.access_token in self._crm.access:
            return
        self.round_trips += 2
        self._token = self._connector.grants.renew(self._grant_id, self._token)
        self._crm.requests += 1


class _FakeOAuth:
    """The two things that `Grants` asks of an OAuth app."""

    def __init__(self, backend: FakeCrm) -> None:
        self._crm = backend

    def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """Rotate."""
        return _answer(self._crm.refresh(refresh_token))

    def revoke(self, token: str) -> None:
        """End whatever grant the token belongs to."""
        user = next((user for user, current in self._crm.grants.items() if current == token), "")
        self._crm.end_all(user)


def _answer(tokens: tuple[str, str]) -> dict[str, str]:
    return {"access_token": tokens[0], "refresh_token": tokens[1]}


def _to_token(answer: Mapping[str, Any], before: Token | None) -> Token:
    return Token(answer["access_token"], answer["refresh_token"], "https://crm.example", "api")
