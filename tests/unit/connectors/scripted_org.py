"""A scripted Salesforce of some objects with some rows, for tests of reading."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from connectors.salesforce.catalogue import catalogue
from connectors.salesforce.schema import Schema
from tests.unit.connectors.scripted import NOT_FOUND, Answer, Bench, composite, describe

STAMP = "2026-11-24T05:53:54.000+0000"
STAMPS = dict.fromkeys(("Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"), ())

Fields = Mapping[str, str | tuple[str, ...]]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


class Org:
    """An org of some objects: fields by object, rows by the name of the query (an object, or "root")."""

    def __init__(self, objects: Mapping[str, Fields], rows: Rows, deleted: Answer = NOT_FOUND) -> None:
        self._objects = objects
        self._rows = rows
        self._deleted = deleted
        self.queries: list[str] = []
        self.requests: list[int] = []

    def __call__(self, method: str, url: str, body: Any) -> Answer:  # noqa: ANN401 - any JSON
        """Describes, queries, the delete log."""
        if method == "GET":
            return self._deleted
        if "describe" not in body["compositeRequest"][0]["url"]:
            self.requests.append(len(body["compositeRequest"]))
        return composite(self._sub)(method, url, body)

    def _sub(self, sub: Mapping[str, Any]) -> Answer:
        name = sub["referenceId"]
        if "describe" in sub["url"]:
            fields = self._objects.get(name)
            return describe(name, {**STAMPS, **fields}) if fields is not None else NOT_FOUND
        self.queries.append(unquote(sub["url"].partition("/services/data/v66.0/")[2]))
        rows = self._rows.get(name, ())
        return 200, {"records": rows, "done": True, "totalSize": len(rows)}

    def bench(self, objects: Mapping[str, Mapping[str, Any]] | None = None) -> Bench:
        """A client on this org, of an installation with these custom objects."""
        bench = Bench(self)
        bench.schema = Schema(bench.client, bench.cache, catalogue(objects or {}))
        return bench

    def query(self, object_: str) -> str:
        """The one query on an object."""
        (found,) = [query for query in self.queries if f" FROM {object_} " in query]
        return found


def row(id_: str, **fields: object) -> dict[str, Any]:
    """A row with stamps."""
    return {"Id": id_, "CreatedDate": STAMP, "LastModifiedDate": STAMP, "SystemModstamp": STAMP, **fields}
