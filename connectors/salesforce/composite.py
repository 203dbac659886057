"""Several Salesforce requests in one round trip: composite requests built and their answers taken apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from connectors.errors import Fatal
from connectors.salesforce.answers import HALTED, error_code, error_for

MAX_SUBREQUESTS = 25
MAX_QUERIES = 5


@dataclass(frozen=True, slots=True)
class Sub:
    """One subrequest. `path` is relative to /services/data/vXX.X/; `name` lets later ones say `@{name.id}`."""

    name: str
    method: str
    path: str
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """One subresponse."""

    status: int
    body: Any = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the subrequest did what it says."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own class of success

    @property
    def code(self) -> str:
        """The error code, empty on success."""
        return "" if self.ok else error_code(self.body)

    def result(self) -> Any:  # noqa: ANN401 - whatever JSON the resource answers with
        """The body of a successful answer.

        Raises:
            ConnectorError: the mapped refusal.
        """
        if self.ok:
            return self.body
        raise error_for(self.status, self.body)


def query(name: str, soql: str, resource: str = "query") -> Sub:
    """A query subrequest ("queryAll" shows deleted and archived records, too).

    References to earlier answers (`@{name.id}`) stay readable to Salesforce.
    """
    return Sub(name, "GET", f"{resource}?q={quote(soql, safe='@{}')}")


def batches(subs: Sequence[Sub]) -> list[Sequence[Sub]]:
    """Queries cut into as few requests as Salesforce allows, in their order."""
    return [subs[start : start + MAX_QUERIES] for start in range(0, len(subs), MAX_QUERIES)]


def request_body(version: str, subs: Sequence[Sub], *, all_or_none: bool) -> dict[str, Any]:
    """The body of `POST composite`.

    Collation is off: it may reorder what does not refer to each other, and a condition must come before its write.

    Raises:
        ValueError: more subrequests or queries than Salesforce takes.
    """
    queries = sum(sub.path.startswith(("query", "composite/")) for sub in subs)
    if len(subs) > MAX_SUBREQUESTS or queries > MAX_QUERIES:
        raise ValueError(f"{len(subs)} subrequests with {queries} queries do not fit into one composite request")
    return {
        "allOrNone": all_or_none,
        "collateSubrequests": False,
        "compositeRequest": [_entry(version, sub) for sub in subs],
    }


def answers(document: object, subs: Sequence[Sub]) -> dict[str, Answer]:
    """The subresponses by name.

    Raises:
        Fatal: an answer is missing.
    """
    found: dict[str, Answer] = {}
    entries = document.get("compositeResponse") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        status = entry.get("httpStatusCode") if isinstance(entry, dict) else None
        if isinstance(status, int):
            found[str(entry.get("referenceId"))] = Answer(status, entry.get("body"), entry.get("httpHeaders") or {})
    if any(sub.name not in found for sub in subs):
        raise Fatal("Salesforce answered only a part of a composite request", code="bad_composite_answer")
    return found


def culprit(found: Mapping[str, Answer], subs: Sequence[Sub]) -> tuple[str, Answer] | None:
    """The subrequest that made an all-or-none request fail; None when everything succeeded.

    The others say PROCESSING_HALTED.
    """
    failed = [(sub.name, found[sub.name]) for sub in subs if not found[sub.name].ok]
    return next((entry for entry in failed if entry[1].code != HALTED), failed[0] if failed else None)


def _entry(version: str, sub: Sub) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "method": sub.method,
        "url": f"/services/data/v{version}/{sub.path}",
        "referenceId": sub.name,
    }
    if sub.body is not None:
        entry["body"] = dict(sub.body)
    if sub.headers:
        entry["httpHeaders"] = dict(sub.headers)
    return entry
