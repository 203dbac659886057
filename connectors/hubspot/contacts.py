"""The contacts of many tickets: a sync must know their names to mask them in the text that is embedded."""

from collections.abc import Sequence

from connectors.errors import ConnectorError, Forbidden
from connectors.hubspot import records
from connectors.hubspot.answers import JSON, rows_of
from connectors.hubspot.client import Call, Client
from connectors.hubspot.guard import inputs, parts, read_call
from connectors.hubspot.schema import Facts
from connectors.interfaces import Record

CONTACTS = "contacts"
_PREFIX = f"{CONTACTS}."


def wanted(fields: Sequence[str]) -> tuple[list[str], list[str]]:
    """The properties of the object itself, and those of its contacts ("contacts.firstname")."""
    own = [name for name in fields if not name.startswith(_PREFIX)]
    return own, [name.removeprefix(_PREFIX) for name in fields if name.startswith(_PREFIX)]


def contacts_of(client: Client, facts: Facts, tickets: Sequence[str], names: Sequence[str]) -> list[Record]:
    """The contacts of these tickets, each once; none when this user may not read contacts.

    No rule applies to them: they are shown to nobody, and a name that is not known is not masked.
    """
    if not tickets or not names:
        return []
    path = client.routes.associations_of_many(records.TICKETS, CONTACTS)
    links = _allowed(client, [Call("POST", path, body={"inputs": inputs(part)}) for part in parts(tickets)])
    told = [end for answer in links for row in answer.get("results") or [] for end in row.get("to") or []]
    ids = list(dict.fromkeys(str(end.get("toObjectId") or end.get("id") or "") for end in told))
    reads = [
        read_call(client, CONTACTS, part, records.asked(CONTACTS, names)) for part in parts([id_ for id_ in ids if id_])
    ]
    rows = [row for answer in _allowed(client, reads) for row in rows_of(answer)]
    return [records.record(CONTACTS, row, names, facts) for row in rows]


def _allowed(client: Client, calls: Sequence[Call]) -> list[JSON]:
    """The answers to reads that this user may make.

    Raises:
        ConnectorError: HubSpot did not say.
    """
    answers = []
    for outcome in client.together(calls):
        if isinstance(outcome, Forbidden):
            continue
        if isinstance(outcome, ConnectorError):
            raise outcome
        answers.append(outcome)
    return answers
