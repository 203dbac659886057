"""An in-memory CRM with permissions, tokens and trouble: what `FakeConnector` talks to. No sockets, no sleeping.

It keeps the semantics that matter to the sidecar (who sees what, versions, keys, lost answers) and nothing else.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from connectors.errors import Ambiguous, NotFound, Stale, Unauthorized
from connectors.interfaces import Audience, PreImage, Record, RecordRef, TargetKind, Value, Write
from connectors.testing import Trouble

T = TypeVar("T")

CRM = "salesforce"
TENANT = "00D000000000001AAA"
START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SUMMARY_FIELD = "Assistant_Summary__c"
CHILDREN = {
    "Case": ("EmailMessage", "CaseComment", "Task"),
    "Account": ("Contact", "Case", "Opportunity", "Task"),
    "Contact": ("Case", "EmailMessage", "Task"),
}
LOOKUPS = {"Account": "AccountId", "Contact": "ContactId"}
"""Root object -> the field by which others name it."""
OBJECT = {
    TargetKind.COMPLETED_TASK: "Task",
    TargetKind.TASKS: "Task",
    TargetKind.COMMENT: "CaseComment",
    TargetKind.EMAIL_DRAFT: "EmailMessage",
}
TEXT_FIELD = dict.fromkeys(OBJECT, "Description") | {
    TargetKind.COMMENT: "CommentBody",
    TargetKind.EMAIL_DRAFT: "TextBody",
}
_PREFIXES = {
    "Account": "001", "Case": "500", "Contact": "003", "Opportunity": "006", "User": "005", "Task": "00T",
    "EmailMessage": "02s",
}  # fmt: skip
_TITLES = {"Case": ("CaseNumber", "Subject"), "Knowledge__kav": ("Title",), "CaseComment": ()}


@dataclass(slots=True)
class Row:
    """One record as the system sees it. `readers` is None when everybody may read it (or its parent decides)."""

    ref: RecordRef
    fields: dict[str, Value]
    created: int
    changed: int
    author: str = ""
    creator: str = ""
    parent: RecordRef | None = None
    readers: set[str] | None = None
    inbound: bool | None = None
    draft: bool = False
    audience: Audience = Audience.RECORD


@dataclass(slots=True)
class Marker:
    """What became of one key: the ids it wrote, or how often it was fenced off."""

    ids: tuple[str, ...] = ()
    fences: int = 0
    undone: bool = False


@dataclass(slots=True)
class FakeCrm:
    """The shared state of all sessions. `requests` and `refreshes` count what arrived; `users` are ids that may log in.

    `trouble` befalls the next write. `hidden` holds (user id, "Case.Description") pairs.
    """

    package: bool = True
    requests: int = 0
    refreshes: int = 0
    rows: dict[RecordRef, Row] = field(default_factory=dict)
    deleted: dict[RecordRef, int] = field(default_factory=dict)
    hidden: set[tuple[str, str]] = field(default_factory=set)
    hide_next: set[tuple[str, str]] = field(default_factory=set)
    markers: dict[str, Marker] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    grants: dict[str, str] = field(default_factory=dict)
    access: dict[str, str] = field(default_factory=dict)
    spent: dict[str, str] = field(default_factory=dict)
    trouble: Trouble | None = None
    late: list[Callable[[], object]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    tick: int = 0

    # ── Records ──────────────────────────────────────────────────────────

    def add(
        self,
        object_: str,
        fields: Mapping[str, Value],
        *,
        readers: Iterable[str] | None = None,
        parent: RecordRef | None = None,
        author: str = "",
        creator: str = "",
        inbound: bool | None = None,
        draft: bool = False,
        audience: Audience = Audience.RECORD,
    ) -> RecordRef:
        """A new record. `readers` are user ids; a child is seen by who sees its parent.

        `audience` says who reads it besides, once she reads its parent.
        """
        with self.lock:
            self.tick += 1
            ref = RecordRef(CRM, object_, f"{_PREFIXES.get(object_, 'a00')}{self.tick:012d}AAA")
            self.rows[ref] = Row(
                ref, dict(fields), self.tick, self.tick, author, creator, parent,
                None if readers is None else set(readers), inbound, draft, Audience.AGENT if draft else audience,
            )  # fmt: skip
            return ref

    def edit(self, ref: RecordRef, fields: Mapping[str, Value]) -> None:
        """Change fields; the version moves."""
        with self.lock:
            self.tick += 1
            self.rows[ref].fields.update(fields)
            self.rows[ref].changed = self.tick

    def remove(self, ref: RecordRef) -> None:
        """Delete a record."""
        with self.lock:
            self.tick += 1
            del self.rows[ref]
            self.deleted[ref] = self.tick

    def visible(self, user: str, ref: RecordRef) -> Row | None:
        """The row, if this user may see it."""
        row = self.rows.get(ref)
        if row is None or (row.draft and row.creator != user):
            return None
        if row.parent:
            return row if self.visible(user, row.parent) else None
        return row if row.readers is None or user in row.readers else None

    def record(self, user: str, row: Row, wanted: Iterable[str]) -> Record:
        """A row as this user sees it."""
        names = _TITLES.get(row.ref.object, ("Subject",) if "Subject" in row.fields else ("Name",))
        return Record(
            ref=row.ref,
            fields={n: row.fields[n] for n in wanted if n in row.fields and self.may_see(user, row.ref.object, n)},
            version=version(row.changed),
            parent=row.parent,
            title=" · ".join(str(row.fields[name]) for name in names if row.fields.get(name)),
            author=row.author,
            at=moment(row.created),
            inbound=row.inbound,
            draft=row.draft,
        )

    def hangs_on(self, row: Row, root: RecordRef) -> bool:
        """Whether a record is one of those that a read of `root` shows, as far as it is visible."""
        if row.parent == root:
            return True
        named = self.rows[row.parent].fields if row.parent in self.rows else row.fields
        if root.object == "Case" or named.get(LOOKUPS[root.object]) != root.id:
            return False
        return root.object != "Account" or row.fields.get("IsClosed") is not True

    def may_see(self, user: str, object_: str, field_: str) -> bool:
        """Field-level security."""
        return (user, f"{object_}.{field_}") not in self.hidden

    def hidden_for(self, user: str) -> frozenset[str]:
        """What a describe tells this user, in the negative."""
        return frozenset(name for owner, name in self.hidden if owner == user)

    # ── Tokens ───────────────────────────────────────────────────────────

    def issue(self, user: str) -> tuple[str, str]:
        """A new access and refresh token; older refresh tokens of the user die (rotation)."""
        self.tick += 1
        access, refresh = f"access-{self.tick}", f"refresh-{self.tick}"
        self.access[access] = user
        self.grants[user] = refresh
        return access, refresh

    def refresh(self, refresh_token: str) -> tuple[str, str]:
        """Rotate. A replay ends the whole grant.

        Raises:
            Unauthorized: the refresh token is dead.
        """
        with self.lock:
            self.requests += 1
            self.refreshes += 1
            user = next((user for user, current in self.grants.items() if current == refresh_token), None)
            if user is None:
                self.end_all(self.spent.get(refresh_token, ""))
                raise Unauthorized("connect again", code="invalid_grant")
            self.spent[refresh_token] = user
            return self.issue(user)

    def expire(self, user: str) -> None:
        """Access tokens die, the refresh token lives."""
        self.access = {token: owner for token, owner in self.access.items() if owner != user}

    def end_all(self, user: str) -> None:
        """The grant is over."""
        self.expire(user)
        self.grants.pop(user, None)

    # ── Writing ──────────────────────────────────────────────────────────

    def receive(self, action: Callable[[], T]) -> T:
        """Run a write under whatever trouble is arranged.

        Raises:
            Ambiguous: the answer did not come.
        """
        trouble, self.trouble = self.trouble, None
        lost = Ambiguous("the write was sent and no answer came", code="no_answer")
        if trouble in {Trouble.DROP_BEFORE, Trouble.ERROR_500}:
            raise lost
        if trouble is Trouble.LATE:
            self.late.append(action)
            raise lost
        result = action()
        if trouble not in {None, Trouble.DELAY}:
            raise lost
        return result

    def settle(self) -> None:
        """What was late arrives now."""
        while self.late:
            try:
                self.late.pop()()
            except (Stale, NotFound, Refused):
                continue

    def fence(self, key: str, attempt: int) -> None:
        """From now on, this attempt of a write can only fail."""
        with self.lock:
            marker = self.markers.setdefault(key, Marker())
            marker.fences = max(marker.fences, attempt + 1)

    def commit(self, user: str, write: Write, preimage: PreImage) -> tuple[str, ...]:
        """One transaction: all of a write or nothing.

        Raises:
            Refused: the key was used or fenced off.
            Stale: the record moved on.
            NotFound: the user does not see the record.
        """
        with self.lock:
            marker = self.markers.get(write.key, Marker())
            if preimage.attempt and (marker.ids or int(preimage.attempt) < marker.fences):
                raise Refused
            row = self.visible(user, write.record)
            if row is None:
                raise NotFound("no such record for this user", code="NOT_FOUND")
            if version(row.changed) != preimage.version:
                raise Stale("the record has changed since it was read", code="VERSION")
            ids = self._put(user, write)
            if preimage.attempt:
                self.markers[write.key] = Marker(ids, marker.fences)
            return ids

    def _put(self, user: str, write: Write) -> tuple[str, ...]:
        if write.target.kind is TargetKind.SUMMARY_FIELD:
            self.edit(write.record, {SUMMARY_FIELD: write.values[0]["body"]})
            return (write.record.id,)
        text = TEXT_FIELD[write.target.kind]
        refs = [
            self.add(
                OBJECT[write.target.kind],
                {"Subject": values.get("subject", ""), text: values["body"]},
                parent=write.record,
                creator=user,
                author=user,
                inbound=False,
                draft=write.target.kind is TargetKind.EMAIL_DRAFT,
            )
            for values in write.values
        ]
        return tuple(ref.id for ref in refs)


class Refused(Exception):
    """The unique key says no."""


def version(tick: int) -> str:
    """A version that sorts by time."""
    return f"v{tick:08d}"


def moment(tick: int) -> datetime:
    """The time of a tick: one second each."""
    return START + timedelta(seconds=tick)
