"""The graph against BERT in plain numpy, on a tiny encoder with random weights."""

from collections.abc import Sequence

import numpy as np
import onnxruntime
import pytest

from sidecar.adapters.minilm_graph import Matrix, build_graph, quantize
from sidecar.adapters.model_folder import Precision
from tests.unit.adapters.bert_reference import (
    TINY_HEADS,
    TINY_LAYERS,
    TINY_VOCABULARY,
    sentence_embedding,
    tiny_weights,
)
from tests.unit.adapters.tiny_model import TINY

random = np.random.default_rng(3)
TEXTS = [random.integers(3, TINY_VOCABULARY, length).tolist() for length in (2, 5, 9, 17, 30)]


def run(precision: Precision, texts: Sequence[Sequence[int]]) -> Matrix:
    """The graph's vectors of one padded batch."""
    model = build_graph(tiny_weights(), TINY, precision).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    width = max(map(len, texts))
    ids = np.array([[*text, *[0] * (width - len(text))] for text in texts])
    mask = np.array([[1] * len(text) + [0] * (width - len(text)) for text in texts])
    return np.asarray(session.run(None, {"input_ids": ids, "attention_mask": mask})[0])


def reference() -> Matrix:
    """What the texts should become."""
    return np.array([sentence_embedding(tiny_weights(), text, layers=TINY_LAYERS, heads=TINY_HEADS) for text in TEXTS])


def test_missing_tensor_is_refused() -> None:
    """A checkpoint that lacks a tensor builds no graph."""
    weights = tiny_weights()
    del weights["encoder.layer.1.output.dense.bias"]
    with pytest.raises(KeyError, match=r"encoder\.layer\.1\.output\.dense\.bias"):
        build_graph(weights, TINY, "int8")


def test_fp32_is_bert() -> None:
    """In float32 the graph computes BERT with mean pooling, whatever the padding."""
    assert np.abs(run("fp32", TEXTS) - reference()).max() < 1e-5


def test_int8_is_close_to_bert() -> None:
    """Rounding to int8 turns a vector by a small angle only."""
    assert (run("int8", TEXTS) * reference()).sum(axis=1).min() > 0.99


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_vector_does_not_depend_on_its_batch(precision: Precision) -> None:
    """A text alone and the same text beside longer ones have the same vector."""
    alone = np.concatenate([run(precision, [text]) for text in TEXTS])
    assert np.abs(run(precision, TEXTS) - alone).max() < 1e-5


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_vectors_have_unit_length(precision: Precision) -> None:
    """Every vector has length 1."""
    assert np.linalg.norm(run(precision, TEXTS), axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("axis", [0, 1])
def test_quantize_keeps_half_a_step(axis: int) -> None:
    """No element moves by more than half a step of its slice, and none leaves the range."""
    matrix = random.normal(0, 1, (12, 20)).astype(np.float32)
    integers, scales = quantize(matrix, axis=axis, limit=64)
    assert np.abs(integers.astype(int)).max() == 64
    assert (np.abs(integers * scales - matrix) <= scales / 2 + 1e-6).all()


def test_quantize_keeps_a_slice_of_zeros() -> None:
    """A column of zeros stays zero."""
    integers, scales = quantize(np.zeros((4, 2), np.float32), axis=0, limit=64)
    assert not (integers * scales).any()
