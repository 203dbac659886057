"""Passages and prompts for tests of what comes after the firewall."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from connectors.interfaces import RecordRef
from sidecar.domain import Passage, PassageKey, Role, Vectors
from sidecar.templates import Prompt, TemplateSet, render

if TYPE_CHECKING:
    from sidecar.firewall import Admitted

TEMPLATES = Path(__file__).parents[2] / "templates"
CASE = RecordRef("salesforce", "Case", "500000000000001AAA")
RELEASE = TemplateSet.load(TEMPLATES)
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Evidence:
    """Stands for what the firewall admitted: tests of rendering need its passages only."""

    passages: tuple[Passage, ...]


def passage(
    number: int,
    text: str,
    role: Role = Role.AGENT,
    *,
    day: int | None = 20,
    field: str = "TextBody",
    related: bool = False,
    flags: tuple[str, ...] = (),
) -> Passage:
    """One passage of a message of 20 November 2026 unless told otherwise; every number is a record of its own."""
    object_ = {Role.RECORD: "Case", Role.ARTICLE: "Knowledge__kav"}.get(role, "EmailMessage")
    ref = RecordRef("salesforce", object_, f"{object_}-{number}")
    when = datetime(2026, 11, day, 9, 0, tzinfo=UTC) if day else None
    root = ref if related else CASE
    key = PassageKey(ref, field, 0)
    return Passage(number, key, text, "hash", root, role, "Somebody", when, related=related, flags=flags)


def admitted(passages: Sequence[Passage]) -> "Admitted":
    """Passages as if the firewall had admitted them."""
    return cast("Admitted", Evidence(tuple(passages)))


def prompt(passages: Sequence[Passage], action: str = "summarize_case", vectors: Vectors | None = None) -> Prompt:
    """The prompt of a released template over `passages`."""
    return render(RELEASE.get(action), admitted(passages), now=NOW, vectors=vectors)
