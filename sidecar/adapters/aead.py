"""Authenticated encryption in one format: version byte, 12-byte random nonce, AES-256-GCM with the context bound."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sidecar.errors import Unavailable

_VERSION = b"\x01"
_NONCE = 12
_TAG = 16
KEY_BYTES = 32


def encrypt(key: bytes, context: str, plaintext: bytes) -> bytes:
    """Encrypt under a 32-byte key; `context` must be given again to decrypt.

    Random nonces are safe for 2**32 messages per key (NIST SP 800-38D, 8.3).
    """
    nonce = os.urandom(_NONCE)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, plaintext, _VERSION + context.encode())


def decrypt(key: bytes, context: str, sealed: bytes) -> bytes:
    """The plaintext.

    Raises:
        Unavailable: another key, another context, or altered or truncated data.
    """
    body = len(_VERSION) + _NONCE
    if sealed[:1] != _VERSION or len(sealed) < body + _TAG:
        raise Unavailable("Stored data is damaged; restore the database and the key from the same backup.")
    try:
        return AESGCM(key).decrypt(sealed[1:body], sealed[body:], _VERSION + context.encode())
    except InvalidTag:
        raise Unavailable(
            "Stored data cannot be opened with this key; restore the database and the key from the same backup."
        ) from None
