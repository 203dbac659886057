"""Conversations with a summary by a person, from JSON lines; each as the records that a CRM would hold of it.

One object a line: `id`, `turns` (each `who`, `role` customer | agent | other | record, `text`, and if known `at`, an
ISO time, and `field`, such as "CaseComment.CommentBody"), `summary`, and if known `title`, `kind` and `language`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from connectors.interfaces import Record, RecordRef
from sidecar.errors import Invalid

CRM: Final = "salesforce"
START: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""When a conversation begins that does not say so; each turn follows a minute later."""
_INBOUND: Final = {"customer": True, "agent": False, "other": None, "record": None}
_ROOT: Final = "Case"


class Way(StrEnum):
    """How a conversation lies in the CRM: a message for each turn, or one field with "Name: text" lines."""

    THREAD = "thread"
    TRANSCRIPT = "transcript"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class _TurnLine(_Strict):
    who: str = ""
    role: Literal["customer", "agent", "other", "record"]
    text: str
    at: Annotated[AwareDatetime | None, Field(strict=False)] = None
    field: Literal["Case.Description", "EmailMessage.TextBody", "CaseComment.CommentBody", "Task.Description"] = (
        "EmailMessage.TextBody"
    )


class _ItemLine(_Strict):
    id: str
    kind: str = "all"
    language: str = ""
    title: str = ""
    turns: list[_TurnLine] = Field(min_length=1)
    summary: str = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one person wrote in one message. `object` and `field` say where it lies in the CRM."""

    who: str = field(repr=False)
    role: str
    text: str = field(repr=False)
    at: datetime
    object: str
    field: str


@dataclass(frozen=True, slots=True)
class Item:
    """A conversation, and the summary that a person wrote of it."""

    id: str
    kind: str
    language: str
    title: str = field(repr=False)
    turns: tuple[Turn, ...]
    summary: str = field(repr=False)

    def records(self, way: Way = Way.THREAD) -> list[Record]:
        """The case and its thread, oldest first."""
        root = RecordRef(CRM, _ROOT, self.id)
        titled = {"Subject": self.title} if self.title else {}
        if way is Way.TRANSCRIPT:
            lines = "\n".join(f"{turn.who}: {turn.text}" for turn in self.turns)
            return [Record(root, {**titled, "Description": lines}, "", at=self.turns[0].at)]
        told = [turn for turn in self.turns if turn.object == _ROOT]
        texts = {turn.field: turn.text for turn in told}
        case = Record(root, {**titled, **texts}, "", author=told[0].who if told else "", at=self.turns[0].at)
        return [case, *self._thread(root)]

    def raw(self, way: Way = Way.THREAD) -> list[str]:
        """What was written, turn by turn, as the records hold it."""
        return [f"{turn.who}: {turn.text}" if way is Way.TRANSCRIPT else turn.text for turn in self.turns]

    def _thread(self, root: RecordRef) -> Iterator[Record]:
        for number, turn in enumerate(self.turns):
            if turn.object != _ROOT:
                yield Record(
                    RecordRef(CRM, turn.object, f"{self.id}:{number}"),
                    {turn.field: turn.text},
                    "",
                    parent=root,
                    author=turn.who,
                    at=turn.at,
                    inbound=_INBOUND[turn.role],
                )


def load(path: Path) -> list[Item]:
    """The conversations of a file.

    Raises:
        Invalid: a line does not have the form that the module describes; the error tells its number and never what
            stands in it. Also when there is no line at all, or the file cannot be read.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        raise Invalid("The file of conversations cannot be read: it must be there, as UTF-8 text.") from None
    found = [_item(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise Invalid("The file of conversations is empty: it needs one JSON object a line (docs/evaluation.md).")
    return found


def _item(number: int, line: str) -> Item:
    try:
        parsed = _ItemLine.model_validate(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise Invalid(f"Line {number} of the conversations {_wrong(error)} (docs/evaluation.md).") from None
    return Item(parsed.id, parsed.kind, parsed.language, parsed.title, tuple(_turns(parsed.turns)), parsed.summary)


def _wrong(error: Exception) -> str:
    """Names of fields are ours; what stands in them is not, and stays out."""
    if not isinstance(error, ValidationError):
        return "is no JSON"
    places = {".".join(str(part) for part in found["loc"]) or "the line itself" for found in error.errors()}
    return f"does not have the documented form: look at {', '.join(sorted(places))}"


def _turns(lines: Sequence[_TurnLine]) -> Iterator[Turn]:
    for number, line in enumerate(lines):
        object_, _, name = line.field.partition(".")
        yield Turn(line.who, line.role, line.text, line.at or START + timedelta(minutes=number), object_, name)
