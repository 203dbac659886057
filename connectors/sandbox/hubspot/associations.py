"""Associations as v4 and the dated versions have them: with labels, of one record or in batches."""

from collections.abc import Callable, Sequence
from typing import Final

from connectors.sandbox.hubspot.access import read_scopes, write_scopes
from connectors.sandbox.hubspot.association_types import AssociationType
from connectors.sandbox.hubspot.batch import answer_of, missing
from connectors.sandbox.hubspot.call import MAX_INPUTS, Answer, Call, id_in, inputs_of, mapping_in, position
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ObjectType
from connectors.sandbox.hubspot.linking import labels_in, link, unlabel, unlink
from connectors.sandbox.hubspot.objects import writer_of
from connectors.sandbox.hubspot.store import Record
from connectors.sandbox.hubspot.views import visible_links
from connectors.sandbox.wire import JSON

PAGE: Final = 500
_MAX_READ: Final = 1000


def of_record(call: Call, type_name: str, record_id: str, to_name: str) -> Answer:
    """A page of the records of a type that one record is associated with."""
    kind, to_kind = pair(call, type_name, to_name, write=False)
    record = call.record(kind, record_id)
    size, after = call.size(PAGE, PAGE), position(call.value("after", "0"))
    ids = [found for found in visible_links(call, record, to_kind.name) if int(found) > after]
    body: JSON = {"results": [labelled(call, record, to_kind, found) for found in ids[:size]]}
    if len(ids) > size:
        body["paging"] = call.next_link(ids[size - 1])
    return Answer(200, body)


def put_default(call: Call, type_name: str, record_id: str, to_name: str, to_id: str) -> Answer:
    """Associate two records by the unlabelled type; a second time changes nothing."""
    kind, to_kind = pair(call, type_name, to_name, write=True)
    return answer_of(call, _associate_default(call, kind, record_id, to_kind, to_id), [])


def put(call: Call, type_name: str, record_id: str, to_name: str, to_id: str) -> Answer:
    """Associate two records by the types of the body, a list."""
    kind, to_kind = pair(call, type_name, to_name, write=True)
    types = _types(call, kind, to_kind, call.json_list())
    record, other = ends(call, kind, record_id, to_kind, to_id)
    link(writer_of(call), record, other, types)
    return Answer(201, _pair_document(record, kind, other, to_kind, types))


def delete(call: Call, type_name: str, record_id: str, to_name: str, to_id: str) -> Answer:
    """End an association."""
    kind, to_kind = pair(call, type_name, to_name, write=True)
    _end(call, kind, record_id, to_kind, to_id)
    return Answer(204)


def read(call: Call, from_name: str, to_name: str) -> Answer:
    """The associations of up to 1,000 records; those that lead nowhere are only mentioned in `errors`."""
    kind, to_kind = pair(call, from_name, to_name, write=False)
    results, lost = list[JSON](), list[str]()
    for given in inputs_of(call.json(), _MAX_READ):
        record = _seen(call, kind, id_in(given))
        if record is None:
            lost.append(id_in(given))
            continue
        after = position(given.get("after", "0"))
        ids = [found for found in visible_links(call, record, to_kind.name) if int(found) > after]
        entry: JSON = {"from": {"id": record.id}, "to": [labelled(call, record, to_kind, one) for one in ids[:PAGE]]}
        if len(ids) > PAGE:
            entry["paging"] = {"next": {"after": ids[PAGE - 1], "link": f"{call.base_url}{call.path}"}}
        if ids:
            results.append(entry)
    return answer_of(call, results, [missing(kind, lost)] if lost else [])


def create(call: Call, from_name: str, to_name: str) -> Answer:
    """Associate pairs of records by the types of each input."""
    kind, to_kind = pair(call, from_name, to_name, write=True)

    def one(given: JSON) -> list[JSON]:
        types = _types(call, kind, to_kind, given.get("types"))
        record, other = ends(call, kind, end_in(given, "from"), to_kind, end_in(given, "to"))
        link(writer_of(call), record, other, types)
        return [_pair_document(record, kind, other, to_kind, types)]

    return each_pair(call, one, status=201)


def create_default(call: Call, from_name: str, to_name: str) -> Answer:
    """Associate pairs of records by the unlabelled type."""
    kind, to_kind = pair(call, from_name, to_name, write=True)

    def one(given: JSON) -> list[JSON]:
        return _associate_default(call, kind, end_in(given, "from"), to_kind, end_in(given, "to"))

    return each_pair(call, one, status=200)


def archive(call: Call, from_name: str, to_name: str) -> Answer:
    """End associations: 204 in v4, 200 in the dated versions."""
    kind, to_kind = pair(call, from_name, to_name, write=True)
    for given in inputs_of(call.json()):
        targets = given.get("to")
        if not isinstance(targets, list) or not all(isinstance(target, dict) for target in targets):
            raise HubError.invalid("Some required fields were not set: [to]")
        for target in targets:
            _end(call, kind, end_in(given, "from"), to_kind, id_in(target))
    return answer_of(call, [], []) if call.dated else Answer(204)


def archive_labels(call: Call, from_name: str, to_name: str) -> Answer:
    """Take labels off associations."""
    kind, to_kind = pair(call, from_name, to_name, write=True)
    for given in inputs_of(call.json()):
        types = _types(call, kind, to_kind, given.get("types"))
        record, other = ends(call, kind, end_in(given, "from"), to_kind, end_in(given, "to"))
        unlabel(writer_of(call), record, other, types)
    return answer_of(call, [], []) if call.dated else Answer(204)


def pair(call: Call, from_name: str, to_name: str, *, write: bool) -> tuple[ObjectType, ObjectType]:
    """Both types of a path, open to the caller. Writing needs write access to the first, read access to the second.

    Raises:
        HubError: no such type, a missing scope, or no right to edit associations.
    """
    kind, to_kind = call.kind(from_name), call.kind(to_name)
    call.access.need(write_scopes(kind) if write else read_scopes(kind))
    call.access.need(read_scopes(to_kind))
    if write and call.strict:
        call.access.check_associate()
    return kind, to_kind


def ends(call: Call, kind: ObjectType, record_id: str, to_kind: ObjectType, to_id: str) -> tuple[Record, Record]:
    """Both records of an association.

    Raises:
        HubError: 404, one of them does not exist for the caller.
    """
    return call.record(kind, record_id), call.record(to_kind, to_id)


def end_in(given: JSON, key: str) -> str:
    """The id of one end of an input. Raises HubError 400 when it is missing."""
    return id_in(mapping_in(given, key))


def each_pair(call: Call, one: Callable[[JSON], Sequence[JSON]], *, status: int) -> Answer:
    """Run `one` for every input; unknown records are only mentioned in `errors`, anything else fails the whole."""
    results, errors = list[JSON](), list[JSON]()
    for given in inputs_of(call.json(), MAX_INPUTS):
        try:
            with call.portal.store.transaction():
                results += one(given)
        except HubError as error:
            if error.status != _NOT_FOUND:
                raise
            ids = [end_in(given, "from"), end_in(given, "to")]
            errors.append(
                {
                    "status": "error",
                    "category": "VALIDATION_ERROR",
                    "message": "One or more associations are invalid",
                    "context": {"fromObjectId": ids[:1], "toObjectId": ids[1:]},
                    "errors": [],
                    "links": {},
                }
            )
    return answer_of(call, results, errors, status=status)


def labelled(call: Call, record: Record, to_kind: ObjectType, other_id: str) -> JSON:
    """One association with all its types."""
    types = []
    for label in sorted(call.portal.store.links(record.key, to_kind.name)[other_id]):
        found = call.portal.types.find(record.type, to_kind.name, label)
        types.append({"category": label[0], "typeId": label[1], "label": found.label if found else None})
    return {"toObjectId": int(other_id), "associationTypes": types}


def _types(call: Call, kind: ObjectType, to_kind: ObjectType, types: object) -> list[AssociationType]:
    found = [call.portal.types.type(kind.name, to_kind.name, label) for label in labels_in(types)]
    if not found:
        raise HubError.invalid("Some required fields were not set: [types]")
    return found


def _associate_default(call: Call, kind: ObjectType, from_id: str, to_kind: ObjectType, to_id: str) -> list[JSON]:
    record, other = ends(call, kind, from_id, to_kind, to_id)
    default = call.portal.types.default(kind.name, to_kind.name)
    link(writer_of(call), record, other, (default,))
    there = {"associationCategory": default.category, "associationTypeId": default.id}
    back = {"associationCategory": default.category, "associationTypeId": default.inverse}
    return [
        {"from": {"id": record.id}, "to": {"id": other.id}, "associationSpec": there},
        {"from": {"id": other.id}, "to": {"id": record.id}, "associationSpec": back},
    ]


def _pair_document(
    record: Record, kind: ObjectType, other: Record, to_kind: ObjectType, types: Sequence[AssociationType]
) -> JSON:
    return {
        "fromObjectTypeId": kind.id,
        "fromObjectId": int(record.id),
        "toObjectTypeId": to_kind.id,
        "toObjectId": int(other.id),
        "labels": [found.label for found in types if found.label],
    }


def _end(call: Call, kind: ObjectType, from_id: str, to_kind: ObjectType, to_id: str) -> None:
    record, other = _seen(call, kind, from_id), _seen(call, to_kind, to_id)
    if record is not None and other is not None:
        unlink(writer_of(call), record, other)


def _seen(call: Call, kind: ObjectType, record_id: str) -> Record | None:
    found = call.portal.store.get(kind.name, record_id)
    return found if found and not found.archived_at and call.access.sees(found) else None


_NOT_FOUND: Final = 404
