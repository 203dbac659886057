"""Finds planted personal data in the finished texts, every occurrence, quotes and signatures included."""

from collections.abc import Sequence
from typing import Final

from connectors.sandbox.data.builder import OrgBuilder
from connectors.sandbox.data.truth import Planted
from connectors.sandbox.salesforce.values import Row

Secrets = dict[str, str]
"""Value -> category."""

_BOUNDED: Final = frozenset({"name"})
_FIRST_WITHOUT_SPACES: Final = "\u3000"


def mark(builder: OrgBuilder, object_: str, row: Row, fields: Sequence[str], secrets: Secrets) -> None:
    """Note where the values of `secrets` stand in the fields of `row`. Where two overlap, the longer one counts."""
    longest_first = sorted(secrets.items(), key=lambda item: (-len(item[0]), item[0]))
    for field in fields:
        text = row.get(field)
        if not isinstance(text, str):
            continue
        taken: list[tuple[int, int]] = []
        for value, category in longest_first:
            start = text.find(value)
            while start >= 0:
                end = start + len(value)
                if not any(start < right and left < end for left, right in taken) and (
                    category not in _BOUNDED or _stands_alone(text, start, end)
                ):
                    taken.append((start, end))
                    place = builder.place(object_, row, field, start, len(value))
                    builder.planted.append(Planted(category, value, place))
                start = text.find(value, end)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter touches the stretch; scripts without spaces have no such border."""
    if text[start] >= _FIRST_WITHOUT_SPACES:
        return True
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isalnum() or after.isalnum())
