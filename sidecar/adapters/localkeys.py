"""Keys from one local file: the embedded default. Production keeps its keys in Vault instead.

Everything is derived from 32 random bytes by HKDF-SHA-256, apart for each tenant and use. Who has the file has it all.
"""

import hashlib
import hmac
import os
import stat
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sidecar.adapters.aead import KEY_BYTES, decrypt, encrypt
from sidecar.domain import Vectors
from sidecar.errors import Misconfigured

_LOOSE = stat.S_IRWXG | stat.S_IRWXO


class LocalKeyRing:
    """The `KeyRing` protocol over a key file, made with mode 0600 when there is none.

    Raises:
        Misconfigured: the file is a link, is open to others, belongs to somebody else, is cut short, or cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._root = _load(path)
        self._key = lru_cache(maxsize=4096)(self._derive)
        self._matrix = lru_cache(maxsize=16)(self._rotate)

    def hasher(self, tenant: str) -> Callable[[str], str]:
        """HMAC-SHA-256, hex, under a key of this tenant's own."""
        keyed = hmac.new(self._key(tenant, "hash"), digestmod=hashlib.sha256)

        def hash_value(value: str) -> str:
            mac = keyed.copy()
            mac.update(value.encode("utf-8", "surrogatepass"))
            return mac.hexdigest()

        return hash_value

    def rotation(self, tenant: str, fingerprint: str, dimension: int) -> Vectors:
        """A secret orthogonal matrix, shape (dimension, dimension), float32, read-only; the same on every call."""
        return self._matrix(tenant, fingerprint, dimension)

    def seal(self, tenant: str, context: str, plaintext: bytes) -> bytes:
        """Encrypt under the tenant's key (AES-256-GCM)."""
        return encrypt(self._key(tenant, "seal"), context, plaintext)

    def open(self, tenant: str, context: str, sealed: bytes) -> bytes:
        """Decrypt.

        Raises:
            Unavailable: another tenant, context or key file, or altered data.
        """
        return decrypt(self._key(tenant, "seal"), context, sealed)

    def _derive(self, tenant: str, use: str) -> bytes:
        info = b"\x00".join((b"crm-sidecar", b"1", use.encode(), tenant.encode()))
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._root)

    def _rotate(self, tenant: str, fingerprint: str, dimension: int) -> Vectors:
        gaussian = _normal(self._key(tenant, f"rotation/{fingerprint}/{dimension}"), dimension * dimension)
        q, r = np.linalg.qr(gaussian.reshape(dimension, dimension))
        # The signs of R's diagonal are LAPACK's choice; fixing them makes Q unique and uniform (Mezzadri 2007, 5).
        matrix: Vectors = (q * np.where(np.diagonal(r) < 0.0, -1.0, 1.0)).astype(np.float32)
        matrix.setflags(write=False)
        return matrix


def _normal(key: bytes, count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Standard normal numbers from a ChaCha20 key stream by Box-Muller.

    Not numpy's generator: its stream may change between releases (NEP 19), and a changed matrix would silently make
    stored vectors incomparable.
    """
    pairs = (count + 1) // 2
    stream = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(16 * pairs))
    uniform = ((np.frombuffer(stream, dtype="<u8") >> 11).astype(np.float64) + 0.5) * 2.0**-53
    radius, angle = np.sqrt(-2.0 * np.log(uniform[:pairs])), 2.0 * np.pi * uniform[pairs:]
    return np.concatenate((radius * np.cos(angle), radius * np.sin(angle)))[:count]


def _load(path: Path) -> bytes:
    try:
        if not os.path.lexists(path):
            _create(path)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        raise Misconfigured(
            "The key file cannot be opened or made; check its folder, and that it is no link."
        ) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Misconfigured("The key file is not a regular file; name another one.")
        if status.st_uid != os.geteuid():
            raise Misconfigured("The key file belongs to another user; run as its owner.")
        if stat.S_IMODE(status.st_mode) & _LOOSE:
            raise Misconfigured("The key file is open to other users; run chmod 600 on it, or make a new key.")
        root = os.read(descriptor, KEY_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(root) != KEY_BYTES:
        raise Misconfigured("The key file is damaged: it does not hold 32 bytes; restore it from a backup.")
    return root


def _create(path: Path) -> None:
    """Write a whole key beside `path`, then link it into place: of two processes one wins and both read its key."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path, follow_symlinks=False)
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        draft.unlink()
