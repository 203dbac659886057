"""The client refreshes in time, asks side by side, counts, waits its turn, and knows lost writes from refused ones."""

import threading
import traceback
from typing import Any

import pytest
import requests
from urllib3.exceptions import NewConnectionError, ProtocolError, ReadTimeoutError

from connectors.errors import Ambiguous, ConnectorError, Fatal, Forbidden, NotFound, Retriable, Unauthorized
from connectors.hubspot.client import CALLS, SHARE, SIDE_BY_SIDE, Call, Client
from connectors.hubspot.routes import routes
from connectors.interfaces import Rate, RecordRef
from connectors.limiter import LocalLimiter, Patience
from tests.unit.connectors.hubspot_bench import GRANT, NOW, TICKET, TOKEN, Bench, error, results, row
from tests.unit.connectors.scripted import Answer

READ = Call("GET", "/crm/objects/2026-03/tickets/9001")
SEARCH = Call("POST", "/crm/objects/2026-03/tickets/search", body={})
WRITE = Call("POST", "/crm/objects/2026-03/notes/batch/upsert", body={"inputs": []}, write=True)
FINE = results()
EXPIRED = error(401, "EXPIRED_AUTHENTICATION")


def bench_of(*answers: Answer | Exception) -> Bench:
    """A bench that gives these answers one after the other, the last one for ever."""
    left = list(answers)
    return Bench(lambda *_: left.pop(0) if len(left) > 1 else left[0])


def test_a_token_is_renewed_before_it_ends() -> None:
    """HubSpot says how long a token lives and wants no 401 as a reminder."""
    bench = bench_of(FINE)
    bench.now = NOW + 1_700
    bench.client.one(READ)
    assert bench.refreshed == ["refresh-token-1"]
    assert len(bench.adapter.sent) == 1
    assert bench.client.round_trips == 2
    stored = bench.tokens.load(GRANT)
    assert stored
    assert (stored.access_token, stored.refresh_token, stored.access) == ("access-token-2", "refresh-token-1", "user")
    assert stored.expires_at == NOW + 1_700 + 1_800


def test_an_expired_token_is_renewed_once_and_the_request_repeated() -> None:
    """Clocks differ, so a token may end early. Three requests in a row: refusal, refresh, repetition."""
    bench = bench_of(EXPIRED, FINE)
    bench.client.one(WRITE)
    assert bench.refreshed == ["refresh-token-1"]
    assert bench.client.round_trips == 3
    assert [headers["Authorization"] for headers in bench.adapter.headers] == [
        "Bearer access-token-1",
        "Bearer access-token-2",
    ]


def test_a_token_that_is_refused_again_ends_in_reconnect_not_in_a_loop() -> None:
    """One refresh for one call, whatever HubSpot says."""
    bench = bench_of(EXPIRED)
    with pytest.raises(Unauthorized):
        bench.client.one(READ)
    assert len(bench.refreshed) == 1
    assert len(bench.adapter.sent) == 2


@pytest.mark.parametrize("category", ["INVALID_AUTHENTICATION", "UNAUTHORIZED", ""])
def test_a_401_that_is_no_expiry_is_not_answered_by_refreshing(category: str) -> None:
    """It is no valid sign that a new token is needed (contract, 2.2): HubSpot is asked whether the grant still is."""
    bench = bench_of(error(401, category))
    with pytest.raises(Unauthorized):
        bench.client.one(READ)
    assert bench.refreshed == []
    assert bench.introspected == ["refresh-token-1"]
    assert bench.tokens.load(GRANT)
    bench.active = False
    with pytest.raises(Unauthorized):
        bench.client.one(READ)
    assert bench.tokens.load(GRANT) is None
    assert bench.refreshed == []


def test_one_of_many_side_by_side_refreshes() -> None:
    """Five requests with one spent token: one refresh, one sequence of three round trips."""
    bench = Bench(lambda *_: EXPIRED if len(bench.adapter.sent) <= 5 and not bench.refreshed else FINE)
    outcomes = bench.client.together([READ] * 5)
    assert outcomes == [FINE[1]] * 5
    assert bench.refreshed == ["refresh-token-1"]
    assert bench.client.round_trips == 3


def test_a_sync_that_waits_for_room_keeps_no_click_waiting() -> None:
    """Its requests wait for the limiter in threads of their own, however many they are."""
    bench, room, waits = bench_of(FINE), threading.Event(), threading.Semaphore(0)

    def acquire(bucket: str, rate: Rate, *, urgent: bool) -> None:
        if not urgent:
            waits.release()
            room.wait(30)

    bench.limiter.acquire = acquire  # type: ignore[method-assign]  # full for syncs
    sync = Client(GRANT, TOKEN, bench._grants, bench.api, lambda _: True, urgent=False)
    waiting = threading.Thread(target=sync.together, args=([READ] * 3 * SIDE_BY_SIDE,))
    waiting.start()
    try:
        assert all(waits.acquire(timeout=10) for _ in range(SIDE_BY_SIDE))
        answered = threading.Thread(target=bench.client.together, args=([READ, READ],))
        answered.start()
        answered.join(10)
        assert not answered.is_alive()
    finally:
        room.set()
        waiting.join()


def test_errors_side_by_side_stay_apart() -> None:
    """One refused request does not cost the others their answers."""
    bench = Bench(lambda _method, path, _body: FINE if "notes" in path else error(403, "MISSING_SCOPES"))
    refused, fine = bench.client.together([READ, WRITE])
    assert isinstance(refused, Forbidden)
    assert refused.code == "MISSING_SCOPES"
    assert fine == FINE[1]
    assert bench.client.round_trips == 1


def test_a_read_on_a_closed_connection_is_repeated_once() -> None:
    """Load balancers close idle connections; a user must not notice. A write on one is ambiguous, never repeated."""
    closed = requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError()))
    bench = bench_of(closed, FINE)
    assert bench.client.one(READ) == FINE[1]
    assert bench.client.round_trips == 2
    broken = bench_of(closed)
    with pytest.raises(Retriable):
        broken.client.one(READ)
    with pytest.raises(Ambiguous):
        broken.client.one(WRITE)
    assert len(broken.adapter.sent) == 3


@pytest.mark.parametrize("write", [True, False])
def test_what_never_left_was_not_written(write: bool) -> None:  # noqa: FBT001 - pytest passes it
    """No connection, no write; but a read timeout says nothing."""
    refused = requests.ConnectionError(NewConnectionError(None, "refused"))  # type: ignore[arg-type]  # as urllib3 does
    with pytest.raises(Retriable):
        bench_of(refused).client.one(WRITE if write else READ)
    late = requests.ReadTimeout(ReadTimeoutError(None, "/x", "late"))  # type: ignore[arg-type]  # as above
    with pytest.raises(Ambiguous if write else Retriable):
        bench_of(late).client.one(WRITE if write else READ)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 524])
def test_a_server_error_after_a_write_is_ambiguous(status: int) -> None:
    """It may have happened; for a read it only means try again. Cloudflare's pages are HTML."""
    bench = bench_of((status, b"<html>the seal leaks</html>"))
    with pytest.raises(Ambiguous):
        bench.client.one(WRITE)
    with pytest.raises(Retriable):
        bench.client.one(READ)
    assert len(bench.adapter.sent) == 2


@pytest.mark.parametrize("body", [b'{"resul', b"[]", b"null", b"", b"<html></html>"])
def test_half_an_answer_is_none(body: bytes) -> None:
    """To a write it is ambiguous: HubSpot did something and we cannot read what."""
    with pytest.raises(Ambiguous):
        bench_of((200, body)).client.one(WRITE)
    with pytest.raises(Retriable):
        bench_of((200, body)).client.one(READ)


@pytest.mark.parametrize(
    ("answer", "bucket", "seconds"),
    [
        ((429, {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}), "hubspot:4821:app", 10.0),
        ((429, {"policyName": "DAILY"}), "hubspot:4821:app", 3_600.0),
        ((429, b"<html>"), "hubspot:4821:app", 10.0),
        ((477, {}), "hubspot:4821:app", 3_600.0),
    ],
)
def test_too_many_is_told_to_the_limiter_and_not_repeated(answer: Answer, bucket: str, seconds: float) -> None:
    """Nothing was written; and nobody repeats in silence, as hubspot-api-client would (contract, 2.5)."""
    bench = bench_of(answer)
    for call in (READ, WRITE):
        with pytest.raises(Retriable) as caught:
            bench.client.one(call)
        assert caught.value.retry_after == seconds
    assert bench.limiter.pauses == [(bucket, seconds)] * 2
    assert len(bench.adapter.sent) == 2


def test_one_user_leaves_room_for_the_others() -> None:
    """Sixty percent of the app's calls are the most that one of them gets; the rest is there for a colleague."""
    bench = bench_of(FINE)
    bench.api._limiter = LocalLimiter(patience=Patience(0.0, 0.0))
    mine = int(CALLS * SHARE)
    for _ in range(mine):
        bench.api.send("4821", "77", TOKEN, READ, urgent=True)
    with pytest.raises(Retriable) as caught:
        bench.api.send("4821", "77", TOKEN, READ, urgent=True)
    assert caught.value.code == "limiter"
    for _ in range(CALLS - mine):
        bench.api.send("4821", "78", TOKEN, READ, urgent=True)
    assert len(bench.adapter.sent) == CALLS


def test_searches_have_a_budget_of_their_own() -> None:
    """HubSpot counts them per account, whatever app searches."""
    bench = bench_of(FINE, (429, {"policyName": "SECONDLY"}))
    bench.client.one(SEARCH)
    with pytest.raises(Retriable):
        bench.client.one(SEARCH)
    bench_of(FINE).client.one(READ)
    assert [bucket for bucket, _ in bench.limiter.calls if bucket.endswith("search")] == ["hubspot:4821:search"] * 2
    assert bench.limiter.pauses == [("hubspot:4821:search", 1.0)]


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (error(400, "VALIDATION_ERROR"), Fatal, "VALIDATION_ERROR"),
        (error(403, "MISSING_SCOPES"), Forbidden, "MISSING_SCOPES"),
        (error(403, "the seal leaks"), Forbidden, "403"),
        (error(404, "OBJECT_NOT_FOUND"), NotFound, "NOT_FOUND"),
        ((404, {"status": "error", "message": "resource not found"}), NotFound, "NOT_FOUND"),
        (error(409, "OBJECT_ALREADY_EXISTS"), Retriable, "CONFLICT"),
        (error(423, "LOCKED"), Retriable, "LOCKED"),
        ((410, b""), Fatal, "UNSUPPORTED_API_VERSION"),
        ((302, b""), Fatal, "302"),
    ],
)
def test_refusals_are_sorted_by_what_to_do_next(answer: Answer, kind: type[ConnectorError], code: str) -> None:
    """By category, never by text; a missing record and a hidden one look the same."""
    bench = bench_of(answer)
    with pytest.raises(kind) as caught:
        bench.client.one(READ)
    assert caught.value.code == code
    assert "seal" not in "".join(traceback.format_exception(caught.value))


def test_a_refused_write_is_the_users_to_know() -> None:
    """A rule of the portal, such as a required property (enforced since 2026-09), is no bug of ours."""
    with pytest.raises(Forbidden):
        bench_of(error(400, "VALIDATION_ERROR")).client.one(WRITE)


def test_an_address_that_hubspot_does_not_know_is_a_version_that_is_gone() -> None:
    """A search or batch names what it wants in its body, so its 404 can only mean the path."""
    bench = Bench(lambda *_: None)
    for call in (SEARCH, WRITE):
        with pytest.raises(Fatal) as caught:
            bench.client.one(call)
        assert caught.value.code == "UNSUPPORTED_API_VERSION"
    gone = Bench(lambda _method, path, _body: (404, {}) if "/pipelines/" in path else None)
    with pytest.raises(Fatal):
        gone.session.read(RecordRef("hubspot", "tickets", TICKET), {})


@pytest.mark.parametrize("version", ["v1", "2026-04", "2026", "v3/../v1", "", "26-03"])
def test_a_version_that_cannot_be_is_refused_at_once(version: str) -> None:
    """Before anything is sent."""
    with pytest.raises(Fatal) as caught:
        routes(version)
    assert caught.value.code == "UNSUPPORTED_API_VERSION"


def test_paths_by_version() -> None:
    """Dated APIs put the version behind the area, the older ones before, and associations were v4 there."""
    new, old = routes("2026-09"), routes("v3")
    assert new.objects("tickets", "search") == "/crm/objects/2026-09/tickets/search"
    assert old.objects("tickets", "search") == "/crm/v3/objects/tickets/search"
    assert new.associations("tickets", "1", "notes") == "/crm/objects/2026-09/tickets/1/associations/notes"
    assert old.associations("tickets", "1", "notes") == "/crm/v4/objects/tickets/1/associations/notes"
    assert new.associations_of_many("notes", "tickets") == "/crm/associations/2026-09/notes/tickets/batch/read"
    assert old.associations_of_many("notes", "tickets") == "/crm/v4/associations/notes/tickets/batch/read"
    assert (new.owners(), old.owners()) == ("/crm/owners/2026-09", "/crm/v3/owners")
    assert (new.users("teams"), old.users("teams")) == ("/settings/users/2026-09/teams", "/settings/v3/users/teams")


def test_no_redirect_is_followed_and_every_request_names_its_user() -> None:
    """The bearer token goes to HubSpot's own host and nowhere else; lists in a query are repeated."""
    bench = bench_of(results(row(TICKET)))
    bench.client.one(Call("GET", READ.path, {"properties": ["subject", "content"], "archived": "false"}))
    assert bench.query(READ.path) == {"properties": ["subject", "content"], "archived": ["false"]}
    (headers,) = bench.adapter.headers
    assert headers["Authorization"] == "Bearer access-token-1"
    assert headers["User-Agent"] == "crm-sidecar"


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "VALIDATION_ERROR"),
        error(404, "OBJECT_NOT_FOUND"),
        error(401, "INVALID_AUTHENTICATION"),
        (200, b"the seal leaks"),
        requests.ConnectionError("the seal leaks"),
    ],
    ids=["400", "404", "401", "garbage", "no answer"],
)
def test_a_traceback_shows_nothing_of_the_answer(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ANN401 - status and any body, or an error
    """hubspot-api-client prints the address of a call that failed; its sender is not used."""
    bench = bench_of(answer)
    with pytest.raises(ConnectorError) as caught:
        bench.client.one(Call("POST", READ.path, {"q": "the seal leaks"}, {"x": "the seal leaks"}))
    shown = "".join(traceback.format_exception(caught.value))
    assert not [line for line in shown.splitlines() if "the seal leaks" in line and "bench.client.one" not in line]
    assert capsys.readouterr().out == ""
