"""The configured rule applied to what an account-level token reads; with a user-level token HubSpot has decided.

An activity (a mail, note, call or task) is seen by who sees one of its tickets, however many companies and contacts it
hangs on as well: nobody gets round the rule for tickets that way. One without a ticket is seen by who sees everything
that it hangs on. So what activities hang on is looked up.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.errors import ConnectorError, Forbidden
from connectors.hubspot import access, records
from connectors.hubspot.answers import JSON, MISSING_SCOPES, errors_of, rows_of
from connectors.hubspot.client import Call, Client
from connectors.hubspot.schema import Schema

BATCH = 100
"""Records in one batch request (contract, 2.4)."""

HOLDERS = (records.TICKETS, "deals", "companies", "contacts")
"""Objects that activities hang on."""
_NOBODY_KNOWS = ("",)
"""In place of ids that HubSpot did not tell: nobody sees a record without an id."""

Rows = Mapping[str, Mapping[str, JSON]]
"""Object -> id -> row."""
Held = Mapping[str, Sequence[str]]
"""Object that an activity hangs on -> ids there, ascending."""
Parents = Mapping[str, Mapping[str, Held]]
"""Object -> id of an activity -> what it hangs on."""


@dataclass(frozen=True, slots=True)
class Look:
    """A call that tells which records of `holder` the activities `ids` of `object` hang on."""

    object: str
    ids: Sequence[str]
    holder: str
    call: Call


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

    def looks(self, object_: str, ids: Sequence[str], near: Sequence[str] = ()) -> list[Look]:
        """What tells where activities hang: on tickets and on the `near` objects; with a rule on all. None for others.

        Without a rule that names their parents; with one it decides who sees them.
        """
        if object_ not in access.ENGAGEMENTS:
            return []
        holders = HOLDERS if self.enforces else tuple(dict.fromkeys((records.TICKETS, *near)))
        return [
            Look(object_, part, holder, Call("POST", path, body={"inputs": inputs(part)}))
            for holder in holders
            for path in [self._client.routes.associations_of_many(object_, holder)]
            for part in parts(ids)
        ]

    def keep(self, rows: Rows, parents: Parents) -> dict[str, dict[str, JSON]]:
        """What the rules show of `rows`."""
        if self._rules is None:
            return {object_: dict(found) for object_, found in rows.items()}
        seen = self._holders_seen(rows, parents)
        return {
            object_: {
                id_: row
                for id_, row in found.items()
                if self.sees(object_, row)
                and (object_ not in access.ENGAGEMENTS or _hangs(parents.get(object_, {}).get(id_, {}), seen))
            }
            for object_, found in rows.items()
        }

    def filtered(self, object_: str, rows: Sequence[JSON]) -> list[JSON]:
        """What the rules show of a page of one object."""
        if self._rules is None or not rows:
            return list(rows)
        by_id = {str(row["id"]): row for row in rows}
        looks = self.looks(object_, list(by_id))
        parents = hanging(looks, self._client.together([look.call for look in looks]))
        return list(self.keep({object_: by_id}, parents)[object_].values())

    def _holders_seen(self, rows: Rows, parents: Parents) -> set[tuple[str, str]]:
        """Object and id of what activities hang on, as far as the rules show it. What is not known yet is read."""
        told = {
            (holder, id_)
            for by_id in parents.values()
            for held in by_id.values()
            for holder, id_ in _deciding(held)
            if id_
        }
        known = {(name, id_): row for name in HOLDERS for id_, row in rows.get(name, {}).items()}
        reads = [
            (name, part, read_call(self._client, name, part, self.asked))
            for name in HOLDERS
            for part in parts(sorted(id_ for holder, id_ in told - known.keys() if holder == name))
        ]
        outcomes = self._client.together([call for *_, call in reads]) if reads else []
        for (name, part, _), outcome in zip(reads, outcomes, strict=True):
            known |= {(name, id_): row for id_, row in shown(outcome, part).items()}
        return {(name, id_) for (name, id_), row in known.items() if self.sees(name, row)}


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


def shown(outcome: JSON | ConnectorError, ids: Collection[str], *, strictly: bool = False) -> dict[str, JSON]:
    """The rows of a batch; none when the user may not read the object. `strictly` tells a missing scope apart.

    Raises:
        ConnectorError: HubSpot did not say.
    """
    if isinstance(outcome, Forbidden) and not (strictly and outcome.code == MISSING_SCOPES):
        return {}
    if isinstance(outcome, ConnectorError):
        raise outcome
    return found(outcome, ids)


def hidden_among(ids: Collection[str], outcome: JSON | ConnectorError) -> set[str]:
    """The activities of which HubSpot does not tell where they hang: this user does not see them (any more)."""
    if isinstance(outcome, ConnectorError):
        return set(ids) if isinstance(outcome, Forbidden) else set()
    told = [error.get("context") for error in errors_of(outcome)]
    return {str(id_) for context in told if isinstance(context, dict) for id_ in context.get("ids") or []}


def parents_of(outcomes: Iterable[JSON | ConnectorError]) -> dict[str, list[str]]:
    """Activity -> the records of one object that it hangs on; what is not shown is left out.

    Raises:
        ConnectorError: HubSpot did not say.
    """
    found_: dict[str, set[str]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Forbidden):
            continue
        if isinstance(outcome, ConnectorError):
            raise outcome
        for row in outcome.get("results") or []:
            ids = {str(each.get("toObjectId") or each.get("id") or "") for each in row.get("to") or []}
            found_.setdefault(str((row.get("from") or {}).get("id") or ""), set()).update(ids - {""})
    return {id_: sorted(ids, key=lambda one: (len(one), one)) for id_, ids in found_.items()}


def hanging(
    looks: Sequence[Look], outcomes: Sequence[JSON | ConnectorError]
) -> dict[str, dict[str, dict[str, Sequence[str]]]]:
    """What activities hang on, from the answers to `Guard.looks`. What was refused is not known, and not nothing.

    Raises:
        ConnectorError: HubSpot did not say.
    """
    parents: dict[str, dict[str, dict[str, Sequence[str]]]] = {}
    for look, outcome in zip(looks, outcomes, strict=True):
        told = parents_of([outcome])
        by_id = parents.setdefault(look.object, {})
        for id_ in look.ids:
            ids = _NOBODY_KNOWS if isinstance(outcome, Forbidden) else told.get(id_, ())
            by_id.setdefault(id_, {})[look.holder] = ids
    return parents


def _hangs(held: Held, seen: Collection[tuple[str, str]]) -> bool:
    """Whether the rules show an activity that hangs there."""
    on = _deciding(held)
    return any(one in seen for one in on) if held.get(records.TICKETS) else bool(on) and all(one in seen for one in on)


def _deciding(held: Held) -> list[tuple[str, str]]:
    """Object and id of what decides who sees an activity: its tickets, else all that it hangs on."""
    if tickets := held.get(records.TICKETS):
        return [(records.TICKETS, id_) for id_ in tickets]
    return [(holder, id_) for holder, ids in held.items() for id_ in ids]
