"""`crm-sidecar eval`: what it measures of a good, a garbage and a dead model, and that nothing of the data gets out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.cli import main
from sidecar.domain import Claim, Grounding
from sidecar.errors import Misconfigured, ModelFailed, Unavailable
from sidecar.evaluation.items import Item, load
from sidecar.evaluation.pipeline import Pipeline, template
from sidecar.evaluation.run import SAMPLE, run
from sidecar.interfaces import quiet
from sidecar.policy import Policy
from sidecar.reasoning import BAD_ANSWER, NO_ANSWER, NOT_GROUNDED
from sidecar.settings import Settings
from sidecar.templates import Prompt
from tests.unit.passages import TEMPLATES

POLICY = Policy.load(TEMPLATES.parent / "config")


class Model:
    """A reasoner that does what a test says."""

    name = "model"

    def __init__(self, answer: Callable[[Prompt], tuple[Claim, ...]]) -> None:
        self.answer = answer

    def generate(self, prompt: Prompt, progress: Callable[[int], None] = quiet) -> tuple[Claim, ...]:
        """What the test says."""
        return self.answer(prompt)


def good(prompt: Prompt) -> tuple[Claim, ...]:
    """Two whole passages, and one claim with a number that stands nowhere."""
    first, second = prompt.passages[1], prompt.passages[2]
    return (
        Claim("situation", first.text, first.number, first.text),
        Claim("tried", "It was 9999 euros.", second.number, second.text),
        Claim("state", second.text, second.number, second.text),
    )


def garbage(prompt: Prompt) -> tuple[Claim, ...]:
    """Fits the schema and says nothing that anybody said."""
    return (Claim("situation", "Zorp blim.", 1, "Zorp blim."), Claim("state", "Wub.", 99, "Wub."))


def dead(prompt: Prompt) -> tuple[Claim, ...]:
    """Does not answer."""
    raise Unavailable("The language model does not answer.", part="model")


def broken(prompt: Prompt) -> tuple[Claim, ...]:
    """Answers something else."""
    raise ModelFailed("The language model's answer cannot be read.")


@pytest.fixture(scope="module")
def item() -> Item:
    """The first conversation that comes with the product."""
    return load(SAMPLE)[0]


def pipeline(model: Model | ExtractiveReasoner, fallback: ExtractiveReasoner | None = None) -> Pipeline:
    """A pipeline of the released policy and template."""
    return Pipeline(POLICY, template(TEMPLATES), model, fallback=fallback)


@pytest.mark.parametrize(("answer", "said"), [(garbage, NOT_GROUNDED), (dead, NO_ANSWER), (broken, BAD_ANSWER)])
def test_a_model_that_fails_is_replaced_and_counted(
    item: Item, answer: Callable[[Prompt], tuple[Claim, ...]], said: str
) -> None:
    """The extractive reasoner's sentences take its place, all of them cited."""
    made = pipeline(Model(answer), ExtractiveReasoner()).draft(item.records())
    assert (made.fallback, made.held) == (said, 0)
    assert made.said == pipeline(ExtractiveReasoner()).draft(item.records()).said
    assert made.claims
    assert all(map(made.cited, made.claims))


def test_a_dead_reasoner_without_a_fallback_is_an_error(item: Item) -> None:
    """Nothing is made up in its place."""
    with pytest.raises(Unavailable):
        pipeline(Model(dead)).draft(item.records())


def test_claims_that_do_not_ground_are_counted_and_left_out(item: Item) -> None:
    """Two of three claims hold; the draft has these two and stays the model's."""
    made = pipeline(Model(good), ExtractiveReasoner()).draft(item.records())
    assert (made.written, made.held, made.fallback) == (3, 2, "")
    assert len(made.claims) == 2
    assert all(claim.grounding is Grounding.VERIFIED for claim in made.claims)
    assert "9999" not in made.text


def test_a_citation_counts_only_where_the_quote_stands(item: Item) -> None:
    """A claim whose place holds other words is not cited."""
    made = pipeline(ExtractiveReasoner()).draft(item.records())
    (claim, *_) = made.claims
    assert made.cited(claim)
    assert not made.cited(Claim(claim.section, claim.text, claim.passage, claim.quote, 1, 1 + len(claim.quote)))
    assert not made.cited(Claim(claim.section, claim.text, 99, claim.quote))


def test_a_template_asks_for_as_many_sentences_as_told(item: Item) -> None:
    """In its limit and in the schema that a model is bound to; the released one stays as it is."""
    short = template(TEMPLATES, 2)
    assert short.max_sentences == 2
    assert short.output["properties"]["claims"]["maxItems"] == 2
    assert template(TEMPLATES).output["properties"]["claims"]["maxItems"] == 7
    assert len(Pipeline(POLICY, short, ExtractiveReasoner()).draft(item.records()).claims) == 2


def test_the_sample_is_measured_without_a_model() -> None:
    """One column: everything grounds, nothing is replaced, every sentence is cited."""
    (result,) = run(Settings(llm_url=""), sentences=3)
    assert (result.reasoner, result.conversations) == ("extractive", 6)
    assert (result.grounded, result.replaced, result.cited) == (1.0, 0.0, 1.0)
    assert 0.1 < result.rouge.rougeL < 0.9


def test_an_endpoint_that_cannot_be_used_is_refused() -> None:
    """Before anything is sent."""
    with pytest.raises(Misconfigured, match="https://host/v1"):
        run(Settings(llm_url="ftp://model.example", llm_model="m"))


def test_the_command_names_the_bad_line_and_nothing_of_it(tmp_path: Path) -> None:
    """One sentence and exit code 1."""
    path = tmp_path / "mine.jsonl"
    path.write_text('{"id": "Mrs Okafor owes 300"}\n', "utf-8")
    answer = CliRunner().invoke(main, ["eval", "--data", str(path)])
    assert answer.exit_code == 1
    assert "Line 1 of the conversations" in answer.output
    assert "Okafor" not in answer.output


def test_the_command_prints_json_without_the_data() -> None:
    """Figures only: no sentence of a conversation or a summary."""
    answer = CliRunner().invoke(main, ["eval", "--json"])
    assert answer.exit_code == 0
    (result,) = json.loads(answer.stdout)
    assert set(result) == {"reasoner", "conversations", "rouge", "grounded", "replaced", "reasons", "cited", "seconds"}
    assert "Halloran" not in answer.output
