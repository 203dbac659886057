"""What a write leaves in HubSpot: records under its keys, or with its texts. Never asked of the search, which lags."""

from collections.abc import Callable, Sequence

from connectors.errors import Forbidden, NotFound
from connectors.hubspot import records, targets
from connectors.hubspot.answers import JSON, next_page, rows_of
from connectors.hubspot.belonging import ASSOCIATIONS
from connectors.hubspot.client import Call, Client
from connectors.hubspot.guard import BATCH, inputs, parents_of, parts, read_call
from connectors.hubspot.schema import KEY_PROPERTY
from connectors.interfaces import Write


class Traces:
    """Looks for the traces of writes as one user."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def looks(self, write: Write, *, keyed: bool) -> Sequence[Callable[[Write], list[str]]]:
        """The ways to look for a write, to be tried one after the other before it counts as absent.

        Without the property the text twice: associations are read from replicas. With it the text after the key:
        whoever sent the write may not have known of the property yet.
        """
        if not keyed:
            return (self.by_text, self.by_text)
        marked = all(write.key in values["body"] for values in write.values)
        return (self.by_key, self._by_text_if_seen) if marked else (self.by_key,)

    def by_key(self, write: Write) -> list[str]:
        """Ids of the records that carry the write's keys, as far as they are there; never from the search index."""
        object_ = targets.written_object(write)
        body = {
            "idProperty": KEY_PROPERTY,
            "inputs": [{"id": key} for key in targets.keys(write)],
            "properties": [KEY_PROPERTY],
            "propertiesWithHistory": [],
        }
        path = self._client.routes.objects(object_, "batch", "read")
        rows = rows_of(self._client.one(Call("POST", path, body=body)))
        return ids_by_key({"results": rows}, write)

    def unlinked(self, write: Write, ids: Sequence[str]) -> list[str]:
        """Those of `ids` that are not (seen to be) associated with the record."""
        object_ = targets.written_object(write)
        path = self._client.routes.associations_of_many(object_, write.record.object)
        linked = parents_of([self._client.one(Call("POST", path, body={"inputs": inputs(ids)}))])
        return [id_ for id_ in ids if write.record.id not in linked.get(id_, ())]

    def by_text(self, write: Write) -> list[str]:
        """Ids of the records on it that carry the write's texts with their visible key."""
        object_ = targets.written_object(write)
        path = self._client.routes.associations(write.record.object, write.record.id, object_)
        ids: list[str] = []
        after = ""
        while True:
            query = {"limit": str(ASSOCIATIONS), **({"after": after} if after else {})}
            page = self._client.one(Call("GET", path, query))
            ids += [str(each.get("toObjectId") or "") for each in page.get("results") or []]
            after = next_page(page)
            if not after:
                break
        newest = sorted({id_ for id_ in ids if id_.isdigit()}, key=int, reverse=True)[: 2 * BATCH]
        body = targets.body_property(object_)
        calls = [read_call(self._client, object_, part, [body]) for part in parts(newest)]
        rows = [row for answer in self._client.all_of(calls) for row in rows_of(answer) if not row.get("archived")]
        matched: list[str] = []
        for values in write.values:
            text = records.plain(targets.markup(values["body"]))
            same = [
                str(row["id"]) for row in rows if records.plain(records.text(records.properties(row), body)) == text
            ]
            matched += next(([id_] for id_ in same if id_ not in matched), [])
        return matched

    def _by_text_if_seen(self, write: Write) -> list[str]:
        try:
            return self.by_text(write)
        except (Forbidden, NotFound):  # she does not see the record any more: then the key alone decides
            return []


def ids_by_key(answer: JSON, write: Write) -> list[str]:
    """Ids of a batch answer's records that carry the write's keys, in their order."""
    rows = answer.get("results")
    ids = {
        records.text(records.properties(row), KEY_PROPERTY): str(row["id"])
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and row.get("id") and not row.get("archived")
    }
    return [ids[key] for key in targets.keys(write) if key in ids]


def ids_of(answer: JSON) -> list[str]:
    """Ids of all records of a batch answer."""
    rows = answer.get("results")
    return [str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id")] if isinstance(rows, list) else []
