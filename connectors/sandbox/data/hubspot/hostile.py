"""Hides hostile instructions in the portal's objects other than e-mails, and notes where they stand."""

from collections.abc import Mapping
from typing import Final

from connectors.sandbox.data.hostile import Attack, attacks
from connectors.sandbox.data.hubspot.builder import PortalBuilder
from connectors.sandbox.data.truth import Hostile
from connectors.sandbox.salesforce.values import Row

_PLACES: Final[Mapping[str, tuple[str, str, str]]] = {
    "note": ("notes", "hs_note_body", ""),
    "call": ("calls", "hs_call_body", ""),
    "task": ("tasks", "hs_task_body", ""),
    "subject": ("tickets", "subject", " "),
    "content": ("tickets", "content", "\n\n"),
    "contact_name": ("contacts", "lastname", " "),
    "company": ("companies", "description", ""),
    "deal": ("deals", "hs_next_step", " "),
}
"""`where` in the bank -> type, the property that carries the text, and what separates it from what stood there."""
_MARKUP: Final = frozenset({"notes", "calls", "tasks"})
_FIRST_TARGET, _STRIDE = 29, 37


def infect_objects(builder: PortalBuilder, spared: int) -> None:
    """Carry out the attacks on everything but e-mails, on objects after the first `spared` of all."""
    by_type: dict[str, list[Row]] = {}
    for type_, item in builder.records[spared:]:
        if type_ != "associations":
            by_type.setdefault(type_, []).append(item["properties"])
    for type_, item in builder.records:
        if type_ in {"contacts", "companies", "deals"}:
            by_type.setdefault(type_, []).append(item["properties"])
    for number, attack in enumerate(attacks(builder.alias)):
        if attack.where in _PLACES:
            type_, field, _ = _PLACES[attack.where]
            rows = by_type[type_]
            if attack.where == "deal":
                rows = [row for row in rows if row[field]]
            _append(builder, rows[(number * _STRIDE + _FIRST_TARGET) % len(rows)], attack)


def _append(builder: PortalBuilder, row: Row, attack: Attack) -> None:
    type_, field, separator = _PLACES[attack.where]
    text = f"<p>{attack.html}</p>" if type_ in _MARKUP else attack.text
    before = f"{row[field]}{separator}" if row[field] else ""
    row[field] = before + text
    inner = attack.html if type_ in _MARKUP else attack.text
    place = builder.place(type_, row, field, len(before) + text.index(inner), len(inner))
    builder.hostile.append(Hostile(attack.disguise, inner, place))
