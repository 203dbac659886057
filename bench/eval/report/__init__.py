"""The report of `make eval`: one HTML page without any outside resource, and a picture of its top."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from bench.eval.facts import BOUND, Facts
from bench.eval.measure import RECALL, RECALL_RATIO, ROUGE_RATIO, Measured, coverage
from bench.eval.report.examples import examples
from bench.eval.scores import CASE, KINDS, ORACLE, OURS, Scores
from sidecar.evaluation.items import Way

PAGE: Final = Path(__file__).with_name("page.html")
NAMES: Final[Mapping[str, str]] = {
    "chat": "Chats between friends",
    "spoken": "Spoken dialogues",
    "clinic": "Doctor and patient",
    "brand": "Short public messages",
    "support": "Support cases",
}
WAYS: Final[Mapping[Way, str]] = {Way.THREAD: "a message for each turn", Way.TRANSCRIPT: "one field"}
LENGTHS: Final = ((5, 8), (9, 16), (17, 60))
"""Cases by their messages."""


def page(measured: Measured) -> str:
    """The whole report as HTML."""
    thread, facts = measured.references[Way.THREAD], measured.facts
    return Template(PAGE.read_text("utf-8")).substitute(
        intro=(
            f"The extractive reasoner on {len(thread.rows)} conversations with summaries that were written before any"
            f" tuning, and on {len(facts.rows)} generated cases of 5 to 60 messages. Baselines pick as many sentences"
            " from the same text."
        ),
        tiles="".join(_tiles(measured)),
        rouge_note=(
            "ROUGE-L against the references; the ends of the bars are what one reaches who knows the reference"
            " (greedy oracle)."
        ),
        kinds="".join([_rouge_card("All", thread), *(_rouge_card(NAMES[kind], thread.of(kind)) for kind in KINDS)]),
        rouge_table=_rouge_table(measured.references),
        facts_note=(
            "A fact counts as said when one sentence holds at least 80 % of its content words. The ends of the bars are"
            f" what any seven sentences can hold: {facts.recall(BOUND):.0%} of all facts, for many cases have more than"
            " seven. Counting seven facts at most of each case, the draft holds"
            f" {facts.at(CASE):.0%}, and at best {facts.at(CASE, BOUND):.0%}."
        ),
        facts="".join(_facts_card(facts.between(*length), length) for length in LENGTHS) + _kinds_card(facts),
        editor=_editor(thread, facts),
        examples="".join(examples(measured)),
    )


def _tiles(measured: Measured) -> Iterator[str]:
    facts, recall, rouge = measured.facts, measured.facts.ratio(), measured.references[Way.THREAD].ratio()
    borrowed = sum(facts.borrowed.values())
    share = coverage(measured)
    yield _tile(f"{facts.recall():.2f}", "of all facts in 7 sentences", f"goal {RECALL:.2f}", facts.recall() >= RECALL)
    yield _tile(
        f"{recall.value:.2f} x",
        f"the facts of the best baseline ({recall.best}), 95 %: {recall.low:.2f} to {recall.high:.2f}",
        f"goal {RECALL_RATIO} x",
        recall.value >= RECALL_RATIO,
    )
    yield _tile(
        f"{rouge.value:.2f} x",
        f"ROUGE-L of the best baseline ({rouge.best}), 95 %: {rouge.low:.2f} to {rouge.high:.2f}",
        f"goal {ROUGE_RATIO} x",
        rouge.value >= ROUGE_RATIO,
    )
    yield _tile(f"{share:.0%}", "of sentences with a verified citation", "goal 100%", share == 1)
    yield _tile(str(borrowed), "sentences from a signature, a quoted reply, our own text", "goal 0", not borrowed)


def _tile(value: str, label: str, goal: str, met: bool) -> str:  # noqa: FBT001 - a verdict
    verdict = f'<span class="met">✓ {goal}</span>' if met else f'<span class="missed">✗ {goal}</span>'
    return f'<div class="card"><div class="big">{value}</div>{escape(label)}<br><small>{verdict}</small></div>'


def _rouge_card(title: str, scores: Scores) -> str:
    values = {who: 100 * scores.mean(who).rougeL for who in scores.rows[0].scores}
    bound = values.pop(ORACLE)
    return _card(title, f"{len(scores.rows)} conversations, oracle {bound:.1f}", values, bound, "{:.1f}")


def _facts_card(facts: Facts, length: tuple[int, int]) -> str:
    values = {who: facts.recall(who) for who in facts.rows[0].held}
    bound = values.pop(BOUND)
    title = f"{length[0]} to {length[1]} messages"
    return _card(title, f"{len(facts.rows)} cases, at most {bound:.2f}", values, bound, "{:.2f}")


def _kinds_card(facts: Facts) -> str:
    found = facts.by_kind()
    note = f"ours, of {sum(count for _, count in found.values())} facts"
    values = {str(kind): share for kind, (share, _) in found.items()}
    return _card("By kind of fact", note, values, 1.0, "{:.2f}", mine=values)


def _card(
    title: str, note: str, values: Mapping[str, float], bound: float, form: str, *, mine: Collection[str] = (OURS,)
) -> str:
    bars = "".join(
        f'<li class="{"ours" if who in mine else ""}"><span>{who}</span><span class="track"><span class="bar"'
        f' style="width:{min(100.0, 100 * value / bound if bound else 0.0):.1f}%"></span></span>'
        f"<b>{form.format(value)}</b></li>"
        for who, value in values.items()
    )
    head = f'<h3>{title}</h3><small class="soft">{note}</small>'
    return f'<section class="card">{head}<ul class="bars">{bars}</ul></section>'


def _rouge_table(references: Mapping[Way, Scores]) -> str:
    whos = tuple(references[Way.THREAD].rows[0].scores)
    rows = []
    for way, scores in references.items():
        for kind in ("all", *KINDS):
            part = scores if kind == "all" else scores.of(kind)
            better = max((OURS, part.best()), key=lambda who, part=part: part.mean(who).rougeL)  # type: ignore[misc]  # the default binds it
            cells = [_cell(part, who, strong=who == better) for who in whos]
            rows.append([f"{NAMES.get(kind, 'All')}, {WAYS[way]}", *cells])
    return _table(["ROUGE-1 / 2 / L", *whos], rows)


def _cell(scores: Scores, who: str, *, strong: bool) -> str:
    score = scores.mean(who)
    text = " / ".join(f"{100 * value:.1f}" for value in (score.rouge1, score.rouge2, score.rougeL))
    return f"<strong>{text}</strong>" if strong else text


def _editor(thread: Scores, facts: Facts) -> str:
    measured = [(NAMES[kind], thread.of(kind).reviews()) for kind in KINDS]
    measured.append(("Generated cases, against all facts", facts.reviews()))
    rows = [
        [name, f"{each.edits:.0%}", f"{each.stay:.0%}", f"{each.cited} of {each.said}", f"{1000 * each.seconds:.0f} ms"]
        for name, each in measured
    ]
    return _table(["", "words to change", "sentences that stay", "cited", "time of a draft"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = "".join(f"<th>{title}</th>" for title in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
