"""What hangs on a record: one query for each object, and the rows of all of them put in order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.interfaces import Audience, Record, RecordRef
from connectors.salesforce import readers, records
from connectors.salesforce.catalogue import THREAD_LIMIT, Catalogue, Child
from connectors.salesforce.client import Client
from connectors.salesforce.composite import Answer, Sub, query
from connectors.salesforce.describe import Shapes
from connectors.salesforce.pages import all_rows
from connectors.salesforce.soql import select

_EPOCH = datetime.min.replace(tzinfo=UTC)

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Object -> rows, newest first."""


def queries(
    catalogue: Catalogue, children: Mapping[str, Child], id_: str, paths: Mapping[str, Sequence[str]], shapes: Shapes
) -> list[Sub]:
    """One query for each object that this user sees, named like the object: the newest, and one to know of more."""
    subs: list[Sub] = []
    for name, child in children.items():
        found = child.condition(id_, name, shapes)
        if not found:
            continue
        how = catalogue.kind(name)
        where = " AND ".join(filter(None, (found, how.condition(name, shapes))))
        tail = f"ORDER BY {records.shown(how.at, name, shapes)[0]} DESC LIMIT {child.most + 1}"
        soql = select(records.shown(paths[name], name, shapes), name, where, tail)
        subs.append(query(name, soql, how.resource(name, shapes)))
    return subs


def collect(client: Client, children: Mapping[str, Child], answers: Mapping[str, Answer]) -> tuple[Rows, bool]:
    """The rows of the queries, and whether there are more of any than were read."""
    asked = {name: child for name, child in children.items() if name in answers}
    more = any(int(answers[name].result().get("totalSize") or 0) > child.most for name, child in asked.items())
    return {name: all_rows(client, answers[name], child.most) for name, child in asked.items()}, more


def in_order(
    catalogue: Catalogue,
    rows: Rows,
    root: RecordRef,
    fields: Mapping[str, Sequence[str]],
    shapes: Shapes,
    *,
    customer: frozenset[str],
    attached: Sequence[Record],
) -> tuple[tuple[Record, ...], bool]:
    """The thread of `root` with its files, oldest first, and whether it is cut.

    Whatever hangs on `root` says so (`parent`), also what names another record first: a task of one of its cases.
    What is shared for itself (cases, people, tasks) counts as seen by nobody else.
    """
    thread = list(attached)
    for name, found in rows.items():
        how = catalogue.kind(name)
        for row in found:
            made = records.record(how, name, row, fields[name], shapes)
            follows = root.object == "Case" and made.parent == root
            audience = readers.of_child(name, row, customer) if follows else Audience.AGENT
            thread.append(replace(made, parent=root, audience=audience))
    thread.sort(key=lambda record: (record.at or _EPOCH, record.ref.id))
    return tuple(thread[-THREAD_LIMIT:]), len(thread) > THREAD_LIMIT
