"""SOQL text: quoting, ids and times. Nothing that a user typed is ever put into a query unquoted."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from connectors.errors import NotFound

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_SHORT = 15
_SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"})

QUERY_IDS = 200
"""Ids in one IN list: request lines are limited to 16 KB (contract, 1.3)."""


def literal(value: str) -> str:
    """A quoted string literal."""
    return f"'{value.translate(_ESCAPES)}'"


def record_id(value: str) -> str:
    """The long (18-character) form of a record id, as answers carry it.

    The three extra characters say which of each five letters are upper-case (Salesforce help, "What are 15 and 18
    character record IDs").

    Raises:
        NotFound: it cannot be one. The same answer as for a hidden record.
    """
    if not _ID.fullmatch(value):
        raise NotFound("no such record for this user", code="MALFORMED_ID")
    if len(value) > _SHORT:
        return value
    parts = (value[start : start + 5] for start in range(0, _SHORT, 5))
    return value + "".join(_SUFFIXES[sum(char.isupper() << bit for bit, char in enumerate(part))] for part in parts)


def object_name(value: str) -> str:
    """`value` if it can be an object's API name.

    Raises:
        NotFound: it cannot.
    """
    if not _NAME.fullmatch(value):
        raise NotFound("no such record for this user", code="INVALID_TYPE")
    return value


def id_list(ids: Collection[str]) -> str:
    """The right-hand side of IN."""
    return "(" + ",".join(literal(record_id(value)) for value in ids) + ")"


def select(fields: Sequence[str], object_: str, where: str = "", tail: str = "") -> str:
    """A SELECT statement; `fields` are API names that describe has approved."""
    parts = ["SELECT", ",".join(dict.fromkeys(fields)), "FROM", object_, *(["WHERE", where] if where else []), tail]
    return " ".join(part for part in parts if part)


def moment(value: datetime) -> str:
    """An aware time as SOQL wants it: UTC, whole seconds, no quotes."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(value: object) -> datetime | None:
    """An aware UTC time from "2026-11-24T05:53:54.000+0000"; None for null and for what is not a time."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def http_date(version: str) -> str:
    """A record's version as an If-Unmodified-Since value (RFC 1123, whole seconds).

    Raises:
        ValueError: `version` is not a Salesforce time.
    """
    when = parse_time(version)
    if when is None:
        raise ValueError("a Salesforce version is a time")
    return format_datetime(when, usegmt=True)
