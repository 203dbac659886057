"""The configured rule applied to what an account-level token reads; with a user-level token HubSpot has decided.

An engagement (a mail, note, call or task) is seen by who sees one of its tickets, so their tickets are looked up.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from connectors.errors import ConnectorError, Forbidden
from connectors.hubspot import access, records
from connectors.hubspot.answers import JSON, errors_of, rows_of
from connectors.hubspot.client import Call, Client
from connectors.hubspot.schema import Schema

BATCH = 100
"""Records in one batch request (contract, 2.4)."""

Rows = Mapping[str, Mapping[str, JSON]]
"""Object -> id -> row."""
Parents = Mapping[str, Mapping[str, Sequence[str]]]
"""Object -> id of an engagement -> ids of its tickets, ascending."""


class Guard:
    """What one user may see during one session. `rules` is None for a user-level token."""

    def __init__(self, client: Client, schema: Schema, rules: access.Rules | None) -> None:
        self._client = client
        self._schema = schema
        self._rules = rules

    @property
    def enforces(self) -> bool:
        """Whether a rule stands between the token and this user."""
        return self._rules is not None

    @property
    def asked(self) -> Sequence[str]:
        """Properties that the rule needs of every record."""
        return access.PROPERTIES if self._rules else ()

    def sees(self, object_: str, row: JSON) -> bool:
        """Whether the object's own rule shows a row."""
        if self._rules is None:
            return True
        return self._rules.sees(object_, records.properties(row), self._schema.facts().member)

    def parent_calls(self, object_: str, ids: Sequence[str]) -> list[Call]:
        """The calls that tell the tickets of engagements; none for other objects."""
        if object_ not in access.ENGAGEMENTS:
            return []
        path = self._client.routes.associations_of_many(object_, records.TICKETS)
        return [Call("POST", path, body={"inputs": inputs(part)}) for part in parts(ids)]

    def keep(self, rows: Rows, parents: Parents) -> dict[str, dict[str, JSON]]:
        """What the rules show of `rows`: engagements only with a ticket that the user sees."""
        if self._rules is None:
            return {object_: dict(found) for object_, found in rows.items()}
        tickets = rows.get(records.TICKETS, {})
        unknown = {id_ for found in parents.values() for ids in found.values() for id_ in ids} - tickets.keys()
        known = {**tickets, **self._tickets(sorted(unknown))}
        seen = {id_ for id_, row in known.items() if self.sees(records.TICKETS, row)}
        return {
            object_: {
                id_: row
                for id_, row in found.items()
                if self.sees(object_, row)
                and (object_ not in access.ENGAGEMENTS or seen.intersection(parents.get(object_, {}).get(id_, ())))
            }
            for object_, found in rows.items()
        }

    def filtered(self, object_: str, rows: Sequence[JSON]) -> list[JSON]:
        """What the rules show of a page of one object."""
        if self._rules is None or not rows:
            return list(rows)
        by_id = {str(row["id"]): row for row in rows}
        parents = parents_of(self._client.together(self.parent_calls(object_, list(by_id))))
        return list(self.keep({object_: by_id}, {object_: parents})[object_].values())

    def _tickets(self, ids: Sequence[str]) -> dict[str, JSON]:
        if not ids:
            return {}
        calls = [read_call(self._client, records.TICKETS, part, self.asked) for part in parts(ids)]
        return {id_: row for answer in self._client.all_of(calls) for id_, row in found(answer, ids).items()}


def read_call(client: Client, object_: str, ids: Sequence[str], properties: Iterable[str]) -> Call:
    """Reads up to `BATCH` records by id."""
    body = {"inputs": inputs(ids), "properties": list(properties), "propertiesWithHistory": []}
    return Call("POST", client.routes.objects(object_, "batch", "read"), body=body)


def inputs(ids: Sequence[str]) -> list[JSON]:
    """The ids of a batch request."""
    return [{"id": id_} for id_ in ids]


def parts(ids: Sequence[str]) -> list[Sequence[str]]:
    """`ids` in batches."""
    return [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]


def found(answer: JSON, ids: Collection[str]) -> dict[str, JSON]:
    """Rows by id. A merged record answers with its survivor, under another id: that is not what was asked for."""
    return {str(row["id"]): row for row in rows_of(answer) if str(row["id"]) in ids and not row.get("archived")}


def hidden_among(ids: Collection[str], outcome: JSON | ConnectorError) -> set[str]:
    """The engagements whose tickets HubSpot does not tell because this user does not see them (any more)."""
    if isinstance(outcome, ConnectorError):
        return set(ids) if isinstance(outcome, Forbidden) else set()
    told = [error.get("context") for error in errors_of(outcome)]
    return {str(id_) for context in told if isinstance(context, dict) for id_ in context.get("ids") or []}


def parents_of(outcomes: Iterable[JSON | ConnectorError]) -> dict[str, list[str]]:
    """Engagement -> its tickets, from the answers to `Guard.parent_calls`; what is not shown is left out.

    Raises:
        ConnectorError: HubSpot did not say.
    """
    tickets: dict[str, set[str]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Forbidden):
            continue
        if isinstance(outcome, ConnectorError):
            raise outcome
        for row in outcome.get("results") or []:
            ids = {str(each.get("toObjectId") or each.get("id") or "") for each in row.get("to") or []}
            tickets.setdefault(str((row.get("from") or {}).get("id") or ""), set()).update(ids - {""})
    return {id_: sorted(found_, key=lambda ticket: (len(ticket), ticket)) for id_, found_ in tickets.items()}
