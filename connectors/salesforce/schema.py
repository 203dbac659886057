"""Queries that survive hidden fields: cut to what the user may name, and built anew once when that has changed."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from connectors.errors import Retriable
from connectors.salesforce.answers import SCHEMA_MOVED
from connectors.salesforce.catalogue import Catalogue
from connectors.salesforce.client import Client
from connectors.salesforce.composite import Answer, Sub, batches
from connectors.salesforce.describe import ShapeCache, Shapes, unknown_objects

Paths = Mapping[str, Collection[str]]
"""Object name -> field paths that will be asked of it."""


class Schema:
    """What one user may name, during one session. `trips` counts the requests spent on finding out."""

    def __init__(self, client: Client, cache: ShapeCache, catalogue: Catalogue | None = None) -> None:
        self.catalogue = catalogue or Catalogue()
        self._client = client
        self._cache = cache
        self.trips = 0

    def shapes(self, paths: Paths, *, fresh: bool = False) -> Shapes:
        """Shapes of the objects in `paths` and of the parents that dotted paths go through."""
        needed = set(paths)
        needed.update(*(self.catalogue.family(name) for name in paths))
        shapes: Shapes = {}
        while needed:
            shapes = {**shapes, **self._load(needed, fresh=fresh)}
            needed = set().union(*(unknown_objects(asked, name, shapes) for name, asked in paths.items()))
        return shapes

    def ask(self, paths: Paths, build: Callable[[Shapes], Sequence[Sub]]) -> tuple[Shapes, dict[str, Answer]]:
        """Send what `build` makes of the shapes; once more when a field was hidden meanwhile.

        One round trip: Salesforce takes five queries in one request, and several requests go side by side.

        Raises:
            Retriable: the fields changed again while asking.
        """
        for fresh in (False, True):
            shapes = self.shapes(paths, fresh=fresh)
            subs = build(shapes)
            answers = self._client.composites(batches(subs)) if subs else {}
            if not any(answer.code in SCHEMA_MOVED for answer in answers.values()):
                return shapes, answers
        raise Retriable("field permissions changed while reading", code="INVALID_FIELD")

    def _load(self, objects: Iterable[str], *, fresh: bool) -> Shapes:
        before = self._client.round_trips
        try:
            return self._cache.load(self._client, set(objects), fresh=fresh)
        finally:
            self.trips += self._client.round_trips - before
