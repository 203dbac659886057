"""BERT in plain numpy, one text at a time, written from the architecture and not from our graph; and a tiny model."""

from collections.abc import Mapping, Sequence
from math import erf

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Weights = Mapping[str, Matrix]

TINY_VOCABULARY, TINY_HIDDEN, TINY_LAYERS, TINY_HEADS = 40, 32, 2, 4
EPSILON = 1e-12

_erf = np.vectorize(erf, otypes=[np.float64])


def tiny_weights(seed: int = 7) -> dict[str, Matrix]:
    """Random weights of a small encoder under the names of the published checkpoint."""
    random = np.random.default_rng(seed)

    def drawn(*shape: int, scale: float = 0.2) -> Matrix:
        return random.normal(0, scale, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": drawn(TINY_VOCABULARY, TINY_HIDDEN),
        "embeddings.position_embeddings.weight": drawn(64, TINY_HIDDEN),
        "embeddings.token_type_embeddings.weight": drawn(2, TINY_HIDDEN),
    }
    for layer in range(TINY_LAYERS):
        prefix, wide = f"encoder.layer.{layer}", 4 * TINY_HIDDEN
        shapes = {f"attention.self.{part}": (TINY_HIDDEN, TINY_HIDDEN) for part in ("query", "key", "value")}
        shapes |= {"attention.output.dense": (TINY_HIDDEN, TINY_HIDDEN)}
        shapes |= {"intermediate.dense": (wide, TINY_HIDDEN), "output.dense": (TINY_HIDDEN, wide)}
        for name, shape in shapes.items():
            weights[f"{prefix}.{name}.weight"], weights[f"{prefix}.{name}.bias"] = drawn(*shape), drawn(shape[0])
    for name in (
        "embeddings",
        *(f"encoder.layer.{i}{j}" for i in range(TINY_LAYERS) for j in (".attention.output", ".output")),
    ):
        weights[f"{name}.LayerNorm.weight"] = 1 + drawn(TINY_HIDDEN)
        weights[f"{name}.LayerNorm.bias"] = drawn(TINY_HIDDEN)
    return weights


def sentence_embedding(weights: Weights, ids: Sequence[int], *, layers: int, heads: int) -> Matrix:
    """The unit vector of one text: mean over its tokens' last states."""
    mean = token_states(weights, ids, layers=layers, heads=heads).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def token_states(weights: Weights, ids: Sequence[int], *, layers: int, heads: int) -> NDArray[np.float64]:
    """The last hidden states, shape (tokens, hidden), in float64."""

    def dense(value: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        return np.asarray(value @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])

    def norm(value: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        centred = value - value.mean(axis=-1, keepdims=True)
        unit = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
        return np.asarray(unit * weights[f"{name}.weight"] + weights[f"{name}.bias"])

    words = weights["embeddings.word_embeddings.weight"][list(ids)].astype(np.float64)
    places = weights["embeddings.position_embeddings.weight"][: len(ids)]
    hidden = norm(words + places + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(layers):
        name = f"encoder.layer.{layer}"
        query, key, value = (
            dense(hidden, f"{name}.attention.self.{part}").reshape(len(ids), heads, -1).swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        chances = np.exp(query @ key.swapaxes(1, 2) / np.sqrt(query.shape[-1]))
        context = (chances / chances.sum(axis=-1, keepdims=True) @ value).swapaxes(0, 1).reshape(len(ids), -1)
        attended = dense(context, f"{name}.attention.output.dense")
        hidden = norm(hidden + attended, f"{name}.attention.output.LayerNorm")
        wide = dense(hidden, f"{name}.intermediate.dense")
        active = wide * (1 + _erf(wide / np.sqrt(2))) / 2
        hidden = norm(hidden + dense(active, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    return hidden
