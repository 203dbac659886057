"""What the search knows: every record as it was a moment ago, for it is eventually consistent (contract, 2.4)."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from connectors.sandbox.hubspot.store import Key, Record, Table

_KEPT: Final = 32


class SearchIndex:
    """Lags `delay` seconds of virtual time behind the store.

    `ghosts` (position, count) are entries of the index whose records are gone: a page leaves them out and is short, or
    empty, although there is a next one. (0, 0): none.
    """

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.ghosts = (0, 0)
        self._before: dict[Key, list[tuple[float, Record | None]]] = {}
        self._results: OrderedDict[object, tuple[int, list[Record]]] = OrderedDict()

    def note(self, key: Key, old: Record | None, now: float) -> None:
        """A record is about to change from `old`."""
        if self.delay > 0:
            self._before.setdefault(key, []).append((now, old))

    def results(self, question: object, generation: int, now: float, ask: Callable[[], list[Record]]) -> list[Record]:
        """What `ask` answers, or answered before while nothing moved: the next page of a search is asked for soon.

        `question` is everything that the answer depends on but the store, whose `generation` it is.
        """
        self._prune(now)
        if self._before:
            return ask()
        kept = self._results.pop(question, None)
        if kept is None or kept[0] != generation:
            kept = (generation, ask())
        self._results[question] = kept
        if len(self._results) > _KEPT:
            self._results.popitem(last=False)
        return kept[1]

    def settle(self) -> None:
        """Catch up with everything at once."""
        self._before.clear()
        self._results.clear()

    def rows(self, table: Table, type_name: str, now: float) -> list[Record]:
        """The live records of a type as the index has them."""
        self._prune(now)
        stale = {key[1]: changes[0][1] for key, changes in self._before.items() if key[0] == type_name}
        if not stale:
            return [row for row in table.rows.values() if not row.archived_at]
        current = {**table.rows, **dict.fromkeys(stale)}
        seen = [stale.get(record_id, row) for record_id, row in current.items()]
        return [row for row in seen if row is not None and not row.archived_at]

    def _prune(self, now: float) -> None:
        """Forget states that the index has replaced by now (also those from a future that the clock left)."""
        for key, changes in list(self._before.items()):
            kept = [change for change in changes if now - self.delay < change[0] <= now]
            if kept:
                self._before[key] = kept
            else:
                del self._before[key]
