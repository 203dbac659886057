"""What hangs on a record: all of a ticket's thread and people; the newest of each object of a company or a contact."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.errors import ConnectorError, Forbidden
from connectors.hubspot import records
from connectors.hubspot.answers import JSON, next_page
from connectors.hubspot.client import Call, Client
from connectors.hubspot.guard import Guard, Look, Parents, hanging, parts, read_call, shown
from connectors.hubspot.roots import NEWEST, ROOTS, THREAD_LIMIT
from connectors.interfaces import RecordRef

ASSOCIATIONS = 500
"""Associations on one page."""
SEARCHED = 200
"""Records on one page of a search."""

Fields = Mapping[str, Sequence[str]]
Found = dict[str, dict[str, JSON]]
"""Object -> id -> row."""


@dataclass(frozen=True, slots=True)
class Links:
    """Ids of what belongs to a record, by object; `cut` are the objects of which HubSpot told only the first ones."""

    ids: Mapping[str, Sequence[str]]
    cut: Sequence[str]

    @classmethod
    def of(cls, row: JSON, objects: Sequence[str]) -> "Links":
        """From the associations inside a record's answer. One record may be linked several times, with labels."""
        told = row.get("associations") or {}
        groups = {name: told.get(name) or {} for name in objects}
        ids = {
            name: list(dict.fromkeys(str(each["id"]) for each in group.get("results") or [] if each.get("id")))
            for name, group in groups.items()
        }
        return cls(ids, [name for name, group in groups.items() if next_page(group)])


class Belonging:
    """Reads what hangs on records as one user during one session. `wanted` are the properties to ask, by object."""

    def __init__(self, client: Client, guard: Guard) -> None:
        self._client = client
        self._guard = guard

    def whole(self, root: RecordRef, links: Links, wanted: Fields) -> Found:
        """Everything behind the links that this user sees, and behind those on further pages.

        One round trip, and one more for each page. Who sees the root, a ticket, sees its activities.
        """
        rows: Found = {name: {} for name in links.ids}
        known = {name: set(ids) for name, ids in links.ids.items()}
        ids, pages = links.ids, [(name, self._page(root, name)) for name in links.cut]
        while pages or any(ids.values()):
            reads = list(self._reads(ids, wanted))
            outcomes = self._client.together([*(call for *_, call in reads), *(call for _, call in pages)])
            for name, answered in _answers(reads, outcomes):
                rows[name] |= {id_: row for id_, row in answered.items() if self._guard.sees(name, row)}
            ids, further = {}, []
            for (name, _), outcome in zip(pages, outcomes[len(reads) :], strict=True):
                page = _told(outcome, name)
                ids[name] = [id_ for id_ in _ids(page) if id_ not in known[name]]
                known[name].update(ids[name])
                if (after := next_page(page)) and len(known[name]) <= THREAD_LIMIT:
                    further.append((name, self._page(root, name, after)))
            pages = further
        return rows

    def newest(self, root: RecordRef, row: JSON, links: Links, wanted: Fields) -> tuple[Found, bool]:
        """The newest behind the links that this user sees, a hundred or two of each object; whether there are more.

        One round trip; one more when HubSpot told only the first ids of an object, whose newest records a search then
        finds; with a rule one more to read what activities hang on besides `root`, whose own row is known.
        """
        ids: Fields = {name: () if name in links.cut else each for name, each in links.ids.items()}
        rows: Found = {name: {} for name in links.ids}
        parents: dict[str, dict[str, Mapping[str, Sequence[str]]]] = {}
        searches = [(name, self._search(root, name)) for name in links.cut]
        answers = self._round(ids, wanted, [call for _, call in searches], rows, parents)
        found, more = dict[str, list[str]](), False
        for (name, _), answer in zip(searches, answers, strict=True):
            page = _told(answer, name)
            found[name], more = _ids(page), more or bool(next_page(page))
        if any(found.values()):
            self._round(found, wanted, [], rows, parents)
        of_root = {**rows.get(root.object, {}), root.id: row}
        kept = self._guard.keep({**rows, root.object: of_root}, parents)
        return {name: {id_: each for id_, each in kept[name].items() if id_ in rows[name]} for name in rows}, more

    def _round(
        self,
        ids: Fields,
        wanted: Fields,
        more: Sequence[Call],
        rows: Found,
        parents: dict[str, dict[str, Mapping[str, Sequence[str]]]],
    ) -> list[JSON | ConnectorError]:
        """Read records, and with a rule what they hang on, into `rows` and `parents`; the answers to `more`."""
        reads = list(self._reads(ids, wanted))
        looks: list[Look] = []
        if self._guard.enforces:
            looks = [look for name, each in ids.items() for look in self._guard.looks(name, each)]
        calls = [*(call for *_, call in reads), *(look.call for look in looks), *more]
        outcomes = self._client.together(calls) if calls else []
        for name, answered in _answers(reads, outcomes):
            rows[name] |= answered
        told: Parents = hanging(looks, outcomes[len(reads) : len(reads) + len(looks)])
        for name, by_id in told.items():
            parents.setdefault(name, {}).update(by_id)
        return outcomes[len(reads) + len(looks) :]

    def _reads(self, ids: Fields, wanted: Fields) -> Iterator[tuple[str, Sequence[str], Call]]:
        for name, each in ids.items():
            asked = records.asked(name, wanted[name], self._guard.asked)
            for part in parts(each):
                yield name, part, read_call(self._client, name, part, asked)

    def _page(self, root: RecordRef, to: str, after: str = "") -> Call:
        query = {"limit": str(ASSOCIATIONS), **({"after": after} if after else {})}
        return Call("GET", self._client.routes.associations(root.object, root.id, to), query)

    def _search(self, root: RecordRef, name: str) -> Call:
        """The newest records of an object on `root`; more than are shown, because closed ones and hidden ones go.

        Of people as many as there are on a page: masking knows the names of those that are read.
        """
        newest = records.kind(name).at[0] if name in records.ACTIVITIES else "createdate"
        filters = [{"propertyName": f"associations.{ROOTS[root.object].noun}", "operator": "EQ", "value": root.id}]
        body = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": newest, "direction": "DESCENDING"}],
            "properties": [newest],
            "limit": 2 * NEWEST if name in records.ACTIVITIES else SEARCHED,
            "after": "0",
        }
        return Call("POST", self._client.routes.objects(name, "search"), body=body)


def _answers(
    reads: Sequence[tuple[str, Sequence[str], Call]], outcomes: Sequence[JSON | ConnectorError]
) -> Iterator[tuple[str, dict[str, JSON]]]:
    """The rows that reads brought, by object; without the scope for activities there is no thread, and that is said."""
    for (name, part, _), outcome in zip(reads, outcomes, strict=False):
        yield name, shown(outcome, part, strictly=name in records.ACTIVITIES)


def _told(outcome: JSON | ConnectorError, name: str) -> JSON:
    """A page of ids; an empty one where the user may not read the object, which only activities are missed for.

    Raises:
        ConnectorError: HubSpot did not say.
    """
    if isinstance(outcome, Forbidden) and name not in records.ACTIVITIES:
        return {}
    if isinstance(outcome, ConnectorError):
        raise outcome
    return outcome


def _ids(page: JSON) -> list[str]:
    """Ids of a page of associations or of a search, each once."""
    told = (str(each.get("toObjectId") or each.get("id") or "") for each in page.get("results") or [])
    return [id_ for id_ in dict.fromkeys(told) if id_]
