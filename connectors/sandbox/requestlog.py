"""What was asked of the sandbox, in order, without secrets: the evidence that tests count round trips with."""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from connectors.sandbox.wire import JSON

_KEPT: Final = frozenset(
    {
        "q", "start", "end", "ids", "fields", "format", "version",
        "allornone", "updateonly", "locator", "maxrecords", "scope", "response_type", "client_id",
        "redirect_uri", "code_challenge_method", "prompt", "display", "grant_type",
        "limit", "after", "properties", "associations", "archived", "idproperty", "propertieswithhistory",
        "optional_scope",
    }
)  # fmt: skip
"""Query parameters whose values are logged. Everything else is masked, known or not."""
_SECRET: Final = re.compile(
    r"00D\w{12}(?:!|%21)[\w.%-]+|5Aep861[\w-]+|aPrx[\w-]+|eyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?"
    r"|CNsb[\w-]{20,}|na1-sb(?:rt|ac)-[\w-]+|pat-na1-[\w-]+|(?<=/oauth/v1/access-tokens/)[^/]+|(?<=/oauth/v1/refresh-tokens/)[^/]+"
)
_NAMES_ONE: Final = re.compile(r"(?=.*\d)(?:\w{15}|\w{18})(?:-\d+)?|\d+|[\w-]{20,}", re.ASCII)
_MASK: Final = "***"
_CAPACITY: Final = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `status` 0 means that the line was cut; `ms` is the time until the answer was ready."""

    sequence: int
    at: str
    org: str
    user: str
    method: str
    path: str
    query: str
    status: int
    ms: float
    subrequests: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()


class RequestLog:
    """The newest 100,000 requests. Numbers count on after a `clear`, so a remembered number stays valid."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_CAPACITY)
        self._last = 0

    @property
    def last(self) -> int:
        """Number of the newest request, 0 before the first."""
        return self._last

    def add(
        self,
        *,
        at: str,
        org: str,
        user: str,
        method: str,
        path: str,
        query: Mapping[str, str],
        status: int,
        ms: float,
        subrequests: tuple[str, ...],
        faults: tuple[str, ...],
        leaks: tuple[str, ...] = (),
    ) -> None:
        """Log one request; secrets are masked here and never stored."""
        self._last += 1
        parts = tuple(_mask_part(part) for part in subrequests)
        entry = Entry(
            self._last,
            at,
            org,
            user,
            method,
            mask(path),
            _mask_query(query),
            status,
            round(ms, 3),
            parts,
            faults,
            leaks,
        )
        self._entries.append(entry)

    def since(self, sequence: int, org: str = "") -> list[JSON]:
        """All requests after number `sequence`, oldest first."""
        return [asdict(e) for e in self._entries if e.sequence > sequence and org in {"", e.org}]

    def invariants(self, sequence: int, org: str = "") -> JSON:
        """What happened after number `sequence`: calls by user and class of path, and what nobody was to see.

        `calls` is user -> "METHOD path" (ids, locators and keys are `{}`) -> count; a request without a user's token
        counts for "". `leaks` is user -> number of records and fields that left although she may not see them.
        """
        calls: dict[str, dict[str, int]] = {}
        leaks: dict[str, int] = {}
        for entry in self._entries:
            if entry.sequence <= sequence or org not in {"", entry.org}:
                continue
            name, by_class = f"{entry.method} {path_class(entry.path)}", calls.setdefault(entry.user, {})
            by_class[name] = by_class.get(name, 0) + 1
            if entry.leaks:
                leaks[entry.user] = leaks.get(entry.user, 0) + len(entry.leaks)
        return {"last": self._last, "calls": calls, "leaks": leaks}

    def clear(self) -> None:
        """Forget all requests."""
        self._entries.clear()


def path_class(path: str) -> str:
    """`path` with everything that names one record or page replaced by `{}`."""
    return "/".join("{}" if _NAMES_ONE.fullmatch(part) else part for part in path.rstrip("/").split("/"))


def mask(text: str) -> str:
    """`text` without anything shaped like a token, a code or a JWT."""
    return _SECRET.sub(_MASK, text)


def _mask_query(query: Mapping[str, str]) -> str:
    kept = {name: mask(value) if name.lower() in _KEPT else _MASK for name, value in query.items()}
    return urlencode(kept, safe="*(),'=")


def _mask_part(part: str) -> str:
    """The same for "METHOD url" of a subrequest."""
    address, mark, query = part.partition("?")
    return mask(address) + (mark and mark + _mask_query(dict(parse_qsl(query, keep_blank_values=True))))
