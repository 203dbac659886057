"""Reading as the user: a record with thread and people in one round trip, any mix of records in one more."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.errors import NotFound
from connectors.interfaces import Bundle, Record, RecordRef
from connectors.salesforce import files, mails, marker, readers, records, threads
from connectors.salesforce.answers import records_of
from connectors.salesforce.client import Client
from connectors.salesforce.composite import MAX_QUERIES, Answer, Sub, query
from connectors.salesforce.describe import Shapes
from connectors.salesforce.pages import all_rows
from connectors.salesforce.schema import Schema
from connectors.salesforce.soql import QUERY_IDS, id_list, literal, object_name, record_id, select

_ROOT = "root"
_MARKERS = "markers"
_FILES = "files"

Fields = Mapping[str, Sequence[str]]


def read(client: Client, schema: Schema, ref: RecordRef, fields: Fields) -> Bundle:
    """`Session.read`: see there."""
    root, id_ = object_name(ref.object), record_id(ref.id)
    kind = schema.catalogue.kind
    children = schema.catalogue.thread(root, fields)
    fields = {root: (), **dict.fromkeys(children, ()), **fields}
    root_paths = (*kind(root).paths(fields[root]), *records.root_paths(root, fields))
    paths = {name: (*kind(name).paths(wanted), *records.identity(name)) for name, wanted in fields.items()}
    paths |= {root: root_paths} | ({files.LINK: files.LINK_PATHS} if files.OBJECT in fields else {})

    def build(shapes: Shapes) -> list[Sub]:
        if not shapes.get(root):
            return []
        where = _and(f"Id = {literal(id_)}", kind(root).condition(root, shapes))
        subs = [query(_ROOT, select(records.shown(root_paths, root, shapes), root, where))]
        subs += threads.queries(schema.catalogue, children, id_, paths, shapes)
        if shapes.get(marker.MARKER):
            subs.append(marker.by_record(_MARKERS, id_))
        if files.OBJECT in fields and (links := files.links(_FILES, id_, shapes)):
            subs.append(links)
        return subs

    shapes, answers = schema.ask(paths, build)
    found = records_of(answers[_ROOT].result()) if _ROOT in answers else []
    if not found:
        raise NotFound("no such record for this user", code="NOT_FOUND")
    row = found[0]
    record = records.record(kind(root), root, row, fields[root], shapes)
    attached, unread = _files(client, answers, record.ref, fields)
    rows, more = threads.collect(client, children, answers)
    customer = readers.addresses(*(records.scalar(row, path) for path in readers.CUSTOMER_PATHS.get(root, ())))
    thread, cut = threads.in_order(
        schema.catalogue, rows, record.ref, fields, shapes, customer=customer, attached=attached
    )
    marks = marker.parse(records_of(answers[_MARKERS].result())) if _MARKERS in answers else []
    written = {target for mark in marks for target in mark.targets if target != id_}
    drafted = {str(mail["Id"]) for mail in rows.get(mails.OBJECT, ()) if mails.is_own(mail)}
    return Bundle(
        record=replace(record, parent=None, audience=readers.of_root(root, row)),
        thread=thread,
        people=(*records.people(root, row, fields, shapes), *records.named(rows, shapes)),
        truncated=more or cut,
        own_writes=frozenset(written | drafted),
        unread=unread,
    )


def reread(client: Client, schema: Schema, refs: Sequence[RecordRef], fields: Fields) -> dict[RecordRef, Record]:
    """`Session.reread`: see there. One round trip while there are at most five objects and 200 records of each.

    Who else reads them is not told: that hangs on the record at hand, which is not known here.
    """
    groups: dict[str, dict[str, RecordRef]] = {}
    for ref in refs:
        groups.setdefault(object_name(ref.object), {})[record_id(ref.id)] = ref
    parts = [
        (name, list(group)[start : start + QUERY_IDS])
        for name, group in groups.items()
        for start in range(0, len(group), QUERY_IDS)
    ]
    found: dict[RecordRef, Record] = {}
    kind = schema.catalogue.kind
    for start in range(0, len(parts), MAX_QUERIES):
        batch = parts[start : start + MAX_QUERIES]
        paths = {name: kind(name).paths(fields.get(name, ())) for name, _ in batch}

        def build(
            shapes: Shapes, batch: Sequence[tuple[str, list[str]]] = batch, paths: Mapping[str, Sequence[str]] = paths
        ) -> list[Sub]:
            subs: list[Sub] = []
            for number, (name, ids) in enumerate(batch):
                if shapes.get(name):
                    where = _and(f"Id IN {id_list(ids)}", kind(name).condition(name, shapes))
                    soql = select(records.shown(paths[name], name, shapes), name, where)
                    subs.append(query(f"q{number}", soql, kind(name).resource(name, shapes)))
            return subs

        shapes, answers = schema.ask(paths, build)
        for number, (name, _) in enumerate(batch):
            rows = all_rows(client, answers.get(f"q{number}"))
            made = [records.record(kind(name), name, row, fields.get(name, ()), shapes) for row in rows]
            named = {groups[name].get(record.ref.id, record.ref): record for record in made}
            if name == files.OBJECT:
                named = files.filled(client, named, {str(row["Id"]): row for row in rows}, fields.get(name, ()))
            found |= named
    return found


def recent(client: Client, schema: Schema, object_: str, fields: Sequence[str], limit: int) -> list[Record]:
    """`Session.recent`: see there."""
    name = object_name(object_)
    how = schema.catalogue.kind(name)
    paths = how.paths(fields)

    def build(shapes: Shapes) -> list[Sub]:
        if not shapes.get(name):
            return []
        tail = f"ORDER BY LastModifiedDate DESC LIMIT {int(limit)}"
        return [query(_ROOT, select(records.shown(paths, name, shapes), name, how.condition(name, shapes), tail))]

    shapes, answers = schema.ask({name: paths}, build)
    rows = all_rows(client, answers.get(_ROOT), limit)
    return [records.record(how, name, row, fields, shapes) for row in rows]


def _files(
    client: Client, answers: Mapping[str, Answer], parent: RecordRef, fields: Fields
) -> tuple[list[Record], int]:
    rows = records_of(answers[_FILES].result()) if _FILES in answers else []
    return files.of_record(client, rows, parent, fields.get(files.OBJECT, ()))


def _and(*conditions: str) -> str:
    return " AND ".join(filter(None, conditions))
