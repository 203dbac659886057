"""Random days in a HubSpot portal: whatever is done in whatever order, the engine's books agree with each other."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.hubspot.portal import Portal
from tests.unit.sandbox.hubspot_world import Desk

_TYPES = ("tickets", "contacts", "companies", "notes", "boats")
_NEW = {
    "tickets": {"subject": "s", "hs_pipeline_stage": "1"},
    "contacts": {"firstname": "f"},
    "companies": {"name": "n"},
    "notes": {"hs_timestamp": "2026-11-24"},
    "boats": {},
}
_UNIQUE = {"contacts": "email", "notes": "key", "boats": "hull"}


class Day:
    """One portal, and things that people do in it at random."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.desk = Desk()
        self.deeds = (self.create, self.update, self.upsert, self.archive, self.merge, self.erase, self.associate,
                      self.label, self.dissociate, self.restore)  # fmt: skip

    def act(self) -> None:
        """Do one thing; it may be refused, but never break."""
        self.draw.choice(self.deeds)()

    def create(self) -> None:
        """A new record, perhaps with a unique value that is taken, perhaps with an association."""
        name = self.draw.choice(_TYPES)
        body: dict[str, object] = {"properties": {**_NEW[name], **self._unique(name)}}
        if name == "notes":
            kinds = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}]
            body["associations"] = [{"to": {"id": self._id("tickets")}, "types": kinds}]
        self._call("POST", f"objects/{name}", body)

    def update(self) -> None:
        """Another unique value, or an empty one."""
        name = self.draw.choice(_TYPES)
        self._call("PATCH", f"objects/{name}/{self._id(name)}", {"properties": self._unique(name)})

    def upsert(self) -> None:
        """Three at once, some of which fail."""
        name = self.draw.choice(("notes", "boats"))
        inputs = [
            {"idProperty": _UNIQUE[name], "id": f"{one}@x.example", "properties": {**_NEW[name], **self._unique(name)}}
            for one in self.draw.sample(range(4), 3)
        ]
        self._call("POST", f"objects/{name}/batch/upsert", {"inputs": inputs})

    def archive(self) -> None:
        """Into the bin."""
        name = self.draw.choice(_TYPES)
        self._call("DELETE", f"objects/{name}/{self._id(name)}")

    def restore(self) -> None:
        """Out of it."""
        name = self.draw.choice(_TYPES)
        rows = [row for row in self.desk.portal.store.tables[name].rows.values() if row.archived_at]
        if rows:
            self.desk.mutations.apply("restore", "", {"object": name, "id": self.draw.choice(rows).id})

    def merge(self) -> None:
        """Two of a kind."""
        name = self.draw.choice(("tickets", "contacts", "companies"))
        body = {"primaryObjectId": self._id(name), "objectIdToMerge": self._id(name)}
        self._call("POST", f"objects/{name}/merge", body)

    def erase(self) -> None:
        """A contact for good."""
        self._call("POST", "objects/contacts/gdpr-delete", {"objectId": self._id("contacts")})

    def associate(self) -> None:
        """Any two kinds."""
        here, there = self.draw.sample(_TYPES, 2)
        url = f"/crm/v4/objects/{here}/{self._id(here)}/associations/default/{there}/{self._id(there)}"
        self.desk.call("PUT", url)

    def label(self) -> None:
        """A primary company on or off."""
        pair = {"from": {"id": self._id("tickets")}, "to": {"id": self._id("companies")}}
        kinds = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": self.draw.choice((26, 26, 339))}]
        action = self.draw.choice(("create", "labels/archive"))
        url = f"/crm/v4/associations/tickets/companies/batch/{action}"
        self.desk.call("POST", url, {"inputs": [{**pair, "types": kinds}]})

    def dissociate(self) -> None:
        """Any two kinds."""
        here, there = self.draw.sample(_TYPES, 2)
        self.desk.call("DELETE", f"/crm/v4/objects/{here}/{self._id(here)}/associations/{there}/{self._id(there)}")

    def _call(self, method: str, path: str, body: object = None) -> None:
        assert self.desk.call(method, f"/crm/v3/{path}", body)[0] < 500

    def _unique(self, name: str) -> dict[str, str]:
        return {_UNIQUE[name]: f"{self.draw.randrange(4)}@x.example"} if name in _UNIQUE else {}

    def _id(self, name: str) -> str:
        """A record that is there, or was."""
        rows = self.desk.portal.store.tables[name].rows
        merged = [key for type_name, key in self.desk.portal.store.merged if type_name == name]
        return self.draw.choice([*rows, *merged, "9"])


def check(portal: Portal) -> None:
    """Indexes, orders, associations and redirects agree with the records."""
    store = portal.store
    for name, table in store.tables.items():
        assert table.order == sorted(map(int, table.rows))
        for unique, index in table.unique.items():
            held = [row for row in table.rows.values() if not row.archived_at and row.get(unique)]
            assert {row.get(unique).casefold() for row in held} == index.keys()
            assert {index[row.get(unique).casefold()] for row in held} == {row.id for row in held}
        for row in table.rows.values():
            assert (row.type, row.get("hs_object_id")) == (name, row.id)
            assert "" not in row.properties.values()
            primaries = 0
            for to_type in store.tables:
                for other_id, labels in store.links(row.key, to_type).items():
                    assert other_id in store.tables[to_type].rows, "an association with nothing"
                    back = store.links((to_type, other_id), name)[row.id]
                    kinds = [portal.types.type(name, to_type, label) for label in labels]
                    assert {kind.inverse_key for kind in kinds} == back
                    assert any(kind.label is None for kind in kinds)
                    primaries += (name, to_type) == ("tickets", "companies") and len(kinds) > 1
            assert primaries <= 1, "two primary companies"
    for (name, old), new in store.merged.items():
        assert old not in store.tables[name].rows
        survivor = store.get(name, new)
        assert survivor is None or old in survivor.get("hs_merged_object_ids").split(";")


@given(st.integers(0, 2**63))
@settings(max_examples=150, deadline=None, database=None)
def test_the_books_agree(seed: int) -> None:
    """After every deed; and a snapshot taken on the way brings that moment back."""
    day = Day(seed)
    for _ in range(15):
        day.act()
    check(day.desk.portal)
    noon = day.desk.portal.snapshot()
    for _ in range(15):
        day.act()
    check(day.desk.portal)
    sequences = [event.sequence for event in day.desk.portal.events]
    assert sequences == sorted(set(sequences))
    day.desk.portal.restore(noon)
    assert day.desk.portal.snapshot() == noon
    check(day.desk.portal)
