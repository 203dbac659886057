"""Keeps the index near the CRM: pull what changed, admit it under the purpose "index", store vectors, note how far.

A sync reads as one connected user and sees what she sees. It makes nothing visible to anybody: what the index finds is
read again by the person who asks (retrieval.py). A checkpoint moves only past what is stored.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from connectors.errors import Resync
from connectors.interfaces import Change, Checkpoint, Record, Session
from sidecar import open_fields
from sidecar.crm import crm_errors
from sidecar.errors import Conflict
from sidecar.firewall import admit
from sidecar.interfaces import Services
from sidecar.retrieval import Index
from sidecar.vocabulary import VOCABULARIES

BATCH = 50
"""Records admitted, embedded and stored together."""
LEASE = timedelta(minutes=5)
INDEX_PURPOSE = "index"


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one run of one object did. `finished` is False when it stopped at its limit: call again."""

    object: str
    indexed: int
    removed: int
    finished: bool


def sync(
    services: Services,
    session: Session,
    object_: str,
    *,
    full: bool = False,
    limit: int = 0,
) -> SyncReport:
    """Bring one object up to date. `full` starts over; `limit` stops after so many changes (0: no limit).

    When the CRM has forgotten what happened since the checkpoint, or there is no index, it starts over by itself.

    Raises:
        Conflict: another process is syncing this object.
    """
    try:
        return _sync(services, session, object_, full=full, limit=limit)
    except Resync:
        return _sync(services, session, object_, full=True, limit=limit)


def _sync(services: Services, session: Session, object_: str, *, full: bool, limit: int) -> SyncReport:
    tenant, owner, checkpoints = session.user.tenant, uuid.uuid4().hex, services.checkpoints
    if not checkpoints.acquire(tenant, object_, owner, services.clock(), LEASE):
        raise Conflict("This object is being synchronised by another process. Try again later.", object=object_)
    try:
        open_fields.refresh(services, session, _crm(object_))
        index = Index(services.embedder, services.vectors, services.keys)
        collection = index.collection(tenant, object_)
        full = full or not services.vectors.exists(collection)
        checkpoint = Checkpoint(object_) if full else checkpoints.load(tenant, object_)
        if full:
            index.start_over(collection)
        indexed = removed = 0
        fields = services.policy.fields(object_, purpose=services.policy.purpose(INDEX_PURPOSE))
        with crm_errors():
            for batch in _batches(session.changes(checkpoint, (*fields, *_masked_with(object_)))):
                records = [change.record for change in batch if change.record is not None]
                index.forget(tenant, [change.ref for change in batch])
                people = {person.ref: person for change in batch for person in change.people}
                _store(services, index, tenant, records, fields, people=list(people.values()))
                checkpoint = batch[-1].checkpoint
                checkpoints.save(tenant, checkpoint, owner, services.clock())
                checkpoints.acquire(tenant, object_, owner, services.clock(), LEASE)
                indexed, removed = indexed + len(records), removed + len(batch) - len(records)
                if limit and indexed + removed >= limit:
                    return SyncReport(object_, indexed, removed, finished=False)
        return SyncReport(object_, indexed, removed, finished=True)
    finally:
        checkpoints.release(tenant, object_, owner)


def _store(
    services: Services,
    index: Index,
    tenant: str,
    records: Sequence[Record],
    fields: Sequence[str],
    *,
    people: Sequence[Record],
) -> None:
    if not records:
        return
    admitted = admit(
        records,
        purpose=services.policy.purpose(INDEX_PURPOSE),
        policy=services.policy,
        fields={records[0].ref.object: fields},
        fingerprint=services.keys.hasher(tenant),
        people=people,
    )
    index.vectors(tenant, admitted)


def _crm(object_: str) -> str:
    """The CRM that has this object in its index."""
    return next((crm for crm, words in VOCABULARIES.items() if object_ in words.indexed), "")


def _masked_with(object_: str) -> tuple[str, ...]:
    """Fields that tell whose names to mask in the embedded text; they are not embedded themselves."""
    return next((words.masked_with[object_] for words in VOCABULARIES.values() if object_ in words.masked_with), ())


def _batches(changes: Iterator[Change]) -> Iterator[list[Change]]:
    while batch := list(islice(changes, BATCH)):
        yield batch
