"""One page as HTML: what a person sees as plain text, what was made invisible in elements that say so."""

from html import escape


class Broken(Exception):
    """The file is not what its name says, or is damaged."""


class Encrypted(Exception):
    """The file needs a password."""


class Page:
    """Collects the text of one page, run by run, in reading order."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._hidden: list[str] = []
        self._length = 0

    def __len__(self) -> int:
        """Characters so far, the hidden ones included."""
        return self._length

    def add(self, text: str, *, hidden: bool = False) -> None:
        """One run of text. Line ends count; a form feed, which would pass for the end of the page, is a blank."""
        text = text.replace("\f", " ")
        self._length += len(text)
        (self._hidden if hidden else self._parts).append(text)

    def html(self) -> str:
        """The page; empty when it says nothing."""
        seen = escape("".join(self._parts), quote=False).strip().replace("\n", "<br>\n")
        hidden = escape("".join(self._hidden), quote=False).strip()
        return seen + (f'\n<div hidden style="display:none">{hidden}</div>' if hidden else "")
