"""Fault rules: which requests go wrong, when, and how.

A rule counts the requests that match it. It fires from the `nth` match on, `times` times (0: for ever). Rules that only
prepare (a delay, a change of rights) may fire together on one request; of those that decide the answer the oldest wins.
"""

import math
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.sandbox.wire import JSON, Refused, Request, Response, Site

PREPARING: Final = frozenset({"delay", "clock_skew"})
"""Actions of the sandbox's own that happen before the request is handled, which then takes its course.

So does every mutation of the sites: `Faults` is told their names.
"""
INSTEAD: Final = frozenset({"status", "html_503", "drop_before"})
"""Actions that answer (or cut the line) without handling the request."""
AFTER: Final = frozenset(
    {"commit_then_drop", "commit_then_500", "truncated_json", "wrong_content_type", "lost_refresh"}
)
"""Actions that handle the request and then spoil the answer."""
ACTIONS: Final = PREPARING | INSTEAD | AFTER
"""What every sandbox can do, whatever its sites."""

_USUAL_MATCH: Final[Mapping[str, JSON]] = {"lost_refresh": {"path": r"/token$", "body": "grant_type=refresh_token"}}
"""What an action matches when the rule does not say otherwise."""
_MATCHERS: Final = frozenset({"method", "path", "user", "body", "org", "nth", "times"})
_MAINTENANCE: Final = (
    "<html><head><title>Service unavailable</title></head><body><h1>Down for maintenance</h1></body></html>"
)


@dataclass(slots=True)
class Rule:
    """One rule. `arguments` belong to the action: `seconds`, `status`, `content`, `headers`, or those of a mutation."""

    id: int
    action: str
    method: str
    path: re.Pattern[str]
    user: str
    body: re.Pattern[str] | None
    org: str
    nth: int
    times: int
    arguments: Mapping[str, Any]
    seen: int = 0
    fired: int = 0
    source: JSON = field(default_factory=dict)

    def matches(self, org: str, users: Sequence[str], request: Request) -> bool:
        """Whether this rule is about the request; `users` are the names by which the sender may be called."""
        return (
            (not self.org or self.org == org)
            and (not self.method or self.method == request.method)
            and (not self.user or self.user in users)
            and self.path.search(request.path.rstrip("/")) is not None
            and (self.body is None or self.body.search(request.body.decode("utf-8", "replace")) is not None)
        )

    @property
    def prepares(self) -> bool:
        """Whether the request takes its course after this rule has acted."""
        return self.action not in INSTEAD | AFTER

    def view(self) -> JSON:
        """The rule as JSON."""
        return {"id": self.id, **self.source, "seen": self.seen, "fired": self.fired}


class Faults:
    """The rules in force, oldest first. `mutations` are the names of all mutations of all sites."""

    def __init__(self, mutations: AbstractSet[str] = frozenset()) -> None:
        self.actions = ACTIONS | mutations
        self._rules: dict[int, Rule] = {}
        self._next = 1

    def add(self, document: Mapping[str, Any]) -> Rule:
        """Add a rule given as `{"match": {...}, "action": {"name": ..., ...}}`.

        Raises:
            Refused: unknown matcher or action, or a pattern that does not compile.
        """
        match, action = document.get("match") or {}, document.get("action") or {}
        if not isinstance(match, dict) or not isinstance(action, dict):
            raise Refused("`match` and `action` must be objects")
        action = dict(action)
        name = action.pop("name", None)
        if not isinstance(name, str) or name not in self.actions:
            raise Refused(f"unknown action {name!r}; there are {', '.join(sorted(self.actions))}")
        match = {**_USUAL_MATCH.get(name, {}), **match}
        if unknown := match.keys() - _MATCHERS:
            raise Refused(f"unknown matcher {', '.join(sorted(unknown))}; there are {', '.join(sorted(_MATCHERS))}")
        if name in PREPARING and not _is_number(action.get("seconds")):
            raise Refused(f"{name} needs `seconds`")
        if name == "status" and not isinstance(action.get("status"), int):
            raise Refused("status needs `status`, an HTTP status code")
        try:
            rule = Rule(
                id=self._next,
                action=name,
                method=str(match.get("method", "")).upper(),
                path=re.compile(match.get("path", "")),
                user=match.get("user", ""),
                body=re.compile(match["body"]) if match.get("body") else None,
                org=match.get("org", ""),
                nth=int(match.get("nth", 1)),
                times=int(match.get("times", 1)),
                arguments=action,
                source={"match": match, "action": {"name": name, **action}},
            )
        except (re.error, TypeError, ValueError) as error:
            raise Refused(f"the rule cannot be understood: {error}") from None
        self._rules[rule.id] = rule
        self._next += 1
        return rule

    def rules(self) -> list[Rule]:
        """All rules, fired ones included."""
        return list(self._rules.values())

    def remove(self, rule_id: int) -> bool:
        """Forget one rule; whether there was one."""
        return self._rules.pop(rule_id, None) is not None

    def clear(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    def take(self, org: str, users: Sequence[str], request: Request) -> list[Rule]:
        """Count a request and return the rules that fire on it."""
        due = []
        decided = False
        for rule in self._rules.values():
            if not rule.matches(org, users, request):
                continue
            rule.seen += 1
            if rule.seen < rule.nth or (rule.times and rule.fired >= rule.times):
                continue
            if not rule.prepares:
                if decided:
                    continue
                decided = True
            rule.fired += 1
            due.append(rule)
        return due


def answer_instead(rule: Rule, site: Site) -> Response | None:
    """The answer of an `INSTEAD` rule; None cuts the line."""
    if rule.action == "drop_before":
        return None
    if rule.action == "html_503":
        return Response.text(_MAINTENANCE, 503, "text/html")
    status, content = int(rule.arguments["status"]), rule.arguments.get("content")
    if content is None:
        response = site.failure(status)
    elif isinstance(content, str):
        response = Response.text(content, status)
    else:
        response = Response.json(content, status)
    headers = {str(k).lower(): str(v) for k, v in (rule.arguments.get("headers") or {}).items()}
    return Response(status, response.body, {**response.headers, **headers})


def answer_after(rule: Rule, site: Site, response: Response) -> Response | None:
    """What becomes of a response under an `AFTER` rule; None cuts the line."""
    if rule.action in {"commit_then_drop", "lost_refresh"}:
        return None
    if rule.action == "commit_then_500":
        return site.failure(500)
    if rule.action == "wrong_content_type":
        kind = str(rule.arguments.get("content_type") or "text/html;charset=UTF-8")
        headers = {name: value for name, value in response.headers.items() if name.lower() != "content-type"}
        return Response(response.status, response.body, {**headers, "content-type": kind})
    return Response(response.status, response.body[: len(response.body) // 2], response.headers)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
