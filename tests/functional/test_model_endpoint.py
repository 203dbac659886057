"""The reasoner with a language model against a real server on loopback, with every fault that one can have."""

import json
import logging
import ssl
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
import trustme

from sidecar.adapters.openai import Endpoint, OpenAIReasoner
from sidecar.adapters.openai_output import portable
from sidecar.domain import Grounding, Role
from sidecar.errors import ModelFailed, Unavailable
from sidecar.grounding import verify
from sidecar.logs import QUIET
from tests.functional.model_server import Answer, Exchange, ModelServer, Waits, claims, formats, raw, refuses, says
from tests.unit.passages import passage, prompt

QUOTE = "The sync stops with error E-4711 every night."
PROMPT = prompt([passage(1, QUOTE, Role.CUSTOMER), passage(2, "We will send a fix on Friday.", Role.AGENT)])
GOOD = claims({"section": "situation", "text": "The sync stops with error E-4711.", "passage": 1, "quote": QUOTE})
CANARY = "c4n4ry"
KEY = f"sk-{CANARY}-key"


_opened: list[OpenAIReasoner] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """No connection outlives its test."""
    yield
    while _opened:
        _opened.pop().close()


def reasoner(server: ModelServer, waits: Waits | None = None, **given: object) -> OpenAIReasoner:
    """A reasoner for that server, impatient and without real waits."""
    settings: dict[str, object] = {"api_key": KEY, "time_limit": 5.0, "read_timeout": 2.0, **given}
    endpoint = Endpoint(server.url, "tiny", **settings)  # type: ignore[arg-type]  # as each test says
    _opened.append(OpenAIReasoner(endpoint, sleep=waits or Waits()))
    return _opened[-1]


def refusal(server: ModelServer, **given: object) -> Unavailable | ModelFailed:
    """The error of a draft, which says nothing of what was asked, answered or known."""
    with pytest.raises((Unavailable, ModelFailed)) as caught:
        reasoner(server, None, **given).generate(PROMPT)
    error = caught.value
    told = "".join(traceback.format_exception(error)) + repr(error.extra)
    assert CANARY not in told
    assert QUOTE not in told
    assert error.__context__ is None
    assert isinstance(error, Unavailable | ModelFailed)
    assert getattr(error, "part", "model") == "model"
    return error


def endless(exchange: Exchange) -> None:
    """Megabytes of a valid stream."""
    exchange.start()
    for _ in range(10_000):
        exchange.event("a" * 10_000)


def breaks_off(exchange: Exchange) -> None:
    """Half an answer, then the connection is gone."""
    exchange.start()
    exchange.event(GOOD[:30])
    exchange.handler.close_connection = True


def hangs_up(exchange: Exchange) -> None:
    """The connection is gone before any answer."""
    exchange.handler.close_connection = True


def drips(exchange: Exchange) -> None:
    """A good answer, a character every 50 ms: more than five seconds in total, never silent for long."""
    exchange.start()
    for character in GOOD.ljust(200):
        exchange.event(character)
        if exchange.over.wait(0.05):
            return
    exchange.finish()


def drips_headers(exchange: Exchange) -> None:
    """A status line and then a header byte by byte, for ten seconds."""
    exchange.handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(200):
        exchange.handler.wfile.write(b"x")
        exchange.handler.wfile.flush()
        if exchange.over.wait(0.05):
            return


NOT_A_STREAM = {
    "a web page": raw(b"<html>It works!</html>", content_type="text/html"),
    "a whole completion": raw(json.dumps({"choices": []}).encode(), content_type="application/json"),
    "events of garbage": raw(b"data: {{{{\n\n"),
    "bytes that are no text": raw(b"data: \xff\xfe\x00\n\n"),
    "another JSON": raw(b'data: {"choices": "none"}\n\n'),
    "deep JSON": raw(b"data: " + b"[" * 20_000 + b"\n\n"),
    "one event without end": raw(*[b"data: " + b"x" * 50_000] * 3),
}
NOT_AN_ANSWER = {
    "not JSON": says("I am sorry, but I cannot help with that."),
    "half a JSON": says(GOOD[:-4]),
    "another JSON": says('{"claims": "none"}'),
    "a list": says("[]"),
    "deep JSON": says("[" * 50_000),
    "an unknown section": says(claims({"section": "gossip"})),
    "a passage in words": says(claims({"passage": "1"})),
    "a passage that is true": says(claims({"passage": True})),
    "a number beyond numbers": says('{"claims": [{"section": "state", "passage": ' + "9" * 5_000 + "}]}"),
    "a claim without a quote": says('{"claims": [{"section": "state", "text": "x", "passage": 1, "due": ""}]}'),
    "a date in words": says(claims({"due": "Friday"})),
    "a text of pages": says(claims({"text": "x" * 601})),
    "half a character": says(
        '{"claims": [{"section": "state", "text": "\\ud800", "passage": 1, "quote": "x", "due": ""}]}'
    ),
    "too many claims": says(claims(*[{}] * 8)),
    "an answer that was cut": says(GOOD, end="length"),
    "an answer that was filtered": says(GOOD, end="content_filter"),
    "nothing": says(""),
}


@pytest.mark.parametrize("answer", NOT_A_STREAM.values(), ids=NOT_A_STREAM)
def test_what_is_no_stream_of_a_chat_is_no_answer(answer: Answer) -> None:
    """A wrong address or a broken proxy is told from a model, and asked once."""
    with ModelServer(answer) as server:
        assert isinstance(refusal(server), ModelFailed)
        assert len(server.seen) == 1


@pytest.mark.parametrize("answer", NOT_AN_ANSWER.values(), ids=NOT_AN_ANSWER)
def test_what_does_not_fit_the_schema_is_no_answer(answer: Answer) -> None:
    """Nothing of it is kept or mended."""
    with ModelServer(answer) as server:
        assert isinstance(refusal(server), ModelFailed)


@pytest.mark.parametrize("status", [401, 403, 404, 502, 504])
def test_a_status_that_will_not_change_is_not_asked_again(status: int) -> None:
    """The body of the refusal may repeat what was asked; it reaches nobody."""
    with ModelServer(refuses(status, json.dumps({"error": {"message": f"{CANARY} {QUOTE}"}}))) as server:
        assert isinstance(refusal(server), Unavailable)
        assert len(server.seen) == 1


def test_a_redirect_is_not_followed() -> None:
    """What is asked goes to the configured host only."""
    with (
        ModelServer(says(GOOD)) as other,
        ModelServer(refuses(307, Location=f"{other.url}/chat/completions")) as server,
    ):
        assert isinstance(refusal(server), ModelFailed)
        assert other.seen == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_model_is_asked_again_when_it_says(status: int) -> None:
    """Retry-After is kept to, while it is within the limit."""
    waits = Waits()
    with ModelServer(refuses(status, Retry_After="3"), says(GOOD)) as server:
        made = reasoner(server, waits).generate(PROMPT)
    assert len(made) == 1
    assert waits.seconds == [3.0]


def test_a_wait_beyond_the_limit_is_not_begun() -> None:
    """The agent gets the other draft now, and whoever asks next knows when to come back."""
    with ModelServer(refuses(429, Retry_After="600"), says(GOOD)) as server:
        refused = refusal(server)
        assert len(server.seen) == 1
    assert isinstance(refused, Unavailable)
    assert refused.retry_after == 600.0


def test_attempts_are_bounded() -> None:
    """A model that stays busy is asked three times in all, with growing pauses."""
    waits = Waits()
    with ModelServer(refuses(503)) as server:
        made = reasoner(server, waits)
        with pytest.raises(Unavailable, match="busy"):
            made.generate(PROMPT)
        assert len(server.seen) == 3
    assert waits.seconds == [0.5, 1.0]


def test_a_connection_that_is_gone_is_opened_again() -> None:
    """A server that hangs up before an answer gets the request once more."""
    with ModelServer(hangs_up, says(GOOD)) as server:
        assert len(reasoner(server).generate(PROMPT)) == 1


def test_a_dead_endpoint_is_unavailable() -> None:
    """Nobody listens."""
    with ModelServer(says(GOOD)) as server:
        pass
    assert "cannot be reached" in refusal(server).detail


def test_a_stream_that_breaks_off_is_no_answer() -> None:
    """Even what came is not used, and the model is not asked to begin again."""
    with ModelServer(breaks_off) as server:
        assert "broke off" in refusal(server).detail
        assert len(server.seen) == 1


def test_a_stream_without_an_end_is_no_answer() -> None:
    """A good text without a reason to end may be half of one."""
    with ModelServer(says(GOOD, end=None)) as server:
        assert "broke off" in refusal(server).detail


def test_an_error_inside_the_stream_is_one() -> None:
    """So report vLLM and llama.cpp what fails after the first token."""
    with ModelServer(raw(b'data: {"error": {"message": "c4n4ry out of memory"}}\n\n')) as server:
        assert "error" in refusal(server).detail


@pytest.mark.parametrize("answer", [Exchange.hang, drips, drips_headers])
def test_the_limit_holds_whatever_the_server_does(answer: Answer) -> None:
    """Silence, a byte now and then, and headers without end are cut; each would be answered or cut later by itself."""
    with ModelServer(answer) as server:
        assert "in time" in refusal(server, time_limit=0.4, read_timeout=20.0).detail


def test_silence_is_cut_before_the_limit() -> None:
    """The read timeout is the shorter patience."""
    with ModelServer(Exchange.hang) as server:
        assert "in time" in refusal(server, time_limit=25.0, read_timeout=0.3).detail


def test_a_stream_without_end_is_left() -> None:
    """Reading stops at the size that an answer may have; most was never sent."""
    with ModelServer(endless) as server:
        assert "larger" in refusal(server).detail


def test_a_compressed_answer_is_not_unpacked() -> None:
    """It was not asked for, and a small one can be as large as a disk."""

    def zipped(exchange: Exchange) -> None:
        exchange.start(headers={"Content-Encoding": "gzip"})
        exchange.write(b"\x1f\x8b")
        exchange.close()

    with ModelServer(zipped) as server:
        assert "compressed" in refusal(server).detail
        assert server.seen[0].headers["accept-encoding"] == "identity"


def test_an_older_server_gets_a_simpler_request() -> None:
    """Ollama and others without json_schema: JSON mode, asked for at once from the second draft on."""

    def json_object_only(exchange: Exchange) -> None:
        kind = exchange.seen.body["response_format"]["type"]
        (refuses(400) if kind == "json_schema" else says(GOOD))(exchange)

    with ModelServer(json_object_only) as server:
        made = reasoner(server)
        assert len(made.generate(PROMPT)) == 1
        assert len(made.generate(PROMPT)) == 1
        assert formats(server.seen) == ["json_schema", "json_object", "json_object"]
        assert server.seen[1].body["response_format"]["schema"] == portable(PROMPT.template.output)


def test_the_simplest_server_gets_the_simplest_request() -> None:
    """No structured output, no system message, no seed: the answer may come in a fence, after thoughts."""

    def plain_only(exchange: Exchange) -> None:
        bad = "response_format" in exchange.seen.body or "seed" in exchange.seen.body
        (refuses(500) if bad else says(f"<think>{{hm}}</think>\n```json\n{GOOD}\n```"))(exchange)

    with ModelServer(plain_only) as server:
        assert len(reasoner(server).generate(PROMPT)) == 1
        assert [message["role"] for message in server.seen[-1].body["messages"]] == ["user"]


def test_a_request_that_no_form_helps_is_refused() -> None:
    """A prompt that the server finds too long: nothing is learnt of its forms."""
    with ModelServer(refuses(400), refuses(400), refuses(400), says(GOOD)) as server:
        made = reasoner(server)
        with pytest.raises(ModelFailed, match="refuses"):
            made.generate(PROMPT)
        assert len(made.generate(PROMPT)) == 1
        assert formats(server.seen) == ["json_schema", "json_object", "none", "json_schema"]


def test_a_request_says_what_it_must_and_no_more() -> None:
    """Strict schema, no randomness, nothing to be kept; no header about this machine or its environment."""
    with ModelServer(says(GOOD), says(claims())) as server:
        made = reasoner(server, seed=7, output_tokens=900, models={"next_steps": "steps-lora"}).generate(PROMPT)
        reasoner(server, models={"next_steps": "steps-lora"}).generate(prompt(PROMPT.passages, "next_steps"))
    assert made[0].quote == QUOTE
    first, second = (one.body for one in server.seen)
    assert first["response_format"]["json_schema"] == {
        "name": "draft",
        "strict": True,
        "schema": portable(PROMPT.template.output),
    }
    assert {name: first[name] for name in ("model", "temperature", "seed", "store", "max_tokens", "stream")} == {
        "model": "tiny",
        "temperature": 0,
        "seed": 7,
        "store": False,
        "max_tokens": 900,
        "stream": True,
    }
    assert first["messages"][0] == {"role": "system", "content": PROMPT.instructions}
    assert first["messages"][1] == {"role": "user", "content": PROMPT.data}
    assert second["model"] == "steps-lora"
    assert server.seen[0].path == "/v1/chat/completions"
    assert server.seen[0].headers == {
        "host": server.url.split("/")[2],
        "accept": "text/event-stream",
        "accept-encoding": "identity",
        "user-agent": "crm-sidecar",
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "content-length": server.seen[0].headers["content-length"],
    }


def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a proxy nor another account of the SDK gets a prompt."""
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"Authorization: Bearer {CANARY}\nX-Other: {CANARY}")
    with ModelServer(says(GOOD)) as server:
        assert len(reasoner(server, api_key="").generate(PROMPT)) == 1
    assert CANARY not in repr(server.seen[0].headers)
    assert "authorization" not in server.seen[0].headers


def test_progress_counts_the_characters() -> None:
    """The panel shows life while the model writes."""
    counts: list[int] = []
    with ModelServer(says(GOOD, piece=10)) as server:
        reasoner(server).generate(PROMPT, counts.append)
    assert counts == [*range(10, len(GOOD), 10), len(GOOD)]


def test_an_error_of_the_listener_ends_the_call() -> None:
    """Nobody listens any more: the stream is closed, and the error is the listener's own."""

    class GoneError(Exception):
        pass

    def gone(_: int) -> None:
        raise GoneError

    with ModelServer(endless) as server, pytest.raises(GoneError):
        reasoner(server).generate(PROMPT, gone)


def test_claims_come_in_the_order_of_the_sections() -> None:
    """And no section gets more than it may hold."""
    said = [{"section": name, "text": f"{name} {i}"} for i in range(3) for name in ("related", "situation")]
    with ModelServer(says(claims(*said))) as server:
        made = reasoner(server).generate(PROMPT)
    assert [claim.text for claim in made] == ["situation 0", "situation 1", "related 0"]


def test_one_connection_serves_many_drafts() -> None:
    """The pool keeps it open; threads at the same time get their own."""
    with ModelServer(says(GOOD)) as server:
        made = reasoner(server)
        for _ in range(3):
            made.generate(PROMPT)
        assert {one.connection for one in server.seen} == {0}
        threads = [Thread(target=made.generate, args=(PROMPT,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.seen) == 11


GARBAGE = {
    "wrong passages": claims({"passage": 2, "text": QUOTE, "quote": QUOTE}, {"passage": 99, "text": "x", "quote": "x"}),
    "invented numbers": claims({"text": "The sync stops with error E-9999.", "quote": QUOTE}),
    "invented money": claims({"text": "A refund of 400 EUR is due.", "quote": QUOTE}),
    "quotes of nothing": claims({"text": "All is well.", "quote": "All is well."}),
    "a turned meaning": claims({"text": "The sync never stops with error E-4711.", "quote": QUOTE}),
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
def test_garbage_of_the_right_form_is_not_grounded(answer: str) -> None:
    """The schema holds, and not one claim passes the check."""
    with ModelServer(says(answer)) as server:
        made = verify(reasoner(server).generate(PROMPT), PROMPT.passages)
    assert made
    assert {claim.grounding for claim in made} == {Grounding.UNSUPPORTED}


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """At the loudest level no library writes down the key, what was asked or what was answered."""
    caplog.set_level(logging.DEBUG)
    for name in QUIET:  # another test of this process may have started a service, which silences them
        caplog.set_level(logging.DEBUG, logger=name)
    with ModelServer(refuses(503, f'{{"error": {{"message": "{CANARY}"}}}}'), says(GOOD)) as server:
        reasoner(server).generate(PROMPT)
    assert caplog.text
    assert CANARY not in caplog.text
    assert "E-4711" not in caplog.text


def test_the_key_is_not_shown() -> None:
    """Neither by the description of the endpoint nor by the reasoner."""
    with ModelServer(says(GOOD)) as server:
        made = reasoner(server)
    assert server.url in repr(made._endpoint)
    assert CANARY not in repr(made) + repr(vars(made)) + repr(vars(made._client))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A private certificate authority."""
    return trustme.CA()


@pytest.fixture
def pem(authority: trustme.CA, tmp_path: Path) -> Callable[[str], Path]:
    """Write the authority's certificate, or a client's with its key, to a file."""

    def write(name: str) -> Path:
        path = tmp_path / f"{name}.pem"
        pem = authority.cert_pem if name == "ca" else authority.issue_cert("sidecar").private_key_and_cert_chain_pem
        pem.write_to_path(path)
        return path

    return write


def tls(authority: trustme.CA, *, clients: bool = False, name: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's side of TLS, with or without a demand for the client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    if clients:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_an_unknown_certificate_is_not_talked_to(authority: trustme.CA, pem: Callable[[str], Path]) -> None:
    """Neither one of another authority nor one for another host, and nothing is asked."""
    with ModelServer(says(GOOD), tls=tls(trustme.CA())) as other, ModelServer(says(GOOD), tls=tls(authority)) as system:
        assert "certificates" in refusal(other, ca_file=pem("ca")).detail
        assert "certificates" in refusal(system).detail
    with ModelServer(says(GOOD), tls=tls(authority, name="models.acme.example")) as elsewhere:
        assert "certificates" in refusal(elsewhere, ca_file=pem("ca")).detail
    assert (other.seen, system.seen, elsewhere.seen) == ([], [], [])


def test_a_server_that_wants_our_certificate_gets_it(authority: trustme.CA, pem: Callable[[str], Path]) -> None:
    """Without it there is no draft, with it there is one."""
    with ModelServer(says(GOOD), tls=tls(authority, clients=True)) as server:
        assert "certificates" in refusal(server, ca_file=pem("ca")).detail
        assert server.seen == []
        made = reasoner(server, ca_file=pem("ca"), client_cert=pem("client")).generate(PROMPT)
    assert len(made) == 1
