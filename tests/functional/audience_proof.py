"""What a draft would write, against what each other reader of its record may read: for the proofs of both CRMs."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.interfaces import Audience, Bundle, Connector, RecordRef, Session
from sidecar import actions
from sidecar.domain import Principal
from sidecar.drafts import Draft
from sidecar.interfaces import Services
from tests.functional.marked_world import Place, Rights, World

SHARE = int(os.environ.get("PROOF_SHARE", "48"))
"""Each user takes every n-th record, the next user the one after it; 1 takes all of them."""


@dataclass
class Tally:
    """What was drafted so far. `beyond` names who could have read what she may not: action, record, reader, place."""

    drafts: int = 0
    claims: int = 0
    reserved: int = 0
    written: int = 0
    places: set[Place] = field(default_factory=set)
    beyond: list[tuple[str, str, str, object]] = field(default_factory=list)

    def said(self) -> str:
        """The figures in one line."""
        return (
            f"{self.drafts} drafts, {self.claims} sentences, {self.reserved} of them reserved; {self.written} texts "
            f"would be written, with {len(self.places)} marked fields in them; {len(self.beyond)} beyond their readers"
        )


@dataclass(frozen=True)
class Proof:
    """A marked CRM: who may read what (`rights` by username), and what the whole world may read (`public`)."""

    services: Services
    world: World
    rights: Mapping[str, Rights]
    public: Callable[[Place], bool] = lambda _: False

    def draft(self, tally: Tally, who: Principal, username: str, action: str, record: RecordRef) -> Draft:
        """Draft, and judge what would be written."""
        made = actions.draft(self.services, who, actions.Click(action, record)).draft
        text = "\n".join(value for values in (made.write.values if made.write else ()) for value in values.values())
        places = self.world.found(text)
        tally.drafts += 1
        tally.claims += len(made.claims)
        tally.reserved += sum(bool(claim.reserved) for claim in made.claims)
        tally.written += bool(text)
        tally.places |= places
        for reader, rights in self.rights.items():
            if reader == username or not rights.sees(record.id):
                continue
            hidden: set[object] = {place for place in places if not rights.may_read(place) and not self.public(place)}
            tally.beyond += [(action, record.id, reader, what) for what in hidden]
        return made

    def all_of(self, org: str, people: Mapping[str, Principal], actions_on: Mapping[str, Sequence[str]]) -> Tally:
        """Every user, her share of the records, every action on them; `actions_on` maps an object to its actions."""
        tally = Tally()
        for turn, (username, who) in enumerate(people.items()):
            for object_, names in actions_on.items():
                for record in share(self.records(org, username, object_), turn):
                    for action in names:
                        self.draft(tally, who, username, action, RecordRef(who.crm, object_, record))
        return tally

    def records(self, org: str, username: str, object_: str) -> list[str]:
        """The records of an object that this user sees, in order."""
        listed = self.world.records[org].items()
        return [id_ for id_, name in listed if name == object_ and self.rights[username].sees(id_)]


class Generous:
    """A connector that takes every record of a thread for everybody's."""

    def __init__(self, inner: Connector) -> None:
        self._inner = inner

    def session(self, grant_id: str, *, urgent: bool = True) -> "GenerousSession":
        """See `Connector.session`."""
        return GenerousSession(self._inner.session(grant_id, urgent=urgent))


class GenerousSession:
    """Its session."""

    def __init__(self, inner: Session) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the session's own
        return getattr(self._inner, name)

    def read(self, ref: RecordRef, fields: Mapping[str, Sequence[str]]) -> Bundle:
        """See `Session.read`."""
        found = self._inner.read(ref, fields)
        return replace(found, thread=tuple(replace(record, audience=Audience.CUSTOMER) for record in found.thread))


def share(found: list[str], turn: int) -> list[str]:
    """This user's share of the records in this run."""
    return found[turn % SHARE :: SHARE]
