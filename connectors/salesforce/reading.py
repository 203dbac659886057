"""Reading as the user: a case with thread and people in one round trip, any mix of records in one more."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.errors import NotFound, Retriable
from connectors.interfaces import Bundle, Record, RecordRef
from connectors.salesforce import files, marker, records
from connectors.salesforce.answers import records_of
from connectors.salesforce.client import Client
from connectors.salesforce.composite import MAX_QUERIES, Answer, Sub, query
from connectors.salesforce.describe import Shapes, visible
from connectors.salesforce.schema import Schema
from connectors.salesforce.soql import QUERY_IDS, id_list, literal, object_name, record_id, select

THREAD_LIMIT = 2_000
"""Newest messages that are read of a thread: what one page of a query can hold (contract, 1.4)."""

_ROOT = "root"
_MARKERS = "markers"
_FILES = "files"
_EPOCH = datetime.min.replace(tzinfo=UTC)

Fields = Mapping[str, Sequence[str]]


def read(client: Client, schema: Schema, ref: RecordRef, fields: Fields) -> Bundle:
    """`Session.read`: see there."""
    root, id_ = object_name(ref.object), record_id(ref.id)
    own, kind = literal(id_), schema.catalogue.kind
    threads = schema.catalogue.thread(root, fields)
    fields = {root: (), **dict.fromkeys(threads, ()), **fields}
    relations = records.PEOPLE.get(root, {})
    asked = [path for relation in relations for path in records.person_paths(root, relation, fields)]
    root_paths = (*kind(root).paths(fields[root]), *asked)
    paths = {name: kind(name).paths(wanted) for name, wanted in fields.items()} | {root: root_paths}
    if files.OBJECT in fields:
        paths |= {files.LINK: files.LINK_PATHS}

    def build(shapes: Shapes) -> list[Sub]:
        if not shapes.get(root):
            return []
        where = _and(f"Id = {own}", kind(root).condition(root, shapes))
        subs = [query(_ROOT, select(records.shown(root_paths, root, shapes), root, where))]
        for name, lookup in threads.items():
            if visible(lookup, name, shapes):
                how = kind(name)
                soql = select(
                    records.shown(paths[name], name, shapes),
                    name,
                    _and(f"{lookup} = {own}", how.condition(name, shapes)),
                    f"ORDER BY {records.shown(how.at, name, shapes)[0]} DESC LIMIT {THREAD_LIMIT + 1}",
                )
                subs.append(query(name, soql, how.resource(name, shapes)))
        if shapes.get(marker.MARKER):
            subs.append(marker.by_record(_MARKERS, id_))
        if files.OBJECT in fields and (links := files.links(_FILES, id_, shapes)):
            subs.append(links)
        return subs

    shapes, answers = schema.ask(paths, build)
    rows = records_of(answers[_ROOT].result()) if _ROOT in answers else []
    if not rows:
        raise NotFound("no such record for this user", code="NOT_FOUND")
    pages = {name: answer for name, answer in answers.items() if name in threads}
    attached, unread = _files(client, answers, RecordRef(records.CRM, root, str(rows[0]["Id"])), fields)
    thread, truncated = _thread(client, schema, pages, fields, shapes, attached=attached)
    marks = marker.parse(records_of(answers[_MARKERS].result())) if _MARKERS in answers else []
    return Bundle(
        record=records.record(kind(root), root, rows[0], fields[root], shapes),
        thread=thread,
        people=tuple(records.people(root, rows[0], fields, shapes)),
        truncated=truncated,
        own_writes=frozenset(target for mark in marks for target in mark.targets if target != id_),
        unread=unread,
    )


def reread(client: Client, schema: Schema, refs: Sequence[RecordRef], fields: Fields) -> dict[RecordRef, Record]:
    """`Session.reread`: see there. One round trip while there are at most five objects and 200 records of each."""
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


def all_rows(client: Client, answer: Answer | None, limit: int | None = None) -> list[dict[str, Any]]:
    """The rows of a query, following its pages (Salesforce may cut them anywhere) up to `limit` rows."""
    if answer is None:
        return []
    page = answer.result()
    rows = records_of(page)
    while not page.get("done", True) and (limit is None or len(rows) < limit):
        page = next_page(client, page)
        rows += records_of(page)
    return rows if limit is None else rows[:limit]


def next_page(client: Client, page: Mapping[str, Any]) -> Mapping[str, Any]:
    """The next page: the locator alone is taken from the answer, never a host.

    Raises:
        Retriable: the cursor is gone, or a record of a later page is, which says nothing about what was asked for.
    """
    locator = str(page.get("nextRecordsUrl", "")).rstrip("/").rpartition("/")[2]
    try:
        found: Mapping[str, Any] = client.get(f"query/{locator}")
    except NotFound as gone:
        raise Retriable("records went away while they were read", code=gone.code) from None
    return found


def _files(
    client: Client, answers: Mapping[str, Answer], parent: RecordRef, fields: Fields
) -> tuple[list[Record], int]:
    rows = records_of(answers[_FILES].result()) if _FILES in answers else []
    return files.of_record(client, rows, parent, fields.get(files.OBJECT, ()))


def _thread(
    client: Client,
    schema: Schema,
    pages: Mapping[str, Answer],
    fields: Fields,
    shapes: Shapes,
    *,
    attached: Sequence[Record],
) -> tuple[tuple[Record, ...], bool]:
    thread = list(attached)
    truncated = False
    for name, answer in pages.items():
        truncated = truncated or int(answer.result().get("totalSize") or 0) > THREAD_LIMIT
        rows = all_rows(client, answer, THREAD_LIMIT)
        how = schema.catalogue.kind(name)
        thread += [records.record(how, name, row, fields[name], shapes) for row in rows]
    thread.sort(key=lambda record: (record.at or _EPOCH, record.ref.id))
    return tuple(thread[-THREAD_LIMIT:]), truncated or len(thread) > THREAD_LIMIT


def _and(*conditions: str) -> str:
    return " AND ".join(filter(None, conditions))
