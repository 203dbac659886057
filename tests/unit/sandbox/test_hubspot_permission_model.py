"""HubSpot's permission engine against a brute-force model: random portals x users x records x fields, identical."""

import os
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.clock import Clock
from connectors.sandbox.hubspot.access import Access
from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.permissions import Action, may
from connectors.sandbox.hubspot.portal import Portal
from tests.unit.sandbox.hubspot_permission_model import JSON, HubModel
from tests.unit.sandbox.hubspot_random_portal import SHOWN, TYPES, change, document, records, rows
from tests.unit.sandbox.hubspot_world import WRITE, Desk

WORLDS = int(os.environ.get("PROOF_WORLDS", "600"))
"""Random worlds. 5,000 were found identical; they take a minute."""
ANSWERED = 0.2
"""The share of worlds in which the API is asked as well."""


@settings(max_examples=WORLDS, deadline=None, database=None)
@given(st.integers(0, 2**63))
def test_the_engine_decides_as_the_model_says(seed: int) -> None:
    """Every user reaches exactly the records and fields of the model, also after changes; every door agrees."""
    draw = random.Random(seed)
    about = document(draw)
    made, links = records(draw)
    desk = Desk(Portal.load(about, rows(made, links), Clock()))
    for user in about["users"]:
        _compare(desk, HubModel(about, made, links), made, user["id"])
    for _ in range(3):
        change(draw, about, made, links, desk.mutations)
    model, user_id = HubModel(about, made, links), draw.choice(about["users"])["id"]
    _compare(desk, model, made, user_id)
    if draw.random() < ANSWERED:
        _compare_answers(desk.as_user(user_id), model, made, draw.choice(TYPES))


def _compare(desk: Desk, model: HubModel, made: list[tuple[str, JSON]], user_id: str) -> None:
    user = desk.portal.user(user_id)
    assert user is not None
    readable, editable = model.readable(user_id), model.editable(user_id)
    for name, row in made:
        record = desk.portal.store.tables[name].rows[row["id"]]
        if not record.archived_at:
            assert may(desk.portal, user, record, Action.VIEW) is (row["id"] in readable), row["id"]
            assert may(desk.portal, user, record, Action.EDIT) is (row["id"] in editable), row["id"]
    for scopes in (WRITE, WRITE - {"sales-email-read"}):
        access = Access(desk.portal, Caller(user_id, "1", user_level=True, scopes=scopes))
        for name in TYPES:
            hidden = {item for item in SHOWN[name] if not access.shows(name, item)}
            assert hidden == model.hidden(user_id, name, set(scopes)) & set(SHOWN[name])


def _compare_answers(mine: Desk, model: HubModel, made: list[tuple[str, JSON]], name: str) -> None:
    """One type as the API answers: all records in a list, one by its address, changes, and what hangs on it."""
    user_id = mine.caller.user_id
    readable = model.readable(user_id)
    live = [row["id"] for type_name, row in made if type_name == name and not row["archived"]]
    asked = ",".join(SHOWN[name])
    page = mine.ok("GET", f"/crm/v3/objects/{name}?properties={asked}&associations={','.join(TYPES)}")["results"]
    assert [one["id"] for one in page] == [one for one in live if one in readable]
    hidden = model.hidden(user_id, name, set(WRITE))
    for one in page:
        assert set(SHOWN[name]) - one["properties"].keys() == hidden & set(SHOWN[name])
        others = {other["id"] for found in one.get("associations", {}).values() for other in found["results"]}
        assert others <= readable
    for record_id in live:
        expected = 200 if record_id in model.editable(user_id) else 403 if record_id in readable else 404
        assert mine.call("PATCH", f"/crm/v3/objects/{name}/{record_id}", {"properties": {}})[0] == expected
        status = mine.call("GET", f"/crm/objects/2026-03/{name}/{record_id}")[0]
        assert status == (200 if record_id in readable else 404)
