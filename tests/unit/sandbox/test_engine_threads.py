"""Many requests at once: one unique key is won once, and no reader sees a half-done transaction."""

from concurrent.futures import ThreadPoolExecutor

from tests.unit.sandbox.engine_world import ANN, CASE_ANN, World


def _write(world: World, _turn: int) -> int:
    parts = world.composite(
        ANN,
        ("m", "POST", "/sobjects/Writeback__c", {"Key__c": "one"}),
        ("c", "POST", "/sobjects/CaseComment", {"ParentId": CASE_ANN, "CommentBody": "once"}),
    )
    return int(parts[0]["httpStatusCode"])


def test_one_key_is_written_once() -> None:
    """Of twenty concurrent composites with the same key exactly one commits."""
    world = World()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda turn: _write(world, turn), range(20)))
    assert sorted(statuses) == [201] + [400] * 19
    assert world.soql(ANN, "SELECT COUNT() FROM CaseComment WHERE CommentBody = 'once'").body["totalSize"] == 1


def test_readers_never_see_a_rolled_back_write() -> None:
    """While composites fail, queries on another thread find nothing of them."""
    world = World()
    _write(world, 0)

    def read(_turn: int) -> int:
        reply = world.soql(ANN, "SELECT COUNT() FROM CaseComment WHERE CommentBody = 'once'")
        return int(reply.body["totalSize"])

    with ThreadPoolExecutor(8) as pool:
        failing = pool.map(lambda turn: _write(world, turn), range(20))
        seen = list(pool.map(read, range(40)))
        assert set(failing) == {400}
    assert set(seen) == {1}
