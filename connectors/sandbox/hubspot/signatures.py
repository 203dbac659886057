"""How HubSpot signs what it sends to an app: v1, v2 and v3 of the request signature."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

_DECODED: Final = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")",
    "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
"""The only escapes that are decoded before v3 hashes an address (documentation of request validation)."""
_ESCAPE: Final = re.compile("|".join(_DECODED), re.IGNORECASE)


def v1(secret: str, body: str) -> str:
    """SHA-256, as hex, of secret and body: webhooks of the legacy kind."""
    return hashlib.sha256(f"{secret}{body}".encode()).hexdigest()


def v2(secret: str, method: str, uri: str, body: str) -> str:
    """SHA-256, as hex, of secret, method, whole address and body."""
    return hashlib.sha256(f"{secret}{method}{uri}{body}".encode()).hexdigest()


def v3(secret: str, method: str, uri: str, body: str, timestamp: int) -> str:
    """HMAC-SHA-256, as base64, of method, address (a few escapes decoded), body and ms since the epoch."""
    source = f"{method}{decoded(uri)}{body}{timestamp}"
    return base64.b64encode(hmac.new(secret.encode(), source.encode(), hashlib.sha256).digest()).decode()


def decoded(uri: str) -> str:
    """An address as v3 hashes it."""
    return _ESCAPE.sub(lambda match: _DECODED[match[0].upper()], uri)


def webhook_headers(secret: str, uri: str, body: str, timestamp: int) -> Mapping[str, str]:
    """The headers of a webhook delivery: the old header carries v1, the new one v3."""
    return {
        "X-HubSpot-Signature": v1(secret, body),
        "X-HubSpot-Signature-Version": "v1",
        "X-HubSpot-Signature-v3": v3(secret, "POST", uri, body, timestamp),
        "X-HubSpot-Request-Timestamp": str(timestamp),
    }


def fetch_headers(secret: str, method: str, uri: str, body: str, timestamp: int) -> Mapping[str, str]:
    """The headers of a card's `hubspot.fetch`: the old header carries v2, the new one v3."""
    return {
        "X-HubSpot-Signature": v2(secret, method, uri, body),
        "X-HubSpot-Signature-Version": "v2",
        "X-HubSpot-Signature-v3": v3(secret, method, uri, body, timestamp),
        "X-HubSpot-Request-Timestamp": str(timestamp),
    }
