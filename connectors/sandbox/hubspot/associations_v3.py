"""Associations as v3 has them: a name instead of labels ("ticket_to_contact")."""

from connectors.sandbox.hubspot.associations import each_pair, end_in, ends, pair
from connectors.sandbox.hubspot.batch import answer_of, missing
from connectors.sandbox.hubspot.call import Answer, Call, id_in, inputs_of, position
from connectors.sandbox.hubspot.linking import link, unlabel
from connectors.sandbox.hubspot.objects import writer_of
from connectors.sandbox.hubspot.views import View, associated, visible_links
from connectors.sandbox.wire import JSON

_PAGE = 500


def of_record(call: Call, type_name: str, record_id: str, to_name: str) -> Answer:
    """A page of what one record is associated with."""
    kind, to_kind = pair(call, type_name, to_name, write=False)
    record = call.record(kind, record_id)
    size, after = call.size(_PAGE, _PAGE), position(call.value("after", "0"))
    ids = [found for found in visible_links(call, record, to_kind.name) if int(found) > after]
    body: JSON = {"results": associated(call, record, to_kind.name, ids[:size])}
    if len(ids) > size:
        body["paging"] = call.next_link(ids[size - 1])
    return Answer(200, body)


def put(call: Call, *place: str) -> Answer:
    """Associate two records; the answer is the first one. `place`: type, id, other type, other id, association type."""
    type_name, record_id, to_name, to_id, name = place
    kind, to_kind = pair(call, type_name, to_name, write=True)
    record, other = ends(call, kind, record_id, to_kind, to_id)
    link(writer_of(call), record, other, (call.portal.types.by_name(kind.name, to_kind.name, name),))
    return Answer(200, View(call, kind, associations=(to_kind.name,)).document(call.record(kind, record_id)))


def delete(call: Call, *place: str) -> Answer:
    """Take one type off an association; `place` as for `put`."""
    type_name, record_id, to_name, to_id, name = place
    kind, to_kind = pair(call, type_name, to_name, write=True)
    record, other = ends(call, kind, record_id, to_kind, to_id)
    unlabel(writer_of(call), record, other, (call.portal.types.by_name(kind.name, to_kind.name, name),))
    return Answer(204)


def read(call: Call, from_name: str, to_name: str) -> Answer:
    """The associations of several records."""
    kind, to_kind = pair(call, from_name, to_name, write=False)
    results, lost = list[JSON](), list[str]()
    for given in inputs_of(call.json()):
        record = call.portal.store.get(kind.name, id_in(given))
        if record is None or record.archived_at or not call.access.sees(record):
            lost.append(id_in(given))
            continue
        ids = visible_links(call, record, to_kind.name)[:_PAGE]
        if ids:
            results.append({"from": {"id": record.id}, "to": associated(call, record, to_kind.name, ids)})
    return answer_of(call, results, [missing(kind, lost)] if lost else [])


def create(call: Call, from_name: str, to_name: str) -> Answer:
    """Associate pairs of records, each by its `type`."""
    kind, to_kind = pair(call, from_name, to_name, write=True)

    def one(given: JSON) -> list[JSON]:
        found = call.portal.types.by_name(kind.name, to_kind.name, id_in(given, "type"))
        record, other = ends(call, kind, end_in(given, "from"), to_kind, end_in(given, "to"))
        link(writer_of(call), record, other, (found,))
        return [{"from": {"id": record.id}, "to": {"id": other.id}, "type": found.name}]

    return each_pair(call, one, status=201)


def archive(call: Call, from_name: str, to_name: str) -> Answer:
    """Take types off associations; pairs that lead nowhere are ignored."""
    kind, to_kind = pair(call, from_name, to_name, write=True)
    for given in inputs_of(call.json()):
        found = call.portal.types.by_name(kind.name, to_kind.name, id_in(given, "type"))
        record = call.portal.store.get(kind.name, end_in(given, "from"))
        other = call.portal.store.get(to_kind.name, end_in(given, "to"))
        if record and other and call.access.sees(record) and call.access.sees(other):
            unlabel(writer_of(call), record, other, (found,))
    return Answer(204)


def types(call: Call, from_name: str, to_name: str) -> Answer:
    """The types by which two kinds of records can be associated."""
    kind, to_kind = pair(call, from_name, to_name, write=False)
    found = call.portal.types.between(kind.name, to_kind.name)
    return Answer(200, {"results": [{"id": str(one.id), "name": one.name} for one in found]})
