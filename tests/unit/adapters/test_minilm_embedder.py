"""The embedder on a tiny model: order, edges, threads, and folders that others made."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.adapters.onnx import OnnxEmbedder, batches
from sidecar.errors import Misconfigured
from tests.unit.adapters.bert_reference import TINY_HEADS, TINY_HIDDEN, TINY_LAYERS, sentence_embedding, tiny_weights
from tests.unit.adapters.tiny_model import END, START, foreign_folder, tiny_folder, word

TEXTS = [" ".join(word(3 + (i * j) % 37) for j in range(1, 2 + i % 13)) for i in range(40)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder shared by the tests that only read it."""
    return tiny_folder(tmp_path_factory.mktemp("model"))


def expected(text: str) -> np.ndarray:
    """What BERT in numpy makes of a text of the tiny vocabulary."""
    ids = [START, *(int(token[1:]) for token in text.split()), END]
    return sentence_embedding(tiny_weights(), ids, layers=TINY_LAYERS, heads=TINY_HEADS)


@pytest.mark.parametrize("name", ["model_int8.onnx", "tokenizer.json"])
def test_unreadable_file_is_refused(tmp_path: Path, name: str) -> None:
    """A file that neither library can load is a clear error, not a crash."""
    folder = tiny_folder(tmp_path)
    (folder / name).write_bytes(b"{}")
    with pytest.raises(Misconfigured, match="cannot be loaded"):
        OnnxEmbedder(folder)


def test_order_and_values(folder: Path) -> None:
    """Vectors come in the order of the texts, however they were batched."""
    vectors = OnnxEmbedder(folder, precision="fp32", token_budget=24).embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), TINY_HIDDEN)
    assert np.abs(vectors - np.array([expected(text) for text in TEXTS])).max() < 1e-5


def test_no_texts(folder: Path) -> None:
    """Nothing in, nothing out, with the right width."""
    assert OnnxEmbedder(folder).embed([]).shape == (0, TINY_HIDDEN)


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\x00", "\ud800", "w5 \udfff w6", "😀", "w5" * 100_000, " " * 100_000 + "w5"]
)
def test_odd_text_has_a_unit_vector(folder: Path, text: str) -> None:
    """Empty, blank, malformed and huge texts neither fail nor spoil their neighbours."""
    vectors = OnnxEmbedder(folder, precision="fp32").embed([TEXTS[5], text])
    assert np.linalg.norm(vectors[1]) == pytest.approx(1, abs=1e-5)
    assert np.abs(vectors[0] - expected(TEXTS[5])).max() < 1e-5


def test_surrogate_pair_is_one_character(folder: Path) -> None:
    """A pair of surrogates, as JSON escapes leave it, means the character that it encodes."""
    embedder = OnnxEmbedder(folder)
    assert (embedder.embed(["w5 \ud83d\ude00"]) == embedder.embed(["w5 😀"])).all()


def test_long_text_is_cut(folder: Path) -> None:
    """Beyond the model's limit of tokens nothing changes any more."""
    embedder = OnnxEmbedder(folder)
    words = " ".join(word(3 + i) for i in range(14))
    assert (embedder.embed([words]) == embedder.embed([f"{words} w9 w10"])).all()


def test_many_threads(folder: Path) -> None:
    """Callers at the same time each get their own vectors."""
    embedder = OnnxEmbedder(folder, token_budget=24)
    alone = embedder.embed(TEXTS)
    with ThreadPoolExecutor(8) as callers:
        shifted = list(callers.map(lambda i: embedder.embed(TEXTS[i:] + TEXTS[:i]), range(16)))
    for i, vectors in enumerate(shifted):
        assert np.abs(vectors - np.roll(alone, -i, axis=0)).max() < 1e-5


def test_foreign_folder(tmp_path: Path) -> None:
    """A folder that gives token states is pooled by the mean here, to the same vectors."""
    vectors = OnnxEmbedder(foreign_folder(tmp_path), precision="fp32").embed(TEXTS)
    assert np.abs(vectors - np.array([expected(text) for text in TEXTS])).max() < 1e-5


@given(st.lists(st.integers(2, 256), min_size=1, max_size=200), st.integers(16, 1024), st.integers(1, 4))
def test_batches_hold_each_row_once_within_the_budget(lengths: list[int], budget: int, threads: int) -> None:
    """Every row is in exactly one batch, and a padded batch exceeds the budget only by holding a single text."""
    found = list(batches(lengths, budget, threads))
    assert sorted(np.concatenate(found).tolist()) == list(range(len(lengths)))
    for rows in found:
        padded = len(rows) * max(lengths[row] for row in rows)
        assert padded <= budget or len(rows) == 1


def test_little_work_is_shared() -> None:
    """Two threads get one half each of what would fit into a single batch."""
    assert [len(rows) for rows in batches([8] * 10, 1024, 2)] == [5, 5]
