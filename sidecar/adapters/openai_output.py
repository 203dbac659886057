"""What a model answers, taken as what it is: text from a stranger. Chunks of a stream, and the claims in the end.

An answer outside its schema is no answer: nothing of it is mended or kept. Only the named values of a claim are read.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from sidecar.domain import JSON, Claim
from sidecar.errors import ModelFailed
from sidecar.templates import Template

LONGEST: Final = 600
"""Characters of a text and of a quote, as the templates' schemas say."""
CONFIDENCE: Final = 0.5
"""A model tells nothing that could be compared between models."""
_BOUNDS: Final = frozenset({"minLength", "maxLength", "minimum"})
_THINKING: Final = ("<think>", "</think>")
_FENCES: Final = ("```json", "```JSON", "```")


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Delta(_Read):
    content: str | None = None


class _Choice(_Read):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class Chunk(_Read):
    """One event of the stream: https://platform.openai.com/docs/api-reference/chat-streaming. Some send `error`."""

    choices: list[_Choice] = []
    error: object = None


class _Claim(_Read):
    section: StrictStr
    text: StrictStr = Field(max_length=LONGEST)
    passage: StrictInt
    quote: StrictStr = Field(max_length=LONGEST)
    due: StrictStr | None = Field("", pattern=r"^(\d{4}-\d{2}-\d{2})?$")

    @property
    def says_something(self) -> bool:
        """Whether it has both a text and a quote."""
        return bool(self.text.strip() and self.quote.strip())


class _Answer(_Read):
    claims: list[_Claim]


def portable(schema: Mapping[str, Any]) -> JSON:
    r"""A template's schema as every server can enforce it; what is taken out here is checked in `claims`.

    Bounds of strings and numbers: OpenAI refuses them in strict schemas, and llama.cpp's grammars for them cost 40 ms a
    token. A `\d` in a pattern: llama-cpp-python 0.3.36 makes an invalid grammar of it, and dies of that.
    """
    made = {name: portable(value) if isinstance(value, dict) else value for name, value in schema.items()}
    kept = {name: value for name, value in made.items() if name not in _BOUNDS}
    if isinstance(pattern := kept.get("pattern"), str):
        kept["pattern"] = pattern.replace(r"\d", "[0-9]")
    return kept


def chunk(data: str) -> Chunk | None:
    """One event, or None when it is not one of a chat completion."""
    try:
        return Chunk.model_validate_json(data)
    except ValidationError:
        return None


def claims(answer: str, template: Template) -> tuple[Claim, ...]:
    """The claims of a whole answer in the order of the template's sections, each with its first ones.

    They are not checked against their passages yet.

    Raises:
        ModelFailed: it is not the JSON that the template asks for, or says more than the template allows.
    """
    try:
        found = _Answer.model_validate(
            json.loads(_bare(answer), strict=False)
        ).claims  # line ends in strings are let be
    except (ValueError, RecursionError):  # a ValidationError is a ValueError
        found = None  # raised below, without the cause: that quotes the answer
    names = [section.name for section in template.sections]
    if found is None or any(claim.section not in names for claim in found):
        raise ModelFailed("The language model's answer does not have the form that was asked for.")
    if len(found) > template.max_sentences:
        raise ModelFailed("The language model's answer has more sentences than were asked for.")
    said = {name: [claim for claim in found if claim.section == name and claim.says_something] for name in names}
    return tuple(
        Claim(
            section=section.name,
            text=claim.text,
            passage=claim.passage,
            quote=claim.quote,
            score=CONFIDENCE,
            due=claim.due or "",
        )
        for section in template.sections
        for claim in said[section.name][: section.max_sentences]
    )


def _bare(answer: str) -> str:
    """The JSON without the thoughts and the fence that models put around it where no schema binds them."""
    text = answer.strip()
    if text.startswith(_THINKING[0]):
        text = text.partition(_THINKING[1])[2].strip()
    for fence in _FENCES:
        if text.startswith(fence):
            return text.removeprefix(fence).removesuffix("```").strip()
    return text
