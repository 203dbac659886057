"""Drafts next to what they should say and where they come from: the best and the worst of each kind."""

from collections.abc import Iterator, Sequence
from html import escape

from bench.eval import facts, scores
from bench.eval.measure import Measured
from bench.eval.scores import KINDS, OURS
from sidecar.evaluation.pipeline import Made

SHOWN = 2
"""So many of the generated cases at each end."""


def examples(measured: Measured) -> Iterator[str]:
    """HTML of each example."""
    for kind in KINDS:
        rows = sorted(measured.dev.of(kind).rows, key=lambda row: row.scores[OURS].rougeL)
        yield _conversation("Best", rows[-1])
        yield _conversation("Worst", rows[0])
    cases = sorted(measured.facts.rows, key=lambda row: row.held[OURS] / len(row.told.facts))
    for row in reversed(cases[-SHOWN:]):
        yield _case("Best", row)
    for row in cases[:SHOWN]:
        yield _case("Worst", row)


def _conversation(rank: str, row: scores.Row) -> str:
    turns = [f"{turn.who}: {turn.text}" for turn in row.item.turns]
    title = f"{rank} of the {row.item.kind} conversations: ROUGE-L {100 * row.scores[OURS].rougeL:.0f}"
    return _example(title, row.made, ("What a person wrote", [row.item.summary]), turns)


def _case(rank: str, row: facts.Row) -> str:
    story = row.told.story
    title = f"{rank} of the generated cases: {row.held[OURS]} of {len(row.told.facts)} facts, {story.messages} messages"
    return _example(title, row.made, ("The facts", row.told.facts), list(row.made.texts.values()))


def _example(title: str, made: Made, ideal: tuple[str, Sequence[str]], sources: Sequence[str]) -> str:
    said = "".join(f"<li>{escape(text)}</li>" for text in made.said) or "<li>(nothing)</li>"
    wanted = "".join(f"<li>{escape(text)}</li>" for text in ideal[1])
    told = "".join(f'<div class="turn">{_marked(text, made)}</div>' for text in sources)
    return (
        f'<article class="card example"><h3>{escape(title)}</h3><div class="pair">'
        f"<div><small class='soft'>Our draft</small><ul>{said}</ul></div>"
        f"<div><small class='soft'>{ideal[0]}</small><ul>{wanted}</ul></div></div>"
        f"<details><summary>The source: {len(sources)} passages</summary>{told}</details></article>"
    )


def _marked(text: str, made: Made) -> str:
    """A source with what the draft quotes of it in marks."""
    shown = escape(text)
    for claim in made.claims:
        quote = escape(claim.quote)
        shown = shown.replace(quote, f"<mark>{quote}</mark>", 1)
    return shown
