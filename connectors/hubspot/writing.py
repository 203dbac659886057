"""Writing notes and tasks exactly once, finding out what became of a write, and taking it back (contract, 2.10).

HubSpot has no conditional write, so the record's stamp is read just before sending. What keeps a write single:

    with the unique property   one batch upsert by key -> associate with the record (both can be repeated safely)
    without                    one create with its association inside; every text carries the key where people see it

A lost answer to the first kind is asked for again with the same key and body, at most twice; the second kind is never
sent again. A refused association means that the whole write failed: what was created is archived.

`find` says "not there" only when the attempt is old: a request may be under way for a while, and HubSpot offers no way
to fence one off. An attempt carries its time (`PreImage.attempt`); after `FENCE_SECONDS` nobody sends it any more, and
after `SETTLED_SECONDS` nothing of it is under way any more. Until then the state is `Ambiguous`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from connectors.errors import Ambiguous, ConnectorError, Fatal, Forbidden, NotFound, Retriable, Stale
from connectors.hubspot import records, targets
from connectors.hubspot.answers import CONFLICT, JSON, error_code, errors_of
from connectors.hubspot.client import Call, Client
from connectors.hubspot.guard import Guard, found, inputs, read_call
from connectors.hubspot.reading import Reader
from connectors.hubspot.routes import record_id
from connectors.hubspot.schema import KEY_PROPERTY, Schema
from connectors.hubspot.traces import Traces, ids_by_key, ids_of
from connectors.interfaces import PreImage, Write, Written
from connectors.transport import ambiguous

RESENDS = 2
"""How often an idempotent request is repeated after its answer got lost."""
RESEND_WITHIN = 10.0
"""Seconds after which a lost answer is not asked for again: somebody waits, and her claim on the draft runs out."""
FENCE_SECONDS = 30.0
"""An attempt older than this is not sent."""
SETTLED_SECONDS = 120.0
"""Then a request of it has arrived or never will: the last one left within 40 seconds, and no one waits so long. One
that is later still makes the one record that applying again would have made.
"""
SETTLED_UNKEYED_SECONDS = 600.0
"""The same where a request that came late after all would write twice."""
_MOVED = "the record has changed since it was read"
_MAX_RECORDS = 20


class Writer:
    """Writes as one user during one session."""

    def __init__(self, client: Client, schema: Schema, guard: Guard, reader: Reader) -> None:
        self._client = client
        self._schema = schema
        self._guard = guard
        self._reader = reader
        self._traces = Traces(client)

    def preimage(self, write: Write) -> PreImage:
        """`Session.preimage`: see there. Nothing stands at the target before: notes and tasks are created."""
        self._check(write)
        self._unmoved(write)
        return PreImage(write.version, None, str(round(self._client.clock() * 1000)))

    def write(self, write: Write, preimage: PreImage) -> Written:
        """`Session.write`: see there. What has arrived before is not sent again: its result is returned."""
        keyed = self._check(write)
        self._in_time(preimage)
        look = self._traces.by_key if keyed else self._traces.by_text
        there = look(write)
        if not there:
            try:
                self._unmoved(write)
            except Stale:
                there = look(write)  # another attempt of this very write may have moved the record on
                if len(there) != len(write.values):
                    raise
        if len(there) == len(write.values):
            try:
                self._complete(write, there, keyed=keyed)
            except ConnectorError:  # an earlier attempt stands there: nobody may say that nothing was written
                raise ambiguous("not_associated") from None
        elif there and not keyed:  # half of an earlier attempt: sending it again would write that half twice
            raise ambiguous("partly")
        else:
            self._in_time(preimage)  # the looks may have taken long, or this process may have slept
            there = self._upsert(write, preimage) if keyed else self._create(write, preimage)
            if keyed:
                self._associate(write, there, ours=True)
        try:
            return self._written(write, there)
        except ConnectorError:  # it is written; without stamps an undo compares the texts
            return Written(tuple(there), ("",) * len(there))

    def find(self, write: Write, preimage: PreImage, since: datetime) -> Written | None:
        """`Session.find`: see there. None needs an attempt that is older than any request can be under way."""
        keyed = self._check(write)
        partly = False
        for look in self._traces.looks(write, keyed=keyed):
            there = look(write)
            if len(there) == len(write.values):
                self._complete(write, there, keyed=keyed)
                return self._written(write, there)
            partly = partly or bool(there)
        age = self._age(preimage) if preimage.attempt else self._client.clock() - since.timestamp()
        if partly or age <= (SETTLED_SECONDS if keyed else SETTLED_UNKEYED_SECONDS):
            raise ambiguous("in_flight")
        return None

    def undo(self, write: Write, preimage: PreImage, written: Written) -> None:
        """`Session.undo`: see there. Archives what is still there and still says what was written."""
        keyed = self._check(write)
        if self._guard.enforces:
            self._record(write)
        object_ = targets.written_object(write)
        expected = targets.creations(write, self._at(preimage), self._owner(), keyed=keyed)
        asked = records.asked(object_, [name for each in expected for name in each])
        rows = found(self._client.one(read_call(self._client, object_, written.ids, asked)), written.ids)
        for id_, version, values in zip(written.ids, written.versions, expected, strict=True):
            row = rows.get(id_)
            unchanged = row is None or version == records.version(object_, row)
            if row and not unchanged and not targets.same(object_, values, records.properties(row)):
                raise Stale("somebody has changed it since", code="VERSION")
        if rows:
            self._archive(object_, list(rows))

    def _check(self, write: Write) -> bool:
        """Whether the write's object has our unique property.

        Raises:
            Fatal: this is no write that the connector can do once.
        """
        object_ = targets.written_object(write)
        if not 0 < len(write.values) <= (1 if object_ == "notes" else _MAX_RECORDS):
            raise Fatal("a write creates one note, or between 1 and 20 tasks", code="bad_write")
        keyed = object_ in self._schema.facts().keyed
        if not keyed and not all(write.key in values["body"] for values in write.values):
            raise Fatal("without the unique property a write must carry its key in the text", code="bad_write")
        targets.creations(write, datetime.now(UTC), "", keyed=keyed)
        return keyed

    def _record(self, write: Write) -> JSON:
        """The record that the write is for, if this user sees it (still)."""
        return self._reader.row(write.record.object, record_id(write.record.id), ())

    def _unmoved(self, write: Write) -> None:
        if records.version(write.record.object, self._record(write)) != write.version:
            raise Stale(_MOVED, code="VERSION")

    def _in_time(self, preimage: PreImage) -> None:
        """Nothing of an attempt is sent after its fence: by then somebody may have been told that it never will be.

        Raises:
            Retriable: it is too late. Nothing was written.
        """
        if self._age(preimage) > FENCE_SECONDS:
            raise Retriable("this attempt has waited too long to be sent", code="FENCED")

    def _age(self, preimage: PreImage) -> float:
        return self._client.clock() - self._at(preimage).timestamp()

    def _at(self, preimage: PreImage) -> datetime:
        at = records.parse_time(preimage.attempt)
        if at is None:
            raise Fatal("this pre-image was not made by the HubSpot connector", code="bad_preimage")
        return at

    def _owner(self) -> str:
        return self._schema.facts().member.owner_id

    def _upsert(self, write: Write, preimage: PreImage) -> list[str]:
        """Create the records by their keys, or find them created. All of them, or none is left."""
        object_ = targets.written_object(write)
        creations = targets.creations(write, self._at(preimage), self._owner(), keyed=True)
        entries = [
            {"idProperty": KEY_PROPERTY, "id": properties[KEY_PROPERTY], "properties": properties}
            for properties in creations
        ]
        call = Call(
            "POST", self._client.routes.objects(object_, "batch", "upsert"), body={"inputs": entries}, write=True
        )
        answer = self._resend(call)
        if any(error_code(error) == CONFLICT for error in errors_of(answer)):  # another process has just made them
            answer = self._resend(call)
        return self._whole(object_, answer, len(write.values), ids_by_key(answer, write))

    def _create(self, write: Write, preimage: PreImage) -> list[str]:
        """Create the records with their associations, in one request that is never repeated."""
        object_ = targets.written_object(write)
        kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": targets.association_type(write)}
        associations = [{"to": {"id": record_id(write.record.id)}, "types": [kind]}]
        entries = [
            {"properties": properties, "associations": associations}
            for properties in targets.creations(write, self._at(preimage), self._owner(), keyed=False)
        ]
        path = self._client.routes.objects(object_, "batch", "create")
        answer = self._client.one(Call("POST", path, body={"inputs": entries}, write=True))
        return self._whole(object_, answer, len(write.values), ids_of(answer))

    def _whole(self, object_: str, answer: JSON, wanted: int, made: Sequence[str]) -> list[str]:
        """The ids that a batch has made, if it made all of them.

        Raises:
            Forbidden, Retriable: it made none, or what it made has been archived again.
            Ambiguous: nobody knows what it made.
        """
        errors = errors_of(answer)
        if not errors and len(made) == wanted:
            return list(made)
        if not errors:
            raise ambiguous("bad_answer")
        if made:
            self._take_away(object_, made)
        code = error_code(errors[0])
        if code in {"RATE_LIMIT", "RATE_LIMITS", CONFLICT}:
            raise Retriable("HubSpot cannot do this right now", code=code)
        raise Forbidden("HubSpot does not allow this user to do that", code=code)

    def _complete(self, write: Write, ids: Sequence[str], *, keyed: bool) -> None:
        """Make up for what an earlier attempt may have left undone; without the property there is no such thing."""
        if keyed and (unlinked := self._traces.unlinked(write, ids)):
            self._associate(write, unlinked, ours=False)

    def _associate(self, write: Write, ids: Sequence[str], *, ours: bool) -> None:
        """Associate what was created with its record, which can be repeated.

        Raises:
            Forbidden: it was refused, and because it is `ours`, made just now, it is archived again.
            Ambiguous: it stands there, and whether it belongs to the record is not known: the link may be there, and
                the user may have lost the right to see it.
        """
        object_, record = targets.written_object(write), record_id(write.record.id)
        calls = [
            Call(
                "PUT",
                self._client.routes.default_association(object_, id_, write.record.object, record),
                write=True,
            )
            for id_ in ids
        ]
        for attempt in range(RESENDS + 1):
            errors = [outcome for outcome in self._client.together(calls) if isinstance(outcome, ConnectorError)]
            if not errors:
                return
            refused = next((error for error in errors if isinstance(error, Forbidden | NotFound)), None)
            if refused and not ours:
                break
            if refused:
                self._take_away(object_, ids)
                raise Forbidden("HubSpot does not allow this user to link it to the record", code=refused.code)
            if attempt == RESENDS or not all(isinstance(error, Ambiguous) for error in errors):
                break
        raise ambiguous("not_associated")

    def _take_away(self, object_: str, ids: Sequence[str]) -> None:
        """Archive half a write.

        Raises:
            Ambiguous: it may still be there.
        """
        try:
            self._archive(object_, ids)
        except ConnectorError:
            raise ambiguous("not_archived") from None

    def _archive(self, object_: str, ids: Sequence[str]) -> None:
        path = self._client.routes.objects(object_, "batch", "archive")
        self._resend(Call("POST", path, body={"inputs": inputs(ids)}, write=True))

    def _resend(self, call: Call) -> JSON:
        """Send what can be repeated, again when its answer gets lost.

        Raises:
            Ambiguous: the answer stayed lost. Whatever is said after a lost answer does not tell what became of it.
        """
        started, lost = self._client.clock(), False
        for attempt in range(RESENDS + 1):
            try:
                return self._client.one(call)
            except Ambiguous:
                lost = True
                if attempt == RESENDS or self._client.clock() - started > RESEND_WITHIN:
                    raise
            except Retriable as busy:
                if busy.code != CONFLICT or attempt == RESENDS:  # two at the same time: the other one has made it
                    if lost:
                        raise ambiguous("lost") from None
                    raise
            except ConnectorError:
                if lost:
                    raise ambiguous("lost") from None
                raise
        raise ambiguous("lost")

    def _written(self, write: Write, ids: Sequence[str]) -> Written:
        """The ids with their stamps now; one that is gone meanwhile has the empty one."""
        object_ = targets.written_object(write)
        rows = found(self._client.one(read_call(self._client, object_, ids, [records.MODIFIED])), ids)
        return Written(tuple(ids), tuple(records.version(object_, rows[id_]) if id_ in rows else "" for id_ in ids))
