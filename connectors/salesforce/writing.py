"""Writing exactly once, finding out what became of a write, and taking it back (contract, 1.8).

Every write is one all-or-none composite request, so it happens as a whole or not at all:

    with our package   claim the key (insert the marker) -> check or set the case -> create -> note the ids
    without            check the case -> create; every created text carries the key where people can see it

A refusal inside such a request rolled everything back: nothing was written. No answer at all is `Ambiguous`, and then
`find` decides. With a marker it decides for good (see `marker`); without one it can only ever say "it is there": a
request may be on its way for minutes, so "not there yet" is no proof, and the state stays unknown.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.errors import Ambiguous, ConnectorError, Fatal, Forbidden, NotFound, Retriable, Stale
from connectors.interfaces import PreImage, TargetKind, User, Write, Written
from connectors.salesforce import mails, marker, readers, targets
from connectors.salesforce.answers import DUPLICATE, error_for, records_of
from connectors.salesforce.client import Client
from connectors.salesforce.composite import MAX_SUBREQUESTS, Answer, Sub, culprit
from connectors.salesforce.composite import query as query_sub
from connectors.salesforce.marker import Marker
from connectors.salesforce.schema import Schema
from connectors.salesforce.soql import literal, moment, record_id, select
from connectors.transport import ambiguous

_CLAIM = "claim"
_NOTE = "note"
_STAMPS = "stamps"
_MARKERS = "markers"
_FOUND = "found"
_ROOT = "root"
_MOVED = "the record has changed since it was read"
_GONE = "no such record for this user"
_RESERVED = 4
"""Subrequests of a write besides the records it creates."""


class Writer:
    """Writes as one user during one session."""

    def __init__(self, client: Client, schema: Schema, user: User) -> None:
        self._client = client
        self._schema = schema
        self._user = user

    def preimage(self, write: Write) -> PreImage:
        """`Session.preimage`: see there. The key of the attempt is looked up in the same round trip."""
        fields = [targets.field_name(write)] if _is_field(write) else []
        subs = [targets.versions(_FOUND, write.record.object, [write.record.id], *fields)]
        marked = self._marked()
        if marked:
            subs.append(marker.by_key(_MARKERS, write.key))
        answers = self._client.composite(subs)
        row = next(iter(records_of(answers[_FOUND].result())), None)
        if row is None:
            raise NotFound(_GONE, code="NOT_FOUND")
        if row["LastModifiedDate"] != write.version:
            raise Stale(_MOVED, code="VERSION")
        markers = marker.parse(records_of(answers[_MARKERS].result())) if marked else []
        attempt = marker.next_attempt(write.key, markers) if marked else ""
        return PreImage(write.version, row.get(fields[0]) if fields else None, attempt)

    def write(self, write: Write, preimage: PreImage) -> Written:
        """`Session.write`: see there. An attempt that has arrived before is not repeated: its result is returned."""
        try:
            return self._send(write, preimage)
        except _KeyTaken:
            pass
        try:
            found = self._attempt(write, preimage)
            if found and not found.void:
                return self._result(write, found.targets)
        except ConnectorError:  # it may be there: whoever cannot look must not say that it is not
            raise ambiguous("key_taken") from None
        if found is None:
            raise ambiguous("key_taken")
        raise Retriable("this attempt was declared lost meanwhile", code="FENCED")

    def find(self, write: Write, preimage: PreImage, since: datetime) -> Written | None:
        """`Session.find`: see there. None is final: the attempt's key is taken, so a late request will be refused."""
        for _ in range(2):
            found = self._attempt(write, preimage)
            if found:
                return None if found.void else self._result(write, found.targets)
            if written := self._read_back(write, since):
                return written
            if not preimage.attempt:
                break
            if self._fence(write, preimage.attempt):
                return None
        raise ambiguous("read_back")

    def undo(self, write: Write, preimage: PreImage, written: Written) -> None:
        """`Session.undo`: see there."""
        if write.target.kind is TargetKind.COMMENT:
            raise Forbidden("Salesforce lets nobody but an administrator delete a case comment", code="NO_UNDO")
        arrived = _arrived(self._markers(write)) if self._marked() else None
        if arrived and arrived.undone:
            return
        note = [marker.note_undone(_NOTE, arrived.id)] if arrived else []
        if not _is_field(write):
            subs = [*self._deletions(write, written), *note]
            if subs:
                self._all_or_none(subs)
            return
        self._restore(write, preimage, written)
        try:
            if note:
                self._all_or_none(note)
        except Retriable:  # the field is restored, so nobody may say that nothing happened
            raise ambiguous("not_noted") from None
        except Ambiguous:
            raise
        except ConnectorError:
            return  # what stood there stands there again, although the book may not say so

    def _send(self, write: Write, preimage: PreImage) -> Written:
        """One transaction. The marker comes first: a repetition must be recognised before anything looks stale."""
        ids: Sequence[str]
        if _is_field(write):
            ids = [record_id(write.record.id)]
            subs = [targets.set_field("set", write, write.values[0]["body"], preimage.version)]
        else:
            self._check_size(write, preimage)
            creations = self._creations(write)
            ids = [f"@{{{sub.name}.id}}" for sub in creations]
            subs = [targets.condition(write, preimage.version), *creations]
        subs.append(targets.versions(_STAMPS, targets.written_object(write), ids))
        if preimage.attempt:
            claim = marker.insert(_CLAIM, preimage.attempt, record_id(write.record.id), write.target.kind)
            subs = [claim, *subs, marker.note_targets(_NOTE, f"@{{{_CLAIM}.id}}", ids)]
        answers = self._all_or_none(subs)
        try:
            made = [str(answers[sub.name].body["id"]) for sub in subs if sub.name.startswith("create")]
            return _written(made or ids, records_of(answers[_STAMPS].body))
        except (Fatal, KeyError, TypeError):  # it is written, but what the answer says about it makes no sense
            raise ambiguous("bad_answer") from None

    def _creations(self, write: Write) -> list[Sub]:
        """The records to create. An e-mail is addressed as the case stands at that moment: one more request."""
        numbered = [(f"create{number}", values) for number, values in enumerate(write.values)]
        if write.target.kind is not TargetKind.EMAIL_DRAFT:
            return [targets.insert(name, write, values) for name, values in numbered]
        object_, _, _ = targets.created(write)
        case = write.record
        shapes, answers = self._schema.ask({case.object: ()}, lambda seen: mails.queries(case.id, self._user.id, seen))
        mail = shapes.get(object_)
        drafts = [(name, mails.draft(write, values, answers, mail)) for name, values in numbered]
        return [Sub(name, "POST", f"sobjects/{object_}", body) for name, body in drafts]

    def _check_size(self, write: Write, preimage: PreImage) -> None:
        if not 0 < len(write.values) <= MAX_SUBREQUESTS - _RESERVED:
            raise Fatal("a write creates between 1 and 21 records", code="bad_write")
        if not preimage.attempt and not (self._named(write) or _in_text(write)):
            raise Fatal("without the marker object a write must carry its key in the text", code="bad_write")

    def _named(self, write: Write) -> bool:
        """Whether what is created has a field for the key: one e-mail has."""
        mail = self._schema.shapes({mails.OBJECT: ()}).get(mails.OBJECT)
        single = write.target.kind is TargetKind.EMAIL_DRAFT and len(write.values) == 1
        return single and mail is not None and mail.can_create(mails.IDENTIFIER)

    def _all_or_none(self, subs: Sequence[Sub]) -> Mapping[str, Answer]:
        answers = self._client.composite(subs, write=True)
        failed = culprit(answers, subs)
        if failed is None:
            return answers
        name, answer = failed
        if name == _CLAIM and answer.code == DUPLICATE:
            raise _KeyTaken
        raise error_for(answer.status, answer.body)

    def _marked(self) -> bool:
        return marker.installed(self._schema.shapes({"Case": ()}).get(marker.MARKER))

    def _markers(self, write: Write) -> list[Marker]:
        answers = self._client.composite([marker.by_key(_MARKERS, write.key)])
        return marker.parse(records_of(answers[_MARKERS].result()))

    def _attempt(self, write: Write, preimage: PreImage) -> Marker | None:
        """The marker of this very attempt."""
        markers = self._markers(write) if preimage.attempt else []
        return next((mark for mark in markers if mark.key == preimage.attempt), None)

    def _fence(self, write: Write, attempt: str) -> bool:
        """Take the key of the attempt that may be under way; False when it got in first."""
        try:
            self._all_or_none([marker.insert(_CLAIM, attempt, record_id(write.record.id), marker.VOID)])
        except _KeyTaken:
            return False
        return True

    def _read_back(self, write: Write, since: datetime) -> Written | None:
        """Look for the texts themselves, by their visible key; None when they are not (all) there."""
        if _is_field(write):
            row = self._row(write, [targets.field_name(write)])
            if row and targets.same_text(row.get(targets.field_name(write)), write.values[0]["body"]):
                return _written([str(row["Id"])], [row])
            return None
        object_, lookup, text = targets.created(write)
        shape = self._schema.shapes({object_: ()}).get(object_)
        if shape is None or text not in shape.fields:
            return None
        where = (
            f"{lookup} = {literal(record_id(write.record.id))} AND CreatedById = {literal(self._user.id)}"
            f" AND CreatedDate >= {moment(since)}"
        )
        fields = ("Id", "LastModifiedDate", text, *([mails.IDENTIFIER] if self._named(write) else []))
        soql = select(fields, object_, where, "ORDER BY CreatedDate DESC, Id LIMIT 200")
        rows = records_of(self._client.composite([query_sub(_FOUND, soql)])[_FOUND].result())
        ids = targets.recognised(write, rows)
        return _written(ids, rows) if ids else None

    def _result(self, write: Write, ids: Sequence[str]) -> Written:
        """What the records of an arrived write look like now."""
        answers = self._client.composite([targets.versions(_STAMPS, targets.written_object(write), ids)])
        return _written(ids, records_of(answers[_STAMPS].result()))

    def _row(self, write: Write, fields: Sequence[str]) -> Mapping[str, Any] | None:
        sub = targets.versions(_FOUND, write.record.object, [write.record.id], *fields)
        rows = records_of(self._client.composite([sub])[_FOUND].result())
        return rows[0] if rows else None

    def _restore(self, write: Write, preimage: PreImage, written: Written) -> None:
        """Put the field back by a conditional PATCH of its own, once.

        Not in a composite request: what stood there before may hold "@{", which Salesforce takes for a reference to
        another subrequest. Whoever comes again after a lost answer finds the old text and does nothing.
        """
        field = targets.field_name(write)
        row = self._row(write, [field])
        if row is None:
            raise NotFound(_GONE, code="NOT_FOUND")
        if not targets.same_text(row.get(field), write.values[0]["body"]):
            if targets.same_text(row.get(field), preimage.value):
                return
            raise Stale("somebody has changed the field since", code="VALUE")
        if row["LastModifiedDate"] != written.versions[0]:
            raise Stale("somebody has changed the record since", code="VERSION")
        restore = targets.set_field("restore", write, preimage.value, written.versions[0])
        self._client.patch(restore.path, restore.body or {}, restore.headers)

    def _deletions(self, write: Write, written: Written) -> list[Sub]:
        """Deletes what is still there and unchanged: DELETE takes no condition (contract, 1.6), so look before.

        A task of hers that she does not find is gone. An e-mail goes out of sight with its case, so it is gone only
        while she sees that. One that was sent is no draft any more, whether or not its text was changed first.
        """
        object_, _, text = targets.created(write)
        mail = object_ == mails.OBJECT
        looks = [targets.versions(_FOUND, object_, written.ids, text, *(["Status"] if mail else []))]
        if mail:
            looks.append(targets.versions(_ROOT, write.record.object, [write.record.id]))
        answers = self._client.composite(looks)
        rows = {str(row["Id"]): row for row in records_of(answers[_FOUND].result())}
        if mail and rows.keys() != set(written.ids) and not records_of(answers[_ROOT].result()):
            raise NotFound(_GONE, code="NOT_FOUND")
        bodies = [values["body"] for values in write.values]
        subs: list[Sub] = []
        for number, (id_, version) in enumerate(zip(written.ids, written.versions, strict=True)):
            row = rows.get(id_)
            if row is None:
                continue
            if row["LastModifiedDate"] != version or not any(targets.same_text(row.get(text), b) for b in bodies):
                raise Stale("somebody has changed what was written since", code="VERSION")
            if mail and row.get("Status") != readers.DRAFT_STATUS:
                raise Stale("the e-mail has been sent since", code="SENT")
            if mail:  # she may be sending it at this moment: the look counts only if nothing has happened since
                subs.append(targets.unmodified(f"still{number}", object_, id_, version))
            subs.append(Sub(f"delete{number}", "DELETE", f"sobjects/{object_}/{record_id(id_)}"))
        return subs


class _KeyTaken(Exception):
    """The marker of this attempt exists already."""


def _is_field(write: Write) -> bool:
    return write.target.kind is TargetKind.SUMMARY_FIELD


def _in_text(write: Write) -> bool:
    return all(write.key in values["body"] for values in write.values)


def _arrived(markers: Sequence[Marker]) -> Marker | None:
    return next((mark for mark in markers if not mark.void), None)


def _written(ids: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Written:
    """The ids with their stamps; a record that is gone meanwhile has the empty one."""
    stamps = {str(row["Id"]): str(row["LastModifiedDate"]) for row in rows}
    return Written(tuple(ids), tuple(stamps.get(id_, "") for id_ in ids))
