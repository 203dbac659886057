"""One request on its way through the handlers, and one answer on its way back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NoReturn
from urllib.parse import parse_qs, urlencode

from connectors.sandbox.hubspot.access import Access, definition_scopes
from connectors.sandbox.hubspot.caller import Caller
from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import ObjectType
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.store import Record
from connectors.sandbox.wire import JSON

MAX_INPUTS: Final = 100
STRICT: Final = "2026-09"
"""The first version that checks admin rules on writes, embeds batch errors and takes null (contract, 2.1)."""
_BAD_JSON: Final = "Invalid input JSON on line 1, column 1:"
TIERS: Final = ("free", "starter", "professional", "enterprise")
"""What an account can be, the smallest first."""
_UNDATED: Final = frozenset({"v3", "v4"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers. `body` is JSON, or None for an empty body."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One request. `version` is "v3", "v4" or a date; `root` the path up to what the handler got."""

    portal: Portal
    caller: Caller
    base_url: str
    version: str
    method: str
    path: str
    query: str
    body: bytes = field(repr=False)

    @cached_property
    def access(self) -> Access:
        """What the caller may see and do."""
        return Access(self.portal, self.caller)

    @property
    def dated(self) -> bool:
        """A version by date."""
        return self.version not in _UNDATED

    @property
    def strict(self) -> bool:
        """2026-09 or later."""
        return self.dated and self.version >= STRICT

    @cached_property
    def _parameters(self) -> dict[str, list[str]]:
        return parse_qs(self.query, keep_blank_values=True, errors="replace", max_num_fields=_MAX_PARAMETERS)

    def values(self, name: str) -> list[str]:
        """An array parameter, repeated or separated by commas."""
        given = self._parameters.get(name, ())
        return [part.strip() for value in given for part in value.split(",") if part.strip()]

    def value(self, name: str, default: str = "") -> str:
        """The last value of a parameter."""
        return self._parameters.get(name, [default])[-1]

    def flag(self, name: str) -> bool:
        """A boolean parameter.

        Raises:
            HubError: 400, neither true nor false.
        """
        return boolean(self.value(name, "false"), name)

    def size(self, default: int, most: int) -> int:
        """The page size.

        Raises:
            HubError: 400, no number from 1 to `most`.
        """
        return page_size(self.value("limit", str(default)), most)

    def next_link(self, after: str) -> JSON:
        """The `paging` of a page that another one follows."""
        kept = [(name, value) for name, values in self._parameters.items() if name != "after" for value in values]
        return {"next": {"after": after, "link": f"{self.base_url}{self.path}?{urlencode([*kept, ('after', after)])}"}}

    def kind(self, key: str) -> ObjectType:
        """The type of a path.

        Raises:
            HubError: 400, there is none; 403, the account's tier has no custom objects.
        """
        found = self.portal.schema.type(key)
        if found.custom:
            self.need_tier("enterprise", "Custom objects")
        return found

    def definitions(self, type_name: str, action: str) -> ObjectType:
        """The type of a path whose definitions are to be read or written (`action`); a refusal takes changes back.

        Raises:
            HubError: no such type, or a missing scope.
        """
        kind = self.kind(type_name)
        self.access.need(definition_scopes(kind, action))
        if action == "write":
            schema = self.portal.schema
            before = schema.snapshot()
            self.portal.store.remember(lambda: schema.restore(before))
        return kind

    def need_tier(self, tier: str, feature: str) -> None:
        """Refuse what the account has not bought.

        Raises:
            HubError: 403.
        """
        if TIERS.index(self.portal.tier) < TIERS.index(tier):
            raise HubError(403, "MISSING_PERMISSIONS", f"{feature} need a {tier} account")

    def json(self) -> JSON:
        """The body, a JSON object.

        Raises:
            HubError: 400.
        """
        found = self._parsed()
        if not isinstance(found, dict):
            raise HubError.invalid(f"{_BAD_JSON} an object was expected")
        return found

    def json_list(self) -> list[object]:
        """The body, a JSON list.

        Raises:
            HubError: 400.
        """
        found = self._parsed()
        if not isinstance(found, list):
            raise HubError.invalid(f"{_BAD_JSON} a list was expected")
        return found

    def _parsed(self) -> object:
        try:
            found = json.loads(self.body, parse_constant=_no_constant)
            if b"\\u" in self.body:
                json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise HubError.invalid(f"{_BAD_JSON} the request body is not valid JSON") from None
        return found

    def record(self, kind: ObjectType, record_id: str, *, archived: bool = False) -> Record:
        """The record of a path, if it exists for this caller; a merged id leads to the survivor.

        Raises:
            HubError: 404.
        """
        found = self.portal.store.get(kind.name, record_id)
        if found is None or bool(found.archived_at) != archived or not self.access.sees(found):
            raise HubError.not_found(record_id)
        return found


def boolean(value: object, name: str) -> bool:
    """A boolean in JSON or a query. Raises HubError 400 for anything else."""
    text = str(value).lower()
    if text not in {"true", "false"}:
        raise HubError.invalid(f"{name} must be true or false")
    return text == "true"


def page_size(value: object, most: int) -> int:
    """A page size in JSON or a query. Raises HubError 400 for none."""
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise HubError.invalid(f"limit must be a number from 1 to {most}")
    if not 1 <= int(text) <= most:
        raise HubError.invalid(f"limit must be a number from 1 to {most}")
    return int(text)


def position(value: object, name: str = "after") -> int:
    """A paging token, a number. Raises HubError 400 for none."""
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise HubError.invalid(f"{name} is no paging token of this API")
    return int(text)


def inputs_of(body: JSON, most: int = MAX_INPUTS) -> list[JSON]:
    """The objects under `inputs`.

    Raises:
        HubError: 400, none, too many or not objects.
    """
    found = body.get("inputs")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise HubError.invalid("Invalid input JSON: inputs must be a list of objects")
    if not found:
        raise HubError.invalid("Some required fields were not set: [inputs]")
    if len(found) > most:
        raise HubError.invalid(
            f"The maximum number of inputs supported in a batch request is {most}. Received {len(found)}."
        )
    return found


def names_in(body: JSON, key: str) -> list[str]:
    """The list of texts under `key`, none when it is absent.

    Raises:
        HubError: 400, something else.
    """
    found = body.get(key)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise HubError.invalid(f"Invalid input JSON: {key} must be a list of strings")
    return found


def mapping_in(body: Mapping[str, Any], key: str) -> JSON:
    """The object under `key`.

    Raises:
        HubError: 400, there is none.
    """
    found = body.get(key)
    if not isinstance(found, dict):
        raise HubError.invalid(f"Some required fields were not set: [{key}]")
    return found


def id_in(body: Mapping[str, Any], key: str = "id") -> str:
    """The id under `key`, as text.

    Raises:
        HubError: 400, there is none.
    """
    found = body.get(key)
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise HubError.invalid(f"Some required fields were not set: [{key}]")
    return str(found)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DIGITS: Final = 19
_MAX_PARAMETERS: Final = 2000
