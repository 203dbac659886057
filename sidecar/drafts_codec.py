"""A draft as JSON and back, exactly: unknown, missing or wrongly typed members are refused, never guessed."""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from sidecar.drafts import Draft

FORMAT = 1
"""Raised when the form of a stored draft changes; a migration then rewrites what is stored."""


def to_json(draft: Draft) -> bytes:
    """The draft as ASCII JSON.

    Raises:
        TypeError: a field holds a value of a kind that the codec does not know.
        ValueError: a number that JSON cannot say (NaN, infinity).
    """
    stored = {"format": FORMAT, "draft": draft}
    return json.dumps(stored, default=_plain, separators=(",", ":"), allow_nan=False).encode()


def from_json(data: bytes) -> Draft:
    """The draft that `to_json` was given.

    Raises:
        ValueError: not JSON, another format, or not exactly the members of a draft. Says where, never what stood there.
    """
    try:
        outer = json.loads(data)
    except ValueError:
        raise ValueError("The stored draft is not JSON.") from None
    if not isinstance(outer, dict) or outer.keys() != {"format", "draft"} or outer["format"] != FORMAT:
        raise ValueError(f"The stored draft does not have format {FORMAT}.")
    draft: Draft = _decoder(Draft)(outer["draft"], "draft")
    return draft


def _plain(value: object) -> object:
    """What `json` does not know by itself; enums, tuples and dicts it knows."""
    kind: Any = type(value)
    if names := _names(kind):
        return {name: getattr(value, name) for name in names}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"The draft codec does not know {kind.__name__}.")


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The members of a dataclass; none of any other type."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


_Decode = Callable[[Any, str], Any]


@cache
def _decoder(kind: Any) -> _Decode:  # noqa: ANN401 - a type or a type expression
    """The decoding function of one annotation; built once a type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _tuple(_decoder(arguments[0]))
    if origin is Mapping:
        return _mapping(_decoder(arguments[1]))
    if origin in (Union, types.UnionType):
        return _optional(kind, arguments)
    if not isinstance(kind, type):
        raise TypeError(f"The draft codec does not know the annotation {kind}.")
    return _record(kind) if is_dataclass(kind) else _scalar(kind)


def _record(kind: type) -> _Decode:
    hints = get_type_hints(kind)
    members = {name: _decoder(hints[name]) for name in _names(kind)}

    def decode(value: Any, at: str) -> Any:  # noqa: ANN401
        if not isinstance(value, dict) or value.keys() != members.keys():
            raise ValueError(f"{at} does not have the members of {kind.__name__}.")
        return kind(**{name: member(value[name], f"{at}.{name}") for name, member in members.items()})

    return decode


def _tuple(item: _Decode) -> _Decode:
    def decode(value: Any, at: str) -> Any:  # noqa: ANN401
        if not isinstance(value, list):
            raise ValueError(f"{at} is not a list.")  # noqa: TRY004 - one error for whatever is stored wrongly
        return tuple(item(each, f"{at}[]") for each in value)

    return decode


def _mapping(item: _Decode) -> _Decode:
    def decode(value: Any, at: str) -> Any:  # noqa: ANN401
        if not isinstance(value, dict):
            raise ValueError(f"{at} is not an object.")  # noqa: TRY004
        return {key: item(each, f"{at}{{}}") for key, each in value.items()}

    return decode


def _optional(kind: Any, arguments: tuple[Any, ...]) -> _Decode:  # noqa: ANN401
    present = [argument for argument in arguments if argument is not type(None)]
    if len(present) != 1 or len(present) == len(arguments):
        raise TypeError(f"The draft codec does not know the annotation {kind}.")
    inner = _decoder(present[0])
    return lambda value, at: None if value is None else inner(value, at)


def _converted(kind: type, stored: type, convert: Callable[[Any], Any]) -> _Decode:
    def decode(value: Any, at: str) -> Any:  # noqa: ANN401
        if type(value) is not stored:
            raise ValueError(f"{at} is not a {kind.__name__}.")
        try:
            return convert(value)
        except ValueError:
            raise ValueError(f"{at} is not a {kind.__name__}.") from None

    return decode


def _scalar(kind: type) -> _Decode:
    if issubclass(kind, Enum):
        return _converted(kind, type(next(iter(kind)).value), kind)
    if kind is datetime:
        return _converted(kind, str, datetime.fromisoformat)
    if kind not in (str, bool, int, float):
        raise TypeError(f"The draft codec does not know {kind.__name__}.")
    allowed = (float, int) if kind is float else (kind,)

    def decode(value: Any, at: str) -> Any:  # noqa: ANN401
        if type(value) not in allowed:
            raise ValueError(f"{at} is not a {kind.__name__}.")
        return value

    return decode
