"""Measure the drafts: `python -m bench.eval`; with `--dev` on the development conversations only."""

import argparse
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.eval.facts import BOUND, Facts, recalled
from bench.eval.measure import measure, rows
from bench.eval.report import page
from bench.eval.report.picture import draw
from bench.eval.scores import KINDS, OURS, ROOT, Scores, dev, evaluate
from bench.eval.stories import tell
from bench.results import LATEST, Row, store
from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.adapters.onnx import OnnxEmbedder
from sidecar.domain import Vectors
from sidecar.evaluation.items import Way
from sidecar.firewall import Admitted, index_text

MODEL: Final = ROOT / ".cache" / "models" / "all-MiniLM-L6-v2"
REPORT: Final = LATEST.with_name("eval.html")
PICTURE: Final = ROOT / "docs" / "images" / "eval.png"
STORIES: Final = "stories"
DEV_SEED: Final = 7
DEV_CASES: Final = 60
out = Console(width=120, highlight=False)


def main() -> None:
    """What the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench.eval", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="the development conversations; nothing is stored")
    parser.add_argument("--kind", choices=(*KINDS, STORIES), action="append", help="with --dev: these kinds only")
    parser.add_argument("--sentences", type=int, help="with --dev: so many in each draft")
    parser.add_argument("--bound", action="store_true", help="with --dev: also the oracle, which takes its time")
    asked = parser.parse_args()
    if asked.dev:
        develop(asked.kind or (*KINDS, STORIES), asked.sentences, bound=asked.bound)
    else:
        final()


def final() -> None:
    """Measure everything, store it, and write the report."""
    embedder = OnnxEmbedder(MODEL)

    def embed(admitted: Admitted) -> Vectors:
        return embedder.embed([index_text(passage) for passage in admitted.passages])

    measured = measure(ExtractiveReasoner(), embed=embed)
    found = rows(measured)
    store(found)
    REPORT.write_text(page(measured), encoding="utf-8")
    draw(REPORT, PICTURE)
    show(found)
    out.print(f"The report: {REPORT.relative_to(ROOT)}")


def develop(kinds: Sequence[str], sentences: int | None, *, bound: bool) -> None:
    """Print what the reasoner reaches on the development conversations and cases."""
    reasoner = ExtractiveReasoner()
    for kind in kinds:
        if kind == STORIES:
            show_facts(recalled(tell(DEV_SEED, DEV_CASES), reasoner))
            continue
        for way in Way:
            show_scores(f"{kind} as {way}", evaluate(dev(kind), reasoner, sentences, way=way, bound=bound))


def show(found: Sequence[Row]) -> None:
    """Print rows of the results."""
    printed = Table("figure", "value", "unit", "peer", "peer's value", "95 %")
    for row in found:
        interval = "{} to {}".format(*row["interval"]) if "interval" in row else ""
        printed.add_row(*(str(row[key]) for key in ("name", "value", "unit", "peer", "peer_value")), interval)
    out.print(printed)


def show_scores(title: str, scores: Scores) -> None:
    """Print one kind of conversation."""
    ratio = scores.ratio()
    printed = Table("", "ROUGE-1", "ROUGE-2", "ROUGE-L", title=f"{title}: {ratio.value:.2f} x {ratio.best}")
    for who in scores.rows[0].scores:
        score = scores.mean(who)
        printed.add_row(who, *(f"{100 * value:.1f}" for value in (score.rouge1, score.rouge2, score.rougeL)))
    out.print(printed)


def show_facts(facts: Facts) -> None:
    """Print the recall of facts."""
    ratio = facts.ratio()
    printed = Table("", "recall", title=f"facts of cases: {ratio.value:.2f} x {ratio.best}")
    for who in facts.rows[0].held:
        printed.add_row(who, f"{facts.recall(who):.3f}")
    out.print(printed)
    for kind, (share, count) in facts.by_kind().items():
        out.print(f"{kind}: {share:.2f} of {count}")
    out.print(f"of what seven sentences can hold: {facts.recall(OURS) / facts.recall(BOUND):.3f}")
    out.print(f"sentences that are not the writer's own: {dict(facts.borrowed)}")


if __name__ == "__main__":
    main()
