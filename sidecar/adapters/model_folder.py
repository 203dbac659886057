"""An embedding model's folder in the Hugging Face layout: which files count, their hashes, and the fingerprint.

Two kinds of folder are known. One that `minilm.build` wrote carries a `manifest.json` with the SHA-256 of every file
and of the published files that it was made from. Any other needs `tokenizer.json`, `config.json` and an ONNX file with
mean pooling.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sidecar.errors import Misconfigured

Precision = Literal["int8", "fp32"]

MANIFEST = "manifest.json"
MAX_TOKENS = 256
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_SOURCE: Mapping[str, str] = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
}
"""SHA-256 of the published files that decide what a vector is."""

_ONNX_FILES: Mapping[Precision, tuple[str, ...]] = {
    "int8": ("model_int8.onnx", "onnx/model_int8.onnx", "onnx/model_quantized.onnx"),
    "fp32": ("model_fp32.onnx", "onnx/model.onnx", "model.onnx"),
}


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a verified folder holds: SHA-256 by file name, for its files and for the published files behind them.

    `revision` says which version of the graph was built.
    """

    directory: Path
    name: str
    revision: int
    source: Mapping[str, str]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """What an embedder loads. `fingerprint` (16 hex digits) changes with anything that changes a vector."""

    onnx: Path
    tokenizer: Path
    max_tokens: int
    fingerprint: str


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(directory: Path) -> ModelInfo:
    """Check every file of a built folder against its manifest, and the manifest against the pinned source.

    Raises:
        Misconfigured: no manifest, a file is missing or changed, or the source is not the pinned one.
    """
    manifest = _json(directory / MANIFEST)
    try:
        info = ModelInfo(directory, *(manifest[key] for key in ("model", "revision", "source", "files")))
    except KeyError as error:
        raise Misconfigured(f"{directory / MANIFEST} is not complete. {_REBUILD}") from error
    if info.name == MINILM and info.source != MINILM_SOURCE:
        raise Misconfigured(f"{directory / MANIFEST} names weights that are not the pinned ones. {_REBUILD}")
    for name, expected in info.files.items():
        _check(directory / name, expected)
    return info


def select(directory: Path, precision: Precision) -> ModelFiles:
    """The files of one precision, hashed now: a file that differs from the manifest is refused.

    Raises:
        Misconfigured: a file is missing or changed, or the model pools in another way than by the mean.
    """
    onnx = _onnx_file(directory, precision)
    tokenizer = directory / "tokenizer.json"
    pooling = directory / "1_Pooling" / "config.json"
    if pooling.exists() and not _json(pooling).get("pooling_mode_mean_tokens"):
        raise Misconfigured(f"{directory} does not pool by the mean; choose a model that does.")
    limits = directory / "sentence_bert_config.json"
    max_tokens = min(MAX_TOKENS, _json(limits).get("max_seq_length", MAX_TOKENS)) if limits.exists() else MAX_TOKENS
    manifest = directory / MANIFEST
    expected = _json(manifest)["files"] if manifest.exists() else {}
    weights = sorted(onnx.parent.glob(f"{onnx.name}*"))
    hashes = [_check(path, expected.get(path.relative_to(directory).as_posix())) for path in (*weights, tokenizer)]
    identity = json.dumps([precision, "mean", max_tokens, *hashes])
    return ModelFiles(onnx, tokenizer, max_tokens, hashlib.sha256(identity.encode()).hexdigest()[:16])


_REBUILD = "Build it again with `crm-sidecar model build`."


def _onnx_file(directory: Path, precision: Precision) -> Path:
    for name in _ONNX_FILES[precision]:
        if (directory / name).is_file():
            return directory / name
    raise Misconfigured(f"{directory} holds no {precision} model ({' or '.join(_ONNX_FILES[precision])}). {_REBUILD}")


def _check(path: Path, expected: str | None) -> str:
    """The hash of a file, compared with `expected` where there is one."""
    if not path.is_file():
        raise Misconfigured(f"{path} is missing. {_REBUILD}")
    found = sha256(path)
    if expected not in (None, found):
        raise Misconfigured(f"{path} is not the file that was built. {_REBUILD}")
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path} cannot be read as JSON. {_REBUILD}") from error
    if not isinstance(content, dict):
        raise Misconfigured(f"{path} is not a JSON object. {_REBUILD}")
    return content
