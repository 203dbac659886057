"""The search resources: SOSL and its parameterised form, over the fields and records that the user may see."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl

from connectors.sandbox.salesforce import soql
from connectors.sandbox.salesforce.call import Answer, Call, object_of
from connectors.sandbox.salesforce.errors import no_such_type
from connectors.sandbox.salesforce.schema import Field, ObjectType
from connectors.sandbox.salesforce.soql_parser import parse
from connectors.sandbox.salesforce.sosl import (
    MAX_RESULTS,
    Search,
    Target,
    make_search,
    make_target,
    malformed,
    parse_sosl,
)
from connectors.sandbox.salesforce.values import Json, Row, text_of

_ENVELOPE_SINCE: Final = 37.0
_TEXTS: Final = frozenset({"string", "textarea", "email", "phone", "url", "picklist"})
_GROUP_TYPES: Final = {"EMAIL": {"email"}, "PHONE": {"phone"}, "NAME": set[str](), "SIDEBAR": {"email", "phone"}}


def sosl(call: Call) -> Answer:
    """`GET search?q=FIND {…}`."""
    text = call.query.get("q", "")
    if not text.strip():
        raise malformed("SOSL statement is required in the parameter q")
    return _answer(call, parse_sosl(text))


def parameterized(call: Call) -> Answer:
    """`parameterizedSearch`, by GET with `sobject=X&X.fields=…` or by POST with a JSON object."""
    body = call.json_object() if call.method == "POST" else _from_query(call.query_string)
    words = body.get("q")
    if not isinstance(words, str) or not words.strip():
        raise malformed("The search needs q")
    default = body.get("defaultLimit")
    shared = body.get("fields") or ()
    listed = body.get("sobjects") or ()
    if not isinstance(listed, list | tuple):
        raise malformed("sobjects must be a list")
    targets = [_parameterized_target(object_of(item), shared, default) for item in listed]
    return _answer(call, make_search(words, _group(body.get("in")), targets, _limit(body.get("overallLimit"))))


def _from_query(query_string: str) -> Json:
    """The JSON form of the parameters of a GET."""
    pairs = parse_qsl(query_string, keep_blank_values=True)
    single = {name: value for name, value in pairs if name != "sobject"}
    targets: list[Json] = []
    for name in (value for key, value in pairs if key == "sobject"):
        own = {key.partition(".")[2]: value for key, value in single.items() if key.startswith(f"{name}.")}
        targets.append({"name": name, **own})
    return {**single, "sobjects": targets}


def _parameterized_target(item: Json, shared: object, default: object) -> Target:
    name = str(item.get("name") or "")
    fields = item.get("fields") or shared
    listed = (
        fields if isinstance(fields, str) else ", ".join(map(str, fields if isinstance(fields, list | tuple) else ()))
    )
    clauses = [("WHERE", item.get("where")), ("ORDER BY", item.get("orderBy")), ("LIMIT", item.get("limit", default))]
    inner = " ".join([listed or "Id", *(f"{word} {value}" for word, value in clauses if value not in (None, ""))])
    return make_target(name, inner)


def _group(value: object) -> str:
    return str(value or "ALL").upper()


def _limit(value: object) -> int:
    text = str(MAX_RESULTS if value in (None, "") else value)
    if not text.isascii() or not text.isdecimal():
        raise malformed("overallLimit must be a number")
    return int(text[:9])


def _answer(call: Call, search: Search) -> Answer:
    targets = search.targets or tuple(Target(kind.name) for kind in _searchable(call))
    found: list[Json] = []
    for target in targets:
        found += _records(call, search, target)
    found = found[: search.limit]
    return Answer(200, {"searchRecords": found} if float(call.version[1:]) >= _ENVELOPE_SINCE else found)


def _searchable(call: Call) -> Iterator[ObjectType]:
    for kind in call.org.schema.objects.values():
        if kind.searchable and call.org.permissions.visible(call.user_id, kind.name):
            yield kind


def _records(call: Call, search: Search, target: Target) -> list[Json]:
    """The hits in one object: first by words, then by what the target asks for as SOQL."""
    kind, view = call.org.schema.object(target.name), call.view()
    if kind is None or not kind.searchable or not view.visible(kind.name):
        raise no_such_type(target.name)
    condition = f"WHERE {target.where} {target.order}" if target.where else target.order
    select = f"SELECT {target.fields or 'Id'} FROM {kind.name}"  # noqa: S608 - SOQL for our own engine, run with the rights of whoever wrote it
    parse(f"{select} {condition}")
    names = _names(kind, view.visible(kind.name), search.group)
    ids: list[str] = []
    for row in call.org.store.tables[kind.name].rows.values():
        if _hit(row, names, search) and view.sees(kind.name, row):
            ids.append(text_of(row, "Id"))
            if len(ids) >= MAX_RESULTS:
                break
    among = ",".join(f"'{record_id}'" for record_id in ids)
    wanted = f"Id IN ({among})" if ids else "Id = null"
    if target.where:
        wanted += f" AND ({target.where})"
    records = soql.run(view, f"{select} WHERE {wanted} {target.order}", MAX_RESULTS)["records"]
    end = None if target.limit is None else target.offset + target.limit
    return list(records)[target.offset : end] if isinstance(records, list) else []


def _names(kind: ObjectType, visible: frozenset[str], group: str) -> list[str]:
    """The fields of `kind` that a group of fields means, as far as the user sees them."""

    def counts(field: Field) -> bool:
        if group == "ALL":
            return field.type in _TEXTS
        return field.type in _GROUP_TYPES[group] or (group in {"NAME", "SIDEBAR"} and field.name_field)

    return [field.name for field in kind.fields.values() if field.name in visible and counts(field)]


def _hit(row: Row, names: list[str], search: Search) -> bool:
    text = "\n".join([value for name in names if isinstance(value := row.get(name), str)]).casefold()
    return search.match(text)
