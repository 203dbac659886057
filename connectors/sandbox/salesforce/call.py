"""One request to the REST API on its way through the resources, and one answer on its way back."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from connectors.sandbox.salesforce import rights_rows
from connectors.sandbox.salesforce.content_writes import ContentWriter
from connectors.sandbox.salesforce.errors import ApiError, bad_input, bad_json, not_found
from connectors.sandbox.salesforce.multipart import is_multipart, record_of
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.schema import ObjectType
from connectors.sandbox.salesforce.soql import MAX_BATCH, MIN_BATCH
from connectors.sandbox.salesforce.soql_scope import View
from connectors.sandbox.salesforce.values import Json

OLDEST_VERSION: Final = 31
NEWEST_VERSION: Final = 68
MAX_BODY: Final = 52_428_800
"""Bytes of JSON in one request; files may be larger, by multipart."""
_BATCH = re.compile(r"batchSize\s*=\s*(\d{1,6})", re.IGNORECASE | re.ASCII)
_ALLOW_SAVE = re.compile(r"\ballowSave\s*=\s*true\b", re.IGNORECASE | re.ASCII)
_UPSERT_BODY_SINCE: Final = 46.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a resource answers. `body` is JSON, bytes to be sent as they are, or None for an empty body."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One request of one user. `path` is decoded and begins after the version; header names are in lower case."""

    org: Org
    user_id: str
    base_url: str
    version: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    query_string: str = ""

    @property
    def root(self) -> str:
        """The path of the API version."""
        return f"/services/data/{self.version}"

    @property
    def upsert_has_body(self) -> bool:
        """Since v46 an upsert that updates says so in a body."""
        return float(self.version[1:]) >= _UPSERT_BODY_SINCE

    @property
    def writer(self) -> ContentWriter:
        """The user's hand, minding `Sforce-Auto-Assign` and `Sforce-Duplicate-Rule-Header`."""
        auto_assign = self.headers.get("sforce-auto-assign", "true").strip().lower() != "false"
        allow = _ALLOW_SAVE.search(self.headers.get("sforce-duplicate-rule-header", "")) is not None
        return ContentWriter(self.org, self.user_id, auto_assign, allow)

    def view(self, *, include_deleted: bool = False) -> View:
        """The user's eyes."""
        return View(self.org, self.user_id, self.version, include_deleted)

    @property
    def batch(self) -> int:
        """The page size that the request asks for, within Salesforce's bounds."""
        match = _BATCH.search(self.headers.get("sforce-query-options", ""))
        return min(max(int(match[1]), MIN_BATCH), MAX_BATCH) if match else MAX_BATCH

    def kind(self, name: str) -> ObjectType:
        """The object of a path, when the user may see it at all.

        Raises:
            ApiError: `NOT_FOUND`.
        """
        found = self.org.schema.object(name)
        if found is None or not self.org.permissions.visible(self.user_id, found.name):
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        rights_rows.prepare(self.org, found.name)
        return found

    def json(self) -> object:
        """The body as JSON.

        Raises:
            ApiError: `JSON_PARSER_ERROR`, `REQUEST_TOO_LARGE`.
        """
        if len(self.body) > MAX_BODY:
            text = f"Maximum size of request reached. Maximum size of request is {MAX_BODY} bytes"
            raise ApiError(413, "REQUEST_TOO_LARGE", text)
        try:
            return json.loads(self.body or b"", parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise bad_json("The request body is not valid JSON") from error

    def json_object(self) -> Json:
        """The body as a JSON object.

        Raises:
            ApiError: `JSON_PARSER_ERROR`.
        """
        found = self.json()
        if not isinstance(found, dict):
            raise bad_json("Cannot deserialize the request body: an object is expected")
        return found

    def record(self) -> Json:
        """The record to be created: a JSON object, or the parts of a multipart body with bytes among its values.

        Raises:
            ApiError: `JSON_PARSER_ERROR`, `INVALID_MULTIPART_REQUEST`.
        """
        content_type = self.headers.get("content-type", "")
        return record_of(content_type, self.body) if is_multipart(content_type) else self.json_object()


def check_version(number: str) -> None:
    """Refuse an API version ("66.0") that this org does not speak.

    Raises:
        ApiError: 410 `UNSUPPORTED_API_VERSION` for retired ones, 404 `NOT_FOUND` for those that never were.
    """
    major, _, minor = number.partition(".")
    if minor != "0" or int(major) > NEWEST_VERSION:
        raise not_found()
    if int(major) < OLDEST_VERSION:
        raise ApiError(410, "UNSUPPORTED_API_VERSION", "The requested API version is retired")


def flag(value: object) -> bool:
    """A boolean that came in JSON or in a query string."""
    return value is True or str(value).lower() == "true"


def listed(source: Mapping[str, object], key: str, most: int) -> list[object]:
    """The non-empty list under `key`, of `most` entries at most.

    Raises:
        ApiError: `INVALID_INPUT` or `LIMIT_EXCEEDED`.
    """
    found = source.get(key)
    if not isinstance(found, list) or not found:
        raise bad_input(f"The request needs a non-empty list '{key}'")
    if len(found) > most:
        raise ApiError(400, "LIMIT_EXCEEDED", f"'{key}' may hold at most {most} entries")
    return found


def object_of(value: object) -> Json:
    """`value` when it is a JSON object.

    Raises:
        ApiError: `INVALID_INPUT`.
    """
    if not isinstance(value, dict):
        raise bad_input("The request holds something else where an object belongs")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
