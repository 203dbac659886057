"""Reads SOSL, `FIND {…} IN … FIELDS RETURNING X(fields WHERE … ORDER BY … LIMIT n), Y LIMIT n`, and its words."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.soql_tokens import Token, tokenize

GROUPS: Final = ("ALL", "EMAIL", "NAME", "PHONE", "SIDEBAR")
MAX_RESULTS: Final = 2_000
_FIND = re.compile(r"\s*FIND\s*\{((?:[^\\{}]|\\.)*)\}", re.IGNORECASE | re.DOTALL)
_IN = re.compile(r"\s*IN\s+(\w+)\s+FIELDS\b", re.IGNORECASE | re.ASCII)
_RETURNING = re.compile(r"\s*RETURNING\b", re.IGNORECASE)
_TARGET = re.compile(r"\s*([A-Za-z]\w*)\s*", re.ASCII)
_LIMIT = re.compile(r"\s*LIMIT\s+(\d{1,9})\s*", re.IGNORECASE | re.ASCII)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|[()]", re.DOTALL)
_TERM = re.compile(r'"((?:[^"\\]|\\.)*)"|([()])|([^\s()"]+)', re.DOTALL)
_WORD = re.compile(r"[\w*?]+")
_CLAUSES: Final = ("where", "order", "limit", "offset")
_MIN_TERM: Final = 2

Match = Callable[[str], bool]
"""Whether the case-folded text of a record holds what was searched for."""


@dataclass(frozen=True, slots=True)
class Target:
    """One object of RETURNING. `where` and `order` are the texts of the clauses, empty when there are none."""

    name: str
    fields: str = ""
    where: str = ""
    order: str = ""
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """A whole search. No `targets` means every object."""

    match: Match
    group: str = "ALL"
    targets: tuple[Target, ...] = ()
    limit: int = MAX_RESULTS


def parse_sosl(text: str) -> Search:
    """Read a search.

    Raises:
        ApiError: `MALFORMED_SEARCH`.
    """
    find = _FIND.match(text)
    if find is None:
        raise malformed("A search begins with FIND {words}")
    at, group, targets, limit = find.end(), "ALL", list[Target](), MAX_RESULTS
    if named := _IN.match(text, at):
        at, group = named.end(), named[1].upper()
    if returning := _RETURNING.match(text, at):
        at = returning.end()
        while True:
            target, at = _target(text, at)
            targets.append(target)
            if not text.startswith(",", at):
                break
            at += 1
    if limited := _LIMIT.match(text, at):
        at, limit = limited.end(), int(limited[1])
    if text[at:].strip():
        raise malformed(f"unexpected token: {text[at:].split(maxsplit=1)[0][:40]}")
    return make_search(re.sub(r"\\([^*?])", r"\1", find[1]), group, targets, limit)


def make_search(words: str, group: str, targets: Iterable[Target], limit: int) -> Search:
    """A search from its parts, as `parameterizedSearch` gives them.

    Raises:
        ApiError: `MALFORMED_SEARCH`.
    """
    if group not in GROUPS or limit > MAX_RESULTS:
        raise malformed(f"IN takes {', '.join(GROUPS)} FIELDS; LIMIT goes up to {MAX_RESULTS}")
    return Search(_Terms(words).whole(), group, tuple(targets), limit)


def malformed(message: str) -> ApiError:
    """The search cannot be understood."""
    return ApiError(400, "MALFORMED_SEARCH", message)


def _target(text: str, at: int) -> tuple[Target, int]:
    """One item of RETURNING, and where it ends."""
    name = _TARGET.match(text, at)
    if name is None:
        raise malformed("RETURNING needs the name of an object")
    at = name.end()
    if not text.startswith("(", at):
        return Target(name[1]), at
    depth, end = 0, at
    for mark in _QUOTED.finditer(text, at):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if depth == 0:
            end = mark.end()
            break
    else:
        raise malformed("RETURNING lacks a closing parenthesis")
    rest = end + len(text[end:]) - len(text[end:].lstrip())
    return make_target(name[1], text[at + 1 : end - 1]), rest


def make_target(name: str, inner: str) -> Target:
    """An object with what stands in its parentheses: fields, then clauses.

    Raises:
        ApiError: `MALFORMED_QUERY`, `MALFORMED_SEARCH`.
    """
    starts: dict[str, int] = {}
    numbers = {"limit": "", "offset": ""}
    depth = 0
    tokens = tokenize(inner)
    for token, after in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.word in _CLAUSES and token.word not in starts:
            starts[token.word] = token.position
            if token.word in numbers:
                numbers[token.word] = _digits(after)
    ends = [*sorted(starts.values()), len(inner)]
    parts = {word: inner[start : ends[ends.index(start) + 1]].strip() for word, start in starts.items()}
    where = parts.get("where", "")[len("where") :].strip()
    limit = int(numbers["limit"]) if "limit" in starts else None
    return Target(name, inner[: ends[0]].strip(), where, parts.get("order", ""), limit, int(numbers["offset"] or 0))


def _digits(token: Token) -> str:
    if token.kind != "number" or not token.text.isdecimal():
        raise malformed("LIMIT and OFFSET need a number")
    return token.text[:9]


class _Terms:
    """The words of FIND: side by side or AND, OR, AND NOT, parentheses, phrases in quotes, `*` and `?`."""

    def __init__(self, text: str) -> None:
        self._terms = [(match[1], match[2] or match[3] or "") for match in _TERM.finditer(text)]
        self._at = 0

    def whole(self) -> Match:
        """The match of all of it."""
        if len(self._terms) > MAX_RESULTS:
            raise malformed("The search has too many terms")
        found = self._any()
        if self._at < len(self._terms):
            raise malformed("unexpected token in the search terms")
        return found

    def _word(self) -> str:
        return self._terms[self._at][1].upper() if self._at < len(self._terms) else ""

    def _any(self, depth: int = 0) -> Match:
        parts = [self._all(depth)]
        while self._word() == "OR":
            self._at += 1
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else lambda text: any(part(text) for part in parts)

    def _all(self, depth: int) -> Match:
        wanted, unwanted = [self._one(depth)], list[Match]()
        while self._at < len(self._terms) and self._word() not in {"OR", ")"}:
            side = wanted
            if self._word() == "AND":
                self._at += 1
                if self._word() == "NOT":
                    self._at, side = self._at + 1, unwanted
            side.append(self._one(depth))
        return lambda text: all(part(text) for part in wanted) and not any(part(text) for part in unwanted)

    def _one(self, depth: int) -> Match:
        if depth > 20 or self._at >= len(self._terms):  # noqa: PLR2004 - deeper nesting is no search
            raise malformed("The search has no terms, or ends too early")
        quoted, plain = self._terms[self._at]
        self._at += 1
        if plain == "(":
            inner = self._any(depth + 1)
            if self._word() != ")":
                raise malformed("The search lacks a closing parenthesis")
            self._at += 1
            return inner
        return _phrase(_WORD.findall((quoted or plain).casefold()), quoted or plain)


def _phrase(pieces: list[str], term: str) -> Match:
    """A match of whole words that follow each other, some of them with `*` and `?`."""
    literals = [literal for piece in pieces for literal in re.split(r"[*?]+", piece)]
    longest = max(literals, key=len, default="")
    if len(longest) < _MIN_TERM:
        raise malformed(f"search term must be longer than one character: {term}")
    found = re.compile(r"(?<!\w)" + r"\W+".join(map(_word, pieces)) + r"(?!\w)").search
    return lambda text: longest in text and found(text) is not None


def _word(piece: str) -> str:
    """The pattern of one word. What stands between two stars is matched once and for all, so time stays linear."""
    first, *rest = [re.escape(part).replace("\\?", r"\w") for part in re.split(r"\*+", piece)]
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(rf"(?>\w*?{part})" for part in middle) + rf"\w*{last}"
