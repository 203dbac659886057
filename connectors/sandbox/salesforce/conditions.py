"""Conditional requests: dates of one-second resolution for records and describes, ETags for accounts only."""

import base64
import hashlib
import re
from datetime import datetime
from typing import Final

from connectors.sandbox.salesforce.call import Answer, Call
from connectors.sandbox.salesforce.errors import ApiError
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.values import Row, from_http_date, http_date, instant, text_of

_ETAGS: Final = re.compile(r'\s*(?:\*|(?:W/)?"[^"]*"(?:\s*,\s*(?:W/)?"[^"]*")*)\s*')


def etag(kind: ObjectType, row: Row) -> str | None:
    """The entity tag of a record; only accounts have one."""
    if kind.name != "Account":
        return None
    digest = hashlib.sha256(f"{row['Id']}{row['SystemModstamp']}".encode()).digest()
    return f'"{base64.b64encode(digest).decode()}--gzip"'


def record_headers(kind: ObjectType, row: Row) -> dict[str, str]:
    """The validators that go out with a record."""
    tag = etag(kind, row)
    headers = {"Last-Modified": http_date(text_of(row, "LastModifiedDate"))}
    return headers if tag is None else {**headers, "ETag": tag}


def check_record(call: Call, kind: ObjectType, row: Row) -> Answer | None:
    """Test the request's conditions against a record: None to go on, or the 304 to answer.

    Raises:
        ApiError: 412 when a precondition fails, 400 when a condition of a write cannot be read.
    """
    modified = instant(text_of(row, "LastModifiedDate"))
    tag = etag(kind, row)
    if tag is not None:
        answer = _check_tags(call, tag, record_headers(kind, row))
        if answer is not None:
            return answer
    return None if modified is None else check_dates(call, modified, record_headers(kind, row))


def check_dates(call: Call, modified: datetime, headers: dict[str, str]) -> Answer | None:
    """Test `If-Modified-Since` (reads) and `If-Unmodified-Since`; see `check_record`."""
    modified = modified.replace(microsecond=0)
    unmodified_since = _date(call, "if-unmodified-since")
    if unmodified_since is not None and modified > unmodified_since:
        raise _failed()
    modified_since = _date(call, "if-modified-since")
    if call.method in {"GET", "HEAD"} and modified_since is not None and modified <= modified_since:
        return Answer(304, None, headers)
    return None


def _check_tags(call: Call, tag: str, headers: dict[str, str]) -> Answer | None:
    wanted, unwanted = _tags(call, "if-match"), _tags(call, "if-none-match")
    if wanted is not None and not _holds(wanted, tag):
        raise _failed()
    if unwanted is not None and _holds(unwanted, tag):
        if call.method in {"GET", "HEAD"}:
            return Answer(304, None, headers)
        raise _failed()
    return None


def _holds(condition: str, tag: str) -> bool:
    return condition.strip() == "*" or tag in re.findall(r'"[^"]*"', condition)


def _tags(call: Call, header: str) -> str | None:
    value = call.headers.get(header)
    if value is not None and not _ETAGS.fullmatch(value):
        raise _malformed(header)
    return value


def _date(call: Call, header: str) -> datetime | None:
    value = call.headers.get(header)
    moment = None if value is None else from_http_date(value)
    if value is not None and moment is None and call.method not in {"GET", "HEAD"}:
        raise _malformed(header)
    return moment


def _malformed(header: str) -> ApiError:
    return ApiError(400, "INVALID_REQUEST_HEADER", f"The value of the {header} header is not valid")


def _failed() -> ApiError:
    return ApiError(412, "PRECONDITION_FAILED", "The requested resource has been modified since the given condition")
