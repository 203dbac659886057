"""One Salesforce org in memory: records, people, permissions, counters; safe to share between threads by its lock."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from connectors.sandbox.salesforce import loading
from connectors.sandbox.salesforce.ageing import archive
from connectors.sandbox.salesforce.bulk_jobs import Jobs
from connectors.sandbox.salesforce.errors import ApiError, no_such_type
from connectors.sandbox.salesforce.ids import canonical, mint
from connectors.sandbox.salesforce.permissions import Permissions
from connectors.sandbox.salesforce.restrictions import Restrictions
from connectors.sandbox.salesforce.schema import ObjectType, Schema
from connectors.sandbox.salesforce.setup import Setup
from connectors.sandbox.salesforce.sharing import Sharing
from connectors.sandbox.salesforce.store import Store
from connectors.sandbox.salesforce.usage import ApiUsage
from connectors.sandbox.salesforce.values import Row, Value, stamp, text_of

if TYPE_CHECKING:
    from connectors.sandbox.salesforce.soql import Cursor

_MAX_CURSORS: Final = 500


class Clock(Protocol):
    """Virtual time."""

    def now(self) -> datetime:
        """The current instant, with a time zone."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that `Org.restore` puts back. Keeps its meaning however the org changes after it."""

    rows: Mapping[str, dict[str, Row]]
    permissions: object
    sharing: object
    numbers: Mapping[str, int]
    restrictions: object
    setup: Setup


class Org:
    """One org. Callers hold `lock` around anything that reads or writes more than one thing."""

    def __init__(
        self,
        settings: "loading.Settings",
        schema: Schema,
        store: Store,
        sharing: Sharing,
        permissions: Permissions,
        *,
        clock: Clock,
    ) -> None:
        self.id = settings.id
        self.alias = settings.alias
        self.my_domain = settings.my_domain
        self.setup = settings.setup
        self.pod = settings.id[3:6]
        self.lock = threading.RLock()
        self.schema = schema
        self.store = store
        self.sharing = sharing
        self.permissions = permissions
        self.restrictions = Restrictions(settings.restriction_rules)
        self.clock = clock
        self.cursors: dict[str, Cursor] = {}
        self.jobs = Jobs(clock)
        self.recent: dict[str, dict[str, None]] = {}
        self.metadata_modified = clock.now().replace(microsecond=0)
        self.rights_as_of = (-1, -1)
        self._usage = ApiUsage()
        self._settled: date | None = None
        self._numbers: dict[str, int] = {}
        self._locked_rows: dict[str, int] = {}
        permissions.bind(lambda user_id: text_of(store.get("User", user_id) or {}, "ProfileId"))

    @classmethod
    def load(cls, document: Mapping[str, object], records: Iterable[tuple[str, Mapping[str, object]]],
             clock: Clock) -> "Org":  # fmt: skip
        """Build an org from its document (every key but `org` is optional) and (object, REST field values) pairs.

        Raises:
            ValueError: the document or a record cannot be understood; the message names the place, not the content.
        """
        return loading.load(cls, document, records, clock)

    # ── Reading ──────────────────────────────────────────────────────────
    @property
    def records(self) -> Mapping[str, Mapping[str, Row]]:
        """Object -> 18-character id -> REST field values, deleted records included. Not to be written to."""
        return {name: table.rows for name, table in self.store.tables.items()}

    def users(self) -> list[Row]:
        """All users, in the order of their ids."""
        return [row for _, row in sorted(self.store.tables["User"].rows.items())]

    def user(self, user_id: str) -> Row | None:
        """The user of a 15- or 18-character id."""
        return self.store.get("User", canonical(user_id))

    def user_by_name(self, username: str) -> Row | None:
        """The user of a Username, in any case."""
        ids = self.store.tables["User"].find("Username", (username,))
        return self.store.get("User", min(ids)) if ids else None

    def kind(self, name: str) -> ObjectType:
        """The object called `name`.

        Raises:
            ApiError: `INVALID_TYPE`.
        """
        found = self.schema.object(name)
        if found is None:
            raise no_such_type(name)
        return found

    def kind_of(self, record_id: str) -> ObjectType:
        """The object that an id belongs to.

        Raises:
            ApiError: `INVALID_TYPE`.
        """
        found = self.schema.by_id(record_id)
        if found is None:
            raise no_such_type(record_id[:3])
        return found

    def can_read(self, user_id: str, kind: str, row: Row) -> bool:
        """Whether the user may read this record, by drafts, sharing, object permissions, restriction rules."""
        if not self.sharing.can_read(user_id, kind, row):
            return False
        if not self.restrictions or "V" in self.permissions.letters(user_id, kind):
            return True
        return not self.restrictions.forbid(self.user(user_id) or {}, kind, row)

    def now(self) -> str:
        """The virtual time as a stored datetime: whole seconds, as Salesforce keeps them."""
        return stamp(self.clock.now().replace(microsecond=0))

    def next_number(self, sequence: str) -> int:
        """The next number of a sequence (a key prefix, or `Object.Field` of an auto-number). Never given twice."""
        self._numbers[sequence] = self._numbers.get(sequence, 0) + 1
        return self._numbers[sequence]

    def reserve(self, sequence: str, number: int) -> None:
        """Let a sequence go on after `number`."""
        self._numbers[sequence] = max(self._numbers.get(sequence, 0), number)

    def new_id(self, kind: ObjectType) -> str:
        """A fresh id for a record of `kind`."""
        while True:
            record_id = mint(kind.prefix, self.pod, self.next_number(kind.prefix))
            if self.store.get(kind.name, record_id) is None:
                return record_id

    # ── Time and usage ───────────────────────────────────────────────────
    def count_call(self) -> None:
        """Count one API request, and let time do its work once a day: activities go to the archive.

        Raises:
            ApiError: `REQUEST_LIMIT_EXCEEDED`.
        """
        now = self.clock.now()
        if now.date() != self._settled:
            self._settled = now.date()
            archive(self.store, now)
        self._usage.count(now, self.setup.limits)

    def run_long_calls(self, count: int, seconds: float) -> None:
        """Let other programs have `count` requests running for so long."""
        self._usage.run_long(self.clock.now(), count, seconds)

    @property
    def usage(self) -> int:
        """Requests counted in the last 24 hours."""
        return self._usage.last_day

    def keep_cursor(self, name: str, cursor: "Cursor") -> None:
        """Remember a query cursor; the oldest give way."""
        self.cursors[name] = cursor
        while len(self.cursors) > _MAX_CURSORS:
            del self.cursors[next(iter(self.cursors))]

    # ── Changes made by an admin, or by a fault rule ─────────────────────
    def revoke_object(self, user_id: str, kind: str) -> None:
        """Take every right on an object from one user."""
        with self.lock:
            self.permissions.revoke_object(self._wide(user_id), self.kind(kind).name)
            self._metadata_changed()

    def hide_field(self, profile_or_user_id: str, name: str) -> None:
        """Hide a field ("Case.Risk__c") from a user or from everybody with a profile."""
        with self.lock:
            self.permissions.hide_field(self._wide(profile_or_user_id), self._field_name(name))
            self._metadata_changed()

    def unhide_field(self, profile_or_user_id: str, name: str) -> None:
        """Show a hidden field again."""
        with self.lock:
            self.permissions.unhide_field(self._wide(profile_or_user_id), self._field_name(name))
            self._metadata_changed()

    def unshare(self, record_id: str, user_id: str) -> None:
        """Take back a share of one record with a user or group."""
        with self.lock:
            self.sharing.unshare(self._wide(record_id), self._wide(user_id))

    def deactivate(self, user_id: str) -> None:
        """Make a user inactive: her sessions are refused from now on."""
        with self.lock:
            self.touch(user_id, IsActive=False)

    def touch(self, record_id: str, **fields: Value) -> None:
        """Write fields as the system (no permission, no trigger, no rule) and move the record's time stamps.

        Raises:
            KeyError: no such record.
        """
        with self.lock:
            wide = self._wide(record_id)
            kind = self.kind_of(wide)
            row = self.store.get(kind.name, wide)
            if row is None:
                raise KeyError(record_id)
            now = self.now()
            self.store.put(kind.name, wide, {**row, **fields, "LastModifiedDate": now, "SystemModstamp": now})

    def lock_row(self, record_id: str, times: int) -> None:
        """Let the next `times` writes to a record fail with `UNABLE_TO_LOCK_ROW`."""
        with self.lock:
            self._locked_rows[self._wide(record_id)] = times

    def take_row_lock(self, record_id: str) -> None:
        """Called before each write to a record.

        Raises:
            ApiError: `UNABLE_TO_LOCK_ROW`, as often as `lock_row` asked for.
        """
        left = self._locked_rows.get(record_id, 0)
        if left > 0:
            self._locked_rows[record_id] = left - 1
            text = f"unable to obtain exclusive access to this record or 1 records: {record_id}"
            raise ApiError(400, "UNABLE_TO_LOCK_ROW", text, ())

    def expire_cursors(self) -> None:
        """Forget all query locators."""
        with self.lock:
            self.cursors.clear()

    def snapshot(self) -> Snapshot:
        """The state of the org, for `restore`."""
        with self.lock:
            return Snapshot(
                self.store.snapshot(),
                self.permissions.snapshot(),
                self.sharing.snapshot(),
                dict(self._numbers),
                self.restrictions.snapshot(),
                self.setup.snapshot(),
            )

    def restore(self, snapshot: Snapshot) -> None:
        """Put back a snapshot; cursors, bulk jobs, row locks and API usage start anew."""
        with self.lock:
            self.store.restore(snapshot.rows)
            self.permissions.restore(snapshot.permissions)
            self.sharing.restore(snapshot.sharing)
            self.restrictions.restore(snapshot.restrictions)
            self.setup = snapshot.setup.snapshot()
            self._settled = None
            self._numbers = dict(snapshot.numbers)
            self._locked_rows.clear()
            self._usage.clear()
            self.recent.clear()
            self.cursors.clear()
            self.jobs.clear()
            self._metadata_changed()

    def _metadata_changed(self) -> None:
        """Let `If-Modified-Since` on describe see a change even within the second of the last one."""
        now = self.clock.now().replace(microsecond=0)
        self.metadata_modified = max(now, self.metadata_modified + timedelta(seconds=1))

    def _wide(self, text: str) -> str:
        return canonical(text) or text

    def _field_name(self, name: str) -> str:
        kind_name, _, field_name = name.partition(".")
        kind = self.kind(kind_name)
        field = kind.field(field_name)
        if field is None:
            raise ValueError(f"{kind.name} has no field of that name")
        return f"{kind.name}.{field.name}"
