"""`composite/tree`: records with their children in one body; all are created or none."""

from collections.abc import Mapping
from typing import Final

from connectors.sandbox.salesforce.call import Answer, Call, listed, object_of
from connectors.sandbox.salesforce.errors import ApiError, bad_input
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.values import Json

MAX_RECORDS: Final = 200
MAX_LEVELS: Final = 5


class _RefusedError(Exception):
    """One record of the tree was refused."""

    def __init__(self, reference: str, cause: ApiError) -> None:
        super().__init__(cause.code)
        self.reference = reference
        self.cause = cause


def create_tree(call: Call, name: str) -> Answer:
    """`POST composite/tree/X`: 200 records in all and five levels at most."""
    kind, body = call.kind(name), call.json_object()
    planter = _Planter(call)
    try:
        with call.org.store.transaction():
            for item in listed(body, "records", MAX_RECORDS):
                planter.plant(kind, object_of(item), {}, level=1)
    except _RefusedError as error:
        failure = {"referenceId": error.reference, "errors": [error.cause.save_error()]}
        return Answer(400, {"hasErrors": True, "results": [failure]})
    return Answer(201, {"hasErrors": False, "results": planter.results})


class _Planter:
    def __init__(self, call: Call) -> None:
        self._call = call
        self._references: set[str] = set()
        self.results: list[Json] = []

    def plant(self, kind: ObjectType, record: Json, link: Mapping[str, object], *, level: int) -> None:
        """Create a record, tied to its parent by `link`, and then its children."""
        attributes = object_of(record.get("attributes") or {})
        reference = str(attributes.get("referenceId") or "")
        children = {key: value for key, value in record.items() if isinstance(value, dict) and "records" in value}
        values = {key: value for key, value in record.items() if key not in children}
        try:
            self._refuse(kind, attributes, reference, level)
            record_id = self._call.writer.create(kind, values | dict(link))
            below = [
                (self._relationship(kind, key), listed(value, "records", MAX_RECORDS))
                for key, value in children.items()
            ]
        except ApiError as error:
            raise _RefusedError(reference, error) from error
        self._references.add(reference)
        self.results.append({"referenceId": reference, "id": record_id})
        for (child, lookup), items in below:
            for item in items:
                self.plant(child, object_of(item), {lookup: record_id}, level=level + 1)

    def _refuse(self, kind: ObjectType, attributes: Json, reference: str, level: int) -> None:
        if not reference or reference in self._references or attributes.get("type") not in {kind.name, None}:
            raise bad_input("Every record of a tree needs attributes with its type and a referenceId of its own")
        if level > MAX_LEVELS or len(self._references) >= MAX_RECORDS:
            raise ApiError(400, "LIMIT_EXCEEDED", "A tree may hold 200 records and be five levels deep")

    def _relationship(self, kind: ObjectType, name: str) -> tuple[ObjectType, str]:
        for child, lookup in self._call.org.schema.children(kind.name):
            if lookup.child_relationship.lower() == name.lower():
                return self._call.kind(child.name), lookup.name
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}", (name,))
