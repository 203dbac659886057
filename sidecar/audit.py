"""The audit chain, pure: what an event may hold, how events are linked, and how a chain is verified.

hash(n) = SHA-256(hash(n-1) || canonical JSON of event n), starting from a value made of the tenant's id. An event has
no content: only identifiers of our own making, commitments to CRM ids, versions, digests and counts. The newest hash is
kept apart with a keyed hash (`head_mac`), so that cutting off the tail, or all, shows. Who puts back an older copy of
the whole database still rewinds the chain unseen; note `AuditReport.head` outside to find that too.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sidecar.domain import JSON

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,79}")
_HEX = re.compile(r"[0-9a-f]{8,64}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COMMITMENT = re.compile(r"[0-9a-f]{64}")

_TEXT_FIELDS: dict[str, re.Pattern[str]] = {
    "kind": _NAME,
    "ts": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)"),
    "who": _COMMITMENT,
    "crm": _NAME,
    "action": _NAME,
    "purpose": _NAME,
    "template": re.compile(r"[a-z][a-z0-9_]{0,60}@\d{1,6}"),
    "model": _NAME,
    "policy": _HEX,
    "rule": _NAME,
    "result": _NAME,
    "draft": _ID,
    "digest": _COMMITMENT,
    "target": _NAME,
    "request": _ID,
}
_LIST_FIELDS: dict[str, re.Pattern[str]] = {
    "records": _COMMITMENT,
    "versions": re.compile(r"[!-~]{1,80}"),
    "flags": _NAME,
}
_COUNT_FIELDS = frozenset({"sources", "claims", "withheld", "masked", "round_trips", "removed"})
_REQUIRED = frozenset({"kind", "ts"})
_MAX_LIST = 1000

FIELDS: frozenset[str] = frozenset(_TEXT_FIELDS) | frozenset(_LIST_FIELDS) | _COUNT_FIELDS
"""The names an event may use."""


@dataclass(frozen=True, slots=True)
class Row:
    """One stored link: its number (from 1), the event as stored (with "seq") and the hash beside it."""

    seq: int
    event: JSON
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link as kept apart from the chain. `authentic` says whether its keyed hash was right."""

    seq: int
    hash: str
    authentic: bool = True


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Result of a verification: `broken` is the first sequence number that does not fit, or None.

    `head` is the last hash that fits. `tenant` is empty when several chains were walked and all are whole.
    """

    events: int
    head: str
    broken: int | None
    tenant: str = ""


def event(**values: object) -> JSON:
    """An event for `AuditLog.append`: `None` values are left out, tuples become lists, the rest must fit `check`.

    Raises:
        ValueError: see `check`.
    """
    made = {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if value is not None
    }
    check(made)
    return made


def check(values: JSON) -> None:
    """Let only known names with short, content-free values pass.

    Raises:
        ValueError: names the field that does not fit, never its value.
    """
    if missing := _REQUIRED - values.keys():
        raise ValueError(f"The audit event lacks {', '.join(sorted(missing))}.")
    for name, value in values.items():
        if not _fits(name, value):
            raise ValueError(
                f"The audit event may not hold this under {name if name in FIELDS else 'an unknown name'}."
            )


def _fits(name: str, value: object) -> bool:
    if name in _TEXT_FIELDS:
        return isinstance(value, str) and _TEXT_FIELDS[name].fullmatch(value) is not None
    if name in _LIST_FIELDS:
        pattern = _LIST_FIELDS[name]
        return (
            isinstance(value, list)
            and len(value) <= _MAX_LIST
            and all(isinstance(item, str) and pattern.fullmatch(item) for item in value)
        )
    return name in _COUNT_FIELDS and type(value) is int and value >= 0


def commitment(hasher: Callable[[str], str], kind: str, value: str) -> str:
    """A keyed hash that stands for a CRM id in the log; `kind` ("user", "record") keeps namespaces apart.

    `hasher` is `KeyRing.hasher(tenant)`. Whoever holds the key can test a guess, nobody else can read it back.
    """
    return hasher(f"\x00audit\x00{kind}\x00{value}")


def genesis(tenant: str) -> str:
    """What the first event of a tenant is chained to: a chain cannot be passed off as another tenant's."""
    return hashlib.sha256(b"crm-sidecar audit chain\x00" + tenant.encode()).hexdigest()


def canonical(values: JSON) -> bytes:
    """The one byte string of an event: sorted keys, no spaces, ASCII.

    Raises:
        ValueError: a float that JSON cannot say.
    """
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def chain(previous: str, event: JSON) -> str:
    """The hash of the link that follows `previous` (64 hex digits)."""
    return hashlib.sha256(bytes.fromhex(previous) + canonical(event)).hexdigest()


def head_mac(hasher: Callable[[str], str], tenant: str, seq: int, hash_: str) -> str:
    """The keyed hash that makes a stored head authentic."""
    return hasher(f"\x00audit-head\x00{tenant}\x00{seq}\x00{hash_}")


def verify(rows: Iterable[Row], *, tenant: str, head: Head | None) -> AuditReport:
    """Walk the rows of one tenant in the order of their numbers and compare the end with the head kept apart.

    Finds an event that was edited, removed (middle, tail, all), inserted, moved, or brought from another tenant.
    """
    last, count = genesis(tenant), 0
    for row in rows:
        expected = count + 1
        if row.seq != expected or row.event.get("seq") != expected or chain(last, row.event) != row.hash:
            return AuditReport(events=count, head=last, broken=expected, tenant=tenant)
        last, count = row.hash, expected
    kept = head or Head(seq=0, hash=genesis(tenant))
    if kept.seq > count:
        return AuditReport(events=count, head=last, broken=count + 1, tenant=tenant)
    if not kept.authentic or kept.seq < count or kept.hash != last:
        return AuditReport(events=count, head=last, broken=min(kept.seq + 1, max(count, 1)), tenant=tenant)
    return AuditReport(events=count, head=last, broken=None, tenant=tenant)
