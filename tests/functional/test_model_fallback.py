"""A language model in the whole job: what it says is kept where it holds; whatever else it does, the agent has a draft.

A real sidecar on the simulated CRM, with a scripted model endpoint behind real HTTP.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.sandbox.data import DEMO_CASE_ID, DEMO_USERNAMES
from connectors.sandbox.process import SandboxProcess
from sidecar.adapters.openai import OpenAIReasoner
from sidecar.app import build_services, create_app
from sidecar.local import installations, principal
from sidecar.settings import Settings
from tests.functional.conftest import ORG
from tests.functional.model_server import Answer, Exchange, ModelServer, claims, quoted, refuses, says
from tests.functional.odd_desk import PUBLIC, Desk

LIMIT = 4.0
"""Seconds that the model has."""


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    """A model endpoint; each test says what it answers."""
    with ModelServer(says("")) as server:
        yield server


@pytest.fixture(scope="module")
def desk(model: ModelServer, sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The demo's first agent at a sidecar that has this model."""
    state = tmp_path_factory.mktemp("state")
    settings = Settings(
        state_dir=state,
        installations_file=installations(sandbox, state),
        public_url=PUBLIC,
        llm_url=model.url,
        llm_model="tiny",
        llm_time_limit=LIMIT,
        llm_read_timeout=2.0,
        llm_retries=0,
    )
    services = build_services(settings)
    who = principal(services, sandbox, ORG, DEMO_USERNAMES[0])
    web = create_app(settings, services).test_client()
    yield Desk(sandbox, settings, services, who, web, services.sessions.create(who, services.clock())[0])
    assert isinstance(services.reasoner, OpenAIReasoner)
    services.reasoner.close()


@pytest.fixture(scope="module")
def verbatim(desk: Desk) -> dict[str, Any]:
    """The draft that the same agent gets without a model."""
    assert desk.services.fallback is not None
    return desk.on(replace(desk.services, reasoner=desk.services.fallback, fallback=None)).made(DEMO_CASE_ID)


def cites_the_wrong_passage(exchange: Exchange) -> None:
    """A sentence of one passage, said to stand in another."""
    first, second, *_ = (text for text in quoted(exchange.seen.body).values() if len(text) < 600)
    assert second not in first
    says(claims({"text": second, "quote": second, "passage": 1}, {"text": "x", "quote": "x", "passage": 99}))(exchange)


def invents_numbers(exchange: Exchange) -> None:
    """True quotes, each with a figure that nobody named."""
    found = [(number, text) for number, text in quoted(exchange.seen.body).items() if len(text) < 550][:6]
    said = [{"text": f"{text} A refund of 98,765 EUR.", "quote": text, "passage": number} for number, text in found]
    says(claims(*said))(exchange)


def copies_the_case_into_one_sentence(exchange: Exchange) -> None:
    """All that it was shown, at once."""
    whole = "\n".join(quoted(exchange.seen.body).values())
    says(claims({"text": whole, "quote": whole}))(exchange)


def copies_the_case_passage_by_passage(exchange: Exchange) -> None:
    """All that it was shown, as many claims."""
    found = quoted(exchange.seen.body)
    says(claims(*[{"text": text, "quote": text, "passage": number} for number, text in found.items()]))(exchange)


def hangs_up(exchange: Exchange) -> None:
    """No answer, and the connection is gone."""
    exchange.handler.close_connection = True


def drips(exchange: Exchange) -> None:
    """An answer that would take a quarter of an hour, and is never silent for long."""
    exchange.start()
    while not exchange.over.wait(0.2):
        exchange.event(" ")


FAULTS: dict[str, Answer] = {
    "is dead": hangs_up,
    "is broken": refuses(500),
    "is busy": refuses(503, Retry_After="60"),
    "is silent": Exchange.hang,
    "is slow": drips,
    "chats": says("Sure! Here is a summary of the case: the customer is happy."),
    "says nothing": says(claims()),
    "talks garbage of the right form": says(claims({"text": "qwertz", "quote": "qwertz", "passage": 1})),
    "cites the wrong passage": cites_the_wrong_passage,
    "invents numbers": invents_numbers,
    "copies the case into one sentence": copies_the_case_into_one_sentence,
    "copies the case passage by passage": copies_the_case_passage_by_passage,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_that(fault: str, desk: Desk, model: ModelServer, verbatim: dict[str, Any]) -> None:
    """The draft of verbatim sentences takes over, marked, in time; nothing of the model's is in it."""
    model.script(FAULTS[fault])
    made = desk.made(DEMO_CASE_ID)
    assert len(model.seen) >= 1
    assert made["reasoner"] == "extractive"
    assert "language model" in made["fallback"]
    assert [claim["text"] for claim in made["claims"]] == [claim["text"] for claim in verbatim["claims"]]
    assert {claim["grounding"] for claim in made["claims"]} == {"verified"}
    assert made["timings_ms"]["reason"] < (LIMIT + 10) * 1000


def one_of_three_holds(exchange: Exchange) -> None:
    """A sentence that stands there, one that does not, and one that turns it round."""
    number, text = next((number, text) for number, text in quoted(exchange.seen.body).items() if 40 < len(text) < 500)
    true = {"section": "situation", "text": text, "quote": text, "passage": number}
    invented = true | {"section": "tried", "text": "All is well.", "quote": "All is well."}
    says(claims(true, invented, true | {"section": "state", "text": f"Never: {text}"}))(exchange)


def test_what_holds_is_kept_and_the_rest_is_not(desk: Desk, model: ModelServer) -> None:
    """The model's draft is its verified sentences, and says how many were left out."""
    model.script(one_of_three_holds)
    made = desk.made(DEMO_CASE_ID)
    assert (made["reasoner"], made["fallback"]) == ("openai:tiny", "")
    assert [claim["grounding"] for claim in made["claims"]] == ["verified"]
    assert any(warning.endswith("does not support it: 2.") for warning in made["warnings"])


def test_links_and_markup_of_a_model_are_taken_off(desk: Desk, model: ModelServer) -> None:
    """A sentence that holds but for a link loses the link, or is not kept."""

    def tempts(exchange: Exchange) -> None:
        number, text = next((n, t) for n, t in quoted(exchange.seen.body).items() if 40 < len(t) < 400)
        text = f'<img src="https://evil.example/x"> [{text}](https://evil.example/{number})'
        says(claims({"text": text, "quote": text, "passage": number}))(exchange)

    model.script(tempts)
    assert "evil.example" not in json.dumps(desk.made(DEMO_CASE_ID))


def test_the_agent_sees_the_model_write(desk: Desk, model: ModelServer) -> None:
    """The stream of a draft counts the characters as they come."""
    model.script(one_of_three_holds)
    body = {"action": "summarize_case", "record": {"object": "Case", "id": DEMO_CASE_ID}}
    answer = desk.call("POST", "/v1/drafts", body, Accept="text/event-stream").get_data(as_text=True)
    events = [line.removeprefix("data: ") for line in answer.splitlines() if line.startswith("data: ")]
    counts = [event["count"] for event in map(json.loads, events[:-1]) if event["step"] == "reason"]
    assert len(set(counts)) > 1
    assert counts == sorted(counts)
    assert json.loads(events[-1])["reasoner"] == "openai:tiny"
