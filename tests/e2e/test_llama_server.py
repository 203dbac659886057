"""A real llama.cpp server with random weights: its answers have the right form, and not one claim of them holds."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.adapters.openai import Endpoint, OpenAIReasoner
from sidecar.domain import Grounding, Role
from sidecar.errors import ModelFailed, Unavailable
from sidecar.firewall import Released
from sidecar.grounding import verify
from sidecar.interfaces import Reasoner, quiet
from sidecar.reasoning import NOT_GROUNDED, reason
from sidecar.templates import Prompt, render
from tests.e2e.llama import llama_server
from tests.unit.passages import NOW, RELEASE, admitted, passage

TEXTS = (
    "The sync stops with error E-4711 every night since the update.",
    "I have reset the token and sent a new invoice for 240 EUR.",
    "We will send a fix on Friday. Please keep the old version until then.",
    "Die Rechnung 2026-118 ist doppelt gebucht, bitte erstatten Sie den Betrag.",
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address."""
    with llama_server(tmp_path_factory.mktemp("llama")) as found:
        yield found


@pytest.fixture(scope="module")
def model(url: str) -> Iterator[OpenAIReasoner]:
    """The reasoner on it, with a patience for two busy cores."""
    made = OpenAIReasoner(
        Endpoint(url, "tiny", time_limit=400.0, read_timeout=200.0, output_tokens=4096, context_tokens=16_384)
    )
    yield made
    made.close()


def asked(count: int, action: str) -> Prompt:
    """A prompt over so many passages of both sides, the same each time."""
    roles = (Role.CUSTOMER, Role.AGENT)
    passages = [passage(i, f"{TEXTS[i % 4]} ({i})", roles[i % 2]) for i in range(1, count + 1)]
    return render(RELEASE.get(action), admitted(passages), now=NOW, fence="0123456789abcdef" * 2)


@pytest.mark.parametrize(
    ("action", "count"), [*((action, 4) for action in RELEASE.actions()), ("summarize_case", 1), ("summarize_case", 20)]
)
def test_what_has_the_right_form_is_not_grounded(model: OpenAIReasoner, action: str, count: int) -> None:
    """The schema binds a model that knows nothing; every claim of it fails the check."""
    told: list[int] = []
    given = asked(count, action)
    made = verify(model.generate(given, told.append), given.passages)
    assert made
    assert {claim.grounding for claim in made} == {Grounding.UNSUPPORTED}
    assert told == sorted(told)
    assert len(told) > 10


@dataclass(frozen=True)
class Pair:
    """Who writes, and who takes over."""

    reasoner: Reasoner
    fallback: Reasoner


def test_the_draft_of_verbatim_sentences_takes_over(model: OpenAIReasoner) -> None:
    """It is marked, and the agent reads why."""
    given = asked(6, "summarize_case")
    made = reason(Pair(model, ExtractiveReasoner()), given, lambda claims: Released(tuple(claims), {}, {}), quiet)
    assert (made.reasoner, made.fallback) == ("extractive", NOT_GROUNDED)
    assert made.released.claims == verify(ExtractiveReasoner().generate(given), given.passages)
    assert {claim.grounding for claim in made.released.claims} == {Grounding.VERIFIED}


def test_the_same_question_has_the_same_answer(model: OpenAIReasoner) -> None:
    """At temperature 0 with a fixed seed."""
    given = asked(4, "summarize_case")
    assert model.generate(given) == model.generate(given)


def test_an_answer_that_may_not_be_long_enough_is_none(url: str) -> None:
    """The server stops at max_tokens in the middle of a claim."""
    made = OpenAIReasoner(Endpoint(url, "tiny", output_tokens=40))
    with pytest.raises(ModelFailed, match="longer"):
        made.generate(asked(1, "summarize_case"))
    made.close()


def test_a_slow_model_is_cut(url: str) -> None:
    """The limit is shorter than what this model needs for its answer."""
    made = OpenAIReasoner(Endpoint(url, "tiny", time_limit=0.05))
    with pytest.raises(Unavailable, match="in time"):
        made.generate(asked(12, "summarize_case"))
    made.close()
