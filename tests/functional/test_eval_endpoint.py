"""`crm-sidecar eval` against a real endpoint on loopback: what it is sent, and what the figures say of its answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sidecar.cli import main
from sidecar.evaluation.items import load
from sidecar.evaluation.run import SAMPLE
from tests.functional.model_server import Answer, Exchange, ModelServer, claims, quoted, refuses, says

PHONE = "+44 20 7946 0958"


def copies(exchange: Exchange) -> None:
    """Two claims: a passage word for word, and one that stands nowhere."""
    number, text = max(quoted(exchange.seen.body).items(), key=lambda passage: len(passage[1]))
    true = {"section": "situation", "text": text[:400], "passage": number, "quote": text[:400]}
    says(claims(true, {"text": "They owe 9999 euros.", "passage": number, "quote": text[:400]}))(exchange)


def measured(answer: Answer, *arguments: str) -> tuple[list[dict[str, Any]], ModelServer, str]:
    """The results with an endpoint that answers so, and all that was printed."""
    with ModelServer(answer) as server:
        ran = CliRunner().invoke(main, ["eval", "--endpoint", server.url, "--model", "tiny", "--json", *arguments])
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout), server, ran.output


@pytest.mark.parametrize("answer", [says("no JSON at all"), says(claims({"quote": "Zorp"})), refuses(401, "Zorp")])
def test_a_model_that_fails_is_replaced_in_every_draft(answer: Answer) -> None:
    """Its column says so, and shows what the agents would get: the extractive reasoner's figures."""
    (model, extractive), _, printed = measured(answer)
    assert (model["reasoner"], model["replaced"], model["cited"]) == ("openai:tiny", 1.0, 1.0)
    assert not model["grounded"]
    assert list(model["reasons"].values()) == [model["conversations"]]
    assert extractive["reasons"] == {}
    assert model["rouge"] == extractive["rouge"]
    assert "Zorp" not in printed


def test_claims_that_hold_are_told_from_those_that_do_not() -> None:
    """Half of its claims stand in what they cite; no draft had to be replaced."""
    (model, _), server, _ = measured(copies, "--sentences", "3")
    assert (model["grounded"], model["replaced"], model["cited"]) == (0.5, 0.0, 1.0)
    assert len(server.seen) == model["conversations"] == len(load(SAMPLE))
    schema = server.seen[0].body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["claims"]["maxItems"] == 3


def test_the_endpoint_gets_conversations_through_the_firewall(tmp_path: Path) -> None:
    """Names and numbers are masked, as in any draft, and the summary that it is measured against is not sent."""
    told = {
        "id": "mine",
        "turns": [
            {"who": "Wilhelmina Okafor", "role": "customer", "text": f"Call Wilhelmina Okafor at {PHONE} today."}
        ],
        "summary": "A canary that nobody may see.",
    }
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(told), "utf-8")
    _, server, _ = measured(copies, "--data", str(path))
    (seen,) = server.seen
    sent = json.dumps(seen.body)
    assert "Call" in sent
    for secret in ("Okafor", PHONE, "canary"):
        assert secret not in sent
