"""What may happen to a site behind its users' backs: changes by name, and refusals that say what was wrong."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from connectors.sandbox.wire import JSON, Refused

Change = Callable[[str, JSON], JSON | None]
"""User id ("": nobody named) and arguments -> what is new, for instance `id`."""


class Changes:
    """The named changes of one site. `apply` is the only way in.

    A vendor says how a user is found, what a change runs in, and which errors of its engine are refusals.
    """

    engine_error: ClassVar[type[Exception] | tuple[type[Exception], ...]] = ()

    def __init__(self, changes: Mapping[str, Change]) -> None:
        self._changes = changes

    @property
    def names(self) -> frozenset[str]:
        """The changes there are."""
        return frozenset(self._changes)

    def apply(self, name: str, user_id: str, arguments: Mapping[str, Any]) -> JSON:
        """Make one change; the answer holds what is new, for instance `id`.

        Raises:
            Refused: unknown name, record or user, or a missing or wrong argument.
        """
        change = self._changes.get(name)
        if change is None:
            raise Refused(f"no mutation {name!r}; there are {', '.join(sorted(self.names))}")
        given = dict(arguments)
        key = given.pop("user", user_id)
        try:
            with self._while():
                return change(self._person(str(key)) if key else "", given) or {}
        except KeyError as error:
            raise Refused(f"{name}: no {error.args[0]} given, or unknown") from None
        except self.engine_error as error:
            raise Refused(f"{name}: {self._told(error)}") from None
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise Refused(f"{name}: {error}") from None

    @contextmanager
    def _while(self) -> Iterator[None]:
        """What a change runs in: a lock, a transaction."""
        yield

    def _person(self, key: str) -> str:
        """The user that a wish names."""
        return key

    def _told(self, error: Exception) -> str:
        """The engine's own error in a word."""
        return str(error)
