"""`crm-sidecar eval`: a reasoner on somebody's own conversations. Nothing of them is stored, logged, or sent elsewhere.

They go through the firewall, as records do, and what passes goes to the endpoint that was named, if one was.
"""

import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.evaluation.items import Item, load
from sidecar.evaluation.pipeline import Pipeline, template
from sidecar.evaluation.rouge import Rouge, Score, mean
from sidecar.interfaces import Reasoner
from sidecar.policy import Policy
from sidecar.settings import Settings

SAMPLE: Final = Path(__file__).with_name("sample.jsonl")
"""A few conversations that come with the product."""
CAPTION: Final = "ROUGE is F1 in points of 100. A draft that was replaced counts with what took its place."
_SHARES: Final = {
    "claims that ground": "grounded",
    "drafts replaced": "replaced",
    "sentences with a verified citation": "cited",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What one reasoner reached. Shares are 0 to 1, `seconds` is the median time of a draft.

    `grounded` is the share of the reasoner's claims that stand in what they cite (None: it made none), `replaced` the
    share of drafts that the extractive reasoner had to take over (`reasons`: why, and how often), `cited` the share of
    the shown sentences with a verified citation (None: nothing was shown).
    """

    reasoner: str
    conversations: int
    rouge: Score
    grounded: float | None
    replaced: float
    reasons: dict[str, int]
    cited: float | None
    seconds: float


def run(
    settings: Settings,
    *,
    data: Path | None = None,
    sentences: int | None = None,
    advance: Callable[[], None] = lambda: None,
) -> list[Result]:
    """The extractive reasoner, and before it the model that the settings name, if they do.

    Args:
        settings: policy, templates, and the endpoint (`llm_*`).
        data: conversations (see `items`); None: those that come with the product.
        sentences: at most so many in a draft; None: as many as the template says.
        advance: called after each draft.

    Raises:
        Invalid: the conversations cannot be read.
        Misconfigured: the endpoint cannot be used as it is described, or the extra "eval" is not installed.
    """
    rouge = Rouge()
    items = load(data or SAMPLE)
    extractive = ExtractiveReasoner()
    results = []
    with _model(settings) as model:
        for reasoner in (*([model] if model else []), extractive):
            pipeline = Pipeline(
                Policy.load(settings.config_dir),
                template(settings.templates_dir, sentences),
                reasoner,
                fallback=None if reasoner is extractive else extractive,
            )
            results.append(_measured(reasoner.name, pipeline, items, rouge, advance))
    return results


def table(results: Sequence[Result]) -> Table:
    """The results for a terminal, a column for each reasoner."""
    why = [f"{count} of {result.conversations}: {text}" for result in results for text, count in result.reasons.items()]
    printed = Table("", *(result.reasoner for result in results), caption="\n".join([CAPTION, *why]))
    for name in ("rouge1", "rouge2", "rougeL"):
        printed.add_row(f"ROUGE-{name[-1]}", *(f"{100 * getattr(result.rouge, name):.1f}" for result in results))
    for title, name in _SHARES.items():
        printed.add_row(title, *(_percent(getattr(result, name)) for result in results))
    printed.add_row("seconds for a draft", *(f"{result.seconds:.2f}" for result in results))
    printed.add_row("conversations", *(str(result.conversations) for result in results))
    return printed


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The results as JSON values."""
    return [asdict(result) for result in results]


def _measured(
    name: str, pipeline: Pipeline, items: Sequence[Item], rouge: Rouge, advance: Callable[[], None]
) -> Result:
    drafts = []
    for item in items:
        drafts.append(pipeline.draft(item.records()))
        advance()
    reasons = Counter(made.fallback for made in drafts if made.fallback)
    written, said = sum(made.written for made in drafts), sum(len(made.claims) for made in drafts)
    return Result(
        reasoner=name,
        conversations=len(items),
        rouge=mean([rouge.score(item.summary, made.text) for item, made in zip(items, drafts, strict=True)]),
        grounded=sum(made.held for made in drafts) / written if written else None,
        replaced=reasons.total() / len(drafts),
        reasons=dict(reasons),
        cited=sum(made.cited(claim) for made in drafts for claim in made.claims) / said if said else None,
        seconds=statistics.median(made.seconds for made in drafts),
    )


@contextmanager
def _model(settings: Settings) -> Iterator[Reasoner | None]:
    """The model that the settings name, with its connections closed at the end."""
    if not settings.llm_url:
        yield None
        return
    from sidecar.adapters.openai import Endpoint, OpenAIReasoner  # noqa: PLC0415 - its client takes a second to import

    model = OpenAIReasoner(Endpoint.of(settings))
    try:
        yield model
    finally:
        model.close()


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.0%}"
