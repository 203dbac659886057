"""What the secret rotation of vectors gives and what it does not: pseudonymisation, not encryption (ADR 0004)."""

from pathlib import Path

import numpy as np
import pytest

from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.domain import Vectors

DIMENSION = 384
"""Of the shipped embedding model."""
MODEL = "a-fingerprint"


@pytest.fixture
def ring(tmp_path: Path) -> LocalKeyRing:
    """Keys of a fresh installation."""
    return LocalKeyRing(tmp_path / "keys")


def embeddings(count: int, seed: int) -> Vectors:
    """Unit vectors, shape (count, DIMENSION), that stand for texts: the attacker can embed any text herself."""
    drawn = np.random.default_rng(seed).standard_normal((count, DIMENSION))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def protect(ring: LocalKeyRing, tenant: str, vectors: Vectors) -> Vectors:
    """What stands in the store."""
    return np.asarray(vectors @ ring.rotation(tenant, MODEL, DIMENSION), dtype=np.float32)


def recovered(known: Vectors, stolen: Vectors) -> Vectors:
    """The attacker's estimate of the matrix from texts that she knows and their rows in the store: least squares."""
    estimate, *_ = np.linalg.lstsq(known, stolen, rcond=None)
    return np.asarray(estimate, dtype=np.float32)


def named_right(candidates: Vectors, guesses: Vectors) -> float:
    """How often the candidate nearest to guess number i is candidate number i."""
    return float(np.mean(np.argmax(guesses @ candidates.T, axis=1) == np.arange(len(guesses))))


def test_two_tenants_vectors_cannot_be_compared(ring: LocalKeyRing) -> None:
    """The same texts, stored for two tenants, are as far apart as strangers, and cannot be matched."""
    texts = embeddings(1_000, seed=1)
    here, there = protect(ring, "one", texts), protect(ring, "two", texts)
    same, strangers = np.sum(here * there, axis=1), np.sum(here * np.roll(there, 1, axis=0), axis=1)
    assert abs(float(same.mean())) < 0.01
    assert float(same.std()) == pytest.approx(float(strangers.std()), rel=0.15)
    assert named_right(there, here) < 0.01


def test_a_stolen_store_alone_names_no_text(ring: LocalKeyRing) -> None:
    """Without known texts, embedding candidates and looking for them in the store is guessing."""
    texts = embeddings(1_000, seed=2)
    assert named_right(texts, protect(ring, "one", texts)) < 0.01


def test_distances_are_kept(ring: LocalKeyRing) -> None:
    """Search finds the same neighbours: every distance and every cosine stays, to 1e-5."""
    texts = embeddings(500, seed=3)
    stored = protect(ring, "one", texts)
    assert np.abs(texts @ texts.T - stored @ stored.T).max() <= 1e-5
    distances = [np.linalg.norm(rows[:250, None] - rows[None, 250:], axis=2) for rows in (texts, stored)]
    assert np.abs(distances[0] - distances[1]).max() <= 1e-5


def test_who_knows_384_texts_reads_the_whole_store(ring: LocalKeyRing) -> None:
    """The known limit: 384 texts and their rows give the matrix, and then every other row names its text."""
    known, secret = embeddings(DIMENSION, seed=4), embeddings(1_000, seed=5)
    estimate = recovered(known, protect(ring, "one", known))
    assert np.abs(estimate - ring.rotation("one", MODEL, DIMENSION)).max() < 1e-3
    plain = protect(ring, "one", secret) @ estimate.T
    assert np.abs(plain - secret).max() < 1e-3
    assert named_right(secret, plain) == 1.0


def test_fewer_known_texts_already_tell_much(ring: LocalKeyRing) -> None:
    """The limit is no threshold: with a quarter of the texts most rows are named among a thousand candidates."""
    known, secret = embeddings(DIMENSION // 4, seed=6), embeddings(1_000, seed=7)
    estimate = recovered(known, protect(ring, "one", known))
    assert named_right(secret, protect(ring, "one", secret) @ estimate.T) > 0.5


def test_one_tenants_matrix_opens_no_other_tenant(ring: LocalKeyRing) -> None:
    """An attacker who has broken one tenant's vectors is back at guessing with the next."""
    known, secret = embeddings(DIMENSION, seed=8), embeddings(1_000, seed=9)
    estimate = recovered(known, protect(ring, "one", known))
    assert named_right(secret, protect(ring, "two", secret) @ estimate.T) < 0.01
