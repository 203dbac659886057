"""Up to 100 records in one request: what fails is told beside what succeeds, by version in one of two ways."""

from collections.abc import Callable, Iterable, Sequence

from connectors.sandbox.hubspot.access import read_scopes
from connectors.sandbox.hubspot.call import Answer, Call, id_in, inputs_of, mapping_in, names_in
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ObjectType
from connectors.sandbox.hubspot.objects import archive as put_away
from connectors.sandbox.hubspot.objects import by_unique, writable
from connectors.sandbox.hubspot.objects import create as make
from connectors.sandbox.hubspot.objects import update as change
from connectors.sandbox.hubspot.store import Record
from connectors.sandbox.hubspot.values import instant
from connectors.sandbox.hubspot.views import View
from connectors.sandbox.wire import JSON

_TRACE = "objectWriteTraceId"


def read(call: Call, type_name: str) -> Answer:
    """Records by id or by a unique property; ids that lead nowhere are only mentioned in `errors`."""
    kind = call.kind(type_name)
    call.access.need(read_scopes(kind))
    body = call.json()
    view = View(call, kind, names_in(body, "properties"), names_in(body, "propertiesWithHistory"))
    name, archived = body.get("idProperty"), call.flag("archived")
    if name is not None and not isinstance(name, str):
        raise HubError.invalid("Invalid input JSON: idProperty must be a string")
    found, lost = dict[str, JSON](), list[str]()
    for given in inputs_of(body):
        key = id_in(given)
        record = _lookup(call, kind, key, name or "", archived=archived)
        if record is None:
            lost.append(key)
        else:
            found[record.id] = view.document(record)
    return answer_of(call, list(found.values()), [missing(kind, lost)] if lost else [])


def create(call: Call, type_name: str) -> Answer:
    """New records. Only when every input has a trace id may some fail and others not (HubSpot's error guide)."""
    kind = writable(call, type_name)
    view = View(call, kind)
    inputs = inputs_of(call.json())

    def one(given: JSON) -> JSON:
        return view.written(make(call, kind, given.get("properties"), given.get("associations")))

    return _each(call, inputs, one, status=201, partial=all(given.get(_TRACE) for given in inputs))


def update(call: Call, type_name: str) -> Answer:
    """Change records by id, or by a unique property that the portal's admin made."""
    kind = writable(call, type_name)
    view = View(call, kind)
    inputs = inputs_of(call.json())
    _check_keys(call, kind, {str(given["idProperty"]) for given in inputs if given.get("idProperty")})

    def one(given: JSON) -> JSON:
        key, name, properties = id_in(given), given.get("idProperty"), mapping_in(given, "properties")
        record = _lookup(call, kind, key, str(name or ""), archived=False)
        if record is None:
            raise HubError(404, "OBJECT_NOT_FOUND", _lost(kind), context={"ids": [key]})
        return view.written(change(call, record, properties), properties)

    return _each(call, inputs, one, status=200, partial=True)


def upsert(call: Call, type_name: str) -> Answer:
    """Change the record with a unique value, or make it; `new` says which."""
    kind = writable(call, type_name)
    view = View(call, kind)
    inputs = inputs_of(call.json())
    if not all(given.get("idProperty") for given in inputs):
        raise HubError.invalid("Some required fields were not set: [idProperty]")
    names = {str(given["idProperty"]) for given in inputs}
    _check_keys(call, kind, names - {"email"} if kind.name == "contacts" else names)

    def one(given: JSON) -> JSON:
        key, name, properties = id_in(given), given["idProperty"], mapping_in(given, "properties")
        item = call.portal.schema.property(kind.name, str(name))
        record = call.portal.store.tables[kind.name].find(item.name, key) if item else None
        if record is not None:
            return {**view.written(change(call, record, properties), properties), "new": False}
        return {**view.written(make(call, kind, {**properties, str(name): key}, None)), "new": True}

    return _each(call, inputs, one, status=200, partial=True)


def archive(call: Call, type_name: str) -> Answer:
    """Into the recycle bin; ids that lead nowhere are ignored."""
    kind = writable(call, type_name)
    for given in inputs_of(call.json()):
        record = call.portal.store.get(kind.name, id_in(given))
        if record is not None and call.access.sees(record):
            put_away(call, record)
    return Answer(204)


def answer_of(call: Call, results: Sequence[JSON], errors: Sequence[JSON], *, status: int = 200) -> Answer:
    """A batch answer: with errors it is a 207, or from 2026-09 on an ordinary one that holds them."""
    now = instant(call.portal.now())
    body: JSON = {"status": "COMPLETE", "results": list(results), "startedAt": now, "completedAt": now}
    if errors:
        body |= {"numErrors": len(errors), "errors": list(errors)}
    return Answer(207 if errors and not call.strict else status, body)


def missing(kind: ObjectType, ids: Sequence[str]) -> JSON:
    """The entry of `errors` for ids that lead nowhere."""
    return _entry(HubError(404, "OBJECT_NOT_FOUND", _lost(kind), context={"ids": list(ids)}), {})


def _each(call: Call, inputs: Sequence[JSON], one: Callable[[JSON], JSON], *, status: int, partial: bool) -> Answer:
    """Run `one` for every input; what fails is undone, and without `partial` everything else with it."""
    results, errors = list[JSON](), list[JSON]()
    for given in inputs:
        try:
            with call.portal.store.transaction():
                done = one(given)
        except HubError as error:
            if not partial:
                raise
            errors.append(_entry(error, given))
        else:
            results.append({**done, _TRACE: given[_TRACE]} if given.get(_TRACE) else done)
    return answer_of(call, results, errors, status=status)


def _entry(error: HubError, given: JSON) -> JSON:
    """A refusal as an entry of `errors`; hubspot-api-client insists on `links`, `context` and `errors`."""
    context = {name: list(values) for name, values in (error.context or {}).items()}
    if given.get(_TRACE):
        context[_TRACE] = [str(given[_TRACE])]
    return {
        "status": "error",
        "category": error.category or "OBJECT_NOT_FOUND",
        "message": error.message,
        "context": context,
        "errors": list(error.errors),
        "links": {},
    }


def _lost(kind: ObjectType) -> str:
    return f"Could not get some {kind.constant} objects, they may be deleted or not exist. Check that ids are valid."


def _check_keys(call: Call, kind: ObjectType, names: Iterable[str]) -> None:
    """Refuse a whole batch for a property that is no key, as HubSpot does (segmentio/action-destinations#3957).

    That e-mail is none in a batch update is in hubspot-api-nodejs#548.
    """
    for name in sorted(names):
        item = call.portal.schema.property(kind.name, name)
        if item is None or not item.unique or name == "email":
            text = f"Unable to perform update/upsert by non-unique {kind.id} property {name[:100]} in portal ID"
            raise HubError.invalid(f"{text} {call.portal.hub_id}")


def _lookup(call: Call, kind: ObjectType, key: str, name: str, *, archived: bool) -> Record | None:
    if name and name != "hs_object_id":
        return by_unique(call, kind, name, key)
    found = call.portal.store.get(kind.name, key)
    return found if found and bool(found.archived_at) == archived and call.access.sees(found) else None
