"""The one face that every CRM shows: records in, a checked write out, always on one user's own token."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Protocol

Value = str | int | float | bool | None


class Audience(IntEnum):
    """Who reads something besides the user who sees it. Ordered: a wider audience includes the narrower ones.

    AGENT: this user alone, as far as anybody can be sure. RECORD: everyone who can read the record that the button was
    on. CUSTOMER: the customer as well.
    """

    AGENT = 0
    RECORD = 1
    CUSTOMER = 2


@dataclass(frozen=True, slots=True)
class RecordRef:
    """Names one record: `crm` is "salesforce" or "hubspot", `object` the API name, `id` the long (18-character) id."""

    crm: str
    object: str
    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record as one user sees it.

    `fields` holds only fields that the CRM showed to this user. Fields of a parent appear under dotted names
    ("Contact.Name"). `version` is the CRM's own modification stamp and only ever compared for equality. The connector
    also says in neutral words who wrote it (`author`), when (`at`), and whether it came from outside (`inbound`: True
    for a customer's message, False for an agent's, None for a record or an article). `draft` marks an unsent message.
    `audience` says who else reads it for sure, once she can read the record at hand; its fields may be seen by fewer.
    """

    ref: RecordRef
    fields: Mapping[str, Value] = field(repr=False)
    version: str
    parent: RecordRef | None = None
    title: str = field(default="", repr=False)
    author: str = field(default="", repr=False)
    at: datetime | None = None
    inbound: bool | None = None
    draft: bool = False
    audience: Audience = Audience.AGENT


@dataclass(frozen=True, slots=True)
class Bundle:
    """A record with its thread (messages and comments, oldest first) and its people (contact, owner, account).

    `truncated` says that the thread is longer than what was read (the newest messages are kept). `own_writes` are ids
    of records that the assistant created or changed for this record, as far as the CRM keeps book of it. `unread`
    counts attached files without text for us: of another kind, too large, damaged, or beyond the newest few.
    """

    record: Record
    thread: tuple[Record, ...]
    people: tuple[Record, ...]
    truncated: bool = False
    own_writes: frozenset[str] = frozenset()
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """One field as describe shows it to this user."""

    name: str
    label: str
    type: str
    updateable: bool
    createable: bool
    length: int = 0


@dataclass(frozen=True, slots=True)
class User:
    """Who the token belongs to. `tenant` is the org or portal id; never taken from input."""

    tenant: str
    id: str
    username: str
    name: str
    email: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a sync has read: everything up to `covered` was seen. `cursor` is the CRM's own, opaque."""

    object: str
    covered: datetime | None = None
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a sync: a record that changed, or (with `record=None`) one that is gone for this user.

    `people` are those whose names may stand in its text, where the CRM does not tell them as fields of the record.
    """

    ref: RecordRef
    record: Record | None
    checkpoint: Checkpoint
    people: tuple[Record, ...] = ()


class TargetKind(StrEnum):
    """Where a draft can be written, in words that every CRM can map."""

    SUMMARY_FIELD = "summary_field"
    COMPLETED_TASK = "completed_task"
    TASKS = "tasks"
    COMMENT = "comment"
    EMAIL_DRAFT = "email_draft"


@dataclass(frozen=True, slots=True)
class Target:
    """A place this user can write to now.

    `audience` says in words who can read it and `readers` says it for the check of what may be written there;
    `undoable` is said before apply.
    """

    kind: TargetKind
    label: str
    audience: str
    undoable: bool
    field: str = ""
    max_bytes: int = 32_000
    readers: Audience = Audience.RECORD


@dataclass(frozen=True, slots=True)
class Write:
    """Exactly what was shown, ready to be sent once.

    `key` is made at draft time and is unique; `values` holds one mapping for a field update or one per record to
    create, in the connector's neutral words: "body", "subject", "due" (YYYY-MM-DD), "status". Whom a message is for is
    the connector's to know: the case's own customer.
    `version` is the version of `record` that the draft was made from: a newer one means `Stale`.
    """

    key: str
    record: RecordRef
    version: str
    target: Target
    values: tuple[Mapping[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PreImage:
    """What stood at the target before the write: `version` of the record and the field's value (None: empty).

    `attempt` is the unique key that this one attempt takes in the CRM; empty where the CRM offers none. An attempt that
    `find` has declared lost stays lost: writing again needs a new pre-image.
    """

    version: str
    value: str | None = field(repr=False)
    attempt: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What the CRM holds now: the ids touched or created, and the version of each, for a safe undo."""

    ids: tuple[str, ...]
    versions: tuple[str, ...]
    url: str = ""


class Session(Protocol):
    """One user's live access to one CRM. Made by `Connector.session`; cheap; not shared between users.

    `round_trips` counts sequential requests to the CRM since the session was made (describes counted in it too, and
    apart in `describe_trips`).
    """

    @property
    def user(self) -> User:
        """Whose access this is."""

    @property
    def round_trips(self) -> int:
        """Sequential requests to the CRM so far."""

    @property
    def describe_trips(self) -> int:
        """Those of them that asked about fields and rights."""

    def read(self, ref: RecordRef, fields: Mapping[str, Sequence[str]]) -> Bundle:
        """Read `ref`, its thread and its people in one round trip.

        The thread is what hangs on the record: messages and notes of a case; people, open cases, open deals and
        activities of an account or a contact, the newest of each.

        `fields` maps object -> wanted field names; what the user may not see is left out silently.

        Raises:
            NotFound: the user cannot see the record.
            Unauthorized, Retriable, Fatal: see `connectors.errors`.
        """

    def reread(self, refs: Sequence[RecordRef], fields: Mapping[str, Sequence[str]]) -> dict[RecordRef, Record]:
        """Read up to 200 records of any objects again in one round trip. What the user may not see is absent."""

    def recent(self, object_: str, fields: Sequence[str], limit: int) -> list[Record]:
        """The user's newest records of an object, for a chooser."""

    def changes(self, checkpoint: Checkpoint, fields: Sequence[str]) -> Iterator[Change]:
        """Everything of one object that changed since `checkpoint`, oldest first, deletions included.

        May repeat what was seen before, never leaves something out. Continue from the last checkpoint yielded.

        Raises:
            Resync: the CRM no longer knows what was deleted since then. Start again without a checkpoint.
        """

    def targets(self, ref: RecordRef) -> tuple[Target, ...]:
        """Where this user can write for `ref`, best first."""

    def preimage(self, write: Write) -> PreImage:
        """What stands at the target now.

        Raises:
            Stale: the record is newer than `write.version`.
        """

    def write(self, write: Write, preimage: PreImage) -> Written:
        """Send `write` once, conditional on `preimage`.

        Raises:
            Stale: the record or the target moved on. Nothing was written.
            Forbidden, NotFound, Retriable: nothing was written.
            Ambiguous: sent, no answer. Call `find`.
        """

    def find(self, write: Write, preimage: PreImage, since: datetime) -> Written | None:
        """Did `write` arrive? None means surely not and surely never will.

        Raises:
            Ambiguous: the CRM offers no way to tell.
        """

    def undo(self, write: Write, preimage: PreImage, written: Written) -> None:
        """Put back what stood there. Idempotent.

        Raises:
            Stale: the target changed after the write; a person decides.
            Forbidden: the CRM does not let this user undo it.
        """

    def open_fields(self, objects: Sequence[str]) -> Mapping[str, frozenset[str]] | None:
        """For each object, the fields that everyone who can read a record of it can read.

        None when the CRM does not tell, or not this user: it takes somebody who may look at the setup.
        """

    def link(self, ref: RecordRef) -> str:
        """The address of a record in the CRM's own pages."""


@dataclass(frozen=True, slots=True)
class Token:
    """An OAuth grant's secrets. `expires_at` is epoch seconds, 0 when the CRM does not say (Salesforce).

    `access` says whose rights the token has: "user" (the CRM enforces the user's own) or "account" (the token sees all
    of the account, so the connector enforces a configured rule). `app` is the OAuth client that they were given to,
    where one account may have several (HubSpot).
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    instance_url: str
    scope: str
    expires_at: float = 0.0
    access: str = "user"
    app: str = ""


class TokenStore(Protocol):
    """Keeps tokens, encrypted. One refresh at a time for a grant, across threads and processes."""

    def load(self, grant_id: str) -> Token | None:
        """The current token, or None."""

    def save(self, grant_id: str, token: Token) -> None:
        """Store durably before returning: the old refresh token may already be dead."""

    def delete(self, grant_id: str) -> None:
        """Forget the grant."""

    def exclusive(self, grant_id: str) -> AbstractContextManager[object]:
        """Hold the grant's lock. Re-read with `load` after entering."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` calls in any `seconds`. The last `reserve` of them are for urgent calls only."""

    limit: int
    seconds: float
    reserve: int = 0


class Limiter(Protocol):
    """One budget of calls per CRM account, shared by all threads and processes that use it.

    A user who waits for an answer is urgent; a sync is not, and leaves the reserve of a rate untouched.
    """

    def acquire(self, bucket: str, rate: Rate, *, urgent: bool) -> None:
        """Wait for room for one call in `bucket`, then take it.

        Raises:
            Retriable: there will be none within the caller's patience; `retry_after` says when.
        """

    def pause(self, bucket: str, seconds: float) -> None:
        """The CRM said "too many": nobody calls in `bucket` before `seconds` have passed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check of an installation found.

    `detail` says it in a sentence without a secret; `advice` says what to do, when it is not `ok` or could be better.
    """

    name: str
    ok: bool
    detail: str
    advice: str = ""


class Connector(Protocol):
    """One CRM installation (an org), configured once."""

    @property
    def crm(self) -> str:
        """The name of the CRM: "salesforce" or "hubspot"."""

    def authorize_url(self, state: str, verifier: str, redirect_uri: str) -> str:
        """Where to send the user's browser (authorization code + PKCE)."""

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> tuple[User, Token]:
        """Trade the code for a grant and ask the CRM whose it is.

        Raises:
            Unauthorized: the CRM refused the code.
        """

    def session(self, grant_id: str, *, urgent: bool = True) -> Session:
        """Live access for one user. `grant_id` is "crm:tenant:user id"; the session's user has no more than these.

        A session that is not `urgent` (a sync) leaves room for those who wait for an answer; see `Limiter`.

        Raises:
            Unauthorized: no such grant.
        """

    def revoke(self, grant_id: str) -> None:
        """Revoke at the CRM, then forget."""

    def diagnose(self, grant_id: str = "") -> Sequence[Finding]:
        """Check the installation from outside; with a grant also what this user's access has to offer.

        What goes wrong is a finding, never an error.
        """
