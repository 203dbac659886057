"""What an admin, a colleague or bad luck may do to a portal while a test is running: named changes with arguments."""

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.wire import JSON, Refused


class Mutations:
    """The changes of one portal's data and rights. `apply` is the only way in."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._changes: Mapping[str, Callable[[str, JSON], JSON | None]] = {}

    @property
    def names(self) -> frozenset[str]:
        """The changes there are."""
        return frozenset(self._changes)

    def apply(self, name: str, user_id: str, arguments: Mapping[str, Any]) -> JSON:
        """Make one change; the answer holds what is new, for instance `id`.

        Raises:
            Refused: unknown name, record or user, or a missing argument.
        """
        raise Refused(f"no mutation {name!r}")
