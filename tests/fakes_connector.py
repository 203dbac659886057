"""Fakes for what a connector talks to."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from connectors.interfaces import Token


class MemoryTokenStore:
    """A `TokenStore` in a dict, with a lock per grant."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)

    def load(self, grant_id: str) -> Token | None:
        """The current token."""
        return self._tokens.get(grant_id)

    def save(self, grant_id: str, token: Token) -> None:
        """Remember."""
        self._tokens[grant_id] = token

    def delete(self, grant_id: str) -> None:
        """Forget."""
        self._tokens.pop(grant_id, None)

    @contextmanager
    def exclusive(self, grant_id: str) -> Iterator[None]:
        """One at a time."""
        with self._locks[grant_id]:
            yield
