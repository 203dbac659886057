"""The words of a SOQL query with their positions, and the excerpt that an error shows of the text around one."""

import re
from dataclasses import dataclass
from typing import Final

from connectors.sandbox.salesforce.errors import malformed_query

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?)
  | (?P<number>[+-]?\d+(?:\.\d+)?)
  | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
  | (?P<operator><=|>=|!=|<>|=|<|>)
  | (?P<mark>[(),:])
  )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES: Final = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    "'": "'",
    '"': '"',
    "\\": "\\",
    "%": "%",
    "_": "_",
}


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `kind` is string, date, number, name, operator, mark or end; `position` is its offset."""

    kind: str
    text: str
    position: int

    @property
    def word(self) -> str:
        """Lower-case text of a name, empty for anything else."""
        return self.text.lower() if self.kind == "name" else ""


def excerpt(text: str, position: int) -> str:
    """The head of a query error: the text around `position`, a caret below it, and Row and Column."""
    start = max(0, position - 20)
    shown = text[start : position + 20].replace("\n", " ")
    row = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"\n{shown}\n{' ' * (position - start)}^\nERROR at Row:{row}:Column:{column}\n"


def unescape(raw: str) -> str:
    """The text that stands between quotes, escapes resolved.

    Raises:
        ApiError: `MALFORMED_QUERY` for an escape that SOQL does not know.
    """
    return _ESCAPE.sub(_unescaped, raw)


def tokenize(text: str) -> list[Token]:
    """Cut a query into tokens; the last one is of kind "end".

    Raises:
        ApiError: `MALFORMED_QUERY` where no token begins.
    """
    tokens: list[Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise malformed_query(f"{excerpt(text, start)}unexpected token: '{text[start]}'")
        tokens.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        position = match.end()
    tokens.append(Token("end", "", end))
    return tokens


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    if code not in _ESCAPES:
        raise malformed_query(f"Invalid string literal '{match.string}'. Illegal character sequence '\\{code}'")
    return _ESCAPES[code]
