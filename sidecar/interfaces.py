"""What the sidecar needs from the outside, as Protocols. Adapters implement them; `app.create_app` chooses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from connectors.interfaces import Checkpoint, Connector, TokenStore
from sidecar.audit import AuditReport
from sidecar.domain import JSON, Claim, DraftState, Principal, Vectors
from sidecar.drafts import Draft
from sidecar.feedback import Opinion, Total
from sidecar.policy import Policy
from sidecar.templates import Prompt, TemplateSet


class Embedder(Protocol):
    """Text to unit vectors. `fingerprint` changes with anything that changes vectors (weights, precision, pooling)."""

    fingerprint: str
    dimension: int

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension), float32, unit length; safe to call from many threads."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the vector store: ids, a keyed hash and a label, never text. `id` is a `PassageKey.id`."""

    id: str
    record_id: str
    root_id: str
    hash: str
    label: int


class VectorStore(Protocol):
    """Vectors and ids. Raises `sidecar.errors.Unavailable` when the store is broken or gone."""

    def get(self, collection: str, ids: Sequence[str]) -> tuple[list[Entry], Vectors]:
        """The stored rows among `ids` (missing ones are absent), and their vectors in the same order."""

    def upsert(self, collection: str, entries: Sequence[Entry], vectors: Vectors) -> None:
        """Write rows; an equal id is replaced."""

    def query(self, collection: str, vector: Vectors, limit: int) -> list[tuple[Entry, float]]:
        """The nearest rows to one vector (shape (dimension,)), best first, with cosine similarity."""

    def delete(self, collection: str, record_ids: Sequence[str]) -> None:
        """Delete all rows of these records. The bytes may linger: see design, "Chroma does not erase on delete"."""

    def exists(self, collection: str) -> bool:
        """Whether there is such a collection; one that was written to with no rows is there, and empty."""

    def drop(self, collection: str) -> None:
        """Destroy a collection."""

    def ping(self) -> None:
        """Return when the store works, else raise."""


class KeyRing(Protocol):
    """Keys by purpose and tenant. Key material does not leave except as the functions below."""

    def hasher(self, tenant: str) -> Callable[[str], str]:
        """A keyed hash (HMAC-SHA-256, hex) for this tenant's field values."""

    def rotation(self, tenant: str, fingerprint: str, dimension: int) -> Vectors:
        """The secret orthogonal matrix (dimension x dimension) of a tenant and a model."""

    def seal(self, tenant: str, context: str, plaintext: bytes) -> bytes:
        """Encrypt with authenticated encryption; `context` is bound as associated data."""

    def open(self, tenant: str, context: str, sealed: bytes) -> bytes:
        """Decrypt.

        Raises:
            Unavailable: the key is gone or the data was tampered with.
        """


def quiet(_: int) -> None:
    """For a reasoner whose progress nobody follows."""


class Reasoner(Protocol):
    """Turns a prompt into claims. Takes nothing but a `Prompt` and has no tools."""

    name: str

    def generate(self, prompt: Prompt, progress: Callable[[int], None] = quiet) -> tuple[Claim, ...]:
        """Claims in the order of the template's sections, each with a passage number and a verbatim quote.

        `progress` is told now and then how much of the answer is there, in characters.

        Raises:
            Unavailable: no answer in time.
            ModelFailed: an answer that does not fit the template's schema.
        """


class DraftStore(Protocol):
    """Drafts, encrypted. Every change of state is a compare-and-set."""

    def add(self, draft: Draft) -> Draft:
        """Insert. When (tenant, user, idempotency key) is known already, return the stored draft instead."""

    def get(self, tenant: str, user_id: str, draft_id: str) -> Draft:
        """One draft of its owner.

        Raises:
            NotFound: unknown, or somebody else's.
        """

    def known(self, tenant: str, user_id: str, idempotency_key: str) -> Draft | None:
        """The draft that this key made before, or None."""

    def newest(self, tenant: str, user_id: str, record_id: str = "", limit: int = 50) -> list[Draft]:
        """The owner's newest drafts, on one record when it is named."""

    def change(
        self, draft: Draft, expected: DraftState, expected_digest: str, claimed_at: datetime | None = None
    ) -> Draft:
        """Store `draft` if the stored state and digest are still the expected ones; durable on return.

        With `claimed_at` the stored claim must be this one as well: a draft that was released and claimed again looks
        the same otherwise.

        Raises:
            Conflict: somebody was faster.
        """

    def in_state(self, state: DraftState) -> list[Draft]:
        """All drafts in a state, for recovery after a crash."""

    def own_writes(self, tenant: str, record_id: str) -> frozenset[str]:
        """Ids of CRM records that drafts on this record created: never evidence."""

    def purge(self, now: datetime) -> int:
        """Expire and delete what is past its time; the number of drafts touched."""


class FeedbackStore(Protocol):
    """What agents thought of their drafts: no free text, and nobody's name but the draft's own id."""

    def save(self, draft: Draft, opinion: Opinion, now: datetime) -> None:
        """Store the owner's opinion of her draft; a later one replaces it."""

    def load(self, draft: Draft) -> Opinion | None:
        """Her opinion, if she has given one."""

    def totals(self, tenant: str | None = None) -> list[Total]:
        """Counts by template, reasoner, rating and reason, for those who look after templates and models."""


class AuditLog(Protocol):
    """Hash-chained events without content."""

    def append(self, tenant: str, event: JSON) -> int:
        """Durable on return; the event's sequence number.

        Raises:
            Unavailable: it cannot be written. The caller must stop.
        """

    def verify(self, tenant: str | None = None) -> AuditReport:
        """Walk the chain of one tenant, or of all."""

    def ping(self) -> None:
        """Return when it can be read and written, else raise."""

    def events(self, tenant: str, limit: int = 100) -> list[JSON]:
        """The newest events."""


@dataclass(frozen=True, slots=True)
class PanelSession:
    """A logged-in browser. `csrf` is the token that every changing request of the panel must carry."""

    principal: Principal
    csrf: str = field(repr=False)
    created: datetime


@dataclass(frozen=True, slots=True)
class LoginState:
    """What a login must remember between leaving for the CRM and coming back. `nonce` also lies in the browser."""

    crm: str
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    redirect_uri: str
    return_to: str = "/"


class SessionStore(Protocol):
    """Server-side sessions of the panel and one-time login states. Ids are secrets and stored hashed."""

    def create(self, principal: Principal, now: datetime) -> tuple[str, PanelSession]:
        """A new session and its id, the value of the cookie."""

    def load(self, session_id: str, now: datetime) -> PanelSession | None:
        """The session when it is known, not too old and not idle for too long; marks it as seen."""

    def end(self, session_id: str) -> None:
        """Log out."""

    def start_login(self, login: LoginState, now: datetime) -> str:
        """Keep `login` for a few minutes; the `state` parameter for the CRM."""

    def finish_login(self, state: str, now: datetime) -> LoginState | None:
        """The login of `state`, once: a second call, a late one or an unknown state gives None."""

    def purge(self, now: datetime) -> int:
        """Delete what has expired; the number of rows."""


class CheckpointStore(Protocol):
    """How far each sync is, and who may run it. A lease is held by one owner until it runs out."""

    def load(self, tenant: str, object_: str) -> Checkpoint:
        """The stored checkpoint, or an empty one."""

    def acquire(self, tenant: str, object_: str, owner: str, now: datetime, ttl: timedelta) -> bool:
        """Take or prolong the lease until `now + ttl`; False when somebody else holds it."""

    def save(self, tenant: str, checkpoint: Checkpoint, owner: str, now: datetime) -> None:
        """Store durably.

        Raises:
            Conflict: `owner` does not hold the lease any more.
        """

    def release(self, tenant: str, object_: str, owner: str) -> None:
        """Give the lease back; nothing happens when it is not `owner`'s."""


class OpenFields(Protocol):
    """What each CRM said last of the fields that everyone reads who reads the record. Names only, no content."""

    def claim(self, tenant: str, asker: str, now: datetime, every: timedelta) -> bool:
        """Whether it is time for `asker` (a keyed hash) to ask: the answer is old, and so is her last question.

        Then it is her turn, and not again before `now + every`; somebody else, who may see more, is asked meanwhile.
        """

    def save(self, tenant: str, fields: Mapping[str, frozenset[str]], now: datetime) -> None:
        """Store an answer: object -> open fields."""

    def load(self, tenant: str) -> Mapping[str, frozenset[str]] | None:
        """The newest answer, or None when there was none."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a use case may need; built once in `app.create_app` and handed on."""

    connectors: Mapping[str, Connector]
    tokens: TokenStore
    embedder: Embedder
    vectors: VectorStore
    keys: KeyRing
    reasoner: Reasoner
    drafts: DraftStore
    audit: AuditLog
    sessions: SessionStore
    checkpoints: CheckpointStore
    feedback: FeedbackStore
    open_fields: OpenFields
    policy: Policy
    templates: TemplateSet
    clock: Callable[[], datetime]
    fallback: Reasoner | None = None
    """Takes over when `reasoner` fails; None when that one cannot."""
    apply_lease: timedelta = timedelta(seconds=60)
    """How long an apply belongs to the process that claimed it; longer than any request to a CRM may take."""
