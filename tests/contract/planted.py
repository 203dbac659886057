"""What the stages of the fault suite share, whichever CRM the sandbox plays: planting, counting, and starting over."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from connectors.interfaces import Connector
from connectors.sandbox.client import SandboxControl
from tests.fakes_connector import MemoryTokenStore

SKEW = timedelta(seconds=150)
"""The sandbox's clock is behind ours: time can pass in a test without leaving the present."""


class Planted(ABC):
    """A part of a stage; the rest of it makes the records and the users."""

    connector: Any
    tokens: MemoryTokenStore
    _control: SandboxControl
    _users: Mapping[str, str]
    _start: int

    @abstractmethod
    def new_connector(self) -> Connector:
        """See `FaultStage.new_connector`."""

    @abstractmethod
    def log_in(self, user: str) -> str:
        """The web-server flow; the grant id."""

    @abstractmethod
    def later(self) -> None:
        """Let the next stamp differ from the last."""

    def add(self, path: str, org: str, nth: int, rule: tuple[str, Mapping[str, Any]], names: Mapping[str, str]) -> None:
        """Add a fault rule (action, arguments) for the n-th request (0: all of them) with the stage's own ids."""
        match = {"path": path, "org": org, "nth": max(nth, 1), "times": 1 if nth else 0}
        self._control.add_fault(match, rule[0], filled_in(rule[1], names))

    def met(self) -> int:
        """See `FaultStage.met`."""
        return sum(int(rule["seen"]) for rule in self._control.faults())

    def fired(self) -> int:
        """See `FaultStage.fired`."""
        return sum(int(rule["fired"]) for rule in self._control.faults())

    def clear_faults(self) -> None:
        """See `FaultStage.clear_faults`."""
        self._control.clear_faults()

    def leaks(self) -> int:
        """See `FaultStage.leaks`."""
        return sum(self._control.leaks(self._start).values())

    def requests(self) -> int:
        """See `Stage.requests`."""
        return len(self._control.requests(self._start))

    def again(self) -> Self:
        """See `FaultStage.again`. Only what a snapshot does not hold is made anew: the caches, and lost log-ins."""
        self._control.clear_faults()
        self._control.restore("staged")
        self._control.set_clock(datetime.now().astimezone() - SKEW)
        self.later()
        self.connector = self.new_connector()
        for grant_id, user in self._users.items():
            if self.tokens.load(grant_id) is None:
                self.log_in(user)
        self._start = self._control.last()
        return self


def filled_in(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """A value with the ids of a stage in place of their names in braces."""
    if isinstance(value, dict):
        return {name: filled_in(each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [filled_in(each, names) for each in value]
    return names.get(value[1:-1], value) if isinstance(value, str) and value[:1] == "{" else value
