"""The permission engine against a brute-force model: random orgs x users x records x fields, identical."""

import os
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sandbox.salesforce.watch import Watch
from connectors.sandbox.wire import Request, Response
from tests.unit.sandbox.engine_world import BASE, V, World
from tests.unit.sandbox.permission_model import JSON, Model
from tests.unit.sandbox.random_org import OBJECTS, SHOWN, change, document, records, share

WORLDS = int(os.environ.get("PROOF_WORLDS", "600"))
"""Random worlds. 5,000 were found identical; they take a minute."""


@settings(max_examples=WORLDS, deadline=None, database=None)
@given(st.integers(0, 2**63))
def test_the_engine_reads_as_the_model_says(seed: int) -> None:
    """Every user reaches exactly the records and fields of the model, also after a change; all ways of asking agree."""
    draw = random.Random(seed)
    about = document(draw)
    made = records(draw, about)
    share(draw, about, made)
    world, model = World.of(about, made), Model(about, made)
    users = [item["Id"] for item in about["users"]]
    _compare(world, model, made, users, draw)
    for _ in range(3):
        change(draw, about, made, world)
    _compare(world, Model(about, made), made, draw.sample(users, 1), draw)


def _compare(world: World, model: Model, made: list[tuple[str, JSON]], users: list[str], draw: random.Random) -> None:
    for user in users:
        allowed = model.readable(user)
        for kind, row in made:
            stored = world.org.records[kind][row["Id"]]
            seen = world.org.can_read(user, kind, stored) and not stored["IsDeleted"]
            assert seen is (row["Id"] in allowed), (user, row["Id"])
        for kind in OBJECTS:
            visible, exists = world.org.permissions.visible(user, kind), model.may_read_object(user, kind)
            shown = set(SHOWN[kind]) - model.hidden(user, kind) if exists else set[str]()
            assert visible & set(SHOWN[kind]) == shown, (user, kind)
        kind = draw.choice(OBJECTS)
        mine = {row["Id"] for name, row in made if name == kind} & allowed
        _compare_answers(world, model, user, kind, mine)


def _compare_answers(world: World, model: Model, user: str, kind: str, mine: set[str]) -> None:
    """One object as the API answers: all records by query, one by its address."""
    listed = ", ".join(f"'{record_id}'" for record_id in world.org.records[kind])
    reply = world.soql(user, f"SELECT Id FROM {kind} WHERE Id IN ({listed})")
    if not model.may_read_object(user, kind):
        assert reply.code == "INVALID_TYPE"
        return
    assert {row["Id"] for row in reply.body["records"]} == mine
    for record_id in sorted(mine)[:1]:
        path = f"/sobjects/{kind}/{record_id}"
        row = world.call(user, "GET", path).body
        assert set(SHOWN[kind]) - row.keys() == model.hidden(user, kind) & set(SHOWN[kind])
        assert Watch(world.org).leaked(Request("GET", V + path, {}, {}, b"", BASE), Response.json(row), user) == ()
