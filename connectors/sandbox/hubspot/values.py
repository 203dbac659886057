"""Property values as HubSpot keeps them, always text: checked and brought into one form (contract, 2.5)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from connectors.sandbox.hubspot.errors import HubError
from connectors.sandbox.hubspot.kinds import Property
from connectors.sandbox.wire import JSON

MOMENTS: Final = frozenset({"date", "datetime"})
"""Types whose values are points in time."""
MAX_TEXT: Final = 65_536
_MANY: Final = "checkbox"
_EMAIL: Final = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[A-Za-z0-9-]{2,}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLIS: Final = re.compile(r"-?\d{1,14}", re.ASCII)
_DIGITS: Final = 30
_WITHOUT_ZONE: Final = len("2026-11-24T05:53:54.000")
_DAY_MILLIS: Final = 86_400_000
_OLDEST, _NEWEST = -62_135_596_800_000, 253_402_300_799_999
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem(Exception):
    """A value that a property does not take. `code` is HubSpot's."""

    name: str
    code: str
    message: str

    @property
    def detail(self) -> JSON:
        """An entry of `errors`."""
        return {"message": self.message, "code": self.code, "context": {"propertyName": [self.name]}}

    @property
    def listed(self) -> str:
        """The entry in the message of the error, JSON inside of text as HubSpot has it."""
        return (
            f'{{"isValid":false,"message":{_quoted(self.message)},"error":"{self.code}","name":{_quoted(self.name)},'
            f'"localizedErrorMessage":{_quoted(self.message)}}}'
        )


def refusal(problems: list[Problem]) -> HubError:
    """The 400 for values that were not valid."""
    listed = ",".join(problem.listed for problem in problems)
    details = [problem.detail for problem in problems]
    return HubError(400, "VALIDATION_ERROR", f"Property values were not valid: [{listed}]", errors=details)


def normal(item: Property, value: object) -> str:
    """The text that HubSpot stores for `value`; "" clears the property.

    Raises:
        Problem: the property does not take it.
    """
    text = _text(item, value)
    if text == "":
        return ""
    if item.type == "number":
        return _number(item, text)
    if item.type in MOMENTS:
        return _moment(item, text)
    if item.type == "bool" and not item.options:
        return _option(item, text.lower(), {"true": "", "false": ""})
    if item.options:
        return _options(item, text)
    if item.email and not _EMAIL.fullmatch(text):
        raise Problem(item.name, "INVALID_EMAIL", f"Email address {text[:100]} is invalid")
    if len(text) > MAX_TEXT:
        raise Problem(item.name, "PROPERTY_VALUE_TOO_LONG", f"{item.name} may have at most {MAX_TEXT} characters")
    return text.strip().lower() if item.email else text


def instant(millis: int) -> str:
    """Epoch milliseconds as `2026-11-24T05:53:54.000Z`."""
    moment = _EPOCH + timedelta(milliseconds=millis)
    return moment.isoformat(timespec="milliseconds")[:_WITHOUT_ZONE] + "Z"


def millis(text: str) -> int | None:
    """Epoch milliseconds of an ISO date or time, or of a number of milliseconds; None when it is neither."""
    if _MILLIS.fullmatch(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round((moment - _EPOCH) / timedelta(milliseconds=1))


def _text(item: Property, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise Problem(item.name, "INVALID_TYPE", f"{item.name} takes text, a number or a boolean")


def _number(item: Property, text: str) -> str:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS:
        raise Problem(item.name, "INVALID_LONG", f"{text[:100]} was not a valid long.")
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") or "0" if "." in plain else plain.replace("-0", "0") if number == 0 else plain


def _moment(item: Property, text: str) -> str:
    found = millis(text.strip())
    if found is None or not _OLDEST <= found <= _NEWEST:
        code = "INVALID_DATE" if item.type == "date" else "INVALID_LONG"
        raise Problem(item.name, code, f"{text[:100]} was not a valid {'date' if item.type == 'date' else 'long'}.")
    if item.type == "datetime":
        return instant(found)
    if found % _DAY_MILLIS and not _DAY.fullmatch(text.strip()):
        raise Problem(item.name, "INVALID_DATE", f"{text[:100]} is at {instant(found)[11:]}, not midnight!")
    return instant(found)[:10]


def _options(item: Property, text: str) -> str:
    options = item.options or {}
    if item.field_type != _MANY:
        return _option(item, text, options)
    parts = dict.fromkeys(part for part in text.split(";") if part)
    return ";".join(_option(item, part, options) for part in parts)


def _option(item: Property, text: str, options: Mapping[str, str]) -> str:
    if text in options:
        return text
    by_label = next((value for value, label in options.items() if label and label.casefold() == text.casefold()), None)
    if by_label is not None:
        return by_label
    allowed = ", ".join(options)
    raise Problem(item.name, "INVALID_OPTION", f"{text[:100]} was not one of the allowed options: [{allowed}]")


def _quoted(text: str) -> str:
    """Text as a JSON string."""
    return json.dumps(text, ensure_ascii=False)
