"""Measure the drafts: `python -m bench.eval`; with `--dev` on the development conversations only."""

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench.eval.scores import KINDS, Scores, dev, evaluate, table
from sidecar.adapters.extractive import ExtractiveReasoner
from sidecar.evaluation.items import Way

out = Console(width=120, highlight=False)


def main() -> None:
    """What the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench.eval", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="the development conversations; nothing is stored")
    parser.add_argument("--kind", choices=KINDS, action="append", help="with --dev: these kinds only")
    parser.add_argument("--sentences", type=int, help="with --dev: so many in each draft")
    parser.add_argument("--bound", action="store_true", help="with --dev: also the oracle, which takes its time")
    asked = parser.parse_args()
    develop(asked.kind or KINDS, asked.sentences, bound=asked.bound)


def develop(kinds: Sequence[str], sentences: int | None, *, bound: bool) -> None:
    """Print what the reasoner reaches on the development conversations."""
    reasoner = ExtractiveReasoner()
    for way in Way:
        for kind in kinds:
            show(f"{kind} as {way}", evaluate(dev(kind), reasoner, sentences, way=way, bound=bound))


def show(title: str, scores: Scores) -> None:
    """Print one table."""
    ratio = scores.ratio()
    printed = Table("", "ROUGE-1", "ROUGE-2", "ROUGE-L", title=f"{title}: {ratio.value:.2f} x {ratio.best}")
    for who, score in table(scores):
        printed.add_row(who, *(f"{100 * value:.1f}" for value in (score.rouge1, score.rouge2, score.rougeL)))
    out.print(printed)


if __name__ == "__main__":
    main()
