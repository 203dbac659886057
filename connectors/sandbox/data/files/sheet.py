"""What a file is to say, before a format is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trick:
    """Text that is to be in the file but not to be seen: `disguise` names how, `page` counts from 1."""

    page: int
    disguise: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's title, the paragraphs of its pages, and what is hidden in it."""

    title: str
    pages: Sequence[Sequence[str]]
    tricks: Sequence[Trick] = ()

    def hidden_on(self, page: int) -> list[Trick]:
        """The tricks of one page, which counts from 1."""
        return [trick for trick in self.tricks if trick.page == page]
