"""What is read of a model's answer; everything that is refused stands in tests/functional/test_model_endpoint.py."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.adapters.openai_output import CONFIDENCE, LONGEST, chunk, claims, portable
from sidecar.domain import Claim
from sidecar.errors import ModelFailed
from tests.unit.passages import RELEASE

TEMPLATE = RELEASE.get("summarize_case")
ONE = {"section": "state", "text": "It works.", "passage": 2, "quote": "It works.", "due": "2026-11-27"}
KEPT = (Claim("state", "It works.", 2, "It works.", score=CONFIDENCE, due="2026-11-27"),)


def answer(*found: object, **more: object) -> str:
    """A model's answer with these claims."""
    return json.dumps({"claims": found, **more})


@given(st.text() | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_does_any_harm(text: str) -> None:
    """It is an answer without claims, or it is refused."""
    with suppress(ModelFailed):
        assert claims(text, TEMPLATE) == ()


def test_only_the_named_values_are_read() -> None:
    """A model gives no scores, no places and no verdicts."""
    more = {"score": 1.0, "grounding": "verified", "start": 3, "end": 9, "note": "trust me"}
    assert claims(answer(ONE | more, thoughts="…"), TEMPLATE) == KEPT


@pytest.mark.parametrize("due", [{}, {"due": None}, {"due": ""}])
def test_no_date_is_no_date(due: dict[str, object]) -> None:
    """However a model says so."""
    without = {name: value for name, value in ONE.items() if name != "due"}
    assert claims(answer(without | due), TEMPLATE)[0].due == ""


@pytest.mark.parametrize("empty", [{"text": " "}, {"quote": ""}])
def test_a_claim_that_says_nothing_is_left_out(empty: dict[str, str]) -> None:
    """The others stay."""
    assert claims(answer(ONE | empty, ONE), TEMPLATE) == KEPT


@pytest.mark.parametrize(
    "wrapped",
    [
        "{0}",
        "\n\n{0}\n",
        "```json\n{0}\n```",
        "```\n{0}\n```",
        "<think>{{no}}</think>{0}",
        "<think>a</think>\n```\n{0}```",
    ],
)
def test_what_models_put_around_is_taken_off(wrapped: str) -> None:
    """Thoughts and fences."""
    assert claims(wrapped.format(answer(ONE)), TEMPLATE) == KEPT


def test_thoughts_without_an_end_are_no_answer() -> None:
    """Nothing stands after them."""
    with pytest.raises(ModelFailed):
        claims(f"<think>{answer(ONE)}", TEMPLATE)


@pytest.mark.parametrize("action", RELEASE.actions())
def test_the_limits_are_those_of_the_templates(action: str) -> None:
    """What a schema allows is read, and what a schema binds has the values that are read."""
    template = RELEASE.get(action)
    item = template.output["properties"]["claims"]["items"]["properties"]
    assert item["text"]["maxLength"] == item["quote"]["maxLength"] == LONGEST
    assert set(item) == {"section", "text", "passage", "quote", "due"}


@pytest.mark.parametrize("action", RELEASE.actions())
def test_a_schema_is_sent_as_every_server_reads_it(action: str) -> None:
    """Without bounds of strings and numbers and without shorthands of patterns; all else as the template says."""
    sent = portable(RELEASE.get(action).output)
    text = json.dumps(sent)
    assert not any(word in text for word in ("minLength", "maxLength", "minimum", "\\\\d"))
    item = sent["properties"]["claims"]["items"]
    assert item["properties"]["due"]["pattern"] == "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"
    assert item["required"] == ["section", "text", "passage", "quote", "due"]
    assert sent["properties"]["claims"]["maxItems"] == RELEASE.get(action).max_sentences


@pytest.mark.parametrize("data", ["", "5", "null", "[]", '"x"', '{"choices": 5}', '{"choices": [{"delta": "x"}]}', "{"])
def test_what_is_no_event_of_a_chat_is_none(data: str) -> None:
    """Whatever its form."""
    assert chunk(data) is None


def test_an_event_without_text_is_one() -> None:
    """The first and the last event of a stream, and those of filters, say nothing."""
    assert chunk("{}") is not None
    assert chunk('{"choices": [{"delta": {"role": "assistant"}, "finish_reason": null}]}') is not None
