"""Finds planted personal data in the finished texts, every occurrence, quotes and signatures included."""

from collections.abc import Iterator, Sequence
from typing import Final

from connectors.sandbox.data.builder import Ledger
from connectors.sandbox.data.truth import Planted
from connectors.sandbox.salesforce.values import Row

Secrets = dict[str, str]
"""Value -> category."""

_FIRST_WITHOUT_SPACES: Final = "\u3000"
"""From here on scripts do not put spaces around names."""


def mark(builder: Ledger, object_: str, row: Row, fields: Sequence[str], secrets: Secrets) -> None:
    """Note where the values of `secrets` stand in the fields of `row`. Where two overlap, the longer one counts."""
    if not builder.marks:
        return
    longest_first = sorted(secrets, key=len, reverse=True)
    for field in fields:
        text = row.get(field)
        if not isinstance(text, str):
            continue
        for value in longest_first:
            if value not in text:
                continue
            category = secrets[value]
            for start in _occurrences(text, value, alone=category == "name"):
                place = builder.place(object_, row, field, start, len(value))
                builder.planted.append(Planted(category, value, place))
            text = text.replace(value, "\0" * len(value))


def _occurrences(text: str, value: str, *, alone: bool) -> Iterator[int]:
    """Where `value` begins; `alone` leaves out those inside a word, so that "Lis" is not found in "list"."""
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        inside_word = text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()
        if not alone or not inside_word or value[0] >= _FIRST_WITHOUT_SPACES:
            yield start
        start = text.find(value, end)
