"""The key file is refused when others could have read it, and what is derived from it is apart and stable."""

import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest

from sidecar.adapters.aead import decrypt, encrypt
from sidecar.adapters.localkeys import LocalKeyRing
from sidecar.errors import Misconfigured, Unavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the key file will be."""
    return tmp_path / "keys"


@pytest.fixture
def ring(path: Path) -> LocalKeyRing:
    """A new key ring."""
    return LocalKeyRing(path)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o601, 0o777])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    """And the error says which command helps."""
    LocalKeyRing(path)
    path.chmod(mode)
    with pytest.raises(Misconfigured, match="chmod 600"):
        LocalKeyRing(path)


@pytest.mark.parametrize("size", [0, 1, 31, 33, 64])
def test_a_file_of_another_length_is_refused(path: Path, size: int) -> None:
    """A cut or foreign file is never padded, hashed or replaced."""
    path.write_bytes(bytes(size))
    path.chmod(0o600)
    with pytest.raises(Misconfigured, match="32 bytes"):
        LocalKeyRing(path)
    assert path.stat().st_size == size


def test_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    """To a good key file, and to nothing."""
    LocalKeyRing(path)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(Misconfigured, match="no link"):
        LocalKeyRing(link)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nothing")
    with pytest.raises(Misconfigured, match="no link"):
        LocalKeyRing(dangling)
    assert not (tmp_path / "nothing").exists()


def test_what_is_no_regular_file_is_refused(path: Path, tmp_path: Path) -> None:
    """A folder, and a pipe, on which nobody waits."""
    with pytest.raises(Misconfigured, match="regular file"):
        LocalKeyRing(tmp_path)
    os.mkfifo(path, 0o600)
    with pytest.raises(Misconfigured, match="regular file"):
        LocalKeyRing(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_owner_is_refused(path: Path) -> None:
    """It may have read it."""
    LocalKeyRing(path)
    os.chown(path, 65534, -1)
    with pytest.raises(Misconfigured, match="another user"):
        LocalKeyRing(path)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """It is not made silently somewhere."""
    with pytest.raises(Misconfigured, match="folder"):
        LocalKeyRing(tmp_path / "no" / "keys")


def test_a_new_file_is_private_and_random(path: Path, tmp_path: Path) -> None:
    """Mode 0600 whatever the umask, 32 bytes, nothing left beside it."""
    before = os.umask(0)
    try:
        LocalKeyRing(path)
        LocalKeyRing(tmp_path / "other")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == 32
    assert path.read_bytes() != (tmp_path / "other").read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["keys", "other"]


def test_racing_creators_end_up_with_one_key(path: Path) -> None:
    """Many threads that find no file all work with the same key afterwards."""
    barrier, values = threading.Barrier(8), []

    def create() -> None:
        barrier.wait()
        values.append(LocalKeyRing(path).hasher("t")("value"))

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(values) == 8
    assert len(set(values)) == 1
    assert [each.name for each in path.parent.iterdir()] == ["keys"]


def test_sealed_data_opens_only_where_it_belongs(ring: LocalKeyRing, tmp_path: Path) -> None:
    """Another tenant, context or key file, any flipped bit and any cut are refused without a word of the content."""
    sealed = ring.seal("t1", "draft/1", b"content")
    assert ring.open("t1", "draft/1", sealed) == b"content"
    attempts = [
        (ring, "t2", "draft/1", sealed),
        (ring, "t1", "draft/2", sealed),
        (LocalKeyRing(tmp_path / "other"), "t1", "draft/1", sealed),
        *((ring, "t1", "draft/1", sealed[:length]) for length in range(len(sealed))),
        *(
            (ring, "t1", "draft/1", sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :])
            for place in range(len(sealed))
        ),
    ]
    for keys, tenant, context, data in attempts:
        with pytest.raises(Unavailable, match="same backup"):
            keys.open(tenant, context, data)


def test_sealing_twice_gives_different_bytes(ring: LocalKeyRing) -> None:
    """The nonce is random; equal contents cannot be told."""
    assert ring.seal("t", "c", b"content") != ring.seal("t", "c", b"content")
    assert ring.open("t", "c", ring.seal("t", "c", b"")) == b""


def test_the_format_is_aes_gcm_with_the_context_bound() -> None:
    """The helper below the ring takes any 32-byte key."""
    assert decrypt(bytes(32), "c", encrypt(bytes(32), "c", b"x")) == b"x"
    with pytest.raises(Unavailable):
        decrypt(bytes(31) + b"\x01", "c", encrypt(bytes(32), "c", b"x"))


def test_hashes_are_apart_by_tenant_and_stable(ring: LocalKeyRing, path: Path) -> None:
    """The same value hashes the same after a restart, and differently for each tenant; odd text is no obstacle."""
    assert ring.hasher("t1")("value") == LocalKeyRing(path).hasher("t1")("value")
    assert ring.hasher("t1")("value") != ring.hasher("t2")("value")
    hash_value = ring.hasher("t1")
    assert hash_value("a") == hash_value("a")
    assert len({hash_value(""), hash_value("\ud800"), hash_value("\x00"), hash_value("ä")}) == 4
    assert len(hash_value("x")) == 64


def test_the_rotation_keeps_distances_and_depends_on_everything(ring: LocalKeyRing, path: Path) -> None:
    """Orthogonal to float32 precision; another tenant, model, or dimension gives an unrelated matrix."""
    matrix = ring.rotation("t1", "model-1", 64)
    assert matrix.shape == (64, 64)
    assert matrix.dtype == np.float32
    assert np.abs(matrix @ matrix.T - np.eye(64)).max() < 1e-5
    assert np.array_equal(matrix, LocalKeyRing(path).rotation("t1", "model-1", 64))
    for other in (ring.rotation("t2", "model-1", 64), ring.rotation("t1", "model-2", 64)):
        assert np.abs(matrix - other).max() > 0.1
    assert ring.rotation("t1", "model-1", 3).shape == (3, 3)


def test_the_rotation_is_made_once_and_cannot_be_changed(ring: LocalKeyRing) -> None:
    """A caller that writes into it would corrupt every later vector."""
    matrix = ring.rotation("t", "m", 8)
    assert ring.rotation("t", "m", 8) is matrix
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 1.0


def test_the_rotation_of_a_key_is_fixed_for_ever(path: Path) -> None:
    """Stored vectors stay comparable over releases of this program and of numpy: golden values of the zero key."""
    path.write_bytes(bytes(32))
    path.chmod(0o600)
    expected = [
        [-0.6589875, -0.3388816, 0.6714870],
        [-0.5975903, 0.7780233, -0.1938190],
        [0.4567510, 0.5289980, 0.7152200],
    ]
    np.testing.assert_allclose(LocalKeyRing(path).rotation("t", "m", 3), expected, atol=2e-6)


def test_the_rotation_is_uniform(ring: LocalKeyRing) -> None:
    """Entries of a random orthogonal matrix have mean 0 and variance 1/n, and the first column no preferred sign."""
    matrices = np.stack([ring.rotation(f"t{number}", "m", 32) for number in range(50)])
    assert abs(float(matrices.mean())) < 0.01
    assert abs(float(matrices.var()) * 32 - 1) < 0.01
    assert 10 < int((matrices[:, 0, 0] > 0).sum()) < 40


def test_nothing_secret_in_repr(ring: LocalKeyRing, path: Path) -> None:
    """A ring in a log line gives nothing away."""
    assert path.read_bytes().hex() not in repr(ring)
    assert repr(path.read_bytes()) not in repr(vars(ring)["_key"])
